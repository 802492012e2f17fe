/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_ESP_CRYPT_H
#define IPSEC_USER_ESP_CRYPT_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/seal.h"

/*
 * The seam between ESP and its cryptography: whole batches, so that an implementation which works
 * on several packets at once fits behind it.
 */
struct esp_job {
	struct seal *seal;
	struct seal_io io;
	uint8_t extra[12]; /* what io.aad or io.aad_tail point to with ESN */
	size_t packet;	   /* index in the caller's batch */
	int err;	   /* result: 0, E_INTEGRITY, E_CRYPTO */
};

/*
 * Make io.aad and io.aad_tail of a job (RFC 4303 section 2.2.1 and appendix A2.3; RFC 4106
 * section 5). header: SPI and low half of seq, as in the packet; aead and esn as negotiated.
 */
enum { ESP_CRYPT_AEAD = 1, ESP_CRYPT_ESN = 2 };
void esp_crypt_bind(struct esp_job *job, const uint8_t *header, uint64_t seq, unsigned flags);
/* Encrypt all. */
void esp_crypt_seal(struct esp_job *jobs, size_t n);
/* Check and decrypt all. */
void esp_crypt_open(struct esp_job *jobs, size_t n);

#endif
