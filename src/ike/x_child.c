/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_child.h"

#include <stdio.h>

#include "ike/child.h"
#include "ike/collide.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/window.h"
#include "ike/x_create_child.h"

static const struct keying_kind child_keying;

static struct child *child_of(const struct keying *k)
{
	return (struct child *)((char *)k - offsetof(struct child, keying));
}

#define FAILED "failed to establish CHILD_SA, keeping IKE_SA"

/* ---- payloads ---- */

static const struct proposals *offer(const struct keying *k)
{
	return child_of(k)->conf->esp;
}

/* N(REKEY_SA) names the SA that we receive with (RFC 7296 section 1.3.3). */
static void put_rekey(const struct child *c, struct wire_writer *w)
{
	const struct child *old = child_find_rekeyed(c);
	struct wbuf spi;

	if (!c->rekeys)
		return;
	/* The peer rekeyed or deleted it while we made our key exchange: nothing to ask for. */
	if (!old || c->redundant || old->state == CHILD_S_DELETED) {
		wbuf_fail(w->buf, E_CANCELED);
		return;
	}
	wbuf_init(&spi, 0);
	wbuf_u32(&spi, old->spi_in);
	wire_put_notify_spi(w, &(struct wire_notify){.protocol = PROTO_ESP,
						     .type = N_REKEY_SA,
						     .spi = wbuf_view(&spi)});
	wbuf_done(&spi);
}

static void put_offer(const struct keying *k, struct view ke_data, struct wire_writer *w)
{
	const struct child *c = child_of(k);

	put_rekey(c, w);
	if (wbuf_err(w->buf))
		return;
	if (child_find_rekeyed(c))
		sa_log(c->sa, LOG_IKE, LOG_CTRL, "establishing CHILD_SA %s{%u} reqid %u",
		       c->conf->name, c->uid, child_find_rekeyed(c)->reqid);
	else
		sa_log(c->sa, LOG_IKE, LOG_CTRL, "establishing CHILD_SA %s{%u}", c->conf->name,
		       c->uid);
	child_put_offer(c, &(struct child_offer){secret_view(&k->nonce), ke_data, false}, w);
}

static void put_answer(const struct keying *k, struct view ke_data, struct wire_writer *w)
{
	child_put_answer(child_of(k), secret_view(&k->nonce), ke_data, w);
}

static int check_answer(struct keying *k, const struct wire_msg *msg)
{
	uint16_t notify;

	return child_check_answer(child_of(k), msg, false, &notify);
}

static bool lost(struct keying *k)
{
	return collide_lost(child_of(k));
}

/* ---- responder ---- */

static int establish(struct keying *k, struct view shared)
{
	struct child *c = child_of(k);

	/* The one that it was to replace may have gone during the key exchanges. */
	if (!child_find_rekeyed(c))
		c->rekeys = 0;
	c->inbound_only = c->rekeys != 0;
	return child_establish(c, shared, secret_view(&k->peer_nonce), secret_view(&k->nonce));
}

static void established(struct keying *k)
{
	struct child *c = child_of(k), *old = child_find_rekeyed(c);

	if (!old)
		return;
	child_await_peer(c);
	/* The peer deletes it; unless we are asking for another one too, and that wins. */
	if (!child_find_heir(old, true)) {
		timer_stop(c->sa->ike, &old->rekey);
		child_set_state(old, CHILD_S_REKEYED);
	}
}

static void drop(struct keying *k)
{
	struct child *c = child_of(k), *old = child_find_rekeyed(c);

	child_destroy(c);
	if (old && !child_find_heir(old, true))
		child_retry_rekey(old);
}

static void reply_busy(struct ike_sa *sa)
{
	sa_log(sa, LOG_IKE, LOG_CTRL, "busy with this SA, sending TEMPORARY_FAILURE");
	window_reply_notify(sa, N_TEMPORARY_FAILURE, (struct view){0});
}

static void reply_not_found(struct ike_sa *sa, const struct wire_notify *rekey)
{
	struct wire_writer w;
	struct wbuf b;

	sa_log(sa, LOG_IKE, LOG_CTRL, "the CHILD_SA to rekey is not there");
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_notify_spi(&w, &(struct wire_notify){.protocol = PROTO_ESP,
						      .type = N_CHILD_SA_NOT_FOUND,
						      .spi = rekey->spi});
	if (window_reply(sa, &w))
		sa_destroy(sa, E_NOMEM, "no reply could be made");
	wbuf_done(&b);
}

