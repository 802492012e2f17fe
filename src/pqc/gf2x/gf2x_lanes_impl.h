/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of polynomials by carry-less multiplication instructions, LANES of them side by side.
 * The unit is a granule of 128 bits; a VEC has one granule of each lane. The including file defines
 *
 *   VEC, LANES
 *   VEC_XOR(a, b) VEC_XOR3(a, b, c)
 *   VEC_MUL(a, b, i)     product of the words i & 1 of a and i >> 4 of b of every granule
 *   VEC_SWAP(a)          the words of every granule swapped
 *   VEC_JOIN(high, low)  the low word of high above the high word of low
 *   VEC_LOAD_LANES(at, stride)      granule at + lane * stride, for every lane
 *   VEC_STORE_LANES(at, stride, x)
 *
 * A factor is cut into eight parts, and three levels of Karatsuba make of them 27 factors of a part
 * each. These are multiplied in lanes, by more levels of Karatsuba and at last by the schoolbook.
 */
#ifndef PQC_GF2X_GF2X_LANES_IMPL_H
#define PQC_GF2X_GF2X_LANES_IMPL_H

#include <string.h>

#include "pqc/gf2x/gf2x_leaf_impl.h"
#include "pqc/gf2x/gf2x_ops.h"

#define PARTS	  8
#define FACTORS	  27
#define GRANULE	  2 /* words */
#define MAX_PARTS ((FACTORS + LANES - 1) / LANES * LANES)

#ifdef VEC

/* Karatsuba. The lower half may be one longer; work: 4 n and 4 a level. */
static void multiply(VEC *out, const VEC *a, const VEC *b, int n, VEC *work)
{
	int low = (n + 1) / 2, high = n - low;
	VEC *sum_a = work, *sum_b = work + low, *middle = work + 2 * low;

	if (n <= MAX_LEAF) {
		multiply_small(out, a, b, n);
		return;
	}
	multiply(out, a, b, low, work);
	multiply(out + 2 * low, a + low, b + low, high, work);
	sum_a[low - 1] = a[low - 1];
	sum_b[low - 1] = b[low - 1];
	for (int i = 0; i < high; i++) {
		sum_a[i] = VEC_XOR(a[i], a[low + i]);
		sum_b[i] = VEC_XOR(b[i], b[low + i]);
	}
	multiply(middle, sum_a, sum_b, low, work + 4 * low);
	for (int i = 0; i < 2 * high; i++)
		middle[i] = VEC_XOR3(middle[i], out[i], out[2 * low + i]);
	for (int i = 2 * high; i < 2 * low; i++)
		middle[i] = VEC_XOR(middle[i], out[i]);
	for (int i = 0; i < 2 * low; i++)
		out[low + i] = VEC_XOR(out[low + i], middle[i]);
}

static inline void add_words(uint64_t *restrict out, const uint64_t *restrict a,
			     const uint64_t *restrict b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = a[i] ^ b[i];
}

/*
 * One level, of `groups` factors of 2 * n words each, in place from the last: a factor becomes its
 * low half, its high half and their sum.
 */
static void split(uint64_t *factors, size_t groups, size_t n)
{
	for (size_t g = groups; g-- > 0;) {
		uint64_t *to = factors + 3 * g * n;

		memmove(to, factors + 2 * g * n, 2 * n * sizeof(*to));
		add_words(to + 2 * n, to, to + n, n);
	}
}

/* The way back: three products of 2 * n words each become one of 4 * n, in place from the first. */
static void join(uint64_t *products, size_t groups, size_t n, uint64_t *work)
{
	for (size_t g = 0; g < groups; g++) {
		const uint64_t *from = products + 6 * g * n;
		uint64_t *to = products + 4 * g * n;

		for (size_t i = 0; i < 2 * n; i++)
			work[i] = from[i] ^ from[2 * n + i] ^ from[4 * n + i];
		memmove(to, from, 4 * n * sizeof(*to));
		for (size_t i = 0; i < 2 * n; i++)
			to[n + i] ^= work[i];
	}
}

/* The 27 factors of a polynomial, of `part` words each. */
static void prepare(uint64_t *factors, const uint64_t *a, size_t words, size_t part)
{
	memcpy(factors, a, words * sizeof(*a));
	memset(factors + words, 0, (PARTS * part - words) * sizeof(*a));
	split(factors, 1, 4 * part);
	split(factors, 3, 2 * part);
	split(factors, 9, part);
	memset(factors + FACTORS * part, 0, (MAX_PARTS - FACTORS) * part * sizeof(*a));
}

/* In the caller's room, which will be wiped, are the 27 factors twice, their products, and
 * vectors. */
static void mul(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words, uint64_t *work)
{
	int n = (int)((words + PARTS * GRANULE - 1) / (PARTS * GRANULE));
	size_t part = (size_t)n * GRANULE;
	VEC *x = (VEC *)work, *y = x + n, *z = y + n, *room = z + 2 * n;
	uint64_t *factors_a = (uint64_t *)(room + 5 * n), *factors_b = factors_a + MAX_PARTS * part;
	uint64_t *products = factors_b + MAX_PARTS * part;

	prepare(factors_a, a, words, part);
	prepare(factors_b, b, words, part);
	for (size_t f = 0; f < MAX_PARTS; f += LANES) {
		for (int i = 0; i < n; i++) {
			x[i] = VEC_LOAD_LANES(factors_a + f * part + i * GRANULE, part);
			y[i] = VEC_LOAD_LANES(factors_b + f * part + i * GRANULE, part);
		}
		multiply(z, x, y, n, room);
		for (int i = 0; i < 2 * n; i++)
			VEC_STORE_LANES(products + 2 * f * part + i * GRANULE, 2 * part, z[i]);
	}
	join(products, 9, part, factors_a);
	join(products, 3, 2 * part, factors_a);
	join(products, 1, 4 * part, factors_a);
	memcpy(out, products, 2 * words * sizeof(*out));
}

#endif
#endif
