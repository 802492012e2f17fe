/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "pqc/ct.h"
#include "pqc/mlkem/mlkem_avx2.h"
#include "pqc/mlkem/mlkem_avx512_bytes.h"
#include "pqc/mlkem/mlkem_avx512_zetas.h"
#include "pqc/mlkem/mlkem_zetas.h"

/*
 * A polynomial is 8 registers of 32 coefficients. A number has bits 7 to 5 in its register's, 4 and
 * 3 in that of the quarter, and the others in that of the word. The first three layers of the
 * transform work on whole registers; then quarters, then words, change places with registers, so
 * that all layers do, and products too. Transformed polynomials stay in that order.
 */
#define Q MLKEM_Q
#define N MLKEM_N

#define REGS   8
#define WORDS  32
#define UNROLL _Pragma("GCC unroll 8")
#define INLINE static inline __attribute__((always_inline))

/* Rows of the table of factors. */
enum { BY16 = 0, BY8 = 4, BY4 = 8, BY2 = 9, BACK2 = 11, BACK4 = 13, BACK8 = 14, BACK16 = 18 };

INLINE void load(__m512i *v, const struct mlkem_poly *a)
{
	UNROLL
	for (int i = 0; i < REGS; i++)
		v[i] = _mm512_load_si512(a->c + (size_t)WORDS * (size_t)i);
}

INLINE void store(struct mlkem_poly *a, const __m512i *v)
{
	UNROLL
	for (int i = 0; i < REGS; i++)
		_mm512_store_si512(a->c + (size_t)WORDS * (size_t)i, v[i]);
}

/* A factor and the factor / q mod 2^16, in every lane. */
struct factor {
	__m512i z, zq;
};

INLINE struct factor factor_all(int16_t z)
{
	return (struct factor){_mm512_set1_epi16(z),
			       _mm512_set1_epi16((int16_t)(z * MLKEM_Q_INVERSE))};
}

INLINE struct factor factor_lanes(int i)
{
	return (struct factor){_mm512_load_si512(mlkem_avx512_zetas[i]),
			       _mm512_load_si512(mlkem_avx512_zetas_q[i])};
}

/* a z / 2^16 mod q: |result| < |a| / 2^5 + q / 2 for |z| <= q / 2 */
INLINE __m512i times(__m512i a, struct factor f)
{
	__m512i t = _mm512_mulhi_epi16(_mm512_mullo_epi16(a, f.zq), _mm512_set1_epi16(Q));

	return _mm512_sub_epi16(_mm512_mulhi_epi16(a, f.z), t);
}

/* The representative nearest to 0; see barrett() of the portable variant. */
INLINE __m512i barrett(__m512i a)
{
	__m512i t = _mm512_mulhi_epi16(a, _mm512_set1_epi16(20159));

	t = _mm512_mulhrs_epi16(t, _mm512_set1_epi16(1 << 5));
	return _mm512_sub_epi16(a, _mm512_mullo_epi16(t, _mm512_set1_epi16(Q)));
}

/* From 0 to q - 1: a negative number is a large one without its sign. */
INLINE __m512i canonical(__m512i a)
{
	a = barrett(a);
	return _mm512_min_epu16(a, _mm512_add_epi16(a, _mm512_set1_epi16(Q)));
}

INLINE void forward(__m512i *a, __m512i *b, struct factor f)
{
	__m512i t = times(*b, f);

	*b = _mm512_sub_epi16(*a, t);
	*a = _mm512_add_epi16(*a, t);
}

INLINE void backward(__m512i *a, __m512i *b, struct factor f)
{
	__m512i t = _mm512_sub_epi16(*b, *a);

	*a = _mm512_add_epi16(*a, *b);
	*b = times(t, f);
}

/* Of both, the even quarters, and the odd ones. */
INLINE void split_quarters(__m512i *a, __m512i *b)
{
	__m512i even = _mm512_shuffle_i64x2(*a, *b, 0x88);

	*b = _mm512_shuffle_i64x2(*a, *b, 0xdd);
	*a = even;
}

