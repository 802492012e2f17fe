/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/job.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "cred/cert.h"
#include "cred/constraint.h"
#include "cred/id.h"
#include "cred/keyref.h"
#include "cred/trust.h"
#include "crypto/alg.h"
#include "crypto/ke.h"
#include "crypto/sign.h"
#include "ike/conn.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "wire/ike.h"

void job_submit(struct ike_sa *sa, struct ike_job *job, bool inbound)
{
	struct ike *ike = sa->ike;

	job->sa_uid = sa->uid;
	job->sa_spi = sa->our_spi;
	job->inbound = inbound;
	list_append(&ike->jobs, &job->link);
	ike->n_jobs++;
	*(inbound ? &sa->in.job : &sa->out.job) = job;
	ike->hooks.submit(ike->hooks.ctx, job);
}

void ike_job_run(struct ike_job *job)
{
	job->run(job);
}

void ike_job_done(struct ike *ike, struct ike_job *job, uint64_t now)
{
	struct ike_sa *sa;
	struct ike_job **slot;

	ike->now = now;
	list_remove(&job->link);
	ike->n_jobs--;
	sa = sa_find_spi(ike, job->sa_spi);
	slot = !sa || sa->uid != job->sa_uid ? NULL : job->inbound ? &sa->in.job : &sa->out.job;
	if (slot && *slot == job) {
		struct log_tag tag = sa_tag(sa);

		*slot = NULL;
		log_flush_notes(ike->log, &tag, &job->notes);
		job->done(sa, job);
	}
	log_notes_done(&job->notes);
	job->dispose(job);
}

/* ---- key exchange ---- */

/* What was wrong with the peer's value. */
static void note_malformed(struct job_ke *j)
{
	const struct alg *alg = j->alg;
	bool offer = j->op == JOB_KE_ANSWER;
	unsigned expected = offer ? alg->u.ke.offer_len : alg->u.ke.answer_len;

	if (j->peer.len != expected)
		log_note(&j->base.notes, LOG_IKE, LOG_CTRL,
			 "KE payload for %s has %zu bytes, %u expected", alg->name, j->peer.len,
			 expected);
	else
		log_note(&j->base.notes, LOG_IKE, LOG_CTRL, "KE payload for %s has no valid %s",
			 alg->name,
			 !alg->u.ke.kem ? "public value"
			 : offer	? "public key"
					: "ciphertext");
}

static void ke_run(struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;

	switch (j->op) {
	case JOB_KE_OFFER:
		base->err = ke_offer(j->alg, &j->ke, &j->data);
		break;
	case JOB_KE_ANSWER:
		base->err = ke_answer(j->alg, secret_view(&j->peer), &j->data, &j->shared);
		break;
	case JOB_KE_FINISH:
		base->err = ke_finish(j->ke, secret_view(&j->peer), &j->shared);
		break;
	}
	if (base->err == E_MALFORMED && j->op != JOB_KE_OFFER)
		note_malformed(j);
}

static void ke_dispose(struct ike_job *base)
{
	struct job_ke *j = (struct job_ke *)base;

	ke_free(j->ke);
	secret_done(&j->peer);
	wbuf_done(&j->data);
	secret_done(&j->shared);
	free(j);
}

struct job_ke *job_ke_new(enum job_ke_op op, const struct alg *alg, struct view peer, struct ke *ke,
			  void (*done)(struct ike_sa *, struct ike_job *))
{
	struct job_ke *j = calloc(1, sizeof(*j));

	if (!j || secret_copy(&j->peer, peer)) {
		free(j);
		return NULL;
	}
	j->base.run = ke_run;
	j->base.done = done;
	j->base.dispose = ke_dispose;
	j->op = op;
	j->alg = alg;
	j->ke = ke;
	wbuf_init(&j->data, 0);
	return j;
}

/* ---- sign ---- */

static void sign_run(struct ike_job *base)
{
	struct job_sign *j = (struct job_sign *)base;

	base->err = keyref_sign(j->key, j->scheme, wbuf_view(&j->octets), &j->signature);
}

static void sign_dispose(struct ike_job *base)
{
	struct job_sign *j = (struct job_sign *)base;

	keyref_put(j->key);
	wbuf_done(&j->octets);
	wbuf_done(&j->signature);
	free(j);
}

struct job_sign *job_sign_new(const struct keyref *key, const struct sign_scheme *scheme,
			      void (*done)(struct ike_sa *, struct ike_job *))
{
	struct job_sign *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->base.run = sign_run;
	j->base.done = done;
	j->base.dispose = sign_dispose;
	j->key = keyref_get(key);
	j->scheme = scheme;
	wbuf_init(&j->octets, 0);
	wbuf_init(&j->signature, 0);
	return j;
}

