/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_OUTFILE_H
#define PKI_OUTFILE_H

#include <openssl/x509.h>

#include "tools/pki/opt.h"

/*
 * Writing what commands have made to standard output, in the encoding of --outform (der unless
 * given). PKI_OK, or PKI_FAILED, said.
 */

/* RSA and EC keys in their own traditional form, as strongSwan's tool does; others in PKCS#8. */
int outfile_private(const struct opts *o, EVP_PKEY *key);
int outfile_public(const struct opts *o, EVP_PKEY *key);
int outfile_cert(const struct opts *o, X509 *cert);
int outfile_crl(const struct opts *o, X509_CRL *crl);
int outfile_request(const struct opts *o, X509_REQ *request);
/* --outform before any work is done. */
int outfile_check(const struct opts *o) ERR_MUST_CHECK;

#endif
