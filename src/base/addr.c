/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t addr_len(uint8_t family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

int addr_from_bytes(struct addr *out, struct view ip, uint16_t port)
{
	struct addr a = {.port = port};

	if (ip.len != 4 && ip.len != 16)
		return E_MALFORMED;
	a.family = ip.len == 4 ? AF_INET : AF_INET6;
	memcpy(a.ip, ip.ptr, ip.len);
	*out = a;
	return 0;
}

int addr_from_sockaddr(struct addr *out, const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sa;

		return addr_from_bytes(out, view_make(&in->sin_addr, 4), ntohs(in->sin_port));
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sa;
		const uint8_t *ip = in6->sin6_addr.s6_addr;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			return addr_from_bytes(out, view_make(ip + 12, 4), ntohs(in6->sin6_port));
		return addr_from_bytes(out, view_make(ip, 16), ntohs(in6->sin6_port));
	}
	return E_MALFORMED;
}

socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(a->port);
		memcpy(&in6->sin6_addr, a->ip, 16);
		return sizeof(*in6);
	}
	struct sockaddr_in *in = (struct sockaddr_in *)out;

	in->sin_family = AF_INET;
	in->sin_port = htons(a->port);
	memcpy(&in->sin_addr, a->ip, 4);
	return sizeof(*in);
}

int addr_parse(struct addr *out, const char *text)
{
	struct addr a = {0};

	if (inet_pton(AF_INET, text, a.ip) == 1)
		a.family = AF_INET;
	else if (inet_pton(AF_INET6, text, a.ip) == 1)
		a.family = AF_INET6;
	else
		return E_MALFORMED;
	*out = a;
	return 0;
}

const char *addr_text(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	if (!addr_len(a->family) || !inet_ntop(a->family, a->ip, buf, ADDR_TEXT_MAX))
		snprintf(buf, ADDR_TEXT_MAX, "%%any");
	return buf;
}

const char *addr_text_port(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	size_t n;

	addr_text(a, buf);
	n = strlen(buf);
	snprintf(buf + n, ADDR_TEXT_MAX - n, "[%u]", a->port);
	return buf;
}

struct view addr_view(const struct addr *a)
{
	return view_make(a->ip, addr_len(a->family));
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, addr_len(a->family)) == 0;
}

bool addr_equal_port(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && addr_equal(a, b);
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, addr_len(a->family)) == 0;
}

int addr_range_from_subnet(struct addr_range *out, const struct addr *a, unsigned bits)
{
	struct addr_range r = {.family = a->family};
	size_t len = addr_len(a->family);

	if (len == 0 || bits > len * 8)
		return E_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		unsigned fixed = bits > i * 8 ? bits - (unsigned)i * 8 : 0;
		uint8_t mask = fixed >= 8 ? 0xff : (uint8_t)(0xff00u >> fixed);

		r.first[i] = a->ip[i] & mask;
		r.last[i] = (uint8_t)(r.first[i] | (uint8_t)~mask);
	}
	*out = r;
	return 0;
}

static int parse_from_to(struct addr_range *out, char *text, char *dash)
{
	struct addr from, to;
	struct addr_range r = {0};

	*dash = '\0';
	if (addr_parse(&from, text) || addr_parse(&to, dash + 1) || from.family != to.family)
		return E_MALFORMED;
	r.family = from.family;
	memcpy(r.first, from.ip, sizeof(r.first));
	memcpy(r.last, to.ip, sizeof(r.last));
	if (memcmp(r.first, r.last, addr_len(r.family)) > 0)
		return E_MALFORMED;
	*out = r;
	return 0;
}

int addr_range_parse(struct addr_range *out, const char *text)
{
	char copy[ADDR_RANGE_MAX];
	char *mark, *end;
	struct addr a;
	unsigned long bits;

	if (strlen(text) >= sizeof(copy))
		return E_MALFORMED;
	snprintf(copy, sizeof(copy), "%s", text);
	mark = strchr(copy, '-');
	if (mark)
		return parse_from_to(out, copy, mark);
	mark = strchr(copy, '/');
	if (mark)
		*mark = '\0';
	if (addr_parse(&a, copy))
		return E_MALFORMED;
	if (!mark)
		return addr_range_from_subnet(out, &a, (unsigned)addr_len(a.family) * 8);
	if (mark[1] < '0' || mark[1] > '9')
		return E_MALFORMED;
	bits = strtoul(mark + 1, &end, 10);
	if (*end || bits > 128)
		return E_MALFORMED;
	return addr_range_from_subnet(out, &a, (unsigned)bits);
}

bool addr_range_is_subnet(const struct addr_range *r, unsigned *out_bits)
{
	struct addr a = {.family = r->family};
	struct addr_range whole;
	unsigned bits = 0;

	while (bits < addr_len(r->family) * 8 &&
	       !((r->first[bits / 8] ^ r->last[bits / 8]) & (0x80 >> bits % 8)))
		bits++;
	memcpy(a.ip, r->first, sizeof(a.ip));
	if (addr_range_from_subnet(&whole, &a, bits) || !addr_range_equal(&whole, r))
		return false;
	*out_bits = bits;
	return true;
}

const char *addr_range_text(const struct addr_range *r, char buf[ADDR_RANGE_MAX])
{
	char first[INET6_ADDRSTRLEN] = "?", last[INET6_ADDRSTRLEN] = "?";
	unsigned bits;

	if (addr_len(r->family)) {
		inet_ntop(r->family, r->first, first, sizeof(first));
		inet_ntop(r->family, r->last, last, sizeof(last));
	}
	if (addr_range_is_subnet(r, &bits))
		snprintf(buf, ADDR_RANGE_MAX, "%s/%u", first, bits);
	else
		snprintf(buf, ADDR_RANGE_MAX, "%s..%s", first, last);
	return buf;
}

bool addr_range_has(const struct addr_range *r, const struct addr *a)
{
	size_t len = addr_len(a->family);

	return r->family == a->family && memcmp(r->first, a->ip, len) <= 0 &&
	       memcmp(a->ip, r->last, len) <= 0;
}

bool addr_range_contains(const struct addr_range *outer, const struct addr_range *inner)
{
	size_t len = addr_len(outer->family);

	return outer->family == inner->family && memcmp(outer->first, inner->first, len) <= 0 &&
	       memcmp(inner->last, outer->last, len) <= 0;
}

bool addr_range_meet(const struct addr_range *a, const struct addr_range *b, struct addr_range *out)
{
	size_t len = addr_len(a->family);
	struct addr_range r = *a;

	if (a->family != b->family)
		return false;
	if (memcmp(b->first, r.first, len) > 0)
		memcpy(r.first, b->first, sizeof(r.first));
	if (memcmp(b->last, r.last, len) < 0)
		memcpy(r.last, b->last, sizeof(r.last));
	if (memcmp(r.first, r.last, len) > 0)
		return false;
	*out = r;
	return true;
}

bool addr_range_equal(const struct addr_range *a, const struct addr_range *b)
{
	size_t len = addr_len(a->family);

	return a->family == b->family && memcmp(a->first, b->first, len) == 0 &&
	       memcmp(a->last, b->last, len) == 0;
}
