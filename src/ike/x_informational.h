/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_INFORMATIONAL_H
#define IKE_X_INFORMATIONAL_H

#include "wire/msg.h"

struct ike_sa;

/* INFORMATIONAL (RFC 7296 section 1.4): deletes, liveness, address updates. The initiator's side
 * are the tasks task_child_delete, task_ike_delete and task_dpd. Responder: */
void x_informational_request(struct ike_sa *sa, const struct wire_msg *msg);
/* Send a DELETE for the IKE SA once, without waiting for an answer: the caller destroys the SA. */
void x_informational_say_deleted(struct ike_sa *sa);

#endif
