/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_AES_AES_H
#define PQC_AES_AES_H

#include <stddef.h>
#include <stdint.h>

#define AES_BLOCK_LEN	16
#define AES_128_KEY_LEN 16
#define AES_256_KEY_LEN 32
#define AES_MAX_ROUNDS	14

/*
 * AES encryption (FIPS 197) in constant time: bitsliced C, or the AES instructions. What the
 * schedule looks like is the variant's own: a struct aes is used at the level it was made at.
 */
struct aes {
	uint64_t schedule[(AES_MAX_ROUNDS + 1) * 8] __attribute__((aligned(64)));
	unsigned rounds;
	const void *ops;
};

/* key_len is 16 or 32. */
void aes_init(struct aes *aes, const uint8_t *key, size_t key_len);
/* ECB: n blocks from in to out, which may be the same. Many blocks at once are much faster. */
void aes_encrypt(const struct aes *aes, const uint8_t *in, uint8_t *out, size_t n);
/* Wipes the schedule. */
void aes_done(struct aes *aes);

#endif
