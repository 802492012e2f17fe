/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of bytes of GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. The including file may define
 * GF_NATIVE, GF_LANES, gf_vec, and then
 *
 *   gf_mul(out, a, b)         products, byte by byte
 *   gf_enter(x), gf_leave(x)  to and from the representation in which gf_mul computes
 */
#ifndef PQC_HQC_HQC_GF_IMPL_H
#define PQC_HQC_HQC_GF_IMPL_H

#include <stdint.h>
#include <string.h>

#ifndef GF_NATIVE
#define GF_LANES 32
typedef uint64_t gf_vec __attribute__((vector_size(GF_LANES), aligned(32)));

#define GF_ONES 0x0101010101010101

/* From the highest bit of b: double, and add a where the bit is set. */
static inline void gf_mul(gf_vec *out, const gf_vec *a, const gf_vec *b)
{
	gf_vec sum = {0}, x = *a;

	for (int bit = 7; bit >= 0; bit--) {
		gf_vec high = sum >> 7 & GF_ONES, set = *b >> bit & GF_ONES;

		sum = (sum ^ high << 7) << 1 ^ high << 4 ^ high << 3 ^ high << 2 ^ high;
		sum ^= x & ((set << 8) - set);
	}
	*out = sum;
}

static inline void gf_enter(gf_vec *x)
{
	(void)x;
}

static inline void gf_leave(gf_vec *x)
{
	(void)x;
}
#endif

/* Locators and messages fit into one vector; syndromes and parities stand in two. */
union gf_half {
	gf_vec v;
	uint8_t b[GF_LANES];
};

union gf_bytes {
	gf_vec v[2];
	uint8_t b[2 * GF_LANES];
};

static void gf_fill(gf_vec *out, uint8_t byte)
{
	memset(out, byte, sizeof(*out));
}

static uint8_t gf_double(uint8_t x)
{
	return (uint8_t)(x << 1 ^ (x >> 7) * 0x1d);
}

/* alpha^exponent, of a public exponent. */
static uint8_t gf_power(unsigned exponent)
{
	uint8_t x = 1;

	while (exponent-- > 0)
		x = gf_double(x);
	return x;
}

/* The sum of all bytes. */
static uint8_t gf_sum(const gf_vec *x)
{
	uint64_t y = (*x)[0] ^ (*x)[1] ^ (*x)[2] ^ (*x)[3];

	y ^= y >> 32;
	y ^= y >> 16;
	return (uint8_t)(y ^ y >> 8);
}

/* x^254: the inverse, and 0 of 0. */
static void gf_invert(gf_vec *out, const gf_vec *x)
{
	gf_vec square = *x, sum;

	gf_mul(&square, &square, &square);
	sum = square;
	for (unsigned i = 0; i < 6; i++) {
		gf_mul(&square, &square, &square);
		gf_mul(&sum, &sum, &square);
	}
	*out = sum;
}

/* All ones in the bytes that are zero. */
static void gf_zeros(gf_vec *x)
{
	gf_vec y = *x | *x >> 4;

	y |= y >> 2;
	y = ~(y | y >> 1) & 0x0101010101010101;
	*x = (y << 8) - y;
}

#endif
