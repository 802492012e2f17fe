/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_MODQ_H
#define PQC_FALCON_FALCON_MODQ_H

#include <stddef.h>
#include <stdint.h>

/*
 * Polynomials modulo q = 12289 and X^n + 1, n = 512 or 1024. Every coefficient that goes in is
 * between -q and q, and every one that comes out between -q/2 and q/2. The order of the values of
 * the transform is the variant's own: what one variant transformed, no other may transform back.
 */
#define FALCON_MODQ_Q 12289

struct falcon_modq_ops {
	void (*ntt)(int16_t *a, unsigned logn);
	void (*intt)(int16_t *a, unsigned logn);
	/* Value by value: a = a b, and a = a / b, where 1 / 0 is 0. */
	void (*mul)(int16_t *a, const int16_t *b, size_t n);
	void (*div)(int16_t *a, const int16_t *b, size_t n);
	/* a = a - b. */
	void (*sub)(int16_t *a, const int16_t *b, size_t n);
	/* The sum of the squares. */
	uint64_t (*norm)(const int16_t *a, size_t n);
};

extern const struct falcon_modq_ops falcon_modq_c_ops;
extern const struct falcon_modq_ops falcon_modq_avx2_ops;

/* The variant in use. */
const struct falcon_modq_ops *falcon_modq_ops(void);

/* 1 if one of the n values is zero modulo q, in constant time but for the answer. */
int falcon_modq_has_zero(const int16_t *a, size_t n);

#endif
