/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/rtnl.h"

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>

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

int rtnl_addr(struct rtnl *n, bool add, unsigned ifindex, const struct addr *a)
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
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_type = RTN_UNICAST;
	m->rtm_scope = r->dst.family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	nlsock_put_addr(h, RTA_DST, &r->dst);
	mnl_attr_put_u32(h, RTA_TABLE, r->table);
	mnl_attr_put_u32(h, RTA_OIF, r->ifindex);
	if (r->src.family != AF_UNSPEC)
		nlsock_put_addr(h, RTA_PREFSRC, &r->src);
	return nlsock_talk(n->socket, h);
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
