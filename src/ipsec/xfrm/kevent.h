/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KEVENT_H
#define IPSEC_XFRM_KEVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "wire/ts.h"

/* What the kernel tells everyone who listens. */

struct nlmsghdr;

enum kevent_kind {
	KEVENT_EXPIRE,	/* a limit of a state: spi, dst, hard */
	KEVENT_ACQUIRE, /* a packet needs an SA: reqid, flow_src, flow_dst */
	KEVENT_MAPPING, /* the peer's ESP in UDP comes from elsewhere: spi, dst, remote with port */
	KEVENT_LOST,	/* there were more than the socket holds */
};

struct kevent {
	enum kevent_kind kind;
	uint32_t spi;	 /* host order */
	struct addr dst; /* of the state */
	bool hard;
	uint32_t reqid;
	struct ts flow_src, flow_dst;
	struct addr remote;
};

typedef void kevent_fn(void *ctx, const struct kevent *e);

/* A non-blocking socket that hears of them; its descriptor, which close(2) ends, or E_*. */
int kevent_open(void) ERR_MUST_CHECK;
/* Read what is there (a bounded number of messages) and call fn for each. */
void kevent_dispatch(int fd, kevent_fn *fn, void *ctx);
/* Decode one message. False: it is none of these, or too short. */
bool kevent_read(const struct nlmsghdr *h, struct kevent *out);

#endif
