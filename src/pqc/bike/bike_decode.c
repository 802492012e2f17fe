/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/bike/bike_decode.h"

#include <string.h>

#include "pqc/bike/bike_ops.h"
#include "pqc/cpu.h"
#include "pqc/ct.h"
#include "pqc/mem.h"
#include "pqc/pqc.h"

#define ITERATIONS 5
#define GRAY_GAP   3 /* tau: how far below the threshold gray positions begin */

/* Shifts that take every step, a number of them that is no multiple of eight, and all counters. */
static int same_ops(const void *ops, const void *portable)
{
	enum { WORDS = 24, BITS = 1500, SHIFTS = 21 };
	const struct bike_ops *const both[2] = {ops, portable};
	uint64_t twice[BIKE_TWICE_WORDS(WORDS)] = {0};
	uint64_t planes[2][BIKE_PLANES * WORDS], out[2][WORDS], work[BIKE_WORK_WORDS(WORDS)] = {0};
	uint32_t shifts[SHIFTS];

	for (unsigned i = 0; i < 2 * WORDS; i++)
		twice[i] = (i + 1) * 0x9e3779b97f4a7c15;
	for (unsigned i = 0; i < SHIFTS; i++)
		shifts[i] = (i * 331 + 65) % BITS;
	for (unsigned v = 0; v < 2; v++) {
		struct bike_count count = {planes[v], twice, shifts, SHIFTS, WORDS, work};

		both[v]->count(&count);
		both[v]->at_least(out[v], planes[v], 11, WORDS);
	}
	return memcmp(planes[0], planes[1], sizeof(planes[0])) == 0 &&
	       memcmp(out[0], out[1], sizeof(out[0])) == 0;
}

static const struct bike_ops *choose_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX512, &bike_avx512_ops},
		{PQC_CPU_AVX2, &bike_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &bike_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = same_ops};

	return pqc_cpu_choose(&variants);
}

/* What a decoding works with. Pairs of vectors belong to h0 and h1. */
struct decoder {
	const struct bike_params *p;
	const struct gf2x *ring;
	const struct bike_secret *secret;
	const struct bike_ops *ops;
	size_t words;
	uint64_t *syndrome, *error;    /* the caller's */
	uint64_t *black, *gray, *flip; /* pairs */
	uint64_t *planes;	       /* one block's counters */
	uint64_t *twice;
	uint64_t *work;
	size_t len; /* of all that, in bytes */
};

static int decoder_init(struct decoder *d)
{
	size_t pair = 2 * d->words, planes = BIKE_PLANES * d->words;

	d->len = (3 * pair + planes + BIKE_TWICE_WORDS(d->words) + BIKE_WORK_WORDS(d->words)) *
		 sizeof(uint64_t);
	d->black = pqc_mem_new(d->len);
	if (!d->black)
		return PQC_E_NOMEM;
	memset(d->black, 0, d->len);
	d->gray = d->black + pair;
	d->flip = d->gray + pair;
	d->planes = d->flip + pair;
	d->work = d->planes + planes;
	d->twice = d->work + BIKE_WORK_WORDS(d->words);
	return 0;
}

/* The number of ones, without a table. */
static uint32_t weight(const uint64_t *x, size_t words)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < words; i++) {
		uint64_t y = x[i] - (x[i] >> 1 & 0x5555555555555555);

		y = (y & 0x3333333333333333) + (y >> 2 & 0x3333333333333333);
		y = (y + (y >> 4)) & 0x0f0f0f0f0f0f0f0f;
		sum += (uint32_t)(y * 0x0101010101010101 >> 56);
	}
	return sum;
}

static uint32_t threshold(const struct decoder *d)
{
	uint32_t t = (uint32_t)((d->p->base + d->p->slope * weight(d->syndrome, d->words)) >> 32);

	return pqc_ct_select32(pqc_ct_mask_less32(t, d->p->least), d->p->least, t);
}

/* The syndrome twice, the second right after bit r - 1 of the first. */
static void repeat_syndrome(struct decoder *d)
{
	size_t n = d->ring->words;
	unsigned shift = d->p->r % 64;
	uint64_t *out = d->twice;

	memcpy(out, d->syndrome, n * sizeof(*out));
	memset(out + n, 0, n * sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		out[n - 1 + i] |= d->syndrome[i] << shift;
		out[n + i] = d->syndrome[i] >> (64 - shift);
	}
}

/* The counters of block i, for the syndrome of the last repeat_syndrome(). */
static void count_block(struct decoder *d, unsigned i)
{
	struct bike_count count = {
		.planes = d->planes,
		.twice = d->twice,
		.shifts = d->secret->at + (size_t)i * d->p->d,
		.n = d->p->d,
		.words = d->words,
		.work = d->work,
	};

	d->ops->count(&count);
}

static void clear_unused(const struct decoder *d, uint64_t *x)
{
	size_t n = d->ring->words;

	x[n - 1] &= ((uint64_t)1 << (d->p->r % 64)) - 1;
	memset(x + n, 0, (d->words - n) * sizeof(*x));
}

static void apply_flips(struct decoder *d)
{
	for (size_t i = 0; i < 2 * d->words; i++)
		d->error[i] ^= d->flip[i];
}

/* To that of the error as it is now. */
static void update_syndrome(struct decoder *d)
{
	gf2x_mul_add(d->ring, d->syndrome, d->secret->h, d->flip);
	gf2x_mul_add(d->ring, d->syndrome, d->secret->h + d->words, d->flip + d->words);
}

/* Flips what is black: where the counter reaches t. Gray is what comes near it. */
static void flip_black(struct decoder *d)
{
	uint32_t t = threshold(d);

	repeat_syndrome(d);
	for (unsigned i = 0; i < 2; i++) {
		size_t at = i * d->words;

		count_block(d, i);
		d->ops->at_least(d->black + at, d->planes, t, d->words);
		d->ops->at_least(d->gray + at, d->planes, t - GRAY_GAP, d->words);
		clear_unused(d, d->black + at);
		clear_unused(d, d->gray + at);
	}
	for (size_t i = 0; i < 2 * d->words; i++)
		d->gray[i] &= ~d->black[i];
	memcpy(d->flip, d->black, 2 * d->words * sizeof(*d->flip));
	apply_flips(d);
}

/* Flips what is in `among` and whose counter is more than half of the checks. */
static void flip_among(struct decoder *d, const uint64_t *among)
{
	update_syndrome(d);
	repeat_syndrome(d);
	for (unsigned i = 0; i < 2; i++) {
		count_block(d, i);
		d->ops->at_least(d->flip + i * d->words, d->planes, (d->p->d + 1) / 2 + 1,
				 d->words);
	}
	for (size_t i = 0; i < 2 * d->words; i++)
		d->flip[i] &= among[i];
	apply_flips(d);
}

int bike_decode(const struct bike_params *p, const struct gf2x *ring,
		const struct bike_secret *secret, uint64_t *syndrome, uint64_t *error)
{
	struct decoder d = {
		.p = p,
		.ring = ring,
		.secret = secret,
		.ops = choose_ops(),
		.words = BIKE_WORDS(p->r),
		.syndrome = syndrome,
		.error = error,
	};

	if (decoder_init(&d))
		return PQC_E_NOMEM;
	memset(error, 0, 2 * d.words * sizeof(*error));
	flip_black(&d);
	flip_among(&d, d.black);
	flip_among(&d, d.gray);
	for (unsigned i = 1; i < ITERATIONS; i++) {
		update_syndrome(&d);
		flip_black(&d);
	}
	pqc_mem_free(d.black, d.len);
	return 0;
}
