/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLKEM_MLKEM_AVX2_H
#define PQC_MLKEM_MLKEM_AVX2_H

#include "pqc/mlkem/mlkem_ops.h"

/* Functions of the AVX2 variant that do not know its order, and serve on the next level too. */
void mlkem_avx2_scale_add(struct mlkem_poly *to, const struct mlkem_poly *e);
void mlkem_avx2_add(struct mlkem_poly *r, const struct mlkem_poly *a);
void mlkem_avx2_sub_from(struct mlkem_poly *r, const struct mlkem_poly *a);
void mlkem_avx2_noise2(struct mlkem_poly *to, const uint8_t *in);
void mlkem_avx2_noise3(struct mlkem_poly *to, const uint8_t *in);
void mlkem_avx2_add_msg(struct mlkem_poly *r, const uint8_t *msg);

#define MLKEM_AVX2_SHARED                                                                          \
	.scale_add = mlkem_avx2_scale_add, .add = mlkem_avx2_add, .sub_from = mlkem_avx2_sub_from, \
	.noise2 = mlkem_avx2_noise2, .noise3 = mlkem_avx2_noise3, .add_msg = mlkem_avx2_add_msg

#endif
