/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#define VEC			       __m128i
#define LANES			       1
#define VEC_XOR(a, b)		       _mm_xor_si128(a, b)
#define VEC_XOR3(a, b, c)	       _mm_xor_si128(_mm_xor_si128(a, b), c)
#define VEC_MUL(a, b, i)	       _mm_clmulepi64_si128(a, b, i)
#define VEC_SWAP(a)		       _mm_shuffle_epi32(a, 0x4e)
#define VEC_JOIN(high, low)	       _mm_alignr_epi8(high, low, 8)
#define VEC_LOAD_LANES(at, stride)     _mm_loadu_si128((const __m128i *)(at))
#define VEC_STORE_LANES(at, stride, x) _mm_storeu_si128((__m128i *)(at), x)
#include "pqc/gf2x/gf2x_lanes_impl.h"

static void square(uint64_t *out, const uint64_t *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		__m128i x = _mm_cvtsi64_si128((long long)a[i]);

		_mm_storeu_si128((__m128i *)(out + 2 * i), _mm_clmulepi64_si128(x, x, 0));
	}
}

static void fold(uint64_t *out, const uint64_t *in, unsigned bits)
{
	size_t n = (bits + 63) / 64;
	unsigned shift = bits % 64;

	for (size_t i = 0; i < n; i++)
		out[i] = in[i] ^ in[n - 1 + i] >> shift ^ in[n + i] << (64 - shift);
}

/* 32 coefficients to a word, eight at a time. */
static void permute(const struct gf2x_permutation *p)
{
	const __m256i bits = _mm256_set1_epi32((int)p->bits);
	uint32_t *out = (uint32_t *)p->out, first[8];
	__m256i from, step;

	for (unsigned i = 0; i < 8; i++)
		first[i] = (uint32_t)((uint64_t)i * p->step % p->bits);
	from = _mm256_loadu_si256((const __m256i *)first);
	step = _mm256_set1_epi32((int)((uint64_t)8 * p->step % p->bits));
	for (size_t i = 0; i < 2 * ((p->bits + 63) / 64); i++) {
		uint32_t word = 0;

		for (unsigned j = 0; j < 32; j += 8) {
			__m256i x = _mm256_i32gather_epi32((const int *)p->in,
							   _mm256_srli_epi32(from, 5), 4);
			__m256i last = _mm256_sub_epi32(_mm256_set1_epi32(31), from);

			/* The coefficient moves to the sign; only the low five bits count. */
			last = _mm256_and_si256(last, _mm256_set1_epi32(31));
			x = _mm256_sllv_epi32(x, last);
			word |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(x)) << j;
			from = _mm256_add_epi32(from, step);
			from = _mm256_min_epu32(from, _mm256_sub_epi32(from, bits));
		}
		out[i] = word;
	}
	p->out[(p->bits + 63) / 64 - 1] &= ((uint64_t)1 << (p->bits % 64)) - 1;
}

static void set_bits(uint64_t *out, size_t words, const uint32_t *at, size_t n)
{
	size_t i = 0;

	for (; i < words; i += 16) {
		__m256i index[4], sum[4];

		for (unsigned j = 0; j < 4; j++) {
			index[j] = _mm256_add_epi64(
				_mm256_set1_epi64x((long long)i + 4 * (long long)j),
				_mm256_set_epi64x(3, 2, 1, 0));
			sum[j] = _mm256_setzero_si256();
		}
		for (size_t k = 0; k < n; k++) {
			__m256i word = _mm256_set1_epi64x(at[k] / 64);
			const uint64_t one_bit = (uint64_t)1 << (at[k] % 64);
			__m256i bit = _mm256_set1_epi64x((long long)one_bit);

			for (unsigned j = 0; j < 4; j++)
				sum[j] = _mm256_or_si256(
					sum[j],
					_mm256_and_si256(bit, _mm256_cmpeq_epi64(index[j], word)));
		}
		if (words - i >= 16)
			memcpy(out + i, sum, sizeof(sum));
		else
			memcpy(out + i, sum, (words - i) * sizeof(*out));
	}
}

const struct gf2x_ops gf2x_avx2_ops = {mul, square, fold, permute, set_bits, 64};
