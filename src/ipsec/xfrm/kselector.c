/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/kselector.h"

#include <arpa/inet.h>
#include <string.h>

#include "ipsec/subnets.h"

#define ANY_PORT 65535

/* A walk through the blocks of ports (value and mask) that a range consists of. */
struct blocks {
	unsigned next, last; /* next > last: the end */
};

struct walk {
	const struct ts *src, *dst;
	struct xfrm_selector s;
	kselector_fn *fn;
	void *ctx;
	unsigned count;
};

static bool blocks_next(struct blocks *b, __be16 *out_port, __be16 *out_mask)
{
	unsigned size = 1;

	if (b->next > b->last)
		return false;
	while (size < ANY_PORT + 1 && b->next % (size * 2) == 0 &&
	       b->next + size * 2 - 1 <= b->last)
		size *= 2;
	*out_port = htons((uint16_t)b->next);
	*out_mask = htons((uint16_t) ~(size - 1));
	b->next += size;
	return true;
}

static bool is_icmp(const struct ts *t)
{
	return t->protocol == IPPROTO_ICMP || t->protocol == IPPROTO_ICMPV6;
}

static bool any_port(const struct ts *t)
{
	return t->port_first == 0 && t->port_last == ANY_PORT;
}

static int found(struct walk *w)
{
	return ++w->count > KSELECTOR_MAX ? E_LIMIT : w->fn(w->ctx, &w->s);
}

/*
 * RFC 7296 section 3.13.1 has type and code of ICMP in one number, and on either side. The kernel
 * takes the type for a source port and the code for a destination port.
 */
static int each_icmp(struct walk *w)
{
	const struct ts *t = any_port(w->src) ? w->dst : w->src;
	struct blocks b = {t->port_first, t->port_last};
	__be16 value, mask;

	while (blocks_next(&b, &value, &mask)) {
		int err;

		w->s.sport = htons(ntohs(value) >> 8);
		w->s.sport_mask = htons(ntohs(mask) >> 8);
		w->s.dport = htons(ntohs(value) & 0xff);
		w->s.dport_mask = htons(ntohs(mask) & 0xff);
		/* All bits of a type, or of a code: the upper ones of the field are 0 then. */
		if (w->s.sport_mask == htons(0xff))
			w->s.sport_mask = htons(0xffff);
		if (w->s.dport_mask == htons(0xff))
			w->s.dport_mask = htons(0xffff);
		err = found(w);
		if (err != 0)
			return err;
	}
	return 0;
}

static int each_port(struct walk *w)
{
	struct blocks src = {w->src->port_first, w->src->port_last};

	if (is_icmp(w->src) || is_icmp(w->dst))
		return each_icmp(w);
	while (blocks_next(&src, &w->s.sport, &w->s.sport_mask)) {
		struct blocks dst = {w->dst->port_first, w->dst->port_last};

		while (blocks_next(&dst, &w->s.dport, &w->s.dport_mask)) {
			const int err = found(w);

			if (err != 0)
				return err;
		}
	}
	return 0;
}

static void set_subnet(xfrm_address_t *out, __u8 *out_bits, const struct addr *a, unsigned bits)
{
	memset(out, 0, sizeof(*out));
	memcpy(out, a->ip, addr_len(a->family));
	*out_bits = (__u8)bits;
}

static bool opaque(const struct ts *t)
{
	return t->port_first > t->port_last;
}

int kselector_each(const struct ts *src, const struct ts *dst, unsigned ifindex, kselector_fn *fn,
		   void *ctx)
{
	struct walk w = {.src = src, .dst = dst, .fn = fn, .ctx = ctx};
	struct subnets from, to;
	struct addr a;
	unsigned bits;
	int err = 0;

	if (src->range.family != dst->range.family ||
	    (src->protocol != 0 && dst->protocol != 0 && src->protocol != dst->protocol))
		return 0;
	if (opaque(src) || opaque(dst))
		return E_UNSUPPORTED;
	w.s.family = src->range.family;
	w.s.proto = src->protocol ? src->protocol : dst->protocol;
	w.s.ifindex = (int)ifindex;
	subnets_init(&from, &src->range);
	while (err == 0 && subnets_next(&from, &a, &bits)) {
		set_subnet(&w.s.saddr, &w.s.prefixlen_s, &a, bits);
		subnets_init(&to, &dst->range);
		while (err == 0 && subnets_next(&to, &a, &bits)) {
			set_subnet(&w.s.daddr, &w.s.prefixlen_d, &a, bits);
			err = each_port(&w);
		}
	}
	return err;
}

struct ts kselector_ts(const struct xfrm_selector *s, bool src)
{
	const uint8_t family = (uint8_t)s->family;
	struct addr a = {.family = family};
	uint16_t port = ntohs(src ? s->sport : s->dport);
	uint16_t mask = ntohs(src ? s->sport_mask : s->dport_mask);
	struct ts t = {.protocol = s->proto};

	memcpy(a.ip, src ? &s->saddr : &s->daddr, addr_len(family));
	if (addr_range_from_subnet(&t.range, &a, src ? s->prefixlen_s : s->prefixlen_d) != 0)
		t.range = ts_from_addr(&a).range;
	if (is_icmp(&t)) {
		port = (uint16_t)((ntohs(s->sport) & 0xff) << 8 | (ntohs(s->dport) & 0xff));
		mask = s->sport_mask ? ANY_PORT : 0;
	}
	t.port_first = port & mask;
	t.port_last = (uint16_t)(port | (uint16_t)~mask);
	return t;
}
