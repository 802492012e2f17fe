/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_PACKET_H
#define IPSEC_USER_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* An IPv4 or IPv6 address as a number, for comparisons; IPv4 has the low 32 bits. */
struct packet_ip {
	uint64_t hi, lo;
};

/* What a selector can be compared with (RFC 4301 section 4.4.1.1). */
struct packet_key {
	uint8_t family;	       /* AF_INET or AF_INET6 */
	uint8_t proto;	       /* the first header that is not an IPv6 extension */
	bool has_ports;	       /* false in later fragments, and where the protocol has none */
	uint16_t sport, dport; /* for ICMP both are type << 8 | code; for MH both are type << 8 */
	struct packet_ip src, dst;
};

struct packet_info {
	struct packet_key key;
	size_t len;  /* of the IP packet, by its header; at most what was given */
	uint8_t tos; /* DSCP and ECN */
	bool df;     /* must not be fragmented: IPv4 with DF, and IPv6 */
};

/* Next header values of RFC 4303 section 2.6. */
enum { PACKET_IPV4 = 4, PACKET_IPV6 = 41, PACKET_DUMMY = 59 };

/*
 * Read the headers of an IP packet; bytes after its end are ignored. E_SHORT: it is cut off, by
 * its own lengths. E_MALFORMED: neither IPv4 nor IPv6, or a bad header length.
 */
int packet_parse(struct view v, struct packet_info *out) ERR_MUST_CHECK;
/* The number of an address of 4 or 16 bytes in network order. */
struct packet_ip packet_ip_from_bytes(const uint8_t *ip, size_t len);
/* And back. */
void packet_ip_to_bytes(struct packet_ip n, uint8_t *out_ip, size_t len);
/* Whether first <= ip <= last. */
bool packet_ip_within(struct packet_ip ip, struct packet_ip first, struct packet_ip last);
/* Internet checksum (RFC 1071) of v, continued from `sum`, which is 0 at first. */
uint32_t packet_sum(uint32_t sum, struct view v);
/* The field that makes the sum right, host order. */
uint16_t packet_sum_fold(uint32_t sum);
/*
 * Carry congestion from the outer header's TOS into the inner packet of len bytes (RFC 6040
 * section 4.2), which packet_parse() took. E_INTEGRITY: the packet must be dropped (congestion was
 * marked on a transport that cannot tell).
 */
int packet_ecn_in(uint8_t *ip, uint8_t outer_tos) ERR_MUST_CHECK;

/* Numbers in network order at p, which need not be aligned. */
static inline void packet_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void packet_put32(uint8_t *p, uint32_t v)
{
	packet_put16(p, (uint16_t)(v >> 16));
	packet_put16(p + 2, (uint16_t)v);
}

static inline uint32_t packet_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#endif
