/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_intermediate.h"

#include <stdio.h>

#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/handshake.h"
#include "ike/init.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/task.h"
#include "ike/window.h"

const struct transform *x_intermediate_next(const struct ike_sa *sa)
{
	for (unsigned type = sa->hs->addke_done + 1u; type <= TRANSFORM_ADDKE7; type++) {
		const struct transform *t = proposal_find(&sa->chosen, (uint8_t)type);

		if (t && t->id)
			return t;
	}
	return NULL;
}

int x_intermediate_authenticate(struct ike_sa *sa, bool sent, const struct wire_hdr *hdr,
				uint8_t first, struct view plain)
{
	bool of_initiator = sent == sa->initiator;

	return intauth_add(&sa->hs->intauth,
			   &(struct intauth_message){
				   .prf = sa->prf,
				   .of_initiator = of_initiator,
				   .sk_p = secret_view(of_initiator ? &sa->keys.pi : &sa->keys.pr),
				   .hdr = hdr,
				   .first = first,
				   .plain = plain,
			   });
}

/* The keys of the next exchange: this one's messages were protected with the old ones. */
static int advance(struct ike_sa *sa, struct view shared)
{
	sa->hs->addke_done = x_intermediate_next(sa)->type;
	return init_derive_keys(sa, shared);
}

static int put_ke(struct ike_sa *sa, const struct alg *alg, struct view data,
		  int (*send)(struct ike_sa *, const struct wire_writer *))
{
	struct wire_writer w;
	struct wbuf b;
	int err;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_ke(&w, alg->id, data);
	err = send(sa, &w);
	wbuf_done(&b);
	return err;
}

/* ---- responder ---- */

static void refuse(struct ike_sa *sa, int err, const char *message)
{
	sa_log(sa, LOG_IKE, LOG_CTRL, "%s", message);
	window_refuse(sa, N_INVALID_SYNTAX, err, message);
}

static void on_answered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	int err = base->err;

	if (err) {
		refuse(sa, err, "the peer's KE payload is not acceptable");
		return;
	}
	err = put_ke(sa, j->alg, wbuf_view(&j->data), window_reply);
	if (err == 0)
		err = advance(sa, secret_view(&j->shared));
	if (err)
		sa_destroy(sa, err, err_text(err));
}

void x_intermediate_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	const struct transform *next = x_intermediate_next(sa);
	struct job_ke *job;

	if (ke->u.ke.method != next->id) {
		refuse(sa, E_MALFORMED,
		       "KE payload is not of the method negotiated for this exchange");
		return;
	}
	job = job_ke_new(JOB_KE_ANSWER, alg_find(TRANSFORM_KE, next->id), ke->u.ke.data, NULL,
			 on_answered);
	if (job)
		job_submit(sa, &job->base, true);
	else
		refuse(sa, E_NOMEM, err_text(E_NOMEM));
}

/* ---- initiator ---- */

static void fail(struct ike_sa *sa, int err, const char *message)
{
	sa_log(sa, LOG_IKE, LOG_CTRL, "establishing IKE_SA failed: %s", message);
	sa_destroy(sa, err, message);
}

static void on_offered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	int err = base->err;

	if (err == 0) {
		ke_free(sa->hs->ke);
		sa->hs->ke = j->ke;
		j->ke = NULL;
		err = put_ke(sa, j->alg, wbuf_view(&j->data), window_request);
	}
	if (err)
		fail(sa, err, err_text(err));
}

static int start(struct ike_sa *sa, struct task *task)
{
	const struct alg *alg = alg_find(TRANSFORM_KE, x_intermediate_next(sa)->id);
	struct job_ke *job = job_ke_new(JOB_KE_OFFER, alg, (struct view){0}, NULL, on_offered);

	(void)task;
	if (!job)
		return E_NOMEM;
	job_submit(sa, &job->base, false);
	return 0;
}

static void on_finished(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	int err = base->err;

	if (err == 0)
		err = advance(sa, secret_view(&j->shared));
	if (err)
		fail(sa, err, "the peer's KE payload is not acceptable");
	else
		task_continue(sa,
			      x_intermediate_next(sa) ? &task_ike_intermediate : &task_ike_auth);
}

static void refused(struct ike_sa *sa, uint16_t notify)
{
	const char *name = ike_notify_name(notify);
	char message[128];

	snprintf(message, sizeof(message), "received %s notify error", name ? name : "an unknown");
	fail(sa, E_AUTH, message);
}

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_notify *error = wire_msg_error(msg);
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	const struct transform *next = x_intermediate_next(sa);
	struct job_ke *job;

	(void)task;
	if (error) {
		refused(sa, error->type);
		return;
	}
	if (!ke || ke->u.ke.method != next->id) {
		fail(sa, E_MALFORMED,
		     "the peer's answer has no KE payload of the negotiated method");
		return;
	}
	job = job_ke_new(JOB_KE_FINISH, alg_find(TRANSFORM_KE, next->id), ke->u.ke.data, sa->hs->ke,
			 on_finished);
	if (!job) {
		fail(sa, E_NOMEM, err_text(E_NOMEM));
		return;
	}
	sa->hs->ke = NULL; /* the job has it */
	job_submit(sa, &job->base, false);
}

const struct task_kind task_ike_intermediate = {"IKE_INTERMEDIATE", IKE_INTERMEDIATE, start,
						response};
