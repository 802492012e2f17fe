/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_X_SA_INIT_H
#define IKE_X_SA_INIT_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/buf.h"
#include "wire/msg.h"

struct ike;
struct ike_sa;

/* IKE_SA_INIT (RFC 7296 section 1.2). The initiator's side is the task task_ike_init. */

/* A request that belongs to no SA: the cookie gate, then a new SA. msg is the decoded datagram. */
void x_sa_init_request(struct ike *ike, const struct addr *local, const struct addr *remote,
		       struct view datagram, const struct wire_msg *msg);
/*
 * Whether a response is one to go on with. Nobody has signed it: one that would end the attempt (an
 * error, or what was not offered) is logged and remembered, and if no better answer comes within
 * two seconds, the SA is destroyed for it (RFC 7296 section 2.21.1).
 */
bool x_init_i_is_useful(struct ike_sa *sa, const struct wire_msg *msg);
/*
 * The attempt to connect begins once more, from IKE_SA_INIT, with fresh values and another SPI; the
 * task in flight goes on. May destroy the SA.
 */
void x_init_i_begin_again(struct ike_sa *sa);
/* Reply to a message without keeping anything: one unprotected notify. */
struct x_sa_init_refusal {
	const struct addr *local, *remote; /* as the request came */
	const struct wire_hdr *request;
	uint16_t notify;
	struct view data; /* of the notify */
};
void x_sa_init_refuse(struct ike *ike, const struct x_sa_init_refusal *refusal);

#endif
