/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "pqc/mldsa/mldsa_avx2.h"
#include "pqc/mldsa/mldsa_avx512_zetas.h"
#include "pqc/mldsa/mldsa_zetas.h"

/*
 * A polynomial is 16 rows of 16 coefficients, and all of it is in registers. Four layers of the
 * transform work on rows; then the matrix is transposed for the other four. Transformed polynomials
 * stay transposed.
 */
#define Q MLDSA_Q
#define N MLDSA_N

#define ROWS   16
#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))

#define EVEN_LANES 0x5555
#define HIGH_HALF  ((_MM_PERM_ENUM)0xf5) /* of every pair, in both places */

INLINE __m512i odd_of(__m512i a)
{
	return _mm512_shuffle_epi32(a, HIGH_HALF);
}

/* A factor in every lane, or different ones for even and odd lanes, and all / q mod 2^32. */
struct factor {
	__m512i even, odd, even_q, odd_q;
};

INLINE struct factor factor_all(int i)
{
	int32_t z = mldsa_zetas[i];
	__m512i v = _mm512_set1_epi32(z);
	__m512i vq = _mm512_set1_epi32((int32_t)((uint32_t)z * MLDSA_Q_INVERSE));

	return (struct factor){v, v, vq, vq};
}

INLINE struct factor factor_back(int i)
{
	return factor_all(-i);
}

INLINE struct factor factor_lanes(int i)
{
	__m512i v = _mm512_load_si512(mldsa_avx512_zetas[i]);
	__m512i vq = _mm512_load_si512(mldsa_avx512_zetas_q[i]);

	return (struct factor){v, odd_of(v), vq, odd_of(vq)};
}

/* The high halves of even and odd products, less the multiples of q that end in the same bits. */
INLINE __m512i high_difference(__m512i even, __m512i odd, __m512i even_t, __m512i odd_t)
{
	const __m512i q = _mm512_set1_epi32(Q);

	even = _mm512_sub_epi64(even, _mm512_mul_epi32(even_t, q));
	odd = _mm512_sub_epi64(odd, _mm512_mul_epi32(odd_t, q));
	return _mm512_mask_shuffle_epi32(odd, EVEN_LANES, even, HIGH_HALF);
}

/* a z / 2^32 mod q, below q in size */
INLINE __m512i times(__m512i a, struct factor f)
{
	__m512i odd = odd_of(a);

	return high_difference(_mm512_mul_epi32(a, f.even), _mm512_mul_epi32(odd, f.odd),
			       _mm512_mul_epi32(a, f.even_q), _mm512_mul_epi32(odd, f.odd_q));
}

INLINE void forward(__m512i *a, __m512i *b, struct factor f)
{
	__m512i t = times(*b, f);

	*b = _mm512_sub_epi32(*a, t);
	*a = _mm512_add_epi32(*a, t);
}

INLINE void backward(__m512i *a, __m512i *b, struct factor f)
{
	__m512i t = _mm512_sub_epi32(*b, *a);

	*a = _mm512_add_epi32(*a, *b);
	*b = times(t, f);
}

/* One layer: pairs at the distance, each run of pairs with the next factor. */
#define LAYER(step, v, distance, factor_of, first)                                                 \
	do {                                                                                       \
		UNROLL                                                                             \
		for (int p_ = 0; p_ < ROWS / 2; p_++) {                                            \
			int run_ = p_ / (distance), at_ = run_ * 2 * (distance) + p_ % (distance); \
                                                                                                   \
			step(&(v)[at_], &(v)[at_ + (distance)], factor_of((first) + run_));        \
		}                                                                                  \
	} while (0)

/* Rows in fours, in words; then quarters of registers. */
INLINE void transpose(__m512i *v)
{
	__m512i a[ROWS], b[ROWS];

	UNROLL
	for (int i = 0; i < ROWS; i += 2) {
		a[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
		a[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
	}
	UNROLL
	for (int i = 0; i < ROWS; i += 4) {
		b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
		b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
		b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
		b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
	}
	UNROLL
	for (int i = 0; i < 4; i++) {
		__m512i even = _mm512_shuffle_i32x4(b[i], b[i + 4], 0x88);
		__m512i odd = _mm512_shuffle_i32x4(b[i], b[i + 4], 0xdd);
		__m512i even2 = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0x88);
		__m512i odd2 = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0xdd);

		v[i] = _mm512_shuffle_i32x4(even, even2, 0x88);
		v[i + 4] = _mm512_shuffle_i32x4(odd, odd2, 0x88);
		v[i + 8] = _mm512_shuffle_i32x4(even, even2, 0xdd);
		v[i + 12] = _mm512_shuffle_i32x4(odd, odd2, 0xdd);
	}
}

INLINE void load_rows(__m512i *v, const struct mldsa_poly *a)
{
	UNROLL
	for (int i = 0; i < ROWS; i++)
		v[i] = _mm512_load_si512(a->c + (size_t)ROWS * i);
}