/* A request with REKEY_SA names the SPI that the peer receives with. Whether it was refused. */
static bool refuse_rekey(struct ike_sa *sa, const struct wire_notify *n, struct child **out_old)
{
	struct child *old = NULL, *former;
	struct rbuf r;
	uint32_t spi;

	rbuf_init(&r, n->spi);
	if (rbuf_u32(&r, &spi) == 0 && rbuf_end(&r) == 0)
		old = child_find_out(sa, spi);
	switch (collide_child(old, COLLIDE_REKEY)) {
	case COLLIDE_AS_USUAL:
		break;
	case COLLIDE_BUSY:
		reply_busy(sa);
		return true;
	default:
		reply_not_found(sa, n);
		return true;
	}
	/* One that the peer began and did not go on with. */
	former = child_find_heir(old, false);
	if (former)
		child_destroy(former);
	*out_old = old;
	return false;
}

void x_child_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *rekey = wire_msg_notify(msg, N_REKEY_SA);
	struct child_request request = {.msg = msg};
	struct child *c, *old = NULL;
	uint16_t notify;

	if (collide_ike(sa, COLLIDE_CREATE_CHILD) != COLLIDE_AS_USUAL) {
		reply_busy(sa);
		return;
	}
	if (!msg->has_tsi || !msg->has_tsr) {
		window_reply_notify(sa, N_INVALID_SYNTAX, (struct view){0});
		return;
	}
	if (rekey && refuse_rekey(sa, rekey, &old))
		return;
	if (old) {
		request.conn = old->conn;
		request.conf = old->conf;
	}
	if (child_accept(sa, &request, &c, &notify)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, FAILED);
		window_reply_notify(sa, notify, (struct view){0});
		return;
	}
	c->keying.kind = &child_keying;
	if (old) {
		c->rekeys = old->uid;
		c->reqid = old->reqid;
	}
	x_create_child_answer(&c->keying, msg);
}

/* ---- initiator ---- */

static int begin(struct ike_sa *sa, struct task *task, struct child *c, const struct child *old)
{
	int err;

	c->keying.kind = &child_keying;
	task->child = c;
	task->keying = &c->keying;
	err = x_create_child_begin(sa, task, old ? &old->chosen : NULL);
	if (err) {
		task->child = NULL;
		child_destroy(c);
	}
	return err;
}

static int start(struct ike_sa *sa, struct task *task)
{
	const struct conf_child *conf = conf_conn_child(sa->conn->conf, task->child_name);
	struct child *c;
	int err = conf ? child_new(sa, sa->conn, conf, true, &c) : E_NOTFOUND;

	return err ? err : begin(sa, task, c, NULL);
}

/* The task begins with the old child, and has the one that replaces it from then on. */
static int start_rekey(struct ike_sa *sa, struct task *task)
{
	struct child *old = task->child, *fresh;
	int err;

	task->child = NULL;
	if (old->state != CHILD_S_INSTALLED || child_find_heir(old, false))
		return E_STATE;
	err = child_new(sa, old->conn, old->conf, true, &fresh);
	if (err) {
		child_retry_rekey(old);
		return err;
	}
	fresh->rekeys = old->uid;
	fresh->reqid = old->reqid;
	child_set_state(old, CHILD_S_REKEYING);
	err = begin(sa, task, fresh, old);
	if (err)
		child_retry_rekey(old);
	return err;
}

/* Our rekey of this child is over; what the peer does with it may go on. */
static void release(struct child *old)
{
	struct child *theirs = child_find_heir(old, false);

	if (old->state == CHILD_S_REKEYING)
		child_set_state(old,
				theirs && theirs->handle ? CHILD_S_REKEYED : CHILD_S_INSTALLED);
}

/* End the task without a child. */
static void give_up(struct ike_sa *sa, struct task *task, int err, const char *message)
{
	struct child *c = task->child, *old = child_find_rekeyed(c);

	task->child = NULL;
	child_destroy(c);
	if (old)
		release(old);
	task_finish(sa, err, message);
}

static void fail(struct ike_sa *sa, struct task *task, int err, const char *message, bool peer_has)
{
	struct child *c = task->child, *old = child_find_rekeyed(c);
	bool retry = old && err != E_CANCELED && !c->redundant && !child_find_heir(old, false);

	if (!c->redundant && err != E_CANCELED) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "%s", message);
		sa_log(sa, LOG_IKE, LOG_CTRL, FAILED);
	}
	task->child = NULL;
	if (!peer_has || !c->spi_out || task_queue(sa, &task_child_delete, c, NULL, NULL))
		child_destroy(c);
	if (old)
		release(old);
	if (retry)
		child_retry_rekey(old);
	task_finish(sa, err, message);
}

