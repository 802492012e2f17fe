/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_NATD_H
#define IKE_NATD_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/msg.h"

struct ike_sa;

/* NAT detection (RFC 7296 section 2.23). */

/* Put NAT_DETECTION_SOURCE_IP and _DESTINATION_IP for a message that goes by these addresses;
 * with sa->nat_fake the source hash is random, so that the peer sees a NAT and encapsulates ESP
 * in UDP. */
void natd_put(struct ike_sa *sa, const struct addr *local, const struct addr *remote,
	      struct wire_writer *w);
/*
 * Compare the hashes of a received message with the addresses it came by. Sets sa->peer_natt,
 * nat_local and nat_remote; lines say what was found.
 */
void natd_check(struct ike_sa *sa, const struct wire_msg *msg, const struct addr *local,
		const struct addr *remote);

#endif
