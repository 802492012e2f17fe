/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "pqc/falcon/falcon_modq.h"
#include "pqc/falcon/falcon_table.h"

/*
 * The arithmetic of falcon_modq_c.c on 16 coefficients at a time; see there for the bounds.
 *
 * Layers that join coefficients 16 or more apart work on vectors as they lie. For the other four a
 * block of 256 coefficients is transposed as a matrix of 16 by 16, so that these layers, too, join
 * whole vectors, and lane l belongs to the l-th run of 16. The values of the transform stay
 * transposed: nobody but the inverse cares for their order.
 */
#define Q      FALCON_MODQ_Q
#define Q_INV  (-12287) /* 1/q modulo 2^16 */
#define SQUARE (-1337)	/* 2^32 modulo q */
#define LANES  16
#define BLOCK  (LANES * LANES)

typedef __m256i vec;

static inline vec load(const int16_t *p)
{
	return _mm256_loadu_si256((const vec *)(const void *)p);
}

static inline void store(int16_t *p, vec x)
{
	_mm256_storeu_si256((vec *)(void *)p, x);
}

static inline vec all(int x)
{
	return _mm256_set1_epi16((short)x);
}

static inline vec add(vec a, vec b)
{
	return _mm256_add_epi16(a, b);
}

static inline vec subtract(vec a, vec b)
{
	return _mm256_sub_epi16(a, b);
}

/* x modulo q, nearest to 0; 43687 = 2^29 / q is -21849 as an int16_t, hence the addition. */
static inline vec centre(vec x)
{
	vec high = add(_mm256_mulhi_epi16(x, all(43687 - 65536)), x);
	vec quotient = _mm256_mulhrs_epi16(high, all(4));

	return subtract(x, _mm256_mullo_epi16(quotient, all(Q)));
}

/* A factor and the same times 1/q. */
struct factor {
	vec x, x_inv;
};

static inline struct factor factor_of(vec x)
{
	return (struct factor){x, _mm256_mullo_epi16(x, all(Q_INV))};
}

/* a b / 2^16 modulo q (Montgomery). */
static inline vec multiply(struct factor a, vec b)
{
	vec quotient = _mm256_mullo_epi16(a.x_inv, b);

	return subtract(_mm256_mulhi_epi16(a.x, b), _mm256_mulhi_epi16(quotient, all(Q)));
}

static inline void butterfly(vec *x, vec *y, struct factor root)
{
	vec t = multiply(root, *y);

	*y = subtract(*x, t);
	*x = add(*x, t);
}

static inline void unbutterfly(vec *x, vec *y, struct factor root)
{
	vec difference = subtract(*x, *y);

	*x = centre(add(*x, *y));
	*y = multiply(root, difference);
}

/* Rows become columns: four rounds, in which pairs of 1, 2, 4 and 8 lanes change places. */
static inline void transpose(vec *m)
{
	vec t[LANES];

	for (size_t i = 0; i < LANES; i += 2) {
		t[i] = _mm256_blend_epi16(m[i], _mm256_slli_epi32(m[i + 1], 16), 0xaa);
		t[i + 1] = _mm256_blend_epi16(_mm256_srli_epi32(m[i], 16), m[i + 1], 0xaa);
	}
	for (size_t i = 0; i < LANES; i += 4)
		for (size_t j = i; j < i + 2; j++) {
			m[j] = _mm256_blend_epi32(t[j], _mm256_slli_epi64(t[j + 2], 32), 0xaa);
			m[j + 2] = _mm256_blend_epi32(_mm256_srli_epi64(t[j], 32), t[j + 2], 0xaa);
		}
	for (size_t i = 0; i < LANES; i += 8)
		for (size_t j = i; j < i + 4; j++) {
			t[j] = _mm256_unpacklo_epi64(m[j], m[j + 4]);
			t[j + 4] = _mm256_unpackhi_epi64(m[j], m[j + 4]);
		}
	for (size_t j = 0; j < LANES / 2; j++) {
		m[j] = _mm256_permute2x128_si256(t[j], t[j + 8], 0x20);
		m[j + 8] = _mm256_permute2x128_si256(t[j], t[j + 8], 0x31);
	}
}

/* Of 16 << level roots that lie in a row, those of group `which` of 1 << level, in lanes. */
static inline vec pick(const int16_t *roots, unsigned level, size_t which)
{
	int16_t lanes[LANES];

	for (size_t l = 0; l < LANES; l++)
		lanes[l] = roots[(l << level) + which];
	return load(lanes);
}

static inline void load_block(vec *m, const int16_t *a)
{
	for (size_t i = 0; i < LANES; i++)
		m[i] = load(a + i * LANES);
}

static inline void store_block(int16_t *a, const vec *m)
{
	for (size_t i = 0; i < LANES; i++)
		store(a + i * LANES, m[i]);
}

