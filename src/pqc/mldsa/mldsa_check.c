/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mldsa/mldsa_check.h"

#include <string.h>

#include "pqc/keccak/keccak.h"
#include "pqc/mldsa/mldsa_ops.h"

#define RANK	   2
#define STREAM_LEN (5 * KECCAK_SHAKE128_RATE)

/* Results in order and in one representation; transformed polynomials are a variant's own. */
struct trace {
	int32_t uniform[MLDSA_N], eta2[MLDSA_N], eta4[MLDSA_N];
	unsigned n[3];
	struct mldsa_poly short_sum, short_difference, product, high[2], low[3];
	uint8_t hints[2][MLDSA_N];
	unsigned sums[2];
	uint32_t exceeds[2];
	uint8_t packed[MLDSA_FORMATS][640];
	struct mldsa_poly unpacked[MLDSA_FORMATS];
};

static void trace_rounding(struct trace *t, const struct mldsa_ops *ops)
{
	static const int32_t gammas[2] = {(MLDSA_Q - 1) / 88, (MLDSA_Q - 1) / 32};
	struct mldsa_poly r;

	for (unsigned i = 0; i < 2; i++) {
		t->low[i] = t->product;
		ops->decompose(&t->high[i], &t->low[i], gammas[i]);
		r = t->low[i];
		ops->add(&r, &t->low[i]);
		for (int j = 0; j < 16; j++) /* on the edge, and one beside it */
			r.c[j] = (j % 2 ? -gammas[i] : gammas[i]) + j / 2 % 3 - 1;
		memset(t->high[i].c, 0, 8 * sizeof(int32_t));
		t->sums[i] = ops->make_hint(t->hints[i], &t->high[i], &r, gammas[i]);
		r = t->product;
		ops->use_hint(&r, t->hints[i], gammas[i]);
		ops->sub(&t->high[i], &r);
	}
	t->low[2] = t->product;
	ops->power2round(&r, &t->low[2]);
	t->exceeds[0] = ops->exceeds(&t->low[2], 1 << 12) != 0;
	t->exceeds[1] = ops->exceeds(&t->low[2], (1 << 12) + 1) != 0;
}

static void run(struct trace *t, const struct mldsa_ops *ops, const uint8_t *stream)
{
	struct mldsa_poly a[RANK], b[RANK], c;
	struct mlkem_poly d;

	memset(t, 0, sizeof(*t));
	t->n[0] = ops->reject_q(t->uniform, 0, stream, STREAM_LEN);
	t->n[1] = ops->reject_eta2(t->eta2, 0, stream, STREAM_LEN);
	t->n[2] = ops->reject_eta4(t->eta4, 0, stream, STREAM_LEN);
	for (unsigned i = 0; i < RANK; i++) {
		memcpy(a[i].c, t->uniform, sizeof(a[i].c));
		memcpy(b[i].c, i ? t->eta2 : t->eta4, sizeof(b[i].c));
		ops->arrange(&a[i]);
		ops->ntt(&b[i]);
	}
	memcpy(t->short_sum.c, t->uniform, sizeof(t->uniform));
	memcpy(c.c, t->eta4, sizeof(c.c));
	ops->small(&d, &c);
	for (int i = 0; i < 8; i++) /* about the half, where the representative changes */
		d.c[i] = (int16_t)((i % 2 ? -1 : 1) * (MLKEM_Q / 2 + i / 2 - 1));
	ops->add_small(&t->short_sum, &d);
	t->short_difference = c;
	ops->sub_small(&t->short_difference, &d);
	ops->dot(&t->product, a, b, RANK);
	ops->intt(&t->product);
	ops->reduce(&t->product);
	ops->canonical(&t->product);
	trace_rounding(t, ops);
	for (int f = 0; f < MLDSA_FORMATS; f++) {
		ops->unpack(&t->unpacked[f], stream, (enum mldsa_format)f);
		ops->pack(t->packed[f], &t->unpacked[f], (enum mldsa_format)f);
	}
}

int mldsa_check_same(const void *ops, const void *portable)
{
	static const uint8_t seed[] = "ML-DSA variants";
	uint8_t stream[STREAM_LEN + MLDSA_SLACK];
	struct trace a, b;

	keccak_hash(KECCAK_SHAKE128, seed, sizeof(seed), stream, sizeof(stream));
	run(&a, ops, stream);
	run(&b, portable, stream);
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): run() zeroes them first */
	return memcmp(&a, &b, sizeof(a)) == 0 && a.n[0] == MLDSA_N;
}
