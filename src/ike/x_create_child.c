/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_create_child.h"

#include <stdio.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/job.h"
#include "ike/keying.h"
#include "ike/sa.h"
#include "ike/task.h"
#include "ike/window.h"
#include "ike/x_child.h"
#include "ike/x_followup_ke.h"
#include "ike/x_rekey_ike.h"

/* ---- responder ---- */

static void refuse(struct keying *k, uint16_t notify)
{
	struct ike_sa *sa = k->sa;

	sa_log(sa, LOG_IKE, LOG_CTRL, "%s", k->kind->failure);
	k->kind->drop(k);
	window_reply_notify(sa, notify, (struct view){0});
}

static void finish_request(struct keying *k, struct view ke_data, struct view shared)
{
	struct ike_sa *sa = k->sa;
	struct wire_writer w;
	struct wbuf b;
	bool more = keying_next(k) != NULL;

	if (!more && k->kind->establish(k, shared)) {
		refuse(k, N_NO_PROPOSAL_CHOSEN);
		return;
	}
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	k->kind->put_answer(k, ke_data, &w);
	if (more)
		x_followup_ke_wait(k, shared, &w);
	else
		keying_forget_secrets(k);
	if (window_reply(sa, &w))
		sa_destroy(sa, E_NOMEM, "no reply could be made");
	else if (!more)
		k->kind->established(k);
	wbuf_done(&b);
}

static void on_answered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct keying *k = x_followup_ke_find(sa, base->child_uid);

	/* It may have lost a collision meanwhile. */
	if (!k) {
		window_reply_notify(sa, N_TEMPORARY_FAILURE, (struct view){0});
	} else if (base->err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "key exchange with the peer's %s value failed: %s",
		       j->alg->name, err_text(base->err));
		refuse(k, N_INVALID_SYNTAX);
	} else {
		finish_request(k, wbuf_view(&j->data), secret_view(&j->shared));
	}
}

void x_create_child_answer(struct keying *k, const struct wire_msg *msg)
{
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	const struct alg *alg = keying_ke_alg(k->chosen);
	struct ike_sa *sa = k->sa;
	struct job_ke *job;
	uint8_t group[2];

	ladder_attach(&k->ladder, sa);
	if (keying_new_nonce(k) || keying_take_nonce(k, wire_msg_find(msg, PAYLOAD_NONCE))) {
		refuse(k, N_INVALID_SYNTAX);
		return;
	}
	if (!alg) {
		finish_request(k, (struct view){0}, (struct view){0});
		return;
	}
	if (!ke || ke->u.ke.method != alg->id) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "key exchange method unacceptable, requesting %s",
		       alg->name);
		group[0] = (uint8_t)(alg->id >> 8);
		group[1] = (uint8_t)alg->id;
		k->kind->drop(k);
		window_reply_notify(sa, N_INVALID_KE_PAYLOAD, view_make(group, sizeof(group)));
		return;
	}
	job = job_ke_new(JOB_KE_ANSWER, alg, ke->u.ke.data, NULL, on_answered);
	if (!job) {
		refuse(k, N_TEMPORARY_FAILURE);
		return;
	}
	job->base.child_uid = x_followup_ke_id(k);
	job_submit(sa, &job->base, true);
}

void x_create_child_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	if (msg->sa.p[0].protocol == PROTO_IKE)
		x_rekey_ike_request(sa, msg);
	else
		x_child_request(sa, msg);
}

/* ---- initiator ---- */

static int send_request(struct ike_sa *sa, const struct keying *k, struct view ke_data)
{
	struct wire_writer w;
	struct wbuf b;
	int err;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	k->kind->put_offer(k, ke_data, &w);
	err = window_request(sa, &w);
	wbuf_done(&b);
	return err;
}

static void on_offered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct keying *k = sa->out.task->keying;
	int err = base->err;

	if (err == 0) {
		ke_free(k->ke);
		k->ke = j->ke;
		j->ke = NULL;
		err = send_request(sa, k, wbuf_view(&j->data));
	}
	if (err)
		k->kind->fail(sa, sa->out.task, err, err_text(err), false);
}

