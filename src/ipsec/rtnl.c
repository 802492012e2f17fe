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

#define TX_QUEUE    1000 /* packets that the device holds while the worker is busy */
#define REQUEST_MAX 1024 /* bytes; none of ours takes more than 200 */

struct rtnl {
	struct mnl_socket *socket;
	unsigned seq;
};

int rtnl_open(struct rtnl **out)
{
	struct rtnl *n = calloc(1, sizeof(*n));

	if (!n)
		return E_NOMEM;
	n->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!n->socket || mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) != 0) {
		rtnl_free(n);
		return E_IO;
	}
	*out = n;
	return 0;
}

void rtnl_free(struct rtnl *n)
{
	if (!n)
		return;
	if (n->socket)
		mnl_socket_close(n->socket);
	free(n);
}

static int error_of(int number)
{
	switch (number) {
	case EPERM:
	case EACCES:
		return E_PERM;
	case EEXIST:
		return E_EXISTS;
	case ENOENT:
	case ESRCH:
	case ENODEV:
	case EADDRNOTAVAIL:
		return E_NOTFOUND;
	case EAFNOSUPPORT:
	case EOPNOTSUPP:
		return E_UNSUPPORTED;
	case EBUSY:
		return E_BUSY;
	case ENOMEM:
	case ENOBUFS:
		return E_NOMEM;
	default:
		return E_IO;
	}
}

/* Send a request and wait for its acknowledgement. */
static int talk(struct rtnl *n, struct nlmsghdr *h)
{
	/* An error comes back with the request; MNL_SOCKET_BUFFER_SIZE is no constant. */
	_Alignas(struct nlmsghdr) char answer[8192];
	const unsigned port = mnl_socket_get_portid(n->socket);
	ssize_t len;
	int more;

	h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	h->nlmsg_seq = ++n->seq;
	if (mnl_socket_sendto(n->socket, h, h->nlmsg_len) < 0)
		return error_of(errno);
	do {
		len = mnl_socket_recvfrom(n->socket, answer, sizeof(answer));
		if (len < 0)
			return error_of(errno);
		more = mnl_cb_run(answer, (size_t)len, n->seq, port, NULL, NULL);
	} while (more > MNL_CB_STOP);
	return more < 0 ? error_of(errno) : 0;
}

static struct nlmsghdr *start(char *buffer, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);

	h->nlmsg_type = type;
	h->nlmsg_flags = flags;
	return h;
}

static void put_addr(struct nlmsghdr *h, uint16_t type, const struct addr *a)
{
	mnl_attr_put(h, type, addr_len(a->family), a->ip);
}

static struct nlmsghdr *start_link(char *buffer, unsigned ifindex)
{
	struct nlmsghdr *h = start(buffer, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(h, sizeof(*link));

	link->ifi_index = (int)ifindex;
	return h;
}

/* Packets that the kernel sends of its own accord (router solicitations) would meet no policy. */
static int no_auto_addresses(struct rtnl *n, unsigned ifindex)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_MAX];
	struct nlmsghdr *h = start_link(buffer, ifindex);
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, spec);
	return talk(n, h);
}

int rtnl_link_up(struct rtnl *n, unsigned ifindex, unsigned mtu)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_MAX];
	struct nlmsghdr *h = start_link(buffer, ifindex);
	struct ifinfomsg *link = mnl_nlmsg_get_payload(h);

	link->ifi_flags = link->ifi_change = IFF_UP;
	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	mnl_attr_put_u32(h, IFLA_TXQLEN, TX_QUEUE);
	(void)!no_auto_addresses(n, ifindex); /* fails where there is no IPv6 */
	return talk(n, h);
}

int rtnl_addr(struct rtnl *n, bool add, unsigned ifindex, const struct addr *a)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_MAX];
	struct nlmsghdr *h = start(buffer, add ? RTM_NEWADDR : RTM_DELADDR,
				   add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifa_family = a->family;
	m->ifa_prefixlen = (uint8_t)(addr_len(a->family) * 8);
	m->ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0;
	m->ifa_index = ifindex;
	put_addr(h, IFA_LOCAL, a);
	put_addr(h, IFA_ADDRESS, a);
	return talk(n, h);
}

int rtnl_route(struct rtnl *n, bool add, const struct rtnl_route *r)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_MAX];
	struct nlmsghdr *h = start(buffer, add ? RTM_NEWROUTE : RTM_DELROUTE,
				   add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->rtm_family = r->dst.family;
	m->rtm_dst_len = (uint8_t)r->bits;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_type = RTN_UNICAST;
	m->rtm_scope = r->dst.family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	put_addr(h, RTA_DST, &r->dst);
	mnl_attr_put_u32(h, RTA_TABLE, r->table);
	mnl_attr_put_u32(h, RTA_OIF, r->ifindex);
	if (r->src.family != AF_UNSPEC)
		put_addr(h, RTA_PREFSRC, &r->src);
	return talk(n, h);
}

int rtnl_rule(struct rtnl *n, bool add, const struct rtnl_rule *r)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_MAX];
	struct nlmsghdr *h =
		start(buffer, add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct fib_rule_hdr *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->family = r->family;
	m->action = FR_ACT_TO_TBL;
	m->flags = FIB_RULE_INVERT;
	mnl_attr_put_u32(h, FRA_TABLE, r->table);
	mnl_attr_put_u32(h, FRA_PRIORITY, r->priority);
	mnl_attr_put_u32(h, FRA_FWMARK, r->not_mark);
	mnl_attr_put_u32(h, FRA_FWMASK, UINT32_MAX);
	return talk(n, h);
}
