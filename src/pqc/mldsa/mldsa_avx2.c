/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <string.h>

#include "pqc/ct.h"
#include "pqc/mldsa/mldsa_avx2.h"
#include "pqc/mldsa/mldsa_avx2_zetas.h"
#include "pqc/mldsa/mldsa_ops.h"
#include "pqc/mldsa/mldsa_zetas.h"

/*
 * A polynomial is 32 rows of 8 coefficients, a row a register, in four blocks of 8 rows. Five
 * layers of the transform work on whole rows; then each block is transposed for the last three.
 * Transformed polynomials stay transposed.
 */
#define Q MLDSA_Q
#define N MLDSA_N

#define ROWS   32
#define BLOCK  8
#define BLOCKS 4
#define UNROLL _Pragma("GCC unroll 8")
#define INLINE static inline __attribute__((always_inline))

#define GAMMA2_88 ((Q - 1) / 88)

INLINE __m256i *rows_of(struct mldsa_poly *a)
{
	return (__m256i *)a->c;
}

INLINE const __m256i *const_rows_of(const struct mldsa_poly *a)
{
	return (const __m256i *)a->c;
}

INLINE __m256i odd_of(__m256i a)
{
	return _mm256_castps_si256(_mm256_movehdup_ps(_mm256_castsi256_ps(a)));
}

/* A factor in every lane, or different ones for even and odd lanes, and all / q mod 2^32. */
struct factor {
	__m256i even, odd, even_q, odd_q;
};

INLINE struct factor factor_all(int32_t z)
{
	__m256i v = _mm256_set1_epi32(z);
	__m256i vq = _mm256_set1_epi32((int32_t)((uint32_t)z * MLDSA_Q_INVERSE));

	return (struct factor){v, v, vq, vq};
}

INLINE struct factor factor_lanes(int i)
{
	__m256i v = _mm256_load_si256((const __m256i *)mldsa_avx2_zetas[i]);
	__m256i vq = _mm256_load_si256((const __m256i *)mldsa_avx2_zetas_q[i]);

	return (struct factor){v, odd_of(v), vq, odd_of(vq)};
}

/* The high halves of even and odd products, less the multiples of q that end in the same bits. */
INLINE __m256i high_difference(__m256i even, __m256i odd, __m256i even_t, __m256i odd_t)
{
	const __m256i q = _mm256_set1_epi32(Q);

	even = _mm256_sub_epi64(even, _mm256_mul_epi32(even_t, q));
	odd = _mm256_sub_epi64(odd, _mm256_mul_epi32(odd_t, q));
	return _mm256_blend_epi32(odd_of(even), odd, 0xaa);
}

/* a z / 2^32 mod q, below q in size */
INLINE __m256i times(__m256i a, struct factor f)
{
	__m256i odd = odd_of(a);

	return high_difference(_mm256_mul_epi32(a, f.even), _mm256_mul_epi32(odd, f.odd),
			       _mm256_mul_epi32(a, f.even_q), _mm256_mul_epi32(odd, f.odd_q));
}

INLINE void forward(__m256i *a, __m256i *b, struct factor f)
{
	__m256i t = times(*b, f);

	*b = _mm256_sub_epi32(*a, t);
	*a = _mm256_add_epi32(*a, t);
}

INLINE void backward(__m256i *a, __m256i *b, struct factor f)
{
	__m256i t = _mm256_sub_epi32(*b, *a);

	*a = _mm256_add_epi32(*a, *b);
	*b = times(t, f);
}

INLINE void load_block(__m256i *v, const __m256i *r)
{
	UNROLL
	for (int i = 0; i < BLOCK; i++)
		v[i] = r[i];
}

INLINE void store_block(__m256i *r, const __m256i *v)
{
	UNROLL
	for (int i = 0; i < BLOCK; i++)
		r[i] = v[i];
}

