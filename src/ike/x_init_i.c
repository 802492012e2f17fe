/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "conf/suite.h"
#include "crypto/alg.h"
#include "crypto/ke.h"
#include "ike/auth_cert.h"
#include "ike/child.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/handshake.h"
#include "ike/init.h"
#include "ike/job.h"
#include "ike/natd.h"
#include "ike/path.h"
#include "ike/sa.h"
#include "ike/select.h"
#include "ike/state.h"
#include "ike/target.h"
#include "ike/task.h"
#include "ike/view.h"
#include "ike/window.h"
#include "ike/x_intermediate.h"
#include "ike/x_sa_init.h"

/* The initiator's side of IKE_SA_INIT (RFC 7296 section 1.2). */

#define MAX_RESTARTS	 5    /* answers of COOKIE or INVALID_KE_PAYLOAD followed in one attempt */
#define BETTER_ANSWER_MS 2000 /* to wait for one after an answer that would end the attempt */

static void fail(struct ike_sa *sa, int err, const char *message)
{
	sa_log(sa, LOG_IKE, LOG_CTRL, "establishing IKE_SA failed: %s", message);
	sa_destroy(sa, err, message);
}

/* ---- request ---- */

static bool offers_addke(const struct ike_sa *sa)
{
	const struct proposals *l = sa->conn->conf->ike;

	for (unsigned i = 0; i < l->count; i++) {
		for (unsigned type = TRANSFORM_ADDKE1; type <= TRANSFORM_ADDKE7; type++) {
			if (proposal_has_type(&l->p[i], (uint8_t)type))
				return true;
		}
	}
	return false;
}

static int send_request(struct ike_sa *sa)
{
	struct handshake *hs = sa->hs;
	struct proposals *offer = &sa->ike->msg.sa; /* free to use: nothing is being looked at */
	struct wire_writer w;
	struct wbuf b;
	int err;

	select_copy(sa->conn->conf->ike, false, (struct view){0}, offer);
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	if (hs->cookie.len)
		wire_put_notify(&w, N_COOKIE, secret_view(&hs->cookie));
	wire_put_sa(&w, offer);
	wire_put_ke(&w, hs->ke_alg->id, secret_view(&hs->ke_data));
	wire_put_nonce(&w, secret_view(&hs->ni));
	init_put_natd(sa, &w);
	if (sa->conn->conf->fragmentation != CONF_FRAG_NO)
		wire_put_notify(&w, N_FRAGMENTATION_SUPPORTED, (struct view){0});
	init_put_hashes(sa, &w);
	redirect_put_client(sa, &w);
	ppk_put_use(sa, &w);
	if (offers_addke(sa))
		wire_put_notify(&w, N_INTERMEDIATE_EXCHANGE_SUPPORTED, (struct view){0});
	init_put_vendor(sa, &w);
	sa->out.next = 0;
	hs->refusal.err = 0; /* of the request before this one */
	err = window_request(sa, &w);
	if (err == 0) {
		secret_done(&hs->msg_i);
		err = secret_copy(&hs->msg_i, secret_view(&sa->out.request.packets.items[0]));
	}
	wbuf_done(&b);
	return err;
}

static void on_offered(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	struct handshake *hs = sa->hs;
	int err = base->err;

	if (err == 0) {
		ke_free(hs->ke);
		hs->ke = j->ke;
		j->ke = NULL;
		secret_done(&hs->ke_data);
		err = secret_copy(&hs->ke_data, wbuf_view(&j->data));
	}
	if (err == 0)
		err = send_request(sa);
	if (err)
		fail(sa, err, err_text(err));
}

static int offer_ke(struct ike_sa *sa, uint16_t method)
{
	const struct alg *alg = alg_find(TRANSFORM_KE, method);
	struct job_ke *job;

	if (!alg)
		return E_UNSUPPORTED;
	job = job_ke_new(JOB_KE_OFFER, alg, (struct view){0}, NULL, on_offered);
	if (!job)
		return E_NOMEM;
	sa->hs->ke_alg = alg;
	job_submit(sa, &job->base, false);
	return 0;
}