static int offer_ke(struct ike_sa *sa, const struct alg *alg)
{
	struct job_ke *job = job_ke_new(JOB_KE_OFFER, alg, (struct view){0}, NULL, on_offered);

	if (!job)
		return E_NOMEM;
	job_submit(sa, &job->base, false);
	return 0;
}

int x_create_child_begin(struct ike_sa *sa, struct task *task, const struct proposal *current)
{
	struct keying *k = task->keying;
	const struct alg *alg = keying_first_alg(k->kind->offer(k), current);
	int err = keying_new_nonce(k);

	if (err)
		return err;
	return alg ? offer_ke(sa, alg) : send_request(sa, k, (struct view){0});
}

/* The first key exchange, if there was one, is done, and so the nonces can be compared. */
static void first_done(struct ike_sa *sa, struct task *task, struct view shared)
{
	struct keying *k = task->keying;
	bool lost = k->kind->lost(k);

	if (!keying_next(k))
		k->kind->complete(sa, task, shared);
	else if (lost)
		/* Nothing has been made yet (RFC 9370 section 2.2.4): that is all. */
		k->kind->fail(sa, task, E_CANCELED, "the peer's rekeying won", false);
	else
		x_followup_ke_begin(sa, task, shared);
}

static void on_finished(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct task *task = sa->out.task;
	struct keying *k = task->keying;

	if (base->err)
		k->kind->fail(sa, task, base->err, "the peer's KE payload is not acceptable",
			      !keying_next(k));
	else
		first_done(sa, task, secret_view(&j->shared));
}

/* The peer wants another method: once more, if it was offered. */
static void on_invalid_ke(struct ike_sa *sa, struct task *task, const struct wire_notify *n)
{
	struct keying *k = task->keying;
	const struct alg *alg = keying_other_alg(k, n);

	if (!alg)
		k->kind->fail(sa, task, E_NOPROPOSAL,
			      "the peer asks for a key exchange method that our proposals do not "
			      "offer",
			      false);
	else if (offer_ke(sa, alg))
		k->kind->fail(sa, task, E_NOMEM, err_text(E_NOMEM), false);
}

/* Whether nonce, proposal and KE payload of a response will do; else why not. */
static const char *check_response(struct keying *k, const struct wire_msg *msg)
{
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	const struct alg *alg;

	if (keying_take_nonce(k, wire_msg_find(msg, PAYLOAD_NONCE)) ||
	    k->kind->check_answer(k, msg))
		return "the peer's answer is not acceptable (see above)";
	alg = keying_ke_alg(k->chosen);
	if (alg && (!ke || !k->ke || ke->u.ke.method != alg->id || ke_alg(k->ke) != alg))
		return "the peer's KE payload is not of the method it chose";
	if (keying_next(k) && x_followup_ke_take_link(k, msg))
		return "the peer does not link the next key exchange";
	return NULL;
}

void x_create_child_response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_notify *error = wire_msg_error(msg);
	struct keying *k = task->keying;
	const struct alg *alg;
	struct job_ke *job;
	const char *why;

	if (error && error->type == N_INVALID_KE_PAYLOAD) {
		on_invalid_ke(sa, task, error);
		return;
	}
	if (error) {
		k->kind->refused(sa, task, error);
		return;
	}
	sa->busy_since = 0;
	why = check_response(k, msg);
	if (why) {
		/* With further exchanges to come the peer has made nothing yet. */
		k->kind->fail(sa, task, E_MALFORMED, why,
			      !wire_msg_notify(msg, N_ADDITIONAL_KEY_EXCHANGE));
		return;
	}
	alg = keying_ke_alg(k->chosen);
	if (!alg) {
		first_done(sa, task, (struct view){0});
		return;
	}
	job = job_ke_new(JOB_KE_FINISH, alg, wire_msg_find(msg, PAYLOAD_KE)->u.ke.data, k->ke,
			 on_finished);
	if (!job) {
		k->kind->fail(sa, task, E_NOMEM, err_text(E_NOMEM), !keying_next(k));
		return;
	}
	k->ke = NULL; /* the job has it */
	job_submit(sa, &job->base, false);
}
