/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_FPR_NATIVE_H
#define PQC_FALCON_FALCON_FPR_NATIVE_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/*
 * The functions of falcon_fpr_emu.h by the machine's own doubles. The files that include this are
 * compiled without contraction and for SSE2 or more, so that every operation rounds once.
 */
typedef double fpr;

static inline fpr fpr_bits(uint64_t bits)
{
	fpr x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static inline fpr fpr_of(int64_t x)
{
	return (fpr)x;
}

static inline fpr fpr_neg(fpr x)
{
	return -x;
}

static inline fpr fpr_add(fpr x, fpr y)
{
	return x + y;
}

static inline fpr fpr_sub(fpr x, fpr y)
{
	return x - y;
}

static inline fpr fpr_mul(fpr x, fpr y)
{
	return x * y;
}

static inline fpr fpr_sqr(fpr x)
{
	return x * x;
}

static inline fpr fpr_div(fpr x, fpr y)
{
	return x / y;
}

static inline fpr fpr_inv(fpr x)
{
	return 1.0 / x;
}

static inline fpr fpr_sqrt(fpr x)
{
	__m128d v = _mm_set_sd(x);

	return _mm_cvtsd_f64(_mm_sqrt_sd(v, v)); /* no errno, and no libm for it */
}

/* |x| < 2^51: adding 1.5 * 2^52 leaves the integer in the low bits, rounded as the sum is. */
static inline int64_t fpr_rint(fpr x)
{
	const fpr magic = 6755399441055744.0;
	fpr sum = x + magic;
	int64_t bits, zero;

	memcpy(&bits, &sum, sizeof(bits));
	memcpy(&zero, &magic, sizeof(zero));
	return bits - zero;
}

static inline int64_t fpr_trunc(fpr x)
{
	return (int64_t)x;
}

static inline int64_t fpr_floor(fpr x)
{
	int64_t z = (int64_t)x;

	return z - (x < (fpr)z);
}

static inline uint64_t fpr_trunc_p63(fpr x)
{
	return (uint64_t)(int64_t)(x * 9223372036854775808.0);
}

static inline int fpr_lt(fpr x, fpr y)
{
	return x < y;
}

#endif
