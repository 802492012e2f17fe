/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_BIKE_BIKE_DECODE_H
#define PQC_BIKE_BIKE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "pqc/gf2x/gf2x.h"

#define BIKE_MAX_D 137

/* A level: section 1 of the specification. */
struct bike_params {
	unsigned r;
	unsigned d; /* the weight of h0 and of h1 */
	unsigned t; /* the weight of an error */
	/* The threshold for a syndrome of weight w: (base + slope * w) / 2^32, and at least
	 * `least`. */
	uint64_t base, slope;
	unsigned least;
};

/* Words of a polynomial here: those after the ring's are zero. */
#define BIKE_WORDS(r) (((size_t)(r) + 511) / 512 * 8)

/* h0, h1: BIKE_WORDS each, one after the other; the same as lists of d positions each. */
struct bike_secret {
	const uint64_t *h;
	const uint32_t *at;
};

/*
 * The BGF decoder: error (two polynomials of BIKE_WORDS) for a syndrome (overwritten). It always
 * runs five iterations, and leaves what it has found. 0 or PQC_E_NOMEM.
 */
int bike_decode(const struct bike_params *p, const struct gf2x *ring,
		const struct bike_secret *secret, uint64_t *syndrome, uint64_t *error);

#endif
