/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_auth.h"

#include <stdio.h>
#include <stdlib.h>

#include "cred/cert.h"
#include "cred/id.h"
#include "crypto/sign.h"
#include "ike/auth.h"
#include "ike/child.h"
#include "ike/config.h"
#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/input.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/select.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/window.h"
#include "ike/x_informational.h"

/* The responder's side of IKE_AUTH. */

static void refuse_auth(struct ike_sa *sa, int err)
{
	window_refuse(sa, N_AUTHENTICATION_FAILED, err, "authentication failed");
}

/* ---- which connection ---- */

struct candidates {
	size_t n;
	struct conn *conns[JOB_MAX_CONNS];
	unsigned score[JOB_MAX_CONNS];
};

static void add_candidate(struct candidates *l, struct conn *c, unsigned score)
{
	size_t i = l->n;

	if (l->n == JOB_MAX_CONNS) {
		if (score <= l->score[l->n - 1])
			return;
		i--;
	} else {
		l->n++;
	}
	for (; i > 0 && l->score[i - 1] < score; i--) {
		l->conns[i] = l->conns[i - 1];
		l->score[i] = l->score[i - 1];
	}
	l->conns[i] = c;
	l->score[i] = score;
}

static bool has_chosen(const struct ike_sa *sa, const struct conn *c)
{
	struct proposals *one = calloc(1, sizeof(*one));
	struct proposal out;
	bool ok = false;

	if (!one)
		return false;
	one->count = 1;
	one->p[0] = sa->chosen;
	ok = select_proposal(&(struct select_params){.configured = c->conf->ike,
						     .received = one,
						     .allow_private = true},
			     &out) == 0;
	free(one);
	return ok;
}

static void log_no_candidate(struct ike_sa *sa)
{
	sa_log(sa, LOG_CFG, LOG_CTRL, "no matching peer config found");
	list_foreach(it, &sa->ike->conns) {
		const struct conn *c = list_entry(it, struct conn, link);
		const char *l = c->n_local ? c->local[0].id_text : NULL;
		const char *r = c->n_remote ? c->remote[0].id_text : NULL;

		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "connection '%s' has local.id '%s' and remote.id '%s'", c->conf->name,
		       l ? l : "%any", r ? r : "%any");
	}
}

/* Connections whose addresses, identities and IKE proposals fit, best first. */
static void find_candidates(struct ike_sa *sa, const struct id *asked, struct candidates *out)
{
	char l[ADDR_TEXT_MAX], r[ADDR_TEXT_MAX], lid[256], rid[256];
	struct id any = {0};

	sa_log(sa, LOG_CFG, LOG_CTRL, "looking for peer configs matching %s[%s]...%s[%s]",
	       addr_text(&sa->local, l), sa_id_text(asked ? asked : &any, lid, sizeof(lid)),
	       addr_text(&sa->remote, r), sa_id_text(&sa->remote_id, rid, sizeof(rid)));
	out->n = 0;
	list_foreach(it, &sa->ike->conns) {
		struct conn *c = list_entry(it, struct conn, link);
		unsigned addrs = conn_match_addrs(c, &sa->local, &sa->remote);
		unsigned ids = conn_match_ids(c, asked, &sa->remote_id);

		if (addrs && ids && has_chosen(sa, c))
			add_candidate(out, c, ids * 64 + addrs);
	}
	if (out->n)
		sa_log(sa, LOG_CFG, LOG_CTRL, "selected peer config '%s'",
		       out->conns[0]->conf->name);
	else
		log_no_candidate(sa);
}

static bool fits_method(const struct conn *c, const struct wire_payload *auth)
{
	enum conf_auth_class cls = c->n_remote ? c->remote[0].conf->cls : CONF_AUTH_ANY;

	if (!auth)
		return cls == CONF_AUTH_EAP;
	if (cls == CONF_AUTH_ANY)
		return true;
	return cls == (auth->u.auth.method == AUTH_SHARED_KEY ? CONF_AUTH_PSK : CONF_AUTH_PUBKEY);
}

/* Drop candidates that want the peer to authenticate in another way. */
static void filter_method(struct ike_sa *sa, const struct wire_payload *auth, struct candidates *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (fits_method(l->conns[i], auth)) {
			if (kept == 0 && i > 0)
				sa_log(sa, LOG_CFG, LOG_CTRL, "switching to peer config '%s'",
				       l->conns[i]->conf->name);
			l->conns[kept++] = l->conns[i];
		} else if (!auth) {
			sa_log(sa, LOG_CFG, LOG_CTRL, "peer requested EAP, config unacceptable");
		} else {
			bool psk = auth->u.auth.method == AUTH_SHARED_KEY;

			sa_log(sa, LOG_CFG, LOG_CTRL,
			       "selected peer config '%s' unacceptable: non-matching "
			       "authentication "
			       "done (the peer used a %s, remote.auth wants %s)",
			       l->conns[i]->conf->name,
			       psk ? "pre-shared key" : "public key signature",
			       psk ? "pubkey" : "psk");
		}
	}
	if (kept == 0 && l->n)
		sa_log(sa, LOG_CFG, LOG_CTRL, "no alternative config found");
	l->n = kept;
}

