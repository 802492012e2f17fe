/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ALG_H
#define CRYPTO_ALG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The one table of algorithms. A row is an IKEv2 transform: (type, id) as on the wire (type 1 ENCR,
 * 2 PRF, 3 INTEG, 4 KE; additional key exchanges 6..12 share the ids of type 4), its name, sizes
 * and functions. No other file switches on an algorithm id.
 *
 * What OpenSSL cannot do is left out. It is asked once, at the first call of a function below: a
 * program that wants the post-quantum rows loads their provider (provider/provider.h) before that.
 */
enum { ALG_ENCR = 1, ALG_PRF = 2, ALG_INTEG = 3, ALG_KE = 4, ALG_ESN = 5 };

struct alg_cipher; /* private rows of seal.c, prf.c, ke.c */
struct alg_mac;
struct alg_ke;

struct alg {
	uint8_t type;
	uint16_t id;
	const char *name; /* "AES_CBC", "HMAC_SHA2_256_128", "CURVE_25519" */
	const char *impl; /* who does it, for get-algorithms: "openssl", "cygnetpq" */
	union {
		struct {
			/* allowed key lengths, 0-terminated; first = default */
			uint16_t key_bits[4];
			bool key_attr; /* a Key Length attribute is sent */
			bool aead;
			bool iv_counter; /* IV is a counter; otherwise it must be unpredictable */
			uint8_t salt_len, iv_len, block, icv_len; /* bytes; icv_len of an AEAD */
			const struct alg_cipher *impl;
		} encr;
		struct {
			uint8_t out_len, key_len; /* bytes; key_len of SK_d and SK_p */
			bool fixed_key; /* XCBC, CMAC: RFC 7296 section 2.14 halves nonces */
			const struct alg_mac *impl;
		} prf;
		struct {
			uint8_t key_len, icv_len; /* bytes */
			const struct alg_mac *impl;
		} integ;
		struct {
			bool kem; /* offer is a public key, answer a ciphertext */
			bool post_quantum;
			uint16_t offer_len, answer_len; /* KE payload data, bytes */
			uint16_t strength;		/* security bits, classical */
			const struct alg_ke *impl;
		} ke;
	} u;
};

/* Row of a transform (ADDKE types are looked up as KE), or NULL if unknown or not available. */
const struct alg *alg_find(uint8_t transform_type, uint16_t id);
/* All rows in list order (that of the seed's list-algs for KE); index from 0, NULL at the end. */
const struct alg *alg_at(size_t index);

/* One keyword of a proposal string, e.g. "aes256gcm16", "sha256", "prfsha384", "x25519". */
struct alg_keyword {
	const char *word;
	uint8_t type;
	uint16_t id;
	uint16_t key_bits;
};

/* Case-insensitive; NULL if unknown or the algorithm is not available. */
const struct alg_keyword *alg_keyword_find(const char *word);
/* All keywords, for suggestions; index from 0, NULL at the end. */
const struct alg_keyword *alg_keyword_at(size_t index);
/* PRF that goes with an integrity algorithm when a proposal names none (id), or 0. */
uint16_t alg_prf_for_integ(uint16_t integ_id);
/* Bits of ENCR key for (alg, key_bits attribute): the attribute, or the fixed length; 0 if bad. */
unsigned alg_encr_key_bits(const struct alg *encr, uint16_t key_bits);
/* Name of a number for log lines; without a row "ENCR_99"-style. Returns buf, or the row's name. */
const char *alg_name(uint8_t transform_type, uint16_t id, char buf[32]);

#endif
