/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/timer.h"

#include <stdlib.h>

#include "ike/state.h"

void timer_start(struct ike *ike, struct timer *t, uint64_t ms)
{
	/* A timer that cannot be kept would leave an SA for ever: better to end. */
	if (heap_set(&ike->timers, &t->node, ike->now + ms))
		abort();
}

void timer_stop(struct ike *ike, struct timer *t)
{
	heap_clear(&ike->timers, &t->node);
}

uint64_t timer_seconds_left(uint64_t at, uint64_t now)
{
	return !at ? UINT64_MAX : at > now ? (at - now) / 1000 : 0;
}

uint64_t timer_backoff(struct ike *ike, uint64_t base, unsigned n)
{
	uint64_t ms = base << n, r;

	ike_random(ike, &r, sizeof(r));
	return ms - r % (ms / 2 + 1);
}
