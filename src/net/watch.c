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
};

int watch_open(struct watch **out)
{
	const unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
				RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return E_NOMEM;
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

bool watch_read(struct watch *w)
{
	_Alignas(struct nlmsghdr) char buffer[16384];
	bool changed = false;

	for (int i = 0; i < READS; i++) {
		/* What was lost or cut was news all the same. */
		if (mnl_socket_recvfrom(w->socket, buffer, sizeof(buffer)) > 0 ||
		    errno == ENOBUFS || errno == ENOSPC)
			changed = true;
		else if (errno != EINTR)
			break;
	}
	return changed;
}
