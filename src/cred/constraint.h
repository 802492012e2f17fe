/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_CONSTRAINT_H
#define CRED_CONSTRAINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "crypto/sign.h"

/*
 * What the words of `auth` (conf_auth.sig_allowed: "rsa-3072", "sha256", "ike:rsa/pss", in their
 * order) allow. Key types with the least sizes say which keys; a hash is for the key type before
 * it, or for all. Words with "ike:" are about the signature of IKE_AUTH alone, the others about the
 * certificates, and about that signature too unless there are words with "ike:".
 */

/* A signature of IKE_AUTH. inherit: the words about certificates count for it as well. */
struct constraint_signature {
	const struct sign_scheme *scheme;
	unsigned bits; /* of the key */
	bool inherit;
};
bool constraint_allows(const struct strs *words, const struct constraint_signature *s);
/* A certificate that a key of this type has signed with this hash (sign_scheme.ike_hash). */
bool constraint_allows_cert(const struct strs *words, const char *key_type, unsigned hash);
/* The least size of keys of this type in the certificates; 0: any. */
unsigned constraint_min_bits(const struct strs *words, const char *key_type);
/* The words as one would write them: "rsa-3072-sha256". */
void constraint_text(const struct strs *words, struct wbuf *out);

#endif
