/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/icmp.h"

#include <netinet/in.h>
#include <string.h>

#include "ipsec/user/packet.h"

#define LIMIT_PERIOD 1000 /* ms */
#define LIMIT_BURST  100
#define V4_QUOTE_MAX 548 /* RFC 1812 section 4.3.2.3: 576 bytes in all */
#define HOP_LIMIT    64

enum {
	UNREACHABLE = 3,
	FRAGMENTATION_NEEDED = 4,
	TOO_BIG = 2,
	V6_FIRST_INFORMATIONAL = 128,
};

bool icmp_allowed(struct icmp_limit *l, uint64_t now)
{
	if (now - l->since >= LIMIT_PERIOD)
		*l = (struct icmp_limit){.since = now};
	if (l->sent >= LIMIT_BURST)
		return false;
	l->sent++;
	return true;
}

/* RFC 1122 section 3.2.2: never about a broadcast, or about an error. */
static bool may_answer_v4(struct view ip, size_t header)
{
	const uint8_t type = ip.len > header ? ip.ptr[header] : 0;

	if (ip.ptr[12] >= 224 || ip.ptr[16] >= 224 || ip.ptr[12] == 0)
		return false;
	if (ip.ptr[9] != IPPROTO_ICMP)
		return true;
	/* Echo, timestamp, information and address mask; everything else is an error. */
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

static size_t too_big_v4(struct view ip, size_t mtu, uint8_t *out)
{
	const size_t header = (size_t)(ip.ptr[0] & 15) * 4;
	const size_t quote = ip.len < V4_QUOTE_MAX ? ip.len : V4_QUOTE_MAX;
	uint8_t *icmp = out + 20;

	if (!may_answer_v4(ip, header))
		return 0;
	memset(out, 0, 28);
	out[0] = 0x45;
	packet_put16(out + 2, (uint16_t)(28 + quote));
	out[8] = HOP_LIMIT;
	out[9] = IPPROTO_ICMP;
	memcpy(out + 12, ip.ptr + 16, 4);
	memcpy(out + 16, ip.ptr + 12, 4);
	packet_put16(out + 10, packet_sum_fold(packet_sum(0, view_make(out, 20))));
	icmp[0] = UNREACHABLE;
	icmp[1] = FRAGMENTATION_NEEDED;
	packet_put16(icmp + 6, (uint16_t)mtu);
	memcpy(icmp + 8, ip.ptr, quote);
	packet_put16(icmp + 2, packet_sum_fold(packet_sum(0, view_make(icmp, 8 + quote))));
	return 28 + quote;
}

/* "Packet too big" answers multicast too (RFC 4443 section 2.4 e.3), but has to come from it. */
static bool may_answer_v6(struct view ip)
{
	const struct packet_ip from = packet_ip_from_bytes(ip.ptr + 8, 16);

	if (ip.ptr[8] == 0xff || ip.ptr[24] == 0xff || (from.hi == 0 && from.lo == 0))
		return false;
	return ip.ptr[6] != IPPROTO_ICMPV6 || ip.len <= 40 || ip.ptr[40] >= V6_FIRST_INFORMATIONAL;
}

static size_t too_big_v6(struct view ip, size_t mtu, uint8_t *out)
{
	const size_t quote = ip.len < ICMP_MAX - 48 ? ip.len : ICMP_MAX - 48;
	uint8_t *icmp = out + 40;
	uint32_t sum;

	if (!may_answer_v6(ip))
		return 0;
	memset(out, 0, 48);
	out[0] = 0x60;
	packet_put16(out + 4, (uint16_t)(8 + quote));
	out[6] = IPPROTO_ICMPV6;
	out[7] = HOP_LIMIT;
	memcpy(out + 8, ip.ptr + 24, 16);
	memcpy(out + 24, ip.ptr + 8, 16);
	icmp[0] = TOO_BIG;
	packet_put32(icmp + 4, (uint32_t)mtu);
	memcpy(icmp + 8, ip.ptr, quote);
	/* The pseudo-header of RFC 8200 section 8.1: addresses, length, next header. */
	sum = packet_sum((uint32_t)(8 + quote) + IPPROTO_ICMPV6, view_make(out + 8, 32));
	packet_put16(icmp + 2, packet_sum_fold(packet_sum(sum, view_make(icmp, 8 + quote))));
	return 48 + quote;
}

size_t icmp_too_big(struct view ip, size_t mtu, uint8_t *out)
{
	return ip.ptr[0] >> 4 == 6 ? too_big_v6(ip, mtu, out) : too_big_v4(ip, mtu, out);
}
