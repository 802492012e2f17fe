/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/kevent.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipsec/nlsock.h"
#include "ipsec/xfrm/kselector.h"
#include "ipsec/xfrm/kstate.h"

#define BUFFER	  (4 << 20) /* bytes: an acquire takes 500 and more */
#define PIECE_MAX 16384	    /* bytes of one message */
#define MESSAGES  256	    /* at a time: the loop has other things to do */

#define GROUP(number) (1u << ((number)-1))

int kevent_open(void)
{
	const struct sockaddr_nl all = {
		.nl_family = AF_NETLINK,
		.nl_groups = GROUP(XFRMNLGRP_ACQUIRE) | GROUP(XFRMNLGRP_EXPIRE) |
			     GROUP(XFRMNLGRP_MAPPING),
	};
	const int bytes = BUFFER;
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_XFRM);
	int err;

	if (fd < 0)
		return nlsock_error(errno);
	/* Without CAP_NET_ADMIN it is smaller, and nothing else here works either. */
	(void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind(fd, (const struct sockaddr *)&all, sizeof(all)) != 0) {
		err = nlsock_error(errno);
		close(fd);
		return err;
	}
	return fd;
}

static bool read_expire(const struct nlmsghdr *h, struct kevent *out)
{
	struct xfrm_user_expire e;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(e))
		return false;
	memcpy(&e, mnl_nlmsg_get_payload(h), sizeof(e)); /* messages are aligned to 4 octets */
	out->kind = KEVENT_EXPIRE;
	out->spi = ntohl(e.state.id.spi);
	out->dst = kstate_addr(&e.state.id.daddr, e.state.family);
	out->hard = e.hard != 0;
	return e.state.id.proto == IPPROTO_ESP;
}

static bool read_acquire(const struct nlmsghdr *h, struct kevent *out)
{
	struct xfrm_user_acquire acquire;
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(acquire))
		return false;
	memcpy(&acquire, mnl_nlmsg_get_payload(h), sizeof(acquire));
	out->kind = KEVENT_ACQUIRE;
	out->flow_src = kselector_ts(&acquire.sel, true);
	out->flow_dst = kselector_ts(&acquire.sel, false);
	mnl_attr_for_each(a, h, sizeof(acquire)) {
		const struct xfrm_user_tmpl *t = mnl_attr_get_payload(a);

		if (mnl_attr_get_type(a) == XFRMA_TMPL && mnl_attr_get_payload_len(a) >= sizeof(*t))
			out->reqid = t->reqid;
	}
	return out->reqid != 0;
}

static bool read_mapping(const struct nlmsghdr *h, struct kevent *out)
{
	const struct xfrm_user_mapping *m = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->id.proto != IPPROTO_ESP)
		return false;
	out->kind = KEVENT_MAPPING;
	out->spi = ntohl(m->id.spi);
	out->dst = kstate_addr(&m->id.daddr, m->id.family);
	out->remote = kstate_addr(&m->new_saddr, m->id.family);
	out->remote.port = ntohs(m->new_sport);
	return true;
}

bool kevent_read(const struct nlmsghdr *h, struct kevent *out)
{
	*out = (struct kevent){0};
	switch (h->nlmsg_type) {
	case XFRM_MSG_EXPIRE:
		return read_expire(h, out);
	case XFRM_MSG_ACQUIRE:
		return read_acquire(h, out);
	case XFRM_MSG_MAPPING:
		return read_mapping(h, out);
	default:
		return false;
	}
}

static void deliver(const uint8_t *buffer, int len, kevent_fn *fn, void *ctx)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)buffer;
	struct kevent e;

	for (; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len))
		if (kevent_read(h, &e))
			fn(ctx, &e);
}

void kevent_dispatch(int fd, kevent_fn *fn, void *ctx)
{
	_Alignas(8) uint8_t buffer[PIECE_MAX];
	const struct kevent lost = {.kind = KEVENT_LOST};
	struct sockaddr_nl from;
	socklen_t from_len;
	ssize_t len;

	for (int i = 0; i < MESSAGES; i++) {
		from_len = sizeof(from);
		len = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &from_len);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == ENOBUFS)
			fn(ctx, &lost);
		else if (len < 0)
			return;
		else if (from.nl_pid == 0) /* the kernel */
			deliver(buffer, (int)len, fn, ctx);
	}
}
