/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_ROUTING_H
#define IPSEC_ROUTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/list.h"
#include "ipsec/ipsec.h"

struct log;
struct rtnl;

/*
 * What leads packets into tunnels: virtual IPs on a device, routes to the remote selectors in a
 * table of their own, and a rule per family that sends there all but what has our own mark. Where
 * the device is the tunnel, the routes lead to it; with the kernel's IPsec, which has no device,
 * they go where the peer is and tell the source address.
 */
struct routing {
	struct log *log;
	struct rtnl *rtnl;
	const char *device; /* for virtual IPs, and for routes unless to_peer */
	unsigned ifindex;   /* its */
	unsigned table, priority;
	uint32_t mark;
	uint8_t protocol; /* marks routes and addresses as ours; they are swept at the start */
	bool to_peer;
	bool install_routes;
	bool rules[2];	    /* IPv4, IPv6: ours is there */
	struct list vips;   /* counted */
	struct list routes; /* one element per use by an SA pair, in order of installation */
};

/*
 * Fields from log to install_routes are set by the caller. Removes what a predecessor that
 * crashed left behind, then adds the rules. E_PERM, E_IO.
 */
int routing_init(struct routing *r) ERR_MUST_CHECK;
/* Remove everything that is still there. */
void routing_done(struct routing *r);
/* Virtual IPs are counted: it is removed when each adding has been taken back. */
int routing_add_vip(struct routing *r, const struct addr *vip) ERR_MUST_CHECK;
void routing_del_vip(struct routing *r, const struct addr *vip);
/*
 * Routes to the remote selectors of a pair, with a source address from the local ones: a virtual
 * IP, or else one of this host. All or none. Pairs may share routes. E_PERM, E_NOMEM, E_IO.
 */
int routing_add(struct routing *r, uint32_t handle, const struct ipsec_sa_params *p) ERR_MUST_CHECK;
/*
 * Routes of a policy without an SA, otherwise the same. A trap leads packets to where its SA would
 * have them. A pass keeps them out of other pairs' routes; where the device is the tunnel, out of
 * narrower ones too. A drop leads them into the device, which discards them; the kernel's IPsec
 * needs no route for that.
 */
int routing_add_policy(struct routing *r, uint32_t handle,
		       const struct ipsec_policy_params *p) ERR_MUST_CHECK;
/* Take the pair's share in routes back. */
void routing_remove(struct routing *r, uint32_t handle);
/* The peer of a pair is elsewhere, or we are. Without to_peer this does nothing. */
void routing_move(struct routing *r, uint32_t handle, const struct addr *local,
		  const struct addr *remote);
/* Whether this is a virtual IP of ours. */
bool routing_has_vip(const struct routing *r, const struct addr *a);

#endif
