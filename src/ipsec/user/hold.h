/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_HOLD_H
#define IPSEC_USER_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Packets that wait for the SA of their trap: the last one of each, of a bounded number of traps.
 * They belong to a worker.
 */
#define HOLD_MAX   32	 /* packets */
#define HOLD_BYTES 2048	 /* of a packet; a longer one is not held */
#define HOLD_MS	   30000 /* whoever sent an older one has sent it again */

struct hold_packet {
	uint32_t trap;	/* handle; 0: free */
	uint64_t since; /* ms */
	size_t len;
	uint8_t *data;
};

struct hold {
	struct hold_packet packets[HOLD_MAX];
	uint8_t *bytes;
};

/* E_NOMEM. */
int hold_init(struct hold *h) ERR_MUST_CHECK;
void hold_done(struct hold *h);
/* Keep a copy. Returns how many packets are lost by it: one that waited, or this one. */
unsigned hold_put(struct hold *h, uint32_t trap, uint64_t now, struct view packet);
/* Let go of one. */
static inline void hold_drop(struct hold_packet *p)
{
	p->trap = 0;
}
/* Let go of those that are too old. Returns how many. */
unsigned hold_expire(struct hold *h, uint64_t now);

#endif
