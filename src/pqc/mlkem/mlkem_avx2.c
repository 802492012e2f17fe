/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <string.h>

#include "pqc/ct.h"
#include "pqc/mlkem/mlkem_avx2.h"
#include "pqc/mlkem/mlkem_avx2_zetas.h"
#include "pqc/mlkem/mlkem_zetas.h"

/*
 * A polynomial is 16 rows of 16 coefficients, a row a register. After the first layer of the
 * transform its two halves, of eight rows each, have nothing to do with each other. Three layers
 * work on whole rows; then halves of rows, then numbers, change places with rows, so that all
 * layers do, and products too. Transformed polynomials stay in that order.
 */
#define Q MLKEM_Q
#define N MLKEM_N

#define ROWS	    16
#define D_MAX	    12 /* bits of a packed number */
#define PACK_SLACK  16 /* bytes behind packed numbers that are written or read */
#define HALF	    8  /* rows */
#define FULL_UNROLL _Pragma("GCC unroll 16")
#define INLINE	    static inline __attribute__((always_inline))

/* Rows of the table of factors. */
enum { BY8 = 0, BY4 = 8, BY2 = 10, BACK2 = 14, BACK4 = 18, BACK8 = 20 };

INLINE __m256i *rows_of(struct mlkem_poly *a)
{
	return (__m256i *)a->c;
}

INLINE const __m256i *const_rows_of(const struct mlkem_poly *a)
{
	return (const __m256i *)a->c;
}

/* A factor and the factor / q mod 2^16, in every lane. */
struct factor {
	__m256i z, zq;
};

INLINE struct factor factor_all(int16_t z)
{
	return (struct factor){_mm256_set1_epi16(z),
			       _mm256_set1_epi16((int16_t)(z * MLKEM_Q_INVERSE))};
}

/* The same of one of the first layers' constants, which the compiler may not take apart. */
INLINE struct factor factor_row(int i)
{
	const int16_t *at = mlkem_avx2_zetas_all[i];
	int32_t z, zq;

	__asm__("" : "+r"(at));
	memcpy(&z, at, sizeof(z));
	memcpy(&zq, at + 2, sizeof(zq));
	return (struct factor){_mm256_set1_epi32(z), _mm256_set1_epi32(zq)};
}

INLINE struct factor factor_lanes(int i)
{
	return (struct factor){_mm256_load_si256((const __m256i *)mlkem_avx2_zetas[i]),
			       _mm256_load_si256((const __m256i *)mlkem_avx2_zetas_q[i])};
}

/* a z / 2^16 mod q: |result| < |a| / 2^5 + q / 2 for |z| <= q / 2 */
INLINE __m256i times(__m256i a, struct factor f)
{
	__m256i t = _mm256_mulhi_epi16(_mm256_mullo_epi16(a, f.zq), _mm256_set1_epi16(Q));

	return _mm256_sub_epi16(_mm256_mulhi_epi16(a, f.z), t);
}

/* The representative nearest to 0; see barrett() of the portable variant. */
INLINE __m256i barrett(__m256i a)
{
	__m256i t = _mm256_mulhi_epi16(a, _mm256_set1_epi16(20159));

	t = _mm256_mulhrs_epi16(t, _mm256_set1_epi16(1 << 5));
	return _mm256_sub_epi16(a, _mm256_mullo_epi16(t, _mm256_set1_epi16(Q)));
}

/* From 0 to q - 1 */
INLINE __m256i canonical(__m256i a)
{
	a = barrett(a);
	return _mm256_add_epi16(a,
				_mm256_and_si256(_mm256_srai_epi16(a, 15), _mm256_set1_epi16(Q)));
}

INLINE void forward(__m256i *a, __m256i *b, struct factor f)
{
	__m256i t = times(*b, f);

	*b = _mm256_sub_epi16(*a, t);
	*a = _mm256_add_epi16(*a, t);
}

INLINE void backward(__m256i *a, __m256i *b, struct factor f)
{
	__m256i t = _mm256_sub_epi16(*b, *a);

	*a = _mm256_add_epi16(*a, *b);
	*b = times(t, f);
}

