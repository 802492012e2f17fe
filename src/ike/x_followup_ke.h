/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_FOLLOWUP_KE_H
#define IKE_X_FOLLOWUP_KE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/msg.h"

struct ike_sa;
struct keying;
struct task;

/*
 * IKE_FOLLOWUP_KE (RFC 9370 section 2.2.4): the further key exchanges of a CREATE_CHILD_SA, one in
 * each. The initiator's side is the task task_followup_ke.
 */

/* Responder: a negotiation of the peer by a number that jobs can keep: the uid of the child, or 0
 * for that of an IKE SA. */
uint32_t x_followup_ke_id(const struct keying *k);
/* That negotiation, if it still goes on; NULL if not. */
struct keying *x_followup_ke_find(struct ike_sa *sa, uint32_t id);
/* Responder: keep what an answered CREATE_CHILD_SA negotiated until all exchanges are done; puts
 * the ADDITIONAL_KEY_EXCHANGE that links the next one. */
void x_followup_ke_wait(struct keying *k, struct view shared, struct wire_writer *w);
/* Responder: it is not wanted any more, and dropped when the engine runs next. */
void x_followup_ke_abandon(struct keying *k);
/* Responder: a request. */
void x_followup_ke_request(struct ike_sa *sa, const struct wire_msg *msg);
/* Initiator: go on with the exchanges of task->keying after CREATE_CHILD_SA, whose shared secret is
 * given; its link has come with the response. */
void x_followup_ke_begin(struct ike_sa *sa, struct task *task, struct view shared);
/* Initiator: keep the link of a response. E_MALFORMED if it has none. */
int x_followup_ke_take_link(struct keying *k, const struct wire_msg *msg) ERR_MUST_CHECK;

#endif
