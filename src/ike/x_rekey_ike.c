/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_rekey_ike.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/collide.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/sa.h"
#include "ike/select.h"
#include "ike/state.h"
#include "ike/successor.h"
#include "ike/task.h"
#include "ike/window.h"
#include "ike/x_create_child.h"

#define SPI_LEN 8

static const struct keying_kind ike_keying;

static struct successor *successor_of(const struct keying *k)
{
	return (struct successor *)((char *)k - offsetof(struct successor, keying));
}

/* ---- payloads ---- */

static const struct proposals *offer(const struct keying *k)
{
	return k->sa->conn->conf->ike;
}

static struct view spi_bytes(uint64_t spi, uint8_t out[SPI_LEN])
{
	for (int i = 0; i < SPI_LEN; i++)
		out[i] = (uint8_t)(spi >> (56 - 8 * i));
	return view_make(out, SPI_LEN);
}

/* The peer's new SPI; 0 if it names none. */
static uint64_t spi_number(const struct proposal *p)
{
	uint64_t spi = 0;

	for (int i = 0; p->spi_len == SPI_LEN && i < SPI_LEN; i++)
		spi = spi << 8 | p->spi[i];
	return spi;
}

static void put_keying(const struct keying *k, struct view ke_data, const struct proposals *l,
		       struct wire_writer *w)
{
	wire_put_sa(w, l);
	wire_put_nonce(w, secret_view(&k->nonce));
	wire_put_ke(w, k->ke ? ke_alg(k->ke)->id : keying_ke_alg(k->chosen)->id, ke_data);
}

static void put_offer(const struct keying *k, struct view ke_data, struct wire_writer *w)
{
	struct proposals *l = calloc(1, sizeof(*l));
	uint8_t spi[SPI_LEN];

	if (!l) {
		wbuf_fail(w->buf, E_NOMEM);
		return;
	}
	select_copy(offer(k), false, spi_bytes(successor_of(k)->our_spi, spi), l);
	put_keying(k, ke_data, l, w);
	free(l);
}

static void put_answer(const struct keying *k, struct view ke_data, struct wire_writer *w)
{
	struct proposals *l = calloc(1, sizeof(*l));

	if (!l) {
		wbuf_fail(w->buf, E_NOMEM);
		return;
	}
	l->count = 1;
	l->p[0] = *k->chosen;
	l->p[0].spi_len = SPI_LEN;
	spi_bytes(successor_of(k)->our_spi, l->p[0].spi);
	put_keying(k, ke_data, l, w);
	free(l);
}

/* Choose of what the peer offers or has chosen. */
static int choose(struct successor *s, const struct wire_msg *msg)
{
	const struct ike_sa *sa = s->keying.sa;
	struct select_params sel = {
		.configured = offer(&s->keying),
		.received = &msg->sa,
		.prefer_configured =
			s->keying.initiator || sa->ike->settings.prefer_configured_proposals,
		.allow_private = s->keying.initiator || sa->peer_strongswan ||
				 sa->ike->settings.accept_private_algs,
	};

	if (select_proposal(&sel, &s->chosen)) {
		select_log_mismatch(s->keying.sa, &sel, sa_name(sa), "proposals");
		return E_NOPROPOSAL;
	}
	s->peer_spi = spi_number(&s->chosen);
	if (!s->peer_spi) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "the peer names no SPI for the new IKE_SA");
		return E_MALFORMED;
	}
	select_log_chosen(s->keying.sa, &s->chosen);
	return 0;
}

static int check_answer(struct keying *k, const struct wire_msg *msg)
{
	return msg->has_sa && msg->sa.count == 1 ? choose(successor_of(k), msg) : E_MALFORMED;
}

/* ---- responder ---- */

static int establish(struct keying *k, struct view shared)
{
	struct successor *s = successor_of(k);

	return successor_make(s, shared, &s->made);
}

/* Without a rekey of ours this is the new SA. Else the nonces decide, when ours is answered. */
static void established(struct keying *k)
{
	struct ike_sa *old = k->sa;
	struct ike_sa *fresh = old->theirs->made;

	fresh->replaces = old;
	if (!old->ours)
		successor_inherit(old, fresh);
}

static void drop(struct keying *k)
{
	struct ike_sa *sa = k->sa;

	successor_drop(sa, false);
	task_run_next(sa);
}

static void refuse(struct ike_sa *sa, uint16_t notify)
{
	successor_drop(sa, false);
	window_reply_notify(sa, notify, (struct view){0});
	task_run_next(sa);
}

void x_rekey_ike_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	char text[ADDR_TEXT_MAX];
	struct successor *s;
	int err;

	if (collide_ike(sa, COLLIDE_REKEY) != COLLIDE_AS_USUAL ||
	    (sa->theirs && sa->theirs->made)) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "the peer wants to rekey the IKE_SA while we are busy with it, sending "
		       "TEMPORARY_FAILURE");
		window_reply_notify(sa, N_TEMPORARY_FAILURE, (struct view){0});
		return;
	}
	successor_drop(sa, false); /* one that the peer began and did not go on with */
	sa_log(sa, LOG_IKE, LOG_AUDIT, "%s is initiating an IKE_SA", addr_text(&sa->remote, text));
	if (successor_new(sa, false, &s)) {
		window_reply_notify(sa, N_TEMPORARY_FAILURE, (struct view){0});
		return;
	}
	s->keying.kind = &ike_keying;
	err = choose(s, msg);
	if (err)
		refuse(sa, err == E_MALFORMED ? N_INVALID_SYNTAX : N_NO_PROPOSAL_CHOSEN);
	else
		x_create_child_answer(&s->keying, msg);
}

