/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_create_child.h"

#include <stdio.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/child.h"
#include "ike/conn.h"
#include "ike/input.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/window.h"
#include "ike/x_followup_ke.h"

#define MAX_RESTARTS 5 /* answers of INVALID_KE_PAYLOAD followed for one child */

/* ---- both roles ---- */

static int new_nonce(struct child *c)
{
	uint8_t nonce[SA_NONCE_LEN];

	ike_random(c->sa->ike, nonce, sizeof(nonce));
	secret_done(&c->nonce);
	return secret_copy(&c->nonce, view_make(nonce, sizeof(nonce)));
}

static const struct alg *ke_of(const struct proposal *p)
{
	const struct transform *t = proposal_find(p, TRANSFORM_KE);

	return t && t->id ? alg_find(TRANSFORM_KE, t->id) : NULL;
}

static bool nonce_ok(const struct wire_payload *p)
{
	return p && p->u.data.len >= IKE_NONCE_MIN && p->u.data.len <= IKE_NONCE_MAX;
}

/* ---- responder ---- */

static void refuse_child(struct child *c, uint16_t notify)
{
	struct ike_sa *sa = c->sa;

	sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
	child_destroy(c);
	window_reply_notify(sa, notify, (struct view){0});
}

static void finish_request(struct child *c, struct view ke_data, struct view shared)
{
	struct ike_sa *sa = c->sa;
	struct wire_writer w;
	struct wbuf b;
	bool more = x_followup_ke_next(c) != NULL;

	if (!more &&
	    child_establish(c, shared, secret_view(&c->peer_nonce), secret_view(&c->nonce))) {
		refuse_child(c, N_NO_PROPOSAL_CHOSEN);
		return;
	}
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	child_put_answer(c, secret_view(&c->nonce), ke_data, &w);
	if (more)
		x_followup_ke_wait(c, shared, &w);
	else
		child_forget_keying(c);
	if (window_reply(sa, &w))
		sa_destroy(sa, E_NOMEM, "no reply could be made");
	wbuf_done(&b);
}

static void on_answered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct child *c = child_find_uid(sa, base->child_uid);

	if (!c) {
		window_reply_notify(sa, N_TEMPORARY_FAILURE, (struct view){0});
	} else if (base->err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "key exchange with the peer's %s value failed: %s",
		       j->alg->name, err_text(base->err));
		refuse_child(c, N_INVALID_SYNTAX);
	} else {
		finish_request(c, wbuf_view(&j->data), secret_view(&j->shared));
	}
}

static void answer_ke(struct child *c, const struct alg *alg, const struct wire_payload *ke)
{
	struct ike_sa *sa = c->sa;
	struct job_ke *job;
	uint8_t group[2] = {(uint8_t)(alg->id >> 8), (uint8_t)alg->id};

	if (!ke || ke->u.ke.method != alg->id) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "key exchange method unacceptable, requesting %s",
		       alg->name);
		child_destroy(c);
		window_reply_notify(sa, N_INVALID_KE_PAYLOAD, view_make(group, sizeof(group)));
		return;
	}
	job = job_ke_new(JOB_KE_ANSWER, alg, ke->u.ke.data, NULL, on_answered);
	if (!job) {
		refuse_child(c, N_TEMPORARY_FAILURE);
		return;
	}
	job->base.child_uid = c->uid;
	job_submit(sa, &job->base, true);
}

/*
 * A request with REKEY_SA names the SPI that the peer receives with. Whether it was refused:
 * unknown (RFC 7296 section 2.25), or ours to rekey or delete at this moment, so that the peer
 * tries again.
 */
static bool refuse_rekey(struct ike_sa *sa, const struct wire_msg *msg, struct child **out_old)
{
	const struct wire_notify *n = wire_msg_notify(msg, N_REKEY_SA);
	struct wire_writer w;
	struct rbuf r;
	struct wbuf b;
	uint32_t spi;

	*out_old = NULL;
	if (!n)
		return false;
	rbuf_init(&r, n->spi);
	if (rbuf_u32(&r, &spi) == 0 && rbuf_end(&r) == 0)
		*out_old = child_find_out(sa, spi);
	if (*out_old && (*out_old)->state == CHILD_S_INSTALLED && !child_is_rekeying(*out_old))
		return false;
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	if (*out_old)
		wire_put_notify(&w, N_TEMPORARY_FAILURE, (struct view){0});
	else
		wire_put_notify_spi(&w, &(struct wire_notify){.protocol = PROTO_ESP,
							      .type = N_CHILD_SA_NOT_FOUND,
							      .spi = n->spi});
	if (window_reply(sa, &w))
		sa_destroy(sa, E_NOMEM, "no reply could be made");
	wbuf_done(&b);
	return true;
}

