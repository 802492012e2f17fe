/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_AUTH_H
#define IKE_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/msg.h"

struct conn;
struct id;
struct ike_sa;
struct job_verify;
struct sign_scheme;

/* Authentication (RFC 7296 section 2.15, RFC 7427): what both roles of IKE_AUTH share. */

/* How many rounds we authenticate in: as many as the connection has, if the peer can (RFC 4739). */
size_t auth_rounds(const struct ike_sa *sa);
/*
 * Make our own AUTH data for the connection's next local round into sa->hs, and then call
 * sa->hs->then: at once for a shared key, after a job for a signature. Sets sa->local_id; `asked`
 * is the identity the peer asked us to have (IDr), or NULL. inbound: while a peer's request is
 * worked on.
 */
int auth_begin(struct ike_sa *sa, bool inbound, const struct id *asked,
	       int (*then)(struct ike_sa *sa)) ERR_MUST_CHECK;
/* Put AUTH, and ANOTHER_AUTH_FOLLOWS if another round of ours is to come: this one is over. */
void auth_put(struct ike_sa *sa, struct wire_writer *w);
/* The body of our ID payload. */
struct wire_id auth_local_id(const struct ike_sa *sa);
/*
 * Verify the peer's shared-key AUTH payload: tries every shared secret known for the two
 * identities. E_AUTH, E_NOTFOUND, with lines that say which.
 */
int auth_verify_psk(struct ike_sa *sa, const struct id *me,
		    const struct wire_msg *msg) ERR_MUST_CHECK;
/*
 * Fill a verify job with the peer's certificates, AUTH data and signed octets. The caller adds
 * the connections that may be chosen. E_LIMIT for too many certificates.
 */
int auth_fill_verify(struct ike_sa *sa, const struct wire_msg *msg,
		     struct job_verify *job) ERR_MUST_CHECK;
/* We (or the peer) have proved who we are, by this scheme (NULL: a shared key): a line, and the
 * ladder. */
void auth_tell_success(struct ike_sa *sa, bool myself, const struct sign_scheme *scheme);

/* Raise the alert about a certificate of the peer's that was refused, if that is what happened. */
void auth_alert_cert(struct ike_sa *sa, const struct job_verify *j);

#endif
