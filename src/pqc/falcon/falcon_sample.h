/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_SAMPLE_H
#define PQC_FALCON_FALCON_SAMPLE_H

/*
 * The sampler of integers: how many tries a sample takes does not depend on secrets; all else is
 * straight-line code.
 */
#include "pqc/ct.h"
#include "pqc/falcon/falcon_fpr.h"
#include "pqc/falcon/falcon_prng.h"
#include "pqc/falcon/falcon_table.h"

#define FPR_INV_LN2	    fpr_bits(0x3ff71547652b82fe)
#define FPR_LN2		    fpr_bits(0x3fe62e42fefa39ef)
#define FPR_INV_2SQR_SIGMA0 fpr_bits(0x3fc34f8bc183bbc2) /* 1 / (2 * 1.8205^2) */
#define FPR_SAMPLE_HALF	    fpr_bits(0x3fe0000000000000)

struct sampler {
	struct prng prng;
	fpr inv_sigma, sigma_min;
	unsigned tries_left; /* only a basis that is none needs them all */
};

#define TRIES_PER_SAMPLE 64

/* A half Gaussian of width 1.8205, from 72 random bits. */
static inline int32_t sample_base(uint64_t low, uint8_t high)
{
	const int32_t *tail = falcon_table_tail;
	int32_t v0 = (int32_t)(low & 0xffffff), v1 = (int32_t)(low >> 24 & 0xffffff);
	int32_t v2 = (int32_t)(low >> 48 | (uint32_t)high << 16);
	uint32_t z = 0;

	for (size_t i = 0; i < FALCON_TABLE_TAIL; i++) {
		uint32_t borrow = (uint32_t)(v0 - tail[i]) >> 31;

		borrow = ((uint32_t)(v1 - tail[i + FALCON_TABLE_TAIL]) - borrow) >> 31;
		z += ((uint32_t)(v2 - tail[i + 2 * FALCON_TABLE_TAIL]) - borrow) >> 31;
	}
	return z;
}
static inline uint64_t mul_high(uint64_t a, uint64_t b)
{
	return (uint64_t)((unsigned __int128)a * b >> 64);
}

/*
 * 2^63 * c * exp(-x), for 0 <= x < ln 2 and 0 <= c <= 1. The polynomial is that of FACCT (Zhao,
 * Steinfeld, Sakzad), scaled by 2^63: off by less than 2^-50.
 */
static inline uint64_t exp_scaled(fpr x, fpr c)
{
	static const uint64_t coeffs[13] = {
		0x00000004741183A3, 0x00000036548CFC06, 0x0000024FDCBF140A, 0x0000171D939DE045,
		0x0000D00CF58F6F84, 0x000680681CF796E3, 0x002D82D8305B0FEA, 0x011111110E066FD0,
		0x0555555555070F00, 0x155555555581FF00, 0x400000000002B400, 0x7FFFFFFFFFFF4800,
		0x8000000000000000,
	};
	uint64_t z = fpr_trunc_p63(x) << 1, y = coeffs[0];

	for (size_t i = 1; i < sizeof(coeffs) / sizeof(coeffs[0]); i++)
		y = coeffs[i] - mul_high(z, y);
	return mul_high(fpr_trunc_p63(c) << 1, y);
}

/* 2^64 * c * exp(-x), less one, for x >= 0. */
static inline uint64_t exp_bound(fpr x, fpr c)
{
	int64_t s = fpr_trunc(fpr_mul(x, FPR_INV_LN2));
	fpr r = fpr_sub(x, fpr_mul(fpr_of(s), FPR_LN2));
	uint32_t many = pqc_ct_mask_negative32((int32_t)(63 - s));

	return ((exp_scaled(r, c) << 1) - 1) >> pqc_ct_select32(many, 63, (uint32_t)s);
}

/* What the samples around one centre have in common. */
struct centre {
	int64_t floor;
	fpr rest, dss, ccs; /* dss: 1 / (2 sigma^2) */
};

static inline struct centre centre_of(const struct sampler *sp, fpr mu, fpr isigma)
{
	int64_t floor = fpr_floor(mu);

	return (struct centre){floor, fpr_sub(mu, fpr_of(floor)),
			       fpr_mul(fpr_sqr(isigma), FPR_SAMPLE_HALF),
			       fpr_mul(isigma, sp->sigma_min)};
}

/* A candidate, and 2^64 times the probability with which to take it, less one. */
struct candidate {
	int32_t z0, sign;
};

static inline int32_t candidate_value(struct candidate c)
{
	return c.sign + ((c.sign << 1) - 1) * c.z0;
}

static inline uint64_t candidate_bound(struct candidate c, const struct centre *centre)
{
	fpr distance = fpr_sub(fpr_of(candidate_value(c)), centre->rest);
	fpr x = fpr_mul(fpr_sqr(distance), centre->dss);

	x = fpr_sub(x, fpr_mul(fpr_of((int64_t)c.z0 * c.z0), FPR_INV_2SQR_SIGMA0));
	return exp_bound(x, centre->ccs);
}

/* Compares random bytes with the bound, from the highest, as far as they are equal. */
static inline int is_taken(struct prng *p, uint64_t bound)
{
	int32_t w;
	int i = 64;

	do {
		i -= 8;
		w = prng_u8(p) - (int32_t)(bound >> i & 255);
		PQC_DECLASSIFY(&w, sizeof(w), "only whether the sample is taken shows, not which");
	} while (w == 0 && i > 0);
	return w < 0;
}

/* An integer of a Gaussian distribution around a centre. */
static int64_t sample_z(struct sampler *sp, const struct centre *centre)
{
	while (sp->tries_left > 0) {
		uint64_t low = prng_u64(&sp->prng);
		int32_t z0 = sample_base(low, prng_u8(&sp->prng));
		struct candidate c = {z0, prng_u8(&sp->prng) & 1};

		if (is_taken(&sp->prng, candidate_bound(c, centre)))
			return centre->floor + candidate_value(c);
		sp->tries_left--;
	}
	return 0;
}

#endif
