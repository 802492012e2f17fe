/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "pqc/frodo/frodo_ops.h"

#define ROWS  8
#define WORDS 32 /* in a register */

/* What of a register is in the row, from column j on: n is not always a multiple of 32. */
static __mmask32 mask_at(unsigned n, unsigned j)
{
	return n - j >= WORDS ? ~(__mmask32)0 : ((__mmask32)1 << (n - j)) - 1;
}

/* The sum of the words of each of eight registers. */
static __m128i sums(const __m512i x[ROWS])
{
	__m256i y[ROWS], a, b;

	for (unsigned i = 0; i < ROWS; i++)
		y[i] = _mm256_add_epi16(_mm512_castsi512_si256(x[i]),
					_mm512_extracti64x4_epi64(x[i], 1));
	a = _mm256_hadd_epi16(_mm256_hadd_epi16(y[0], y[1]), _mm256_hadd_epi16(y[2], y[3]));
	b = _mm256_hadd_epi16(_mm256_hadd_epi16(y[4], y[5]), _mm256_hadd_epi16(y[6], y[7]));
	a = _mm256_hadd_epi16(a, b);
	return _mm_add_epi16(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
}

static void add_to(uint16_t *out, __m128i x)
{
	_mm_storeu_si128((__m128i *)out, _mm_add_epi16(_mm_loadu_si128((__m128i *)out), x));
}

/* Two rows of a at a time: what is loaded of bt is used twice. */
static void dot(uint16_t *out, const uint16_t *a, const uint16_t *bt, unsigned n)
{
	for (unsigned r = 0; r < ROWS; r += 2, out += 2 * ROWS, a += (size_t)2 * n) {
		__m512i sum[2][ROWS] = {{_mm512_setzero_si512()}};

		for (unsigned j = 0; j < n; j += WORDS) {
			__mmask32 mask = mask_at(n, j);
			__m512i x = _mm512_maskz_loadu_epi16(mask, a + j);
			__m512i y = _mm512_maskz_loadu_epi16(mask, a + n + j);

#pragma GCC unroll 8
			for (unsigned c = 0; c < ROWS; c++) {
				__m512i b = _mm512_maskz_loadu_epi16(mask, bt + (size_t)c * n + j);

				sum[0][c] = _mm512_add_epi16(sum[0][c], _mm512_mullo_epi16(x, b));
				sum[1][c] = _mm512_add_epi16(sum[1][c], _mm512_mullo_epi16(y, b));
			}
		}
		add_to(out, sums(sum[0]));
		add_to(out + ROWS, sums(sum[1]));
	}
}

/* Two rows of s stay in registers while they pass over a. */
static void accumulate(const struct frodo_slice *p)
{
	for (unsigned k = 0; k < ROWS; k += 2) {
		uint16_t *out0 = p->out + (size_t)k * p->n, *out1 = out0 + p->n;
		__m512i s[2][ROWS];

		for (unsigned r = 0; r < ROWS; r++) {
			s[0][r] = _mm512_set1_epi16((short)p->s[(size_t)k * p->n + r]);
			s[1][r] = _mm512_set1_epi16((short)p->s[(size_t)(k + 1) * p->n + r]);
		}
		for (unsigned j = 0; j < p->n; j += WORDS) {
			__mmask32 mask = mask_at(p->n, j);
			__m512i sum0 = _mm512_maskz_loadu_epi16(mask, out0 + j);
			__m512i sum1 = _mm512_maskz_loadu_epi16(mask, out1 + j);

#pragma GCC unroll 8
			for (unsigned r = 0; r < ROWS; r++) {
				__m512i x =
					_mm512_maskz_loadu_epi16(mask, p->a + (size_t)r * p->n + j);

				sum0 = _mm512_add_epi16(sum0, _mm512_mullo_epi16(s[0][r], x));
				sum1 = _mm512_add_epi16(sum1, _mm512_mullo_epi16(s[1][r], x));
			}
			_mm512_mask_storeu_epi16(out0 + j, mask, sum0);
			_mm512_mask_storeu_epi16(out1 + j, mask, sum1);
		}
	}
}

static void sample(uint16_t *words, size_t len, const uint16_t *table, unsigned entries)
{
	const __m512i one = _mm512_set1_epi16(1);

	for (size_t i = 0; i < len; i += WORDS) {
		__m512i x = _mm512_loadu_si512(words + i), t = _mm512_srli_epi16(x, 1);
		__m512i e = _mm512_setzero_si512(), sign = _mm512_and_si512(x, one);

		for (unsigned j = 0; j < entries; j++)
			e = _mm512_sub_epi16(
				e, _mm512_srai_epi16(
					   _mm512_sub_epi16(_mm512_set1_epi16((short)table[j]), t),
					   15));
		sign = _mm512_sub_epi16(_mm512_setzero_si512(), sign);
		e = _mm512_sub_epi16(_mm512_xor_si512(e, sign), sign);
		_mm512_storeu_si512(words + i, e);
	}
}

/* Four blocks at a time. */
static void number(uint16_t *out, unsigned n, unsigned row)
{
	const __m512i first = _mm512_set_epi64(0, 24 << 16, 0, 16 << 16, 0, 8 << 16, 0, 0);
	const __m512i step = _mm512_maskz_set1_epi64(0x55, WORDS << 16);
	__m512i x = _mm512_add_epi64(first, _mm512_maskz_set1_epi64(0x55, row));

	for (unsigned j = 0; j < n; j += WORDS) {
		_mm512_mask_storeu_epi16(out + j, mask_at(n, j), x);
		x = _mm512_add_epi64(x, step);
	}
}

const struct frodo_ops frodo_avx512_ops = {dot, accumulate, sample, number};
