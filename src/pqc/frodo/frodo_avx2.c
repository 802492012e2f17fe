/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "pqc/frodo/frodo_ops.h"

#define ROWS  8
#define WORDS 16 /* in a register */

static __m256i load(const uint16_t *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

/* The sum of the words of each of eight registers. */
static __m128i sums(const __m256i x[ROWS])
{
	__m256i a = _mm256_hadd_epi16(_mm256_hadd_epi16(x[0], x[1]), _mm256_hadd_epi16(x[2], x[3]));
	__m256i b = _mm256_hadd_epi16(_mm256_hadd_epi16(x[4], x[5]), _mm256_hadd_epi16(x[6], x[7]));
	__m256i c = _mm256_hadd_epi16(a, b);

	return _mm_add_epi16(_mm256_castsi256_si128(c), _mm256_extracti128_si256(c, 1));
}

static void dot(uint16_t *out, const uint16_t *a, const uint16_t *bt, unsigned n)
{
	for (unsigned r = 0; r < ROWS; r++, out += ROWS, a += n) {
		__m256i sum[ROWS] = {_mm256_setzero_si256()};

		for (unsigned j = 0; j < n; j += WORDS) {
			__m256i x = load(a + j);

#pragma GCC unroll 8
			for (unsigned c = 0; c < ROWS; c++)
				sum[c] = _mm256_add_epi16(
					sum[c],
					_mm256_mullo_epi16(x, load(bt + (size_t)c * n + j)));
		}
		_mm_storeu_si128((__m128i *)out,
				 _mm_add_epi16(_mm_loadu_si128((__m128i *)out), sums(sum)));
	}
}

/* One row of s stays in registers while it passes over a. */
static void accumulate(const struct frodo_slice *p)
{
	for (unsigned k = 0; k < ROWS; k++) {
		uint16_t *out = p->out + (size_t)k * p->n;
		__m256i s[ROWS];

		for (unsigned r = 0; r < ROWS; r++)
			s[r] = _mm256_set1_epi16((short)p->s[(size_t)k * p->n + r]);
		for (unsigned j = 0; j < p->n; j += WORDS) {
			__m256i sum = load(out + j);

#pragma GCC unroll 8
			for (unsigned r = 0; r < ROWS; r++)
				sum = _mm256_add_epi16(
					sum, _mm256_mullo_epi16(s[r],
								load(p->a + (size_t)r * p->n + j)));
			_mm256_storeu_si256((__m256i *)(out + j), sum);
		}
	}
}

static void sample(uint16_t *words, size_t len, const uint16_t *table, unsigned entries)
{
	const __m256i one = _mm256_set1_epi16(1);

	for (size_t i = 0; i < len; i += WORDS) {
		__m256i x = load(words + i), t = _mm256_srli_epi16(x, 1);
		__m256i sign = _mm256_cmpeq_epi16(_mm256_and_si256(x, one), one);
		__m256i e = _mm256_setzero_si256();

		for (unsigned j = 0; j < entries; j++)
			e = _mm256_sub_epi16(
				e, _mm256_cmpgt_epi16(t, _mm256_set1_epi16((short)table[j])));
		e = _mm256_sub_epi16(_mm256_xor_si256(e, sign), sign);
		_mm256_storeu_si256((__m256i *)(words + i), e);
	}
}

/* Two blocks at a time. */
static void number(uint16_t *out, unsigned n, unsigned row)
{
	__m256i x = _mm256_set_epi32(0, 0, 0, (int)(row + (8 << 16)), 0, 0, 0, (int)row);
	const __m256i step = _mm256_set_epi32(0, 0, 0, WORDS << 16, 0, 0, 0, WORDS << 16);

	for (unsigned j = 0; j < n; j += WORDS) {
		_mm256_storeu_si256((__m256i *)(out + j), x);
		x = _mm256_add_epi32(x, step);
	}
}

const struct frodo_ops frodo_avx2_ops = {dot, accumulate, sample, number};
