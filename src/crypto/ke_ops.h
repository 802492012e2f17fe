/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KE_OPS_H
#define CRYPTO_KE_OPS_H

#include <stdbool.h>
#include <openssl/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

struct alg;

/*
 * How a kind of key exchange works. Diffie-Hellman leaves `answer` NULL: to answer is to generate,
 * encode and finish with the offer. A KEM answers by encapsulation. Private to this room.
 */
struct ke_ops {
	/* Whether the OpenSSL at hand can do it. */
	bool (*available)(const struct alg *alg);
	/* New ephemeral key pair, for the caller to free. E_CRYPTO. */
	int (*generate)(const struct alg *alg, EVP_PKEY **out);
	/* Append the public key as the KE payload carries it: u.ke.offer_len bytes. */
	int (*encode)(const struct alg *alg, EVP_PKEY *key, struct wbuf *out);
	/* Append the answer to an offer (u.ke.answer_len bytes), make the secret. Or NULL. */
	int (*answer)(const struct alg *alg, struct view offer, struct wbuf *out_answer,
		      struct secret *out_secret);
	/* Secret of our key and the peer's value, whose length is right. E_MALFORMED, E_CRYPTO. */
	int (*finish)(const struct alg *alg, EVP_PKEY *key, struct view peer,
		      struct secret *out_secret);
};

/* Groups modulo a prime: RFC 2409, RFC 3526, RFC 5114. */
extern const struct ke_ops ke_modp_ops;
/* Elliptic curves in Weierstrass form: RFC 5903, RFC 6954. */
extern const struct ke_ops ke_ecp_ops;
/* X25519 and X448: RFC 8031. */
extern const struct ke_ops ke_xdh_ops;
/* Key encapsulation: ML-KEM, and what has private numbers. */
extern const struct ke_ops ke_kem_ops;

/* What to derive, and how far to trust OpenSSL's import of the peer's key. */
struct ke_derive {
	EVP_PKEY *key, *peer;
	bool check_peer; /* run OpenSSL's full check of the peer's key */
	bool pad;	 /* keep leading zeros of the secret (DH) */
	size_t len;	 /* the secret has exactly this many bytes */
};

/* E_MALFORMED if the peer's key does not pass, or nothing can be derived from it. E_CRYPTO. */
int ke_derive_secret(const struct ke_derive *d, struct secret *out) ERR_MUST_CHECK;

#endif
