/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_STORE_H
#define CRED_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "cred/cert.h"
#include "cred/crl.h"
#include "cred/id.h"
#include "cred/keyref.h"

/*
 * Certificates, revocation lists, private keys and shared secrets of one daemon. Entries are
 * immutable; the store has a lock of its own, so that a job may look up while the engine loads.
 * What is returned is a reference of the caller's.
 */
struct cred_store;

struct cred_store *cred_new(void);
void cred_free(struct cred_store *s);
/* Drop everything but the certificates that are held (vici clear-creds). */
void cred_clear(struct cred_store *s);

enum cred_flag { CRED_NONE, CRED_CA, CRED_AA, CRED_OCSP };

/*
 * Add a certificate; one that is there already is not added twice (and *out is the old one).
 * CRED_CA makes it a trust anchor, also one that was there without; E_CONFIG if it lacks the CA
 * basic constraint. E_MALFORMED if it is no certificate. out may be NULL; else a reference.
 */
int cred_add_cert(struct cred_store *s, struct view data, enum cred_flag flag,
		  struct cert **out) ERR_MUST_CHECK;
/*
 * The same for a connection or an authority that needs the certificate as long as it is loaded: it
 * is there, and a trust anchor for CRED_CA (no other flag but CRED_NONE is of use), until
 * cred_release_cert() with the same flag was called as often; also over cred_clear().
 */
int cred_hold_cert(struct cred_store *s, struct view data, enum cred_flag flag,
		   struct cert **out) ERR_MUST_CHECK;
void cred_release_cert(struct cred_store *s, const struct cert *c, enum cred_flag flag);
/*
 * Add a revocation list (errors as crl_parse()). It takes the place of those that it supersedes;
 * one that is superseded by, or the same as, what is here is dropped, and *out is that one. out is
 * a reference.
 */
int cred_add_crl(struct cred_store *s, struct view data, struct crl **out) ERR_MUST_CHECK;
/* Drop all revocation lists (vici flush-certs); returns how many there were. */
unsigned cred_flush_crls(struct cred_store *s);
/* Add a private key; takes a reference of its own. Replaces one with the same id. */
int cred_add_key(struct cred_store *s, struct keyref *k) ERR_MUST_CHECK;
int cred_remove_key(struct cred_store *s, const uint8_t id[20]) ERR_MUST_CHECK;

enum cred_secret_type { CRED_IKE, CRED_EAP, CRED_XAUTH, CRED_NTLM, CRED_PPK };

/*
 * A shared secret and whom it is for; owners is borrowed and copied; none = anyone. unique_id may
 * be NULL; an entry with the same one is replaced.
 */
struct cred_secret_params {
	enum cred_secret_type type;
	const char *unique_id;
	struct view data;
	const char *const *owners;
	size_t n_owners;
};
int cred_add_secret(struct cred_store *s, const struct cred_secret_params *params) ERR_MUST_CHECK;
int cred_remove_secret(struct cred_store *s, const char *unique_id) ERR_MUST_CHECK;

/* Which shared secret is wanted: of a type, for two identities (NULL or %any: unknown). */
struct cred_secret_query {
	enum cred_secret_type type;
	const struct id *me, *other;
	unsigned rank; /* 0 the best match, 1 the next one, ... */
	/* Only secrets that prove who `other` is: not those that name others beside me. */
	bool proves_other;
};
/* A copy of the secret that the query asks for. E_NOTFOUND when there are no more. */
int cred_find_secret(struct cred_store *s, const struct cred_secret_query *query,
		     struct secret *out) ERR_MUST_CHECK;
/* Whether there is any secret of this type. */
bool cred_has_secret(struct cred_store *s, enum cred_secret_type type);
/* Private key of a certificate, or NULL. */
struct keyref *cred_find_key(struct cred_store *s, const struct cert *c);
/*
 * Best certificate that speaks for id and whose private key is here; prefers one issued, directly
 * or through CAs that are here, by a CA in ca_hashes (n_hashes SHA-1 SPKI hashes, 20 bytes each,
 * may be 0), and of equal ones the one that expires last. NULL if none.
 */
struct cert *cred_find_own_cert(struct cred_store *s, const struct id *id, const uint8_t *ca_hashes,
				size_t n_hashes);
/*
 * Intermediate or root certificate that issued c (by name and key id), or NULL; a self-signed one
 * is its own issuer.
 */
struct cert *cred_find_issuer(struct cred_store *s, const struct cert *c);
/* CA certificate with this SHA-1 SPKI hash (CERTREQ), or NULL. */
struct cert *cred_find_ca(struct cred_store *s, const uint8_t spki_sha1[20]);
/* Whether c is a trust anchor here. */
bool cred_is_anchor(struct cred_store *s, const struct cert *c);

/*
 * Iterate: the callback gets borrowed values; return false to stop. It must not change the store.
 */
struct cred_cert_info {
	const struct cert *cert;
	enum cred_flag flag;
	bool has_key;
};
void cred_each_cert(struct cred_store *s, bool (*fn)(void *ctx, const struct cred_cert_info *),
		    void *ctx);
void cred_each_crl(struct cred_store *s, bool (*fn)(void *ctx, const struct crl *), void *ctx);
void cred_each_key(struct cred_store *s, bool (*fn)(void *ctx, const struct keyref *), void *ctx);
void cred_each_secret(struct cred_store *s, bool (*fn)(void *ctx, const char *unique_id),
		      void *ctx);

#endif
