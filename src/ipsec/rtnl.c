/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/rtnl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ipsec/nlsock.h"

#define TX_QUEUE 1000 /* packets that the device holds while the worker is busy */

struct rtnl {
	struct nlsock *socket;
};

int rtnl_open(struct rtnl **out)
{
	struct rtnl *n = calloc(1, sizeof(*n));
	int err;

	if (!n)
		return E_NOMEM;
	err = nlsock_open(NETLINK_ROUTE, &n->socket);
	if (err != 0) {
		free(n);
		return err;
	}
	*out = n;
	return 0;
}

void rtnl_free(struct rtnl *n)
{
	if (!n)
		return;
	nlsock_free(n->socket);
	free(n);
}

static struct nlmsghdr *start_link(void *buffer, unsigned ifindex)
{
	struct nlmsghdr *h = nlsock_begin(buffer, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(h, sizeof(*link));

	link->ifi_index = (int)ifindex;
	return h;
}

/* Packets that the kernel sends of its own accord (router solicitations) would meet no policy. */
static int no_auto_addresses(struct rtnl *n, unsigned ifindex)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct nlmsghdr *h = start_link(buffer, ifindex);
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, spec);
	return nlsock_talk(n->socket, h);
}

int rtnl_link_up(struct rtnl *n, unsigned ifindex, unsigned mtu)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct nlmsghdr *h = start_link(buffer, ifindex);
	struct ifinfomsg *link = mnl_nlmsg_get_payload(h);

	link->ifi_flags = link->ifi_change = IFF_UP;
	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	mnl_attr_put_u32(h, IFLA_TXQLEN, TX_QUEUE);
	(void)!no_auto_addresses(n, ifindex); /* fails where there is no IPv6 */
	return nlsock_talk(n->socket, h);
}

int rtnl_addr(struct rtnl *n, bool add, unsigned ifindex, uint8_t protocol, const struct addr *a)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct nlmsghdr *h = nlsock_begin(buffer, add ? RTM_NEWADDR : RTM_DELADDR,
					  add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifa_family = a->family;
	m->ifa_prefixlen = (uint8_t)(addr_len(a->family) * 8);
	m->ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0;
	m->ifa_index = ifindex;
	nlsock_put_addr(h, IFA_LOCAL, a);
	nlsock_put_addr(h, IFA_ADDRESS, a);
	if (add && protocol)
		mnl_attr_put_u8(h, IFA_PROTO, protocol);
	return nlsock_talk(n->socket, h);
}

int rtnl_route(struct rtnl *n, bool add, const struct rtnl_route *r)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct nlmsghdr *h = nlsock_begin(buffer, add ? RTM_NEWROUTE : RTM_DELROUTE,
					  add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->rtm_family = r->dst.family;
	m->rtm_dst_len = (uint8_t)r->bits;
	m->rtm_protocol = r->protocol;
	m->rtm_type = r->elsewhere ? RTN_THROW : RTN_UNICAST;
	m->rtm_scope = r->dst.family == AF_INET && r->gateway.family == AF_UNSPEC && !r->elsewhere
			       ? RT_SCOPE_LINK
			       : RT_SCOPE_UNIVERSE;
	nlsock_put_addr(h, RTA_DST, &r->dst);
	mnl_attr_put_u32(h, RTA_TABLE, r->table);
	if (!r->elsewhere)
		mnl_attr_put_u32(h, RTA_OIF, r->ifindex);
	if (r->gateway.family != AF_UNSPEC)
		nlsock_put_addr(h, RTA_GATEWAY, &r->gateway);
	if (r->src.family != AF_UNSPEC)
		nlsock_put_addr(h, RTA_PREFSRC, &r->src);
	return nlsock_talk(n->socket, h);
}

static void read_way(void *ctx, const struct nlmsghdr *answer)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(answer);
	struct rtnl_route *way = ctx;
	const struct nlattr *a;

	if (answer->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(answer) < sizeof(*m))
		return;
	mnl_attr_for_each(a, answer, sizeof(*m)) {
		const uint16_t len = mnl_attr_get_payload_len(a);

		if (mnl_attr_get_type(a) == RTA_OIF && len == 4)
			way->ifindex = mnl_attr_get_u32(a);
		else if (mnl_attr_get_type(a) == RTA_GATEWAY && len == addr_len(m->rtm_family))
			(void)!addr_from_bytes(&way->gateway,
					       view_make(mnl_attr_get_payload(a), len), 0);
	}
}

