/* SPDX-License-Identifier: Apache-2.0 */
#include "net/watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#define READS 64 /* datagrams at a time: the rest makes the descriptor readable again */

struct watch {
	struct mnl_socket *socket;
	uint32_t own_table;
};

int watch_open(uint32_t own_table, struct watch **out)
{
	const unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
				RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return E_NOMEM;
	w->own_table = own_table;
	w->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->socket || mnl_socket_bind(w->socket, groups, MNL_SOCKET_AUTOPID) != 0) {
		watch_free(w);
		return E_IO;
	}
	*out = w;
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	if (w->socket)
		mnl_socket_close(w->socket);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return mnl_socket_get_fd(w->socket);
}

/* The table of a route message, or 0. */
static uint32_t table_of(const struct nlmsghdr *h)
{
	const size_t head = sizeof(struct rtmsg);
	const struct nlattr *a;

	if ((h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE) ||
	    mnl_nlmsg_get_payload_len(h) < head)
		return 0;
	mnl_attr_for_each(a, h, head) {
		if (mnl_attr_get_type(a) == RTA_TABLE && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			return mnl_attr_get_u32(a);
	}
	return ((const struct rtmsg *)mnl_nlmsg_get_payload(h))->rtm_table;
}

/* Whether a datagram tells of anything but routes in our own table. */
static bool is_news(const struct watch *w, const char *buffer, int len)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)buffer;

	for (; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
		if (!w->own_table || table_of(h) != w->own_table)
			return true;
	}
	return false;
}

bool watch_read(struct watch *w)
{
	_Alignas(struct nlmsghdr) char buffer[16384];
	bool changed = false;

	for (int i = 0; i < READS; i++) {
		ssize_t n = mnl_socket_recvfrom(w->socket, buffer, sizeof(buffer));

		if (n > 0)
			changed |= is_news(w, buffer, (int)n);
		else if (errno == ENOBUFS || errno == ENOSPC)
			changed = true; /* lost, or cut: it may have been news */
		else if (errno != EINTR)
			break;
	}
	return changed;
}