/* ---- the reply ---- */

/* Children and addresses; a failure is a notify beside a working IKE SA. */
static uint16_t make_child(struct ike_sa *sa, const struct wire_msg *msg, struct wire_cp *cp,
			   struct child **out)
{
	uint16_t notify = 0;

	*out = NULL;
	if (msg->has_cp && msg->cp.type == CP_REQUEST && config_answer(sa, msg, cp))
		return N_INTERNAL_ADDRESS_FAILURE;
	if (!msg->has_sa) /* childless (RFC 6023) */
		return 0;
	if (!msg->has_tsi || !msg->has_tsr)
		return N_TS_UNACCEPTABLE;
	if (child_accept(sa, msg, true, out, &notify))
		return notify;
	if (child_establish(*out, (struct view){0}, secret_view(&sa->hs->ni),
			    secret_view(&sa->hs->nr))) {
		child_destroy(*out);
		*out = NULL;
		return N_NO_PROPOSAL_CHOSEN;
	}
	return 0;
}

/* A peer that starts anew has lost its old SAs, or may have only one (RFC 7296 section 2.4). */
static void enforce_unique(struct ike_sa *sa, const struct wire_msg *msg)
{
	enum conf_unique policy = sa->conn->conf->unique;
	bool initial = wire_msg_notify(msg, N_INITIAL_CONTACT) && policy != CONF_UNIQUE_NEVER;

	if (!initial && policy != CONF_UNIQUE_REPLACE)
		return;
	list_foreach_safe(it, &sa->ike->sas) {
		struct ike_sa *old = list_entry(it, struct ike_sa, link);

		if (old == sa || old->state != IKE_S_ESTABLISHED ||
		    !id_equal(&old->remote_id, &sa->remote_id) ||
		    !id_equal(&old->local_id, &sa->local_id))
			continue;
		sa_log(old, LOG_IKE, LOG_CTRL, "destroying duplicate IKE_SA for peer '%s', %s",
		       sa_id_text(&sa->remote_id, (char[256]){0}, 256),
		       initial ? "received INITIAL_CONTACT" : "unique = replace");
		/* Without INITIAL_CONTACT the peer does not know that its old one ends. */
		if (!initial)
			x_informational_say_deleted(old);
		sa_destroy(old, E_CANCELED, "replaced by a new IKE_SA of the peer");
	}
}

/* unique = keep: whether an older SA of this peer forbids a new one. */
static bool kept_out(const struct ike_sa *sa, const struct wire_msg *msg)
{
	if (sa->conn->conf->unique != CONF_UNIQUE_KEEP || wire_msg_notify(msg, N_INITIAL_CONTACT))
		return false;
	list_foreach(it, &sa->ike->sas) {
		const struct ike_sa *old = list_entry(it, struct ike_sa, link);

		if (old != sa && old->state == IKE_S_ESTABLISHED &&
		    id_equal(&old->remote_id, &sa->remote_id)) {
			sa_log(sa, LOG_IKE, LOG_CTRL,
			       "peer '%s' is connected already, keeping that IKE_SA "
			       "(unique = keep)",
			       sa_id_text(&sa->remote_id, (char[256]){0}, 256));
			return true;
		}
	}
	return false;
}

static int send_reply(struct ike_sa *sa)
{
	const struct wire_msg *msg = &sa->ike->msg;
	bool peer_mobike;
	struct wire_id id = auth_local_id(sa);
	struct wire_cp cp = {0};
	struct wire_writer w;
	struct child *child;
	uint16_t notify;
	struct wbuf b;
	int err = input_reload(sa, true);

	if (err)
		return err;
	peer_mobike = wire_msg_notify(msg, N_MOBIKE_SUPPORTED);
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_id(&w, PAYLOAD_IDR, &id);
	auth_put_certs(sa, &w);
	wire_put_auth(&w, sa->hs->auth_method, secret_view(&sa->hs->auth));
	enforce_unique(sa, msg);
	sa_establish(sa);
	notify = make_child(sa, msg, &cp, &child);
	if (cp.count)
		wire_put_cp(&w, &cp);
	if (child)
		child_put_answer(child, (struct view){0}, (struct view){0}, &w);
	if (notify) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
		wire_put_notify(&w, notify, (struct view){0});
	}
	if (peer_mobike && sa->conn->conf->mobike)
		x_auth_put_mobike(sa, &w);
	err = window_reply(sa, &w);
	wbuf_done(&b);
	handshake_free(sa);
	if (err == 0)
		task_run_next(sa);
	return err;
}

