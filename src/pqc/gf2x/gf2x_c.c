/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pqc/ct.h"
#include "pqc/gf2x/gf2x_ops.h"

/*
 * The carry-less product of 32-bit words by ordinary ones: of every fourth bit at most eight terms
 * meet, so their sum stays within four bits, and its lowest bit is the sum over GF(2).
 */
static uint64_t mul32(uint32_t a, uint32_t b)
{
	uint64_t x[4], y[4], sum = 0;

	for (unsigned i = 0; i < 4; i++) {
		x[i] = a & 0x11111111U << i;
		y[i] = b & 0x11111111U << i;
	}
	for (unsigned i = 0; i < 4; i++) {
		uint64_t part = 0;

		for (unsigned j = 0; j < 4; j++)
			part ^= x[j] * y[(i - j) % 4];
		sum |= part & (uint64_t)0x1111111111111111 << i;
	}
	return sum;
}

static void mul64(uint64_t out[2], uint64_t a, uint64_t b)
{
	uint32_t a0 = (uint32_t)a, a1 = (uint32_t)(a >> 32);
	uint32_t b0 = (uint32_t)b, b1 = (uint32_t)(b >> 32);
	uint64_t low = mul32(a0, b0), high = mul32(a1, b1);
	uint64_t middle = mul32(a0 ^ a1, b0 ^ b1) ^ low ^ high;

	out[0] = low ^ middle << 32;
	out[1] = high ^ middle >> 32;
}

static void add(uint64_t *restrict out, const uint64_t *restrict in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] ^= in[i];
}

/* Karatsuba. The lower half may be a word longer; work: 4 n words and 4 a level. */
static void mul(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t n, uint64_t *work)
{
	size_t low = (n + 1) / 2, high = n - low;
	uint64_t *sum_a = work, *sum_b = work + low, *middle = work + 2 * low;

	if (n == 1) {
		mul64(out, *a, *b);
		return;
	}
	mul(out, a, b, low, work);
	mul(out + 2 * low, a + low, b + low, high, work);
	memcpy(sum_a, a, low * sizeof(*a));
	add(sum_a, a + low, high);
	memcpy(sum_b, b, low * sizeof(*b));
	add(sum_b, b + low, high);
	mul(middle, sum_a, sum_b, low, work + 4 * low);
	add(middle, out, 2 * low);
	add(middle, out + 2 * low, 2 * high);
	add(out + low, middle, 2 * low);
}

/* A zero after every bit. */
static uint64_t spread(uint32_t a)
{
	uint64_t x = a;

	x = (x | x << 16) & 0x0000ffff0000ffff;
	x = (x | x << 8) & 0x00ff00ff00ff00ff;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
	x = (x | x << 2) & 0x3333333333333333;
	return (x | x << 1) & 0x5555555555555555;
}

static void square(uint64_t *out, const uint64_t *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = spread((uint32_t)a[i]);
		out[2 * i + 1] = spread((uint32_t)(a[i] >> 32));
	}
}

static void fold(uint64_t *out, const uint64_t *in, unsigned bits)
{
	size_t n = (bits + 63) / 64;
	unsigned shift = bits % 64;

	for (size_t i = 0; i < n; i++)
		out[i] = in[i] ^ in[n - 1 + i] >> shift ^ in[n + i] << (64 - shift);
}

/* The order of the coefficients is public. */
static void permute(const struct gf2x_permutation *p)
{
	size_t n = (p->bits + 63) / 64;
	uint32_t from = 0;

	for (size_t i = 0; i < n; i++) {
		size_t left = p->bits - 64 * i;
		uint64_t word = 0;

		for (unsigned j = 0; j < (left < 64 ? left : 64); j++) {
			word |= (p->in[from / 64] >> (from % 64) & 1) << j;
			from += p->step;
			from -= from >= p->bits ? p->bits : 0;
		}
		p->out[i] = word;
	}
}

static void set_bits(uint64_t *out, size_t words, const uint32_t *at, size_t n)
{
	memset(out, 0, words * sizeof(*out));
	for (size_t k = 0; k < n; k++) {
		uint32_t word = at[k] / 64;
		uint64_t bit = (uint64_t)1 << (at[k] % 64);

		for (size_t i = 0; i < words; i++)
			out[i] |= bit & ~pqc_ct_mask_nonzero64(word ^ i);
	}
}

const struct gf2x_ops gf2x_c_ops = {mul, square, fold, permute, set_bits, 16};
