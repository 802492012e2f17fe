/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/cert.h"
#include "cred/id.h"
#include "crypto/sign.h"
#include "ike/auth.h"
#include "ike/auth_cert.h"
#include "ike/child.h"
#include "ike/config.h"
#include "ike/conn.h"
#include "ike/control.h"
#include "ike/handshake.h"
#include "ike/input.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/view.h"
#include "ike/window.h"
#include "ike/x_auth.h"

/* The initiator's side of IKE_AUTH. */

static void fail(struct ike_sa *sa, int err, const char *message)
{
	bool ending = sa->hs->ending; /* then it is as it should be */

	sa_log(sa, LOG_IKE, LOG_CTRL, "establishing IKE_SA failed: %s", message);
	sa_destroy(sa, ending ? E_CANCELED : err, message);
}

bool x_auth_i_is_out(const struct ike_sa *sa)
{
	return sa->state == IKE_S_CONNECTING && sa->out.task &&
	       sa->out.task->kind == &task_ike_auth && sa->out.exchange == IKE_AUTH;
}

/* We do not accept the responder, which thinks the SA is up: tell it (RFC 7296 section 2.21.2). */
static void reject(struct ike_sa *sa, int err, const char *message)
{
	struct wire_writer w;
	struct wbuf b;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_notify(&w, N_AUTHENTICATION_FAILED, (struct view){0});
	window_send_last(sa, IKE_INFORMATIONAL, &w);
	wbuf_done(&b);
	fail(sa, err, message);
}

static void reject_peer(struct ike_sa *sa, int err, const char *message)
{
	view_alert(sa, "peer-auth-failed");
	reject(sa, err, message);
}

/* ---- request ---- */

/* Identities count, not connections; the peer's may be a guess still, so its address counts too. */
static bool only_sa_with_peer(const struct ike_sa *sa)
{
	list_foreach(it, &sa->ike->sas) {
		const struct ike_sa *o = list_entry(it, struct ike_sa, link);

		if (o != sa && sa_is_up(o) && id_equal(&o->local_id, &sa->local_id) &&
		    (id_equal(&o->remote_id, &sa->remote_id) ||
		     addr_equal(&o->remote, &sa->remote)))
			return false;
	}
	return true;
}

static void put_child(struct ike_sa *sa, struct wire_writer *w)
{
	struct child *c = sa->hs->child;

	if (!c)
		return;
	sa_log(sa, LOG_IKE, LOG_CTRL, "establishing CHILD_SA %s{%u}", c->conf->name, c->uid);
	child_put_offer(c, &(struct child_offer){.any_ts = sa->conn->conf->vips.count > 0}, w);
}

/* Whom we expect to talk to, if that is a single identity. */
static void put_idr(struct ike_sa *sa, struct wire_writer *w)
{
	const struct conn *conn = sa->conn;
	size_t round = sa->hs->rounds_remote;
	const struct id *id;

	if (round >= conn->n_remote)
		return;
	id = &conn->remote[round].id;
	if (id->type != ID_ANY && !strchr(conn->remote[round].id_text, '*'))
		wire_put_id(w, PAYLOAD_IDR,
			    &(struct wire_id){id->type, view_make(id->data, id->len)});
}

/* What the first request has beyond authentication. */
static void put_first(struct ike_sa *sa, struct wire_writer *w)
{
	ppk_put_identity(sa, w);
	config_put_request(sa, w);
	put_child(sa, w);
	if (sa->conn->conf->mobike)
		mobike_put_supported(sa, w);
	if (sa->ike->settings.multiple_authentication)
		wire_put_notify(w, N_MULTIPLE_AUTH_SUPPORTED, (struct view){0});
	wire_put_notify(w, N_EAP_ONLY_AUTHENTICATION, (struct view){0});
	wire_put_notify(w, N_MESSAGE_ID_SYNC_SUPPORTED, (struct view){0});
}

