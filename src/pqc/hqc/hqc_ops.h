/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_HQC_HQC_OPS_H
#define PQC_HQC_HQC_OPS_H

#include "pqc/hqc/hqc_code.h"

/* In constant time: the contents of words and bytes are secret, the code is not. */
struct hqc_ops {
	/* parity (2 * delta) of msg (k). */
	void (*rs_encode)(const struct hqc_code *code, uint8_t *parity, const uint8_t *msg);
	/* msg (k) of a word (n1): parity first. */
	void (*rs_decode)(const struct hqc_code *code, uint8_t *msg, const uint8_t *word);
	/* The n1 bytes whose repeated codewords are nearest to in. */
	void (*rm_decode)(const struct hqc_code *code, uint8_t *out, const uint64_t *in);
};

extern const struct hqc_ops hqc_c_ops;
extern const struct hqc_ops hqc_avx2_ops;
extern const struct hqc_ops hqc_avx512_ops;

#endif
