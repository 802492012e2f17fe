/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_REKEY_IKE_H
#define IKE_X_REKEY_IKE_H

#include "wire/msg.h"

struct ike_sa;

/* Rekeying an IKE SA by CREATE_CHILD_SA (RFC 7296 sections 1.3.2 and 2.18). The initiator's side is
 * the task task_ike_rekey. Responder: */
void x_rekey_ike_request(struct ike_sa *sa, const struct wire_msg *msg);

#endif