/* Of both, the lower halves, and the upper ones. */
INLINE void split_halves(__m512i *a, __m512i *b)
{
	__m512i low = _mm512_shuffle_i64x2(*a, *b, 0x44);

	*b = _mm512_shuffle_i64x2(*a, *b, 0xee);
	*a = low;
}

/* 8 by 8 in each quarter. It is its own inverse. */
INLINE void transpose(__m512i *v)
{
	__m512i a[8], b[8];

	UNROLL
	for (int i = 0; i < 4; i++) {
		a[i] = _mm512_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
		a[i + 4] = _mm512_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
	}
	UNROLL
	for (int i = 0; i < 4; i++) {
		b[i] = _mm512_unpacklo_epi32(a[2 * i], a[2 * i + 1]);
		b[i + 4] = _mm512_unpackhi_epi32(a[2 * i], a[2 * i + 1]);
	}
	v[0] = _mm512_unpacklo_epi64(b[0], b[1]);
	v[1] = _mm512_unpackhi_epi64(b[0], b[1]);
	v[2] = _mm512_unpacklo_epi64(b[4], b[5]);
	v[3] = _mm512_unpackhi_epi64(b[4], b[5]);
	v[4] = _mm512_unpacklo_epi64(b[2], b[3]);
	v[5] = _mm512_unpackhi_epi64(b[2], b[3]);
	v[6] = _mm512_unpacklo_epi64(b[6], b[7]);
	v[7] = _mm512_unpackhi_epi64(b[6], b[7]);
}

/* 2 q + 7 q fits in 16 bits: nothing is reduced before the end. */
static void ntt(struct mlkem_poly *p)
{
	__m512i v[REGS];

	load(v, p);
	UNROLL
	for (int i = 0; i < 4; i++)
		forward(&v[i], &v[i + 4], factor_all(mlkem_zetas[1]));
	UNROLL
	for (int i = 0; i < 4; i++)
		forward(&v[i + i / 2 * 2], &v[i + i / 2 * 2 + 2],
			factor_all(mlkem_zetas[2 + i / 2]));
	UNROLL
	for (int i = 0; i < 4; i++) {
		forward(&v[2 * i], &v[2 * i + 1], factor_all(mlkem_zetas[4 + i]));
		split_halves(&v[2 * i], &v[2 * i + 1]);
		forward(&v[2 * i], &v[2 * i + 1], factor_lanes(BY16 + i));
		split_quarters(&v[2 * i], &v[2 * i + 1]);
		forward(&v[2 * i], &v[2 * i + 1], factor_lanes(BY8 + i));
	}
	transpose(v);
	UNROLL
	for (int i = 0; i < 4; i++)
		forward(&v[i], &v[i + 4], factor_lanes(BY4));
	UNROLL
	for (int i = 0; i < 4; i++)
		forward(&v[i + i / 2 * 2], &v[i + i / 2 * 2 + 2], factor_lanes(BY2 + i / 2));
	UNROLL
	for (int i = 0; i < REGS; i++)
		v[i] = barrett(v[i]);
	store(p, v);
}

