/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_SHA2_SHA2_H
#define PQC_SHA2_SHA2_H

#include <stddef.h>
#include <stdint.h>

#define SHA2_256_LEN 32
#define SHA2_384_LEN 48
#define SHA2_512_LEN 64

/* FIPS 180-4. out has room for the digest. */
void sha2_256(const void *in, size_t len, uint8_t *out);
void sha2_384(const void *in, size_t len, uint8_t *out);
void sha2_512(const void *in, size_t len, uint8_t *out);

/* SHA-512 of inputs in pieces; finish wipes the state. */
struct sha2_512 {
	uint64_t state[8];
	uint64_t total;
	uint8_t block[128];
};

void sha2_512_start(struct sha2_512 *s);
void sha2_512_update(struct sha2_512 *s, const void *in, size_t len);
void sha2_512_finish(struct sha2_512 *s, uint8_t *out);

/* SHA-256 of inputs in pieces; finish wipes the state. */
struct sha2_256 {
	uint32_t state[8];
	uint64_t total;
	uint8_t block[64];
};

void sha2_256_start(struct sha2_256 *s);
void sha2_256_update(struct sha2_256 *s, const void *in, size_t len);
void sha2_256_finish(struct sha2_256 *s, uint8_t *out);

#endif
