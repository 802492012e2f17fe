/* SPDX-License-Identifier: Apache-2.0 */
/* The Reed-Solomon code of HQC, over the vectors of hqc_gf_impl.h. */
#ifndef PQC_HQC_HQC_RS_IMPL_H
#define PQC_HQC_HQC_RS_IMPL_H

#include <string.h>

#include "pqc/ct.h"
#include "pqc/hqc/hqc_gf_impl.h"
#include "pqc/hqc/hqc_ops.h"

#define ALPHA 2

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
 * locator polynomial. What is cut off at 32 coefficients is not there if the errors are at most
 * delta.
 */
static void find_locator(const struct hqc_code *code, const union gf_bytes *syndromes,
			 union gf_half *locator)
{
	uint8_t reversed[2 * GF_LANES + GF_LANES] = {0}, shifted[1 + GF_LANES] = {0};
	const int n = (int)(2 * code->delta);
	gf_vec current = {1}, previous = {1}, scale; /* 1 is 1 in every representation */
	int32_t length = 0;

	gf_fill(&scale, 1);
	for (int i = 0; i < n; i++)
		reversed[n - 1 - i] = syndromes->b[i];
	for (int r = 0; r < n; r++) {
		gf_vec window, gap, mask, x, y;
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
		gf_fill(&mask, (uint8_t)longer);
		previous ^= (previous ^ current) & mask;
		scale ^= (scale ^ gap) & mask;
		length = (int32_t)pqc_ct_select32(longer, (uint32_t)(r + 1 - length),
						  (uint32_t)length);
		current = x ^ y;
	}
	locator->v = current;
	pqc_ct_wipe(reversed, sizeof(reversed));
	pqc_ct_wipe(shifted, sizeof(shifted));
}

/* S(x) * locator(x) modulo x^32: of the product only the first delta coefficients are used. */
static void find_evaluator(const union gf_bytes *syndromes, const union gf_half *locator,
			   union gf_half *out)
{
	uint8_t shifted[2 * GF_LANES] = {0};
	gf_vec sum = {0};

	memcpy(shifted + GF_LANES, syndromes->b, GF_LANES);
	for (unsigned i = 0; i < GF_LANES; i++) {
		gf_vec x, factor;

		memcpy(&x, shifted + GF_LANES - i, sizeof(x));
		gf_fill(&factor, locator->b[i]);
		gf_mul(&x, &x, &factor);
		sum ^= x;
	}
	out->v = sum;
	pqc_ct_wipe(shifted, sizeof(shifted));
}

/* out = the polynomial of `terms` coefficients from `first` on, every `step`-th, at every byte
 * of x. */
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

/* Forney: the errors of the message's bytes, which are the last of the word. */
static void find_errors(const struct hqc_code *code, const union gf_half *locator,
			const union gf_half *evaluator, union gf_half *out)
{
	const int terms = (int)code->delta + 1;
	gf_vec root, value, slope, square;
	union gf_half at;

	/* Byte j is in error if alpha^-j is a root. The order of alpha is 255. */
	at.b[GF_LANES - 1] = gf_power(255 - 2 * code->delta - (GF_LANES - 1));
	for (unsigned i = GF_LANES - 1; i > 0; i--)
		at.b[i - 1] = gf_double(at.b[i]);
	gf_enter(&at.v);
	evaluate(&root, locator->b, terms, 1, &at.v);
	evaluate(&value, evaluator->b, (int)code->delta, 1, &at.v);
	/* The derivative has the odd coefficients. */
	gf_mul(&square, &at.v, &at.v);
	evaluate(&slope, locator->b + 1, terms / 2, 2, &square);
	gf_invert(&slope, &slope);
	gf_mul(&out->v, &value, &slope);
	gf_zeros(&root);
	out->v &= root;
}

static void rs_decode(const struct hqc_code *code, uint8_t *msg, const uint8_t *word)
{
	union gf_bytes syndromes;
	union gf_half locator, evaluator, errors;

	find_syndromes(code, word, &syndromes);
	find_locator(code, &syndromes, &locator);
	find_evaluator(&syndromes, &locator, &evaluator);
	find_errors(code, &locator, &evaluator, &errors);
	gf_leave(&errors.v);
	for (unsigned i = 0; i < code->k; i++)
		msg[i] = word[2 * code->delta + i] ^ errors.b[i];
	pqc_ct_wipe(&syndromes, sizeof(syndromes));
	pqc_ct_wipe(&locator, sizeof(locator));
	pqc_ct_wipe(&errors, sizeof(errors));
}

#endif
