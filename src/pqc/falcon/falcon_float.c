/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/falcon/falcon_float.h"

#include <string.h>

#include "pqc/cpu.h"
#include "pqc/mem.h"

#define LOGN  9
#define N     ((size_t)1 << LOGN)
#define SMALL 64 /* degree and rounds of the solver's part */
#define WORDS 3

struct trial {
	struct falcon_real work[FALCON_FLOAT_SIGN_REALS * N];
	struct {
		int8_t f[N], g[N], big_f[N], big_g[N];
		int16_t s2[N];
		int64_t norm[N], lift_f[N], lift_g[N];
		int32_t k[SMALL];
		uint32_t result[6];
	} out;
};

static uint64_t step(uint64_t *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return *state >> 32;
}

static void try_solver(const struct falcon_float_ops *ops, struct trial *t, uint64_t state)
{
	int32_t words[WORDS * SMALL];
	struct falcon_real *r = t->work;
	const struct falcon_babai b = {
		6, r, r + SMALL, r + 2 * SMALL, r + 3 * SMALL, r + 4 * SMALL};
	struct falcon_real *const polys[4] = {b.f, b.g, b.big_f, b.big_g};
	const struct falcon_lift lift = {LOGN - 1,	t->out.norm,   t->out.norm + N / 4,
					 t->out.lift_f, t->out.lift_g, r};
	const struct falcon_lift_last last = {
		LOGN,	       t->out.f,     t->out.g,	   t->out.lift_f,
		t->out.lift_g, t->out.big_f, t->out.big_g, r};

	for (size_t i = 0; i < 4; i++) {
		for (size_t w = 0; w < WORDS * SMALL; w++)
			words[w] = (int32_t)step(&state) / 2;
		ops->from_words(polys[i], words, WORDS - (i < 2), SMALL);
		if (i == 1)
			ops->babai_start(&b);
	}
	t->out.result[0] = (uint32_t)ops->babai_round(&b, 5, t->out.k);
	ops->norms(t->out.f, LOGN, t->out.norm, t->work);
	for (size_t i = 0; i < N / 2; i++) {
		t->out.lift_f[i] = (int64_t)step(&state) << 10;
		t->out.lift_g[i] = (int64_t)step(&state) << 8;
	}
	t->out.result[1] = (uint32_t)ops->lift(&lift);
	t->out.result[2] = (uint32_t)ops->lift_last(&last);
}

/*
 * Every function, on numbers that look like those of a key. For signing it is a basis that is
 * nearly diagonal, so that the widths are what they are with a real one.
 */
static void try_all(const struct falcon_float_ops *ops, struct trial *t)
{
	static const uint8_t seed[FALCON_FLOAT_SEED_LEN] = {1, 2, 3};
	const struct falcon_signing s = {LOGN,	       t->out.f, t->out.g,  t->out.big_f,
					 t->out.big_g, NULL,	 t->out.s2, t->work};
	struct falcon_signing with_point = s;
	int16_t point[N];
	uint64_t state = 1;

	memset(&t->out, 0, sizeof(t->out));
	for (size_t i = 0; i < N; i++) {
		t->out.f[i] = (int8_t)(step(&state) % 9) - 4;
		t->out.g[i] = (int8_t)(step(&state) % 9) - 4;
		point[i] = (int16_t)(step(&state) % 12289);
	}
	t->out.result[3] = (uint32_t)ops->is_short(t->out.f, t->out.g, LOGN, t->work);
	try_solver(ops, t, state);
	for (size_t i = 0; i < N; i++) {
		t->out.f[i] = i % 64 == 1;
		t->out.g[i] = i % 32 == 3;
		t->out.big_f[i] = i % 128 == 2;
		t->out.big_g[i] = i % 32 == 7;
	}
	t->out.g[0] = 110;
	t->out.big_f[0] = -110;
	t->out.result[4] = (uint32_t)ops->is_basis(&s);
	with_point.point = point;
	ops->sign_start(&with_point);
	t->out.result[5] = ops->sign_try(&with_point, seed);
}

static int same_ops(const void *ops, const void *portable)
{
	struct trial *t = pqc_mem_new(2 * sizeof(*t));
	int same = 0;

	if (t) {
		try_all(ops, &t[0]);
		try_all(portable, &t[1]);
		same = memcmp(&t[0].out, &t[1].out, sizeof(t[0].out)) == 0;
	}
	pqc_mem_free(t, 2 * sizeof(*t));
	return same;
}

const struct falcon_float_ops *falcon_float_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX2, &falcon_float_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &falcon_float_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list,
		.n = sizeof(list) / sizeof(list[0]),
		.same = same_ops,
	};

	return pqc_cpu_choose(&variants);
}
