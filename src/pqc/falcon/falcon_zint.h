/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_ZINT_H
#define PQC_FALCON_FALCON_ZINT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Large integers and polynomials of them, for the NTRU solver: constant time for given lengths.
 *
 * An integer is `len` limbs of 62 bits in two's complement, low limb first; the highest limb has
 * the sign. In a polynomial of n coefficients, limb l of coefficient i is at [l * n + i]. A limb is
 * two words of 31 bits, the unit in which Falcon counts lengths.
 */
#define FALCON_ZINT_BITS 62
#define FALCON_ZINT_MASK (((int64_t)1 << FALCON_ZINT_BITS) - 1)
#define FALCON_ZINT_WORD 31
#define FALCON_ZINT_MAX	 105 /* limbs of the largest resultant */

/* A polynomial modulo X^n + 1, extended: 2 n coefficients, the negated ones before the others. */
void falcon_zint_extend(int64_t *ext, const int64_t *a, size_t n, size_t len);

/* out(X) = a(X^step) b(X), where a has n / step coefficients and b is extended. */
struct falcon_zint_product {
	size_t n, step;
	const int64_t *a, *b;
	size_t a_len, b_len;
	int64_t *out;
	size_t out_len; /* what does not fit is cut off */
};
void falcon_zint_multiply(const struct falcon_zint_product *p);

/* big -= k f 2^scale, modulo 2^(62 big_len); f is extended, every |k| below 2^31. */
struct falcon_zint_reduction {
	size_t n;
	const int32_t *k;
	const int64_t *f;
	size_t f_len;
	int64_t *big;
	size_t big_len;
	unsigned scale;
};
void falcon_zint_reduce(const struct falcon_zint_reduction *r);

/*
 * Of every coefficient that has `words` words, the top `len` ones: the words of the magnitude, each
 * with the sign, as falcon_float's from_words wants them.
 */
void falcon_zint_top(int32_t *out, const int64_t *a, size_t n, unsigned words, unsigned len);

/* Takes coefficients of `words` words, sign in the last one's bit 30, to `len` limbs. */
struct falcon_zint_resize {
	size_t n;
	const int64_t *in;
	unsigned words;
	int64_t *out;
	size_t len;
};
void falcon_zint_resize(const struct falcon_zint_resize *r);

/* out = a * small, all of len limbs. */
void falcon_zint_scale(int64_t *out, const int64_t *a, size_t len, int32_t small);

/*
 * u, v with x u - y v = 1, 0 < u <= y and 0 <= v < x, for odd positive x and y of len limbs. 0 if
 * they have a common divisor.
 */
struct falcon_zint_bezout {
	const int64_t *x, *y;
	size_t len;
	int64_t *u, *v;
};
int falcon_zint_bezout(const struct falcon_zint_bezout *b);

#endif
