/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_FOLLOWUP_KE_H
#define IKE_X_FOLLOWUP_KE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/msg.h"

struct child;
struct ike_sa;
struct task;
struct transform;

/*
 * IKE_FOLLOWUP_KE (RFC 9370 section 2.2.4): the further key exchanges of a CREATE_CHILD_SA, one in
 * each. The initiator's side is the task task_followup_ke.
 */

/* The negotiated exchange of a child that comes next, or NULL when all are done. */
const struct transform *x_followup_ke_next(const struct child *c);
/* Responder: keep the child of an answered CREATE_CHILD_SA until all exchanges are done; puts the
 * ADDITIONAL_KEY_EXCHANGE that links the next one. */
void x_followup_ke_wait(struct child *c, struct view shared, struct wire_writer *w);
/* Responder: a request. */
void x_followup_ke_request(struct ike_sa *sa, const struct wire_msg *msg);
/* Initiator: go on with the exchanges of task->child after CREATE_CHILD_SA, whose shared secret is
 * given; c->followup_link has come with its response. */
void x_followup_ke_begin(struct ike_sa *sa, struct task *task, struct view shared);
/* Initiator: keep the link of a response. E_MALFORMED if it has none. */
int x_followup_ke_take_link(struct child *c, const struct wire_msg *msg) ERR_MUST_CHECK;

#endif
