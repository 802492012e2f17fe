/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_ICMP_H
#define IPSEC_USER_ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define ICMP_MAX 1280 /* bytes of a message, IP header included */

/* A limit on messages per second, with a burst; all-zero is full. */
struct icmp_limit {
	uint64_t since; /* ms; when `sent` was last 0 */
	unsigned sent;
};

/* Whether one more message may be sent now (ms). */
bool icmp_allowed(struct icmp_limit *l, uint64_t now);
/*
 * Write to out (ICMP_MAX bytes) the message that tells the sender of the inner packet `ip`, which
 * packet_parse() took, to send at most mtu bytes: ICMP "fragmentation needed" (RFC 1191) or ICMPv6
 * "packet too big" (RFC 4443 section 3.2). It comes from the packet's destination, an address
 * that is certainly reached through the tunnel. Returns its length, or 0 if the packet is one
 * that must not be answered: an ICMP error, or one from or to a multicast or unset address.
 */
size_t icmp_too_big(struct view ip, size_t mtu, uint8_t *out);

#endif
