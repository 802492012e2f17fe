/* SPDX-License-Identifier: Apache-2.0 */
/* Processors of this level have more multipliers than one candidate can keep busy. */
#define FALCON_SAMPLE_AHEAD
#define FALCON_FPR_NATIVE

#include "pqc/falcon/falcon_lift.h"
#include "pqc/falcon/falcon_sign.h"

const struct falcon_float_ops falcon_float_avx2_ops = {
	.is_short = is_short,
	.norms = norms,
	.from_words = from_words,
	.babai_start = babai_start,
	.babai_round = babai_round,
	.lift = lift,
	.lift_last = lift_last,
	.is_basis = is_basis,
	.sign_start = sign_start,
	.sign_try = sign_try,
};
