/* SPDX-License-Identifier: Apache-2.0 */
/* The innermost products of gf2x_lanes_impl.h, which says what VEC is. */
#ifndef PQC_GF2X_GF2X_LEAF_IMPL_H
#define PQC_GF2X_GF2X_LEAF_IMPL_H

#include <stddef.h>
#include <string.h>

#define MAX_LEAF 9

#ifdef VEC

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

#endif
#endif
