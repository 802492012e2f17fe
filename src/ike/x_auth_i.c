/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
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
#include "ike/window.h"
#include "ike/x_auth.h"

/* The initiator's side of IKE_AUTH. */

static void fail(struct ike_sa *sa, int err, const char *message)
{
	sa_log(sa, LOG_IKE, LOG_CTRL, "establishing IKE_SA failed: %s", message);
	sa_destroy(sa, err, message);
}

/* We do not accept the responder, which thinks the SA is up: tell it (RFC 7296 section 2.21.2). */
static void reject_peer(struct ike_sa *sa, int err, const char *message)
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

static int send_request(struct ike_sa *sa)
{
	const struct conn *conn = sa->conn;
	struct wire_id id = auth_local_id(sa);
	struct wire_writer w;
	struct wbuf b;
	int err;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_id(&w, PAYLOAD_IDI, &id);
	auth_cert_put(sa, &w);
	if (conn->conf->unique != CONF_UNIQUE_NEVER && only_sa_with_peer(sa))
		wire_put_notify(&w, N_INITIAL_CONTACT, (struct view){0});
	auth_cert_put_requests(sa, conn, &w);
	if (conn->n_remote && conn->remote[0].id.type != ID_ANY &&
	    !strchr(conn->remote[0].id_text, '*')) {
		const struct id *r = &conn->remote[0].id;

		wire_put_id(&w, PAYLOAD_IDR,
			    &(struct wire_id){r->type, view_make(r->data, r->len)});
	}
	wire_put_auth(&w, sa->hs->auth_method, secret_view(&sa->hs->auth));
	config_put_request(sa, &w);
	put_child(sa, &w);
	if (conn->conf->mobike)
		mobike_put_supported(sa, &w);
	if (sa->ike->settings.multiple_authentication)
		wire_put_notify(&w, N_MULTIPLE_AUTH_SUPPORTED, (struct view){0});
	wire_put_notify(&w, N_EAP_ONLY_AUTHENTICATION, (struct view){0});
	wire_put_notify(&w, N_MESSAGE_ID_SYNC_SUPPORTED, (struct view){0});
	err = window_request(sa, &w);
	wbuf_done(&b);
	return err;
}

static int start(struct ike_sa *sa, struct task *task)
{
	struct handshake *hs = sa->hs;
	const struct conf_child *conf;
	int err;

	(void)task;
	hs->auth_msgid = sa->out.next;
	/* The peer's identity is not proved yet, but shared keys are looked up by it. */
	if (sa->conn->n_remote && sa->remote_id.type == ID_ANY)
		err = id_copy(&sa->conn->remote[0].id, &sa->remote_id);
	else
		err = 0;
	if (err == 0 && sa->remote_id.type == ID_ANY)
		err = id_from_addr(&sa->remote, &sa->remote_id);
	if (err)
		return err;
	if (hs->child_name && !hs->child) {
		conf = conf_conn_child(sa->conn->conf, hs->child_name);
		err = conf ? child_new(sa, sa->conn, conf, true, &hs->child) : E_NOTFOUND;
		if (err)
			return err;
	}
	err = auth_begin(sa, false, NULL, send_request);
	if (err)
		fail(sa, err, "our own authentication failed (see above)");
	return 0;
}

/* ---- response ---- */

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

static void establish(struct ike_sa *sa, const struct wire_msg *msg)
{
	char why[CHILD_WHY_MAX] = "";
	const struct wire_notify *redirect = wire_msg_notify(msg, N_REDIRECT);
	struct child *c = sa->hs->child;
	int err;

	mobike_take_supported(sa, msg);
	if (redirect && !msg->has_sa && redirect_follow_auth(sa, redirect) == 0)
		return;
	sa_establish(sa);
	err = take_child(sa, msg, why);
	sa->hs->child = NULL;
	if (err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
		/* The peer has installed its half: have it removed. */
		if (msg->has_sa && !wire_msg_error(msg) &&
		    task_queue(sa, &task_child_delete, c, NULL, NULL) == 0)
			child_set_state(c, CHILD_S_DELETING);
		else
			child_destroy(c);
	}
	handshake_free(sa);
	if (err && sa->ike->settings.close_ike_on_child_failure)
		(void)!task_queue(sa, &task_ike_delete, NULL, NULL, NULL); /* else it stays up */
	task_finish(sa, err, why);
}

