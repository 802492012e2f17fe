/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_SUCCESSOR_H
#define IKE_SUCCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ike/keying.h"

struct ike_sa;

/*
 * The IKE SA that is to replace another one (RFC 7296 section 2.18). While it is negotiated it is
 * no SA yet. When both sides rekey at once there are two of them, and either side moves everything
 * to the same one (section 2.8.2).
 */
struct successor {
	struct keying keying;
	struct proposal chosen;
	uint32_t uid; /* that it will have */
	uint64_t our_spi, peer_spi;
	struct ike_sa *made; /* by the peer's rekey, while ours is under way; NULL: not yet */
};

/* A new one for `old`, linked as old->ours or old->theirs, with a uid and an SPI. E_NOMEM. */
int successor_new(struct ike_sa *old, bool ours, struct successor **out) ERR_MUST_CHECK;
/* Forget it, if there is one. An SA that was made of it is redundant then: it stays for the peer to
 * delete, for a while. */
void successor_drop(struct ike_sa *old, bool ours);
/* An SA goes that was made by the peer's rekey, before anything was decided. */
void successor_lose(struct ike_sa *made);
/*
 * Derive the keys (section 2.18, RFC 9370 section 2.2.4) and make the SA, ESTABLISHED but
 * empty-handed: all else stays with the old one until successor_inherit(). E_NOMEM, E_CRYPTO.
 */
int successor_make(struct successor *s, struct view shared, struct ike_sa **out) ERR_MUST_CHECK;
/*
 * The new SA takes over: children, tasks that wait, virtual IPs, timers; listeners are told. The
 * old one is REKEYED, without successors.
 */
void successor_inherit(struct ike_sa *old, struct ike_sa *fresh);
/* The peer has decided that what its rekey made takes over: it uses it, or has deleted the old SA.
 * What we still ask for over the old one is given up. */
void successor_settle(struct ike_sa *old);

#endif
