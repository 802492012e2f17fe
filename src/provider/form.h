/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_FORM_H
#define PROVIDER_FORM_H

#include "provider/key.h"

/*
 * Private to this room: keys as they are written, in DER. An AlgorithmIdentifier is an object
 * identifier without parameters, a public key the bare bytes. A private key of Dilithium or Falcon
 * is OCTET STRING { secret || public }, as strongSwan 6.0 beta and liboqs' provider write it; that
 * of ML-DSA is the CHOICE of RFC 9881 section 6: seed, expanded key, or both; and that of ML-KEM
 * the same one of RFC 9935 section 6.
 */

/* Make OpenSSL know the type's object identifier, for keys and signatures. False if it refuses. */
bool provider_form_register(const struct provider_type *type);

/* These set *out, to be freed with OPENSSL_free(), and return its length, or -1. */
/* AlgorithmIdentifier. */
int provider_form_algorithm(const struct provider_type *type, unsigned char **out);
/* SubjectPublicKeyInfo (RFC 5280 section 4.1). */
int provider_form_public(const struct provider_key *key, unsigned char **out);
/* PrivateKeyInfo (RFC 5208, version 0), with the seed of an ML-DSA or ML-KEM key if it is known. */
int provider_form_private(const struct provider_key *key, unsigned char **out);

/*
 * Fill an empty key. 0; 1 if it is not such a structure, or of another type; PQC_E_KEY if it is one
 * of this type but malformed or inconsistent, PQC_E_NOMEM.
 */
int provider_form_read_public(struct provider_key *key, struct pqc_bytes der);
int provider_form_read_private(struct provider_key *key, struct pqc_bytes der);

#endif
