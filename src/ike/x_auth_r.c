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
#include "ike/view.h"
#include "ike/window.h"

/* The responder's side of IKE_AUTH. */

static void refuse_auth(struct ike_sa *sa, int err)
{
	if (err != E_EXISTS) /* unique = keep: the peer is who it says */
		view_alert(sa, "peer-auth-failed");
	window_refuse(sa, N_AUTHENTICATION_FAILED, err, "authentication failed");
}

/* The peer has done its part; it is we who cannot do ours. */
static void refuse_us(struct ike_sa *sa, int err)
{
	view_alert(sa, "local-auth-failed");
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

/* The first request has what is answered when all rounds are over: child, addresses, MOBIKE. */
static int load_first(struct ike_sa *sa)
{
	const struct secret *first = &sa->hs->first_request;

	return first->len ? input_load(sa, sa->hs->first_payload, secret_view(first))
			  : input_reload(sa, true);
}

/* Both sides have authenticated in all rounds: the SA is up. */
static int put_established(struct ike_sa *sa, struct wire_writer *w)
{
	const struct wire_msg *msg = &sa->ike->msg;
	struct wire_cp cp = {0};
	struct child *child;
	bool peer_mobike;
	uint16_t notify;
	int err = load_first(sa);

	if (err)
		return err;
	peer_mobike = wire_msg_notify(msg, N_MOBIKE_SUPPORTED);
	unique_enforce(sa, msg);
	sa_establish(sa);
	child = NULL;
	notify = redirect_put_auth(sa, w) ? 0 : make_child(sa, msg, &cp, &child);
	if (cp.count)
		wire_put_cp(w, &cp);
	if (child)
		child_put_answer(child, (struct view){0}, (struct view){0}, w);
	if (notify) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "failed to establish CHILD_SA, keeping IKE_SA");
		view_alert(sa, "keep-on-child-sa-failure");
		wire_put_notify(w, notify, (struct view){0});
	}
	if (peer_mobike && sa->conn->conf->mobike)
		mobike_put_supported(sa, w);
	reauth_put_lifetime(sa, w);
	reauth_crossed(sa);
	return 0;
}

/* Our own part of a round, unless we have said all already. */
static void put_round(struct ike_sa *sa, struct wire_writer *w)
{
	struct handshake *hs = sa->hs;
	struct wire_id id = auth_local_id(sa);

	if (!hs->auth.len)
		return;
	wire_put_id(w, PAYLOAD_IDR, &id);
	auth_cert_put(sa, w);
	auth_put(sa, w);
	if (sa->ppk && hs->rounds_local == 1)
		wire_put_notify(w, N_PPK_IDENTITY, (struct view){0});
	handshake_forget_auth(hs);
}

static int send_reply(struct ike_sa *sa)
{
	struct handshake *hs = sa->hs;
	struct wire_writer w;
	struct wbuf b;
	bool last;
	int err = 0;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	put_round(sa, &w);
	last = !hs->peer_goes_on && hs->rounds_local >= auth_rounds(sa);
	if (last) {
		err = put_established(sa, &w);
	} else if (hs->first_request.len == 0) {
		hs->first_payload = sa->in.first;
		err = secret_copy(&hs->first_request, secret_view(&sa->in.plain));
	}
	if (err == 0)
		err = window_reply(sa, &w);
	wbuf_done(&b);
	if (err == 0 && last) {
		handshake_free(sa);
		task_run_next(sa);
	}
	return err;
}

/* ---- the peer is who it says ---- */

/* A request without what a child needs, or with it, where the connection does not want that. */
static int check_childless(struct ike_sa *sa, const struct wire_msg *msg)
{
	enum conf_childless policy = sa->conn->conf->childless;

	if (msg->has_sa && policy == CONF_CHILDLESS_FORCE) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "the peer wants a CHILD_SA in IKE_AUTH, but childless = force in '%s'",
		       sa_name(sa));
		return E_CONFIG;
	}
	if (!msg->has_sa && policy == CONF_CHILDLESS_NEVER) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "the peer wants no CHILD_SA in IKE_AUTH, but childless = never in '%s'",
		       sa_name(sa));
		return E_CONFIG;
	}
	return 0;
}

/* After each round of the peer's, or a request that only waits for ours. */
static int go_on(struct ike_sa *sa, const struct id *asked)
{
	struct handshake *hs = sa->hs;

	if (!hs->peer_goes_on) {
		int err = load_first(sa);

		if (err == 0 && unique_keeps_out(sa, &sa->ike->msg))
			err = E_EXISTS;
		if (err)
			return err;
	}
	return hs->rounds_local < auth_rounds(sa) ? auth_begin(sa, true, asked, send_reply)
						  : send_reply(sa);
}

static void authenticated(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_payload *idr = wire_msg_find(msg, PAYLOAD_IDR);
	struct handshake *hs = sa->hs;
	struct conn *conn = hs->candidates.conns[0];
	struct id asked = {0};
	int err = 0;

	if (sa->conn != conn) {
		conn_put(sa->conn);
		sa->conn = conn_get(conn);
	}
	candidates_filter_local(sa, &hs->candidates);
	if (hs->rounds_remote == 0) {
		mobike_take_supported(sa, msg);
		if (sa->peer_mobike && mobike_nat_forbidden(sa, msg)) {
			window_refuse(sa, N_UNEXPECTED_NAT_DETECTED, E_AUTH,
				      "a NAT that must not be");
			return;
		}
		err = check_childless(sa, msg);
	}
	hs->rounds_remote++;
	hs->peer_goes_on = wire_msg_notify(msg, N_ANOTHER_AUTH_FOLLOWS);
	auth_cert_take_requests(sa, msg);
	if (err == 0 && idr)
		err = id_from_wire(idr->u.id.type, idr->u.id.data, &asked);
	if (err == 0)
		err = go_on(sa, idr ? &asked : NULL);
	id_done(&asked);
	if (err)
		refuse_auth(sa, err);
}

