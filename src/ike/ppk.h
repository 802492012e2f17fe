/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_PPK_H
#define IKE_PPK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "ike/keys.h"
#include "wire/msg.h"

struct candidates;
struct ike_sa;

/*
 * Post-quantum preshared keys (RFC 8784): connections.ppk_id and ppk_required name them,
 * secrets.ppk has them. A PPK goes into SK_d, SK_pi and SK_pr, once, when the first round
 * authenticates.
 */

/* What a handshake knows of it. All-zero: no PPK. */
struct ppk {
	bool peer_knows;	  /* USE_PPK came */
	bool announced;		  /* USE_PPK was sent */
	bool declined;		  /* the responder goes on without: NO_PPK_AUTH is what counts */
	struct keys_ike mixed;	  /* initiator: d, pi and pr with the PPK, until it is accepted */
	struct secret plain_auth; /* initiator: AUTH data made without the PPK, for NO_PPK_AUTH */
};

void ppk_done(struct ppk *p);

/* ---- initiator ---- */

/* Before IKE_SA_INIT: whether ppk_required can be kept. E_NOTFOUND, with a line. */
int ppk_check_own(struct ike_sa *sa) ERR_MUST_CHECK;
/* USE_PPK in the IKE_SA_INIT request, if there is a PPK to use. */
void ppk_put_use(struct ike_sa *sa, struct wire_writer *w);
/*
 * IKE_AUTH begins: make the keys mixed with the PPK, if both sides have announced it. E_UNSUPPORTED
 * when the peer has not and ppk_required = yes.
 */
int ppk_begin(struct ike_sa *sa) ERR_MUST_CHECK;
/* Whether our AUTH data is wanted a second time, without the PPK (ppk_required = no). */
bool ppk_wants_plain_auth(const struct ike_sa *sa);
/* PPK_IDENTITY and NO_PPK_AUTH of the first IKE_AUTH request. */
void ppk_put_identity(struct ike_sa *sa, struct wire_writer *w);
/* The first response: from now on use the mixed keys, or forget them. E_AUTH when the peer does
 * without and ppk_required = yes. */
int ppk_take_answer(struct ike_sa *sa, const struct wire_msg *msg) ERR_MUST_CHECK;

/* ---- responder ---- */

/* USE_PPK in the IKE_SA_INIT response, if the peer knows it and any PPK is loaded. */
void ppk_answer_use(struct ike_sa *sa, struct wire_writer *w);
/*
 * The first IKE_AUTH request: drop the candidates that it does not suit (table 1 of RFC 8784), and
 * mix the PPK into the keys if it is used with those that are left.
 */
int ppk_filter(struct ike_sa *sa, const struct wire_msg *msg, struct candidates *l) ERR_MUST_CHECK;

#endif
