/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "cred/constraint.h"
#include "cred/dn.h"
#include "cred/idtype.h"
#include "cred/revoke.h"
#include "cred/store.h"

#define TRUST_DEPTH_MAX	     10 /* intermediate CAs in a path */
#define TRUST_SECURITY_LEVEL 1	/* OpenSSL's: 80 bits, so neither RSA below 1024 nor SHA-1 */
#define TRUST_TEXT_MAX	     64

/* What OpenSSL builds a path from, and the path. */
struct path {
	X509_STORE *anchors;
	STACK_OF(X509) * untrusted;
	X509_STORE_CTX *ctx;
	STACK_OF(X509) * chain; /* ctx's: the end entity first */
	int n_chain;
	int n_untrusted; /* the rest of the chain are trust anchors */
};

/* A line for a person in the making. */
static void say(struct log_notes *notes, struct wbuf *line)
{
	if (wbuf_err(line) == 0)
		log_note(notes, LOG_CFG, LOG_CTRL, "%.*s", (int)line->len,
			 (const char *)line->data);
	wbuf_done(line);
}

static void write_subject(const X509 *x, struct wbuf *line)
{
	wbuf_str(line, "\"");
	dn_text(X509_get_subject_name(x), line);
	wbuf_str(line, "\"");
}

/* The line: before, the subject in quotes, after. */
static void say_cert(struct log_notes *notes, const char *before, const X509 *x, const char *after)
{
	struct wbuf line;

	wbuf_init(&line, 0);
	wbuf_str(&line, before);
	write_subject(x, &line);
	wbuf_str(&line, after);
	say(notes, &line);
}

static const char *time_text(int64_t when, char buf[TRUST_TEXT_MAX])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, TRUST_TEXT_MAX, "%b %d %H:%M:%S %Y UTC", &tm))
		snprintf(buf, TRUST_TEXT_MAX, "%lld s after 1970", (long long)when);
	return buf;
}

static const char *asn1_time_text(const ASN1_TIME *t, char buf[TRUST_TEXT_MAX])
{
	struct tm tm = {0};

	return time_text(ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) : 0, buf);
}

static int blame(const struct trust_params *params, enum trust_fault fault, int err)
{
	if (params->out_fault)
		*params->out_fault = fault;
	return err;
}

static void path_done(struct path *p)
{
	X509_STORE_CTX_free(p->ctx);
	sk_X509_pop_free(p->untrusted, X509_free);
	X509_STORE_free(p->anchors);
	*p = (struct path){0};
}

struct gathering {
	struct path *path;
	bool failed;
};

static bool gather_cert(void *ctx, const struct cred_cert_info *info)
{
	struct gathering *g = ctx;

	if (info->flag == CRED_CA)
		g->failed = X509_STORE_add_cert(g->path->anchors, info->cert->x509) != 1;
	else if (info->cert->ca)
		g->failed = X509_add_cert(g->path->untrusted, info->cert->x509,
					  X509_ADD_FLAG_UP_REF) != 1;
	return !g->failed;
}

static bool is_pinned(const struct trust_params *params)
{
	for (size_t i = 0; i < params->n_pinned; i++) {
		if (view_equal(params->pinned[i]->der, params->chain[0]->der))
			return true;
	}
	return false;
}

/* Anchors and intermediates of store and peer. A pinned certificate is its own anchor. */
static int path_gather(struct path *p, struct cred_store *store, const struct trust_params *params)
{
	struct gathering g = {p, false};

	p->anchors = X509_STORE_new();
	p->untrusted = sk_X509_new_null();
	p->ctx = X509_STORE_CTX_new();
	if (!p->anchors || !p->untrusted || !p->ctx)
		return E_NOMEM;
	cred_each_cert(store, gather_cert, &g);
	for (size_t i = 1; i < params->n_chain && !g.failed; i++)
		g.failed = X509_add_cert(p->untrusted, params->chain[i]->x509,
					 X509_ADD_FLAG_UP_REF) != 1;
	if (!g.failed && is_pinned(params))
		g.failed = X509_STORE_add_cert(p->anchors, params->chain[0]->x509) != 1;
	return g.failed ? E_NOMEM : 0;
}

