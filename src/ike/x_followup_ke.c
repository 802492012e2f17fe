/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_followup_ke.h"

#include <stdio.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/child.h"
#include "ike/job.h"
#include "ike/keying.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/successor.h"
#include "ike/task.h"
#include "ike/window.h"

#define LINK_LEN    2	  /* bytes of our links: opaque to the peer, unique in the IKE_SA */
#define LINK_MAX    256	  /* longest link of a peer that we keep */
#define PATIENCE_MS 20000 /* a series that does not go on is dropped (RFC 9370 section 2.2.4) */

/* ---- responder ---- */

uint32_t x_followup_ke_id(const struct keying *k)
{
	list_foreach(it, &k->sa->children) {
		const struct child *c = list_entry(it, struct child, link);

		if (&c->keying == k)
			return c->uid;
	}
	return 0;
}

struct keying *x_followup_ke_find(struct ike_sa *sa, uint32_t id)
{
	struct child *c = id ? child_find_uid(sa, id) : NULL;

	if (id)
		return c && !c->handle ? &c->keying : NULL;
	return sa->theirs && !sa->theirs->made ? &sa->theirs->keying : NULL;
}

static void on_impatience(struct timer *t)
{
	struct keying *k = heap_entry(t, struct keying, patience);
	struct ike_sa *sa = k->sa;

	sa_log(sa, LOG_IKE, LOG_CTRL, "the peer did not go on with its key exchanges: %s",
	       k->kind->failure);
	k->kind->drop(k);
}

static bool has_link(const struct keying *k, struct view link)
{
	return k->link.len && secret_equal(secret_view(&k->link), link);
}

static struct keying *find_link(struct ike_sa *sa, struct view link)
{
	if (sa->theirs && !sa->theirs->made && has_link(&sa->theirs->keying, link))
		return &sa->theirs->keying;
	list_foreach(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if (c->state == CHILD_S_CREATED && !c->initiator && has_link(&c->keying, link))
			return &c->keying;
	}
	return NULL;
}

static void on_abandoned(struct timer *t)
{
	struct keying *k = heap_entry(t, struct keying, patience);

	k->kind->drop(k);
}

void x_followup_ke_abandon(struct keying *k)
{
	k->patience.fire = on_abandoned;
	timer_start(k->sa->ike, &k->patience, 0);
}

static void put_link(struct keying *k, struct wire_writer *w)
{
	uint8_t link[LINK_LEN];

	secret_done(&k->link);
	do
		ike_random(k->sa->ike, link, sizeof(link));
	while (find_link(k->sa, view_make(link, sizeof(link))));
	if (secret_copy(&k->link, view_make(link, sizeof(link))))
		wbuf_fail(w->buf, E_NOMEM);
	wire_put_notify(w, N_ADDITIONAL_KEY_EXCHANGE, secret_view(&k->link));
	k->patience.fire = on_impatience;
	timer_start(k->sa->ike, &k->patience, PATIENCE_MS);
}

void x_followup_ke_wait(struct keying *k, struct view shared, struct wire_writer *w)
{
	secret_done(&k->shared);
	if (secret_copy(&k->shared, shared))
		wbuf_fail(w->buf, E_NOMEM);
	put_link(k, w);
}

static void drop(struct keying *k, uint16_t notify, const char *why)
{
	struct ike_sa *sa = k->sa;

	sa_log(sa, LOG_IKE, LOG_CTRL, "%s", why);
	sa_log(sa, LOG_IKE, LOG_CTRL, "%s", k->kind->failure);
	k->kind->drop(k);
	window_reply_notify(sa, notify, (struct view){0});
}

static void answer(struct keying *k, const struct job_ke *j)
{
	struct ike_sa *sa = k->sa;
	bool more = keying_next(k) != NULL;
	struct wire_writer w;
	struct wbuf b;

	if (!more && k->kind->establish(k, secret_view(&k->shared))) {
		drop(k, N_NO_PROPOSAL_CHOSEN, "installing what was negotiated failed");
		return;
	}
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_ke(&w, j->alg->id, wbuf_view(&j->data));
	if (more)
		put_link(k, &w);
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

	if (!k)
		window_reply_notify(sa, N_STATE_NOT_FOUND, (struct view){0});
	else if (base->err || keying_add_shared(k, secret_view(&j->shared)))
		drop(k, N_INVALID_SYNTAX, "the peer's KE payload is not acceptable");
	else
		answer(k, j);
}