/* 8 by 8 in each half of eight registers. It is its own inverse. */
INLINE void transpose(__m256i *v)
{
	__m256i a[8], b[8];

	FULL_UNROLL
	for (int i = 0; i < 4; i++) {
		a[i] = _mm256_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
		a[i + 4] = _mm256_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
	}
	FULL_UNROLL
	for (int i = 0; i < 4; i++) {
		b[i] = _mm256_unpacklo_epi32(a[2 * i], a[2 * i + 1]);
		b[i + 4] = _mm256_unpackhi_epi32(a[2 * i], a[2 * i + 1]);
	}
	v[0] = _mm256_unpacklo_epi64(b[0], b[1]);
	v[1] = _mm256_unpackhi_epi64(b[0], b[1]);
	v[2] = _mm256_unpacklo_epi64(b[4], b[5]);
	v[3] = _mm256_unpackhi_epi64(b[4], b[5]);
	v[4] = _mm256_unpacklo_epi64(b[2], b[3]);
	v[5] = _mm256_unpackhi_epi64(b[2], b[3]);
	v[6] = _mm256_unpacklo_epi64(b[6], b[7]);
	v[7] = _mm256_unpackhi_epi64(b[6], b[7]);
}

INLINE void load_half(__m256i *v, const __m256i *r)
{
	FULL_UNROLL
	for (int i = 0; i < HALF; i++)
		v[i] = r[i];
}

INLINE void store_half(__m256i *r, const __m256i *v)
{
	FULL_UNROLL
	for (int i = 0; i < HALF; i++)
		r[i] = v[i];
}

/* Of both, the lower halves, and the upper ones. It is its own inverse. */
INLINE void split(__m256i *a, __m256i *b)
{
	__m256i low = _mm256_permute2x128_si256(*a, *b, 0x20);

	*b = _mm256_permute2x128_si256(*a, *b, 0x31);
	*a = low;
}

INLINE void ntt_half(__m256i *r, int h)
{
	__m256i v[HALF];

	load_half(v, r);
	FULL_UNROLL
	for (int i = 0; i < 4; i++)
		forward(&v[i], &v[i + 4], factor_row(2 + h));
	FULL_UNROLL
	for (int i = 0; i < 4; i++)
		forward(&v[i + i / 2 * 2], &v[i + i / 2 * 2 + 2], factor_row(4 + 2 * h + i / 2));
	FULL_UNROLL
	for (int i = 0; i < 4; i++) {
		forward(&v[2 * i], &v[2 * i + 1], factor_row(8 + 4 * h + i));
		split(&v[2 * i], &v[2 * i + 1]);
		forward(&v[2 * i], &v[2 * i + 1], factor_lanes(BY8 + 4 * h + i));
	}
	transpose(v);
	FULL_UNROLL
	for (int i = 0; i < 4; i++)
		forward(&v[i], &v[i + 4], factor_lanes(BY4 + h));
	FULL_UNROLL
	for (int i = 0; i < 4; i++)
		forward(&v[i + i / 2 * 2], &v[i + i / 2 * 2 + 2],
			factor_lanes(BY2 + 2 * h + i / 2));
	FULL_UNROLL
	for (int i = 0; i < HALF; i++)
		r[i] = barrett(v[i]);
}

/* 2 q + 7 q fits in 16 bits: nothing is reduced before the end. */
static void ntt(struct mlkem_poly *p)
{
	__m256i *r = rows_of(p);

	FULL_UNROLL
	for (int i = 0; i < HALF; i++)
		forward(&r[i], &r[i + HALF], factor_row(1));
	ntt_half(r, 0);
	ntt_half(r + HALF, 1);
}

