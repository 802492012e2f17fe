/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_HANDSHAKE_H
#define IKE_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"
#include "ike/candidates.h"
#include "ike/intauth.h"
#include "ike/ppk.h"
#include "ike/sa.h"
#include "ike/target.h"

struct alg;
struct cert;
struct child;
struct ke;
struct keyref;
struct sign_scheme;

#define HANDSHAKE_WHY_MAX 96 /* bytes */

/* Why an answer would end the attempt; err is 0 if none would. */
struct handshake_refusal {
	int err;
	char why[HANDSHAKE_WHY_MAX];
};

/* What an IKE SA needs only until it is established. */
struct handshake {
	struct secret ni, nr;	    /* nonces */
	struct secret msg_i, msg_r; /* IKE_SA_INIT messages, for AUTH */
	const struct alg *ke_alg;   /* method of the KE payload sent */
	struct ke *ke;		    /* initiator's ephemeral state */
	struct secret ke_data;	    /* KE payload data sent */
	struct secret cookie;	    /* to return */
	unsigned restarts;	    /* answers of COOKIE and INVALID_KE_PAYLOAD followed */
	unsigned attempt;	    /* of keyingtries, from 1 */
	struct target target;	    /* whom to call */
	char *child_name;	    /* to set up in IKE_AUTH; NULL: childless */
	struct child *child;	    /* being set up in IKE_AUTH */
	size_t n_wanted;	    /* virtual IPs to ask for again */
	struct addr wanted[SA_MAX_VIPS];
	bool ending; /* terminated while IKE_AUTH is out: to be deleted when it is over */
	struct handshake_refusal refusal; /* the first answer that refused the request in flight */

	uint8_t addke_done;	 /* type of the last further key exchange that is done */
	struct intauth intauth;	 /* of the IKE_INTERMEDIATE messages */
	uint32_t auth_msgid;	 /* message id of the first IKE_AUTH request */
	bool peer_intermediate;	 /* INTERMEDIATE_EXCHANGE_SUPPORTED came */
	bool announce_fragments; /* in our IKE_SA_INIT response */
	bool peer_wants_cert;	 /* a CERTREQ came */
	struct wbuf certreq;	 /* SHA-1 of SPKI of the peer's CAs, CERT_KEYID_LEN bytes each */

	bool peer_childless;	/* CHILDLESS_IKEV2_SUPPORTED came */
	bool refuses_childless; /* responder: childless = never */
	struct ppk ppk;

	/* Rounds of authentication that are over (RFC 4739), ours and the peer's. */
	size_t rounds_local, rounds_remote;
	bool peer_goes_on; /* the peer's last AUTH came with ANOTHER_AUTH_FOLLOWS */
	/* Responder: who it may be, and the first request until all rounds are over. */
	struct candidates candidates;
	struct secret first_request;
	uint8_t first_payload;

	/* Our own authentication of this round, made by auth_begin() */
	struct cert *cert;
	struct keyref *key;
	const struct sign_scheme *scheme;
	uint8_t auth_method;
	struct secret auth; /* AUTH data */
	uint8_t proved;	    /* by what, for the ladder: ladder_auth_name() */
	int (*then)(struct ike_sa *sa);
};

/* Attach a fresh handshake to an SA (its nonces not chosen yet). */
int handshake_new(struct ike_sa *sa) ERR_MUST_CHECK;
void handshake_free(struct ike_sa *sa);
/* Forget what belongs to one attempt (keys, nonces, messages), keep the child name and the
 * count. */
void handshake_reset(struct handshake *hs);
/* Forget our own authentication of the last round: key, certificate and AUTH data. */
void handshake_forget_auth(struct handshake *hs);

#endif
