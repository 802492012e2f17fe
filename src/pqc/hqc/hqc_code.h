/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_HQC_HQC_CODE_H
#define PQC_HQC_HQC_CODE_H

#include <stddef.h>
#include <stdint.h>

#define HQC_MAX_K     32
#define HQC_MAX_N1    90
#define HQC_MAX_DELTA 29

/*
 * The code of a set: k bytes, by a Reed-Solomon code that corrects delta of its n1 bytes, and each
 * of those by `copies` of a Reed-Muller codeword of 128 bits. Section 3 of the specification.
 */
struct hqc_code {
	unsigned k, n1, delta, copies;
	uint8_t generator[2 * HQC_MAX_DELTA]; /* without its leading 1 */
};

#define HQC_CODE_WORDS(code) ((size_t)(code)->n1 * (code)->copies * 2)

/* out (HQC_CODE_WORDS) = the codeword of msg (k bytes). */
void hqc_code_encode(const struct hqc_code *code, uint64_t *out, const uint8_t *msg);
/* The nearest message, if there are not too many errors; else some message. */
void hqc_code_decode(const struct hqc_code *code, uint8_t *msg, const uint64_t *in);

#endif
