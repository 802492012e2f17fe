/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_SUITE_H
#define CONF_SUITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/proposal.h"

/* Proposals as text: "aes256-sha256-x25519-ke1_ecp384", "IKE:AES_CBC_256/HMAC_SHA2_256_128/...". */

/*
 * Parse one proposal string for protocol PROTO_IKE or PROTO_ESP. IKE: a PRF is added from the
 * integrity algorithms when none is named; an AEAD needs a named PRF or gets the default ones; a KE
 * is required. ESP without esn/noesn gets NO_EXT_SEQ. On failure E_CONFIG and *out_why says what
 * word is wrong and what was meant, as a string to free.
 */
int suite_parse(uint8_t protocol, const char *text, struct proposal *out,
		char **out_why) ERR_MUST_CHECK;
/* The built-in proposals ("default"), appended to out: those with ML-KEM go first. */
void suite_defaults(uint8_t protocol, struct proposals *out);
/*
 * Whether a key exchange of the proposal is post-quantum: of any choice from it, or, with
 * `some`, of at least one.
 */
bool suite_is_post_quantum(const struct proposal *p, bool some);
/* "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"; appended to out. */
void suite_text(const struct proposal *p, struct wbuf *out);
/* Several, joined by ", ". */
void suite_list_text(const struct proposals *l, struct wbuf *out);

#endif
