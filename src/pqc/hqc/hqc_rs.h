/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Reed-Solomon code, on vectors of bytes of GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. The
 * including file may define GF_NATIVE and then
 *
 *   gf_mul(out, a, b)         products, byte by byte
 *   gf_enter(x), gf_leave(x)  to and from the representation in which gf_mul computes
 */
#ifndef PQC_HQC_HQC_RS_H
#define PQC_HQC_HQC_RS_H

#include <string.h>

#include "pqc/ct.h"
#include "pqc/hqc/hqc_ops.h"

#define ALPHA 2

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

/* Syndromes and parities stand in two vectors; locators and messages fit into one. */
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

/* Division by the generator, a byte of the message at a time. */
static void rs_encode(const struct hqc_code *code, uint8_t *parity, const uint8_t *msg)
{
	const unsigned len = 2 * code->delta;
	union gf_bytes generator = {{{0}}}, product;
	uint8_t rest[1 + 2 * GF_LANES] = {0}; /* the byte before is the one that is shifted in: 0 */

	memcpy(generator.b, code->generator, len);
	for (unsigned i = code->k; i-- > 0;) {
		gf_vec factor;

		gf_fill(&factor, msg[i] ^ rest[len]);
		memcpy(product.b, rest, sizeof(product.b));
		for (unsigned v = 0; v < 2; v++) {
			gf_vec x = generator.v[v];

			gf_enter(&x);
			gf_enter(&factor);
			gf_mul(&x, &x, &factor);
			gf_leave(&x);
			gf_leave(&factor);
			product.v[v] ^= x;
		}
		memcpy(rest + 1, product.b, len);
	}
	memcpy(parity, rest + 1, len);
	pqc_ct_wipe(rest, sizeof(rest));
	pqc_ct_wipe(&product, sizeof(product));
}

/* Syndrome i + 1 in byte i: the word as a polynomial, at alpha^(i + 1). */
static void find_syndromes(const struct hqc_code *code, const uint8_t *word, union gf_bytes *out)
{
	union gf_bytes at;

	at.b[0] = ALPHA;
	for (unsigned i = 1; i < sizeof(at.b); i++)
		at.b[i] = gf_double(at.b[i - 1]);
	gf_enter(&at.v[0]);
	gf_enter(&at.v[1]);
	memset(out, 0, sizeof(*out));
	for (unsigned j = code->n1; j-- > 0;) {
		gf_vec next;

		gf_fill(&next, word[j]);
		gf_enter(&next);
		for (unsigned v = 0; v < 2; v++) {
			gf_mul(&out->v[v], &out->v[v], &at.v[v]);
			out->v[v] ^= next;
		}
	}
	memset(out->b + (size_t)2 * code->delta, 0, sizeof(out->b) - (size_t)2 * code->delta);
}

/*
 * Berlekamp and Massey, without inversion: locator has the coefficients of a multiple of the error
 * locator polynomial. What is cut off at 32 coefficients is not there if the errors are at most delta.
 */
static void find_locator(const struct hqc_code *code, const union gf_bytes *syndromes,
			 gf_vec *locator)
{
	uint8_t reversed[2 * GF_LANES + GF_LANES] = {0}, shifted[1 + GF_LANES] = {0};
	const int n = (int)(2 * code->delta);
	gf_vec current = {1}, previous = {1}, scale; /* 1 is 1 in every representation */
	int32_t length = 0;

	gf_fill(&scale, 1);
	for (int i = 0; i < n; i++)
		reversed[n - 1 - i] = syndromes->b[i];
	for (int r = 0; r < n; r++) {
		gf_vec window, gap, x, y;
		uint32_t longer;
		uint8_t gap_byte;

		memcpy(&window, reversed + n - 1 - r, sizeof(window));
		gf_mul(&x, &current, &window);
		gap_byte = gf_sum(&x);
		gf_fill(&gap, gap_byte);
		memcpy(shifted + 1, &previous, GF_LANES);
		memcpy(&previous, shifted, GF_LANES);
		gf_mul(&x, &current, &scale);
		gf_mul(&y, &previous, &gap);
		longer = pqc_ct_mask_nonzero32(gap_byte) & ~pqc_ct_mask_negative32(r - 2 * length);
		pqc_ct_move((uint8_t *)&previous, (const uint8_t *)&current, GF_LANES, longer);
		pqc_ct_move((uint8_t *)&scale, (const uint8_t *)&gap, GF_LANES, longer);
		length = (int32_t)pqc_ct_select32(longer, (uint32_t)(r + 1 - length),
						  (uint32_t)length);
		current = x ^ y;
	}
	*locator = current;
	pqc_ct_wipe(reversed, sizeof(reversed));
	pqc_ct_wipe(shifted, sizeof(shifted));
}

