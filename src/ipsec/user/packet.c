/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/packet.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define IPPROTO_MOBILITY 135
#define IPV4_DF		 0x4000
#define IPV4_MF_OFFSET	 0x1fff /* the offset only: a first fragment has ports */

enum { ECN_MASK = 3, ECN_NOT_ECT = 0, ECN_ECT1 = 1, ECN_CE = 3 };

struct packet_ip packet_ip_from_bytes(const uint8_t *ip, size_t len)
{
	struct packet_ip n = {0, 0};

	for (size_t i = 0; i < len; i++) {
		n.hi = n.hi << 8 | n.lo >> 56;
		n.lo = n.lo << 8 | ip[i];
	}
	return n;
}

void packet_ip_to_bytes(struct packet_ip n, uint8_t *out_ip, size_t len)
{
	for (size_t i = len; i-- > 0;) {
		out_ip[i] = (uint8_t)n.lo;
		n.lo = n.lo >> 8 | n.hi << 56;
		n.hi >>= 8;
	}
}

static bool not_above(struct packet_ip a, struct packet_ip b)
{
	return a.hi < b.hi || (a.hi == b.hi && a.lo <= b.lo);
}

bool packet_ip_within(struct packet_ip ip, struct packet_ip first, struct packet_ip last)
{
	return not_above(first, ip) && not_above(ip, last);
}

/* A header that is cut off leaves the packet without ports: only selectors for any port fit. */
static void read_ports(struct rbuf *r, struct packet_key *key)
{
	uint16_t both;

	switch (key->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		key->has_ports = rbuf_u16(r, &key->sport) == 0 && rbuf_u16(r, &key->dport) == 0;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		key->has_ports = rbuf_u16(r, &both) == 0;
		if (key->has_ports)
			key->sport = key->dport = both;
		break;
	case IPPROTO_MOBILITY: /* RFC 6275 section 6.1.1: the type is the third byte */
		key->has_ports = rbuf_skip(r, 2) == 0 && rbuf_u16(r, &both) == 0;
		if (key->has_ports)
			key->sport = key->dport = both & 0xff00;
		break;
	default:
		break;
	}
}

static int parse_ipv4(struct view v, struct packet_info *out)
{
	struct packet_info p = {.key.family = AF_INET};
	struct rbuf r;
	uint8_t version_ihl, ip[4];
	uint16_t total, fragment;
	size_t header;

	rbuf_init(&r, v);
	if (rbuf_u8(&r, &version_ihl) != 0 || rbuf_u8(&r, &p.tos) != 0 ||
	    rbuf_u16(&r, &total) != 0 || rbuf_skip(&r, 2) != 0 || rbuf_u16(&r, &fragment) != 0 ||
	    rbuf_skip(&r, 1) != 0 || rbuf_u8(&r, &p.key.proto) != 0 || rbuf_skip(&r, 2) != 0 ||
	    rbuf_bytes(&r, ip, 4) != 0)
		return E_SHORT;
	p.key.src = packet_ip_from_bytes(ip, 4);
	if (rbuf_bytes(&r, ip, 4) != 0)
		return E_SHORT;
	p.key.dst = packet_ip_from_bytes(ip, 4);
	header = (size_t)(version_ihl & 15) * 4;
	if (header < 20 || total < header)
		return E_MALFORMED;
	if (total > v.len)
		return E_SHORT;
	p.len = total;
	p.df = fragment & IPV4_DF;
	if ((fragment & IPV4_MF_OFFSET) == 0) {
		rbuf_init(&r, view_make(v.ptr + header, total - header));
		read_ports(&r, &p.key);
	}
	*out = p;
	return 0;
}

/*
 * Walk over the extension headers to the transport header (RFC 8200 section 4); each takes eight
 * bytes at least, so this ends. E_SHORT: the chain is cut off.
 */