/* Why a certificate in a path cannot stay there, where OpenSSL's own text does not say enough. */
static const struct reason {
	int code;
	const char *text;
} reasons[] = {
	{X509_V_ERR_INVALID_CA,
	 "it is no CA (its basicConstraints do not say CA), but it issued a certificate"},
	{X509_V_ERR_PATH_LENGTH_EXCEEDED,
	 "there are more CAs below it than its basicConstraints pathlen allows"},
	{X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "it issued a certificate, but its keyUsage lacks "
					  "keyCertSign"},
	{X509_V_ERR_CERT_SIGNATURE_FAILURE, "its signature is not that of its issuer"},
	{X509_V_ERR_PERMITTED_VIOLATION,
	 "a name in it is not among those its CA may issue (name constraints)"},
	{X509_V_ERR_EXCLUDED_VIOLATION,
	 "a name in it is one that its CA may not issue (name constraints)"},
	{X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
	 "it has a critical extension that is not understood here"},
	{X509_V_ERR_EE_KEY_TOO_SMALL, "its key is too weak: at least 80 bits of security expected "
				      "(RSA 1024, ECDSA 160)"},
	{X509_V_ERR_CA_KEY_TOO_SMALL, "its key is too weak: at least 80 bits of security expected "
				      "(RSA 1024, ECDSA 160)"},
	{X509_V_ERR_CA_MD_TOO_WEAK,
	 "it is signed with too weak a hash: SHA-224 or better expected"},
	{X509_V_ERR_CERT_CHAIN_TOO_LONG, "the path is too long: at most 10 intermediate CAs"},
};

static const char *reason_text(int code)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].code == code)
			return reasons[i].text;
	}
	return X509_verify_cert_error_string(code);
}

/* Looking for an anchor that bears the name of a missing issuer. */
struct namesake {
	const X509_NAME *name;
	bool found;
	bool key_known;
};

static bool look_for_namesake(void *ctx, const struct cred_cert_info *info)
{
	struct namesake *n = ctx;

	if (info->flag == CRED_CA &&
	    X509_NAME_cmp(X509_get_subject_name(info->cert->x509), n->name) == 0) {
		n->found = true;
		n->key_known = cert_key(info->cert) != NULL;
	}
	return !n->found;
}

static int refuse_no_issuer(struct cred_store *store, const X509 *x, struct log_notes *notes)
{
	struct namesake n = {.name = X509_get_issuer_name(x)};
	struct wbuf line;

	cred_each_cert(store, look_for_namesake, &n);
	wbuf_init(&line, 0);
	wbuf_str(&line, "no issuer certificate found for ");
	write_subject(x, &line);
	wbuf_str(&line, ": its issuer is \"");
	dn_text(n.name, &line);
	if (n.found && !n.key_known)
		wbuf_str(&line, "\", whose key is of a kind that no loaded provider knows");
	else if (n.found)
		wbuf_str(&line, "\": a CA of this name is loaded, but with another key, or it may "
				"not issue certificates: put the right CA certificate into x509ca "
				"(swanctl --load-creds)");
	else
		wbuf_str(&line, "\", which is no trusted CA here: put that CA certificate into "
				"x509ca (swanctl --load-creds)");
	say(notes, &line);
	return E_UNTRUSTED;
}

static int refuse_time(const X509 *x, int code, int64_t now, struct log_notes *notes)
{
	char when_text[TRUST_TEXT_MAX], now_text[TRUST_TEXT_MAX];
	bool expired = code == X509_V_ERR_CERT_HAS_EXPIRED;
	struct wbuf line;

	wbuf_init(&line, 0);
	wbuf_str(&line, "certificate ");
	write_subject(x, &line);
	wbuf_fmt(
		&line, " %s (valid %s %s, now %s): renew it, or set the clock",
		expired ? "has expired" : "is not valid yet", expired ? "to" : "from",
		asn1_time_text(expired ? X509_get0_notAfter(x) : X509_get0_notBefore(x), when_text),
		time_text(now, now_text));
	say(notes, &line);
	return E_EXPIRED;
}

static int refuse_reason(const X509 *x, const char *why, struct log_notes *notes)
{
	struct wbuf line;

	wbuf_init(&line, 0);
	wbuf_str(&line, "certificate ");
	write_subject(x, &line);
	wbuf_fmt(&line, " is not trusted: %s", why);
	say(notes, &line);
	return E_UNTRUSTED;
}