/* S(x) * locator(x) modulo x^32: of the product only the first delta coefficients are used. */
static void find_evaluator(const union gf_bytes *syndromes, const gf_vec *locator, gf_vec *out)
{
	uint8_t shifted[2 * GF_LANES] = {0};
	const uint8_t *coefficients = (const uint8_t *)locator;
	gf_vec sum = {0};

	memcpy(shifted + GF_LANES, syndromes->b, GF_LANES);
	for (unsigned i = 0; i < GF_LANES; i++) {
		gf_vec x, factor;

		memcpy(&x, shifted + GF_LANES - i, sizeof(x));
		gf_fill(&factor, coefficients[i]);
		gf_mul(&x, &x, &factor);
		sum ^= x;
	}
	*out = sum;
	pqc_ct_wipe(shifted, sizeof(shifted));
}

/* out = the polynomial of `terms` coefficients from `first` on, every `step`-th, at every byte of x. */
static void evaluate(gf_vec *out, const uint8_t *first, int terms, int step, const gf_vec *x)
{
	gf_vec sum = {0};

	for (int i = terms - 1; i >= 0; i--) {
		gf_vec next;

		gf_fill(&next, first[i * step]);
		gf_mul(&sum, &sum, x);
		sum ^= next;
	}
	*out = sum;
}

/* x^254: the inverse, and 0 of 0. */
static void invert(gf_vec *out, const gf_vec *x)
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
static void zero_bytes(gf_vec *x)
{
	gf_vec y = *x | *x >> 4;

	y |= y >> 2;
	y = ~(y | y >> 1) & 0x0101010101010101;
	*x = (y << 8) - y;
}

/* Forney: the errors of the message's bytes, which are the last of the word. */
static void find_errors(const struct hqc_code *code, const gf_vec *locator, const gf_vec *evaluator,
			gf_vec *out)
{
	const int terms = (int)code->delta + 1;
	const uint8_t *coefficients = (const uint8_t *)locator;
	gf_vec root, value, slope, at, square;
	uint8_t *points = (uint8_t *)&at;

	/* Byte j is in error if alpha^-j is a root. The order of alpha is 255. */
	points[GF_LANES - 1] = gf_power(255 - 2 * code->delta - (GF_LANES - 1));
	for (unsigned i = GF_LANES - 1; i > 0; i--)
		points[i - 1] = gf_double(points[i]);
	gf_enter(&at);
	evaluate(&root, coefficients, terms, 1, &at);
	evaluate(&value, (const uint8_t *)evaluator, (int)code->delta, 1, &at);
	/* The derivative has the odd coefficients. */
	gf_mul(&square, &at, &at);
	evaluate(&slope, coefficients + 1, terms / 2, 2, &square);
	invert(&slope, &slope);
	gf_mul(out, &value, &slope);
	zero_bytes(&root);
	*out &= root;
}

static void rs_decode(const struct hqc_code *code, uint8_t *msg, const uint8_t *word)
{
	union gf_bytes syndromes;
	gf_vec locator, evaluator, errors;

	find_syndromes(code, word, &syndromes);
	find_locator(code, &syndromes, &locator);
	find_evaluator(&syndromes, &locator, &evaluator);
	find_errors(code, &locator, &evaluator, &errors);
	gf_leave(&errors);
	for (unsigned i = 0; i < code->k; i++)
		msg[i] = word[2 * code->delta + i] ^ ((const uint8_t *)&errors)[i];
	pqc_ct_wipe(&syndromes, sizeof(syndromes));
	pqc_ct_wipe(&locator, sizeof(locator));
	pqc_ct_wipe(&errors, sizeof(errors));
}

#endif
