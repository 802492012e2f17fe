/* SPDX-License-Identifier: Apache-2.0 */
#include "net/route.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connecting a datagram socket sends nothing, but makes the kernel choose the source. */
static int ask_kernel(int fd, const struct addr *remote, uint32_t mark, struct addr *out)
{
	struct addr to = *remote, from;
	struct sockaddr_storage ss;
	socklen_t len;

	if (mark != 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) != 0)
		return E_PERM;
	to.port = 9; /* any but 0 */
	len = addr_to_sockaddr(&to, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) != 0)
		return errno == ENETUNREACH || errno == EHOSTUNREACH || errno == EADDRNOTAVAIL ||
				       errno == EACCES || errno == EINVAL
			       ? E_NOTFOUND
			       : E_IO;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return E_IO;
	if (addr_from_sockaddr(&from, (struct sockaddr *)&ss) != 0 || addr_is_any(&from))
		return E_NOTFOUND;
	from.port = 0;
	*out = from;
	return 0;
}

int route_source(const struct addr *remote, uint32_t mark, struct addr *out)
{
	int fd, err;

	if (addr_len(remote->family) == 0)
		return E_NOTFOUND;
	fd = socket(remote->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno == EAFNOSUPPORT ? E_UNSUPPORTED : E_IO;
	err = ask_kernel(fd, remote, mark, out);
	close(fd);
	return err;
}

static bool is_link_local(const struct addr *a)
{
	if (a->family == AF_INET6)
		return a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
	return a->ip[0] == 169 && a->ip[1] == 254;
}

int route_local_addrs(const char *skip, struct route_addrs *out)
{
	struct route_addrs l = {0};
	struct ifaddrs *all;
	size_t max = 0;

	if (getifaddrs(&all) != 0)
		return errno == ENOMEM ? E_NOMEM : E_IO;
	for (struct ifaddrs *i = all; i; i = i->ifa_next)
		max++;
	l.items = calloc(max + 1, sizeof(*l.items));
	if (!l.items) {
		freeifaddrs(all);
		return E_NOMEM;
	}
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct addr a;

		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || (i->ifa_flags & IFF_LOOPBACK))
			continue;
		if (skip && strcmp(i->ifa_name, skip) == 0)
			continue;
		if (addr_from_sockaddr(&a, i->ifa_addr) != 0 || is_link_local(&a))
			continue;
		a.port = 0;
		l.items[l.count++] = a;
	}
	freeifaddrs(all);
	*out = l;
	return 0;
}

void route_addrs_done(struct route_addrs *l)
{
	free(l->items);
	*l = (struct route_addrs){0};
}