INLINE void transpose(__m256i *v)
{
	__m256i a[BLOCK], b[BLOCK];

	UNROLL
	for (int i = 0; i < 4; i++) {
		a[i] = _mm256_permute2x128_si256(v[i], v[i + 4], 0x20);
		a[i + 4] = _mm256_permute2x128_si256(v[i], v[i + 4], 0x31);
	}
	UNROLL
	for (int i = 0; i < BLOCK; i += 4) {
		b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
		b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
		b[i + 2] = _mm256_unpacklo_epi32(a[i + 2], a[i + 3]);
		b[i + 3] = _mm256_unpackhi_epi32(a[i + 2], a[i + 3]);
		v[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
		v[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
		v[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
		v[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
	}
}

/* One layer on a block: pairs at distance 4, 2 or 1, each run of pairs with the next factor. */
#define LAYER(step, v, distance, factor_of, first)                                                 \
	do {                                                                                       \
		UNROLL                                                                             \
		for (int p_ = 0; p_ < 4; p_++) {                                                   \
			int run_ = p_ / (distance), at_ = run_ * 2 * (distance) + p_ % (distance); \
                                                                                                   \
			step(&(v)[at_], &(v)[at_ + (distance)], factor_of((first) + run_));        \
		}                                                                                  \
	} while (0)

#define ROW_FACTOR(i)	   factor_all(mldsa_zetas[i])
#define ROW_FACTOR_BACK(i) factor_all(mldsa_zetas[-(i)])

static void ntt(struct mldsa_poly *a)
{
	__m256i *r = rows_of(a);

	for (int i = 0; i < BLOCK; i++) {
		__m256i v[4] = {r[i], r[i + 8], r[i + 16], r[i + 24]};

		forward(&v[0], &v[2], factor_all(mldsa_zetas[1]));
		forward(&v[1], &v[3], factor_all(mldsa_zetas[1]));
		forward(&v[0], &v[1], factor_all(mldsa_zetas[2]));
		forward(&v[2], &v[3], factor_all(mldsa_zetas[3]));
		r[i] = v[0];
		r[i + 8] = v[1];
		r[i + 16] = v[2];
		r[i + 24] = v[3];
	}
	for (int g = 0; g < BLOCKS; g++, r += BLOCK) {
		__m256i v[BLOCK];

		load_block(v, r);
		LAYER(forward, v, 4, ROW_FACTOR, 4 + g);
		LAYER(forward, v, 2, ROW_FACTOR, 8 + 2 * g);
		LAYER(forward, v, 1, ROW_FACTOR, 16 + 4 * g);
		transpose(v);
		LAYER(forward, v, 4, factor_lanes, 7 * g);
		LAYER(forward, v, 2, factor_lanes, 7 * g + 1);
		LAYER(forward, v, 1, factor_lanes, 7 * g + 3);
		store_block(r, v);
	}
}

static void intt(struct mldsa_poly *a)
{
	const struct factor scale = factor_all(MLDSA_INTT_SCALE);
	__m256i *r = rows_of(a);

	for (int g = 0; g < BLOCKS; g++, r += BLOCK) {
		__m256i v[BLOCK];

		load_block(v, r);
		LAYER(backward, v, 1, factor_lanes, MLDSA_AVX2_INVERSE + 7 * g + 3);
		LAYER(backward, v, 2, factor_lanes, MLDSA_AVX2_INVERSE + 7 * g + 1);
		LAYER(backward, v, 4, factor_lanes, MLDSA_AVX2_INVERSE + 7 * g);
		transpose(v);
		LAYER(backward, v, 1, ROW_FACTOR_BACK, -31 + 4 * g);
		LAYER(backward, v, 2, ROW_FACTOR_BACK, -15 + 2 * g);
		LAYER(backward, v, 4, ROW_FACTOR_BACK, -7 + g);
		store_block(r, v);
	}
	r = rows_of(a);
	for (int i = 0; i < BLOCK; i++) {
		__m256i v[4] = {r[i], r[i + 8], r[i + 16], r[i + 24]};

		backward(&v[0], &v[1], factor_all(mldsa_zetas[3]));
		backward(&v[2], &v[3], factor_all(mldsa_zetas[2]));
		backward(&v[0], &v[2], factor_all(mldsa_zetas[1]));
		backward(&v[1], &v[3], factor_all(mldsa_zetas[1]));
		r[i] = times(v[0], scale);
		r[i + 8] = times(v[1], scale);
		r[i + 16] = times(v[2], scale);
		r[i + 24] = times(v[3], scale);
	}
}

static void arrange(struct mldsa_poly *a)
{
	__m256i *r = rows_of(a);

	for (int g = 0; g < BLOCKS; g++, r += BLOCK) {
		__m256i v[BLOCK];

		load_block(v, r);
		transpose(v);
		store_block(r, v);
	}
}

static void dot(struct mldsa_poly *r, const struct mldsa_poly *a, const struct mldsa_poly *b,
		unsigned n)
{
	const __m256i inverse = _mm256_set1_epi32(MLDSA_Q_INVERSE);

	for (int i = 0; i < ROWS; i++) {
		__m256i even = _mm256_setzero_si256(), odd = even;

		for (unsigned j = 0; j < n; j++) {
			__m256i x = const_rows_of(&a[j])[i], y = const_rows_of(&b[j])[i];

			even = _mm256_add_epi64(even, _mm256_mul_epi32(x, y));
			odd = _mm256_add_epi64(odd, _mm256_mul_epi32(odd_of(x), odd_of(y)));
		}
		rows_of(r)[i] = high_difference(even, odd, _mm256_mul_epi32(even, inverse),
						_mm256_mul_epi32(odd, inverse));
	}
}

void mldsa_avx2_add(struct mldsa_poly *r, const struct mldsa_poly *a)
{
	for (int i = 0; i < ROWS; i++)
		rows_of(r)[i] = _mm256_add_epi32(rows_of(r)[i], const_rows_of(a)[i]);
}

void mldsa_avx2_sub(struct mldsa_poly *r, const struct mldsa_poly *a)
{
	for (int i = 0; i < ROWS; i++)
		rows_of(r)[i] = _mm256_sub_epi32(rows_of(r)[i], const_rows_of(a)[i]);
}

void mldsa_avx2_small(struct mlkem_poly *r, const struct mldsa_poly *a)
{
	for (int i = 0; i < ROWS / 2; i++) {
		__m256i v =
			_mm256_packs_epi32(const_rows_of(a)[2 * i], const_rows_of(a)[2 * i + 1]);

		_mm256_store_si256((__m256i *)r->c + i, _mm256_permute4x64_epi64(v, 0xd8));
	}
}

INLINE __m256i nearest(const struct mlkem_poly *a, int i)
{
	const __m256i half = _mm256_set1_epi16(MLKEM_Q / 2), q = _mm256_set1_epi16(MLKEM_Q);
	__m256i v = _mm256_load_si256((const __m256i *)a->c + i);
	__m256i below = _mm256_cmpgt_epi16(_mm256_sub_epi16(_mm256_setzero_si256(), half), v);

	v = _mm256_sub_epi16(v, _mm256_and_si256(_mm256_cmpgt_epi16(v, half), q));
	return _mm256_add_epi16(v, _mm256_and_si256(below, q));
}

void mldsa_avx2_add_small(struct mldsa_poly *to, const struct mlkem_poly *a)
{
	__m256i *r = rows_of(to);

	for (int i = 0; i < ROWS / 2; i++, r += 2) {
		__m256i v = nearest(a, i);
		__m256i low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(v));

		r[0] = _mm256_add_epi32(r[0], low);
		r[1] = _mm256_add_epi32(r[1],
					_mm256_cvtepi16_epi32(_mm256_extracti128_si256(v, 1)));
	}
}

void mldsa_avx2_sub_small(struct mldsa_poly *to, const struct mlkem_poly *a)
{
	__m256i *r = rows_of(to);

	for (int i = 0; i < ROWS / 2; i++, r += 2) {
		__m256i v = nearest(a, i);
		__m256i low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(v));

		r[0] = _mm256_sub_epi32(r[0], low);
		r[1] = _mm256_sub_epi32(r[1],
					_mm256_cvtepi16_epi32(_mm256_extracti128_si256(v, 1)));
	}
}

void mldsa_avx2_reduce(struct mldsa_poly *a)
{
	const __m256i half = _mm256_set1_epi32(1 << 22);

	for (int i = 0; i < ROWS; i++) {
		__m256i v = rows_of(a)[i];
		__m256i t = _mm256_srai_epi32(_mm256_add_epi32(v, half), 23);

		/* t q = t 2^23 - t 2^13 + t */
		v = _mm256_sub_epi32(v, _mm256_slli_epi32(t, 23));
		v = _mm256_add_epi32(v, _mm256_slli_epi32(t, 13));
		rows_of(a)[i] = _mm256_sub_epi32(v, t);
	}
}

INLINE __m256i add_q_if_negative(__m256i v)
{
	return _mm256_add_epi32(v,
				_mm256_and_si256(_mm256_srai_epi32(v, 31), _mm256_set1_epi32(Q)));
}

void mldsa_avx2_canonical(struct mldsa_poly *a)
{
	for (int i = 0; i < ROWS; i++)
		rows_of(a)[i] = add_q_if_negative(rows_of(a)[i]);
}

uint32_t mldsa_avx2_exceeds(const struct mldsa_poly *a, int32_t bound)
{
	const __m256i most = _mm256_set1_epi32(bound - 1);
	__m256i found = _mm256_setzero_si256();

	for (int i = 0; i < ROWS; i++)
		found = _mm256_or_si256(
			found, _mm256_cmpgt_epi32(_mm256_abs_epi32(const_rows_of(a)[i]), most));
	return (uint32_t)_mm256_movemask_epi8(found);
}

/* A byte of ones for every bit. */
INLINE uint64_t spread(unsigned bits)
{
	return _pdep_u64(bits, 0x0101010101010101) * 0xff;
}

/* Eight numbers of three bytes at a time while they surely fit, then the rest. */
static unsigned reject_q(int32_t *out, unsigned n, const uint8_t *in, size_t len)
{
	const __m256i bytes =
		_mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 4, 5, 6, -1,
				 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
	const uint8_t *end = in + len;

	for (; n + 8 <= N && in + 24 <= end; in += 24) {
		__m256i v = _mm256_inserti128_si256(
			_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)in)),
			_mm_loadu_si128((const __m128i *)(in + 8)), 1);
		__m256i less, order;
		unsigned keep;

		v = _mm256_and_si256(_mm256_shuffle_epi8(v, bytes), _mm256_set1_epi32(0x7fffff));
		less = _mm256_cmpgt_epi32(_mm256_set1_epi32(Q), v);
		keep = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(less));
		order = _mm256_cvtepu8_epi32(
			_mm_cvtsi64_si128((long long)_pext_u64(0x0706050403020100, spread(keep))));
		_mm256_storeu_si256((__m256i *)(out + n), _mm256_permutevar8x32_epi32(v, order));
		n += (unsigned)_mm_popcnt_u32(keep);
	}
	return mldsa_c_ops.reject_q(out, n, in, (size_t)(end - in));
}