/* The layers in reverse, with the negated constants of the mirrored blocks. */
static void intt(struct mlkem_poly *p)
{
	const struct factor scale = factor_all(MLKEM_INTT_SCALE);
	__m512i v[REGS];

	load(v, p);
	UNROLL
	for (int i = 0; i < 4; i++)
		backward(&v[i + i / 2 * 2], &v[i + i / 2 * 2 + 2], factor_lanes(BACK2 + i / 2));
	UNROLL
	for (int i = 0; i < 4; i++)
		backward(&v[i], &v[i + 4], factor_lanes(BACK4));
	transpose(v);
	UNROLL
	for (int i = 0; i < 4; i++) {
		backward(&v[2 * i], &v[2 * i + 1], factor_lanes(BACK8 + i));
		v[2 * i] = barrett(v[2 * i]);
		split_halves(&v[2 * i], &v[2 * i + 1]);
		backward(&v[2 * i], &v[2 * i + 1], factor_lanes(BACK16 + i));
		split_quarters(&v[2 * i], &v[2 * i + 1]);
		backward(&v[2 * i], &v[2 * i + 1], factor_all(mlkem_zetas[7 - i]));
	}
	UNROLL
	for (int i = 0; i < 4; i++)
		backward(&v[i + i / 2 * 2], &v[i + i / 2 * 2 + 2],
			 factor_all(mlkem_zetas[3 - i / 2]));
	UNROLL
	for (int i = 0; i < 4; i++) {
		backward(&v[i], &v[i + 4], factor_all(mlkem_zetas[1]));
		v[i] = times(v[i], scale);
		v[i + 4] = times(v[i + 4], scale);
	}
	store(p, v);
}

/* What the transforms do to the order. */
INLINE void to_order(__m512i *v)
{
	UNROLL
	for (int i = 0; i < REGS; i += 2) {
		split_halves(&v[i], &v[i + 1]);
		split_quarters(&v[i], &v[i + 1]);
	}
	transpose(v);
}

INLINE void from_order(__m512i *v)
{
	transpose(v);
	UNROLL
	for (int i = 0; i < REGS; i += 2) {
		split_halves(&v[i], &v[i + 1]);
		split_quarters(&v[i], &v[i + 1]);
	}
}

static void arrange(struct mlkem_poly *a)
{
	__m512i v[REGS];

	load(v, a);
	to_order(v);
	store(a, v);
}

/* a b / 2^16 mod q, where bq is b / q mod 2^16 */
INLINE __m512i product(__m512i a, __m512i b, __m512i bq)
{
	return times(a, (struct factor){b, bq});
}

/*
 * Register 2 m has the even, 2 m + 1 the odd coefficients of 32 products modulo X^2 - zeta, or X^2
 * + zeta for odd m.
 */
INLINE void dot_k(struct mlkem_poly *to, const struct mlkem_poly *a, const struct mlkem_poly *b,
		  unsigned k)
{
	const __m512i inverse = _mm512_set1_epi16(MLKEM_Q_INVERSE);

	for (size_t m = 0; m < REGS / 2; m++) {
		const size_t at = 2 * WORDS * m;
		__m512i even = _mm512_setzero_si512(), odd = even, last = even;

		UNROLL
		for (unsigned j = 0; j < k; j++) {
			__m512i x0 = _mm512_load_si512(a[j].c + at);
			__m512i x1 = _mm512_load_si512(a[j].c + at + WORDS);
			__m512i y0 = _mm512_load_si512(b[j].c + at);
			__m512i y1 = _mm512_load_si512(b[j].c + at + WORDS);
			__m512i y0q = _mm512_mullo_epi16(y0, inverse);
			__m512i y1q = _mm512_mullo_epi16(y1, inverse);

			even = _mm512_add_epi16(even, product(x0, y0, y0q));
			last = _mm512_add_epi16(last, product(x1, y1, y1q));
			odd = _mm512_add_epi16(odd, product(x0, y1, y1q));
			odd = _mm512_add_epi16(odd, product(x1, y0, y0q));
		}
		last = times(last, factor_lanes(BY2 + (int)m / 2));
		even = m % 2 ? _mm512_sub_epi16(even, last) : _mm512_add_epi16(even, last);
		_mm512_store_si512(to->c + at, barrett(even));
		_mm512_store_si512(to->c + at + WORDS, barrett(odd));
	}
}

static void dot(struct mlkem_poly *to, const struct mlkem_poly *a, const struct mlkem_poly *b,
		unsigned k)
{
	if (k == 1)
		dot_k(to, a, b, 1);
	else if (k == 2)
		dot_k(to, a, b, 2);
	else if (k == 3)
		dot_k(to, a, b, 3);
	else
		dot_k(to, a, b, 4);
}

