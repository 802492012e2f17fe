/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KSTATE_H
#define IPSEC_XFRM_KSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "ipsec/ipsec.h"

struct nlmsghdr;
struct xfrm_usersa_info;

/*
 * States, the kernel's word for SAs of one direction, as messages of netlink. Buffers have
 * NLSOCK_REQUEST_MAX bytes.
 */

/*
 * Ours have this in `seq`, where the kernel numbers the states it waits for, from 1: so they are
 * known after a crash.
 */
#define KSTATE_OURS 0x4359474eu

/* What names a state, for the kernel and for us. */
struct kstate_id {
	uint32_t spi;	      /* host order */
	struct addr src, dst; /* outer ones, with the ports of UDP encapsulation */
	struct ipsec_mark mark;
	bool encap;
};

struct kstate_new {
	const struct ipsec_sa_params *params;
	struct kstate_id id;
	bool inbound;
};

/* What a query tells. Sequence numbers are the kernel's business. */
struct kstate_info {
	uint64_t bytes, packets;
	uint64_t last_use; /* seconds of the wall clock; 0: never */
	uint32_t replay, integrity_failed;
};

/* As kalg_put(). The message has keys: wipe it. */
int kstate_put_new(void *buffer, const struct kstate_new *s,
		   const char **out_missing) ERR_MUST_CHECK;
struct nlmsghdr *kstate_put_delete(void *buffer, const struct kstate_id *id);
struct nlmsghdr *kstate_put_get(void *buffer, const struct kstate_id *id);
/* Ask for all states there are. */
struct nlmsghdr *kstate_put_dump(void *buffer);
/*
 * From the kernel's answer to kstate_put_get(), the state as it is, keys, counters and replay
 * window included, at other addresses. E_PERM: the kernel keeps the keys to itself (lockdown).
 * E_LIMIT, E_MALFORMED: what the kernel tells is too large, or no counter of ours.
 */
int kstate_put_moved(void *buffer, const struct nlmsghdr *answer, const struct kstate_id *to,
		     bool inbound) ERR_MUST_CHECK;
/* E_MALFORMED: not an answer to kstate_put_get(). */
int kstate_read(const struct nlmsghdr *answer, struct kstate_info *out) ERR_MUST_CHECK;
/* If this state of a dump is one of ours, what names it. */
bool kstate_read_ours(const struct nlmsghdr *answer, struct kstate_id *out);
/* An address of the kernel's; family AF_INET or AF_INET6. */
struct addr kstate_addr(const void *xfrm_address, uint16_t family);
/* Attributes of marks and interface ids, which states and policies share. */
void kstate_put_mark(struct nlmsghdr *request, const struct ipsec_mark *mark);
void kstate_put_if_id(struct nlmsghdr *request, uint32_t if_id);

#endif