/* The addresses are known: begin the exchange. */
static int begin(struct ike_sa *sa)
{
	struct handshake *hs = sa->hs;
	uint8_t nonce[SA_NONCE_LEN];
	char text[ADDR_TEXT_MAX];
	int err = path_choose(sa->ike, sa->conn->conf, &sa->remote, &sa->local);

	if (err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "no route to %s", addr_text(&sa->remote, text));
		return err;
	}
	sa->local.port = sa->conn->conf->local_port == IKE_PORT ? sa->ike->settings.port
								: sa->conn->conf->local_port;
	/* Another port than 500 at the peer means its NAT-T port, so use ours (RFC 7296 2.23). */
	if (sa->conn->conf->remote_port != IKE_PORT)
		sa->local.port = sa->ike->settings.port_natt;
	sa_log(sa, LOG_IKE, LOG_AUDIT, "initiating IKE_SA %s[%u] to %s", sa_name(sa), sa->uid,
	       addr_text(&sa->remote, text));
	sa_set_state(sa, IKE_S_CONNECTING);
	ike_random(sa->ike, nonce, sizeof(nonce));
	err = secret_copy(&hs->ni, view_make(nonce, sizeof(nonce)));
	if (err)
		return err;
	return offer_ke(sa, proposal_find(&sa->conn->conf->ike->p[0], TRANSFORM_KE)->id);
}

/* The next address that there is a route to. */
static int begin_next(struct ike_sa *sa)
{
	int err = E_NOTFOUND;

	while (err && target_take(sa))
		err = begin(sa);
	return err;
}

static int start(struct ike_sa *sa, struct task *task)
{
	int err;

	(void)task;
	err = ppk_check_own(sa);
	if (err)
		return err;
	return target_left(sa) ? begin_next(sa) : target_find(sa, begin_next);
}

void x_init_i_begin_again(struct ike_sa *sa)
{
	struct handshake *hs = sa->hs;

	if (hs->child)
		child_destroy(hs->child);
	hs->child = NULL;
	handshake_reset(hs);
	ladder_done(&sa->ladder);
	sa_renew_spi(sa);
	sa->nat_local = sa->nat_remote = false;
	task_continue(sa, &task_ike_init);
}

/* ---- what a response is worth ---- */

static int read_method(const struct wire_notify *n, uint16_t *out)
{
	struct rbuf r;

	rbuf_init(&r, n->data);
	return rbuf_u16(&r, out) || rbuf_end(&r) ? E_MALFORMED : 0;
}

static int select_answer(struct ike_sa *sa, const struct wire_msg *msg, struct proposal *out)
{
	struct select_params sel = {
		.configured = sa->conn->conf->ike,
		.received = &msg->sa,
		.prefer_configured = true,
		.without_addke = !wire_msg_notify(msg, N_INTERMEDIATE_EXCHANGE_SUPPORTED),
		.allow_private = true, /* we would not have offered one to a stranger */
	};
	int err = msg->sa.count == 1 ? select_proposal(&sel, out) : E_NOPROPOSAL;

	if (err)
		select_log_mismatch(sa, &sel, sa_name(sa), "proposals");
	return err;
}

static void say(struct handshake_refusal *v, int err, const char *why)
{
	v->err = err;
	snprintf(v->why, sizeof(v->why), "%s", why);
}

static bool offers_ke(const struct ike_sa *sa, uint16_t method)
{
	const struct proposals *l = sa->conn->conf->ike;

	for (unsigned i = 0; i < l->count; i++) {
		if (proposal_has(&l->p[i], TRANSFORM_KE, method, 0))
			return true;
	}
	return false;
}

static void judge_invalid_ke(struct ike_sa *sa, const struct wire_notify *n,
			     struct handshake_refusal *v)
{
	char asked[32];
	uint16_t method;

	if (read_method(n, &method)) {
		say(v, E_MALFORMED, "the peer's INVALID_KE_PAYLOAD names no method");
		return;
	}
	alg_name(TRANSFORM_KE, method, asked);
	sa_log(sa, LOG_IKE, LOG_CTRL, "peer didn't accept key exchange method %s, it requested %s",
	       sa->hs->ke_alg->name,
	       alg_find(TRANSFORM_KE, method) ? alg_find(TRANSFORM_KE, method)->name : asked);
	if (!offers_ke(sa, method))
		say(v, E_NOPROPOSAL,
		    "the peer asks for a key exchange method that 'proposals' does not offer");
}

static void log_private(struct ike_sa *sa)
{
	char buf[32];
	const char *name = select_private(sa->conn->conf->ike, buf);

	if (name && !sa->ike->settings.send_vendor_id)
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "the number of %s is private: peers take it from those only that set "
		       "charon.send_vendor_id = yes",
		       name);
}

