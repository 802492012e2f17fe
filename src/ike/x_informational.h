/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_INFORMATIONAL_H
#define IKE_X_INFORMATIONAL_H

#include <stdbool.h>

#include "wire/msg.h"

struct ike_sa;

/* INFORMATIONAL (RFC 7296 section 1.4). Our own are the tasks task_child_delete, task_ike_delete,
 * task_dpd (liveness.c), task_mobike and task_redirect. The peer's: */
void x_informational_request(struct ike_sa *sa, const struct wire_msg *msg);
/* Whether a message deletes the IKE SA that it comes over. */
bool x_informational_ends(const struct wire_msg *msg);
/* Send a DELETE for the IKE SA once, without waiting for an answer: the caller destroys the SA. */
void x_informational_say_deleted(struct ike_sa *sa);

#endif