static int send_request(struct ike_sa *sa)
{
	struct handshake *hs = sa->hs;
	bool first = sa->out.next == hs->auth_msgid;
	struct wire_id id = auth_local_id(sa);
	struct wire_writer w;
	struct wbuf b;
	int err;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	if (hs->auth.len) {
		wire_put_id(&w, PAYLOAD_IDI, &id);
		auth_cert_put(sa, &w);
		/* Where the peer may be about to set up another one, that one counts. */
		if (first && sa->conn->conf->unique != CONF_UNIQUE_NEVER && !sa->reauth.yields &&
		    only_sa_with_peer(sa))
			wire_put_notify(&w, N_INITIAL_CONTACT, (struct view){0});
		if (first)
			auth_cert_put_requests(sa, sa->conn, &w);
		put_idr(sa, &w);
		auth_put(sa, &w);
	}
	if (first)
		put_first(sa, &w);
	handshake_forget_auth(hs);
	err = window_request(sa, &w);
	wbuf_done(&b);
	return err;
}

/*
 * The child goes into IKE_AUTH, or is made by an exchange of its own afterwards (childless, RFC
 * 6023).
 */
static int prepare_child(struct ike_sa *sa)
{
	enum conf_childless policy = sa->conn->conf->childless;
	struct handshake *hs = sa->hs;
	const struct conf_child *conf;

	if (!hs->peer_childless && (!hs->child_name || policy == CONF_CHILDLESS_FORCE)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "peer does not support childless IKE_SA initiation%s",
		       hs->child_name ? " (childless = force)" : ": initiate a child");
		return E_UNSUPPORTED;
	}
	if (!hs->child_name || hs->child || policy == CONF_CHILDLESS_FORCE ||
	    (policy == CONF_CHILDLESS_PREFER && hs->peer_childless))
		return 0;
	conf = conf_conn_child(sa->conn->conf, hs->child_name);
	return conf ? child_new(sa, sa->conn, conf, true, &hs->child) : E_NOTFOUND;
}

static int start(struct ike_sa *sa, struct task *task)
{
	struct handshake *hs = sa->hs;
	int err = 0;

	(void)task;
	hs->auth_msgid = sa->out.next;
	/* The peer's identity is not proved yet, but shared keys are looked up by it. */
	if (sa->conn->n_remote && sa->remote_id.type == ID_ANY)
		err = id_copy(&sa->conn->remote[0].id, &sa->remote_id);
	if (err == 0 && sa->remote_id.type == ID_ANY)
		err = id_from_addr(&sa->remote, &sa->remote_id);
	if (err == 0)
		err = prepare_child(sa);
	if (err)
		return err;
	err = ppk_begin(sa);
	if (err) {
		fail(sa, err, "the PPK that ppk_required wants cannot be used (see above)");
		return 0;
	}
	err = auth_begin(sa, false, NULL, send_request);
	if (err)
		fail(sa, err, "our own authentication failed (see above)");
	return 0;
}

/* ---- response ---- */

/* The peer refused us without telling why: say what it was shown. */
static void log_refused(struct ike_sa *sa)
{
	bool psk = sa->hs->auth_method == AUTH_SHARED_KEY;
	char me[256], other[256];

	sa_log(sa, LOG_CFG, LOG_CTRL,
	       "the peer '%s' did not accept us as '%s' (local.id) with our %s; its log says why",
	       sa_id_text(&sa->remote_id, other, sizeof(other)),
	       sa_id_text(&sa->local_id, me, sizeof(me)),
	       psk ? "shared secret (secrets.ike)" : "certificate (local.certs)");
}

/* Instead of what was due: an error, or nothing at all. */
static void refused(struct ike_sa *sa, const struct wire_notify *error)
{
	const char *name = error ? ike_notify_name(error->type) : NULL;
	char message[128];

	snprintf(message, sizeof(message), "received %s notify error",
		 name	 ? name
		 : error ? "an unknown"
			 : "no AUTH payload and no");
	sa_log(sa, LOG_IKE, LOG_CTRL, "%s", message);
	if (error && error->type == N_AUTHENTICATION_FAILED) {
		log_refused(sa);
		view_alert(sa, "local-auth-failed");
	}
	fail(sa, E_AUTH, message);
}

