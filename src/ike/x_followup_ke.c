/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_followup_ke.h"

#include <stdio.h>
#include <string.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/child.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/window.h"
#include "ike/x_create_child.h"

#define LINK_LEN    8	  /* bytes of our links: opaque to the peer, unique here */
#define LINK_MAX    256	  /* longest link of a peer that we keep */
#define PATIENCE_MS 20000 /* a series that does not go on is dropped (RFC 9370 section 2.2.4) */

const struct transform *x_followup_ke_next(const struct child *c)
{
	unsigned done = c->addke_done ? c->addke_done : TRANSFORM_ADDKE1 - 1;

	for (unsigned type = done + 1; type <= TRANSFORM_ADDKE7; type++) {
		const struct transform *t = proposal_find(&c->chosen, (uint8_t)type);

		if (t && t->id)
			return t;
	}
	return NULL;
}

/* SK(1) | ... | SK(n), growing. */
static int add_shared(struct child *c, struct view shared)
{
	struct secret joined;
	int err = secret_alloc(&joined, c->further.len + shared.len);

	if (err)
		return err;
	if (c->further.len)
		memcpy(joined.data, c->further.data, c->further.len);
	memcpy(joined.data + c->further.len, shared.ptr, shared.len);
	secret_move(&c->further, &joined);
	c->addke_done = x_followup_ke_next(c)->type;
	return 0;
}

/* ---- responder ---- */

static void on_impatience(struct timer *t)
{
	struct child *c = heap_entry(t, struct child, expire);

	sa_log(c->sa, LOG_IKE, LOG_CTRL,
	       "the peer did not go on with the key exchanges of CHILD_SA %s{%u}, dropped",
	       c->conf->name, c->uid);
	child_destroy(c);
}

static void put_link(struct child *c, struct wire_writer *w)
{
	uint8_t link[LINK_LEN];

	ike_random(c->sa->ike, link, sizeof(link));
	secret_done(&c->followup_link);
	if (secret_copy(&c->followup_link, view_make(link, sizeof(link))))
		wbuf_fail(w->buf, E_NOMEM);
	wire_put_notify(w, N_ADDITIONAL_KEY_EXCHANGE, secret_view(&c->followup_link));
	c->expire.fire = on_impatience;
	timer_start(c->sa->ike, &c->expire, PATIENCE_MS);
}

void x_followup_ke_wait(struct child *c, struct view shared, struct wire_writer *w)
{
	secret_done(&c->shared);
	if (secret_copy(&c->shared, shared))
		wbuf_fail(w->buf, E_NOMEM);
	put_link(c, w);
}

static void reply(struct ike_sa *sa, const struct wire_writer *w)
{
	if (window_reply(sa, w))
		sa_destroy(sa, E_NOMEM, "no reply could be made");
}

static void drop(struct child *c, uint16_t notify, const char *why)
{
	struct ike_sa *sa = c->sa;

	sa_log(sa, LOG_IKE, LOG_CTRL, "%s", why);
	sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
	child_destroy(c);
	window_reply_notify(sa, notify, (struct view){0});
}

static struct child *find_link(struct ike_sa *sa, struct view link)
{
	list_foreach(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if (c->state == CHILD_S_CREATED && !c->initiator && c->followup_link.len &&
		    secret_equal(secret_view(&c->followup_link), link))
			return c;
	}
	return NULL;
}

static void answer(struct child *c, const struct job_ke *j)
{
	struct ike_sa *sa = c->sa;
	struct wire_writer w;
	struct wbuf b;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_ke(&w, j->alg->id, wbuf_view(&j->data));
	if (x_followup_ke_next(c)) {
		put_link(c, &w);
		reply(sa, &w);
	} else if (child_establish(c, secret_view(&c->shared), secret_view(&c->peer_nonce),
				   secret_view(&c->nonce))) {
		drop(c, N_NO_PROPOSAL_CHOSEN, "installing the CHILD_SA failed");
	} else {
		child_forget_keying(c);
		reply(sa, &w);
	}
	wbuf_done(&b);
}

static void on_answered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct child *c = child_find_uid(sa, base->child_uid);

	if (!c)
		window_reply_notify(sa, N_STATE_NOT_FOUND, (struct view){0});
	else if (base->err || add_shared(c, secret_view(&j->shared)))
		drop(c, N_INVALID_SYNTAX, "the peer's KE payload is not acceptable");
	else
		answer(c, j);
}

