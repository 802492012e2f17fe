/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KSA_H
#define IPSEC_XFRM_KSA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ipsec/ipsec.h"
#include "ipsec/xfrm/kstate.h"

struct log;
struct nlsock;

/* The two states of an SA pair in the kernel; an SPI of 0: this one is not there. */
struct ksa {
	struct kstate_id in, out;
	uint64_t replay, integrity_failed; /* counted before the states were moved */
};

/*
 * Add the state of one direction. E_EXISTS: somebody has this SPI. E_UNSUPPORTED: the kernel has no
 * such algorithm or mode. E_LIMIT (keys), E_PERM, E_NOMEM, E_IO. The reason is logged.
 */
int ksa_install(struct ksa *k, struct nlsock *n, struct log *log,
		const struct kstate_new *s) ERR_MUST_CHECK;
/* The id that a state of this pair has in the kernel. */
struct kstate_id ksa_id(const struct ipsec_sa_params *p, bool inbound);
void ksa_remove(struct ksa *k, struct nlsock *n, bool inbound);
/*
 * Move both states to other addresses, with their counters and replay windows. What must be
 * deleted afterwards, once the policies have followed, goes to out_stale (SPI 0: nothing). E_PERM:
 * the kernel does not tell keys. Else as ksa_install(); the direction that failed may then not be
 * there any more.
 */
int ksa_move(struct ksa *k, struct nlsock *n, const struct ksa *to,
	     struct ksa *out_stale) ERR_MUST_CHECK;
/* Both directions; now is in ms of the engine's clock. E_NOTFOUND: one has gone (hard limit). */
int ksa_query(const struct ksa *k, struct nlsock *n, uint64_t now,
	      struct ipsec_stats *out) ERR_MUST_CHECK;

#endif
