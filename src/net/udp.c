/* SPDX-License-Identifier: Apache-2.0 */
#include "net/udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define UDP_BATCH   64
#define UDP_MAX	    65535     /* bytes of a datagram */
#define UDP_RCVBUF  (4 << 20) /* bursts of fragments of big post-quantum messages */
#define UDP_CONTROL 64	      /* bytes; one in6_pktinfo takes 40 */

struct udp {
	int fd;
	uint8_t family;
	uint16_t port;
	size_t rcvbuf;
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	struct sockaddr_storage peers[UDP_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[UDP_BATCH][UDP_CONTROL];
	uint8_t *buffers; /* UDP_BATCH of UDP_MAX bytes */
};

static int error_of(int number)
{
	switch (number) {
	case EADDRINUSE:
	case EAGAIN:
	case ENOBUFS:
		return E_BUSY;
	case EACCES:
	case EPERM:
		return E_PERM;
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
	case ENOPROTOOPT:
		return E_UNSUPPORTED;
	case EMSGSIZE:
		return E_LIMIT;
	case EADDRNOTAVAIL:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EINVAL: /* a source address that is not ours */
		return E_NOTFOUND;
	case ENOMEM:
		return E_NOMEM;
	default:
		return E_IO;
	}
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : error_of(errno);
}

/* The system's limit on buffers does not hold for CAP_NET_ADMIN; without it less is granted. */
static void set_buffer(int fd, int force, int plain, size_t bytes)
{
	if (set_int(fd, SOL_SOCKET, force, (int)bytes) != 0)
		(void)!set_int(fd, SOL_SOCKET, plain, (int)bytes);
}

static int set_family_options(int fd, uint8_t family)
{
	int err;

	if (family == AF_INET) {
		err = set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
		if (err == 0)
			err = set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
		return err;
	}
	err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (err == 0)
		err = set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	if (err == 0)
		err = set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
	return err;
}

static int bind_port(int fd, uint8_t family, uint16_t port, uint16_t *out_port)
{
	const struct addr any = {.family = family, .port = port};
	struct sockaddr_storage ss;
	struct addr bound;
	socklen_t len = addr_to_sockaddr(&any, &ss);

	if (bind(fd, (struct sockaddr *)&ss, len) != 0)
		return error_of(errno);
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return E_IO;
	if (addr_from_sockaddr(&bound, (struct sockaddr *)&ss) != 0)
		return E_IO;
	*out_port = bound.port;
	return 0;
}

/*
 * The first socket binds alone, so that a second daemon is noticed, and allows company only then.
 * The order of binding makes it member 0.
 */
static int bind_shared(int fd, const struct udp_params *p, uint16_t *out_port)
{
	int err = 0;

	if (p->share == UDP_JOIN)
		err = set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (err == 0)
		err = bind_port(fd, p->family, p->port, out_port);
	if (err == 0 && p->share == UDP_SHARED)
		err = set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return err;
}

static int set_up(struct udp *u, const struct udp_params *p)
{
	const size_t buffer = p->buffer ? p->buffer : UDP_RCVBUF;
	int granted, err;
	socklen_t len = sizeof(granted);

	u->fd = socket(p->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (u->fd < 0)
		return error_of(errno);
	set_buffer(u->fd, SO_RCVBUFFORCE, SO_RCVBUF, buffer);
	set_buffer(u->fd, SO_SNDBUFFORCE, SO_SNDBUF, buffer);
	if (getsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &granted, &len) != 0)
		return E_IO;
	u->rcvbuf = (size_t)granted / 2; /* socket(7): the kernel doubles what it grants */
	err = set_family_options(u->fd, p->family);
	if (err == 0 && p->mark != 0)
		err = set_int(u->fd, SOL_SOCKET, SO_MARK, (int)p->mark);
	if (err == 0)
		err = bind_shared(u->fd, p, &u->port);
	return err;
}

int udp_open(const struct udp_params *params, struct udp **out)
{
	struct udp *u = calloc(1, sizeof(*u));
	int err;

	if (!u)
		return E_NOMEM;
	u->fd = -1;
	u->family = params->family;
	u->buffers = malloc((size_t)UDP_BATCH * UDP_MAX);
	err = u->buffers ? set_up(u, params) : E_NOMEM;
	if (err != 0) {
		const int number = errno;

		udp_free(u);
		errno = number;
		return err;
	}
	*out = u;
	return 0;
}

void udp_free(struct udp *u)
{
	if (!u)
		return;
	if (u->fd >= 0)
		close(u->fd);
	free(u->buffers);
	free(u);
}

int udp_fd(const struct udp *u)
{
	return u->fd;
}

uint8_t udp_family(const struct udp *u)
{
	return u->family;
}

uint16_t udp_port(const struct udp *u)
{
	return u->port;
}

size_t udp_rcvbuf(const struct udp *u)
{
	return u->rcvbuf;
}

static void local_address(const struct udp *u, struct msghdr *m, struct addr *out)
{
	struct in_pktinfo v4;
	struct in6_pktinfo v6;

	*out = (struct addr){.family = u->family, .port = u->port};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			memcpy(out->ip, &v4.ipi_spec_dst, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			memcpy(out->ip, &v6.ipi6_addr, 16);
		}
	}
}

