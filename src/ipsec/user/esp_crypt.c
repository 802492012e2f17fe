/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/esp_crypt.h"

#include <string.h>

#include "ipsec/user/packet.h"

#define HEADER 8

void esp_crypt_bind(struct esp_job *job, const uint8_t *header, uint64_t seq, unsigned flags)
{
	const uint32_t high = (uint32_t)(seq >> 32), low = (uint32_t)seq;

	job->io.aad = view_make(header, HEADER);
	job->io.aad_tail = view_make(NULL, 0);
	if (!(flags & ESP_CRYPT_ESN))
		return;
	if (flags & ESP_CRYPT_AEAD) {
		memcpy(job->extra, header, 4);
		packet_put32(job->extra + 4, high);
		packet_put32(job->extra + 8, low);
		job->io.aad = view_make(job->extra, 12);
	} else {
		packet_put32(job->extra, high);
		job->io.aad_tail = view_make(job->extra, 4);
	}
}

void esp_crypt_seal(struct esp_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		jobs[i].err = seal_encrypt(jobs[i].seal, &jobs[i].io);
}

void esp_crypt_open(struct esp_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		jobs[i].err = seal_decrypt(jobs[i].seal, &jobs[i].io);
}
