/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "pqc/hqc/hqc_rs_impl.h"

#define POINTS 128
#define REGS   8 /* of 16 points */

/* x[j] = minus the number of copies with bit j set. */
static void count_bits(__m256i x[REGS], const uint64_t *in, unsigned copies)
{
	const __m256i bits = _mm256_set_epi16((short)0x8000, 0x4000, 0x2000, 0x1000, 0x800, 0x400,
					      0x200, 0x100, 0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1);

	for (unsigned r = 0; r < REGS; r++) {
		x[r] = _mm256_setzero_si256();
		for (unsigned c = 0; c < copies; c++) {
			uint64_t word = in[2 * c + r / 4] >> (16 * (r % 4));
			__m256i y = _mm256_set1_epi16((short)word);

			y = _mm256_cmpeq_epi16(_mm256_and_si256(y, bits), bits);
			x[r] = _mm256_add_epi16(x[r], y);
		}
	}
}

/* Sums where sign is 1 and differences where it is -1: y is x with partners exchanged. */
static __m256i butterfly(__m256i x, __m256i y, __m256i sign)
{
	return _mm256_add_epi16(y, _mm256_sign_epi16(x, sign));
}

static void transform(__m256i x[REGS])
{
	const __m256i swap = _mm256_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2,
					     13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2);
	const __m256i sign1 = _mm256_set1_epi32((int)0xffff0001);
	const __m256i sign2 = _mm256_set1_epi64x((long long)0xffffffff00010001);
	const __m256i sign4 = _mm256_set_epi64x(-1, 0x0001000100010001, -1, 0x0001000100010001);
	const __m256i sign8 = _mm256_set_epi64x(-1, -1, 0x0001000100010001, 0x0001000100010001);

	for (unsigned r = 0; r < REGS; r++) {
		__m256i y = butterfly(x[r], _mm256_shuffle_epi8(x[r], swap), sign1);

		y = butterfly(y, _mm256_shuffle_epi32(y, 0xb1), sign2);
		y = butterfly(y, _mm256_shuffle_epi32(y, 0x4e), sign4);
		x[r] = butterfly(y, _mm256_permute4x64_epi64(y, 0x4e), sign8);
	}
	for (unsigned d = 1; d < REGS; d *= 2) {
		for (unsigned r = 0; r < REGS; r++) {
			if (!(r & d)) {
				__m256i a = x[r], b = x[r + d];

				x[r] = _mm256_add_epi16(a, b);
				x[r + d] = _mm256_sub_epi16(a, b);
			}
		}
	}
}

/*
 * As in portable C. The size is at most 320, so 128 * size + 127 - p fits in 16 unsigned bits. The
 * x here are those of portable C with the other sign.
 */
static uint8_t find_peak(const __m256i x[REGS])
{
	const __m256i lanes =
		_mm256_set_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m256i keys[REGS], best = _mm256_setzero_si256(), positive = _mm256_setzero_si256();
	__m128i least;
	uint32_t key;

	for (unsigned r = 0; r < REGS; r++) {
		keys[r] = _mm256_slli_epi16(_mm256_abs_epi16(x[r]), 7);
		keys[r] = _mm256_add_epi16(
			keys[r],
			_mm256_add_epi16(lanes, _mm256_set1_epi16((short)(16 * (REGS - 1 - r)))));
		best = _mm256_max_epu16(best, keys[r]);
	}
	/* The only horizontal instruction finds the smallest. */
	least = _mm_max_epu16(_mm256_castsi256_si128(best), _mm256_extracti128_si256(best, 1));
	least = _mm_minpos_epu16(_mm_xor_si128(least, _mm_set1_epi16(-1)));
	key = ((uint32_t)_mm_cvtsi128_si32(least) & 0xffff) ^ 0xffff;
	best = _mm256_set1_epi16((short)key);
	for (unsigned r = 0; r < REGS; r++)
		positive = _mm256_or_si256(
			positive,
			_mm256_and_si256(_mm256_cmpeq_epi16(keys[r], best),
					 _mm256_cmpgt_epi16(x[r], _mm256_setzero_si256())));
	/* Not negative there is not positive here. */
	return (uint8_t)((POINTS - 1 - key % POINTS) |
			 (~pqc_ct_mask_nonzero32((uint32_t)_mm256_movemask_epi8(positive)) & 0x80));
}

static void rm_decode(const struct hqc_code *code, uint8_t *out, const uint64_t *in)
{
	const __m256i mean = _mm256_set_epi16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
					      (short)(64 * code->copies));
	__m256i x[REGS];

	for (unsigned i = 0; i < code->n1; i++, in += (size_t)2 * code->copies) {
		count_bits(x, in, code->copies);
		transform(x);
		x[0] = _mm256_add_epi16(x[0], mean);
		out[i] = find_peak(x);
	}
	pqc_ct_wipe(x, sizeof(x));
}

const struct hqc_ops hqc_avx2_ops = {rs_encode, rs_decode, rm_decode};