/* The layers in reverse, with the negated constants of the mirrored blocks. */
INLINE void intt_half(__m256i *r, int h)
{
	__m256i v[HALF];

	load_half(v, r);
	FULL_UNROLL
	for (int i = 0; i < 4; i++)
		backward(&v[i + i / 2 * 2], &v[i + i / 2 * 2 + 2],
			 factor_lanes(BACK2 + 2 * h + i / 2));
	FULL_UNROLL
	for (int i = 0; i < 4; i++)
		backward(&v[i], &v[i + 4], factor_lanes(BACK4 + h));
	transpose(v);
	FULL_UNROLL
	for (int i = 0; i < 4; i++) {
		backward(&v[2 * i], &v[2 * i + 1], factor_lanes(BACK8 + 4 * h + i));
		v[2 * i] = barrett(v[2 * i]);
		split(&v[2 * i], &v[2 * i + 1]);
		backward(&v[2 * i], &v[2 * i + 1], factor_row(15 - 4 * h - i));
	}
	FULL_UNROLL
	for (int i = 0; i < 4; i++)
		backward(&v[i + i / 2 * 2], &v[i + i / 2 * 2 + 2], factor_row(7 - 2 * h - i / 2));
	FULL_UNROLL
	for (int i = 0; i < 4; i++)
		backward(&v[i], &v[i + 4], factor_row(3 - h));
	store_half(r, v);
}

static void intt(struct mlkem_poly *p)
{
	const struct factor scale = factor_all(MLKEM_INTT_SCALE);
	__m256i *r = rows_of(p);

	intt_half(r, 0);
	intt_half(r + HALF, 1);
	FULL_UNROLL
	for (int i = 0; i < HALF; i++) {
		backward(&r[i], &r[i + HALF], factor_row(1));
		r[i] = times(r[i], scale);
		r[i + HALF] = times(r[i + HALF], scale);
	}
}

/* What the transforms do to the order of a half. */
INLINE void to_order(__m256i *v)
{
	FULL_UNROLL
	for (int i = 0; i < HALF; i += 2)
		split(&v[i], &v[i + 1]);
	transpose(v);
}

INLINE void from_order(__m256i *v)
{
	transpose(v);
	FULL_UNROLL
	for (int i = 0; i < HALF; i += 2)
		split(&v[i], &v[i + 1]);
}

static void arrange(struct mlkem_poly *a)
{
	for (__m256i *r = rows_of(a); r < rows_of(a) + ROWS; r += HALF) {
		__m256i v[HALF];

		load_half(v, r);
		to_order(v);
		store_half(r, v);
	}
}

/* a b / 2^16 mod q, where bq is b / q mod 2^16 */
INLINE __m256i product(__m256i a, __m256i b, __m256i bq)
{
	return times(a, (struct factor){b, bq});
}

/*
 * Register 2 m has the even, 2 m + 1 the odd coefficients of sixteen products modulo X^2 - zeta, or
 * X^2 + zeta for odd m.
 */
static void dot(struct mlkem_poly *to, const struct mlkem_poly *a, const struct mlkem_poly *b,
		unsigned k)
{
	const __m256i inverse = _mm256_set1_epi16(MLKEM_Q_INVERSE);
	__m256i *r = rows_of(to);

	for (unsigned m = 0; m < ROWS / 2; m++) {
		__m256i even = _mm256_setzero_si256(), odd = even, last = even;

		for (unsigned j = 0; j < k; j++) {
			const __m256i *x = const_rows_of(&a[j]) + (size_t)2 * m;
			const __m256i *y = const_rows_of(&b[j]) + (size_t)2 * m;
			__m256i y0q = _mm256_mullo_epi16(y[0], inverse);
			__m256i y1q = _mm256_mullo_epi16(y[1], inverse);

			even = _mm256_add_epi16(even, product(x[0], y[0], y0q));
			last = _mm256_add_epi16(last, product(x[1], y[1], y1q));
			odd = _mm256_add_epi16(odd, product(x[0], y[1], y1q));
			odd = _mm256_add_epi16(odd, product(x[1], y[0], y0q));
		}
		last = times(last, factor_lanes(BY2 + (int)m / 2));
		even = m % 2 ? _mm256_sub_epi16(even, last) : _mm256_add_epi16(even, last);
		r[2 * m] = barrett(even);
		r[2 * m + 1] = barrett(odd);
	}
}

