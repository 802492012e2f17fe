/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_REVOKE_H
#define CRED_REVOKE_H

#include <stdint.h>
#include <openssl/types.h>

#include "base/log.h"

struct cred_store;

enum revoke_status {
	REVOKE_GOOD,	/* a complete CRL that is in date does not list it */
	REVOKE_MISSING, /* there is no CRL that could tell */
	REVOKE_STALE,	/* one that is out of date does not list it */
	REVOKE_REVOKED
};

/*
 * What the CRLs in the store tell of x, whose signature by issuer was verified (RFC 5280 section
 * 6.3; CRLs come from the store only). A CRL counts if issuer signed it and may sign CRLs. One that
 * lists x revokes it even when it is out of date: a certificate does not become good by a list that
 * nobody renewed. now is in seconds since the epoch; the notes say what was found. A CRL that lacks
 * memory to be looked at counts as missing.
 */
enum revoke_status revoke_check(struct cred_store *store, X509 *x, X509 *issuer, int64_t now,
				struct log_notes *notes);

#endif