/* The last four layers on block b: runs of 16, of which there are n/16, are split to the end. */
static void ntt_block(int16_t *a, size_t b, size_t runs, int reduce)
{
	vec m[LANES];

	load_block(m, a + b * BLOCK);
	transpose(m);
	for (unsigned level = 0; level < 4; level++, reduce = !reduce) {
		size_t len = (size_t)8 >> level;
		const int16_t *roots = falcon_table_root + ((runs + b * LANES) << level);

		for (size_t which = 0; which < (size_t)1 << level; which++) {
			struct factor root = factor_of(pick(roots, level, which));

			for (size_t j = 2 * len * which; j < 2 * len * which + len; j++) {
				if (reduce)
					m[j] = centre(m[j]);
				butterfly(&m[j], &m[j + len], root);
			}
		}
	}
	for (size_t i = 0; i < LANES; i++)
		m[i] = centre(m[i]);
	store_block(a + b * BLOCK, m);
}

static void ntt(int16_t *a, unsigned logn)
{
	size_t n = (size_t)1 << logn;
	unsigned layer = 1;

	for (size_t m = 1, len = n / 2; len >= LANES; m *= 2, len /= 2, layer++) {
		int reduce = layer > 1 && layer % 2 == 1;

		for (size_t i = 0; i < m; i++) {
			struct factor root = factor_of(all(falcon_table_root[m + i]));

			for (size_t j = 2 * i * len; j < 2 * i * len + len; j += LANES) {
				vec x = load(a + j), y = load(a + j + len);

				if (reduce)
					x = centre(x);
				butterfly(&x, &y, root);
				store(a + j, x);
				store(a + j + len, y);
			}
		}
	}
	for (size_t b = 0; b < n / BLOCK; b++)
		ntt_block(a, b, n / LANES, layer % 2 == 1);
}

static void intt_block(int16_t *a, size_t b, size_t runs)
{
	vec m[LANES];

	load_block(m, a + b * BLOCK);
	for (unsigned level = 4; level-- > 0;) {
		size_t len = (size_t)8 >> level;
		const int16_t *roots = falcon_table_unroot + ((runs + b * LANES) << level);

		for (size_t which = 0; which < (size_t)1 << level; which++) {
			struct factor root = factor_of(pick(roots, level, which));

			for (size_t j = 2 * len * which; j < 2 * len * which + len; j++)
				unbutterfly(&m[j], &m[j + len], root);
		}
	}
	transpose(m);
	store_block(a + b * BLOCK, m);
}

static void intt(int16_t *a, unsigned logn)
{
	size_t n = (size_t)1 << logn;
	struct factor scale = factor_of(all(65536 >> logn));

	for (size_t b = 0; b < n / BLOCK; b++)
		intt_block(a, b, n / LANES);
	for (size_t len = LANES, m = n / 2 / LANES; m > 0; m /= 2, len *= 2)
		for (size_t i = 0; i < m; i++) {
			struct factor root = factor_of(all(falcon_table_unroot[m + i]));

			for (size_t j = 2 * i * len; j < 2 * i * len + len; j += LANES) {
				vec x = load(a + j), y = load(a + j + len);

				unbutterfly(&x, &y, root);
				store(a + j, x);
				store(a + j + len, y);
			}
		}
	for (size_t i = 0; i < n; i += LANES)
		store(a + i, centre(multiply(scale, load(a + i))));
}

static void mul(int16_t *a, const int16_t *b, size_t n)
{
	struct factor square = factor_of(all(SQUARE));

	for (size_t i = 0; i < n; i += LANES)
		store(a + i,
		      centre(multiply(factor_of(multiply(square, load(a + i))), load(b + i))));
}

static inline vec product(vec a, vec b)
{
	return multiply(factor_of(a), b);
}

static inline vec power_of_two(vec x, int times)
{
	while (times-- > 0)
		x = product(x, x);
	return x;
}

/* 1/b = b^(q-2), q - 2 = 3 * 4095 + 2. */
static inline vec invert(vec b)
{
	vec x1 = multiply(factor_of(all(SQUARE)), b), x2 = product(x1, x1), x3 = product(x2, x1);
	vec x15 = product(power_of_two(x3, 2), x3);
	vec x255 = product(power_of_two(x15, 4), x15);
	vec x4095 = product(power_of_two(x255, 4), x15);

	return product(product(product(x4095, x4095), x4095), x2);
}

static void divide(int16_t *a, const int16_t *b, size_t n)
{
	for (size_t i = 0; i < n; i += LANES)
		store(a + i, centre(product(load(a + i), invert(load(b + i)))));
}

static void sub(int16_t *a, const int16_t *b, size_t n)
{
	for (size_t i = 0; i < n; i += LANES)
		store(a + i, centre(subtract(load(a + i), load(b + i))));
}

/* Two squares are below 2^27: sixteen of such sums fit 31 bits, then they go to 64. */
static uint64_t norm(const int16_t *a, size_t n)
{
	vec total = _mm256_setzero_si256(), zero = _mm256_setzero_si256();
	uint64_t out[4];

	for (size_t i = 0; i < n; i += BLOCK) {
		vec sum = zero;

		for (size_t j = i; j < i + BLOCK; j += LANES)
			sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(a + j), load(a + j)));
		total = _mm256_add_epi64(total, _mm256_unpacklo_epi32(sum, zero));
		total = _mm256_add_epi64(total, _mm256_unpackhi_epi32(sum, zero));
	}
	_mm256_storeu_si256((vec *)(void *)out, total);
	return out[0] + out[1] + out[2] + out[3];
}

const struct falcon_modq_ops falcon_modq_avx2_ops = {ntt, intt, mul, divide, sub, norm};
