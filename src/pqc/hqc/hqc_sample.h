/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_HQC_HQC_SAMPLE_H
#define PQC_HQC_HQC_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "pqc/aes/aes.h"
#include "pqc/gf2x/gf2x.h"

#define HQC_SEED_LEN 40

/* The NIST seed expander: AES-256 in counter mode. */
struct hqc_stream {
	struct aes aes;
	uint8_t counter[AES_BLOCK_LEN];
	uint8_t block[AES_BLOCK_LEN];
	unsigned used; /* bytes of block */
};

void hqc_sample_start(struct hqc_stream *s, const uint8_t seed[HQC_SEED_LEN]);
void hqc_sample_read(struct hqc_stream *s, uint8_t *out, size_t len);
void hqc_sample_done(struct hqc_stream *s);

/*
 * Polynomials of one weight (at most 149) from the beginning of the stream of a seed, one after the
 * other, at most three. How many bytes of the stream they took does not show. 0 or PQC_E_INTERNAL.
 */
struct hqc_sample {
	unsigned weight, n;
	uint64_t *polys; /* n * stride words */
	size_t stride;
};

int hqc_sample_vectors(const struct gf2x *ring, const uint8_t seed[HQC_SEED_LEN],
		       const struct hqc_sample *sample);

#endif
