/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_UNIQUE_H
#define IKE_UNIQUE_H

#include <stdbool.h>

#include "wire/msg.h"

struct ike_sa;

/* How many IKE SAs a peer may have (connections.unique); msg is its first IKE_AUTH request. */

/* A peer that starts anew has lost its old SAs, or may have only one (RFC 7296 section 2.4). */
void unique_enforce(struct ike_sa *sa, const struct wire_msg *msg);
/* unique = keep: whether an older SA of this peer forbids a new one. */
bool unique_keeps_out(const struct ike_sa *sa, const struct wire_msg *msg);

#endif
