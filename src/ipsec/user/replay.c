/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/replay.h"

#include <stdlib.h>

#define WORD_BITS 64

/*
 * The ring has a word more than the window needs (RFC 6479), so moving the window forward clears
 * whole words and never shifts a bit.
 */
int replay_init(struct replay *r, uint32_t window, bool esn)
{
	size_t words = 2;

	*r = (struct replay){.window = window, .esn = esn};
	if (window > REPLAY_WINDOW_MAX)
		return E_LIMIT;
	if (window == 0)
		return 0;
	while ((words - 1) * WORD_BITS < window)
		words *= 2;
	r->bits = calloc(words, sizeof(*r->bits));
	if (!r->bits)
		return E_NOMEM;
	r->mask = words - 1;
	return 0;
}

void replay_done(struct replay *r)
{
	free(r->bits);
	*r = (struct replay){0};
}

uint64_t replay_seq(const struct replay *r, uint32_t low)
{
	/* Without a window the nearest number is meant: half the numbers lie on either side. */
	const uint32_t window = r->window ? r->window : UINT32_C(1) << 31;
	const uint32_t top_low = (uint32_t)r->top, top_high = (uint32_t)(r->top >> 32);
	const uint32_t bottom = top_low - window + 1; /* wraps below 0 in case B */
	uint32_t high;

	if (!r->esn)
		return low;
	if (top_low >= window - 1) { /* case A: the window lies in one subspace */
		high = low >= bottom ? top_high : top_high + 1;
		if (high < top_high)
			return 0; /* all 2^64 are used up */
	} else {		  /* case B: its lower end lies in the subspace before */
		if (low >= bottom && top_high == 0)
			return 0; /* there is none before the first */
		high = low >= bottom ? top_high - 1 : top_high;
	}
	return (uint64_t)high << 32 | low;
}

static uint64_t *word_of(const struct replay *r, uint64_t seq)
{
	return &r->bits[(seq / WORD_BITS) & r->mask];
}

static uint64_t bit_of(uint64_t seq)
{
	return UINT64_C(1) << (seq % WORD_BITS);
}

bool replay_fresh(const struct replay *r, uint64_t seq)
{
	if (r->window == 0)
		return seq != 0 || !r->esn;
	if (seq == 0)
		return false;
	if (seq > r->top)
		return true;
	if (r->top - seq >= r->window)
		return false;
	return (*word_of(r, seq) & bit_of(seq)) == 0;
}

/* Empty the words between the old top's and the new one's. */
static void advance(struct replay *r, uint64_t seq)
{
	uint64_t from = r->top / WORD_BITS, steps = seq / WORD_BITS - from;

	if (steps > r->mask + 1)
		steps = r->mask + 1;
	for (uint64_t i = 1; i <= steps; i++)
		r->bits[(from + i) & r->mask] = 0;
	r->top = seq;
}

int replay_accept(struct replay *r, uint64_t seq)
{
	if (!replay_fresh(r, seq))
		return E_REPLAY;
	if (r->window == 0) {
		if (seq > r->top)
			r->top = seq;
		return 0;
	}
	if (seq > r->top)
		advance(r, seq);
	*word_of(r, seq) |= bit_of(seq);
	return 0;
}
