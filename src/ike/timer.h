/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_TIMER_H
#define IKE_TIMER_H

#include <stdint.h>

#include "base/heap.h"

struct ike;

/* A deadline of the engine; fires once, in ike_tick(). All-zero with fire set is a stopped
 * timer. */
struct timer {
	struct heap_node node;
	void (*fire)(struct timer *t);
};

/* (Re)start: fire after ms from now. */
void timer_start(struct ike *ike, struct timer *t, uint64_t ms);
void timer_stop(struct ike *ike, struct timer *t);
/* Whole seconds from now to `at` (ms); UINT64_MAX if at is 0: never. */
uint64_t timer_seconds_left(uint64_t at, uint64_t now);
/* A time to wait before another attempt, ms: after n failures half to all of base << n, at random
 * so that two who are in each other's way do not meet again. */
uint64_t timer_backoff(struct ike *ike, uint64_t base, unsigned n);

#endif
