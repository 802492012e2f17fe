/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_AUTH_H
#define IKE_X_AUTH_H

#include <stdbool.h>

#include "wire/msg.h"

struct ike_sa;

/* IKE_AUTH (RFC 7296 section 1.2). The initiator's side is the task task_ike_auth (x_auth_i.c). */

/* Initiator: the peer may have the SA already, or will have it soon, for our IKE_AUTH is out. */
bool x_auth_i_is_out(const struct ike_sa *sa);
/* Responder: a request of an SA that has keys. */
void x_auth_request(struct ike_sa *sa, const struct wire_msg *msg);

#endif