/* The peer does not have the child any more: neither have we, but somebody wants one (RFC 7296
 * section 2.25). */
static void not_found(struct ike_sa *sa, struct task *task)
{
	struct child *old = child_find_rekeyed(task->child);

	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "peer didn't find the CHILD_SA %s{%u} we tried to rekey, making a new one",
	       old->conf->name, old->uid);
	if (task_queue(sa, &task_child_create, NULL, old->conf->name, NULL))
		sa_log(sa, LOG_IKE, LOG_CTRL, "that could not be queued");
	child_destroy(task->child);
	child_destroy(old);
	task->child = NULL;
	task_finish(sa, E_NOTFOUND, "the peer does not have the CHILD_SA");
}

/* TEMPORARY_FAILURE or STATE_NOT_FOUND: once more, later. */
static void postpone(struct ike_sa *sa, struct task *task)
{
	struct child *c = task->child, *old = child_find_rekeyed(c);

	task->child = NULL;
	child_destroy(c);
	if (old)
		release(old);
	task_postpone(sa, old ? &task_child_rekey : &task_child_create, old);
}

static void refused(struct ike_sa *sa, struct task *task, const struct wire_notify *error)
{
	struct child *c = task->child, *old = child_find_rekeyed(c);
	char why[CHILD_WHY_MAX];

	/* Another exchange, of the peer, is the reason, and has made this one void (2.8.1). */
	if (c->redundant || (c->rekeys && !old) || (old && child_find_heir(old, false))) {
		give_up(sa, task, E_CANCELED, "the peer rekeyed or deleted the CHILD_SA");
		return;
	}
	if (error->type == N_CHILD_SA_NOT_FOUND && old) {
		not_found(sa, task);
		return;
	}
	if (error->type == N_TEMPORARY_FAILURE || error->type == N_STATE_NOT_FOUND) {
		if (control_peer_busy(sa, error->type == N_STATE_NOT_FOUND))
			postpone(sa, task);
		return;
	}
	child_log_refused(c, error->type, why);
	fail(sa, task, child_refusal(error->type), why, false);
}

/* It came too late: the peer's has replaced the old one. It is there at the peer, so it is
 * installed to receive until our delete has been exchanged (RFC 7296 section 2.8.1). */
static void delete_redundant(struct child *c)
{
	struct ike_sa *sa = c->sa;

	timer_stop(sa->ike, &c->rekey);
	child_set_state(c, CHILD_S_REKEYED);
	sa_log(sa, LOG_IKE, LOG_CTRL, "deleting redundant CHILD_SA %s{%u}", c->conf->name, c->uid);
	if (task_queue(sa, &task_child_delete, c, NULL, NULL))
		child_destroy(c);
}

static void complete(struct ike_sa *sa, struct task *task, struct view shared)
{
	struct child *c = task->child, *old = child_find_rekeyed(c);

	/* The peer deleted the old one, and has ours in its place. */
	if (!old && !c->redundant)
		c->rekeys = 0;
	/* It has even deleted ours: the answer came late. */
	for (unsigned i = 0; i < sa->out.n_gone; i++) {
		if (sa->out.gone[i] == c->spi_out) {
			give_up(sa, task, E_CANCELED, "the peer has deleted the CHILD_SA again");
			if (old && !old->replaced && old->state == CHILD_S_INSTALLED &&
			    task_queue(sa, &task_child_delete, old, NULL, NULL))
				child_destroy(old);
			return;
		}
	}
	c->inbound_only = c->redundant;
	if (child_establish(c, shared, secret_view(&c->keying.nonce),
			    secret_view(&c->keying.peer_nonce))) {
		fail(sa, task, E_IO, "installing the CHILD_SA failed", true);
		return;
	}
	keying_forget_secrets(&c->keying);
	task->child = NULL;
	if (c->redundant) {
		delete_redundant(c);
		if (old)
			release(old);
	} else if (old) {
		/* It goes, by a delete of ours (RFC 7296 section 2.8). */
		child_take_over(c);
		if (task_queue(sa, &task_child_delete, old, NULL, NULL))
			child_destroy(old);
	}
	task_finish(sa, 0, NULL);
}

static const struct keying_kind child_keying = {
	.failure = FAILED,
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

const struct task_kind task_child_create = {"CHILD_CREATE", IKE_CREATE_CHILD_SA, start,
					    x_create_child_response};
const struct task_kind task_child_rekey = {"CHILD_REKEY", IKE_CREATE_CHILD_SA, start_rekey,
					   x_create_child_response};
