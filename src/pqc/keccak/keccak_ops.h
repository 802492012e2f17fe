/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_KECCAK_KECCAK_OPS_H
#define PQC_KECCAK_KECCAK_OPS_H

#include <stdint.h>

/* Keccak-f[1600] on one state, and on 4 and 8 interleaved as in struct keccakx. */
struct keccak_ops {
	void (*permute)(uint64_t *lanes);
	void (*permute4)(uint64_t *lanes);
	void (*permute8)(uint64_t *lanes);
	unsigned width; /* 4 or 8: the cheaper one per state */
};

extern const struct keccak_ops keccak_c_ops;
extern const struct keccak_ops keccak_avx2_ops;
extern const struct keccak_ops keccak_avx512_ops;

/* The variant in use. */
const struct keccak_ops *keccak_ops(void);

#endif
