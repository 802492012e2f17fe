/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_KEYFILE_H
#define CTL_KEYFILE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/*
 * Private keys and key stores as they lie in files: decrypted here, so that the daemon need not
 * ask.
 */

struct keyfile {
	char type[32];	   /* "RSA", "ECDSA", ...; "" if there is no key */
	struct secret key; /* DER */
	size_t n_certs;
	struct secret *certs; /* DER, the key's own first */
};

/*
 * A private key: PEM or DER, PKCS#1, SEC1 or PKCS#8, encrypted or not. passphrase may be NULL.
 * E_AUTH: it is encrypted and the passphrase is missing or wrong; E_MALFORMED: it is no key we
 * know.
 */
int keyfile_open(struct view data, const char *passphrase, struct keyfile *out) ERR_MUST_CHECK;
/* PKCS#12 (RFC 7292), likewise. */
int keyfile_open_pkcs12(struct view data, const char *passphrase,
			struct keyfile *out) ERR_MUST_CHECK;
/* Wipe and free. */
void keyfile_done(struct keyfile *k);

#endif
