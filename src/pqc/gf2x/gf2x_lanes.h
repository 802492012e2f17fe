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
#ifndef PQC_GF2X_GF2X_LANES_H
#define PQC_GF2X_GF2X_LANES_H

#include <string.h>

#include "pqc/gf2x/gf2x_ops.h"

#define PARTS	     8
#define FACTORS	     27
#define MAX_LEAF     9
#define GRANULE	     2	/* words */
#define MAX_GRANULES 60 /* of a part */
#define MAX_PARTS    ((FACTORS + LANES - 1) / LANES * LANES)

/* Columns of products: the low and high word products, and the sum of the two mixed ones. */
struct column {
	VEC low, high, mixed;
};

static inline __attribute__((always_inline)) void column_add(struct column *c, VEC a, VEC b,
							     VEC sum_a, VEC sum_b)
{
	c->low = VEC_XOR(c->low, VEC_MUL(a, b, 0x00));
	c->high = VEC_XOR(c->high, VEC_MUL(a, b, 0x11));
	c->mixed = VEC_XOR(c->mixed, VEC_MUL(sum_a, sum_b, 0x00));
}

/*
 * out (2n) = a (n) * b (n) by the schoolbook, but three multiplications a pair of granules. What
 * has to be carried to the next granule is the high product and half of the mixed one.
 */
static inline __attribute__((always_inline)) void leaf(VEC *out, const VEC *a, const VEC *b,
						       const int n)
{
	VEC sum_a[MAX_LEAF], sum_b[MAX_LEAF], zero = VEC_XOR(a[0], a[0]);
	struct column before = {zero, zero, zero};

#pragma GCC unroll 9
	for (int i = 0; i < n; i++) {
		sum_a[i] = VEC_XOR(a[i], VEC_SWAP(a[i]));
		sum_b[i] = VEC_XOR(b[i], VEC_SWAP(b[i]));
	}
#pragma GCC unroll 18
	for (int c = 0; c < 2 * n - 1; c++) {
		struct column now = {zero, zero, zero};

#pragma GCC unroll 9
		for (int i = 0; i < n; i++)
			if (i <= c && c - i < n)
				column_add(&now, a[i], b[c - i], sum_a[i], sum_b[c - i]);
		now.mixed = VEC_XOR3(now.mixed, now.low, now.high);
		out[c] = VEC_XOR3(now.low, before.high, VEC_JOIN(now.mixed, before.mixed));
		before = now;
	}
	out[2 * n - 1] = VEC_XOR(before.high, VEC_JOIN(zero, before.mixed));
}

static __attribute__((noinline)) void leaf5(VEC *out, const VEC *a, const VEC *b)
{
	leaf(out, a, b, 5);
}

static __attribute__((noinline)) void leaf6(VEC *out, const VEC *a, const VEC *b)
{
	leaf(out, a, b, 6);
}

static __attribute__((noinline)) void leaf7(VEC *out, const VEC *a, const VEC *b)
{
	leaf(out, a, b, 7);
}

static __attribute__((noinline)) void leaf8(VEC *out, const VEC *a, const VEC *b)
{
	leaf(out, a, b, 8);
}

static __attribute__((noinline)) void leaf9(VEC *out, const VEC *a, const VEC *b)
{
	leaf(out, a, b, 9);
}

/* The sizes that halving leaves, and smaller ones one granule at a time. */
static void multiply_small(VEC *out, const VEC *a, const VEC *b, int n)
{
	switch (n) {
	case 9:
		leaf9(out, a, b);
		break;
	case 8:
		leaf8(out, a, b);
		break;
	case 7:
		leaf7(out, a, b);
		break;
	case 6:
		leaf6(out, a, b);
		break;
	case 5:
		leaf5(out, a, b);
		break;
	default:
		memset(out, 0, (size_t)2 * n * sizeof(*out));
		for (int i = 0; i < n; i++) {
			for (int j = 0; j < n; j++) {
				VEC product[2];

				leaf(product, a + i, b + j, 1);
				out[i + j] = VEC_XOR(out[i + j], product[0]);
				out[i + j + 1] = VEC_XOR(out[i + j + 1], product[1]);
			}
		}
	}
}

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

static void mul(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words, uint64_t *work)
{
	int n = (int)((words + PARTS * GRANULE - 1) / (PARTS * GRANULE));
	size_t part = (size_t)n * GRANULE;
	VEC x[MAX_GRANULES], y[MAX_GRANULES], z[2 * MAX_GRANULES], room[5 * MAX_GRANULES];
	uint64_t *factors_a = work, *factors_b = work + MAX_PARTS * part;
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
