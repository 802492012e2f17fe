/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_CERT_H
#define CRED_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "cred/id.h"

#define CERT_KEYID_LEN 20

/* An X.509 certificate: immutable, reference-counted (atomically: jobs hold references). */
struct cert {
	unsigned refs; /* touched only by cert_get/cert_put */
	X509 *x509;
	struct view der; /* owned by the struct */
	struct id subject, issuer;
	uint8_t spki_sha1[CERT_KEYID_LEN];   /* SHA-1 of SubjectPublicKeyInfo: keyid, CERTREQ */
	uint8_t subject_key[CERT_KEYID_LEN]; /* SHA-1 of the subjectPublicKey bits: subjkey */
	bool ca;			     /* basicConstraints CA */
	bool self_signed;
	int64_t not_before, not_after; /* seconds since the epoch */
};

/* Decode DER, or the first PEM CERTIFICATE. E_MALFORMED. */
int cert_parse(struct view data, struct cert **out) ERR_MUST_CHECK;
struct cert *cert_get(const struct cert *c);
void cert_put(struct cert *c); /* NULL is fine */
/*
 * How well the certificate speaks for an identity: its subject DN, a subjectAltName (dns, email,
 * ip, dn), or a key id; as id_match(). The CN alone does not count.
 */
unsigned cert_has_id(const struct cert *c, const struct id *id);
/* Its public key, borrowed; NULL if no provider knows that kind of key. */
EVP_PKEY *cert_key(const struct cert *c);
/* Subject as a string to free. */
char *cert_subject_text(const struct cert *c);
/* Append what it speaks for: "dns:a.example, email:b@example, subject \"C=CH, CN=x\"". */
void cert_write_ids(const struct cert *c, struct wbuf *out);

#endif