/* The nibbles of 16 bytes, low before high, as bytes. */
INLINE __m256i nibbles(const uint8_t *in)
{
	__m256i v = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)in));

	v = _mm256_or_si256(v, _mm256_slli_epi16(v, 4));
	return _mm256_and_si256(v, _mm256_set1_epi8(15));
}

/* Appends those of 32 bytes that are kept. Which they are is public: see the portable variant. */
INLINE unsigned append(int32_t *out, unsigned n, __m256i values, __m256i good)
{
	uint32_t mask = (uint32_t)_mm256_movemask_epi8(good);
	uint64_t words[4];

	PQC_DECLASSIFY(&mask, sizeof(mask), "candidates are independent");
	_mm256_storeu_si256((__m256i *)words, values);
	UNROLL
	for (int i = 0; i < 4; i++, mask >>= 8) {
		uint64_t kept = _pext_u64(words[i], spread(mask & 0xff));

		_mm256_storeu_si256((__m256i *)(out + n),
				    _mm256_cvtepi8_epi32(_mm_cvtsi64_si128((long long)kept)));
		n += (unsigned)_mm_popcnt_u32(mask & 0xff);
	}
	return n;
}

unsigned mldsa_avx2_reject_eta2(int32_t *out, unsigned n, const uint8_t *in, size_t len)
{
	/* 2 - t mod 5 */
	const __m256i table =
		_mm256_setr_epi8(2, 1, 0, -1, -2, 2, 1, 0, -1, -2, 2, 1, 0, -1, -2, 0, 2, 1, 0, -1,
				 -2, 2, 1, 0, -1, -2, 2, 1, 0, -1, -2, 0);
	const uint8_t *end = in + len;

	for (; n + 32 <= N && in + 16 <= end; in += 16) {
		__m256i t = nibbles(in);

		n = append(out, n, _mm256_shuffle_epi8(table, t),
			   _mm256_cmpgt_epi8(_mm256_set1_epi8(15), t));
	}
	return mldsa_c_ops.reject_eta2(out, n, in, (size_t)(end - in));
}

