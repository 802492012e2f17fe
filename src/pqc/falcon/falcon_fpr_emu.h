/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_FPR_EMU_H
#define PQC_FALCON_FALCON_FPR_EMU_H

/* The rest of falcon_fpr_emu_core.h: division, roots, integers and comparison. */
#include "pqc/falcon/falcon_fpr_emu_core.h"

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
	/* As integers of sign and magnitude: among two negative ones the order turns round. */
	x ^= (0 - (x >> 63)) >> 1;
	y ^= (0 - (y >> 63)) >> 1;
	return (int64_t)x < (int64_t)y;
}

#endif
