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
 * The address to use towards remote: what routing prefers, if local_addrs has it, else one that
 * local_addrs has and that works, else what routing prefers. E_NOTFOUND: no route.
 */
int path_choose(const struct ike *ike, const struct conf_conn *conf, const struct addr *remote,
		struct addr *out) ERR_MUST_CHECK;
/* Whether local_addrs allows this one (names allow any). */
bool path_is_wanted(const struct conf_conn *conf, const struct addr *local);

#endif