static int refuse_unknown_key(const X509 *x, struct log_notes *notes)
{
	ASN1_OBJECT *algorithm = NULL;
	char why[2 * TRUST_TEXT_MAX], oid[TRUST_TEXT_MAX] = "?";

	if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(x)) == 1)
		OBJ_obj2txt(oid, sizeof(oid), algorithm, 0);
	snprintf(why, sizeof(why), "its public key (%s) is of a kind that no loaded provider knows",
		 oid);
	return refuse_reason(x, why, notes);
}

/* What OpenSSL found, in our words. */
static int refuse_path(const struct path *p, int code, struct cred_store *store,
		       const struct trust_params *params, struct log_notes *notes)
{
	const X509 *x = X509_STORE_CTX_get_current_cert(p->ctx);

	if (!x)
		x = params->chain[0]->x509;
	switch (code) {
	case X509_V_ERR_OUT_OF_MEM:
		return E_NOMEM;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return blame(
			params, TRUST_FAULT_ROOT,
			refuse_reason(x, "it is self-signed, and not one of remote.certs", notes));
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return blame(params, TRUST_FAULT_EXPIRED, refuse_time(x, code, params->now, notes));
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return blame(params, TRUST_FAULT_ROOT, refuse_no_issuer(store, x, notes));
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return blame(params, TRUST_FAULT_NO_ISSUER, refuse_no_issuer(store, x, notes));
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
		return blame(params, TRUST_FAULT_PATH_LENGTH,
			     refuse_reason(x, reason_text(code), notes));
	default:
		return refuse_reason(x, reason_text(code), notes);
	}
}

/*
 * OpenSSL takes the strength of a signature from its hash. A scheme that hashes by itself is as
 * strong as the key, which is judged on its own; but of those that a provider brings, OpenSSL 3.0
 * cannot tell it, and calls them weak.
 */
