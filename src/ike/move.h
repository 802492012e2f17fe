/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_MOVE_H
#define IKE_MOVE_H

#include <stdint.h>

#include "base/addr.h"
#include "ike/timer.h"

struct ike_sa;

/* An established SA goes over to other addresses: with its ESP, and with whatever is under way. */

#define MOVE_PAUSE_MS 1000 /* between two changes of a NAT mapping that are followed */

/* What an SA remembers of changed mappings. All-zero is none. */
struct move {
	uint64_t at;	     /* ms, of the last one; 0 never */
	struct addr pending; /* one that came too early */
	struct timer timer;  /* for it */
};

/* The IKE SA alone: addresses, log lines, the request in flight (it is sent again at once). */
void move_ike(struct ike_sa *sa, const struct addr *local, const struct addr *remote);
/* ESP of all children follows the addresses and the NAT state of the IKE SA. */
void move_children(struct ike_sa *sa);
/* Both are done: keepalives as the NAT state asks, and an ike-update event. */
void move_finish(struct ike_sa *sa);
/*
 * An authentic packet came from another address or port of a peer behind a NAT: follow it, with
 * ESP, but no more often than once in MOVE_PAUSE_MS: the last one counts (RFC 7296 section 2.23).
 */
void move_follow(struct ike_sa *sa, const struct addr *remote);

#endif
