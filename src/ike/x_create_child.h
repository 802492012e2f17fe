/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_CREATE_CHILD_H
#define IKE_X_CREATE_CHILD_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/msg.h"

struct ike_sa;
struct keying;
struct proposal;
struct task;

/*
 * The CREATE_CHILD_SA exchange (RFC 7296 section 1.3), whatever is negotiated by it: x_child.c has
 * children, x_rekey_ike.c IKE SAs.
 */

/* Responder. */
void x_create_child_request(struct ike_sa *sa, const struct wire_msg *msg);
/* Responder: k has its proposal chosen; take nonce and key exchange of the request and answer. */
void x_create_child_answer(struct keying *k, const struct wire_msg *msg);
/* Initiator: begin with task->keying; the method is that of `current` (NULL: none) if it is
 * offered. An error leaves k to the caller. */
int x_create_child_begin(struct ike_sa *sa, struct task *task,
			 const struct proposal *current) ERR_MUST_CHECK;
/* Initiator: the response of a task that began so. */
void x_create_child_response(struct ike_sa *sa, struct task *task, const struct wire_msg *msg);

#endif
