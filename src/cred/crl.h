/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_CRL_H
#define CRED_CRL_H

#include <stdbool.h>
#include <stdint.h>
#include <openssl/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "cred/id.h"

/* A certificate revocation list: immutable, reference-counted (atomically, as struct cert). */
struct crl {
	unsigned refs; /* touched only by crl_get/crl_put */
	X509_CRL *x509;
	struct view der; /* owned by the struct */
	struct id issuer;
	ASN1_INTEGER *number; /* NULL: it has none */
	int64_t this_update;  /* seconds since the epoch, as the next */
	int64_t next_update;  /* INT64_MAX: it names none */
	bool partial; /* a delta CRL, or one for some certificates or some reasons only: what
				 it does not list need not be good */
};

/*
 * Decode DER, or the first PEM X509 CRL. E_MALFORMED; E_UNSUPPORTED for an indirect CRL or a
 * critical extension that is not understood, which therefore must not be used (RFC 5280 section
 * 5.2).
 */
int crl_parse(struct view data, struct crl **out) ERR_MUST_CHECK;
struct crl *crl_get(const struct crl *c);
void crl_put(struct crl *c); /* NULL is fine */
/* Whether c is of the same series as old, and not an earlier one: either of two that are level. */
bool crl_supersedes(const struct crl *c, const struct crl *old);
/* Whether names and key identifiers say that issuer signed it. */
bool crl_names_issuer(const struct crl *c, const X509 *issuer);
/* Whether it lists x, which its issuer issued; then when, and a reason for crl_reason_text(). */
bool crl_lists(const struct crl *c, X509 *x, int64_t *out_when, int *out_reason);
/* The text of a CRLReason (RFC 5280 section 5.3.1): "key compromise". Never NULL. */
const char *crl_reason_text(int reason);

#endif
