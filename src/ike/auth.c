/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/auth.h"

#include <stdio.h>

#include "cred/cert.h"
#include "cred/constraint.h"
#include "cred/id.h"
#include "cred/keyref.h"
#include "cred/store.h"
#include "crypto/alg.h"
#include "crypto/prf.h"
#include "crypto/sign.h"
#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/job.h"
#include "ike/keys.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/view.h"

#define ID_TEXT	      256
#define MAX_PSK_TRIES 16

void auth_tell_success(struct ike_sa *sa, bool myself, const struct sign_scheme *scheme)
{
	char text[ID_TEXT];

	sa_log(sa, LOG_IKE, LOG_CTRL, "authentication of '%s'%s with %s successful",
	       sa_id_text(myself ? &sa->local_id : &sa->remote_id, text, sizeof(text)),
	       myself ? " (myself)" : "", scheme ? scheme->name : "pre-shared key");
	ladder_proves(sa, myself, scheme);
}

struct wire_id auth_local_id(const struct ike_sa *sa)
{
	return (struct wire_id){sa->local_id.type, view_make(sa->local_id.data, sa->local_id.len)};
}

/* ---- octets ---- */

/* ID payload without its generic header: type, three reserved octets, data. */
static void put_id_body(struct wbuf *b, uint8_t type, struct view data)
{
	wbuf_u8(b, type);
	wbuf_u8(b, 0);
	wbuf_u16(b, 0);
	wbuf_add(b, data);
}

/* SK_pi, SK_pr: those so far, or with the PPK that the initiator has offered. */
static struct view sk_p(const struct ike_sa *sa, bool of_initiator, bool with_ppk)
{
	const struct keys_ike *mixed = &sa->hs->ppk.mixed;
	const struct keys_ike *k = with_ppk && mixed->pi.len ? mixed : &sa->keys;

	return secret_view(of_initiator ? &k->pi : &k->pr);
}

/* What the initiator (or the responder) signs. */
static int auth_octets(const struct ike_sa *sa, bool of_initiator, struct view key,
		       struct view id_body, struct wbuf *out)
{
	const struct handshake *hs = sa->hs;
	int err = keys_auth_octets(
		&(struct keys_auth_params){
			.prf = sa->prf,
			.message = secret_view(of_initiator ? &hs->msg_i : &hs->msg_r),
			.nonce = secret_view(of_initiator ? &hs->nr : &hs->ni),
			.sk_p = key,
			.id_body = id_body,
		},
		out);
	if (err)
		return err;
	intauth_put(&hs->intauth, sa->prf, hs->auth_msgid, out);
	return wbuf_err(out);
}

static int my_octets(const struct ike_sa *sa, bool with_ppk, struct wbuf *out)
{
	struct wbuf body;
	int err;

	wbuf_init(&body, 0);
	put_id_body(&body, sa->local_id.type, view_make(sa->local_id.data, sa->local_id.len));
	err = wbuf_err(&body);
	if (err == 0)
		err = auth_octets(sa, sa->initiator, sk_p(sa, sa->initiator, with_ppk),
				  wbuf_view(&body), out);
	wbuf_done(&body);
	return err;
}

static const struct wire_payload *peer_id(const struct ike_sa *sa, const struct wire_msg *msg)
{
	return wire_msg_find(msg, sa->initiator ? PAYLOAD_IDR : PAYLOAD_IDI);
}

static int peer_octets(const struct ike_sa *sa, const struct wire_msg *msg, struct wbuf *out)
{
	return auth_octets(sa, !sa->initiator, sk_p(sa, !sa->initiator, false),
			   peer_id(sa, msg)->body, out);
}

/* The peer's AUTH data: of NO_PPK_AUTH when we, the responder, do without its PPK. */
static struct view peer_auth(const struct ike_sa *sa, const struct wire_msg *msg)
{
	const struct wire_notify *plain = wire_msg_notify(msg, N_NO_PPK_AUTH);

	return sa->hs->ppk.declined && sa->hs->rounds_remote == 0 && plain
		       ? plain->data
		       : wire_msg_find(msg, PAYLOAD_AUTH)->u.auth.data;
}

/* ---- rounds (RFC 4739) ---- */

size_t auth_rounds(const struct ike_sa *sa)
{
	bool several = sa->peer_multi_auth && sa->ike->settings.multiple_authentication;

	return several || sa->conn->n_local == 0 ? sa->conn->n_local : 1;
}

