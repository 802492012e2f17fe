/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_RTNL_H
#define IPSEC_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/*
 * Requests to the kernel's routing by rtnetlink, each answered before the call returns. Errors:
 * E_PERM (CAP_NET_ADMIN), E_EXISTS, E_NOTFOUND, E_UNSUPPORTED (no IPv6), E_BUSY, E_IO with errno.
 */
struct rtnl;

/* E_IO, E_NOMEM. */
int rtnl_open(struct rtnl **out) ERR_MUST_CHECK;
void rtnl_free(struct rtnl *n);

/* Set the MTU of a device, keep the kernel from giving it IPv6 addresses, and switch it on. */
int rtnl_link_up(struct rtnl *n, unsigned ifindex, unsigned mtu) ERR_MUST_CHECK;
/*
 * Give a device an address of its own (/32 or /128), or take it away. protocol: who put it there
 * (IFA_PROTO), 0: nobody says; kernels before 5.18 do not keep it.
 */
int rtnl_addr(struct rtnl *n, bool add, unsigned ifindex, uint8_t protocol,
	      const struct addr *a) ERR_MUST_CHECK;

struct rtnl_route {
	unsigned table;
	unsigned ifindex;
	uint8_t protocol;    /* who put it there (rtm_protocol) */
	bool elsewhere;	     /* go on with the next table ("throw"); no interface */
	struct addr gateway; /* AF_UNSPEC: none, they are neighbours */
	struct addr dst;     /* with `bits` it is the subnet */
	unsigned bits;
	struct addr src; /* preferred source; AF_UNSPEC: none */
};

/* Adding replaces a route to the same subnet in this table. */
int rtnl_route(struct rtnl *n, bool add, const struct rtnl_route *r) ERR_MUST_CHECK;

/*
 * The way of packets with this mark to dst: ifindex and gateway, the rest is not set. E_NOTFOUND:
 * there is none.
 */
int rtnl_lookup(struct rtnl *n, const struct addr *dst, uint32_t mark,
		struct rtnl_route *out) ERR_MUST_CHECK;
/* Remove the addresses, and the routes of this table, that this protocol put there. */
void rtnl_sweep(struct rtnl *n, unsigned table, uint8_t protocol);

struct rtnl_rule {
	uint8_t family;
	unsigned table;
	unsigned priority;
	uint32_t not_mark; /* for packets without this mark */
};

int rtnl_rule(struct rtnl *n, bool add, const struct rtnl_rule *r) ERR_MUST_CHECK;

#endif