void x_create_child_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_payload *nonce = wire_msg_find(msg, PAYLOAD_NONCE);
	const struct alg *alg;
	struct child *c, *old;
	uint16_t notify;

	if (msg->sa.p[0].protocol == PROTO_IKE) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "peer wants to rekey the IKE_SA, which is not supported");
		window_reply_notify(sa, N_NO_ADDITIONAL_SAS, (struct view){0});
		return;
	}
	if (sa->state != IKE_S_ESTABLISHED) {
		window_reply_notify(sa, N_TEMPORARY_FAILURE, (struct view){0});
		return;
	}
	if (!nonce_ok(nonce) || !msg->has_tsi || !msg->has_tsr) {
		window_reply_notify(sa, N_INVALID_SYNTAX, (struct view){0});
		return;
	}
	if (refuse_rekey(sa, msg, &old))
		return;
	if (child_accept(sa, msg, false, &c, &notify)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
		window_reply_notify(sa, notify, (struct view){0});
		return;
	}
	if (new_nonce(c) || secret_copy(&c->peer_nonce, nonce->u.data)) {
		refuse_child(c, N_TEMPORARY_FAILURE);
		return;
	}
	if (old) {
		c->rekeys = old->uid;
		c->reqid = old->reqid;
	}
	alg = ke_of(&c->chosen);
	if (alg)
		answer_ke(c, alg, wire_msg_find(msg, PAYLOAD_KE));
	else
		finish_request(c, (struct view){0}, (struct view){0});
}

/* ---- initiator ---- */

/* N(REKEY_SA) names the SA that we receive with (RFC 7296 section 1.3.3). */
static void put_rekey(const struct child *c, struct wire_writer *w)
{
	const struct child *old = child_find_rekeyed(c);
	struct wbuf spi;

	if (!old)
		return;
	wbuf_init(&spi, 0);
	wbuf_u32(&spi, old->spi_in);
	wire_put_notify_spi(w, &(struct wire_notify){.protocol = PROTO_ESP,
						     .type = N_REKEY_SA,
						     .spi = wbuf_view(&spi)});
	wbuf_done(&spi);
}

static int send_request(struct ike_sa *sa, struct child *c, struct view ke_data)
{
	struct wire_writer w;
	struct wbuf b;
	int err;

	sa_log(sa, LOG_IKE, LOG_CTRL, "establishing CHILD_SA %s{%u}", c->conf->name, c->uid);
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	put_rekey(c, &w);
	child_put_offer(c, &(struct child_offer){secret_view(&c->nonce), ke_data, false}, &w);
	err = window_request(sa, &w);
	wbuf_done(&b);
	return err;
}

/* The task is over without a child. */
static void fail(struct ike_sa *sa, struct task *task, int err, const char *message)
{
	struct child *c = task->child, *old = c ? child_find_rekeyed(c) : NULL;

	sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
	if (c)
		child_destroy(c);
	if (old)
		child_retry_rekey(old);
	task->child = NULL;
	task_finish(sa, err, message);
}

/* The same, but the peer has installed its half: have it removed. */
static void undo(struct ike_sa *sa, struct task *task, int err, const char *message)
{
	struct child *c = task->child, *old = child_find_rekeyed(c);

	sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
	if (old)
		child_retry_rekey(old);
	task->child = NULL;
	if (task_queue(sa, &task_child_delete, c, NULL, NULL))
		child_destroy(c);
	task_finish(sa, err, message);
}

static void on_offered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct task *task = sa->out.task;
	int err = base->err;

	if (err == 0) {
		ke_free(task->child->ke);
		task->child->ke = j->ke;
		j->ke = NULL;
		err = send_request(sa, task->child, wbuf_view(&j->data));
	}
	if (err)
		fail(sa, task, err, err_text(err));
}

static int offer_ke(struct ike_sa *sa, const struct alg *alg)
{
	struct job_ke *job = job_ke_new(JOB_KE_OFFER, alg, (struct view){0}, NULL, on_offered);

	if (!job)
		return E_NOMEM;
	job_submit(sa, &job->base, false);
	return 0;
}

/* task->child is new: choose a nonce and begin. */
static int begin(struct ike_sa *sa, struct task *task)
{
	const struct alg *alg = ke_of(&task->child->conf->esp->p[0]);
	int err = new_nonce(task->child);

	if (err == 0)
		err = alg ? offer_ke(sa, alg) : send_request(sa, task->child, (struct view){0});
	if (err) {
		child_destroy(task->child);
		task->child = NULL;
	}
	return err;
}

static int start(struct ike_sa *sa, struct task *task)
{
	const struct conf_child *conf = conf_conn_child(sa->conn->conf, task->child_name);
	int err = conf ? child_new(sa, sa->conn, conf, true, &task->child) : E_NOTFOUND;

	return err ? err : begin(sa, task);
}

/* The task begins with the old child, and has the one that replaces it from then on. */
static int start_rekey(struct ike_sa *sa, struct task *task)
{
	struct child *old = task->child, *fresh;
	int err;

	task->child = NULL;
	if (old->state != CHILD_S_INSTALLED)
		return E_STATE;
	err = child_new(sa, old->conn, old->conf, true, &fresh);
	if (err) {
		child_retry_rekey(old);
		return err;
	}
	fresh->rekeys = old->uid;
	fresh->reqid = old->reqid;
	child_set_state(old, CHILD_S_REKEYING);
	task->child = fresh;
	err = begin(sa, task);
	if (err)
		child_retry_rekey(old);
	return err;
}

