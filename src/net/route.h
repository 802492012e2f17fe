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

/*
 * Whether a packet with this mark can go from `local`, an address of ours, to `remote`: the
 * interface that has it is up and connected, and the route from it leads out there (or it is one of
 * a loopback interface, which may leave by any).
 */
bool route_usable(const struct addr *local, const struct addr *remote, uint32_t mark);

/* Addresses of this host. All-zero is empty. */
struct route_addrs {
	size_t count;
	struct addr *items;
};

/* Which interfaces count; members may be NULL. */
struct route_filter {
	const char *skip;   /* not this one (the TUN device) */
	const char *use;    /* only these: names with blanks or commas between; else */
	const char *ignore; /* none of these */
};
/* Whether an interface counts. */
bool route_counts(const struct route_filter *f, const char *interface);

/*
 * Addresses of all interfaces that are up, connected or not, without loopback and link-local ones;
 * `skip` names one interface to leave out, or is NULL. Free with route_addrs_done(). E_NOMEM, E_IO.
 */
int route_local_addrs(const char *skip, struct route_addrs *out) ERR_MUST_CHECK;
/* The same, of the interfaces that count and are connected. */
int route_filtered_addrs(const struct route_filter *f, struct route_addrs *out) ERR_MUST_CHECK;
void route_addrs_done(struct route_addrs *l);

#endif
