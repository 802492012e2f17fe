/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_TUN_H
#define IPSEC_USER_TUN_H

#include <net/if.h>

#include "base/err.h"

struct log;

/* A TUN device of this process; it vanishes when fd is closed. */
struct tun {
	int fd; /* non-blocking: one packet per read or write */
	unsigned ifindex;
	char name[IFNAMSIZ];
};

/*
 * Make a device. name: "%d" in it is replaced by a free number. Logs what is missing and what to
 * do. E_NOTFOUND: no /dev/net/tun. E_PERM: CAP_NET_ADMIN. E_BUSY: the name is taken. E_IO.
 */
int tun_open(const char *name, struct log *log, struct tun *out) ERR_MUST_CHECK;
/* Set the MTU in bytes, and switch it on. */
int tun_up(const struct tun *t, unsigned mtu, struct log *log) ERR_MUST_CHECK;
/* Close; the device is gone. */
void tun_done(struct tun *t);

#endif
