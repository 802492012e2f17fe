/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_CREATE_CHILD_H
#define IKE_X_CREATE_CHILD_H

#include "base/buf.h"
#include "wire/msg.h"

struct ike_sa;
struct task;

/* CREATE_CHILD_SA for further children (RFC 7296 section 1.3.1). The initiator's side is the task
 * task_child_create. Responder: */
void x_create_child_request(struct ike_sa *sa, const struct wire_msg *msg);
/* Initiator: all key exchanges are done; install task->child and end the task. */
void x_create_child_complete(struct ike_sa *sa, struct task *task, struct view shared);

#endif
