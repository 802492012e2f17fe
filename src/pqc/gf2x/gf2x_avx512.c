/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* Granules of four factors. Masked broadcasts from memory need no shuffle. */
static inline __m512i load_lanes(const uint64_t *at, size_t stride)
{
	__m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)at));

	x = _mm512_mask_broadcast_i64x2(x, 0x0c, _mm_loadu_si128((const __m128i *)(at + stride)));
	x = _mm512_mask_broadcast_i64x2(x, 0x30,
					_mm_loadu_si128((const __m128i *)(at + 2 * stride)));
	return _mm512_mask_broadcast_i64x2(x, 0xc0,
					   _mm_loadu_si128((const __m128i *)(at + 3 * stride)));
}

static inline void store_lanes(uint64_t *at, size_t stride, __m512i x)
{
	_mm_storeu_si128((__m128i *)at, _mm512_castsi512_si128(x));
	_mm_storeu_si128((__m128i *)(at + stride), _mm512_extracti64x2_epi64(x, 1));
	_mm_storeu_si128((__m128i *)(at + 2 * stride), _mm512_extracti64x2_epi64(x, 2));
	_mm_storeu_si128((__m128i *)(at + 3 * stride), _mm512_extracti64x2_epi64(x, 3));
}

#define VEC			       __m512i
#define LANES			       4
#define VEC_XOR(a, b)		       _mm512_xor_si512(a, b)
#define VEC_XOR3(a, b, c)	       _mm512_ternarylogic_epi64(a, b, c, 0x96)
#define VEC_MUL(a, b, i)	       _mm512_clmulepi64_epi128(a, b, i)
#define VEC_SWAP(a)		       _mm512_shuffle_epi32(a, 0x4e)
#define VEC_JOIN(high, low)	       _mm512_alignr_epi8(high, low, 8)
#define VEC_LOAD_LANES(at, stride)     load_lanes(at, stride)
#define VEC_STORE_LANES(at, stride, x) store_lanes(at, stride, x)
#include "pqc/ct.h"
#include "pqc/gf2x/gf2x.h"
#include "pqc/gf2x/gf2x_lanes_impl.h"
#include "pqc/le.h"

static void square(uint64_t *out, const uint64_t *a, size_t n)
{
	const __m512i low = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
	const __m512i high = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m512i x = _mm512_loadu_si512(a + i);
		__m512i even = _mm512_clmulepi64_epi128(x, x, 0x00);
		__m512i odd = _mm512_clmulepi64_epi128(x, x, 0x11);

		_mm512_storeu_si512(out + 2 * i, _mm512_permutex2var_epi64(even, low, odd));
		_mm512_storeu_si512(out + 2 * i + 8, _mm512_permutex2var_epi64(even, high, odd));
	}
	for (; i < n; i++) {
		__m128i x = _mm_cvtsi64_si128((long long)a[i]);

		_mm_storeu_si128((__m128i *)(out + 2 * i), _mm_clmulepi64_si128(x, x, 0));
	}
}

static void fold(uint64_t *out, const uint64_t *in, unsigned bits)
{
	const __m512i shift = _mm512_set1_epi64(bits % 64);
	size_t n = (bits + 63) / 64;

	for (size_t i = 0; i < n; i += 8) {
		__mmask8 mask = n - i >= 8 ? 0xff : (__mmask8)((1U << (n - i)) - 1);
		__m512i low = _mm512_maskz_loadu_epi64(mask, in + n - 1 + i);
		__m512i high = _mm512_maskz_loadu_epi64(mask, in + n + i);
		__m512i x = _mm512_maskz_loadu_epi64(mask, in + i);

		x = _mm512_xor_si512(x, _mm512_shrdv_epi64(low, high, shift));
		_mm512_mask_storeu_epi64(out + i, mask, x);
	}
}

/* Sixteen coefficients at a time, four times sixteen to a word. */
static void permute(const struct gf2x_permutation *p)
{
	const __m512i bits = _mm512_set1_epi32((int)p->bits), one = _mm512_set1_epi32(1);
	size_t n = (p->bits + 63) / 64;
	uint32_t first[16];
	__m512i from, step;

	for (unsigned i = 0; i < 16; i++)
		first[i] = (uint32_t)((uint64_t)i * p->step % p->bits);
	from = _mm512_loadu_si512(first);
	step = _mm512_set1_epi32((int)((uint64_t)16 * p->step % p->bits));
	for (size_t i = 0; i < n; i++) {
		uint64_t word = 0;

		for (unsigned j = 0; j < 64; j += 16) {
			__m512i x = _mm512_i32gather_epi32(_mm512_srli_epi32(from, 5), p->in, 4);

			x = _mm512_rorv_epi32(x, from);
			word |= (uint64_t)_mm512_test_epi32_mask(x, one) << j;
			from = _mm512_add_epi32(from, step);
			from = _mm512_min_epu32(from, _mm512_sub_epi32(from, bits));
		}
		p->out[i] = word;
	}
	p->out[n - 1] &= ((uint64_t)1 << (p->bits % 64)) - 1;
}

/*
 * Setting bits is a product of matrices of bits: out[block, byte, bit] is the sum over all numbers
 * k of (block(k) = block) * (byte(k) = byte, bit(k) = bit), where a block is 64 bytes. Eight
 * numbers are one step of GF2P8AFFINEQB, whose matrix is the right factor for one byte, and whose
 * vector of eight bits the left factor for one block. `left` and `right` hold them for eight
 * numbers.
 */
