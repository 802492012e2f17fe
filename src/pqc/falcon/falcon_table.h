/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_TABLE_H
#define PQC_FALCON_FALCON_TABLE_H

#include <stdint.h>

/* Computed by scripts/falcon-tables.py. rev10 reverses the order of ten bits. */

/* exp(i pi rev10(k) / 1024), each part the bits of the nearest double. */
extern const uint64_t falcon_table_re[1024];
extern const uint64_t falcon_table_im[1024];

/* w^rev10(k) * 2^16 mod q, between -q/2 and q/2, for w a primitive 2048th root of 1; and of 1/w. */
extern const int16_t falcon_table_root[1024];
extern const int16_t falcon_table_unroot[1024];

/* Key generation: 2^63 times the chance of 0, then those to be above 1, 2, ... for all but 0. */
#define FALCON_TABLE_GAUSS 27
extern const int64_t falcon_table_gauss[FALCON_TABLE_GAUSS];

/*
 * Signing: 2^72 times the chances of the base sampler to be above 0, 1, ...: 18 of them and zeros,
 * in three limbs of 24 bits, all low limbs first.
 */
#define FALCON_TABLE_TAIL 24
extern const int32_t falcon_table_tail[3 * FALCON_TABLE_TAIL];

#endif