/* What of the child the response carries; the IKE SA is up whatever comes of it. */
static int take_child(struct ike_sa *sa, const struct wire_msg *msg, char why[CHILD_WHY_MAX])
{
	struct handshake *hs = sa->hs;
	struct child *c = hs->child;
	const struct wire_notify *error = wire_msg_error(msg);
	uint16_t notify;
	int err = 0;

	/* Addresses belong to the IKE SA: they come even if its first child does not. */
	if (msg->has_cp || !error)
		err = config_take_reply(sa, msg);
	if (!c)
		return 0;
	if (error) {
		child_log_refused(c, error->type, why);
		return child_refusal(error->type);
	}
	snprintf(why, CHILD_WHY_MAX, "establishing CHILD_SA '%s' failed", c->conf->name);
	if (err == 0)
		err = child_check_answer(c, msg, true, &notify);
	if (err == 0)
		err = child_establish(c, (struct view){0}, secret_view(&hs->ni),
				      secret_view(&hs->nr));
	return err;
}

/* Terminated meanwhile: the peer has the SA, so its delete is next in the queue. */
static void end(struct ike_sa *sa)
{
	if (sa->hs->child)
		child_destroy(sa->hs->child);
	handshake_free(sa);
	task_finish(sa, E_CANCELED, NULL);
}

static void establish(struct ike_sa *sa, const struct wire_msg *msg)
{
	char why[CHILD_WHY_MAX] = "";
	const struct wire_notify *redirect = wire_msg_notify(msg, N_REDIRECT);
	struct child *c = sa->hs->child;
	char *later = NULL; /* the child that childless initiation has left */
	int err;

	mobike_take_supported(sa, msg);
	if (redirect && !msg->has_sa && redirect_follow_auth(sa, redirect) == 0)
		return;
	sa_establish(sa);
	reauth_take_lifetime(sa, msg);
	err = take_child(sa, msg, why);
	sa->hs->child = NULL;
	if (err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
		view_alert(sa, "keep-on-child-sa-failure");
		/* The peer has installed its half: have it removed. */
		if (msg->has_sa && !wire_msg_error(msg) &&
		    task_queue(sa, &task_child_delete, c, NULL, NULL) == 0)
			child_set_state(c, CHILD_S_DELETING);
		else
			child_destroy(c);
	} else if (!c && sa->hs->child_name) {
		later = sa->hs->child_name;
		sa->hs->child_name = NULL;
	}
	handshake_free(sa);
	if (err && sa->ike->settings.close_ike_on_child_failure)
		(void)!task_queue(sa, &task_ike_delete, NULL, NULL, NULL); /* else it stays up */
	if (later) {
		free(sa->out.task->child_name);
		sa->out.task->child_name = later;
		task_continue(sa, &task_child_create);
	} else {
		task_finish(sa, err, why);
	}
}

/* What an error notify is about when all rounds are over: the child, or else all. */
static bool is_about_child(uint16_t notify)
{
	return notify == N_NO_PROPOSAL_CHOSEN || notify == N_TS_UNACCEPTABLE ||
	       notify == N_SINGLE_PAIR_REQUIRED || notify == N_NO_ADDITIONAL_SAS ||
	       notify == N_INTERNAL_ADDRESS_FAILURE || notify == N_FAILED_CP_REQUIRED ||
	       notify == N_INVALID_SELECTORS || notify == N_TEMPORARY_FAILURE;
}

/* A round is over: the next one, or the end. */
static void go_on(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *error = wire_msg_error(msg);
	struct handshake *hs = sa->hs;
	bool mine = hs->rounds_local < auth_rounds(sa);
	size_t want = sa->conn->n_remote;
	int err;

	if (hs->peer_goes_on ? hs->rounds_remote >= want : hs->rounds_remote < want) {
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "selected peer config '%s' unacceptable: %s authentication rounds (the peer "
		       "did %zu%s, the remote sections want %zu)",
		       sa_name(sa), hs->peer_goes_on ? "too many" : "insufficient",
		       hs->rounds_remote, hs->peer_goes_on ? " and goes on" : "", want);
		reject_peer(sa, E_AUTH, "the peer's authentication failed (see above)");
		return;
	}
	if (error && (mine || hs->peer_goes_on || !is_about_child(error->type))) {
		refused(sa, error);
		return;
	}
	if (!mine && !hs->peer_goes_on) {
		if (hs->ending)
			end(sa);
		else
			establish(sa, msg);
		return;
	}
	err = mine ? auth_begin(sa, false, NULL, send_request) : send_request(sa);
	if (err) {
		view_alert(sa, "local-auth-failed");
		reject(sa, err, "our own authentication failed (see above)");
	}
}