void auth_put(struct ike_sa *sa, struct wire_writer *w)
{
	struct handshake *hs = sa->hs;

	wire_put_auth(w, hs->auth_method, secret_view(&hs->auth));
	if (++hs->rounds_local < auth_rounds(sa))
		wire_put_notify(w, N_ANOTHER_AUTH_FOLLOWS, (struct view){0});
}

/* ---- our identity and key ---- */

/*
 * The identity we claim: the configured one; else what the peer asked for; else our address, the
 * default of a shared-key connection.
 */
static int choose_local_id(struct ike_sa *sa, const struct conn_auth *a, const struct id *asked)
{
	id_done(&sa->local_id);
	if (a && a->id.type != ID_ANY)
		return id_copy(&a->id, &sa->local_id);
	if (asked && asked->type != ID_ANY)
		return id_copy(asked, &sa->local_id);
	return id_from_addr(&sa->local, &sa->local_id);
}

/* local.auth: "ike:" or not, all constraints are about our only signature. */
static bool is_wanted(const void *ctx, const struct sign_scheme *scheme, unsigned bits)
{
	const struct constraint_signature s = {scheme, bits, true};

	return constraint_allows(ctx, &s);
}

static const struct sign_scheme *choose_scheme(const struct ike_sa *sa, const struct conn_auth *a,
					       const struct keyref *key)
{
	const struct ike_settings *s = &sa->ike->settings;

	return keyref_choose(
		key, &(struct sign_choice){
			     .peer_hashes = s->signature_authentication ? sa->peer_hashes : 0,
			     .prefer_pss = s->rsa_pss,
			     .allow = a->conf->sig_allowed.count ? is_wanted : NULL,
			     .ctx = &a->conf->sig_allowed,
		     });
}

/* A certificate whose private key is here: of the configured ones that which the peer's CERTREQ
 * names, else the first; else any that speaks for our identity. */
static int find_cert(struct ike_sa *sa, const struct conn_auth *a)
{
	struct cred_store *creds = sa->ike->creds;
	struct handshake *hs = sa->hs;
	struct keyref *key;

	for (size_t i = 0; i < a->n_certs && (!hs->cert || !choose_scheme(sa, a, hs->key)); i++) {
		key = cred_find_key(creds, a->certs[i]);
		if (key && (!hs->cert || choose_scheme(sa, a, key))) {
			cert_put(hs->cert);
			keyref_put(hs->key);
			hs->cert = cert_get(a->certs[i]);
			hs->key = key;
		} else {
			keyref_put(key);
		}
	}
	if (!hs->cert && a->n_certs == 0) {
		hs->cert = cred_find_own_cert(creds, &sa->local_id, hs->certreq.data,
					      hs->certreq.len / CERT_KEYID_LEN);
		hs->key = hs->cert ? cred_find_key(creds, hs->cert) : NULL;
	}
	return hs->key ? 0 : E_NOTFOUND;
}

static void log_no_key(struct ike_sa *sa, const struct conn_auth *a)
{
	char text[ID_TEXT];

	sa_log(sa, LOG_IKE, LOG_CTRL, "no private key found for '%s'",
	       sa_id_text(&sa->local_id, text, sizeof(text)));
	if (a->n_certs)
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "%s.certs names '%s': its key must be loaded from private, rsa, ecdsa, "
		       "pkcs8 or "
		       "pkcs12 (swanctl --load-creds)",
		       a->conf->name, a->cert_text.items[0]);
	else
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "no certificate with that identity and a private key is loaded: set "
		       "%s.certs or "
		       "%s.id",
		       a->conf->name, a->conf->name);
}

/* ---- signing ---- */

/* AUTH data of a signature: with RFC 7427 its AlgorithmIdentifier goes before it. */
static int put_signature(const struct job_sign *j, struct secret *out)
{
	struct wbuf auth;
	int err;

	wbuf_init(&auth, 0);
	if (j->scheme->auth_method == AUTH_DIGITAL_SIGNATURE) {
		wbuf_u8(&auth, (uint8_t)j->scheme->algid.len);
		wbuf_add(&auth, j->scheme->algid);
	}
	wbuf_add(&auth, wbuf_view(&j->signature));
	err = wbuf_err(&auth);
	if (err == 0)
		err = secret_copy(out, wbuf_view(&auth));
	wbuf_done(&auth);
	return err;
}

