/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_KEYREF_H
#define CRED_KEYREF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/sign.h"

/*
 * A handle on a private key: immutable, reference-counted (atomically). All private-key operations
 * go through it, so that keys can move to another process or a token without anyone noticing.
 */
struct keyref;

/*
 * Load PEM or DER: PKCS#8 (plain or encrypted), PKCS#1 RSA, SEC1 EC. passphrase may be NULL.
 * E_MALFORMED if it is no private key, E_UNSUPPORTED if it is one that no provider knows, E_AUTH if
 * it is encrypted and the passphrase is missing or wrong. Never prompts.
 */
int keyref_load(struct view data, const char *passphrase, struct keyref **out) ERR_MUST_CHECK;
/* A handle on a key in hand; takes a reference of its own. E_UNSUPPORTED if it has no encoding. */
int keyref_from_pkey(EVP_PKEY *pkey, struct keyref **out) ERR_MUST_CHECK;
struct keyref *keyref_get(const struct keyref *k);
void keyref_put(struct keyref *k);
/* SHA-1 of the subjectPublicKey bits (strongSwan's key id for vici get-keys), 20 bytes. */
const uint8_t *keyref_id(const struct keyref *k);
/* "RSA", "ECDSA", "ED25519", ... */
const char *keyref_type(const struct keyref *k);
unsigned keyref_bits(const struct keyref *k);
/* sign_choose_of() and sign_create() with this key. May run in a job. */
const struct sign_scheme *keyref_choose(const struct keyref *k, const struct sign_choice *choice);
int keyref_sign(const struct keyref *k, const struct sign_scheme *scheme, struct view tbs,
		struct wbuf *out) ERR_MUST_CHECK;

#endif
