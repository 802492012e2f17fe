/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_INFILE_H
#define PKI_INFILE_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/err.h"
#include "tools/pki/opt.h"

/*
 * Reading what commands work on, in PEM or DER. A path of NULL is standard input. `option` names
 * the option (without dashes) that decides about the path. What is wrong is said by pki_fail():
 * with option, file, what was expected and, if it can be told, what was found. E_*.
 */

int infile_read(const char *path, const char *option, struct wbuf *out) ERR_MUST_CHECK;

/* For EVP_PKEY_free() and so on. A passphrase is asked for on the terminal. */
int infile_private(const char *path, const char *option, EVP_PKEY **out) ERR_MUST_CHECK;
int infile_public(const char *path, const char *option, EVP_PKEY **out) ERR_MUST_CHECK;
int infile_cert(const char *path, const char *option, X509 **out) ERR_MUST_CHECK;
int infile_crl(const char *path, const char *option, X509_CRL **out) ERR_MUST_CHECK;
/* Its signature has been verified: whoever made it has the private key. */
int infile_request(const char *path, const char *option, X509_REQ **out) ERR_MUST_CHECK;

/*
 * The private key that --in and --type name: "priv" or a kind of key, which it must be then;
 * --keyid is refused.
 */
int infile_given_private(const struct opts *o, EVP_PKEY **out) ERR_MUST_CHECK;
/* The public key in whatever --in and --type name; type is used if there is no --type. */
int infile_given_public(const struct opts *o, const char *type, EVP_PKEY **out) ERR_MUST_CHECK;
/*
 * The CA of --cacert and --cakey: they must belong together, and it must be a CA; that it has
 * expired is only warned of. Both are the caller's.
 */
int infile_given_ca(const struct opts *o, X509 **out_cert, EVP_PKEY **out_key) ERR_MUST_CHECK;

#endif
