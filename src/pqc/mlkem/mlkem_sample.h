/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLKEM_MLKEM_SAMPLE_H
#define PQC_MLKEM_MLKEM_SAMPLE_H

#include <stdbool.h>

#include "pqc/keccak/keccak_batch.h"
#include "pqc/mlkem/mlkem_ops.h"

#define MLKEM_SEED_LEN 32

struct mlkem_vector {
	struct mlkem_poly at[MLKEM_K_MAX];
};

struct mlkem_matrix {
	struct mlkem_vector row[MLKEM_K_MAX];
};

/* Noise polynomials: number i has eta[i]; at most 2 k + 1. */
#define MLKEM_NOISES_MAX (2 * MLKEM_K_MAX + 1)
struct mlkem_noises {
	struct mlkem_poly *to[MLKEM_NOISES_MAX];
	unsigned eta[MLKEM_NOISES_MAX];
	unsigned n;
};

/* What a call samples, and hashes that run beside it because lanes are free. */
#define MLKEM_EXTRA_MAX 2
struct mlkem_sampling {
	struct mlkem_matrix *matrix; /* may be NULL */
	unsigned k;
	const uint8_t *rho; /* public, 32 bytes */
	bool transposed;
	const struct mlkem_noises *noises; /* may be NULL */
	const uint8_t *seed;		   /* of the noise, 32 bytes */
	const struct keccak_job *extra;	   /* longest first */
	unsigned n_extra;
};
void mlkem_sample(const struct mlkem_sampling *s);

#endif