void mlkem_avx2_scale_add(struct mlkem_poly *to, const struct mlkem_poly *e)
{
	const struct factor square = factor_all(MLKEM_R_SQUARED);
	__m256i *r = rows_of(to);

	for (int i = 0; i < ROWS; i++)
		r[i] = barrett(_mm256_add_epi16(times(r[i], square), const_rows_of(e)[i]));
}

void mlkem_avx2_add(struct mlkem_poly *r, const struct mlkem_poly *a)
{
	for (int i = 0; i < ROWS; i++)
		rows_of(r)[i] = _mm256_add_epi16(rows_of(r)[i], const_rows_of(a)[i]);
}

void mlkem_avx2_sub_from(struct mlkem_poly *r, const struct mlkem_poly *a)
{
	for (int i = 0; i < ROWS; i++)
		rows_of(r)[i] = _mm256_sub_epi16(const_rows_of(a)[i], rows_of(r)[i]);
}

/*
 * Of eight 16-bit numbers those whose bit in `keep` is set, to the front: the bits are spread to
 * nibbles of ones, and pext gathers the numbers of the lanes.
 */
INLINE __m128i gather(__m128i v, unsigned keep)
{
	uint64_t ones = _pdep_u64(keep, 0x0101010101010101) * 0xff;
	__m128i even = _mm_cvtsi64_si128((long long)_pext_u64(0x0e0c0a0806040200, ones));
	__m128i odd = _mm_add_epi8(even, _mm_set1_epi8(1));

	return _mm_shuffle_epi8(v, _mm_unpacklo_epi8(even, odd));
}

/* The sixteen 12-bit numbers of 24 bytes. */
INLINE __m256i spread12(const uint8_t *in)
{
	const __m256i bytes = _mm256_setr_epi8(0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 10, 10, 11, 4,
					       5, 5, 6, 7, 8, 8, 9, 10, 11, 11, 12, 13, 14, 14, 15);
	__m256i v = _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)in)),
		_mm_loadu_si128((const __m128i *)(in + 8)), 1);

	v = _mm256_shuffle_epi8(v, bytes);
	return _mm256_blend_epi16(_mm256_and_si256(v, _mm256_set1_epi16(0xfff)),
				  _mm256_srli_epi16(v, 4), 0xaa);
}

/* Sixteen at a time, beyond the end too, then what is left as the portable variant does. */
static unsigned reject(int16_t *out, unsigned n, const uint8_t *in, size_t len)
{
	const uint8_t *end = in + len;
	int16_t all[N + 16];
	unsigned had = n;

	while (n < N && in + 24 <= end) {
		__m256i v = spread12(in);
		__m256i less = _mm256_cmpgt_epi16(_mm256_set1_epi16(Q), v);
		__m256i packed = _mm256_packs_epi16(less, _mm256_setzero_si256());
		unsigned mask = (unsigned)_mm256_movemask_epi8(packed);
		unsigned low = mask & 0xff, high = mask >> 16 & 0xff;

		_mm_storeu_si128((__m128i *)(all + n), gather(_mm256_castsi256_si128(v), low));
		n += (unsigned)_mm_popcnt_u32(low);
		_mm_storeu_si128((__m128i *)(all + n),
				 gather(_mm256_extracti128_si256(v, 1), high));
		n += (unsigned)_mm_popcnt_u32(high);
		in += 24;
	}
	n = n < N ? n : N;
	memcpy(out + had, all + had, (n - had) * sizeof(*out));
	return mlkem_c_ops.reject(out, n, in, (size_t)(end - in));
}

