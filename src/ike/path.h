/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_PATH_H
#define IKE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"

struct conf_conn;
struct ike;

/* Which of our addresses leads to a peer. Ports play no part: out->port is 0. */

#define PATH_MAX_OWN 16 /* addresses of this host that are looked at */

/* Addresses of this host into out (PATH_MAX_OWN of them); returns how many. */
size_t path_own(const struct ike *ike, struct addr out[PATH_MAX_OWN]);
/* Whether packets from this address of ours can go to remote, as far as this host knows. */
bool path_works(const struct ike *ike, const struct addr *local, const struct addr *remote);
/*
 * Whether it may go on as it does: the address is still here, and there is a way to remote. Unlike
 * path_works() the way may lead out by another interface, as hosts with several of them do whose
 * address was chosen by the configuration or by the peer.
 */
bool path_lasts(const struct ike *ike, const struct addr *local, const struct addr *remote);
/*
 * The address to use towards remote: what routing prefers, if local_addrs has it, else one that
 * local_addrs has and that works, else what routing prefers. E_NOTFOUND: no route.
 */
int path_choose(const struct ike *ike, const struct conf_conn *conf, const struct addr *remote,
		struct addr *out) ERR_MUST_CHECK;
/* Whether local_addrs names this very address, or a subnet or range with it. */
bool path_is_named(const struct conf_conn *conf, const struct addr *local);

#endif
