/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/x_auth.h"

#include <stdio.h>

#include "cred/cert.h"
#include "cred/id.h"
#include "crypto/sign.h"
#include "ike/auth.h"
#include "ike/auth_cert.h"
#include "ike/candidates.h"
#include "ike/child.h"
#include "ike/config.h"
#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/input.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/unique.h"
#include "ike/window.h"

/* The responder's side of IKE_AUTH. */

static void refuse_auth(struct ike_sa *sa, int err)
{
	window_refuse(sa, N_AUTHENTICATION_FAILED, err, "authentication failed");
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
	if (child_accept(sa, &(struct child_request){.msg = msg, .without_ke = true}, out, &notify))
		return notify;
	if (child_establish(*out, (struct view){0}, secret_view(&sa->hs->ni),
			    secret_view(&sa->hs->nr))) {
		child_destroy(*out);
		*out = NULL;
		return N_NO_PROPOSAL_CHOSEN;
	}
	return 0;
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
	auth_cert_put(sa, &w);
	wire_put_auth(&w, sa->hs->auth_method, secret_view(&sa->hs->auth));
	unique_enforce(sa, msg);
	sa_establish(sa);
	child = NULL;
	notify = redirect_put_auth(sa, &w) ? 0 : make_child(sa, msg, &cp, &child);
	if (cp.count)
		wire_put_cp(&w, &cp);
	if (child)
		child_put_answer(child, (struct view){0}, (struct view){0}, &w);
	if (notify) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
		wire_put_notify(&w, notify, (struct view){0});
	}
	if (peer_mobike && sa->conn->conf->mobike)
		mobike_put_supported(sa, &w);
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
	mobike_take_supported(sa, msg);
	if (sa->peer_mobike && mobike_nat_forbidden(sa, msg)) {
		window_refuse(sa, N_UNEXPECTED_NAT_DETECTED, E_AUTH, "a NAT that must not be");
		return;
	}
	auth_cert_take_requests(sa, msg);
	if (unique_keeps_out(sa, msg))
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
	candidates_find(sa, idr ? &asked : NULL, &l);
	candidates_filter_method(sa, auth, &l);
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
