/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_KEYS_H
#define IKE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

struct alg;

/* Key derivation of RFC 7296 sections 2.14 to 2.18. */

/* SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr. All-zero is empty. */
struct keys_ike {
	struct secret d, ai, ar, ei, er, pi, pr;
};

struct keys_ike_params {
	const struct alg *prf, *encr, *integ; /* integ NULL for AEAD */
	const struct alg *old_prf; /* of the SA that is rekeyed (section 2.18); NULL: prf */
	uint16_t key_bits;	   /* ENCR key length attribute */
	struct view sk_d;	   /* of the keys so far, for a further key exchange (RFC 9370
						 section 2.2.2); empty: the first one */
	struct view shared;	   /* g^ir or SK(n) */
	struct view ni, nr;	   /* nonces */
	struct view further;	   /* of a rekey: SK(1) | ... | SK(n) (RFC 9370 section 2.2.4) */
	uint64_t spi_i, spi_r;
};

/* Section 2.14. E_CRYPTO, E_NOMEM; *out empty on failure. */
int keys_derive_ike(const struct keys_ike_params *p, struct keys_ike *out) ERR_MUST_CHECK;
void keys_ike_done(struct keys_ike *k);

/* RFC 8784 section 3: SK_d, SK_pi and SK_pr of `plain` mixed with a PPK; the others stay empty. */
int keys_mix_ppk(const struct alg *prf, struct view ppk, const struct keys_ike *plain,
		 struct keys_ike *out) ERR_MUST_CHECK;

/* Keys of a CHILD SA: _i of the initiator's outbound SA, _r of the responder's. */
struct keys_child {
	struct secret encr_i, integ_i, encr_r, integ_r;
};

struct keys_child_params {
	const struct alg *prf, *encr, *integ;
	uint16_t key_bits;
	struct view sk_d;
	struct view shared;  /* g^ir (new); empty without PFS */
	struct view ni, nr;  /* of the exchange that makes the child */
	struct view further; /* SK(1) | ... | SK(n) of further key exchanges (RFC 9370 2.2.4) */
};

/* Section 2.17. */
int keys_derive_child(const struct keys_child_params *p, struct keys_child *out) ERR_MUST_CHECK;
void keys_child_done(struct keys_child *k);

/*
 * Octets to be signed (section 2.15): message | nonce | prf(SK_p, id body), appended to out.
 * id_body is the ID payload without its generic header.
 */
struct keys_auth_params {
	const struct alg *prf;
	struct view message; /* RealMessage1 or RealMessage2 */
	struct view nonce;   /* the other side's */
	struct view sk_p;    /* SK_pi or SK_pr of the one who authenticates */
	struct view id_body;
};
int keys_auth_octets(const struct keys_auth_params *p, struct wbuf *out) ERR_MUST_CHECK;
/* AUTH data of a shared key over those octets; out has the PRF's length. */
int keys_psk_auth(const struct alg *prf, struct view psk, struct view octets,
		  uint8_t *out) ERR_MUST_CHECK;

#endif
