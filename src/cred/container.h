/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_CONTAINER_H
#define CRED_CONTAINER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "cred/cert.h"
#include "cred/keyref.h"

/* What a PKCS#12 file holds. All-zero is empty. */
struct container {
	struct keyref *key; /* may be NULL */
	struct cert **certs;
	size_t n_certs;
};

/*
 * Open PKCS#12 (RFC 7292). E_AUTH: passphrase missing or wrong; E_MALFORMED; E_UNSUPPORTED if its
 * encryption (RC2, RC4) or key type is one that no loaded provider knows. The certificate of the
 * key comes first.
 */
int container_open(struct view data, const char *passphrase, struct container *out) ERR_MUST_CHECK;
void container_done(struct container *c);

#endif
