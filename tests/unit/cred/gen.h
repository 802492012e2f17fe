/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CRED_GEN_H
#define TESTS_UNIT_CRED_GEN_H

#include <openssl/types.h>

#include "cred/cert.h"

/* A made certificate and its key, for tests. Everything that fails here ends the program. */
struct gen {
	EVP_PKEY *key;
	X509 *x509;
	struct cert *cert; /* the same, parsed */
};

/* 2026-01-01 and 2027-01-01 UTC: the validity unless said otherwise; GEN_NOW lies between. */
#define GEN_NOT_BEFORE 1767225600
#define GEN_NOT_AFTER  1798761600
#define GEN_NOW	       1782864000
#define GEN_YEAR       31536000

struct gen_params {
	const char *subject;	  /* as id_parse() reads it */
	const struct gen *issuer; /* NULL: self-signed */
	const char *key;	  /* "P-256" if NULL, "RSA:bits", "ED25519", "Dilithium5", ... */
	const char *digest;	  /* "SHA256" if NULL; for RSA and EC only */
	const char *ext[8];	  /* "name=value" as in openssl.cnf */
	int64_t not_before, not_after;
};

EVP_PKEY *gen_key(const char *kind);
struct gen gen_make(const struct gen_params *params);
/* A CA with basicConstraints and keyUsage as they should be, valid a year longer either way. */
struct gen gen_ca(const char *subject, const struct gen *issuer);
/* An end entity of issuer; alt_name ("DNS:a.example") may be NULL. */
struct gen gen_leaf(const char *subject, const char *alt_name, const struct gen *issuer);
void gen_done(struct gen *g);

struct gen_crl_params {
	const struct gen *issuer, *signer; /* signer: the issuer if NULL */
	const struct gen *revoked[4];
	int reason; /* of all of them; 0: none is given */
	long number;
	int64_t this_update, next_update; /* GEN_NOT_BEFORE and GEN_NOT_AFTER if 0 */
	const char *ext;		  /* "name=value", may be NULL */
};

/* The DER of a revocation list; valid until the next call. */
struct view gen_crl(const struct gen_crl_params *params);

/* The DER of a made certificate. */
struct view gen_der(const struct gen *g);
/* Read a file of reference data; false if it is not there. To be freed. */
bool gen_read_file(const char *path, uint8_t **out, size_t *out_len);

#endif