static int skip_extensions(struct rbuf *r, struct packet_key *key, bool *out_later_fragment)
{
	uint8_t next = key->proto, len;
	uint16_t offset;

	*out_later_fragment = false;
	for (;;) {
		switch (next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			if (rbuf_u8(r, &next) != 0 || rbuf_u8(r, &len) != 0 ||
			    rbuf_skip(r, (size_t)len * 8 + 6) != 0)
				return E_SHORT;
			break;
		case IPPROTO_AH:
			if (rbuf_u8(r, &next) != 0 || rbuf_u8(r, &len) != 0 ||
			    rbuf_skip(r, ((size_t)len + 2) * 4 - 2) != 0)
				return E_SHORT;
			break;
		case IPPROTO_FRAGMENT:
			if (rbuf_u8(r, &next) != 0 || rbuf_skip(r, 1) != 0 ||
			    rbuf_u16(r, &offset) != 0 || rbuf_skip(r, 4) != 0)
				return E_SHORT;
			if ((offset & 0xfff8) != 0) {
				*out_later_fragment = true;
				key->proto = next;
				return 0;
			}
			break;
		default:
			key->proto = next;
			return 0;
		}
	}
}

static int parse_ipv6(struct view v, struct packet_info *out)
{
	struct packet_info p = {.key.family = AF_INET6, .df = true};
	struct rbuf r;
	uint32_t version_class;
	uint16_t payload;
	uint8_t ip[16];
	bool later_fragment;
	int err;

	rbuf_init(&r, v);
	if (rbuf_u32(&r, &version_class) != 0 || rbuf_u16(&r, &payload) != 0 ||
	    rbuf_u8(&r, &p.key.proto) != 0 || rbuf_skip(&r, 1) != 0 || rbuf_bytes(&r, ip, 16) != 0)
		return E_SHORT;
	p.tos = (uint8_t)(version_class >> 20);
	p.key.src = packet_ip_from_bytes(ip, 16);
	if (rbuf_bytes(&r, ip, 16) != 0 || payload > rbuf_left(&r))
		return E_SHORT;
	p.key.dst = packet_ip_from_bytes(ip, 16);
	p.len = (size_t)payload + 40;
	rbuf_init(&r, view_make(v.ptr + 40, payload));
	err = skip_extensions(&r, &p.key, &later_fragment);
	if (err != 0)
		return err;
	if (!later_fragment)
		read_ports(&r, &p.key);
	*out = p;
	return 0;
}

int packet_parse(struct view v, struct packet_info *out)
{
	if (v.len == 0)
		return E_SHORT;
	if (v.ptr[0] >> 4 == 4)
		return parse_ipv4(v, out);
	if (v.ptr[0] >> 4 == 6)
		return parse_ipv6(v, out);
	return E_MALFORMED;
}

uint32_t packet_sum(uint32_t sum, struct view v)
{
	for (size_t i = 0; i + 1 < v.len; i += 2)
		sum += (uint32_t)v.ptr[i] << 8 | v.ptr[i + 1];
	if (v.len & 1)
		sum += (uint32_t)v.ptr[v.len - 1] << 8;
	return sum;
}

uint16_t packet_sum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void set_ecn(uint8_t *ip, uint8_t ecn)
{
	const size_t header = (size_t)(ip[0] & 15) * 4;

	if (ip[0] >> 4 == 6) {
		ip[1] = (uint8_t)((ip[1] & ~(ECN_MASK << 4)) | ecn << 4);
		return;
	}
	ip[1] = (uint8_t)((ip[1] & ~ECN_MASK) | ecn);
	packet_put16(ip + 10, 0);
	packet_put16(ip + 10, packet_sum_fold(packet_sum(0, view_make(ip, header))));
}

int packet_ecn_in(uint8_t *ip, uint8_t outer_tos)
{
	const uint8_t outer = outer_tos & ECN_MASK;
	const uint8_t inner = (ip[0] >> 4 == 6 ? ip[1] >> 4 : ip[1]) & ECN_MASK;

	if (outer == ECN_CE && inner == ECN_NOT_ECT)
		return E_INTEGRITY;
	if (outer == ECN_CE && inner != ECN_CE)
		set_ecn(ip, ECN_CE);
	else if (outer == ECN_ECT1 && inner != ECN_NOT_ECT && inner != ECN_CE)
		set_ecn(ip, ECN_ECT1);
	return 0;
}