/* The new child is in use: the old one goes, by a delete of ours (RFC 7296 section 2.8). */
static void retire(struct child *old, const struct child *fresh)
{
	struct ike_sa *sa = old->sa;

	sa_log(sa, LOG_IKE, LOG_CTRL,
	       "rekeyed CHILD_SA %s{%u} with SPIs %08x_i %08x_o with %s{%u} with SPIs %08x_i "
	       "%08x_o",
	       old->conf->name, old->uid, old->spi_in, old->spi_out, fresh->conf->name, fresh->uid,
	       fresh->spi_in, fresh->spi_out);
	child_set_state(old, CHILD_S_REKEYED);
	if (task_queue(sa, &task_child_delete, old, NULL, NULL))
		child_destroy(old);
}

void x_create_child_complete(struct ike_sa *sa, struct task *task, struct view shared)
{
	struct child *c = task->child;
	int err = child_establish(c, shared, secret_view(&c->nonce), secret_view(&c->peer_nonce));

	child_forget_keying(c);
	if (err) {
		undo(sa, task, err, "installing the CHILD_SA failed");
		return;
	}
	task->child = NULL;
	if (child_find_rekeyed(c))
		retire(child_find_rekeyed(c), c);
	task_finish(sa, 0, NULL);
}

static void on_finished(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;

	if (base->err)
		undo(sa, sa->out.task, base->err, "the peer's KE payload is not acceptable");
	else if (x_followup_ke_next(sa->out.task->child))
		x_followup_ke_begin(sa, sa->out.task, secret_view(&j->shared));
	else
		x_create_child_complete(sa, sa->out.task, secret_view(&j->shared));
}

/* The peer wants another method: once more, if it was offered. */
static void on_invalid_ke(struct ike_sa *sa, struct task *task, const struct wire_notify *n)
{
	const struct proposals *offer = task->child->conf->esp;
	const struct alg *alg;
	uint16_t method;
	struct rbuf r;
	bool offered = false;

	rbuf_init(&r, n->data);
	if (rbuf_u16(&r, &method))
		method = 0;
	for (unsigned i = 0; i < offer->count; i++)
		offered |= proposal_has(&offer->p[i], TRANSFORM_KE, method, 0);
	alg = offered ? alg_find(TRANSFORM_KE, method) : NULL;
	if (!alg || !task->child->ke || ke_alg(task->child->ke) == alg ||
	    ++task->child->ke_restarts > MAX_RESTARTS) {
		fail(sa, task, E_NOPROPOSAL,
		     "the peer asks for a key exchange method that esp_proposals does not offer");
		return;
	}
	sa_log(sa, LOG_IKE, LOG_CTRL, "peer didn't accept key exchange method %s, it requested %s",
	       ke_alg(task->child->ke)->name, alg->name);
	if (offer_ke(sa, alg))
		fail(sa, task, E_NOMEM, err_text(E_NOMEM));
}

/* The peer does not have the child any more: neither have we, but somebody wants one. */
static void lost(struct ike_sa *sa, struct task *task)
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

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_notify *error = wire_msg_error(msg);
	const struct wire_payload *nonce = wire_msg_find(msg, PAYLOAD_NONCE);
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	struct child *c = task->child;
	const struct alg *alg;
	struct job_ke *job;
	uint16_t notify;
	char why[CHILD_WHY_MAX];

	if (error && error->type == N_INVALID_KE_PAYLOAD) {
		on_invalid_ke(sa, task, error);
		return;
	}
	if (error && error->type == N_CHILD_SA_NOT_FOUND && child_find_rekeyed(c)) {
		lost(sa, task);
		return;
	}
	if (error) {
		child_log_refused(c, error->type, why);
		fail(sa, task, child_refusal(error->type), why);
		return;
	}
	if (!nonce_ok(nonce) || child_check_answer(c, msg, false, &notify) ||
	    secret_copy(&c->peer_nonce, nonce->u.data)) {
		undo(sa, task, E_MALFORMED, "the peer's answer is not acceptable (see above)");
		return;
	}
	alg = ke_of(&c->chosen);
	if (!alg) {
		x_create_child_complete(sa, task, (struct view){0});
		return;
	}
	if (!ke || !c->ke || ke->u.ke.method != alg->id || ke_alg(c->ke) != alg) {
		undo(sa, task, E_MALFORMED, "the peer's KE payload is not of the method it chose");
		return;
	}
	if (x_followup_ke_next(c) && x_followup_ke_take_link(c, msg)) {
		fail(sa, task, E_MALFORMED, "the peer does not link the next key exchange");
		return;
	}
	job = job_ke_new(JOB_KE_FINISH, alg, ke->u.ke.data, c->ke, on_finished);
	if (!job) {
		undo(sa, task, E_NOMEM, err_text(E_NOMEM));
		return;
	}
	c->ke = NULL; /* the job has it */
	job_submit(sa, &job->base, false);
}

const struct task_kind task_child_create = {"CHILD_CREATE", IKE_CREATE_CHILD_SA, start, response};
const struct task_kind task_child_rekey = {"CHILD_REKEY", IKE_CREATE_CHILD_SA, start_rekey,
					   response};
