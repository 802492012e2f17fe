/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_LIVENESS_H
#define IKE_LIVENESS_H

struct ike_sa;

/* Dead peer detection (RFC 7296 section 2.4) and NAT keepalives (RFC 3948 section 4). */

/* Start (or restart) both for an established SA, as its connection and NAT state ask. */
void liveness_start(struct ike_sa *sa);
/* Ask for a sign of life, unless an exchange is under way that shows as much. */
void liveness_check(struct ike_sa *sa);
/* The NAT state has changed: start or stop keepalives. */
void liveness_update_keepalive(struct ike_sa *sa);

#endif
