/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLDSA_MLDSA_AVX2_PACK_H
#define PQC_MLDSA_MLDSA_AVX2_PACK_H

#include "pqc/mldsa/mldsa_ops.h"

/* pack and unpack of struct mldsa_ops */
void mldsa_avx2_pack(uint8_t *out, const struct mldsa_poly *a, enum mldsa_format format);
void mldsa_avx2_pack_read(struct mldsa_poly *a, const uint8_t *in, enum mldsa_format format);

#endif
