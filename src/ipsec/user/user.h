/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_USER_H
#define IPSEC_USER_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "ipsec/ipsec.h"

struct log;
struct udp;

/*
 * The datapath in this process: packets come from a TUN device, leave as ESP in UDP (RFC 3948),
 * and back. Tunnel mode only; every SA must have `encap`.
 */

/*
 * Mark (SO_MARK) of our own outer packets. The rule that leads into the tunnel's routing table is
 * for packets without it, so that what goes to the peer itself does not go through the tunnel to
 * the peer. The daemon's IKE sockets must be opened with it too (struct udp_params).
 */
#define IPSEC_USER_MARK 0x4359474eu

struct ipsec_user_params {
	struct log *log;      /* may be NULL */
	const char *tun_name; /* "%d" is replaced by a free number; NULL: "ipsec0" */
	/*
	 * The daemon's sockets on the NAT-T port, opened UDP_SHARED; NULL for a family it has not.
	 * ESP is steered past them to sockets of our own. Where the kernel cannot, we send by them
	 * (so they must outlive us) and the daemon hands ESP to ipsec_user_input().
	 */
	struct udp *ike4, *ike6;
	uint16_t port_nat_t; /* used when both are NULL: open both families alone on this port */
	unsigned mtu;	     /* of the TUN device, bytes; 0: 1400 */
	unsigned outer_mtu;  /* of the path to peers, bytes; 0: 1500 */
	bool install_routes; /* routes to remote selectors, in the table below */
	unsigned table;	     /* routing table; 0: 220 */
	unsigned table_prio; /* priority of the rule that leads there; 0: 220 */
	struct ipsec_events events; /* functions may be NULL */
	void *hook_ctx;		    /* for the two hooks below, which any thread may call */
	/* Fill len bytes with random ones; 0 or E_CRYPTO. NULL: OpenSSL's. */
	int (*random)(void *ctx, void *out, size_t len);
	/* Milliseconds, as ipsec_stats reports them. NULL: CLOCK_MONOTONIC. */
	uint64_t (*now)(void *ctx);
};

/*
 * Open the TUN device and sockets, set up routing, and start the worker. Logs what is missing and
 * what to do about it. E_PERM, E_NOTFOUND (no TUN device), E_BUSY, E_IO, E_NOMEM. The result is
 * closed with ops->close. Everything it made in the system is gone afterwards.
 */
int ipsec_user_open(const struct ipsec_user_params *params, struct ipsec **out) ERR_MUST_CHECK;
/* Readable when ipsec_user_dispatch() has something to do; for the engine's loop. */
int ipsec_user_event_fd(struct ipsec *self);
/* Deliver queued events, in the calling (the engine's) thread. Call when event_fd is readable. */
void ipsec_user_dispatch(struct ipsec *self);
/* Name of the TUN device, for logs and the updown script; lives as long as self. */
const char *ipsec_user_tun_name(struct ipsec *self);
/*
 * An ESP packet (starting with its SPI) that came in by the daemon's socket. Copied; dropped when
 * the worker is too far behind. Engine's thread only.
 */
void ipsec_user_input(struct ipsec *self, struct view esp, const struct addr *local,
		      const struct addr *remote);

/* ops->drops of this backend. */
void ipsec_user_drops(struct ipsec *self, struct ipsec_drops *out);

#endif