/* The lowest n of 64 bits. */
INLINE uint64_t bits(unsigned n)
{
	return _bzhi_u64(UINT64_MAX, n);
}

/* 32 numbers of d bits, which are 4 d bytes. */
INLINE __m512i unpack(const uint8_t *in, unsigned d, int row)
{
	__m512i v = _mm512_maskz_loadu_epi8(bits(4 * d), in);

	v = _mm512_permutexvar_epi8(_mm512_load_si512(mlkem_avx512_unpack[row]), v);
	v = _mm512_multishift_epi64_epi8(_mm512_load_si512(mlkem_avx512_shifts[row]), v);
	return _mm512_and_si512(v, _mm512_set1_epi16((int16_t)((1 << d) - 1)));
}

/* The other way. Pairs make 2 d bits, two pairs 4 d; see mlkem_avx512_pack. */
INLINE void pack(uint8_t *out, __m512i v, unsigned d, int row)
{
	const __m512i meet = _mm512_set1_epi64(32 - 2 * (int)d);
	__m512i rest;

	v = _mm512_madd_epi16(v, _mm512_set1_epi32(1 | 1 << (16 + d)));
	v = _mm512_srli_epi64(_mm512_sllv_epi32(v, meet), 32 - 2 * d);
	rest = _mm512_sllv_epi64(v, _mm512_set_epi64(4, 0, 4, 0, 4, 0, 4, 0));
	v = _mm512_permutexvar_epi8(_mm512_load_si512(mlkem_avx512_pack[row]), v);
	if (d % 2) {
		rest = _mm512_permutexvar_epi8(_mm512_load_si512(mlkem_avx512_pack[row + 1]), rest);
		v = _mm512_or_si512(v, rest);
	}
	_mm512_mask_storeu_epi8(out, bits(4 * d), v);
}

/* 32 at a time; what they are is public. */
static unsigned reject(int16_t *out, unsigned n, const uint8_t *in, size_t len)
{
	const __m512i bytes = _mm512_load_si512(mlkem_avx512_unpack[UNPACK12]);
	const __m512i shifts = _mm512_load_si512(mlkem_avx512_shifts[UNPACK12]);

	while (n < N && len > 0) {
		unsigned part = len < 48 ? (unsigned)len : 48, fit = N - n;
		__m512i v = _mm512_maskz_loadu_epi8(bits(part), in);
		__mmask32 keep;

		v = _mm512_multishift_epi64_epi8(shifts, _mm512_permutexvar_epi8(bytes, v));
		v = _mm512_and_si512(v, _mm512_set1_epi16(0xfff));
		keep = _mm512_cmplt_epu16_mask(v, _mm512_set1_epi16(Q));
		keep &= (__mmask32)bits(part / 3 * 2);
		v = _mm512_maskz_compress_epi16(keep, v);
		part = (unsigned)_mm_popcnt_u32(keep);
		fit = part < fit ? part : fit;
		_mm512_mask_storeu_epi16(out + n, (__mmask32)bits(fit), v);
		n += fit;
		in += 48;
		len -= len < 48 ? len : 48;
	}
	return n;
}

static void encode(uint8_t *out, const struct mlkem_poly *a)
{
	__m512i v[REGS];

	load(v, a);
	from_order(v);
	UNROLL
	for (int i = 0; i < REGS; i++, out += 48)
		pack(out, canonical(v[i]), 12, PACK12);
}

static void decode(struct mlkem_poly *r, const uint8_t *in)
{
	__m512i v[REGS];

	UNROLL
	for (int i = 0; i < REGS; i++, in += 48)
		v[i] = barrett(unpack(in, 12, UNPACK12));
	to_order(v);
	store(r, v);
}

