/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_INTAUTH_H
#define IKE_INTAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/prf.h"
#include "wire/msg.h"

struct alg;

/* Authentication of IKE_INTERMEDIATE messages (RFC 9242 section 3.3.2). All-zero: none were
 * sent. */
struct intauth {
	uint8_t i[PRF_MAX_LEN], r[PRF_MAX_LEN]; /* IntAuth_iN, IntAuth_rN */
	unsigned n_i, n_r;			/* messages that went into them */
};

struct intauth_message {
	const struct alg *prf;
	bool of_initiator;
	struct view sk_p;	    /* SK_pi or SK_pr in force for this message */
	const struct wire_hdr *hdr; /* its header; next and length are not looked at */
	uint8_t first;		    /* type of the first payload inside */
	struct view plain;	    /* payloads inside, decrypted, of all fragments together */
};

/* IntAuth_xN = prf(SK_px, IntAuth_x(N-1) | A | P). E_CRYPTO. */
int intauth_add(struct intauth *a, const struct intauth_message *m) ERR_MUST_CHECK;
/* Append IntAuth_iN | IntAuth_rN | message id of IKE_AUTH to signed octets; nothing if no message
 * was added. */
void intauth_put(const struct intauth *a, const struct alg *prf, uint32_t auth_msgid,
		 struct wbuf *out);

#endif
