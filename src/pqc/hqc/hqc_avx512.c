/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/*
 * GFNI multiplies modulo x^8 + x^4 + x^3 + x + 1. That is our polynomial at x + 1, so the way
 * between the two fields is to substitute x + 1 for x, in both directions.
 */
#define GF_NATIVE
#define GF_LANES 32
#define GF_MAP	 0xffaacc88f0a0c080
typedef uint64_t gf_vec __attribute__((vector_size(GF_LANES), aligned(32)));

static inline void gf_mul(gf_vec *out, const gf_vec *a, const gf_vec *b)
{
	*out = (gf_vec)_mm256_gf2p8mul_epi8((__m256i)*a, (__m256i)*b);
}

static inline void gf_enter(gf_vec *x)
{
	*x = (gf_vec)_mm256_gf2p8affine_epi64_epi8((__m256i)*x,
						   _mm256_set1_epi64x((long long)GF_MAP), 0);
}

static inline void gf_leave(gf_vec *x)
{
	gf_enter(x);
}

#include "pqc/hqc/hqc_rs_impl.h"

#define POINTS 128
#define REGS   4 /* of 32 points */
#define WORDS  32

/* x[j] = minus the number of copies with bit j set. */
static void count_bits(__m512i x[REGS], const uint64_t *in, unsigned copies)
{
	for (unsigned r = 0; r < REGS; r++) {
		x[r] = _mm512_setzero_si512();
		for (unsigned c = 0; c < copies; c++) {
			__mmask32 bits = (__mmask32)(in[2 * c + r / 2] >> (32 * (r % 2)));

			x[r] = _mm512_add_epi16(x[r], _mm512_movm_epi16(bits));
		}
	}
}

/* Differences where `minus` is set, else sums: y is x with partners exchanged. */
static inline __m512i butterfly(__m512i x, __m512i y, __mmask32 minus)
{
	return _mm512_mask_sub_epi16(_mm512_add_epi16(x, y), minus, y, x);
}

static void transform(__m512i x[REGS])
{
	for (unsigned r = 0; r < REGS; r++) {
		__m512i y = butterfly(x[r], _mm512_ror_epi32(x[r], 16), 0xaaaaaaaa);

		y = butterfly(y, _mm512_shuffle_epi32(y, 0xb1), 0xcccccccc);
		y = butterfly(y, _mm512_shuffle_epi32(y, 0x4e), 0xf0f0f0f0);
		y = butterfly(y, _mm512_shuffle_i64x2(y, y, 0xb1), 0xff00ff00);
		x[r] = butterfly(y, _mm512_shuffle_i64x2(y, y, 0x4e), 0xffff0000);
	}
	for (unsigned d = 1; d < REGS; d *= 2) {
		for (unsigned r = 0; r < REGS; r++) {
			if (!(r & d)) {
				__m512i a = x[r], b = x[r + d];

				x[r] = _mm512_add_epi16(a, b);
				x[r + d] = _mm512_sub_epi16(a, b);
			}
		}
	}
}

/*
 * As in portable C. The size is at most 320, so 128 * size + 127 - p fits in 16 unsigned bits. The
 * x here are those of portable C with the other sign.
 */
static uint8_t find_peak(const __m512i x[REGS], __m512i lanes)
{
	__m512i keys[REGS], best = _mm512_setzero_si512();
	__mmask32 positive = 0;
	__m256i half;
	__m128i least;
	uint32_t key;

	for (unsigned r = 0; r < REGS; r++) {
		keys[r] = _mm512_slli_epi16(_mm512_abs_epi16(x[r]), 7);
		keys[r] = _mm512_add_epi16(
			keys[r], _mm512_add_epi16(lanes, _mm512_set1_epi16(
								 (short)(WORDS * (REGS - 1 - r)))));
		best = _mm512_max_epu16(best, keys[r]);
	}
	half = _mm256_max_epu16(_mm512_castsi512_si256(best), _mm512_extracti64x4_epi64(best, 1));
	least = _mm_max_epu16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
	/* The only horizontal instruction finds the smallest. */
	least = _mm_minpos_epu16(_mm_xor_si128(least, _mm_set1_epi16(-1)));
	key = ((uint32_t)_mm_cvtsi128_si32(least) & 0xffff) ^ 0xffff;
	best = _mm512_set1_epi16((short)key);
	for (unsigned r = 0; r < REGS; r++)
		positive |= _mm512_cmpeq_epi16_mask(keys[r], best) &
			    _mm512_cmpgt_epi16_mask(x[r], _mm512_setzero_si512());
	/* Not negative there is not positive here. */
	return (uint8_t)((POINTS - 1 - key % POINTS) | (~pqc_ct_mask_nonzero32(positive) & 0x80));
}

static void rm_decode(const struct hqc_code *code, uint8_t *out, const uint64_t *in)
{
	const __m512i mean = _mm512_maskz_set1_epi16(1, (short)(64 * code->copies));
	uint16_t order[WORDS];
	__m512i x[REGS], lanes;

	for (unsigned i = 0; i < WORDS; i++)
		order[i] = (uint16_t)(WORDS - 1 - i);
	lanes = _mm512_loadu_si512(order);
	for (unsigned i = 0; i < code->n1; i++, in += (size_t)2 * code->copies) {
		count_bits(x, in, code->copies);
		transform(x);
		x[0] = _mm512_add_epi16(x[0], mean);
		out[i] = find_peak(x, lanes);
	}
	pqc_ct_wipe(x, sizeof(x));
}

const struct hqc_ops hqc_avx512_ops = {rs_encode, rs_decode, rm_decode};
