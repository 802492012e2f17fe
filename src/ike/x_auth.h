/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_AUTH_H
#define IKE_X_AUTH_H

#include "wire/msg.h"

struct ike_sa;

/* IKE_AUTH (RFC 7296 section 1.2). The initiator's side is the task task_ike_auth (x_auth_i.c). */

/* Responder: a request of an SA that has keys. */
void x_auth_request(struct ike_sa *sa, const struct wire_msg *msg);

#endif
