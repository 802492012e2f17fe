/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_KECCAK_KECCAK_OPS_H
#define PQC_KECCAK_KECCAK_OPS_H

#include <stdint.h>

#include "pqc/keccak/keccak.h"

/* Keccak-f[1600] on one state, and on 4 and 8 interleaved as in struct keccakx. */
struct keccak_ops {
	void (*permute)(uint64_t *lanes);
	void (*permute4)(uint64_t *lanes);
	void (*permute8)(uint64_t *lanes);
	unsigned cost[3]; /* of the three, in a unit of its own */
};

extern const struct keccak_ops keccak_c_ops;
extern const struct keccak_ops keccak_avx2_ops;
extern const struct keccak_ops keccak_avx512_ops;

/* How the input of a function of FIPS 202 is cut and padded. */
struct keccak_rule {
	uint8_t rate;	/* bytes of a block */
	uint8_t suffix; /* domain separation, and the first 1 of the padding */
};
const struct keccak_rule *keccak_rule(enum keccak_kind kind);

#define KECCAK_LAST_BIT 0x80 /* the second 1 of the padding, in the last byte of the block */

/* The variant in use. */
const struct keccak_ops *keccak_ops(void);

#endif