static int judge(int ok, X509_STORE_CTX *ctx)
{
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	int scheme, digest, key;

	if (ok || X509_STORE_CTX_get_error(ctx) != X509_V_ERR_CA_MD_TOO_WEAK || !x)
		return ok;
	scheme = X509_get_signature_nid(x);
	if (X509_get_signature_info(x, NULL, NULL, NULL, NULL) == 1 ||
	    OBJ_find_sigid_algs(scheme, &digest, &key) != 1 || digest != NID_undef || key != scheme)
		return ok;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

/* RFC 5280 section 6 by OpenSSL. Returns an X509_V_* code. */
static int verify(struct path *p, const struct trust_params *params, unsigned long flags)
{
	X509_VERIFY_PARAM *how;

	X509_STORE_CTX_cleanup(p->ctx);
	if (X509_STORE_CTX_init(p->ctx, p->anchors, params->chain[0]->x509, p->untrusted) != 1)
		return X509_V_ERR_OUT_OF_MEM;
	X509_STORE_CTX_set_verify_cb(p->ctx, judge);
	how = X509_STORE_CTX_get0_param(p->ctx);
	X509_VERIFY_PARAM_set_time(how, (time_t)params->now);
	X509_VERIFY_PARAM_set_depth(how, TRUST_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(how, TRUST_SECURITY_LEVEL);
	if (X509_VERIFY_PARAM_set_flags(how, flags) != 1)
		return X509_V_ERR_OUT_OF_MEM;
	if (X509_verify_cert(p->ctx) == 1)
		return X509_V_OK;
	return X509_STORE_CTX_get_error(p->ctx);
}

static bool lacks_issuer(int code)
{
	return code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

/*
 * Up to a root if there is one, so that remote.cacerts and ca_id may name it even when an
 * intermediate CA is loaded too; else that one is an anchor by itself.
 */
static int path_build(struct path *p, struct cred_store *store, const struct trust_params *params,
		      struct log_notes *notes)
{
	int code;

	if (!cert_key(params->chain[0]))
		return refuse_unknown_key(params->chain[0]->x509, notes);
	code = verify(p, params, 0);
	if (lacks_issuer(code))
		code = verify(p, params, X509_V_FLAG_PARTIAL_CHAIN);
	if (code != X509_V_OK)
		return refuse_path(p, code, store, params, notes);
	p->chain = X509_STORE_CTX_get0_chain(p->ctx);
	p->n_chain = sk_X509_num(p->chain);
	p->n_untrusted = X509_STORE_CTX_get_num_untrusted(p->ctx);
	return 0;
}

/*
 * RFC 5280 section 6.1.4 (k): OpenSSL also lets keyCertSign stand for the basic constraint.
 * RFC 4945 section 5.1.3.2: the end entity's key must be allowed to sign.
 */
static int check_usage(const struct path *p, struct log_notes *notes)
{
	X509 *ee = sk_X509_value(p->chain, 0);

	for (int i = 1; i < p->n_chain; i++) {
		X509 *ca = sk_X509_value(p->chain, i);

		if (!(X509_get_extension_flags(ca) & EXFLAG_CA))
			return refuse_reason(ca, reason_text(X509_V_ERR_INVALID_CA), notes);
	}
	/* Without the extension all bits are set. */
	if (!(X509_get_key_usage(ee) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
		return refuse_reason(
			ee,
			"its keyUsage has neither digitalSignature nor nonRepudiation, "
			"one of which IKE needs (RFC 4945 section 5.1.3.2)",
			notes);
	return 0;
}

static void say_path(const struct path *p, struct log_notes *notes)
{
	X509 *last = sk_X509_value(p->chain, p->n_chain - 1);
	bool to_root = (X509_get_extension_flags(last) & EXFLAG_SS) != 0;

	if (p->n_chain == 1) {
		say_cert(notes, "  using trusted certificate ", last, "");
		return;
	}
	for (int i = 1; i < p->n_chain; i++) {
		const char *what = "  using untrusted intermediate certificate ";

		if (i >= p->n_untrusted)
			what = i + 1 == p->n_chain && to_root
				       ? "  using trusted ca certificate "
				       : "  using trusted intermediate ca certificate ";
		say_cert(notes, what, sk_X509_value(p->chain, i), "");
	}
	log_note(notes, LOG_CFG, LOG_CTRL, "  reached %s with a path length of %d",
		 to_root ? "self-signed root ca" : "trusted intermediate ca", p->n_chain - 2);
}

static int refuse_status(const X509 *x, const struct trust_params *params,
			 enum revoke_status status, struct log_notes *notes)
{
	struct wbuf line;

	if (status == REVOKE_REVOKED)
		return blame(params, TRUST_FAULT_REVOKED, E_REVOKED);
	wbuf_init(&line, 0);
	wbuf_str(&line, "certificate ");
	write_subject(x, &line);
	wbuf_fmt(&line,
		 " is not known to be good: %s, but remote.revocation = %s wants one: put a "
		 "CRL of its issuer into x509crl (swanctl --load-creds)",
		 status == REVOKE_STALE ? "the CRL of its issuer is out of date, no valid one is "
					  "loaded"
					: "no valid CRL of its issuer is loaded",
		 params->revocation == TRUST_STRICT ? "strict" : "ifuri");
	say(notes, &line);
	return blame(params, TRUST_FAULT_STATUS, E_CONFIG);
}

/* Whether the certificate says itself where its status is to be had. */
static bool has_status_uri(X509 *x)
{
	return X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0 ||
	       X509_get_ext_by_NID(x, NID_info_access, -1) >= 0;
}

/* The status of all that a trust anchor stands for; pinned ones without an issuer have none. */
static int check_status(const struct path *p, struct cred_store *store,
			const struct trust_params *params, struct log_notes *notes)
{
	for (int i = 0; i + 1 < p->n_chain; i++) {
		X509 *x = sk_X509_value(p->chain, i);
		enum revoke_status status;

		say_cert(notes, "checking certificate status of ", x, "");
		status = revoke_check(store, x, sk_X509_value(p->chain, i + 1), params->now, notes);
		if (status == REVOKE_REVOKED ||
		    (status != REVOKE_GOOD &&
		     (params->revocation == TRUST_STRICT ||
		      (params->revocation == TRUST_IFURI && has_status_uri(x)))))
			return refuse_status(x, params, status, notes);
	}
	if (p->n_chain == 1 && params->revocation == TRUST_STRICT)
		return refuse_status(sk_X509_value(p->chain, 0), params, REVOKE_MISSING, notes);
	return 0;
}

/* The identity as it was sent, character by character: a peer cannot send a wildcard. */
static bool speaks_for(const struct cert *c, const struct id *id)
{
	return id->type != ID_ANY && cert_has_id(c, id) >= id_match(id, id);
}

static int check_identity(const struct trust_params *params, struct log_notes *notes)
{
	const struct cert *ee = params->chain[0];
	struct wbuf line;

	if (speaks_for(ee, params->id))
		return 0;
	wbuf_init(&line, 0);
	wbuf_str(&line, "certificate ");
	write_subject(ee->x509, &line);
	wbuf_str(&line, " does not contain the identity '");
	id_text(params->id, &line);
	wbuf_str(&line, "' (it has: ");
	cert_write_ids(ee, &line);
	wbuf_str(&line, "); remote.id decides");
	say(notes, &line);
	return E_AUTH;
}

static bool has_one_of(const struct path *p, struct cert *const *certs, size_t n)
{
	for (int i = 1; i < p->n_chain; i++) {
		for (size_t j = 0; j < n; j++) {
			if (X509_cmp(sk_X509_value(p->chain, i), certs[j]->x509) == 0)
				return true;
		}
	}
	return false;
}

static int refuse_cacerts(const struct trust_params *params, struct log_notes *notes)
{
	struct wbuf line;

	wbuf_init(&line, 0);
	wbuf_str(&line, "certificate ");
	write_subject(params->chain[0]->x509, &line);
	wbuf_str(&line, " is not issued under remote.cacerts, which wants ");
	for (size_t i = 0; i < params->n_cacerts; i++) {
		wbuf_str(&line, i > 0 ? " or " : "");
		write_subject(params->cacerts[i]->x509, &line);
	}
	say(notes, &line);
	return E_CONFIG;
}

static int check_ca_id(const struct path *p, const struct trust_params *params,
		       struct log_notes *notes)
{
	struct id want;
	struct wbuf line;
	bool found = false;

	if (id_parse(params->ca_id, &want) || want.type != IDTYPE_DN) {
		log_note(notes, LOG_CFG, LOG_CTRL,
			 "remote.ca_id '%s' is not the Distinguished Name of a CA", params->ca_id);
		id_done(&want);
		return E_CONFIG;
	}
	for (int i = 1; i < p->n_chain && !found; i++) {
		const unsigned char *der;
		size_t len;
		unsigned wildcards;

		found = X509_NAME_get0_der(X509_get_subject_name(sk_X509_value(p->chain, i)), &der,
					   &len) == 1 &&
			dn_match(view_make(der, len), view_make(want.data, want.len), &wildcards);
	}
	id_done(&want);
	if (found)
		return 0;
	wbuf_init(&line, 0);
	wbuf_str(&line, "certificate ");
	write_subject(params->chain[0]->x509, &line);
	wbuf_fmt(&line, " is not issued under \"%s\", which remote.ca_id wants", params->ca_id);
	say(notes, &line);
	return E_CONFIG;
}

/* remote.auth may ask for more than the security level does, of every key in the path. */
static int check_strength(const struct path *p, const struct trust_params *params,
			  struct log_notes *notes)
{
	for (int i = 0; i < p->n_chain; i++) {
		X509 *x = sk_X509_value(p->chain, i);
		EVP_PKEY *key = X509_get0_pubkey(x);
		unsigned bits = (unsigned)EVP_PKEY_get_bits(key);
		bool rsa = EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");
		unsigned least = rsa			    ? params->min_bits_rsa
				 : EVP_PKEY_is_a(key, "EC") ? params->min_bits_ecdsa
							    : 0;
		struct wbuf line;

		if (bits >= least)
			continue;
		wbuf_init(&line, 0);
		wbuf_str(&line, "certificate ");
		write_subject(x, &line);
		wbuf_fmt(&line, " has a key of %u bits, but remote.auth wants %s-%u or better",
			 bits, rsa ? "rsa" : "ecdsa", least);
		say(notes, &line);
		return E_CONFIG;
	}
	return 0;
}

/* Hash of a certificate's signature by the numbers of RFC 7427; 5 where the scheme has none. */
static unsigned signature_hash(X509 *x)
{
	int nid = NID_undef;

	if (X509_get_signature_info(x, &nid, NULL, NULL, NULL) != 1)
		return 5;
	switch (nid) {
	case NID_undef:
		return 5;
	case NID_sha1:
		return 1;
	case NID_sha256:
		return 2;
	case NID_sha384:
		return 3;
	case NID_sha512:
		return 4;
	default:
		return 0;
	}
}

/* remote.auth may name the hashes that the certificates below the trust anchor are signed with. */
static int check_hashes(const struct path *p, const struct trust_params *params,
			struct log_notes *notes)
{
	for (int i = 0; params->words && i + 1 < p->n_chain; i++) {
		X509 *x = sk_X509_value(p->chain, i);
		EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(p->chain, i + 1));
		const char *type = key ? sign_key_type(key) : NULL;
		const ASN1_OBJECT *oid;
		const X509_ALGOR *alg;
		char name[64];
		struct wbuf line;

		if (constraint_allows_cert(params->words, type ? type : "", signature_hash(x)))
			continue;
		X509_get0_signature(NULL, &alg, x);
		X509_ALGOR_get0(&oid, NULL, NULL, alg);
		OBJ_obj2txt(name, sizeof(name), oid, 0);
		wbuf_init(&line, 0);
		wbuf_str(&line, "certificate ");
		write_subject(x, &line);
		wbuf_fmt(&line, " is signed with %s, but remote.auth allows ", name);
		constraint_text(params->words, &line);
		say(notes, &line);
		return E_CONFIG;
	}
	return 0;
}

/* What the configuration asks of a path that is trusted. */
static int check_constraints(const struct path *p, const struct trust_params *params,
			     struct log_notes *notes)
{
	int err = 0;

	if (params->n_pinned && !is_pinned(params)) {
		say_cert(notes, "certificate ", params->chain[0]->x509,
			 " is none of those that remote.certs allows");
		return E_CONFIG;
	}
	if (params->n_cacerts && !has_one_of(p, params->cacerts, params->n_cacerts))
		return refuse_cacerts(params, notes);
	if (params->ca_id)
		err = check_ca_id(p, params, notes);
	if (!err)
		err = check_strength(p, params, notes);
	return err ? err : check_hashes(p, params, notes);
}

static int check_steps(struct path *p, struct cred_store *store, const struct trust_params *params,
		       struct log_notes *notes)
{
	int err = path_gather(p, store, params);

	if (!err)
		err = path_build(p, store, params, notes);
	if (!err)
		err = check_usage(p, notes);
	if (err)
		return err;
	say_path(p, notes);
	err = check_status(p, store, params, notes);
	if (!err)
		err = check_identity(params, notes);
	return err ? err : check_constraints(p, params, notes);
}

int trust_check(struct cred_store *store, const struct trust_params *params,
		struct log_notes *notes, struct cert **out)
{
	struct path p = {0};
	int err;

	*out = NULL;
	if (params->n_chain == 0)
		return trust_check_known(store, params, notes, out);
	ERR_set_mark();
	say_cert(notes, "  using certificate ", params->chain[0]->x509, "");
	err = check_steps(&p, store, params, notes);
	path_done(&p);
	ERR_pop_to_mark();
	if (!err)
		*out = cert_get(params->chain[0]);
	return err;
}

struct candidates {
	const struct id *id;
	struct cert **certs; /* references */
	size_t n;
	bool failed;
};

static bool add_candidate(void *ctx, const struct cred_cert_info *info)
{
	struct candidates *found = ctx;
	struct cert **certs;

	if (!speaks_for(info->cert, found->id))
		return true;
	certs = realloc(found->certs, (found->n + 1) * sizeof(struct cert *));
	if (!certs) {
		found->failed = true;
		return false;
	}
	found->certs = certs;
	found->certs[found->n++] = cert_get(info->cert);
	return true;
}

int trust_check_known(struct cred_store *store, const struct trust_params *params,
		      struct log_notes *notes, struct cert **out)
{
	struct candidates found = {.id = params->id};
	struct trust_params one = *params;
	int err = E_UNTRUSTED;

	*out = NULL;
	cred_each_cert(store, add_candidate, &found);
	if (found.failed)
		err = E_NOMEM;
	if (found.n == 0 && !found.failed) {
		struct wbuf line;

		wbuf_init(&line, 0);
		wbuf_str(&line, "no certificate for '");
		id_text(params->id, &line);
		wbuf_str(&line, "' was received, and none is loaded: let the peer send it "
				"(send_cert), or put it into x509");
		say(notes, &line);
	}
	for (size_t i = 0; i < found.n && err && !found.failed; i++) {
		one.chain = &found.certs[i];
		one.n_chain = 1;
		err = trust_check(store, &one, notes, out);
	}
	for (size_t i = 0; i < found.n; i++)
		cert_put(found.certs[i]);
	free(found.certs);
	return err;
}
