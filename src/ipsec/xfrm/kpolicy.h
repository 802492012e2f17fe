/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KPOLICY_H
#define IPSEC_XFRM_KPOLICY_H

#include <linux/xfrm.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "ipsec/ipsec.h"

struct nlmsghdr;

/* Policies as messages of netlink. Buffers have NLSOCK_REQUEST_MAX bytes. */

/*
 * Numbers of ours begin with these 12 bits, so that they are known after a crash. Those that the
 * kernel gives begin at 0 and never come so far. The lowest three bits are the direction.
 */
#define KPOLICY_OURS	  0x43500000u
#define KPOLICY_OURS_MASK 0xfff00000u

/* What the kernel tells policies apart by. */
struct kpolicy_key {
	struct xfrm_selector selector;
	struct ipsec_mark mark;
	uint32_t if_id;
	uint32_t dir; /* XFRM_POLICY_IN, _OUT, _FWD */
};

/* Classes of policies: of several that match, the one of the first class decides. */
enum kpolicy_class {
	KPOLICY_PASS,
	KPOLICY_PROTECT, /* by an SA, or a trap until there is one */
	KPOLICY_DROP,
};

struct kpolicy {
	struct kpolicy_key key;
	uint32_t index; /* KPOLICY_OURS + 8 * n + dir */
	uint32_t priority;
	enum kpolicy_class class;
	/* The template of KPOLICY_PROTECT. */
	enum ipsec_mode mode;
	uint32_t reqid;
	struct addr src, dst; /* outer */
	bool optional;	      /* packets without IPsec pass, too */
};

/* fresh: fails where there is such a policy; else it replaces the one there is. */
struct nlmsghdr *kpolicy_put_set(void *buffer, const struct kpolicy *p, bool fresh);
struct nlmsghdr *kpolicy_put_delete(void *buffer, const struct kpolicy_key *key);
/* Ask for all policies there are. */
struct nlmsghdr *kpolicy_put_dump(void *buffer);
/* If this policy of a dump is one of ours, what names it. */
bool kpolicy_read_ours(const struct nlmsghdr *answer, struct kpolicy_key *out);

/*
 * The priority of a policy for which none is configured; the kernel takes the policy with the
 * least. The class decides before all; then the longer prefixes (of both sides together), then the
 * narrower ports, then a protocol before any protocol, an interface before any, and an SA before a
 * trap:
 *
 *   100000 * (1 + class)  +  512 * (bits of both addresses that are free)
 *   +  8 * (bits of both ports that are free)  +  4 without a protocol  +  2 without an interface
 *   +  1 for a trap
 *
 * Addresses have at most 64 or 256 free bits, of which no more than 192 can matter: more count as
 * 192, and nothing carries into the class.
 */
uint32_t kpolicy_priority(enum kpolicy_class class, const struct xfrm_selector *s, bool trap);

#endif
