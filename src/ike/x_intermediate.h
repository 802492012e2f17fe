/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_INTERMEDIATE_H
#define IKE_X_INTERMEDIATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/msg.h"

struct ike_sa;
struct transform;

/* IKE_INTERMEDIATE (RFC 9242) with one further key exchange each (RFC 9370 section 2.2.2). The
 * initiator's side is the task task_ike_intermediate. */

/* The negotiated exchange that comes next, or NULL when all are done. */
const struct transform *x_intermediate_next(const struct ike_sa *sa);
/* Responder: a request of an SA that is not authenticated yet. */
void x_intermediate_request(struct ike_sa *sa, const struct wire_msg *msg);
/* A message of this exchange was sent or received: it goes into IntAuth. */
int x_intermediate_authenticate(struct ike_sa *sa, bool sent, const struct wire_hdr *hdr,
				uint8_t first, struct view plain) ERR_MUST_CHECK;

#endif
