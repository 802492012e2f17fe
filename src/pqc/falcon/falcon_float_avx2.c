/* SPDX-License-Identifier: Apache-2.0 */
/* Processors of this level have more multipliers than one candidate can keep busy. */
#define FALCON_SAMPLE_AHEAD

#include "pqc/falcon/falcon_fpr_native.h"
#include "pqc/falcon/falcon_float_impl.h"
#include "pqc/falcon/falcon_sampler_impl.h"

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
