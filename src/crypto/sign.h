/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/types.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Signature schemes of IKE_AUTH: a row each. With RFC 7427 (method 14) a scheme is named by its
 * AlgorithmIdentifier; the older methods 1, 9, 10, 11 are rows too (algid empty).
 */
struct sign_scheme {
	const char *name;     /* "ECDSA_WITH_SHA256_DER", "RSA_EMSA_PSS_SHA2_256_SALT_32", ... */
	const char *key_type; /* "RSA", "ED25519", "Dilithium5", ...: as sign_key_type() says */
	uint8_t auth_method;  /* 14, or 1, 9, 10, 11 */
	uint8_t ike_hash;     /* RFC 7427 hash number; 5 (identity) where there is none */
	unsigned min_bits, max_bits; /* key sizes it is meant for (a curve has exactly one) */
	bool pss;
	struct view algid; /* DER AlgorithmIdentifier; empty for the older methods */
	const void *impl;
};

#define SIGN_HASH_BIT(h) (1u << (h))

/* All rows, strongest-suited first per key type; NULL at the end. */
const struct sign_scheme *sign_at(size_t index);
/* Row of a method-14 AlgorithmIdentifier, or NULL; PSS parameters must be those of a row. */
const struct sign_scheme *sign_find_algid(struct view algid);
/* Row of an older method (1, 9, 10, 11), or NULL. */
const struct sign_scheme *sign_find_method(uint8_t auth_method);
/*
 * The scheme to sign with: for this key, given the peer's hashes (mask of SIGN_HASH_BIT; 0 = the
 * peer sent no SIGNATURE_HASH_ALGORITHMS: an older method). prefer_pss as charon.rsa_pss. NULL if
 * none fits.
 */
const struct sign_scheme *sign_choose(EVP_PKEY *key, unsigned peer_hashes, bool prefer_pss);
/* The same of those schemes alone that `allow` takes; PSS too where nothing else is allowed. */
struct sign_choice {
	unsigned peer_hashes;
	bool prefer_pss;
	bool (*allow)(const void *ctx, const struct sign_scheme *scheme, unsigned bits);
	const void *ctx;
};
const struct sign_scheme *sign_choose_of(EVP_PKEY *key, const struct sign_choice *choice);
/* Sign tbs; appends the signature as the AUTH payload carries it (for 9..11: r | s). */
int sign_create(const struct sign_scheme *scheme, EVP_PKEY *key, struct view tbs,
		struct wbuf *out) ERR_MUST_CHECK;
/* E_AUTH if the signature is wrong, E_UNSUPPORTED if the key does not go with the scheme. */
int sign_verify(const struct sign_scheme *scheme, EVP_PKEY *key, struct view tbs,
		struct view sig) ERR_MUST_CHECK;
/*
 * "RSA", "ECDSA", "ED25519", "ED448", "Dilithium5", "Falcon1024", "ML_DSA_65", or the provider's
 * name of the key type.
 */
const char *sign_key_type(EVP_PKEY *key);

#endif
