/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/falcon/falcon_modq.h"

#include <string.h>

#include "pqc/cpu.h"
#include "pqc/ct.h"

#define MAX_N 1024

/* A product, a quotient, a difference and a norm, of both degrees. */
static int same_ops(const void *ops, const void *portable)
{
	const struct falcon_modq_ops *const both[2] = {ops, portable};
	static const int16_t extremes[4] = {FALCON_MODQ_Q - 1, 1 - FALCON_MODQ_Q, 6144, -6144};
	int16_t a[2][MAX_N], b[2][MAX_N];
	uint64_t sum[2] = {0, 0};

	for (unsigned logn = 9; logn <= 10; logn++) {
		size_t n = (size_t)1 << logn;

		for (size_t v = 0; v < 2; v++) {
			for (size_t i = 0; i < n; i++) {
				a[v][i] = extremes[(i * i + i / 7) % 4];
				b[v][i] = (int16_t)(i * 12343 % FALCON_MODQ_Q);
			}
			both[v]->ntt(a[v], logn);
			both[v]->ntt(b[v], logn);
			both[v]->mul(a[v], b[v], n);
			both[v]->div(b[v], a[v], n);
			both[v]->intt(a[v], logn);
			both[v]->intt(b[v], logn);
			both[v]->sub(a[v], b[v], n);
			sum[v] += both[v]->norm(a[v], n);
		}
		if (sum[0] != sum[1] || memcmp(a[0], a[1], n * sizeof(a[0][0])) != 0)
			return 0;
	}
	return 1;
}

const struct falcon_modq_ops *falcon_modq_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX2, &falcon_modq_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &falcon_modq_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list,
		.n = sizeof(list) / sizeof(list[0]),
		.same = same_ops,
	};

	return pqc_cpu_choose(&variants);
}

int falcon_modq_has_zero(const int16_t *a, size_t n)
{
	uint32_t found = 0;

	for (size_t i = 0; i < n; i++)
		found |= pqc_ct_mask_zero32((uint32_t)a[i]);
	PQC_DECLASSIFY(&found, sizeof(found),
		       "candidates for keys are drawn until one can be used");
	return found != 0;
}