/* 32 bytes are 64 differences of two-bit sums, each plus 3 in a nibble to begin with. */
void mlkem_avx2_noise2(struct mlkem_poly *to, const uint8_t *in)
{
	const __m256i m55 = _mm256_set1_epi8(0x55), m33 = _mm256_set1_epi8(0x33);
	const __m256i nibble = _mm256_set1_epi8(15), three = _mm256_set1_epi8(3);
	__m256i *r = rows_of(to);

	for (int i = 0; i < 4; i++, in += 32, r += 4) {
		__m256i v = _mm256_loadu_si256((const __m256i *)in);
		__m256i low, high, even, odd;

		v = _mm256_add_epi8(_mm256_and_si256(v, m55),
				    _mm256_and_si256(_mm256_srli_epi16(v, 1), m55));
		v = _mm256_sub_epi8(_mm256_add_epi8(_mm256_and_si256(v, m33), m33),
				    _mm256_and_si256(_mm256_srli_epi16(v, 2), m33));
		even = _mm256_sub_epi8(_mm256_and_si256(v, nibble), three);
		odd = _mm256_sub_epi8(_mm256_and_si256(_mm256_srli_epi16(v, 4), nibble), three);
		low = _mm256_unpacklo_epi8(even, odd);
		high = _mm256_unpackhi_epi8(even, odd);
		r[0] = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(low));
		r[1] = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(high));
		r[2] = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(low, 1));
		r[3] = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(high, 1));
	}
}

/* 24 bytes are eight times 24 bits, four differences of three-bit sums each. */
void mlkem_avx2_noise3(struct mlkem_poly *to, const uint8_t *in)
{
	const __m256i bytes =
		_mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 4, 5, 6, -1,
				 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
	const __m256i ones = _mm256_set1_epi32(0x249249), sixes = _mm256_set1_epi32(0x1c71c7);
	const __m256i threes = _mm256_set1_epi32(0x0c30c3), six = _mm256_set1_epi32(0x3f);
	__m256i *r = rows_of(to);

	for (int i = 0; i < 8; i++, in += 24, r += 2) {
		__m256i v = _mm256_inserti128_si256(
			_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)in)),
			_mm_loadu_si128((const __m128i *)(in + 8)), 1);
		__m256i a, b, first, second;

		v = _mm256_shuffle_epi8(v, bytes);
		a = _mm256_and_si256(v, ones);
		a = _mm256_add_epi32(a, _mm256_and_si256(_mm256_srli_epi32(v, 1), ones));
		a = _mm256_add_epi32(a, _mm256_and_si256(_mm256_srli_epi32(v, 2), ones));
		b = _mm256_and_si256(_mm256_srli_epi32(a, 3), sixes);
		a = _mm256_and_si256(a, sixes);
		v = _mm256_sub_epi32(_mm256_add_epi32(a, threes), b);
		first = _mm256_or_si256(
			_mm256_and_si256(v, six),
			_mm256_and_si256(_mm256_slli_epi32(v, 10), _mm256_set1_epi32(0x3f0000)));
		second = _mm256_or_si256(
			_mm256_and_si256(_mm256_srli_epi32(v, 12), six),
			_mm256_and_si256(_mm256_srli_epi32(v, 2), _mm256_set1_epi32(0x3f0000)));
		a = _mm256_unpacklo_epi32(first, second);
		b = _mm256_unpackhi_epi32(first, second);
		v = _mm256_set1_epi16(3);
		r[0] = _mm256_sub_epi16(_mm256_permute2x128_si256(a, b, 0x20), v);
		r[1] = _mm256_sub_epi16(_mm256_permute2x128_si256(a, b, 0x31), v);
	}
}

/* Where the bytes of eight numbers of d bits stand in two words that have 4 d bits each. */
#define LOW_BYTE(d, i)	((i) < ((d) + 1) / 2 ? (i) : -1)
#define HIGH_BYTE(d, i) ((i) >= (d) / 2 && (i) < (d) ? 8 + (i) - (d) / 2 : -1)
#define BYTES_OF(f, d)                                                                           \
	_mm256_setr_epi8(f(d, 0), f(d, 1), f(d, 2), f(d, 3), f(d, 4), f(d, 5), f(d, 6), f(d, 7), \
			 f(d, 8), f(d, 9), f(d, 10), f(d, 11), -1, -1, -1, -1, f(d, 0), f(d, 1), \
			 f(d, 2), f(d, 3), f(d, 4), f(d, 5), f(d, 6), f(d, 7), f(d, 8), f(d, 9), \
			 f(d, 10), f(d, 11), -1, -1, -1, -1)

/*
 * Sixteen numbers of d bits, 4 to 12, to 2 d bytes, with up to 16 - d behind them. Pairs make 2 d
 * bits, two pairs 4 d; for odd d the second word of a half begins in the middle of a byte.
 */
