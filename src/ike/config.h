/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_CONFIG_H
#define IKE_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/msg.h"

struct ike_sa;

/* Configuration payloads (RFC 7296 section 3.15): virtual IPs and DNS. */

/* Initiator: put a CFG_REQUEST for the connection's vips; false if it has none. */
bool config_put_request(struct ike_sa *sa, struct wire_writer *w);
/* Initiator: install what the CFG_REPLY gives. E_CONFIG if vips were asked for and none came. */
int config_take_reply(struct ike_sa *sa, const struct wire_msg *msg) ERR_MUST_CHECK;
/*
 * Responder: lease what a CFG_REQUEST asks for and fill *reply. E_FULL if an address was asked for
 * and none can be given (INTERNAL_ADDRESS_FAILURE).
 */
int config_answer(struct ike_sa *sa, const struct wire_msg *msg,
		  struct wire_cp *reply) ERR_MUST_CHECK;

#endif