static int sign(struct ike_sa *sa, bool inbound, bool with_ppk);

static int signed_once(struct ike_sa *sa, struct job_sign *j)
{
	struct handshake *hs = sa->hs;
	int err;

	if (j->base.err)
		return j->base.err;
	if (hs->auth.len)
		return put_signature(j, &hs->ppk.plain_auth);
	err = put_signature(j, &hs->auth);
	hs->auth_method = j->scheme->auth_method;
	auth_tell_success(sa, true, j->scheme);
	return err;
}

static void on_signed(struct ike_sa *sa, struct ike_job *base)
{
	struct handshake *hs = sa->hs;
	int err = signed_once(sa, (struct job_sign *)base);

	if (err == 0 && ppk_wants_plain_auth(sa) && hs->ppk.plain_auth.len == 0)
		err = sign(sa, base->inbound, false);
	else if (err == 0)
		err = hs->then(sa);
	if (err) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "authentication of ourselves failed: %s",
		       err_text(err));
		sa_destroy(sa, err, "our own authentication failed");
	}
}

/* Have this round's octets signed with the key and scheme that were chosen. */
static int sign(struct ike_sa *sa, bool inbound, bool with_ppk)
{
	struct job_sign *job = job_sign_new(sa->hs->key, sa->hs->scheme, on_signed);
	int err;

	if (!job)
		return E_NOMEM;
	err = my_octets(sa, with_ppk, &job->octets);
	if (err) {
		job->base.dispose(&job->base);
		return err;
	}
	job_submit(sa, &job->base, inbound);
	return 0;
}

static int begin_pubkey(struct ike_sa *sa, const struct conn_auth *a, bool inbound)
{
	struct handshake *hs = sa->hs;
	char text[ID_TEXT];
	int err = find_cert(sa, a);

	if (err) {
		log_no_key(sa, a);
		return err;
	}
	if (!cert_has_id(hs->cert, &sa->local_id))
		sa_log(sa, LOG_CFG, LOG_CTRL,
		       "our certificate does not contain the identity '%s': the peer may refuse it",
		       sa_id_text(&sa->local_id, text, sizeof(text)));
	hs->scheme = choose_scheme(sa, a, hs->key);
	if (!hs->scheme) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "no signature scheme of our %s key of %u bits is acceptable to the "
		       "peer%s%s%s",
		       keyref_type(hs->key), keyref_bits(hs->key),
		       a->conf->sig_allowed.count ? " and allowed by " : "",
		       a->conf->sig_allowed.count ? a->conf->name : "",
		       a->conf->sig_allowed.count ? ".auth" : "");
		return E_UNSUPPORTED;
	}
	return sign(sa, inbound, true);
}

static int mac_psk(struct ike_sa *sa, struct view psk, bool with_ppk, struct secret *out)
{
	uint8_t mac[PRF_MAX_LEN];
	struct wbuf octets;
	int err;

	wbuf_init(&octets, 0);
	err = my_octets(sa, with_ppk, &octets);
	if (err == 0)
		err = keys_psk_auth(sa->prf, psk, wbuf_view(&octets), mac);
	if (err == 0)
		err = secret_copy(out, view_make(mac, sa->prf->u.prf.out_len));
	wbuf_done(&octets);
	return err;
}

static int begin_psk(struct ike_sa *sa)
{
	struct handshake *hs = sa->hs;
	char me[ID_TEXT], other[ID_TEXT];
	struct secret psk;
	int err = cred_find_secret(sa->ike->creds,
				   &(struct cred_secret_query){.type = CRED_IKE,
							       .me = &sa->local_id,
							       .other = &sa->remote_id},
				   &psk);

	if (err) {
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "no shared key found for '%s' - '%s': secrets.ike decides",
		       sa_id_text(&sa->local_id, me, sizeof(me)),
		       sa_id_text(&sa->remote_id, other, sizeof(other)));
		return err;
	}
	err = mac_psk(sa, secret_view(&psk), true, &hs->auth);
	if (err == 0 && ppk_wants_plain_auth(sa))
		err = mac_psk(sa, secret_view(&psk), false, &hs->ppk.plain_auth);
	secret_done(&psk);
	if (err)
		return err;
	hs->auth_method = AUTH_SHARED_KEY;
	auth_tell_success(sa, true, NULL);
	return hs->then(sa);
}