INLINE void pack16(uint8_t *out, __m256i v, unsigned d)
{
	const __m256i meet = _mm256_set1_epi64x(32 - 2 * (int)d);
	const __m256i shift = _mm256_setr_epi64x(0, d % 2 * 4, 0, d % 2 * 4);

	v = _mm256_madd_epi16(v, _mm256_set1_epi32(1 | 1 << (16 + d)));
	v = _mm256_srli_epi64(_mm256_sllv_epi32(v, meet), 32 - 2 * (int)d);
	v = _mm256_sllv_epi64(v, shift);
	v = _mm256_or_si256(_mm256_shuffle_epi8(v, BYTES_OF(LOW_BYTE, (int)d)),
			    _mm256_shuffle_epi8(v, BYTES_OF(HIGH_BYTE, (int)d)));
	_mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(v));
	_mm_storeu_si128((__m128i *)(out + d), _mm256_extracti128_si256(v, 1));
}

/* The same without the bytes behind them. */
INLINE void pack16_last(uint8_t *out, __m256i v, unsigned d)
{
	uint8_t bytes[2 * D_MAX + PACK_SLACK];

	pack16(bytes, v, d);
	memcpy(out, bytes, (size_t)2 * d);
	pqc_ct_wipe(bytes, sizeof(bytes));
}

/* Eight numbers of d bits, of which d / 2 + 8 bytes can be read. */
INLINE void unpack8(uint16_t *v, const uint8_t *in, unsigned d)
{
	const uint64_t bits = 0x0001000100010001 * ((1ULL << d) - 1);
	uint64_t low, high;

	memcpy(&low, in, 8);
	memcpy(&high, in + d / 2, 8);
	high = d % 2 ? high >> 4 : high;
	low = _pdep_u64(low, bits);
	high = _pdep_u64(high, bits);
	memcpy(v, &low, 8);
	memcpy(v + 4, &high, 8);
}

static void encode(uint8_t *out, const struct mlkem_poly *a)
{
	FULL_UNROLL
	for (int h = 0; h < ROWS; h += HALF) {
		__m256i v[HALF];

		load_half(v, const_rows_of(a) + h);
		from_order(v);
		FULL_UNROLL
		for (int i = 0; i < HALF; i++, out += 24)
			if (h + i < ROWS - 1)
				pack16(out, canonical(v[i]), 12);
			else
				pack16_last(out, canonical(v[i]), 12);
	}
}

static void decode(struct mlkem_poly *to, const uint8_t *in)
{
	for (__m256i *r = rows_of(to); r < rows_of(to) + ROWS; r += HALF) {
		__m256i v[HALF];

		FULL_UNROLL
		for (int i = 0; i < HALF; i++, in += 24)
			v[i] = barrett(spread12(in));
		to_order(v);
		store_half(r, v);
	}
}

/*
 * Round(2^d x / q) mod 2^d. For 4 and 5 bits 20159 / 2^26, which is little more than 1 / q, does.
 * Otherwise the quotient that 2^(d + 12) / q, rounded up, gives without rounding is right or one
 * too small, as the remainder shows.
 */
INLINE __m256i compress16(__m256i x, unsigned d)
{
	__m256i c, rest;

	x = canonical(x);
	if (d < 10) {
		c = _mm256_mulhi_epi16(x, _mm256_set1_epi16(20159));
		c = _mm256_mulhrs_epi16(c, _mm256_set1_epi16((int16_t)(1 << (d + 5))));
	} else {
		c = _mm256_set1_epi16((int16_t)(((1 << (d + 12)) + Q - 1) / Q));
		c = _mm256_mulhi_epu16(_mm256_slli_epi16(x, 4), c);
		rest = _mm256_add_epi16(_mm256_slli_epi16(x, (int)d), _mm256_set1_epi16(Q / 2));
		rest = _mm256_sub_epi16(rest, _mm256_mullo_epi16(c, _mm256_set1_epi16(Q)));
		c = _mm256_sub_epi16(c, _mm256_cmpgt_epi16(rest, _mm256_set1_epi16(Q - 1)));
	}
	return _mm256_and_si256(c, _mm256_set1_epi16((int16_t)((1 << d) - 1)));
}