/* ---- verify ---- */

/* The line after those of trust_check() that say why. */
static void note_untrusted(struct job_verify *j, const struct cert *ee)
{
	EVP_PKEY *key = ee ? cert_key(ee) : NULL;
	char *id = id_string(j->id);

	log_note(&j->base.notes, LOG_IKE, LOG_CTRL, "no trusted %s public key found for '%s'",
		 key ? sign_key_type(key) : "(unknown)", id ? id : "?");
	free(id);
}

/* The signature that `auth` allows, by the key that made it. */
static int check_signature(struct job_verify *j, const struct conf_auth *conf, const struct cert *c)
{
	EVP_PKEY *key = cert_key(c);
	int bits = key ? EVP_PKEY_get_bits(key) : 0;
	const struct constraint_signature s = {j->scheme, bits > 0 ? (unsigned)bits : 0,
					       j->inherit};
	struct wbuf text;

	if (!key || constraint_allows(&conf->sig_allowed, &s))
		return 0;
	wbuf_init(&text, 0);
	constraint_text(&conf->sig_allowed, &text);
	log_note(&j->base.notes, LOG_CFG, LOG_CTRL,
		 "the peer signed with %s and a %s key of %d bits, but %s.auth allows %.*s",
		 j->scheme->name, sign_key_type(key), bits, conf->name, (int)text.len,
		 (const char *)text.data);
	wbuf_done(&text);
	return E_CONFIG;
}

static int check_conn(struct job_verify *j, const struct conn *c, struct cert *const *chain,
		      size_t n_chain)
{
	static const enum trust_revocation revocation[] = {
		[CONF_REVOCATION_RELAXED] = TRUST_RELAXED,
		[CONF_REVOCATION_IFURI] = TRUST_IFURI,
		[CONF_REVOCATION_STRICT] = TRUST_STRICT,
	};
	const struct conn_auth *a = &c->remote[j->round];
	struct trust_params p = {
		.chain = chain,
		.n_chain = n_chain,
		.id = j->id,
		.pinned = a->certs,
		.n_pinned = a->n_certs,
		.cacerts = a->cacerts,
		.n_cacerts = a->n_cacerts,
		.ca_id = a->conf->ca_id,
		.now = j->wall,
		.min_bits_rsa = constraint_min_bits(&a->conf->sig_allowed, "RSA"),
		.min_bits_ecdsa = constraint_min_bits(&a->conf->sig_allowed, "ECDSA"),
		.words = &a->conf->sig_allowed,
		.revocation = revocation[a->conf->revocation],
		.out_fault = &j->fault,
	};
	struct cert *cert = NULL;
	int err = n_chain ? trust_check(j->store, &p, &j->base.notes, &cert)
			  : trust_check_known(j->store, &p, &j->base.notes, &cert);

	if (err == 0)
		err = check_signature(j, a->conf, cert);
	if (err == 0 && !j->cert)
		j->cert = cert;
	else
		cert_put(cert);
	return err;
}

/* Find the first connection whose constraints the chain meets, or all of them. */
static int choose_conn(struct job_verify *j, struct cert *const *chain, size_t n_chain)
{
	int err = E_CONFIG;

	for (size_t i = 0; i < j->n_conns && (!j->chosen || j->try_all); i++) {
		int e = check_conn(j, j->conns[i], chain, n_chain);

		j->fits[i] = e == 0;
		if (e == 0 && !j->chosen)
			j->chosen = j->conns[i];
		if (e == 0 || j->chosen)
			continue;
		err = e;
		log_note(&j->base.notes, LOG_CFG, LOG_CTRL,
			 "selected peer config '%s' unacceptable: constraint checking failed",
			 j->conns[i]->conf->name);
	}
	return j->chosen ? 0 : err;
}

/* Scheme and signature bytes of the AUTH payload (RFC 7427 section 3). */
static int parse_auth(struct job_verify *j, struct view *out_sig)
{
	struct rbuf r;
	struct view algid;
	uint8_t len;
	int err;

	rbuf_init(&r, secret_view(&j->auth));
	if (j->method != AUTH_DIGITAL_SIGNATURE) {
		j->scheme = sign_find_method(j->method);
		*out_sig = secret_view(&j->auth);
	} else {
		err = rbuf_u8(&r, &len);
		if (err == 0)
			err = rbuf_view(&r, len, &algid);
		if (err)
			return E_MALFORMED;
		j->scheme = sign_find_algid(algid);
		*out_sig = rbuf_rest(&r);
	}
	if (!j->scheme)
		log_note(&j->base.notes, LOG_IKE, LOG_CTRL,
			 "peer's signature scheme is not supported (AUTH method %u)", j->method);
	return j->scheme ? 0 : E_UNSUPPORTED;
}

