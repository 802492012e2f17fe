/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_BIKE_BIKE_OPS_H
#define PQC_BIKE_BIKE_OPS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Vectors of bits stand in `words` 64-bit words, a multiple of 8; the largest set has 648. Plane p
 * has bit p of the counter of every position. The largest count is 137.
 */
#define BIKE_PLANES 8

/* A syndrome two times in a row, then zeros: as far as reads go whatever the shift. */
#define BIKE_TWICE_WORDS(words) ((words) + 1040)

/* Room for count(): eight shifted syndromes, and two on their way. */
#define BIKE_WORK_WORDS(words) (10 * (words) + 2 * 528)

struct bike_count {
	uint64_t *planes;	/* out: BIKE_PLANES * words */
	const uint64_t *twice;	/* BIKE_TWICE_WORDS */
	const uint32_t *shifts; /* secret, below 64 * words */
	unsigned n;
	size_t words;
	uint64_t *work;
};

struct bike_ops {
	/* For all j the number of shifts k with bit j + k set in `twice`. */
	void (*count)(const struct bike_count *count);
	/* out = the positions whose counter is at least `least` (secret, 1 to 255). */
	void (*at_least)(uint64_t *out, const uint64_t *planes, uint32_t least, size_t words);
};

extern const struct bike_ops bike_c_ops;
extern const struct bike_ops bike_avx2_ops;
extern const struct bike_ops bike_avx512_ops;

#endif
