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
};

/*
 * 0 and a reference to the end entity in *out; else E_UNTRUSTED, E_EXPIRED, E_AUTH (certificate
 * does not have the identity; a wildcard in params->id is taken literally), E_CONFIG (constraint
 * not met). Every step that a person wants to see is a note ("  using certificate \"...\"",
 * "  using trusted ca certificate \"...\"", "  reached self-signed root ca with a path length of
 * N", or why not, with the option that decides it).
 */
int trust_check(struct cred_store *store, const struct trust_params *params,
		struct log_notes *notes, struct cert **out) ERR_MUST_CHECK;
/* Without certificates from the peer: find one in the store for its id and check that; chain is not
 * looked at. trust_check() does this by itself when n_chain is 0. */
int trust_check_known(struct cred_store *store, const struct trust_params *params,
		      struct log_notes *notes, struct cert **out) ERR_MUST_CHECK;

#endif
