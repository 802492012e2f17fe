/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_AES_AES_OPS_H
#define PQC_AES_AES_OPS_H

#include "pqc/aes/aes.h"

/* What a variant provides. expand() finds rounds set, and key_len of 16 or 32. */
struct aes_ops {
	void (*expand)(struct aes *aes, const uint8_t *key, size_t key_len);
	void (*encrypt)(const struct aes *aes, const uint8_t *in, uint8_t *out, size_t n);
};

extern const struct aes_ops aes_c_ops;
extern const struct aes_ops aes_ni_ops;
extern const struct aes_ops aes_vaes_ops;

/* The schedule of AES-NI, which VAES shares: round keys in the byte order of FIPS 197. */
void aes_ni_expand(struct aes *aes, const uint8_t *key, size_t key_len);

#endif
