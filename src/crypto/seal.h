/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct alg;
struct seal;

/*
 * One direction of authenticated encryption, for SK payloads and for ESP: an AEAD cipher (GCM, CCM,
 * ChaCha20-Poly1305), or a cipher (CBC, CTR, NULL) with an integrity algorithm over
 * aad | iv | ciphertext | aad_tail.
 */
struct seal_params {
	const struct alg *encr;
	uint16_t key_bits;	 /* of the negotiated transform; 0 if it has no attribute */
	const struct alg *integ; /* NULL for AEAD */
	struct view key_e;	 /* seal_key_e_len() bytes: key, then salt */
	struct view key_a;	 /* u.integ.key_len bytes; empty for AEAD */
};

/* Keying material wanted for the encryption key, salt included, bytes; 0 if not allowed. */
size_t seal_key_e_len(const struct alg *encr, uint16_t key_bits);
/* Length of the integrity key, bytes; 0 for AEAD. */
size_t seal_key_a_len(const struct alg *encr, const struct alg *integ);
/* Copies the keys. E_NOMEM, E_CRYPTO, E_UNSUPPORTED, E_MALFORMED for wrong key lengths. */
int seal_new(const struct seal_params *params, struct seal **out) ERR_MUST_CHECK;
/* Wipes the keys. */
void seal_free(struct seal *s);
size_t seal_iv_len(const struct seal *s);
size_t seal_icv_len(const struct seal *s);
/* Plaintext must be a multiple of this many bytes (1 for stream ciphers). */
size_t seal_block(const struct seal *s);
/* Whether the IV is a counter that must never repeat (else: unpredictable random). */
bool seal_iv_is_counter(const struct seal *s);

struct seal_io {
	struct view aad;   /* authenticated only */
	const uint8_t *iv; /* seal_iv_len() bytes */
	uint8_t *data;	   /* en- or decrypted in place */
	size_t len;
	uint8_t *icv;	      /* seal_icv_len() bytes, written or checked */
	struct view aad_tail; /* authenticated after the ciphertext (ESN high bits, non-AEAD) */
};

/* Encrypt in place and write the ICV. E_CRYPTO. */
int seal_encrypt(struct seal *s, const struct seal_io *io) ERR_MUST_CHECK;
/* Check the ICV (constant time), then decrypt in place. E_INTEGRITY: data is not plaintext. */
int seal_decrypt(struct seal *s, const struct seal_io *io) ERR_MUST_CHECK;

#endif