/* ---- the peer is who it says ---- */

static void authenticated(struct ike_sa *sa, struct conn *conn, const struct wire_msg *msg)
{
	const struct wire_payload *idr = wire_msg_find(msg, PAYLOAD_IDR);
	struct id asked = {0};
	int err = 0;

	if (sa->conn != conn) {
		conn_put(sa->conn);
		sa->conn = conn_get(conn);
	}
	if (wire_msg_notify(msg, N_MOBIKE_SUPPORTED)) {
		sa->peer_mobike = conn->conf->mobike;
		sa_log(sa, LOG_IKE, LOG_CTRL, "peer supports MOBIKE");
	}
	auth_take_certreqs(sa, msg);
	if (kept_out(sa, msg))
		err = E_EXISTS;
	if (err == 0 && idr)
		err = id_from_wire(idr->u.id.type, idr->u.id.data, &asked);
	if (err == 0)
		err = auth_begin(sa, true, idr ? &asked : NULL, send_reply);
	id_done(&asked);
	if (err)
		refuse_auth(sa, err);
}

static void on_verified(struct ike_sa *sa, struct ike_job *base)
{
	struct job_verify *j = (struct job_verify *)base;
	const char *name = j->scheme ? j->scheme->name : "?";
	char text[256];

	if (base->err || !j->scheme || input_reload(sa, true)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "authentication of '%s' failed: %s",
		       sa_id_text(&sa->remote_id, text, sizeof(text)), err_text(base->err));
		refuse_auth(sa, base->err ? base->err : E_NOMEM);
		return;
	}
	if (j->scheme->auth_method != AUTH_DIGITAL_SIGNATURE) {
		snprintf(text, sizeof(text), "%s signature", sign_legacy_name(j->method));
		name = text;
	}
	auth_log_success(sa, &sa->remote_id, false, name);
	authenticated(sa, j->chosen, &sa->ike->msg);
}

static int verify_signature(struct ike_sa *sa, const struct wire_msg *msg,
			    const struct candidates *l)
{
	struct job_verify *job = job_verify_new(sa->ike, &sa->remote_id, on_verified);
	int err;

	if (!job)
		return E_NOMEM;
	for (size_t i = 0; i < l->n; i++)
		job->conns[job->n_conns++] = conn_get(l->conns[i]);
	err = auth_fill_verify(sa, msg, job);
	if (err)
		job->base.dispose(&job->base);
	else
		job_submit(sa, &job->base, true);
	return err;
}

/* Our identity as the peer's shared key is filed under: configured, asked for, or our address. */
static int my_psk_id(const struct ike_sa *sa, const struct conn *c, const struct id *asked,
		     struct id *out)
{
	if (c->n_local && c->local[0].id.type != ID_ANY)
		return id_copy(&c->local[0].id, out);
	if (asked && asked->type != ID_ANY)
		return id_copy(asked, out);
	return id_from_addr(&sa->local, out);
}

static int verify_psk(struct ike_sa *sa, const struct wire_msg *msg, const struct id *asked,
		      const struct candidates *l)
{
	struct id me = {0};
	int err = my_psk_id(sa, l->conns[0], asked, &me);

	if (err == 0)
		err = auth_verify_psk(sa, &me, msg);
	id_done(&me);
	if (err == 0)
		authenticated(sa, l->conns[0], msg);
	return err;
}

void x_auth_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_payload *idi = wire_msg_find(msg, PAYLOAD_IDI);
	const struct wire_payload *idr = wire_msg_find(msg, PAYLOAD_IDR);
	const struct wire_payload *auth = wire_msg_find(msg, PAYLOAD_AUTH);
	struct id asked = {0};
	struct candidates l;
	int err;

	sa->hs->auth_msgid = sa->in.expected;
	id_done(&sa->remote_id);
	err = id_from_wire(idi->u.id.type, idi->u.id.data, &sa->remote_id);
	if (err == 0 && idr)
		err = id_from_wire(idr->u.id.type, idr->u.id.data, &asked);
	if (err) {
		window_refuse(sa, N_INVALID_SYNTAX, err, "malformed identity");
		return;
	}
	find_candidates(sa, idr ? &asked : NULL, &l);
	filter_method(sa, auth, &l);
	if (l.n == 0 || !auth)
		err = E_AUTH;
	else if (auth->u.auth.method == AUTH_SHARED_KEY)
		err = verify_psk(sa, msg, idr ? &asked : NULL, &l);
	else
		err = verify_signature(sa, msg, &l);
	id_done(&asked);
	if (err)
		refuse_auth(sa, err);
}