void x_followup_ke_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *link = wire_msg_notify(msg, N_ADDITIONAL_KEY_EXCHANGE);
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	struct child *c = link ? find_link(sa, link->data) : NULL;
	const struct transform *next = c ? x_followup_ke_next(c) : NULL;
	struct job_ke *job;

	if (!next) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "IKE_FOLLOWUP_KE with an unknown link, sending STATE_NOT_FOUND");
		window_reply_notify(sa, N_STATE_NOT_FOUND, (struct view){0});
		return;
	}
	if (ke->u.ke.method != next->id) {
		drop(c, N_INVALID_SYNTAX,
		     "KE payload is not of the method negotiated for this exchange");
		return;
	}
	timer_stop(sa->ike, &c->expire); /* the time that our own work takes does not count */
	job = job_ke_new(JOB_KE_ANSWER, alg_find(TRANSFORM_KE, next->id), ke->u.ke.data, NULL,
			 on_answered);
	if (!job) {
		drop(c, N_TEMPORARY_FAILURE, err_text(E_NOMEM));
		return;
	}
	job->base.child_uid = c->uid;
	job_submit(sa, &job->base, true);
}

/* ---- initiator ---- */

int x_followup_ke_take_link(struct child *c, const struct wire_msg *msg)
{
	const struct wire_notify *link = wire_msg_notify(msg, N_ADDITIONAL_KEY_EXCHANGE);

	secret_done(&c->followup_link);
	if (!link || link->data.len > LINK_MAX)
		return E_MALFORMED;
	return secret_copy(&c->followup_link, link->data);
}

static void fail(struct ike_sa *sa, struct task *task, int err, const char *message)
{
	struct child *old = child_find_rekeyed(task->child);

	sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA: %s", message);
	if (old)
		child_retry_rekey(old);
	child_destroy(task->child);
	task->child = NULL;
	task_finish(sa, err, message);
}

static void on_offered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct task *task = sa->out.task;
	struct child *c = task->child;
	struct wire_writer w;
	struct wbuf b;
	int err = base->err;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	if (err == 0) {
		ke_free(c->ke);
		c->ke = j->ke;
		j->ke = NULL;
		wire_put_ke(&w, j->alg->id, wbuf_view(&j->data));
		wire_put_notify(&w, N_ADDITIONAL_KEY_EXCHANGE, secret_view(&c->followup_link));
		err = window_request(sa, &w);
	}
	wbuf_done(&b);
	if (err)
		fail(sa, task, err, err_text(err));
}

static int start(struct ike_sa *sa, struct task *task)
{
	const struct alg *alg = alg_find(TRANSFORM_KE, x_followup_ke_next(task->child)->id);
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
		fail(sa, task, err, err_text(err));
}

void x_followup_ke_begin(struct ike_sa *sa, struct task *task, struct view shared)
{
	struct child *c = task->child;

	task->kind = &task_followup_ke;
	secret_done(&c->shared);
	if (secret_copy(&c->shared, shared))
		fail(sa, task, E_NOMEM, err_text(E_NOMEM));
	else
		go_on(sa, task);
}

static void on_finished(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct task *task = sa->out.task;
	struct child *c = task->child;
	int err = base->err;

	if (err == 0)
		err = add_shared(c, secret_view(&j->shared));
	if (err) {
		fail(sa, task, err, "the peer's KE payload is not acceptable");
		return;
	}
	if (x_followup_ke_next(c)) {
		if (c->followup_link.len)
			go_on(sa, task);
		else
			fail(sa, task, E_MALFORMED, "the peer does not link the next key exchange");
		return;
	}
	x_create_child_complete(sa, task, secret_view(&c->shared));
}

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_notify *error = wire_msg_error(msg);
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	const struct transform *next = x_followup_ke_next(task->child);
	struct job_ke *job;
	char why[CHILD_WHY_MAX];

	if (error) {
		child_log_refused(task->child, error->type, why);
		fail(sa, task, E_STATE, why);
		return;
	}
	if (!ke || ke->u.ke.method != next->id) {
		fail(sa, task, E_MALFORMED,
		     "the peer's answer has no KE payload of the negotiated method");
		return;
	}
	/* The last response has none. */
	(void)!x_followup_ke_take_link(task->child, msg);
	job = job_ke_new(JOB_KE_FINISH, alg_find(TRANSFORM_KE, next->id), ke->u.ke.data,
			 task->child->ke, on_finished);
	if (!job) {
		fail(sa, task, E_NOMEM, err_text(E_NOMEM));
		return;
	}
	task->child->ke = NULL; /* the job has it */
	job_submit(sa, &job->base, false);
}

const struct task_kind task_followup_ke = {"CHILD_CREATE", IKE_FOLLOWUP_KE, start, response};