static void note_received(struct job_verify *j, const struct cert *c)
{
	char *subject = cert_subject_text(c);

	log_note(&j->base.notes, LOG_IKE, LOG_CTRL, "received %s cert \"%s\"",
		 c->ca ? "issuer" : "end entity", subject ? subject : "?");
	free(subject);
}

static void verify_run(struct ike_job *base)
{
	struct job_verify *j = (struct job_verify *)base;
	struct cert *chain[JOB_MAX_CHAIN];
	size_t n = 0;
	struct view sig;
	int err = 0;

	for (size_t i = 0; i < j->n_chain && err == 0; i++) {
		err = cert_parse(secret_view(&j->chain[i]), &chain[n]);
		if (err)
			log_note(&base->notes, LOG_IKE, LOG_CTRL,
				 "certificate %zu of the peer cannot be parsed", i + 1);
		else
			note_received(j, chain[n++]);
	}
	if (err == 0)
		err = parse_auth(j, &sig);
	if (err == 0) {
		err = choose_conn(j, chain, n);
		if (err)
			note_untrusted(j, n ? chain[0] : NULL);
	}
	if (err == 0) {
		EVP_PKEY *key = cert_key(j->cert);

		err = key ? sign_verify(j->scheme, key, wbuf_view(&j->octets), sig) : E_UNSUPPORTED;
		if (err)
			log_note(&base->notes, LOG_IKE, LOG_CTRL,
				 "signature of the peer does not verify with its certificate's "
				 "key: %s",
				 err_text(err));
	}
	for (size_t i = 0; i < n; i++)
		cert_put(chain[i]);
	base->err = err;
}

static void verify_dispose(struct ike_job *base)
{
	struct job_verify *j = (struct job_verify *)base;

	for (size_t i = 0; i < j->n_chain; i++)
		secret_done(&j->chain[i]);
	for (size_t i = 0; i < j->n_conns; i++)
		conn_put(j->conns[i]);
	if (j->id)
		id_done(j->id);
	free(j->id);
	secret_done(&j->auth);
	wbuf_done(&j->octets);
	cert_put(j->cert);
	free(j);
}

struct job_verify *job_verify_new(struct ike *ike, const struct id *id,
				  void (*done)(struct ike_sa *, struct ike_job *))
{
	struct job_verify *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->base.run = verify_run;
	j->base.done = done;
	j->base.dispose = verify_dispose;
	j->store = ike->creds;
	j->wall = ike->hooks.wall(ike->hooks.ctx);
	wbuf_init(&j->octets, 0);
	j->id = calloc(1, sizeof(*j->id));
	if (!j->id || id_copy(id, j->id)) {
		verify_dispose(&j->base);
		return NULL;
	}
	return j;
}

/* ---- resolve ---- */

static void resolve_one(struct job_resolve *j, const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	int rc = getaddrinfo(name, NULL, &hints, &list);

	if (rc != 0) {
		log_note(&j->base.notes, LOG_CFG, LOG_CTRL, "resolving '%s' failed: %s", name,
			 gai_strerror(rc));
		return;
	}
	for (struct addrinfo *a = list; a && j->n_addrs < JOB_MAX_ADDRS; a = a->ai_next) {
		if (addr_from_sockaddr(&j->addrs[j->n_addrs], a->ai_addr) == 0)
			j->n_addrs++;
	}
	freeaddrinfo(list);
}

static void resolve_run(struct ike_job *base)
{
	struct job_resolve *j = (struct job_resolve *)base;

	for (size_t i = 0; i < j->names.count; i++)
		resolve_one(j, j->names.items[i]);
	base->err = j->n_addrs ? 0 : E_NOTFOUND;
}

static void resolve_dispose(struct ike_job *base)
{
	struct job_resolve *j = (struct job_resolve *)base;

	strs_done(&j->names);
	free(j);
}

struct job_resolve *job_resolve_new(const struct strs *names,
				    void (*done)(struct ike_sa *, struct ike_job *))
{
	struct job_resolve *j = calloc(1, sizeof(*j));
	int err = j ? 0 : E_NOMEM;

	for (size_t i = 0; err == 0 && i < names->count; i++)
		err = strs_add(&j->names, names->items[i]);
	if (err) {
		if (j)
			resolve_dispose(&j->base);
		return NULL;
	}
	j->base.run = resolve_run;
	j->base.done = done;
	j->base.dispose = resolve_dispose;
	return j;
}
