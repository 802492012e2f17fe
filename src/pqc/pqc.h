/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_PQC_H
#define PQC_PQC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * libcygnet-pqc: key encapsulation and signatures. An algorithm is a row: find it by name, then
 * call the functions below with it. The library keeps no state but the choice of CPU variants, so
 * every function may be called from any thread.
 *
 * Every length that a caller can get wrong is checked here and refused. Outputs have the lengths of
 * the row; on failure they are zeroed. Functions return 0 or a negative PQC_E_*.
 */
enum pqc_error {
	PQC_E_PARAM = -1, /* an argument that no caller should pass: context too long, no rng */
	PQC_E_KEY = -2,	  /* a key of the wrong length, or whose content fails its checks */
	PQC_E_CIPHERTEXT = -3, /* of the wrong length, or (HQC) refused by decapsulation */
	PQC_E_SIGNATURE = -4,  /* malformed, or not by this key over this message */
	PQC_E_RNG = -5,	       /* the caller's random source failed */
	PQC_E_NOMEM = -6,
	PQC_E_INTERNAL = -7, /* a loop that ends by chance did not end; never seen */
};

/* Bytes that are lent for the time of a call. */
struct pqc_bytes {
	const uint8_t *ptr;
	size_t len;
};

static inline struct pqc_bytes pqc_bytes_make(const void *ptr, size_t len)
{
	return (struct pqc_bytes){ptr, len};
}

/*
 * A source of random bytes: fill() writes all of out and returns 0, or anything else for failure.
 * How often an algorithm calls it, and for how many bytes, is part of its known answers.
 */
struct pqc_rng {
	int (*fill)(void *ctx, uint8_t *out, size_t len);
	void *ctx;
};

/*
 * A source that hands out the given bytes and fails when they are used up. With it keypair is the
 * seeded key generation of FIPS 203 (seed d || z) and FIPS 204 (seed xi), and encaps takes the
 * message m as given. `state` is the caller's and lives as long as the source.
 */
struct pqc_rng pqc_rng_replay(struct pqc_bytes *state);

struct pqc_kem {
	const char *name; /* as its authors write it: "Kyber768", "ML-KEM-768", "BIKE-L3" */
	size_t public_len, secret_len, ciphertext_len, shared_len;
	/* all random bytes that the operation draws */
	size_t keypair_seed_len, encaps_seed_len;
	const void *params; /* the algorithm's own */

	/*
	 * What an algorithm implements. Lengths have been checked, and failure zeroes the outputs
	 * in the caller. check_* may be NULL: every string of the right length is a key.
	 */
	int (*keypair)(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *pub,
		       uint8_t *sec);
	int (*encaps)(const struct pqc_kem *kem, const struct pqc_rng *rng, const uint8_t *pub,
		      uint8_t *ct, uint8_t *shared);
	int (*decaps)(const struct pqc_kem *kem, const uint8_t *sec, const uint8_t *ct,
		      uint8_t *shared);
	int (*check_public)(const struct pqc_kem *kem, const uint8_t *pub);
	int (*check_secret)(const struct pqc_kem *kem, const uint8_t *sec);
};

/* Row number i from 0, NULL after the last; and by exact name, NULL if there is none. */
const struct pqc_kem *pqc_kem_at(size_t i);
const struct pqc_kem *pqc_kem_find(const char *name);

int pqc_kem_keypair(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *pub,
		    uint8_t *sec);
/* The pair of a seed of keypair_seed_len bytes; PQC_E_KEY for any other length. */
int pqc_kem_from_seed(const struct pqc_kem *kem, struct pqc_bytes seed, uint8_t *pub, uint8_t *sec);
/* PQC_E_KEY: also if pub fails the scheme's check (FIPS 203 section 7.2). */
int pqc_kem_encaps(const struct pqc_kem *kem, const struct pqc_rng *rng, struct pqc_bytes pub,
		   uint8_t *ct, uint8_t *shared);
