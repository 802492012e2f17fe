/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/types.h>

#include "base/buf.h"
#include "base/err.h"

struct alg_mac;

#define MAC_MAX_LEN 64

/*
 * Message authentication under one key, any number of messages: what prf.c and seal.c are built on.
 * Private to this room. Not for two threads at once.
 */
struct mac {
	const struct alg_mac *row;
	union {
		EVP_MAC_CTX *ctx;   /* HMAC, CMAC */
		EVP_CIPHER_CTX *k1; /* XCBC: CBC under K1 */
	};
	uint8_t k2[16], k3[16]; /* XCBC: masks of a whole and of a padded last block */
};

struct mac_ops {
	int (*init)(struct mac *m, struct view key);
	int (*compute)(struct mac *m, const struct view *parts, size_t n, uint8_t *out);
	void (*done)(struct mac *m);
};

/* HMAC (RFC 2104) and AES-CMAC (RFC 4493), which OpenSSL brings. */
extern const struct mac_ops mac_evp_ops;
/* AES-XCBC (RFC 3566), built on AES. */
extern const struct mac_ops mac_xcbc_ops;

/* Whether the OpenSSL at hand can do it. */
bool mac_available(const struct alg_mac *row);
/* Set the key: for CMAC and XCBC exactly 16 bytes, else E_MALFORMED. E_NOMEM, E_CRYPTO. */
int mac_init(struct mac *m, const struct alg_mac *row, struct view key) ERR_MUST_CHECK;
/* out = MAC of parts[0] | parts[1] | ...: row->len bytes, not truncated. E_CRYPTO. */
int mac_compute(struct mac *m, const struct view *parts, size_t n, uint8_t *out) ERR_MUST_CHECK;
/* Wipe the key. Harmless on an all-zero struct. */
void mac_done(struct mac *m);

#endif