int auth_begin(struct ike_sa *sa, bool inbound, const struct id *asked,
	       int (*then)(struct ike_sa *sa))
{
	struct handshake *hs = sa->hs;
	const struct conn_auth *a;
	int err;

	if (hs->rounds_local >= sa->conn->n_local)
		return E_CONFIG;
	a = &sa->conn->local[hs->rounds_local];
	handshake_forget_auth(hs);
	err = choose_local_id(sa, a, asked);
	if (err)
		return err;
	hs->then = then;
	if (a->conf->cls == CONF_AUTH_PUBKEY || a->conf->cls == CONF_AUTH_ANY)
		return begin_pubkey(sa, a, inbound);
	if (a->conf->cls == CONF_AUTH_PSK)
		return begin_psk(sa);
	sa_log(sa, LOG_CFG, LOG_CTRL, "%s.auth of '%s' is not supported for our own side",
	       a->conf->name, sa_name(sa));
	return E_UNSUPPORTED;
}

/* ---- the peer ---- */

int auth_verify_psk(struct ike_sa *sa, const struct id *me, const struct wire_msg *msg)
{
	struct view auth = peer_auth(sa, msg);
	char my_text[ID_TEXT], other_text[ID_TEXT];
	uint8_t mac[PRF_MAX_LEN];
	struct secret psk;
	struct wbuf octets;
	unsigned tried = 0;
	int err;

	wbuf_init(&octets, 0);
	err = peer_octets(sa, msg, &octets);
	while (err == 0 && tried < MAX_PSK_TRIES) {
		if (cred_find_secret(sa->ike->creds,
				     &(struct cred_secret_query){.type = CRED_IKE,
								 .me = me,
								 .other = &sa->remote_id,
								 .rank = tried,
								 .proves_other = true},
				     &psk))
			break;
		tried++;
		err = keys_psk_auth(sa->prf, secret_view(&psk), wbuf_view(&octets), mac);
		secret_done(&psk);
		if (err == 0 && secret_equal(auth, view_make(mac, sa->prf->u.prf.out_len))) {
			wbuf_done(&octets);
			auth_tell_success(sa, false, NULL);
			return 0;
		}
	}
	wbuf_done(&octets);
	sa_id_text(me, my_text, sizeof(my_text));
	sa_id_text(&sa->remote_id, other_text, sizeof(other_text));
	if (tried == 0)
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "no shared key found for '%s' - '%s': secrets.ike decides", my_text,
		       other_text);
	else
		sa_log(sa, LOG_IKE, LOG_CTRL,
		       "tried %u shared key%s for '%s' - '%s', but MAC mismatched: the secrets of "
		       "both sides differ",
		       tried, tried == 1 ? "" : "s", my_text, other_text);
	return tried ? E_AUTH : E_NOTFOUND;
}

int auth_fill_verify(struct ike_sa *sa, const struct wire_msg *msg, struct job_verify *job)
{
	int err = secret_copy(&job->auth, peer_auth(sa, msg));

	job->method = wire_msg_find(msg, PAYLOAD_AUTH)->u.auth.method;
	job->round = sa->hs->rounds_remote;
	job->inherit = sa->ike->settings.signature_constraints;
	for (const struct wire_payload *p = wire_msg_find(msg, PAYLOAD_CERT); p && err == 0;
	     p = wire_msg_next(msg, p)) {
		if (p->u.cert.encoding != CERT_X509_SIGNATURE)
			continue;
		if (job->n_chain == JOB_MAX_CHAIN)
			return E_LIMIT;
		err = secret_copy(&job->chain[job->n_chain], p->u.cert.data);
		if (err == 0)
			job->n_chain++;
	}
	return err ? err : peer_octets(sa, msg, &job->octets);
}

void auth_alert_cert(struct ike_sa *sa, const struct job_verify *j)
{
	static const char *const alerts[] = {
		[TRUST_FAULT_EXPIRED] = "cert-expired",
		[TRUST_FAULT_REVOKED] = "cert-revoked",
		[TRUST_FAULT_STATUS] = "cert-validation-failed",
		[TRUST_FAULT_NO_ISSUER] = "cert-no-issuer",
		[TRUST_FAULT_ROOT] = "cert-untrusted-root",
		[TRUST_FAULT_PATH_LENGTH] = "cert-exceeded-path-len",
	};

	if (j->base.err && alerts[j->fault])
		view_alert(sa, alerts[j->fault]);
}
