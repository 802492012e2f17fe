/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_AHEAD_H
#define PQC_FALCON_FALCON_AHEAD_H

/* Two samples, one after the other in the stream. */
#include "pqc/falcon/falcon_sample.h"

#ifdef FALCON_SAMPLE_AHEAD
/*
 * Nearly always a candidate uses 11 bytes of the stream, the last one for the comparison. So the
 * next ones can be computed side by side with the first, whether they will be needed or not, and
 * for either centre: one alone is a long chain of operations that wait for each other.
 */
#define CANDIDATE_LEN 11
#define AHEAD	      3

static inline struct candidate candidate_at(const uint8_t *bytes)
{
	return (struct candidate){sample_base(pqc_le_load64(bytes), bytes[8]), bytes[9] & 1};
}

/* Where the comparison of the first byte decides, 1 if taken and 0 if not; else -1. */
static inline int is_taken_at(const uint8_t *bytes, uint64_t bound)
{
	int32_t w = bytes[CANDIDATE_LEN - 1] - (int32_t)(bound >> 56);

	PQC_DECLASSIFY(&w, sizeof(w), "only whether the sample is taken shows, not which");
	return w == 0 ? -1 : w < 0;
}

/*
 * Tries the next three candidates: number 0 and 1 for a centre, 1 and 2 for the one after it, which
 * is the same when only the last is left. Stops where a sequence of comparisons is needed. Returns
 * how many samples are found by now, and leaves the stream after the last candidate tried.
 */
static inline unsigned sample_ahead(struct sampler *sp, const struct centre *const *centres,
				    unsigned found, fpr *z)
{
	struct prng *p = &sp->prng;
	const uint8_t *bytes = p->buf + p->at;
	const struct centre *here = centres[found], *next = centres[found + 1];
	const struct candidate c[AHEAD] = {candidate_at(bytes), candidate_at(bytes + CANDIDATE_LEN),
					   candidate_at(bytes + 2 * CANDIDATE_LEN)};
	uint64_t a = candidate_bound(c[0], here), b = candidate_bound(c[1], here);
	uint64_t d = candidate_bound(c[1], next), e = candidate_bound(c[2], next);
	const uint64_t bounds[2][AHEAD] = {{a, b, 0}, {0, d, e}};
	unsigned before = found;

	/* Now, and not where a bound turns out to be needed. */
	__asm__ volatile("" : : "r"(a), "r"(b), "r"(d), "r"(e));
	for (size_t i = 0; i < AHEAD && found < 2; i++) {
		int taken = -1;

		if (i < 2 || centres[found] == next)
			taken = is_taken_at(bytes + i * CANDIDATE_LEN,
					    bounds[i == 2 || found > before][i]);
		if (taken < 0)
			break;
		p->at += CANDIDATE_LEN;
		z[found] = fpr_of(centres[found]->floor + candidate_value(c[i]));
		found += (unsigned)taken;
	}
	return found;
}

static void sample_two(struct sampler *sp, const struct centre *re, const struct centre *im, fpr *z)
{
	const struct centre *const centres[3] = {re, im, im};
	unsigned found = 0;

	while (found < 2) {
		size_t at = sp->prng.at;

		if (at < PRNG_LEN - PRNG_KEEP - AHEAD * CANDIDATE_LEN && sp->tries_left > 0) {
			found = sample_ahead(sp, centres, found, z);
			sp->tries_left--;
		}
		/* Not a step forward: a rare case that is left to the plain way. */
		if (found < 2 && sp->prng.at == at) {
			z[found] = fpr_of(sample_z(sp, centres[found]));
			found++;
		}
	}
}
#else
static void sample_two(struct sampler *sp, const struct centre *re, const struct centre *im, fpr *z)
{
	z[0] = fpr_of(sample_z(sp, re));
	z[1] = fpr_of(sample_z(sp, im));
}
#endif

#endif
