/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_CHILD_H
#define IKE_X_CHILD_H

#include "wire/msg.h"

struct ike_sa;

/* CHILD SAs by CREATE_CHILD_SA: new ones (RFC 7296 section 1.3.1), and ones that replace another
 * (1.3.3). The initiator's side are the tasks task_child_create and task_child_rekey. Responder: */
void x_child_request(struct ike_sa *sa, const struct wire_msg *msg);

#endif
