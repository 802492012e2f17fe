/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/*
 * The source address that the kernel would take towards `remote` (its port is not used), for a
 * packet with this mark (0: none). E_NOTFOUND: no route. E_PERM: a mark without CAP_NET_ADMIN.
 * E_UNSUPPORTED: no such family here. E_IO.
 */
int route_source(const struct addr *remote, uint32_t mark, struct addr *out) ERR_MUST_CHECK;

/* Addresses of this host. All-zero is empty. */
struct route_addrs {
	size_t count;
	struct addr *items;
};

/*
 * Addresses of all interfaces that are up, without loopback and link-local ones; `skip` names one
 * interface to leave out (the TUN device), or is NULL. Free with route_addrs_done(). E_NOMEM, E_IO.
 */
int route_local_addrs(const char *skip, struct route_addrs *out) ERR_MUST_CHECK;
void route_addrs_done(struct route_addrs *l);

#endif
