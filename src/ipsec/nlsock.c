/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/nlsock.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <sys/time.h>

#define ANSWER_MAX 32768 /* bytes: what the kernel puts into one piece of a dump */
#define PATIENCE_S 5	 /* the kernel answers at once, or has lost the answer */

struct nlsock {
	struct mnl_socket *socket;
	unsigned seq;
	_Alignas(8) uint8_t answer[ANSWER_MAX];
};

struct reader {
	nlsock_fn *fn;
	void *ctx;
};

int nlsock_error(int number)
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
	case EPROTONOSUPPORT:
	case ENOSYS:
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

int nlsock_open(int bus, struct nlsock **out)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct nlsock *n = calloc(1, sizeof(*n));
	int err = 0;

	if (!n)
		return E_NOMEM;
	n->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!n->socket || mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) != 0 ||
	    setsockopt(mnl_socket_get_fd(n->socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) != 0) {
		err = nlsock_error(errno);
		nlsock_free(n);
		return err;
	}
	*out = n;
	return 0;
}

void nlsock_free(struct nlsock *n)
{
	if (!n)
		return;
	if (n->socket)
		mnl_socket_close(n->socket);
	free(n);
}

struct nlmsghdr *nlsock_begin(void *buffer, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);

	h->nlmsg_type = type;
	h->nlmsg_flags = flags;
	return h;
}

void nlsock_put_addr(struct nlmsghdr *request, uint16_t type, const struct addr *a)
{
	mnl_attr_put(request, type, addr_len(a->family), a->ip);
}

static int read_one(const struct nlmsghdr *answer, void *data)
{
	const struct reader *r = data;

	if (r->fn)
		r->fn(r->ctx, answer);
	return MNL_CB_OK;
}

int nlsock_ask(struct nlsock *n, struct nlmsghdr *request, nlsock_fn *fn, void *ctx)
{
	struct reader reader = {fn, ctx};
	ssize_t len;
	int more;

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = ++n->seq;
	if (mnl_socket_sendto(n->socket, request, request->nlmsg_len) < 0)
		return nlsock_error(errno);
	do {
		len = mnl_socket_recvfrom(n->socket, n->answer, sizeof(n->answer));
		if (len < 0)
			return nlsock_error(errno);
		more = mnl_cb_run(n->answer, (size_t)len, n->seq, mnl_socket_get_portid(n->socket),
				  read_one, &reader);
		/* A late answer to an earlier request that was given up. */
		if (more < 0 && errno == EPROTO)
			more = MNL_CB_OK;
	} while (more > MNL_CB_STOP);
	return more < 0 ? nlsock_error(errno) : 0;
}

int nlsock_talk(struct nlsock *n, struct nlmsghdr *request)
{
	return nlsock_ask(n, request, NULL, NULL);
}
