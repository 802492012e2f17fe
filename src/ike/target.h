/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_TARGET_H
#define IKE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"

struct conf_conn;
struct ike_sa;

/*
 * Whom an initiator calls: the addresses of remote_addrs in their order, names resolved anew for
 * each attempt, or the gateway it was redirected to. They are called one after the other.
 */
#define TARGET_MAX   16 /* addresses of one attempt */
#define TARGET_TRIES 2	/* retransmissions before the next address is tried, at most */

struct target {
	size_t n, next;
	struct addr addrs[TARGET_MAX];
};

/* Begin an attempt: find the addresses, then call `then` (at once, or by a job), which takes the
 * first. E_CONFIG: there is none in the configuration, a line says so. */
int target_find(struct ike_sa *sa, int (*then)(struct ike_sa *sa)) ERR_MUST_CHECK;
/* The next address of the attempt, with its port, goes to sa->remote; false: there is none left. */
bool target_take(struct ike_sa *sa);
/* Whether the attempt has addresses left. */
bool target_left(const struct ike_sa *sa);
/* Whether remote_addrs names anybody that can be called. */
bool target_is_named(const struct conf_conn *conf);
/* The attempt is over: the next one begins with the configuration (unless it has to insist on the
 * gateway it was redirected to). */
void target_forget(struct ike_sa *sa);

#endif
