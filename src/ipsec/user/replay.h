/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_REPLAY_H
#define IPSEC_USER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define REPLAY_WINDOW_MAX 4096 /* packets */

/* Which sequence numbers have been received (RFC 4303 section 3.4.3). */
struct replay {
	uint64_t top;	 /* highest accepted; 0 at first */
	uint32_t window; /* packets; 0: everything is accepted */
	bool esn;
	size_t mask;	/* number of words - 1, a power of two - 1 */
	uint64_t *bits; /* a ring: bit of sequence number s is bit s % 64 of word s / 64 */
};

/* window: packets, up to REPLAY_WINDOW_MAX (E_LIMIT). E_NOMEM. */
int replay_init(struct replay *r, uint32_t window, bool esn) ERR_MUST_CHECK;
void replay_done(struct replay *r);
/*
 * The full sequence number for the 32 bits that a packet carries, inferred with ESN as in
 * RFC 4303 appendix A2. 0, which is never valid, if there is none.
 */
uint64_t replay_seq(const struct replay *r, uint32_t low);
/* Whether seq would be accepted: to refuse a packet before any cryptography. */
bool replay_fresh(const struct replay *r, uint64_t seq);
/* Take the sequence number of a packet that proved authentic. E_REPLAY. */
int replay_accept(struct replay *r, uint64_t seq) ERR_MUST_CHECK;

#endif