static void on_verified(struct ike_sa *sa, struct ike_job *base)
{
	struct job_verify *j = (struct job_verify *)base;
	const char *name = j->scheme ? j->scheme->name : "?";
	char text[256];

	if (base->err || !j->scheme) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "authentication of '%s' failed: %s",
		       sa_id_text(&sa->remote_id, text, sizeof(text)), err_text(base->err));
		reject_peer(sa, base->err, "the peer's authentication failed (see above)");
		return;
	}
	if (j->scheme->auth_method != AUTH_DIGITAL_SIGNATURE) {
		snprintf(text, sizeof(text), "%s signature", sign_legacy_name(j->method));
		name = text;
	}
	auth_log_success(sa, &sa->remote_id, false, name);
	if (input_reload(sa, false))
		reject_peer(sa, E_NOMEM, err_text(E_NOMEM));
	else
		establish(sa, &sa->ike->msg);
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
	const struct conn_auth *want = sa->conn->n_remote ? &sa->conn->remote[0] : NULL;
	char text[256];
	int err;

	id_done(&sa->remote_id);
	err = id_from_wire(idr->u.id.type, idr->u.id.data, &sa->remote_id);
	if (err)
		return err;
	if (!want || want->id.type == ID_ANY || id_match(&sa->remote_id, &want->id))
		return 0;
	sa_log(sa, LOG_CFG, LOG_CTRL,
	       "constraint check failed: identity '%s' required, but the peer is '%s' (remote.id)",
	       want->id_text, sa_id_text(&sa->remote_id, text, sizeof(text)));
	sa_log(sa, LOG_CFG, LOG_CTRL,
	       "selected peer config '%s' unacceptable: constraint checking failed", sa_name(sa));
	return E_AUTH;
}

static int verify(struct ike_sa *sa, const struct wire_msg *msg, bool *out_later)
{
	const struct wire_payload *auth = wire_msg_find(msg, PAYLOAD_AUTH);
	enum conf_auth_class want =
		sa->conn->n_remote ? sa->conn->remote[0].conf->cls : CONF_AUTH_ANY;
	bool psk = auth->u.auth.method == AUTH_SHARED_KEY;

	*out_later = !psk;
	if (want != CONF_AUTH_ANY && want != (psk ? CONF_AUTH_PSK : CONF_AUTH_PUBKEY)) {
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "the peer authenticated with a %s, but remote.auth of '%s' wants %s",
		       psk ? "pre-shared key" : "signature", sa_name(sa),
		       want == CONF_AUTH_PSK ? "psk" : "pubkey");
		return E_AUTH;
	}
	return psk ? auth_verify_psk(sa, &sa->local_id, msg) : verify_signature(sa, msg);
}

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

static void response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	const struct wire_payload *idr = wire_msg_find(msg, PAYLOAD_IDR);
	const struct wire_payload *auth = wire_msg_find(msg, PAYLOAD_AUTH);
	const struct wire_notify *error = wire_msg_error(msg);
	char message[128];
	bool later;
	int err;

	(void)task;
	if (!idr || !auth) {
		const char *name = error ? ike_notify_name(error->type) : NULL;

		snprintf(message, sizeof(message), "received %s notify error",
			 name	 ? name
			 : error ? "an unknown"
				 : "no AUTH payload and no");
		sa_log(sa, LOG_IKE, LOG_CTRL, "%s", message);
		if (error && error->type == N_AUTHENTICATION_FAILED)
			log_refused(sa);
		fail(sa, E_AUTH, message);
		return;
	}
	err = check_peer_id(sa, idr);
	if (err == 0)
		err = verify(sa, msg, &later);
	if (err)
		reject_peer(sa, err, "the peer's authentication failed (see above)");
	else if (!later)
		establish(sa, msg);
}

const struct task_kind task_ike_auth = {"IKE_AUTH", IKE_AUTH, start, response};