unsigned mldsa_avx2_reject_eta4(int32_t *out, unsigned n, const uint8_t *in, size_t len)
{
	const uint8_t *end = in + len;

	for (; n + 32 <= N && in + 16 <= end; in += 16) {
		__m256i t = nibbles(in);

		n = append(out, n, _mm256_sub_epi8(_mm256_set1_epi8(4), t),
			   _mm256_cmpgt_epi8(_mm256_set1_epi8(9), t));
	}
	return mldsa_c_ops.reject_eta4(out, n, in, (size_t)(end - in));
}

void mldsa_avx2_power2round(struct mldsa_poly *high, struct mldsa_poly *low)
{
	const __m256i half = _mm256_set1_epi32((1 << (MLDSA_D - 1)) - 1);

	for (int i = 0; i < ROWS; i++) {
		__m256i v = rows_of(low)[i];
		__m256i h = _mm256_srai_epi32(_mm256_add_epi32(v, half), MLDSA_D);

		rows_of(high)[i] = h;
		rows_of(low)[i] = _mm256_sub_epi32(v, _mm256_slli_epi32(h, MLDSA_D));
	}
}

/* See high_part() and low_part() of the portable variant. */
INLINE __m256i high_part(__m256i v, int32_t gamma2)
{
	__m256i t = _mm256_srai_epi32(_mm256_add_epi32(v, _mm256_set1_epi32(127)), 7);

	if (gamma2 == GAMMA2_88) {
		t = _mm256_mullo_epi32(t, _mm256_set1_epi32(11275));
		t = _mm256_srai_epi32(_mm256_add_epi32(t, _mm256_set1_epi32(1 << 23)), 24);
		return _mm256_andnot_si256(_mm256_cmpgt_epi32(t, _mm256_set1_epi32(43)), t);
	}
	t = _mm256_add_epi32(_mm256_slli_epi32(t, 10), t);
	t = _mm256_srai_epi32(_mm256_add_epi32(t, _mm256_set1_epi32(1 << 21)), 22);
	return _mm256_and_si256(t, _mm256_set1_epi32(15));
}