INLINE void compress_d(uint8_t *out, const struct mlkem_poly *a, unsigned d)
{
	for (int i = 0; i < ROWS - 2; i++, out += (size_t)2 * d)
		pack16(out, compress16(const_rows_of(a)[i], d), d);
	/* what is behind them would be beyond the end */
	pack16_last(out, compress16(const_rows_of(a)[ROWS - 2], d), d);
	pack16_last(out + (size_t)2 * d, compress16(const_rows_of(a)[ROWS - 1], d), d);
}

static void compress(uint8_t *out, const struct mlkem_poly *a, unsigned d)
{
	if (d == 10)
		compress_d(out, a, 10);
	else if (d == 4)
		compress_d(out, a, 4);
	else if (d == 11)
		compress_d(out, a, 11);
	else
		compress_d(out, a, 5);
}

/* Round(q y / 2^d), as the rounded high half of a product. */
INLINE void decompress_d(struct mlkem_poly *r, const uint8_t *in, unsigned d)
{
	uint8_t last[2 * D_MAX + PACK_SLACK] = {0};
	uint16_t *out = (uint16_t *)r->c;

	/* the last two would be read beyond the end */
	for (int i = 0; i < N / 8 - 2; i++, in += d, out += 8)
		unpack8(out, in, d);
	memcpy(last, in, (size_t)2 * d);
	unpack8(out, last, d);
	unpack8(out + 8, last + d, d);
	for (int i = 0; i < ROWS; i++)
		rows_of(r)[i] = _mm256_mulhrs_epi16(_mm256_slli_epi16(rows_of(r)[i], (int)(15 - d)),
						    _mm256_set1_epi16(Q));
}

static void decompress(struct mlkem_poly *r, const uint8_t *in, unsigned d)
{
	if (d == 10)
		decompress_d(r, in, 10);
	else if (d == 4)
		decompress_d(r, in, 4);
	else if (d == 11)
		decompress_d(r, in, 11);
	else
		decompress_d(r, in, 5);
}

void mlkem_avx2_add_msg(struct mlkem_poly *r, const uint8_t *msg)
{
	const __m256i bits = _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048,
					       4096, 8192, 16384, -32768);

	for (int i = 0; i < ROWS; i++) {
		int16_t word;
		__m256i v;

		memcpy(&word, msg + (size_t)2 * i, sizeof(word));
		v = _mm256_and_si256(_mm256_set1_epi16(word), bits);
		v = _mm256_and_si256(_mm256_cmpeq_epi16(v, bits), _mm256_set1_epi16((Q + 1) / 2));
		rows_of(r)[i] = _mm256_add_epi16(rows_of(r)[i], v);
	}
}

/* 1 from q / 4 to 3 q / 4: where 2 x is not farther than q / 2 from q. */
INLINE __m256i is_one(__m256i x)
{
	x = canonical(x);
	x = _mm256_sub_epi16(_mm256_add_epi16(x, x), _mm256_set1_epi16(Q));
	return _mm256_cmpgt_epi16(_mm256_set1_epi16(Q / 2), _mm256_abs_epi16(x));
}

static void to_msg(uint8_t *msg, const struct mlkem_poly *a)
{
	for (int i = 0; i < ROWS; i += 2) {
		__m256i v = _mm256_packs_epi16(is_one(const_rows_of(a)[i]),
					       is_one(const_rows_of(a)[i + 1]));
		uint32_t mask = (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(v, 0xd8));

		memcpy(msg + (size_t)2 * i, &mask, sizeof(mask));
	}
}

const struct mlkem_ops mlkem_avx2_ops = {
	MLKEM_AVX2_SHARED,	  .ntt = ntt,	    .intt = intt,
	.arrange = arrange,	  .dot = dot,	    .reject = reject,
	.encode = encode,	  .decode = decode, .compress = compress,
	.decompress = decompress, .to_msg = to_msg,
};
