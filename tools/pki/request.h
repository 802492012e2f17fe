/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_REQUEST_H
#define PKI_REQUEST_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* What certificate requests (RFC 2986) ask for, beside a subject and a key. */

/* The words of --profile, NULL at the end, and the EXTEND_* purposes of each. */
extern const char *const request_profiles[];
/* EXTEND_* of what the request says; 0 if it has no profile that is known. */
unsigned request_purposes(X509_REQ *request);
/* Its subjectAltName, to be freed; NULL if there is none. */
GENERAL_NAMES *request_sans(X509_REQ *request);
/* Append the profile, number i of the words, as an extension. 0 or E_NOMEM. */
int request_add_profile(size_t i, STACK_OF(X509_EXTENSION) * *io);

#endif
