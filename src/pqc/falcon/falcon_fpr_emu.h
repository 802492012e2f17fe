/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_FPR_EMU_H
#define PQC_FALCON_FALCON_FPR_EMU_H

#include <stdint.h>

#include "pqc/ct.h"

/*
 * IEEE-754 binary64 on integers, without a branch or an index that depends on a value: addition,
 * multiplication, division and square root round to nearest, ties to even, as hardware does. There
 * are no infinities and no NaNs, and what would be subnormal is zero; Falcon meets none of them.
 *
 * While computing, a number is mantissa * 2^exponent, where the mantissa is in [2^54, 2^55), two
 * bits more than are kept, and its lowest bit also stands for all that was shifted out.
 */
typedef uint64_t fpr;

#define FPR_MANTISSA_BITS 52
#define FPR_HIDDEN	  ((uint64_t)1 << FPR_MANTISSA_BITS)
#define FPR_FRACTION	  (FPR_HIDDEN - 1)
#define FPR_SIGN	  ((uint64_t)1 << 63)
#define FPR_BIAS	  1023

static inline fpr fpr_bits(uint64_t bits)
{
	return bits;
}

static inline int fpr_exponent(fpr x)
{
	return (int)(x >> FPR_MANTISSA_BITS) & 0x7ff;
}

/* The mantissa with its hidden bit, 0 for zero: |x| = mantissa * 2^(exponent - 1075). */
static inline uint64_t fpr_mantissa(fpr x)
{
	uint64_t nonzero = pqc_ct_hide64(0 - (((uint64_t)fpr_exponent(x) + 0x7ff) >> 11));

	return ((x & FPR_FRACTION) | FPR_HIDDEN) & nonzero;
}

/* x / 2^n for n < 64, and 1 ORed in if a bit was lost. */
static inline uint64_t fpr_shift_sticky(uint64_t x, int n)
{
	uint64_t lost = x & (((uint64_t)1 << n) - 1);

	return (x >> n) | ((lost | (0 - lost)) >> 63);
}

/* Rounds (-1)^sign * m * 2^e; m is in [2^54, 2^55) or 0. */
static inline fpr fpr_pack(uint64_t sign, int e, uint64_t m)
{
	uint64_t present = pqc_ct_hide64(m >> 54);
	int64_t field = e + 1076; /* one less than the exponent's field: m brings its hidden bit */
	uint64_t up = (m >> 1) & ((m >> 2) | m) & 1;

	present &= ~(uint64_t)field >> 63;
	return (sign << 63) |
	       ((((uint64_t)field << FPR_MANTISSA_BITS) + (m >> 2) + up) & (0 - present));
}

/* Shifts x to bit 63 and takes the shift off e. 0 stays 0. */
static inline uint64_t fpr_normalize(uint64_t x, int *e)
{
	for (int step = 32; step >= 1; step /= 2) {
		uint64_t high = x >> (64 - step);
		uint64_t mask = pqc_ct_mask_nonzero64(high); /* all ones: no need to shift */

		x = pqc_ct_select64(mask, x, x << step);
		*e -= step & (int)~mask;
	}
	return x;
}

/* x * 2^e, rounded. */
static inline fpr fpr_scaled(int64_t x, int e)
{
	uint64_t sign = (uint64_t)x >> 63;
	uint64_t m = ((uint64_t)x ^ (0 - sign)) + sign;

	m = fpr_normalize(m, &e);
	return fpr_pack(sign, e + 9, fpr_shift_sticky(m, 9));
}

static inline fpr fpr_of(int64_t x)
{
	return fpr_scaled(x, 0);
}

static inline fpr fpr_neg(fpr x)
{
	return x ^ FPR_SIGN;
}

static inline fpr fpr_add(fpr x, fpr y)
{
	/* The larger magnitude comes first; of equal ones the positive one, so that x - x is +0. */
	uint64_t more = (x & ~FPR_SIGN) - (y & ~FPR_SIGN);
	uint64_t equal = ~pqc_ct_mask_nonzero64(more) & (0 - (x >> 63));
	uint64_t swap = (x ^ y) & ((0 - (more >> 63)) | equal);
	uint64_t xm, ym, z;
	int e, apart;

	x ^= swap;
	y ^= swap;
	e = fpr_exponent(x);
	apart = e - fpr_exponent(y);
	xm = fpr_mantissa(x) << 3;
	ym = fpr_mantissa(y) << 3;
	/* Further than 59 places below, y is nothing but a lost bit. */
	apart = (int)pqc_ct_select32(pqc_ct_mask_less32(59, (uint32_t)apart), 59, (uint32_t)apart);
	ym = fpr_shift_sticky(ym, apart);
	z = xm + ((ym ^ (0 - ((x ^ y) >> 63))) + ((x ^ y) >> 63));
	e -= 1078;
	z = fpr_normalize(z, &e);
	return fpr_pack(x >> 63, e + 9, fpr_shift_sticky(z, 9));
}

static inline fpr fpr_sub(fpr x, fpr y)
{
	return fpr_add(x, fpr_neg(y));
}

