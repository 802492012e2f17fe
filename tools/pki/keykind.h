/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_KEYKIND_H
#define PKI_KEYKIND_H

#include <stdbool.h>
#include <openssl/types.h>

/* The words of --type for keys, and what OpenSSL calls them. */
struct keykind {
	const char *word; /* "dilithium5" */
	const char *name; /* "Dilithium5" */
	unsigned size;	  /* default of --size in bits; 0 if the kind has only one */
};

/* The words, as the usage text shows them. */
#define KEYKIND_WORDS                                                                            \
	"rsa|ecdsa|ed25519|ed448|dilithium2|dilithium3|dilithium5|falcon512|falcon1024|mldsa44|" \
	"mldsa65|mldsa87"

/* NULL if there is no such word. */
const struct keykind *keykind_find(const char *word);
/* Whether a key is of the kind. */
bool keykind_is(const struct keykind *kind, const EVP_PKEY *key);
/* The nearest word to one that is none, or NULL. */
const char *keykind_nearest(const char *word);

#endif