/*
 * Round(2^d x / q) mod 2^d. For 4 and 5 bits 20159 / 2^26, which is little more than 1 / q, does.
 * Otherwise the quotient that 2^(d + 12) / q, rounded up, gives without rounding is right or one
 * too small, as the remainder shows.
 */
INLINE __m512i compressed(__m512i x, unsigned d)
{
	const __m512i q = _mm512_set1_epi16(Q);
	__m512i c, rest;

	x = canonical(x);
	if (d < 10) {
		c = _mm512_mulhi_epi16(x, _mm512_set1_epi16(20159));
		c = _mm512_mulhrs_epi16(c, _mm512_set1_epi16((int16_t)(1 << (d + 5))));
	} else {
		c = _mm512_set1_epi16((int16_t)(((1 << (d + 12)) + Q - 1) / Q));
		c = _mm512_mulhi_epu16(_mm512_slli_epi16(x, 4), c);
		rest = _mm512_add_epi16(_mm512_slli_epi16(x, d), _mm512_set1_epi16(Q / 2));
		rest = _mm512_sub_epi16(rest, _mm512_mullo_epi16(c, q));
		c = _mm512_mask_add_epi16(c, _mm512_cmpge_epi16_mask(rest, q), c,
					  _mm512_set1_epi16(1));
	}
	return _mm512_and_si512(c, _mm512_set1_epi16((int16_t)((1 << d) - 1)));
}

INLINE void compress_d(uint8_t *out, const struct mlkem_poly *a, unsigned d, int row)
{
	for (size_t i = 0; i < REGS; i++, out += (size_t)4 * d)
		pack(out, compressed(_mm512_load_si512(a->c + WORDS * i), d), d, row);
}

static void compress(uint8_t *out, const struct mlkem_poly *a, unsigned d)
{
	if (d == 10)
		compress_d(out, a, 10, PACK10);
	else if (d == 4)
		compress_d(out, a, 4, PACK4);
	else if (d == 11)
		compress_d(out, a, 11, PACK11);
	else
		compress_d(out, a, 5, PACK5);
}

/* Round(q y / 2^d), as the rounded high half of a product. */
INLINE void decompress_d(struct mlkem_poly *r, const uint8_t *in, unsigned d, int row)
{
	for (size_t i = 0; i < REGS; i++, in += (size_t)4 * d) {
		__m512i v = _mm512_slli_epi16(unpack(in, d, row), 15 - d);

		_mm512_store_si512(r->c + WORDS * i, _mm512_mulhrs_epi16(v, _mm512_set1_epi16(Q)));
	}
}

static void decompress(struct mlkem_poly *r, const uint8_t *in, unsigned d)
{
	if (d == 10)
		decompress_d(r, in, 10, UNPACK10);
	else if (d == 4)
		decompress_d(r, in, 4, UNPACK4);
	else if (d == 11)
		decompress_d(r, in, 11, UNPACK11);
	else
		decompress_d(r, in, 5, UNPACK5);
}

/* 1 from q / 4 to 3 q / 4 */
static void to_msg(uint8_t *msg, const struct mlkem_poly *a)
{
	for (size_t i = 0; i < REGS; i++) {
		__m512i v = canonical(_mm512_load_si512(a->c + WORDS * i));
		uint32_t mask;

		v = _mm512_sub_epi16(v, _mm512_set1_epi16((Q + 3) / 4));
		mask = _mm512_cmplt_epu16_mask(v, _mm512_set1_epi16(Q / 2));
		memcpy(msg + 4 * i, &mask, sizeof(mask));
	}
}

const struct mlkem_ops mlkem_avx512_ops = {
	MLKEM_AVX2_SHARED,	  .ntt = ntt,	    .intt = intt,
	.arrange = arrange,	  .dot = dot,	    .reject = reject,
	.encode = encode,	  .decode = decode, .compress = compress,
	.decompress = decompress, .to_msg = to_msg,
};