static inline fpr fpr_mul(fpr x, fpr y)
{
	unsigned __int128 product = (unsigned __int128)fpr_mantissa(x) * fpr_mantissa(y);
	uint64_t lost = (uint64_t)product & (((uint64_t)1 << 50) - 1);
	uint64_t m = (uint64_t)(product >> 50) | ((lost | (0 - lost)) >> 63);
	int large = (int)(m >> 55); /* the product has 105 or 106 bits */

	m = (m >> large) | (m & (uint64_t)large);
	return fpr_pack((x ^ y) >> 63, fpr_exponent(x) + fpr_exponent(y) - 2100 + large, m);
}

static inline fpr fpr_sqr(fpr x)
{
	return fpr_mul(x, x);
}

/* y is not zero. */
static inline fpr fpr_div(fpr x, fpr y)
{
	uint64_t rest = fpr_mantissa(x), divisor = fpr_mantissa(y), q = 0;
	int large;

	/* One bit a step: 55 of them, and whether something is left. */
	for (int i = 0; i < 55; i++) {
		uint64_t fits = ((rest - divisor) >> 63) - 1;

		rest = (rest - (divisor & fits)) << 1;
		q = (q | (fits & 1)) << 1;
	}
	q |= (rest | (0 - rest)) >> 63;
	large = (int)(q >> 55);
	q = (q >> large) | (q & (uint64_t)large);
	return fpr_pack((x ^ y) >> 63, fpr_exponent(x) - fpr_exponent(y) - 55 + large, q);
}

static inline fpr fpr_inv(fpr x)
{
	return fpr_div(fpr_bits(0x3ff0000000000000), x);
}

/* x is not negative. */
static inline fpr fpr_sqrt(fpr x)
{
	uint64_t m = fpr_mantissa(x), root = 0, doubled = 0, bit = FPR_HIDDEN << 1;
	int e = fpr_exponent(x) - FPR_BIAS;

	/* An even exponent, m in [2^53, 2^55); then root grows by a bit a step, 54 of them. */
	m += m & (0 - (uint64_t)(e & 1));
	e >>= 1;
	m <<= 1;
	for (int i = 0; i < 54; i++) {
		uint64_t next = doubled + bit;
		uint64_t fits = ((m - next) >> 63) - 1;

		doubled += (bit << 1) & fits;
		m = (m - (next & fits)) << 1;
		root += bit & fits;
		bit >>= 1;
	}
	root = root << 1 | (m | (0 - m)) >> 63;
	/* Zero has no root bits; otherwise root is in [2^54, 2^55). */
	return fpr_pack(0, e - 54, root);
}

/* |x| as an integer with 1 ORed in for a lost fraction, two binary places kept; |x| < 2^61. */
static inline uint64_t fpr_fixed(fpr x)
{
	uint64_t m = fpr_mantissa(x) << 10; /* |x| = m * 2^(exponent - 1085) */
	int right = 1083 - fpr_exponent(x); /* places to shift right for two binary places */
	uint32_t gone = pqc_ct_mask_less32(63, (uint32_t)right); /* also what is out of range */

	right = (int)pqc_ct_select32(gone, 63, (uint32_t)right);
	return fpr_shift_sticky(m, right);
}

/* To the nearest integer, ties to even. |x| < 2^61 here and below. */
static inline int64_t fpr_rint(fpr x)
{
	uint64_t m = fpr_fixed(x);
	uint64_t up = (m >> 1) & ((m >> 2) | m) & 1;
	uint64_t sign = 0 - (x >> 63);

	return (int64_t)((((m >> 2) + up) ^ sign) - sign);
}

static inline int64_t fpr_trunc(fpr x)
{
	uint64_t sign = 0 - (x >> 63);

	return (int64_t)(((fpr_fixed(x) >> 2) ^ sign) - sign);
}

static inline int64_t fpr_floor(fpr x)
{
	uint64_t m = fpr_fixed(x), sign = 0 - (x >> 63);

	m += 3 & sign; /* a negative number goes down */
	return (int64_t)(((m >> 2) ^ sign) - sign);
}

/* x * 2^63 cut off, modulo 2^64, for -1 < x < 1. */
static inline uint64_t fpr_trunc_p63(fpr x)
{
	uint64_t m = fpr_mantissa(x) << 11; /* |x| = m * 2^(exponent - 1086) */
	uint64_t sign = 0 - (x >> 63);
	int right = FPR_BIAS - fpr_exponent(x);
	uint32_t gone = pqc_ct_mask_less32(63, (uint32_t)right);

	right = (int)pqc_ct_select32(gone, 63, (uint32_t)right);
	m = (m >> right) & ~((uint64_t)gone << 32 | gone);
	return (m ^ sign) - sign;
}

/* 1 if x < y. */
static inline int fpr_lt(fpr x, fpr y)
{
	int64_t a = (int64_t)x, b = (int64_t)y;

	/* As integers of sign and magnitude: among two negative ones the order turns round. */
	a ^= (int64_t)((uint64_t)(a >> 63) >> 1);
	b ^= (int64_t)((uint64_t)(b >> 63) >> 1);
	return a < b;
}

#endif