static void judge_error(struct ike_sa *sa, const struct wire_notify *n, struct handshake_refusal *v)
{
	const char *name = ike_notify_name(n->type);

	v->err = n->type == N_NO_PROPOSAL_CHOSEN ? E_NOPROPOSAL : E_AUTH;
	snprintf(v->why, sizeof(v->why), "received %s notify error", name ? name : "an unknown");
	if (n->type == N_NO_PROPOSAL_CHOSEN) {
		struct wbuf text;

		wbuf_init(&text, 0);
		suite_list_text(sa->conn->conf->ike, &text);
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "the peer has none of our proposals: %.*s; compare 'proposals' on both "
		       "sides%s",
		       (int)text.len, (char *)text.data,
		       sa->conn->conf->pq == CONF_PQ_REQUIRE
			       ? " (ours has pq = require: the peer may know no post-quantum "
				 "key exchange)"
			       : "");
		wbuf_done(&text);
		log_private(sa);
	}
}

static void judge_answer(struct ike_sa *sa, const struct wire_msg *msg, struct handshake_refusal *v)
{
	const struct wire_payload *ke = wire_msg_find(msg, PAYLOAD_KE);
	const struct wire_payload *nonce = wire_msg_find(msg, PAYLOAD_NONCE);
	struct proposal chosen;
	int err;

	if (!msg->has_sa || !ke || !nonce || nonce->u.data.len < IKE_NONCE_MIN ||
	    nonce->u.data.len > IKE_NONCE_MAX || msg->hdr.spi_r == 0) {
		say(v, E_MALFORMED, "IKE_SA_INIT response lacks SA, KE or Nonce");
		return;
	}
	err = select_answer(sa, msg, &chosen);
	if (err)
		say(v, err, "the peer chose a proposal that was not offered");
	else if (!select_has_ke(&chosen, sa->hs->ke_alg->id) ||
		 ke->u.ke.method != sa->hs->ke_alg->id)
		say(v, E_MALFORMED, "the peer's KE payload is not of the method it chose");
}

static void judge(struct ike_sa *sa, const struct wire_msg *msg, struct handshake_refusal *v)
{
	const struct wire_notify *cookie = wire_msg_notify(msg, N_COOKIE);
	const struct wire_notify *error = wire_msg_error(msg);
	const struct wire_notify *redirect = wire_msg_notify(msg, N_REDIRECT);
	bool restart = false;

	*v = (struct handshake_refusal){0};
	if (cookie && !msg->has_sa) {
		restart = true;
		if (cookie->data.len < 1 || cookie->data.len > IKE_COOKIE_MAX)
			say(v, E_MALFORMED, "the peer's COOKIE is empty or too long");
	} else if (error && error->type == N_INVALID_KE_PAYLOAD) {
		restart = true;
		judge_invalid_ke(sa, error, v);
	} else if (error) {
		judge_error(sa, error, v);
	} else if (redirect && !msg->has_sa) {
		if (redirect_may_follow(sa))
			say(v, E_AUTH, "the redirection to another gateway is not followed");
	} else {
		judge_answer(sa, msg, v);
	}
	if (restart && v->err == 0 && sa->hs->restarts >= MAX_RESTARTS)
		say(v, E_LIMIT, "the peer keeps asking for another first message");
}

/* Asks for what the request in flight already has: a late copy of an answer to the one before. */
static bool is_stale(const struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *cookie = wire_msg_notify(msg, N_COOKIE);
	const struct wire_notify *error = wire_msg_error(msg);
	const struct wire_notify *redirect = wire_msg_notify(msg, N_REDIRECT);
	uint16_t method;

	if (cookie && !msg->has_sa)
		return sa->hs->cookie.len && view_equal(cookie->data, secret_view(&sa->hs->cookie));
	if (redirect && !msg->has_sa)
		return redirect_is_forged(sa, redirect);
	return error && error->type == N_INVALID_KE_PAYLOAD && read_method(error, &method) == 0 &&
	       method == sa->hs->ke_alg->id;
}

/* No better answer has come. */
static void on_refused(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, out.retransmit);
	struct handshake_refusal refusal = sa->hs->refusal;

	if (refusal.err == E_NOPROPOSAL)
		view_alert(sa, "proposal-mismatch-ike");
	fail(sa, refusal.err, refusal.why);
}