static void on_verified(struct ike_sa *sa, struct ike_job *base)
{
	struct job_verify *j = (struct job_verify *)base;
	char text[256];

	if (base->err || !j->scheme || input_reload(sa, true)) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "authentication of '%s' failed: %s",
		       sa_id_text(&sa->remote_id, text, sizeof(text)), err_text(base->err));
		auth_alert_cert(sa, j);
		refuse_auth(sa, base->err ? base->err : E_NOMEM);
		return;
	}
	auth_tell_success(sa, false, j->scheme);
	candidates_keep(sa, &sa->hs->candidates, j->fits);
	authenticated(sa, &sa->ike->msg);
}

static int verify_signature(struct ike_sa *sa, const struct wire_msg *msg)
{
	struct job_verify *job = job_verify_new(sa->ike, &sa->remote_id, on_verified);
	const struct candidates *l = &sa->hs->candidates;
	int err;

	if (!job)
		return E_NOMEM;
	for (size_t i = 0; i < l->n; i++)
		job->conns[job->n_conns++] = conn_get(l->conns[i]);
	job->try_all = wire_msg_notify(msg, N_ANOTHER_AUTH_FOLLOWS);
	err = auth_fill_verify(sa, msg, job);
	if (err)
		job->base.dispose(&job->base);
	else
		job_submit(sa, &job->base, true);
	return err;
}

/* Our identity as the peer's shared key is filed under: what we have said, or will say. */
static int my_psk_id(const struct ike_sa *sa, const struct id *asked, struct id *out)
{
	const struct conn *c = sa->hs->candidates.conns[0];

	if (sa->hs->rounds_local > 0)
		return id_copy(&sa->local_id, out);
	if (c->n_local && c->local[0].id.type != ID_ANY)
		return id_copy(&c->local[0].id, out);
	if (asked && asked->type != ID_ANY)
		return id_copy(asked, out);
	return id_from_addr(&sa->local, out);
}

static int verify_psk(struct ike_sa *sa, const struct wire_msg *msg, const struct id *asked)
{
	struct id me = {0};
	int err = my_psk_id(sa, asked, &me);

	if (err == 0)
		err = auth_verify_psk(sa, &me, msg);
	id_done(&me);
	if (err == 0)
		authenticated(sa, msg);
	return err;
}

/* Which connections the peer's claim leaves, and then whether it is true. */
static int check_peer(struct ike_sa *sa, const struct wire_msg *msg, const struct id *asked)
{
	const struct wire_payload *auth = wire_msg_find(msg, PAYLOAD_AUTH);
	struct candidates *l = &sa->hs->candidates;
	int err = 0;

	if (sa->hs->rounds_remote == 0)
		candidates_find(sa, asked, l);
	else
		candidates_filter_id(sa, l);
	candidates_filter_method(sa, auth, l);
	candidates_filter_rounds(sa, wire_msg_notify(msg, N_ANOTHER_AUTH_FOLLOWS), l);
	if (sa->hs->rounds_remote == 0)
		err = ppk_filter(sa, msg, l);
	if (err)
		return err;
	if (l->n == 0 || !auth)
		return E_AUTH;
	return auth->u.auth.method == AUTH_SHARED_KEY ? verify_psk(sa, msg, asked)
						      : verify_signature(sa, msg);
}

/* Only rounds of ours are left: the peer has no more to say (RFC 4739 section 2.5). */
static void wait_for_us(struct ike_sa *sa, const struct wire_msg *msg)
{
	int err;

	if (wire_msg_find(msg, PAYLOAD_IDI) || wire_msg_find(msg, PAYLOAD_AUTH)) {
		window_refuse(sa, N_INVALID_SYNTAX, E_MALFORMED,
			      "the peer authenticates once more without having said so");
		return;
	}
	err = go_on(sa, NULL);
	if (err)
		refuse_us(sa, err);
}

void x_auth_request(struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_payload *idi = wire_msg_find(msg, PAYLOAD_IDI);
	const struct wire_payload *idr = wire_msg_find(msg, PAYLOAD_IDR);
	struct handshake *hs = sa->hs;
	struct id asked = {0};
	int err;

	if (hs->rounds_remote == 0) {
		hs->auth_msgid = sa->in.expected;
		sa->peer_multi_auth = wire_msg_notify(msg, N_MULTIPLE_AUTH_SUPPORTED);
	} else if (!hs->peer_goes_on) {
		wait_for_us(sa, msg);
		return;
	}
	id_done(&sa->remote_id);
	err = idi ? id_from_wire(idi->u.id.type, idi->u.id.data, &sa->remote_id) : E_MALFORMED;
	if (err == 0 && idr)
		err = id_from_wire(idr->u.id.type, idr->u.id.data, &asked);
	if (err) {
		window_refuse(sa, N_INVALID_SYNTAX, err, "no or a malformed identity");
		return;
	}
	err = check_peer(sa, msg, idr ? &asked : NULL);
	id_done(&asked);
	if (err)
		refuse_auth(sa, err);
}
