/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FRODO_FRODO_OPS_H
#define PQC_FRODO_FRODO_OPS_H

#include <stddef.h>
#include <stdint.h>

/* A product with a slice of A: out (8 x n) += s (8 x 8, rows n apart) * a (8 x n). */
struct frodo_slice {
	uint16_t *out;
	const uint16_t *s;
	const uint16_t *a;
	unsigned n;
};

/*
 * Arithmetic on 16-bit words, modulo 2^16. n is a multiple of 16 and matrices are row by row. Every
 * function takes the same time and touches the same addresses whatever the words are.
 */
struct frodo_ops {
	/* out (8 x 8) += a (8 x n) * bt^T (n x 8), where bt is 8 x n. */
	void (*dot)(uint16_t *out, const uint16_t *a, const uint16_t *bt, unsigned n);
	void (*accumulate)(const struct frodo_slice *slice);
	/* Uniform words to noise, in place: table has `entries` thresholds. len: multiple of 32. */
	void (*sample)(uint16_t *words, size_t len, const uint16_t *table, unsigned entries);
	/* Blocks of 8 words: the row, the number of the block's first column, and zeros. */
	void (*number)(uint16_t *out, unsigned n, unsigned row);
};

extern const struct frodo_ops frodo_c_ops;
extern const struct frodo_ops frodo_avx2_ops;
extern const struct frodo_ops frodo_avx512_ops;

#endif