static void prepare_receive(struct udp *u)
{
	for (size_t i = 0; i < UDP_BATCH; i++) {
		u->iovs[i] = (struct iovec){u->buffers + i * UDP_MAX, UDP_MAX};
		u->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &u->peers[i],
			.msg_namelen = sizeof(u->peers[i]),
			.msg_iov = &u->iovs[i],
			.msg_iovlen = 1,
			.msg_control = u->control[i],
			.msg_controllen = UDP_CONTROL,
		};
	}
}

int udp_recv(struct udp *u, udp_recv_fn *fn, void *ctx)
{
	int n;

	prepare_receive(u);
	do
		n = recvmmsg(u->fd, u->msgs, UDP_BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && (errno == EINTR || errno == ECONNREFUSED));
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : E_IO;
	for (int i = 0; i < n; i++) {
		struct msghdr *m = &u->msgs[i].msg_hdr;
		struct addr local, remote;

		if (addr_from_sockaddr(&remote, m->msg_name) != 0)
			continue;
		local_address(u, m, &local);
		fn(ctx, view_make(u->iovs[i].iov_base, u->msgs[i].msg_len), &local, &remote);
	}
	return n;
}

/* Put the source address into m; it has UDP_CONTROL bytes of control. */
static void choose_source(struct msghdr *m, const struct addr *local)
{
	struct cmsghdr *c;

	if (local->family == AF_INET) {
		struct in_pktinfo info = {0};

		memcpy(&info.ipi_spec_dst, local->ip, 4);
		m->msg_controllen = CMSG_SPACE(sizeof(info));
		c = CMSG_FIRSTHDR(m);
		*c = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO};
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else {
		struct in6_pktinfo info = {0};

		memcpy(&info.ipi6_addr, local->ip, 16);
		m->msg_controllen = CMSG_SPACE(sizeof(info));
		c = CMSG_FIRSTHDR(m);
		*c = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO};
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
}

int udp_send(struct udp *u, const struct addr *local, const struct addr *remote, struct view data)
{
	_Alignas(struct cmsghdr) uint8_t control[UDP_CONTROL] = {0};
	struct sockaddr_storage ss;
	struct iovec iov = {(void *)(uintptr_t)data.ptr, data.len};
	struct msghdr m = {.msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (remote->family != u->family)
		return E_NOTFOUND;
	m.msg_namelen = addr_to_sockaddr(remote, &ss);
	if (local && !addr_is_any(local)) {
		if (local->family != u->family)
			return E_NOTFOUND;
		m.msg_control = control;
		choose_source(&m, local);
	}
	do
		n = sendmsg(u->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? error_of(errno) : 0;
}

int udp_steer_esp(struct udp *u)
{
	/* The payload starts at 0; what is returned is the number of the member. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 4, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),	       BPF_STMT(BPF_RET | BPF_K, 1),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (setsockopt(u->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) != 0)
		return E_UNSUPPORTED;
	return 0;
}

int udp_take_esp(struct udp *u)
{
	return set_int(u->fd, IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP);
}

int udp_bypass_ipsec(struct udp *u)
{
	const int level = u->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	const int option = u->family == AF_INET ? IP_XFRM_POLICY : IPV6_XFRM_POLICY;

	for (int dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_OUT; dir++) {
		const struct xfrm_userpolicy_info policy = {
			.sel.family = u->family,
			.dir = (__u8)dir,
			.action = XFRM_POLICY_ALLOW,
		};

		if (setsockopt(u->fd, level, option, &policy, sizeof(policy)) != 0)
			return error_of(errno);
	}
	return 0;
}
