/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/auth_cert.h"

#include <stdlib.h>
#include <string.h>

#include "cred/cert.h"
#include "cred/store.h"
#include "ike/conn.h"
#include "ike/handshake.h"
#include "ike/job.h"
#include "ike/sa.h"
#include "ike/state.h"

static void put_cert(struct ike_sa *sa, const struct cert *c, const char *what,
		     struct wire_writer *w)
{
	char *subject = cert_subject_text(c);

	sa_log(sa, LOG_IKE, LOG_CTRL, "sending %s cert \"%s\"", what, subject ? subject : "?");
	free(subject);
	wire_put_cert(w, PAYLOAD_CERT, CERT_X509_SIGNATURE, c->der);
}

void auth_cert_put(struct ike_sa *sa, struct wire_writer *w)
{
	struct handshake *hs = sa->hs;
	enum conf_send_cert send = sa->conn->conf->send_cert;
	struct cert *c, *issuer;

	if (!hs->cert || send == CONF_CERT_NEVER ||
	    (send == CONF_CERT_IFASKED && !hs->peer_wants_cert))
		return;
	put_cert(sa, hs->cert, "end entity", w);
	c = cert_get(hs->cert);
	for (int depth = 0; depth < JOB_MAX_CHAIN - 1 && !c->self_signed; depth++) {
		issuer = cred_find_issuer(sa->ike->creds, c);
		cert_put(c);
		c = issuer;
		if (!c)
			return;
		if (!c->self_signed)
			put_cert(sa, c, "issuer", w);
	}
	cert_put(c);
}

struct certreq {
	struct ike_sa *sa;
	struct wbuf hashes;
};

static bool add_certreq(void *ctx, const struct cred_cert_info *info)
{
	struct certreq *r = ctx;
	char *subject;

	if (info->flag != CRED_CA)
		return true;
	subject = cert_subject_text(info->cert);
	sa_log(r->sa, LOG_IKE, LOG_CTRL, "sending cert request for \"%s\"",
	       subject ? subject : "?");
	free(subject);
	wbuf_bytes(&r->hashes, info->cert->spki_sha1, CERT_KEYID_LEN);
	return true;
}

void auth_cert_put_requests(struct ike_sa *sa, const struct conn *conn, struct wire_writer *w)
{
	struct certreq r = {.sa = sa};
	size_t n = 0;

	if (conn && (!conn->conf->send_certreq || !conn_wants_cert(conn)))
		return;
	wbuf_init(&r.hashes, 0);
	for (size_t i = 0; conn && i < conn->n_remote; i++) {
		for (size_t j = 0; j < conn->remote[i].n_cacerts; j++, n++)
			add_certreq(&r, &(struct cred_cert_info){conn->remote[i].cacerts[j],
								 CRED_CA, false});
	}
	if (n == 0)
		cred_each_cert(sa->ike->creds, add_certreq, &r);
	if (r.hashes.len && wbuf_err(&r.hashes) == 0)
		wire_put_cert(w, PAYLOAD_CERTREQ, CERT_X509_SIGNATURE, wbuf_view(&r.hashes));
	wbuf_done(&r.hashes);
}

static void take_certreq(struct ike_sa *sa, struct view hash, unsigned *unknown)
{
	struct cert *ca = cred_find_ca(sa->ike->creds, hash.ptr);
	char *subject;

	wbuf_add(&sa->hs->certreq, hash); /* no more than its limit */
	if (!ca) {
		(*unknown)++;
		return;
	}
	subject = cert_subject_text(ca);
	sa_log(sa, LOG_IKE, LOG_CTRL, "received cert request for \"%s\"", subject ? subject : "?");
	free(subject);
	cert_put(ca);
}

void auth_cert_take_requests(struct ike_sa *sa, const struct wire_msg *msg)
{
	unsigned unknown = 0;

	for (const struct wire_payload *p = wire_msg_find(msg, PAYLOAD_CERTREQ); p;
	     p = wire_msg_next(msg, p)) {
		struct rbuf r;
		struct view hash;

		sa->hs->peer_wants_cert = true;
		if (p->u.cert.encoding != CERT_X509_SIGNATURE)
			continue;
		rbuf_init(&r, p->u.cert.data);
		while (rbuf_view(&r, CERT_KEYID_LEN, &hash) == 0)
			take_certreq(sa, hash, &unknown);
	}
	if (unknown)
		sa_log(sa, LOG_IKE, LOG_CTRL, "received %u cert request%s for an unknown ca",
		       unknown, unknown == 1 ? "" : "s");
}
