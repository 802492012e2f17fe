/* SPDX-License-Identifier: Apache-2.0 */
#include "net/route.h"

#include <errno.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTED (IFF_UP | IFF_RUNNING) /* up, and with somebody at the other end of the cable */

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

/* ---- the kernel's choice of a route ---- */

static void put_route_request(struct nlmsghdr *h, const struct addr *local,
			      const struct addr *remote, uint32_t mark)
{
	struct rtmsg *m;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = remote->family;
	m->rtm_dst_len = m->rtm_src_len = (uint8_t)(addr_len(remote->family) * 8);
	mnl_attr_put(h, RTA_DST, addr_len(remote->family), remote->ip);
	mnl_attr_put(h, RTA_SRC, addr_len(local->family), local->ip);
	if (mark)
		mnl_attr_put_u32(h, RTA_MARK, mark);
}

static int find_oif(const struct nlattr *a, void *out)
{
	if (mnl_attr_get_type(a) == RTA_OIF && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
		*(unsigned *)out = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *h, void *out)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type == RTM_NEWROUTE &&
	    (m->rtm_type == RTN_UNICAST || m->rtm_type == RTN_LOCAL))
		mnl_attr_parse(h, sizeof(*m), find_oif, out);
	return MNL_CB_STOP;
}

/* The interface by which packets from local to remote leave; 0: there is no route. */
static unsigned route_interface(const struct addr *local, const struct addr *remote, uint32_t mark)
{
	_Alignas(struct nlmsghdr) char buffer[8192];
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	unsigned oif = 0;
	ssize_t len;

	if (!s)
		return 0;
	put_route_request(h, local, remote, mark);
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(s, h, h->nlmsg_len) > 0) {
		len = mnl_socket_recvfrom(s, buffer, sizeof(buffer));
		if (len <= 0 || mnl_cb_run(buffer, (size_t)len, 0, 0, on_route, &oif) < 0)
			oif = 0;
	}
	mnl_socket_close(s);
	return oif;
}

static bool is_connected(const struct ifaddrs *i)
{
	return (i->ifa_flags & CONNECTED) == CONNECTED;
}

bool route_usable(const struct addr *local, const struct addr *remote, uint32_t mark)
{
	unsigned oif = local->family == remote->family ? route_interface(local, remote, mark) : 0;
	struct ifaddrs *all;
	struct addr a;
	bool usable = false;

	if (oif == 0 || getifaddrs(&all) != 0)
		return false;
	for (const struct ifaddrs *i = all; i && !usable; i = i->ifa_next)
		usable = i->ifa_addr && is_connected(i) &&
			 addr_from_sockaddr(&a, i->ifa_addr) == 0 && addr_equal(&a, local) &&
			 ((i->ifa_flags & IFF_LOOPBACK) || if_nametoindex(i->ifa_name) == oif);
	freeifaddrs(all);
	return usable;
}

/* ---- addresses ---- */

static bool is_link_local(const struct addr *a)
{
	if (a->family == AF_INET6)
		return a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
	return a->ip[0] == 169 && a->ip[1] == 254;
}

static bool is_named(const char *list, const char *name)
{
	const size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ", ");

		if (n == len && memcmp(list, name, n) == 0)
			return true;
		list += n + strspn(list + n, ", ");
	}
	return false;
}

bool route_counts(const struct route_filter *f, const char *interface)
{
	if (f->skip && strcmp(f->skip, interface) == 0)
		return false;
	if (f->use)
		return is_named(f->use, interface);
	return !f->ignore || !is_named(f->ignore, interface);
}

/* Those of interfaces that count and have all these flags. */
static int collect_addrs(const struct route_filter *f, unsigned flags, struct route_addrs *out)
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

		if (!i->ifa_addr || (i->ifa_flags & flags) != flags ||
		    (i->ifa_flags & IFF_LOOPBACK) || !route_counts(f, i->ifa_name))
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

int route_local_addrs(const char *skip, struct route_addrs *out)
{
	return collect_addrs(&(struct route_filter){.skip = skip}, IFF_UP, out);
}

int route_filtered_addrs(const struct route_filter *f, struct route_addrs *out)
{
	return collect_addrs(f, CONNECTED, out);
}

void route_addrs_done(struct route_addrs *l)
{
	free(l->items);
	*l = (struct route_addrs){0};
}
