/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/ct.h"
#include "pqc/hqc/hqc_rs_impl.h"

#define POINTS 128

/* out[j] = the number of copies with bit j set. */
static void count_bits(int16_t out[POINTS], const uint64_t *in, unsigned copies)
{
	for (unsigned j = 0; j < POINTS; j++) {
		int16_t sum = 0;

		for (unsigned c = 0; c < copies; c++)
			sum = (int16_t)(sum + (in[2 * c + j / 64] >> (j % 64) & 1));
		out[j] = sum;
	}
}

/* x[p] becomes the sum of x[j], with sign (-1)^(number of common bits of p and j). */
static void transform(int16_t x[POINTS])
{
	for (unsigned d = 1; d < POINTS; d *= 2) {
		for (unsigned i = 0; i < POINTS; i += 2 * d) {
			for (unsigned j = i; j < i + d; j++) {
				int16_t a = x[j], b = x[j + d];

				x[j] = (int16_t)(a + b);
				x[j + d] = (int16_t)(a - b);
			}
		}
	}
}

/* The first p with the largest |x[p]|, and in bit 7 whether that x[p] is not negative. */
static uint8_t find_peak(const int16_t x[POINTS])
{
	uint32_t best = 0;

	for (uint32_t p = 0; p < POINTS; p++) {
		uint32_t sign = pqc_ct_mask_negative32(x[p]);
		uint32_t size = ((uint32_t)x[p] ^ sign) - sign;
		/* Larger sizes first, then smaller p; the sign decides nothing. */
		uint32_t key = size << 16 | (POINTS - 1 - p) << 8 | (~sign & 0x80);

		best = pqc_ct_select32(pqc_ct_mask_less32(best, key), key, best);
	}
	return (uint8_t)((POINTS - 1 - (best >> 8 & 0xff)) | (best & 0x80));
}

static void rm_decode(const struct hqc_code *code, uint8_t *out, const uint64_t *in)
{
	int16_t x[POINTS];

	for (unsigned i = 0; i < code->n1; i++, in += (size_t)2 * code->copies) {
		count_bits(x, in, code->copies);
		transform(x);
		x[0] = (int16_t)(x[0] - 64 * (int)code->copies);
		out[i] = find_peak(x);
	}
	pqc_ct_wipe(x, sizeof(x));
}

const struct hqc_ops hqc_c_ops = {rs_encode, rs_decode, rm_decode};
