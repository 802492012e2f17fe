/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_NLSOCK_H
#define IPSEC_NLSOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/*
 * Requests to the kernel by netlink, each answered before the call returns: that takes
 * microseconds. Errors: E_PERM (CAP_NET_ADMIN), E_EXISTS, E_NOTFOUND, E_UNSUPPORTED, E_BUSY,
 * E_NOMEM, E_IO; errno has the kernel's own number in each case.
 */
struct nlsock;
struct nlmsghdr;

/* Room for any request of ours, bytes: an SA with keys and a replay window takes 1300. */
#define NLSOCK_REQUEST_MAX 2048

/* A message of an answer, valid for the call; mnl_nlmsg_* read it. Must not use the socket. */
typedef void nlsock_fn(void *ctx, const struct nlmsghdr *answer);

/* bus: NETLINK_ROUTE, NETLINK_XFRM. E_UNSUPPORTED: the kernel has it not. E_IO, E_NOMEM. */
int nlsock_open(int bus, struct nlsock **out) ERR_MUST_CHECK;
/* NULL is fine. */
void nlsock_free(struct nlsock *n);
/* Begin a request in buffer, which is aligned and has NLSOCK_REQUEST_MAX bytes. */
struct nlmsghdr *nlsock_begin(void *buffer, uint16_t type, uint16_t flags);
/* An attribute with the 4 or 16 bytes of an address. */
void nlsock_put_addr(struct nlmsghdr *request, uint16_t type, const struct addr *a);
/* Send a request and wait for its acknowledgement. */
int nlsock_talk(struct nlsock *n, struct nlmsghdr *request) ERR_MUST_CHECK;
/* The same for a request with answers, of which there are many if it has NLM_F_DUMP. */
int nlsock_ask(struct nlsock *n, struct nlmsghdr *request, nlsock_fn *fn, void *ctx) ERR_MUST_CHECK;
/* What an errno of the kernel is as E_*. */
int nlsock_error(int number);

#endif