#define GROUPS	   ((GF2X_MAX_SET + 7) / 8)
#define MAX_BLOCKS 192

struct factors {
	__m512i right[GROUPS][8]; /* a word a byte of the block */
	uint8_t left[GROUPS][MAX_BLOCKS];
};

static void make_factors(struct factors *f, const uint32_t *at, size_t n)
{
	const __m512i words = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
	uint8_t numbers[64];

	for (unsigned i = 0; i < 64; i++)
		numbers[i] = (uint8_t)i;
	for (size_t group = 0; 8 * group < n; group++) {
		const __m512i bytes = _mm512_loadu_si512(numbers);
		__m512i right[8] = {_mm512_setzero_si512()}, left[3] = {_mm512_setzero_si512()};

		for (unsigned k = 0; k < 8 && 8 * group + k < n; k++) {
			uint32_t number = at[8 * group + k], block = number / 512;
			__m512i byte = _mm512_set1_epi64(number / 8 % 64);
			const uint64_t row_bit = (uint64_t)1 << (8 * (7 - number % 8) + k);
			__m512i row = _mm512_set1_epi64((long long)row_bit);
			__m512i bit = _mm512_set1_epi8((char)(1U << k)), here;

			/* Beyond the last block is beyond 255, too. */
			here = _mm512_min_epu32(_mm512_set1_epi32((int)block),
						_mm512_set1_epi32(255));
			here = _mm512_shuffle_epi8(here, _mm512_setzero_si512());
#pragma GCC unroll 8
			for (unsigned i = 0; i < 8; i++)
				right[i] = _mm512_mask_or_epi64(
					right[i],
					_mm512_cmpeq_epi64_mask(
						_mm512_add_epi64(words, _mm512_set1_epi64(8 * i)),
						byte),
					right[i], row);
#pragma GCC unroll 3
			for (unsigned i = 0; i < 3; i++)
				left[i] = _mm512_ternarylogic_epi64(
					left[i], bit,
					_mm512_movm_epi8(_mm512_cmpeq_epi8_mask(
						_mm512_add_epi8(bytes,
								_mm512_set1_epi8((char)(64 * i))),
						here)),
					0xf8); /* left | bit & equal */
		}
		/* cppcheck-suppress uninitvar ; it is written here */
		memcpy(f->right[group], right, sizeof(right));
		memcpy(f->left[group], left, sizeof(left));
	}
}

/* Row i, word j of eight rows of eight words becomes row j, word i. */
static void transpose(__m512i x[8])
{
	__m512i a[8], b[8];

	for (unsigned i = 0; i < 8; i += 2) {
		a[i] = _mm512_unpacklo_epi64(x[i], x[i + 1]);
		a[i + 1] = _mm512_unpackhi_epi64(x[i], x[i + 1]);
	}
	/* a: rows 2i and 2i + 1, even words or odd ones. Lanes are pairs of rows now. */
	for (unsigned odd = 0; odd < 2; odd++) {
		b[4 * odd] = _mm512_shuffle_i64x2(a[odd], a[2 + odd], 0x44);
		b[4 * odd + 1] = _mm512_shuffle_i64x2(a[odd], a[2 + odd], 0xee);
		b[4 * odd + 2] = _mm512_shuffle_i64x2(a[4 + odd], a[6 + odd], 0x44);
		b[4 * odd + 3] = _mm512_shuffle_i64x2(a[4 + odd], a[6 + odd], 0xee);
		x[odd] = _mm512_shuffle_i64x2(b[4 * odd], b[4 * odd + 2], 0x88);
		x[2 + odd] = _mm512_shuffle_i64x2(b[4 * odd], b[4 * odd + 2], 0xdd);
		x[4 + odd] = _mm512_shuffle_i64x2(b[4 * odd + 1], b[4 * odd + 3], 0x88);
		x[6 + odd] = _mm512_shuffle_i64x2(b[4 * odd + 1], b[4 * odd + 3], 0xdd);
	}
}

static void set_bits(uint64_t *out, size_t words, const uint32_t *at, size_t n)
{
	struct factors f;
	uint8_t order[64];

	for (unsigned i = 0; i < 64; i++)
		order[i] = (uint8_t)(i % 8 * 8 + i / 8);
	make_factors(&f, at, n);
	for (size_t first = 0; first < words; first += 64) {
		__m512i sum[8] = {_mm512_setzero_si512()};

		for (size_t group = 0; 8 * group < n; group++) {
			__m512i left = _mm512_set1_epi64(
				(long long)pqc_le_load64(f.left[group] + first / 8));

#pragma GCC unroll 8
			for (unsigned i = 0; i < 8; i++)
				sum[i] = _mm512_xor_si512(
					sum[i],
					_mm512_gf2p8affine_epi64_epi8(left, f.right[group][i], 0));
		}
		/* Word j of sum[i] has byte 8 i + j of eight blocks. */
		for (unsigned i = 0; i < 8; i++)
			sum[i] = _mm512_permutexvar_epi8(_mm512_loadu_si512(order), sum[i]);
		transpose(sum);
		for (unsigned i = 0; i < 8 && first + 8 * i < words; i++) {
			size_t left = words - first - 8 * i;
			__mmask8 mask = left >= 8 ? 0xff : (__mmask8)((1U << left) - 1);

			_mm512_mask_storeu_epi64(out + first + 8 * i, mask, sum[i]);
		}
	}
	pqc_ct_wipe(&f, sizeof(f));
}

const struct gf2x_ops gf2x_avx512_ops = {mul, square, fold, permute, set_bits, 64};
