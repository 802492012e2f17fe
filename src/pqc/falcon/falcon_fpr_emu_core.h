/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_FPR_EMU_CORE_H
#define PQC_FALCON_FALCON_FPR_EMU_CORE_H

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

#endif
