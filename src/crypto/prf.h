/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_PRF_H
#define CRYPTO_PRF_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

struct alg;

#define PRF_MAX_LEN 64

/*
 * out = prf(key, parts[0] | parts[1] | ...): u.prf.out_len bytes. HMAC (RFC 2104), AES-XCBC
 * (RFC 4434), AES-CMAC (RFC 4615). E_CRYPTO, E_UNSUPPORTED.
 */
int prf_compute(const struct alg *prf, struct view key, const struct view *parts, size_t n,
		uint8_t *out) ERR_MUST_CHECK;
/* prf+ (RFC 7296 section 2.13) of `seed` into `out`, len bytes. E_LIMIT over 255 blocks. */
int prf_plus(const struct alg *prf, struct view key, struct view seed, uint8_t *out,
	     size_t len) ERR_MUST_CHECK;
/* Plain hash by IKE hash number (RFC 7427: 1 SHA1 .. 4 SHA512); *out_len bytes, at most 64. */
int prf_hash(unsigned ike_hash, struct view data, uint8_t out[64], size_t *out_len) ERR_MUST_CHECK;
/* SHA-1 over parts, 20 bytes: NAT detection, key ids. */
int prf_sha1(const struct view *parts, size_t n, uint8_t out[20]) ERR_MUST_CHECK;

#endif