/*
 * A manipulated ciphertext of the right length gives an unpredictable secret and 0 (implicit
 * rejection), but with HQC of round 3 PQC_E_CIPHERTEXT. PQC_E_KEY: FIPS 203 section 7.3.
 */
int pqc_kem_decaps(const struct pqc_kem *kem, struct pqc_bytes sec, struct pqc_bytes ct,
		   uint8_t *shared);
/* Length and content, for import. */
int pqc_kem_check_public(const struct pqc_kem *kem, struct pqc_bytes pub);
int pqc_kem_check_secret(const struct pqc_kem *kem, struct pqc_bytes sec);

/*
 * What is signed. Only ML-DSA knows contexts (at most 255 bytes) and the other two forms; elsewhere
 * all but text is zero.
 */
enum pqc_msg_form {
	PQC_MSG_PURE,
	PQC_MSG_INTERNAL, /* text is M' of FIPS 204 algorithms 7 and 8, taken as it is */
	PQC_MSG_MU, /* text is mu, the 64 bytes that these algorithms make of M' and the key */
};

struct pqc_msg {
	struct pqc_bytes text;
	struct pqc_bytes context;
	enum pqc_msg_form form;
};

#define PQC_MSG_MU_LEN 64

struct pqc_sig {
	const char *name; /* "Dilithium5", "ML-DSA-65", "Falcon-1024" */
	size_t public_len, secret_len;
	size_t signature_len; /* the longest */
	size_t signature_min; /* the shortest that verification looks at */
	size_t keypair_seed_len;
	bool has_context;     /* and the other forms of struct pqc_msg */
	bool may_derandomize; /* sign accepts rng == NULL: the deterministic variant */
	const void *params;

	int (*keypair)(const struct pqc_sig *sig, const struct pqc_rng *rng, uint8_t *pub,
		       uint8_t *sec);
	int (*sign)(const struct pqc_sig *sig, const struct pqc_rng *rng, const uint8_t *sec,
		    const struct pqc_msg *msg, uint8_t *out, size_t *out_len);
	int (*verify)(const struct pqc_sig *sig, const uint8_t *pub, const struct pqc_msg *msg,
		      struct pqc_bytes signature);
	int (*check_secret)(const struct pqc_sig *sig, const uint8_t *sec);
	/* The public key that belongs to sec; NULL if the scheme has no way. */
	int (*public_of)(const struct pqc_sig *sig, const uint8_t *sec, uint8_t *pub);
};

/* A private key with its row: what signing needs to know. */
struct pqc_signer {
	const struct pqc_sig *sig;
	struct pqc_bytes sec;
};

const struct pqc_sig *pqc_sig_at(size_t i);
const struct pqc_sig *pqc_sig_find(const char *name);

int pqc_sig_keypair(const struct pqc_sig *sig, const struct pqc_rng *rng, uint8_t *pub,
		    uint8_t *sec);
int pqc_sig_from_seed(const struct pqc_sig *sig, struct pqc_bytes seed, uint8_t *pub, uint8_t *sec);
/* out has room for signature_len bytes; *out_len tells how many are used, 0 on failure. */
int pqc_sig_sign(const struct pqc_signer *signer, const struct pqc_rng *rng,
		 const struct pqc_msg *msg, uint8_t *out, size_t *out_len);
/* 0 if it is a signature of msg; PQC_E_SIGNATURE if not. */
int pqc_sig_verify(const struct pqc_sig *sig, struct pqc_bytes pub, const struct pqc_msg *msg,
		   struct pqc_bytes signature);
int pqc_sig_check_secret(const struct pqc_sig *sig, struct pqc_bytes sec);
int pqc_sig_public_of(const struct pqc_sig *sig, struct pqc_bytes sec, uint8_t *pub);

/* An English sentence fragment for a PQC_E_*. */
const char *pqc_error_text(int err);

#endif
