/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_NOTICE_H
#define IPSEC_USER_NOTICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "ipsec/user/packet.h"

/* What a worker has to tell the engine. */
enum notice_kind { NOTICE_SOFT, NOTICE_HARD, NOTICE_MAPPING, NOTICE_ACQUIRE };

struct notice {
	enum notice_kind kind;
	uint32_t handle;	  /* of the pair, or the trap */
	struct addr remote;	  /* NOTICE_MAPPING */
	struct packet_key packet; /* NOTICE_ACQUIRE */
};

#define NOTICE_RING 256 /* a power of two */

/* From one worker to the engine, without a lock. All-zero is empty. */
struct notice_ring {
	_Atomic uint32_t head; /* next to write: the worker's */
	_Atomic uint32_t tail; /* next to read: the engine's */
	struct notice items[NOTICE_RING];
};

/* Worker: false if the ring is full; the worker then says it again with a later packet. */
bool notice_push(struct notice_ring *r, const struct notice *n);
/* Engine: false if it is empty. */
bool notice_pop(struct notice_ring *r, struct notice *out);

#endif
