/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_KEY_H
#define PROVIDER_KEY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pqc/pqc.h"

/* Private to this room: keys, as key management makes them and the operations use them. */

/* What a key is of: a row of the library (one of kem and sig), and what all kinds of rows have. */
struct provider_type {
	const char *name;	       /* the first of names */
	const char *names;	       /* as OpenSSL takes them, with colons between */
	const char *oid;	       /* dotted; NULL: keys of this type are not written */
	size_t public_len, secret_len; /* bytes */
	size_t seed_len;  /* of the seed that its standard writes for a private key; 0 for none */
	size_t public_at; /* where a private key of a KEM holds the public one, if it is written */
	unsigned security_bits; /* of the category that its authors claim */
	const struct pqc_kem *kem;
	const struct pqc_sig *sig;
};

struct provider_key {
	atomic_uint refs;
	struct provider_type type;
	/* Of the type's lengths; NULL: not known. A seed is there only beside the sec it makes. */
	uint8_t *pub, *sec, *seed;
};

/* Row number i of all kinds from 0; false after the last. */
bool provider_key_type_at(size_t i, struct provider_type *out);

/* A key without halves, with one reference; NULL if there is no memory. */
struct provider_key *provider_key_new(const struct provider_type *type);
/* Another reference. */
struct provider_key *provider_key_get(struct provider_key *key);
/* Give a reference up; the last one wipes. NULL is fine. */
void provider_key_put(struct provider_key *key);
/* A copy with those of the halves that there are; NULL if there is no memory. */
enum { PROVIDER_KEY_PUBLIC = 1, PROVIDER_KEY_SECRET = 2 };
struct provider_key *provider_key_dup(const struct provider_key *key, unsigned halves);

/* Fresh halves from OpenSSL's random generator. 0, or PQC_E_*: the key is as it was. */
int provider_key_generate(struct provider_key *key);
/* Copy a half in, checked for length and content. PQC_E_KEY, PQC_E_NOMEM: the key is as it was. */
int provider_key_set_public(struct provider_key *key, struct pqc_bytes pub);
/* With a signature scheme it brings its public half along; another one there is PQC_E_KEY. */
int provider_key_set_secret(struct provider_key *key, struct pqc_bytes sec);
/* Make both halves of a seed of seed_len bytes, and keep it. */
int provider_key_set_seed(struct provider_key *key, struct pqc_bytes seed);
/* Forget the private half. */
void provider_key_drop_secret(struct provider_key *key);
/* Whether the halves belong together. */
bool provider_key_is_pair(const struct provider_key *key);
/* Content of the halves that are there. */
struct pqc_bytes provider_key_public(const struct provider_key *key);
struct pqc_bytes provider_key_secret(const struct provider_key *key);

/* OpenSSL's generator for private bytes as the library wants it. */
extern const struct pqc_rng provider_key_rng;
/* Raise an OpenSSL error for a PQC_E_*: "Kyber768: a malformed key". Returns 0 for OpenSSL. */
int provider_key_fail(const struct provider_type *type, int err);

#endif
