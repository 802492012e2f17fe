/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * A non-blocking UDP socket of one family, bound to a port on all addresses. It knows the local
 * address of each datagram, and sends from the one it is told. Datagrams may be fragmented on
 * their way (RFC 7296 section 2: IKE messages are not subject to path MTU discovery).
 */
struct udp;

/*
 * Two sockets may share a port, so that IKE and ESP on port 4500 arrive apart: open the one for
 * IKE as UDP_SHARED, the one for ESP as UDP_JOIN, and call udp_steer_esp() on the latter.
 */
enum udp_share {
	UDP_ALONE,  /* the port is ours alone; E_BUSY if somebody has it */
	UDP_SHARED, /* like UDP_ALONE, but a socket of this user may join later: member 0 */
	UDP_JOIN    /* join the socket that has the port: member 1 */
};

struct udp_params {
	uint8_t family; /* AF_INET, AF_INET6 (which does not receive IPv4) */
	uint16_t port;	/* 0: a random one */
	enum udp_share share;
	uint32_t mark; /* SO_MARK of what is sent; 0 none. Needs CAP_NET_ADMIN. */
	size_t buffer; /* bytes to ask for each way; 0: 4 MiB */
};

/*
 * Datagrams of one udp_recv() call. The view and addresses live until the callback returns. A
 * datagram longer than the largest IKE message we take (64 KiB) cannot exist in UDP.
 */
typedef void udp_recv_fn(void *ctx, struct view data, const struct addr *local,
			 const struct addr *remote);

/*
 * E_BUSY: the port is taken. E_PERM: a port below 1024, or a mark, without the privilege.
 * E_UNSUPPORTED: the kernel has no such family. E_IO: else, see errno. E_NOMEM.
 */
int udp_open(const struct udp_params *params, struct udp **out) ERR_MUST_CHECK;
/* Closes the socket. NULL is fine. */
void udp_free(struct udp *u);
/* To poll for reading; stays the socket's. */
int udp_fd(const struct udp *u);
uint8_t udp_family(const struct udp *u);
/* The port it is bound to, host order: that of a random one is known here. */
uint16_t udp_port(const struct udp *u);
/* Receive buffer that the kernel granted, bytes of payload; it may be less than was asked. */
size_t udp_rcvbuf(const struct udp *u);
/*
 * Read what is there, at most 64 datagrams in one system call, and call fn for each in order.
 * Returns how many there were (call again if 64), or E_IO; 0 when nothing is there. Errors that
 * the network reported for earlier datagrams (ICMP) are skipped. fn must not free u.
 */
int udp_recv(struct udp *u, udp_recv_fn *fn, void *ctx) ERR_MUST_CHECK;
/*
 * Send one datagram to remote (address and port). local: the source address, whose port is
 * ignored; NULL or "any": the kernel's choice. E_BUSY: buffer full, the datagram is lost.
 * E_LIMIT: too long. E_NOTFOUND: no route, or the source address is not ours. E_PERM: a firewall
 * refused it. E_IO: else, see errno.
 */
int udp_send(struct udp *u, const struct addr *local, const struct addr *remote,
	     struct view data) ERR_MUST_CHECK;
/*
 * Give the socket that shares the port with u what is not ESP (RFC 3948 section 2: the non-ESP
 * marker, four zero octets, and anything shorter than that), and u the rest. E_UNSUPPORTED.
 */
int udp_steer_esp(struct udp *u) ERR_MUST_CHECK;

/*
 * Let the kernel's IPsec take ESP in UDP (RFC 3948) from this socket; what has the non-ESP marker
 * still arrives here. E_UNSUPPORTED: the kernel cannot (IPv6 before 5.8). E_IO.
 */
int udp_take_esp(struct udp *u) ERR_MUST_CHECK;
/* Let datagrams of this socket past the kernel's IPsec policies. E_UNSUPPORTED, E_PERM, E_IO. */
int udp_bypass_ipsec(struct udp *u) ERR_MUST_CHECK;

#endif