bool x_init_i_is_useful(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct handshake_refusal verdict;

	if (is_stale(sa, msg)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "the answer is to an earlier request, ignored");
		return false;
	}
	judge(sa, msg, &verdict);
	if (verdict.err == 0)
		return true;
	sa_log(sa, LOG_IKE, LOG_CTRL, "%s", verdict.why);
	if (sa->hs->refusal.err)
		return false;
	/* Nobody has signed this, and the peer may still answer (RFC 7296 section 2.21.1). */
	sa_log(sa, LOG_IKE, LOG_DETAIL, "waiting %u s for a better answer",
	       BETTER_ANSWER_MS / 1000);
	sa->hs->refusal = verdict;
	sa->out.retransmit.fire = on_refused;
	timer_start(sa->ike, &sa->out.retransmit, BETTER_ANSWER_MS);
	return false;
}

/* ---- response ---- */

static void on_finished(struct ike_sa *sa, struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;
	int err = base->err;

	if (err == 0)
		err = init_derive_keys(sa, secret_view(&j->shared));
	if (err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "the peer's %s value is not acceptable",
		       j->alg->name);
		fail(sa, err, err_text(err));
		return;
	}
	task_continue(sa, x_intermediate_next(sa) ? &task_ike_intermediate : &task_ike_auth);
}

/* The same request once more, with what the peer asked for. */
static void again(struct ike_sa *sa, int err)
{
	if (err)
		fail(sa, err, err_text(err));
	else
		sa->hs->restarts++;
}

static void on_cookie(struct ike_sa *sa, const struct wire_notify *n)
{
	int err;

	secret_done(&sa->hs->cookie);
	err = secret_copy(&sa->hs->cookie, n->data);
	if (err == 0)
		err = send_request(sa);
	again(sa, err);
}

static void on_invalid_ke(struct ike_sa *sa, const struct wire_notify *n)
{
	uint16_t method;
	int err = read_method(n, &method);

	again(sa, err ? err : offer_ke(sa, method));
}

/* The peer knows NAT traversal: go on from and to the NAT-T ports (RFC 7296 section 2.23). */
static void float_ports(struct ike_sa *sa)
{
	if (!sa->peer_natt ||
	    !(sa->nat_local || sa->nat_remote || sa->nat_fake || sa->conn->conf->mobike))
		return;
	sa->local.port = sa->ike->settings.port_natt;
	if (sa->remote.port == IKE_PORT)
		sa->remote.port = IKE_PORT_NATT;
}

static int accept_answer(struct ike_sa *sa, const struct wire_msg *msg)
{
	int err = select_answer(sa, msg, &sa->chosen);

	if (err)
		return err;
	init_take_notifies(sa, msg);
	init_take_fragmentation(sa, msg, sa->conn->conf);
	select_log_chosen(sa, &sa->chosen);
	init_set_algs(sa);
	sa->spi_r = msg->hdr.spi_r;
	err = secret_copy(&sa->hs->nr, wire_msg_find(msg, PAYLOAD_NONCE)->u.data);
	if (err == 0) {
		secret_done(&sa->hs->msg_r);
		err = secret_copy(&sa->hs->msg_r, secret_view(&sa->out.plain));
	}
	return err;
}

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_notify *cookie = wire_msg_notify(msg, N_COOKIE);
	const struct wire_notify *error = wire_msg_error(msg);
	const struct wire_notify *redirect = wire_msg_notify(msg, N_REDIRECT);
	struct job_ke *job;
	int err;

	(void)task;
	if (cookie && !msg->has_sa) {
		on_cookie(sa, cookie);
		return;
	}
	if (error) { /* INVALID_KE_PAYLOAD: others are not useful */
		on_invalid_ke(sa, error);
		return;
	}
	if (redirect && !msg->has_sa) {
		err = redirect_follow_init(sa, redirect);
		if (err)
			fail(sa, err, err_text(err));
		return;
	}
	err = accept_answer(sa, msg);
	if (err) {
		fail(sa, err, err_text(err));
		return;
	}
	natd_check(sa, msg, &sa->local, &sa->remote);
	auth_cert_take_requests(sa, msg);
	float_ports(sa);
	job = job_ke_new(JOB_KE_FINISH, sa->hs->ke_alg, wire_msg_find(msg, PAYLOAD_KE)->u.ke.data,
			 sa->hs->ke, on_finished);
	if (!job) {
		fail(sa, E_NOMEM, err_text(E_NOMEM));
		return;
	}
	sa->hs->ke = NULL; /* the job has it */
	job_submit(sa, &job->base, false);
}

const struct task_kind task_ike_init = {"IKE_INIT", IKE_SA_INIT, start, response};
