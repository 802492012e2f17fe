/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KE_H
#define CRYPTO_KE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

struct alg;
struct ke;

/*
 * A key exchange in the one shape that Diffie-Hellman and KEMs share: the initiator offers, the
 * responder answers, the initiator finishes. Peer values are checked: length, and RFC 6989 /
 * FIPS 203 validity; a bad one is E_MALFORMED. All of it may run in any thread.
 */

/* New ephemeral state; appends the KE payload data to out_offer. E_CRYPTO, E_NOMEM. */
int ke_offer(const struct alg *alg, struct ke **out, struct wbuf *out_offer) ERR_MUST_CHECK;
/* Responder: from the peer's offer make the answer (appended) and the shared secret. */
int ke_answer(const struct alg *alg, struct view offer, struct wbuf *out_answer,
	      struct secret *out_secret) ERR_MUST_CHECK;
/* Initiator: from the peer's answer the shared secret. The state stays the caller's. */
int ke_finish(struct ke *ke, struct view answer, struct secret *out_secret) ERR_MUST_CHECK;
const struct alg *ke_alg(const struct ke *ke);
/* Wipe and free. */
void ke_free(struct ke *ke);

#endif
