/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_TRUST_H
#define CRED_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cred/cert.h"
#include "cred/id.h"

struct cred_store;
struct strs;

/* What must be known of the certificates below the trust anchor (remote.revocation). */
enum trust_revocation {
	TRUST_RELAXED, /* that none of them is known to be revoked */
	TRUST_IFURI,   /* and that those that say where to ask are good */
	TRUST_STRICT,  /* that all of them are good */
};

/* Why a certificate was refused, where an alert has a name for it. */
enum trust_fault {
	TRUST_FAULT_NONE,
	TRUST_FAULT_EXPIRED,
	TRUST_FAULT_REVOKED,
	TRUST_FAULT_STATUS, /* not known to be good */
	TRUST_FAULT_NO_ISSUER,
	TRUST_FAULT_ROOT, /* self-signed, and no trust anchor */
	TRUST_FAULT_PATH_LENGTH,
};

/*
 * Whether a peer's end-entity certificate is trusted for its identity (RFC 5280 by OpenSSL, RFC
 * 4945 section 5 for key usage). Path building uses the store's CAs as anchors and `chain` as
 * untrusted intermediates. Slow: runs in a job; touches only the store and its arguments.
 */
struct trust_params {
	struct cert *const *chain; /* from the CERT payloads: [0] is the end entity */
	size_t n_chain;
	const struct id *id;	    /* the peer's IKE identity, must be in the certificate */
	struct cert *const *pinned; /* remote.certs: the end entity must be one, and is then
					  trusted without a CA; none = any */
	size_t n_pinned;
	struct cert *const *cacerts; /* remote.cacerts: one must be in the path; none = any */
	size_t n_cacerts;
	const char *ca_id; /* remote.ca_id: DN of a CA in the path; NULL = any */
	int64_t now;	   /* seconds since the epoch */
	unsigned min_bits_rsa, min_bits_ecdsa; /* remote.auth key strengths; 0 = any */
	const struct strs *words; /* of remote.auth (cred/constraint.h): hashes; NULL = any */
	enum trust_revocation revocation;
	enum trust_fault *out_fault; /* where it is refused; may be NULL */
};

/*
 * 0 and a reference to the end entity in *out; else E_UNTRUSTED, E_EXPIRED, E_REVOKED, E_AUTH (the
 * certificate does not have the identity; a wildcard in params->id is taken literally), E_CONFIG
 * (constraint not met, or not known to be good). Every step that a person wants to see is a note
 * ("  using certificate \"...\"", "  using trusted ca certificate \"...\"", "  reached self-signed
 * root ca with a path length of N", or why not, with the option that decides it).
 */
int trust_check(struct cred_store *store, const struct trust_params *params,
		struct log_notes *notes, struct cert **out) ERR_MUST_CHECK;
/* Without certificates from the peer: find one in the store for its id and check that; chain is not
 * looked at. trust_check() does this by itself when n_chain is 0. */
int trust_check_known(struct cred_store *store, const struct trust_params *params,
		      struct log_notes *notes, struct cert **out) ERR_MUST_CHECK;

#endif
