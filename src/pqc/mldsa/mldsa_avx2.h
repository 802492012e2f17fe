/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLDSA_MLDSA_AVX2_H
#define PQC_MLDSA_MLDSA_AVX2_H

#include "pqc/mldsa/mldsa_avx2_pack.h"
#include "pqc/mldsa/mldsa_ops.h"

/* What does not depend on the order of transformed polynomials; see struct mldsa_ops. */
void mldsa_avx2_add(struct mldsa_poly *r, const struct mldsa_poly *a);
void mldsa_avx2_sub(struct mldsa_poly *r, const struct mldsa_poly *a);
void mldsa_avx2_small(struct mlkem_poly *r, const struct mldsa_poly *a);
void mldsa_avx2_add_small(struct mldsa_poly *to, const struct mlkem_poly *a);
void mldsa_avx2_sub_small(struct mldsa_poly *to, const struct mlkem_poly *a);
void mldsa_avx2_reduce(struct mldsa_poly *a);
void mldsa_avx2_canonical(struct mldsa_poly *a);
uint32_t mldsa_avx2_exceeds(const struct mldsa_poly *a, int32_t bound);
unsigned mldsa_avx2_reject_eta2(int32_t *out, unsigned n, const uint8_t *in, size_t len);
unsigned mldsa_avx2_reject_eta4(int32_t *out, unsigned n, const uint8_t *in, size_t len);
void mldsa_avx2_power2round(struct mldsa_poly *high, struct mldsa_poly *low);
void mldsa_avx2_decompose(struct mldsa_poly *high, struct mldsa_poly *low, int32_t gamma2);
unsigned mldsa_avx2_make_hint(uint8_t *bits, const struct mldsa_poly *high,
			      const struct mldsa_poly *low, int32_t gamma2);
void mldsa_avx2_use_hint(struct mldsa_poly *a, const uint8_t *bits, int32_t gamma2);

#define MLDSA_AVX2_SHARED                                                             \
	.add = mldsa_avx2_add, .sub = mldsa_avx2_sub, .small = mldsa_avx2_small,      \
	.add_small = mldsa_avx2_add_small, .sub_small = mldsa_avx2_sub_small,         \
	.reduce = mldsa_avx2_reduce, .canonical = mldsa_avx2_canonical,               \
	.exceeds = mldsa_avx2_exceeds, .reject_eta2 = mldsa_avx2_reject_eta2,         \
	.reject_eta4 = mldsa_avx2_reject_eta4, .power2round = mldsa_avx2_power2round, \
	.decompose = mldsa_avx2_decompose, .make_hint = mldsa_avx2_make_hint,         \
	.use_hint = mldsa_avx2_use_hint, .pack = mldsa_avx2_pack, .unpack = mldsa_avx2_pack_read

#endif
