/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_AUTH_CERT_H
#define IKE_AUTH_CERT_H

#include "wire/msg.h"

struct conn;
struct ike_sa;

/* CERT and CERTREQ payloads (RFC 7296 sections 3.6 and 3.7). */

/* Put CERT payloads as send_cert says: end entity, then intermediates. */
void auth_cert_put(struct ike_sa *sa, struct wire_writer *w);
/* Put a CERTREQ of our CAs (those of remote.cacerts, if given); conn NULL: all CAs. */
void auth_cert_put_requests(struct ike_sa *sa, const struct conn *conn, struct wire_writer *w);
/* Remember the peer's CERTREQ payloads in sa->hs. */
void auth_cert_take_requests(struct ike_sa *sa, const struct wire_msg *msg);

#endif