/* The peer has proved who it is, in this round. */
static void authenticated(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct handshake *hs = sa->hs;

	hs->rounds_remote++;
	hs->peer_goes_on = wire_msg_notify(msg, N_ANOTHER_AUTH_FOLLOWS);
	go_on(sa, msg);
}

static void on_verified(struct ike_sa *sa, struct ike_job *base)
{
	struct job_verify *j = (struct job_verify *)base;
	char text[256];

	if (base->err || !j->scheme) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "authentication of '%s' failed: %s",
		       sa_id_text(&sa->remote_id, text, sizeof(text)), err_text(base->err));
		auth_alert_cert(sa, j);
		reject_peer(sa, base->err, "the peer's authentication failed (see above)");
		return;
	}
	auth_tell_success(sa, false, j->scheme);
	if (input_reload(sa, false))
		reject_peer(sa, E_NOMEM, err_text(E_NOMEM));
	else
		authenticated(sa, &sa->ike->msg);
}

static int verify_signature(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct job_verify *job = job_verify_new(sa->ike, &sa->remote_id, on_verified);
	int err;

	if (!job)
		return E_NOMEM;
	job->conns[job->n_conns++] = conn_get(sa->conn);
	err = auth_fill_verify(sa, msg, job);
	if (err)
		job->base.dispose(&job->base);
	else
		job_submit(sa, &job->base, false);
	return err;
}

static int check_peer_id(struct ike_sa *sa, const struct wire_payload *idr)
{
	const struct conn_auth *want = &sa->conn->remote[sa->hs->rounds_remote];
	char text[256];
	int err;

	id_done(&sa->remote_id);
	err = id_from_wire(idr->u.id.type, idr->u.id.data, &sa->remote_id);
	if (err)
		return err;
	if (want->id.type == ID_ANY || id_match(&sa->remote_id, &want->id))
		return 0;
	sa_log(sa, LOG_CFG, LOG_CTRL,
	       "constraint check failed: identity '%s' required, but the peer is '%s' (%s.id)",
	       want->id_text, sa_id_text(&sa->remote_id, text, sizeof(text)), want->conf->name);
	sa_log(sa, LOG_CFG, LOG_CTRL,
	       "selected peer config '%s' unacceptable: constraint checking failed", sa_name(sa));
	return E_AUTH;
}

static int verify(struct ike_sa *sa, const struct wire_msg *msg, bool *out_later)
{
	const struct wire_payload *auth = wire_msg_find(msg, PAYLOAD_AUTH);
	const struct conf_auth *conf = sa->conn->remote[sa->hs->rounds_remote].conf;
	enum conf_auth_class want = conf->cls;
	bool psk = auth->u.auth.method == AUTH_SHARED_KEY;

	*out_later = !psk;
	if (want != CONF_AUTH_ANY && want != (psk ? CONF_AUTH_PSK : CONF_AUTH_PUBKEY)) {
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "the peer authenticated with a %s, but %s.auth of '%s' wants %s",
		       psk ? "pre-shared key" : "signature", conf->name, sa_name(sa),
		       want == CONF_AUTH_PSK ? "psk" : "pubkey");
		return E_AUTH;
	}
	return psk ? auth_verify_psk(sa, &sa->local_id, msg) : verify_signature(sa, msg);
}

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_payload *idr = wire_msg_find(msg, PAYLOAD_IDR);
	struct handshake *hs = sa->hs;
	bool first = hs->rounds_remote == 0;
	bool later;
	int err;

	(void)task;
	if (!first && !hs->peer_goes_on) {
		go_on(sa, msg);
		return;
	}
	if (!idr || !wire_msg_find(msg, PAYLOAD_AUTH)) {
		refused(sa, wire_msg_error(msg));
		return;
	}
	err = hs->rounds_remote < sa->conn->n_remote ? 0 : E_STATE;
	if (err == 0 && first)
		err = ppk_take_answer(sa, msg);
	if (err == 0)
		err = check_peer_id(sa, idr);
	if (err == 0)
		err = verify(sa, msg, &later);
	if (err)
		reject_peer(sa, err, "the peer's authentication failed (see above)");
	else if (!later)
		authenticated(sa, msg);
}

const struct task_kind task_ike_auth = {"IKE_AUTH", IKE_AUTH, start, response};
