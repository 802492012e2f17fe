/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLDSA_MLDSA_SAMPLE_H
#define PQC_MLDSA_MLDSA_SAMPLE_H

#include <stdint.h>

#include "pqc/keccak/keccak_batch.h"
#include "pqc/mldsa/mldsa_ops.h"

#define MLDSA_SEED_LEN 32
#define MLDSA_LONG_LEN 64 /* rho', mu */

struct mldsa_vector_k {
	struct mldsa_poly at[MLDSA_K_MAX];
};

struct mldsa_vector_l {
	struct mldsa_poly at[MLDSA_L_MAX];
};

struct mldsa_rank {
	unsigned k, l;
};

/*
 * ExpandA and, where `s1` is not NULL, ExpandS; and a hash that runs beside them where `extra` is
 * not NULL. rho is public.
 */
struct mldsa_sampling {
	struct mldsa_rank rank;
	struct mldsa_vector_l *a; /* k rows */
	const uint8_t *rho;
	struct mldsa_vector_l *s1;
	struct mldsa_vector_k *s2;
	const uint8_t *seed; /* of s1 and s2, 64 bytes */
	unsigned eta;	     /* 2 or 4 */
	const struct keccak_job *extra;
};
void mldsa_sample(const struct mldsa_sampling *s);

/*
 * ExpandMask, attempt after attempt: as many polynomials are made at once as Keccak is good for,
 * and what an attempt does not use is kept for the next.
 */
struct mldsa_sample_masks {
	struct mldsa_poly ahead[KECCAKX_WIDTH];
	uint8_t seed[MLDSA_LONG_LEN];
	unsigned width, at; /* of ahead */
	unsigned nonce;
	enum mldsa_format format;
};
void mldsa_sample_masks_init(struct mldsa_sample_masks *m, const uint8_t *seed,
			     enum mldsa_format format);
/* The next n polynomials; -1 when the 16 bits of the counter are used up. */
int mldsa_sample_masks_next(struct mldsa_sample_masks *m, struct mldsa_poly *out, unsigned n);

/* SampleInBall: tau coefficients are 1 or -1. The challenge is public. */
void mldsa_sample_ball(struct mldsa_poly *c, const uint8_t *challenge, size_t len, unsigned tau);

#endif
