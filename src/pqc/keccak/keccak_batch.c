/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/keccak/keccak_batch.h"

#include <stdbool.h>
#include <string.h>

#include "pqc/ct.h"
#include "pqc/keccak/keccak_ops.h"
#include "pqc/le.h"

/* What a lane is doing. */
struct lane {
	const struct keccak_job *job; /* NULL: idle */
	size_t absorbed, squeezed;
	unsigned rate;
	bool squeezing;
};

struct batch {
	uint64_t words[KECCAK_LANES * KECCAKX_WIDTH] __attribute__((aligned(64)));
	uint8_t out[KECCAKX_WIDTH][KECCAK_BATCH_OUT_MAX + KECCAK_BATCH_SLACK];
	struct lane lanes[KECCAKX_WIDTH];
	const struct keccak_job *next;
	unsigned left; /* jobs that no lane has taken */
	unsigned busy; /* lanes */
	unsigned width;
};

static unsigned blocks_of(const struct keccak_job *job)
{
	unsigned rate = keccak_rule(job->kind)->rate;

	return (unsigned)(job->in_len / rate + (job->out_len + rate - 1) / rate);
}

static unsigned cost_of(const struct keccak_ops *ops, unsigned width)
{
	return ops->cost[width == 1 ? 0 : width == 4 ? 1 : 2];
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * What `width` states side by side cost for these blocks: all lanes are busy until the last few
 * blocks, which may be done in another width, but no job takes fewer steps than it has blocks.
 */
static unsigned estimate(const struct keccak_ops *ops, unsigned width, unsigned total,
			 unsigned longest)
{
	unsigned rest = total % width, last = least(cost_of(ops, width), rest * cost_of(ops, 1));
	unsigned cost, floor = longest * cost_of(ops, width);

	if (rest <= 4)
		last = least(last, cost_of(ops, 4));
	cost = total / width * cost_of(ops, width) + (rest ? last : 0);
	return cost > floor ? cost : floor;
}

/* The cheapest of 1, 4 and 8 for the jobs that are left. */
static void choose_width(struct batch *b, const struct keccak_ops *ops)
{
	unsigned total = 0, longest = 0, best;

	for (unsigned i = 0; i < b->left; i++) {
		unsigned blocks = blocks_of(&b->next[i]);

		total += blocks;
		longest = blocks > longest ? blocks : longest;
	}
	b->width = 1;
	best = total * cost_of(ops, 1);
	for (unsigned width = 4; width <= KECCAKX_WIDTH; width *= 2) {
		unsigned cost = estimate(ops, width, total, longest);

		if (cost < best) {
			best = cost;
			b->width = width;
		}
	}
}

/* When nothing is left to begin and the upper lanes are idle, what remains may do with fewer. */
static void narrow(struct batch *b, const struct keccak_ops *ops)
{
	unsigned used = 0, width;

	for (unsigned w = 0; w < b->width; w++)
		if (b->lanes[w].job)
			used = w + 1;
	width = used <= 1 ? 1 : 4;
	if (used > 4 || width >= b->width || cost_of(ops, width) >= cost_of(ops, b->width))
		return;
	for (unsigned i = 0; i < KECCAK_LANES; i++)
		for (unsigned w = 0; w < width; w++)
			b->words[i * width + w] = b->words[i * b->width + w];
	b->width = width;
}

static void take_job(struct batch *b, unsigned w)
{
	struct lane *lane = &b->lanes[w];

	*lane = (struct lane){.job = b->next++, .rate = 0};
	lane->rate = keccak_rule(lane->job->kind)->rate;
	b->left--;
	b->busy++;
	for (unsigned i = 0; i < KECCAK_LANES; i++)
		b->words[i * b->width + w] = 0;
}

/* One block of input, or what is left of it and the padding. */
static void absorb(struct batch *b, unsigned w)
{
	struct lane *lane = &b->lanes[w];
	const uint8_t *in = lane->job->in + lane->absorbed;
	size_t len = lane->job->in_len - lane->absorbed;
	uint64_t *word = b->words + w;
	uint8_t last[8] = {0};

	lane->absorbed += len < lane->rate ? len : lane->rate;
	if (len >= lane->rate) {
		for (unsigned i = 0; i < lane->rate / 8; i++)
			word[(size_t)i * b->width] ^= pqc_le_load64(in + (size_t)8 * i);
		return;
	}
	for (; len >= 8; len -= 8, in += 8, word += b->width)
		*word ^= pqc_le_load64(in);
	for (size_t i = 0; i < len; i++)
		last[i] = in[i];
	last[len] = keccak_rule(lane->job->kind)->suffix;
	*word ^= pqc_le_load64(last);
	b->words[(lane->rate / 8 - 1) * b->width + w] ^= (uint64_t)KECCAK_LAST_BIT << 56;
	lane->squeezing = true;
	pqc_ct_wipe(last, sizeof(last));
}

static void squeeze(struct batch *b, unsigned w)
{
	struct lane *lane = &b->lanes[w];
	const struct keccak_job *job = lane->job;
	uint8_t *out = (job->out ? job->out : b->out[w]) + lane->squeezed;
	size_t len = job->out_len - lane->squeezed;
	const uint64_t *word = b->words + w;
	uint8_t last[8];

	len = len < lane->rate ? len : lane->rate;
	lane->squeezed += len;
	for (; len >= 8; len -= 8, out += 8, word += b->width)
		pqc_le_store64(out, *word);
	if (len > 0) {
		pqc_le_store64(last, *word);
		memcpy(out, last, len);
		pqc_ct_wipe(last, sizeof(last));
	}
	if (lane->squeezed < job->out_len)
		return;
	if (job->done)
		job->done(job, job->out ? job->out : b->out[w]);
	lane->job = NULL;
	b->busy--;
}

/* One permutation of all lanes, each of which has a block absorbed or squeezed by it. */
static void step(struct batch *b, const struct keccak_ops *ops)
{
	for (unsigned w = 0; w < b->width; w++) {
		if (!b->lanes[w].job && b->left > 0)
			take_job(b, w);
		if (b->lanes[w].job && !b->lanes[w].squeezing)
			absorb(b, w);
	}
	if (b->width == 1)
		ops->permute(b->words);
	else if (b->width == 4)
		ops->permute4(b->words);
	else
		ops->permute8(b->words);
	for (unsigned w = 0; w < b->width; w++)
		if (b->lanes[w].job && b->lanes[w].squeezing)
			squeeze(b, w);
}

void keccak_batch_run(const struct keccak_job *jobs, unsigned n)
{
	const struct keccak_ops *ops = keccak_ops();
	struct batch b;

	b.next = jobs;
	b.left = n;
	b.busy = 0;
	memset(b.words, 0, sizeof(b.words));
	memset(b.lanes, 0, sizeof(b.lanes));
	while (b.left > 0 || b.busy > 0) {
		if (b.busy == 0)
			choose_width(&b, ops);
		else if (b.left == 0)
			narrow(&b, ops);
		step(&b, ops);
	}
	pqc_ct_wipe(&b, sizeof(b));
}