void x_followup_ke_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *link = wire_msg_notify(msg, N_ADDITIONAL_KEY_EXCHANGE);
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	struct keying *k = link ? find_link(sa, link->data) : NULL;
	const struct transform *next = k ? keying_next(k) : NULL;
	struct job_ke *job;

	if (!next) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "IKE_FOLLOWUP_KE with an unknown link, sending STATE_NOT_FOUND");
		window_reply_notify(sa, N_STATE_NOT_FOUND, (struct view){0});
		return;
	}
	ladder_attach(&k->ladder, sa);
	if (ke->u.ke.method != next->id) {
		drop(k, N_INVALID_SYNTAX,
		     "KE payload is not of the method negotiated for this exchange");
		return;
	}
	timer_stop(sa->ike, &k->patience); /* the time that our own work takes does not count */
	job = job_ke_new(JOB_KE_ANSWER, alg_find(TRANSFORM_KE, next->id), ke->u.ke.data, NULL,
			 on_answered);
	if (!job) {
		drop(k, N_TEMPORARY_FAILURE, err_text(E_NOMEM));
		return;
	}
	job->base.child_uid = x_followup_ke_id(k);
	job_submit(sa, &job->base, true);
}

/* ---- initiator ---- */

int x_followup_ke_take_link(struct keying *k, const struct wire_msg *msg)
{
	const struct wire_notify *link = wire_msg_notify(msg, N_ADDITIONAL_KEY_EXCHANGE);

	secret_done(&k->link);
	if (!link || link->data.len > LINK_MAX)
		return E_MALFORMED;
	return secret_copy(&k->link, link->data);
}

static void fail(struct ike_sa *sa, int err, const char *message)
{
	struct task *task = sa->out.task;

	/* The response that linked nothing was the last one: the peer has installed. */
	task->keying->kind->fail(sa, task, err, message, task->keying->link.len == 0);
}

static void on_offered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct keying *k = sa->out.task->keying;
	struct wire_writer w;
	struct wbuf b;
	int err = base->err;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	if (err == 0) {
		ke_free(k->ke);
		k->ke = j->ke;
		j->ke = NULL;
		wire_put_ke(&w, j->alg->id, wbuf_view(&j->data));
		wire_put_notify(&w, N_ADDITIONAL_KEY_EXCHANGE, secret_view(&k->link));
		err = window_request(sa, &w);
	}
	wbuf_done(&b);
	if (err)
		fail(sa, err, err_text(err));
}

static int start(struct ike_sa *sa, struct task *task)
{
	const struct alg *alg = alg_find(TRANSFORM_KE, keying_next(task->keying)->id);
	struct job_ke *job = job_ke_new(JOB_KE_OFFER, alg, (struct view){0}, NULL, on_offered);

	if (!job)
		return E_NOMEM;
	job_submit(sa, &job->base, false);
	return 0;
}

static void go_on(struct ike_sa *sa, struct task *task)
{
	int err = start(sa, task);

	if (err)
		fail(sa, err, err_text(err));
}

void x_followup_ke_begin(struct ike_sa *sa, struct task *task, struct view shared)
{
	struct keying *k = task->keying;

	task->kind = &task_followup_ke;
	secret_done(&k->shared);
	if (secret_copy(&k->shared, shared))
		fail(sa, E_NOMEM, err_text(E_NOMEM));
	else
		go_on(sa, task);
}

static void on_finished(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct task *task = sa->out.task;
	struct keying *k = task->keying;
	int err = base->err;

	if (err == 0)
		err = keying_add_shared(k, secret_view(&j->shared));
	if (err)
		fail(sa, err, "the peer's KE payload is not acceptable");
	else if (!keying_next(k))
		k->kind->complete(sa, task, secret_view(&k->shared));
	else if (k->link.len)
		go_on(sa, task);
	else
		fail(sa, E_MALFORMED, "the peer does not link the next key exchange");
}

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_notify *error = wire_msg_error(msg);
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	struct keying *k = task->keying;
	const struct transform *next = keying_next(k);
	struct job_ke *job;

	if (error) {
		k->kind->refused(sa, task, error);
		return;
	}
	(void)!x_followup_ke_take_link(k, msg); /* the last response has none */
	if (!ke || ke->u.ke.method != next->id) {
		fail(sa, E_MALFORMED,
		     "the peer's answer has no KE payload of the negotiated method");
		return;
	}
	job = job_ke_new(JOB_KE_FINISH, alg_find(TRANSFORM_KE, next->id), ke->u.ke.data, k->ke,
			 on_finished);
	if (!job) {
		fail(sa, E_NOMEM, err_text(E_NOMEM));
		return;
	}
	k->ke = NULL; /* the job has it */
	job_submit(sa, &job->base, false);
}

const struct task_kind task_followup_ke = {"CHILD_CREATE", IKE_FOLLOWUP_KE, start, response};