INLINE void store_rows(struct mldsa_poly *a, const __m512i *v)
{
	UNROLL
	for (int i = 0; i < ROWS; i++)
		_mm512_store_si512(a->c + (size_t)ROWS * i, v[i]);
}

static void ntt(struct mldsa_poly *a)
{
	__m512i v[ROWS];

	load_rows(v, a);
	LAYER(forward, v, 8, factor_all, 1);
	LAYER(forward, v, 4, factor_all, 2);
	LAYER(forward, v, 2, factor_all, 4);
	LAYER(forward, v, 1, factor_all, 8);
	transpose(v);
	LAYER(forward, v, 8, factor_lanes, 0);
	LAYER(forward, v, 4, factor_lanes, 1);
	LAYER(forward, v, 2, factor_lanes, 3);
	LAYER(forward, v, 1, factor_lanes, 7);
	store_rows(a, v);
}

static void intt(struct mldsa_poly *a)
{
	const __m512i z = _mm512_set1_epi32(MLDSA_INTT_SCALE);
	const __m512i zq =
		_mm512_set1_epi32((int32_t)((uint32_t)MLDSA_INTT_SCALE * MLDSA_Q_INVERSE));
	__m512i v[ROWS];

	load_rows(v, a);
	LAYER(backward, v, 1, factor_lanes, MLDSA_AVX512_INVERSE + 7);
	LAYER(backward, v, 2, factor_lanes, MLDSA_AVX512_INVERSE + 3);
	LAYER(backward, v, 4, factor_lanes, MLDSA_AVX512_INVERSE + 1);
	LAYER(backward, v, 8, factor_lanes, MLDSA_AVX512_INVERSE);
	transpose(v);
	LAYER(backward, v, 1, factor_back, -15);
	LAYER(backward, v, 2, factor_back, -7);
	LAYER(backward, v, 4, factor_back, -3);
	LAYER(backward, v, 8, factor_back, -1);
	UNROLL
	for (int i = 0; i < ROWS; i++)
		v[i] = times(v[i], (struct factor){z, z, zq, zq});
	store_rows(a, v);
}

static void arrange(struct mldsa_poly *a)
{
	__m512i v[ROWS];

	load_rows(v, a);
	transpose(v);
	store_rows(a, v);
}

static void dot(struct mldsa_poly *r, const struct mldsa_poly *a, const struct mldsa_poly *b,
		unsigned n)
{
	const __m512i inverse = _mm512_set1_epi32(MLDSA_Q_INVERSE);

	for (int i = 0; i < N; i += ROWS) {
		__m512i even = _mm512_setzero_si512(), odd = even;

		for (unsigned j = 0; j < n; j++) {
			__m512i x = _mm512_load_si512(a[j].c + i),
				y = _mm512_load_si512(b[j].c + i);

			even = _mm512_add_epi64(even, _mm512_mul_epi32(x, y));
			odd = _mm512_add_epi64(odd, _mm512_mul_epi32(odd_of(x), odd_of(y)));
		}
		even = high_difference(even, odd, _mm512_mul_epi32(even, inverse),
				       _mm512_mul_epi32(odd, inverse));
		_mm512_store_si512(r->c + i, even);
	}
}

/* Sixteen numbers of three bytes at a time while they surely fit, then the rest. */
static unsigned reject_q(int32_t *out, unsigned n, const uint8_t *in, size_t len)
{
	const __m512i bytes = _mm512_setr_epi32(0x00020100, 0x00050403, 0x00080706, 0x000b0a09,
						0x000e0d0c, 0x0011100f, 0x00141312, 0x00171615,
						0x001a1918, 0x001d1c1b, 0x00201f1e, 0x00232221,
						0x00262524, 0x00292827, 0x002c2b2a, 0x002f2e2d);
	const uint8_t *end = in + len;

	for (; n + ROWS <= N && in + 48 <= end; in += 48) {
		__m512i v = _mm512_maskz_loadu_epi8(0xffffffffffff, in);
		__mmask16 keep;

		v = _mm512_permutexvar_epi8(bytes, v);
		v = _mm512_and_si512(v, _mm512_set1_epi32(0x7fffff));
		keep = _mm512_cmplt_epi32_mask(v, _mm512_set1_epi32(Q));
		_mm512_storeu_si512(out + n, _mm512_maskz_compress_epi32(keep, v));
		n += (unsigned)_mm_popcnt_u32(keep);
	}
	return mldsa_c_ops.reject_q(out, n, in, (size_t)(end - in));
}

const struct mldsa_ops mldsa_avx512_ops = {
	.ntt = ntt,
	.intt = intt,
	.arrange = arrange,
	.dot = dot,
	.reject_q = reject_q,
	MLDSA_AVX2_SHARED,
};
