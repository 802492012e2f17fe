/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_XFRM_H
#define IPSEC_XFRM_XFRM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ipsec/ipsec.h"

struct log;

/*
 * The datapath in the kernel (XFRM): states, policies and events by netlink, ESP native or in UDP,
 * tunnel and transport mode. The daemon's NAT-T sockets must take ESP (udp_take_esp()) and its IKE
 * sockets must be let past the policies (udp_bypass_ipsec()).
 */

struct ipsec_xfrm_params {
	struct log *log; /* may be NULL */
	/* Packets with this mark (the IKE sockets') do not go by the routing table below. */
	uint32_t mark;
	const char *vip_device;	    /* interface for virtual IPs; NULL: the loopback device */
	bool install_routes;	    /* routes to remote selectors, in the table below */
	unsigned table, table_prio; /* routing table and the priority of its rule; 0: 220 */
	struct ipsec_events events; /* functions may be NULL */
	uint64_t (*now)(void *ctx); /* ms, as in ipsec_stats; NULL: CLOCK_MONOTONIC */
	void *now_ctx;
};

/*
 * Whether the kernel takes SAs: adds one between loopback addresses and removes it again. 0, or E_*
 * with a reason for people in *out_why, which is static: E_UNSUPPORTED (no XFRM, no ESP), E_PERM.
 */
int ipsec_xfrm_probe(const char **out_why) ERR_MUST_CHECK;
/*
 * Open the sockets, remove what an earlier run left, set up routing. Logs what is missing. E_PERM,
 * E_UNSUPPORTED, E_NOTFOUND (vip_device), E_IO, E_NOMEM. The result is closed with ops->close, and
 * then everything it made in the system is gone.
 */
int ipsec_xfrm_open(const struct ipsec_xfrm_params *params, struct ipsec **out) ERR_MUST_CHECK;

#endif