int rtnl_lookup(struct rtnl *n, const struct addr *dst, uint32_t mark, struct rtnl_route *out)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct nlmsghdr *h = nlsock_begin(buffer, RTM_GETROUTE, 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	struct rtnl_route way = {0};
	int err;

	m->rtm_family = dst->family;
	m->rtm_dst_len = (uint8_t)(addr_len(dst->family) * 8);
	nlsock_put_addr(h, RTA_DST, dst);
	mnl_attr_put_u32(h, RTA_MARK, mark);
	err = nlsock_ask(n->socket, h, read_way, &way);
	if (err == E_IO && errno == ENETUNREACH)
		err = E_NOTFOUND;
	if (err == 0 && way.ifindex == 0)
		err = E_NOTFOUND;
	if (err == 0)
		*out = way;
	return err;
}

/* What a dump has found: requests to remove it, to be sent when the dump is over. */
struct sweep {
	uint32_t table;
	uint8_t protocol;
	struct wbuf requests;
};

static void sweep_route(void *ctx, const struct nlmsghdr *answer)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(answer);
	struct sweep *s = ctx;
	const struct nlattr *a;
	uint32_t table;

	if (answer->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(answer) < sizeof(*m))
		return;
	table = m->rtm_table;
	mnl_attr_for_each(a, answer, sizeof(*m)) {
		if (mnl_attr_get_type(a) == RTA_TABLE && mnl_attr_get_payload_len(a) == 4)
			table = mnl_attr_get_u32(a);
	}
	if (m->rtm_protocol == s->protocol && table == s->table && !(m->rtm_flags & RTM_F_CLONED))
		wbuf_bytes(&s->requests, answer, MNL_ALIGN(answer->nlmsg_len));
}

static void sweep_addr(void *ctx, const struct nlmsghdr *answer)
{
	const size_t head = sizeof(struct ifaddrmsg);
	struct sweep *s = ctx;
	const struct nlattr *a;

	if (answer->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(answer) < head)
		return;
	mnl_attr_for_each(a, answer, head) {
		if (mnl_attr_get_type(a) == IFA_PROTO && mnl_attr_get_payload_len(a) == 1 &&
		    mnl_attr_get_u8(a) == s->protocol)
			wbuf_bytes(&s->requests, answer, MNL_ALIGN(answer->nlmsg_len));
	}
}

/* What the kernel says of a route or an address is also how to have it removed. */
static void sweep_kind(struct rtnl *n, struct sweep *s, uint16_t get, nlsock_fn *fn)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct nlmsghdr *h = nlsock_begin(buffer, get, NLM_F_DUMP);
	struct rtgenmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	struct rbuf r;
	struct view found;

	m->rtgen_family = AF_UNSPEC;
	wbuf_init(&s->requests, 0);
	(void)!nlsock_ask(n->socket, h, fn, s);
	rbuf_init(&r, wbuf_view(&s->requests));
	while (rbuf_left(&r) >= sizeof(*h)) {
		const struct nlmsghdr *old = (const struct nlmsghdr *)r.pos;
		const size_t len = MNL_ALIGN(old->nlmsg_len);

		if (rbuf_view(&r, len, &found) != 0 || len > sizeof(buffer))
			break;
		memcpy(buffer, found.ptr, len);
		h->nlmsg_type = (uint16_t)(get - 1); /* RTM_DEL* */
		h->nlmsg_flags = 0;
		h->nlmsg_pid = 0;
		(void)!nlsock_talk(n->socket, h);
	}
	wbuf_done(&s->requests);
}

void rtnl_sweep(struct rtnl *n, unsigned table, uint8_t protocol)
{
	struct sweep s = {.table = table, .protocol = protocol};

	sweep_kind(n, &s, RTM_GETROUTE, sweep_route);
	sweep_kind(n, &s, RTM_GETADDR, sweep_addr);
}

int rtnl_rule(struct rtnl *n, bool add, const struct rtnl_rule *r)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[NLSOCK_REQUEST_MAX];
	struct nlmsghdr *h = nlsock_begin(buffer, add ? RTM_NEWRULE : RTM_DELRULE,
					  add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct fib_rule_hdr *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->family = r->family;
	m->action = FR_ACT_TO_TBL;
	m->flags = FIB_RULE_INVERT;
	mnl_attr_put_u32(h, FRA_TABLE, r->table);
	mnl_attr_put_u32(h, FRA_PRIORITY, r->priority);
	mnl_attr_put_u32(h, FRA_FWMARK, r->not_mark);
	mnl_attr_put_u32(h, FRA_FWMASK, UINT32_MAX);
	return nlsock_talk(n->socket, h);
}