/* ---- initiator ---- */

static int start(struct ike_sa *sa, struct task *task)
{
	char text[ADDR_TEXT_MAX];
	struct successor *s;
	int err;

	if (sa->state != IKE_S_ESTABLISHED)
		return E_STATE;
	err = successor_new(sa, true, &s);
	if (err)
		return err;
	s->keying.kind = &ike_keying;
	task->keying = &s->keying;
	sa_log(sa, LOG_IKE, LOG_AUDIT, "initiating IKE_SA %s[%u] to %s", sa_name(sa), s->uid,
	       addr_text(&sa->remote, text));
	sa_set_state(sa, IKE_S_REKEYING);
	err = x_create_child_begin(sa, task, &sa->chosen);
	if (err) {
		successor_drop(sa, true);
		sa_set_state(sa, IKE_S_ESTABLISHED);
		sa_retry_rekey(sa);
	}
	return err;
}

/* RFC 7296 section 2.8.2 */
static bool lost(struct keying *k)
{
	struct ike_sa *sa = k->sa;
	bool is_lost;

	if (!sa->theirs)
		return false;
	is_lost = keying_loses(k, &sa->theirs->keying);
	sa_log(sa, LOG_IKE, LOG_CTRL, "IKE_SA rekey collision %s",
	       is_lost ? "lost, the peer's IKE_SA replaces the old one"
		       : "won, ours replaces the old one");
	if (!is_lost)
		successor_drop(sa, false);
	return is_lost;
}

/* Ours is over without an SA; the peer's, if there is one, goes on. */
static void release(struct ike_sa *sa)
{
	successor_drop(sa, true);
	sa->out.task->keying = NULL;
	if (sa->state == IKE_S_REKEYING)
		sa_set_state(sa, IKE_S_ESTABLISHED);
}

static void fail(struct ike_sa *sa, struct task *task, int err, const char *message, bool peer_has)
{
	bool theirs = sa->theirs;

	(void)task;
	(void)peer_has; /* without our DELETE, which has no SA to go by, it expires there */
	if (!theirs)
		sa_log(sa, LOG_IKE, LOG_CTRL, "rekeying the IKE_SA failed: %s", message);
	release(sa);
	if (!theirs)
		sa_retry_rekey(sa);
	task_finish(sa, err, message);
	if (theirs)
		successor_settle(sa);
}

static void refused(struct ike_sa *sa, struct task *task, const struct wire_notify *error)
{
	const char *name = ike_notify_name(error->type);
	char why[80];

	snprintf(why, sizeof(why), "received %s notify", name ? name : "an unknown error");
	if (!sa->theirs &&
	    (error->type == N_TEMPORARY_FAILURE || error->type == N_STATE_NOT_FOUND)) {
		if (control_peer_busy(sa, error->type == N_STATE_NOT_FOUND)) {
			release(sa);
			task_postpone(sa, &task_ike_rekey, NULL);
		}
		return;
	}
	fail(sa, task, E_NOPROPOSAL, why, false);
}

static void delete_sa(struct ike_sa *sa)
{
	if (task_queue(sa, &task_ike_delete, NULL, NULL, NULL))
		sa_destroy(sa, E_NOMEM, err_text(E_NOMEM));
}

/* The peer's SA takes over. Ours is there at the peer: we made it, so we delete it. */
static void complete_lost(struct ike_sa *sa, struct ike_sa *fresh)
{
	sa_log(sa, LOG_IKE, LOG_CTRL, "deleting redundant IKE_SA %s[%u]", sa_name(fresh),
	       fresh->uid);
	delete_sa(fresh);
	release(sa);
	task_finish(sa, 0, NULL);
	successor_settle(sa);
}

static void complete(struct ike_sa *sa, struct task *task, struct view shared)
{
	struct ike_sa *fresh;
	int err = successor_make(sa->ours, shared, &fresh);

	if (err) {
		fail(sa, task, err, err_text(err), true);
		return;
	}
	/* After lost() a successor of the peer is still there only if it has won. */
	if (sa->theirs) {
		complete_lost(sa, fresh);
		return;
	}
	task->keying = NULL;
	successor_inherit(sa, fresh);
	task_finish(sa, 0, NULL);
	delete_sa(sa); /* the last request over the old SA (section 2.8) */
}

static const struct keying_kind ike_keying = {
	.failure = "rekeying the IKE_SA failed, keeping the old one",
	.offer = offer,
	.put_offer = put_offer,
	.check_answer = check_answer,
	.lost = lost,
	.complete = complete,
	.refused = refused,
	.fail = fail,
	.put_answer = put_answer,
	.establish = establish,
	.established = established,
	.drop = drop,
};

const struct task_kind task_ike_rekey = {"IKE_REKEY", IKE_CREATE_CHILD_SA, start,
					 x_create_child_response};