INLINE __m256i low_part(__m256i v, __m256i high, int32_t gamma2)
{
	const __m256i most = _mm256_set1_epi32((Q - 1) / 2), q = _mm256_set1_epi32(Q);

	v = _mm256_sub_epi32(v, _mm256_mullo_epi32(high, _mm256_set1_epi32(2 * gamma2)));
	return _mm256_sub_epi32(v, _mm256_and_si256(_mm256_cmpgt_epi32(v, most), q));
}

INLINE void decompose_by(struct mldsa_poly *high, struct mldsa_poly *low, int32_t gamma2)
{
	for (int i = 0; i < ROWS; i++) {
		__m256i v = rows_of(low)[i], h = high_part(v, gamma2);

		rows_of(high)[i] = h;
		rows_of(low)[i] = low_part(v, h, gamma2);
	}
}

void mldsa_avx2_decompose(struct mldsa_poly *high, struct mldsa_poly *low, int32_t gamma2)
{
	if (gamma2 == GAMMA2_88)
		decompose_by(high, low, GAMMA2_88);
	else
		decompose_by(high, low, (Q - 1) / 32);
}

unsigned mldsa_avx2_make_hint(uint8_t *bits, const struct mldsa_poly *high,
			      const struct mldsa_poly *low, int32_t gamma2)
{
	const __m256i most = _mm256_set1_epi32(gamma2), least = _mm256_set1_epi32(-gamma2);
	unsigned sum = 0;

	for (int i = 0; i < ROWS; i++) {
		__m256i v = const_rows_of(low)[i], h = const_rows_of(high)[i];
		__m256i outside = _mm256_cmpgt_epi32(_mm256_abs_epi32(v), most);
		__m256i edge = _mm256_cmpeq_epi32(v, least);
		unsigned mask;
		uint64_t bytes;

		edge = _mm256_andnot_si256(_mm256_cmpeq_epi32(h, _mm256_setzero_si256()), edge);
		outside = _mm256_or_si256(outside, edge);
		mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(outside));
		sum += (unsigned)_mm_popcnt_u32(mask);
		bytes = _pdep_u64(mask, 0x0101010101010101);
		memcpy(bits + (size_t)i * 8, &bytes, 8);
	}
	return sum;
}

INLINE void use_hint_by(struct mldsa_poly *a, const uint8_t *bits, int32_t gamma2)
{
	const __m256i m = _mm256_set1_epi32((Q - 1) / (2 * gamma2));
	const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);

	for (int i = 0; i < ROWS; i++) {
		__m256i v = rows_of(a)[i], h = high_part(v, gamma2), low = low_part(v, h, gamma2);
		__m256i hint = _mm256_cvtepu8_epi32(
			_mm_loadl_epi64((const __m128i *)(bits + (size_t)i * 8)));
		__m256i step = _mm256_blendv_epi8(_mm256_set1_epi32(-1), one,
						  _mm256_cmpgt_epi32(low, zero));

		h = _mm256_add_epi32(h, _mm256_mullo_epi32(step, hint));
		h = _mm256_add_epi32(h, _mm256_and_si256(_mm256_srai_epi32(h, 31), m));
		rows_of(a)[i] = _mm256_andnot_si256(_mm256_cmpeq_epi32(h, m), h);
	}
}

void mldsa_avx2_use_hint(struct mldsa_poly *a, const uint8_t *bits, int32_t gamma2)
{
	if (gamma2 == GAMMA2_88)
		use_hint_by(a, bits, GAMMA2_88);
	else
		use_hint_by(a, bits, (Q - 1) / 32);
}

const struct mldsa_ops mldsa_avx2_ops = {
	.ntt = ntt,
	.intt = intt,
	.arrange = arrange,
	.dot = dot,
	.reject_q = reject_q,
	MLDSA_AVX2_SHARED,
};
