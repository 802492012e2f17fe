/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_GAUSS_H
#define PQC_FALCON_FALCON_GAUSS_H

#include <stddef.h>
#include <stdint.h>

#include "pqc/keccak/keccak.h"

/* The random stream of a key generation: SHAKE256 of a seed, 16 bytes a draw. */
#define FALCON_GAUSS_DRAW  16
#define FALCON_GAUSS_DRAWS 136 /* held at once: a whole number of blocks */

struct falcon_gauss {
	struct keccak shake;
	uint8_t buf[FALCON_GAUSS_DRAWS * FALCON_GAUSS_DRAW];
	size_t at;
};

void falcon_gauss_start(struct falcon_gauss *g, const uint8_t *seed, size_t len);

/* The coefficients of f or g, n = 512 or 1024 (specification 3.8.1); the sum of all is odd. */
void falcon_gauss_poly(struct falcon_gauss *g, int8_t *out, size_t n);

#endif
