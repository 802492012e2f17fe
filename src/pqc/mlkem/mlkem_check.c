/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mlkem/mlkem_check.h"

#include <string.h>

#include "pqc/keccak/keccak.h"
#include "pqc/mlkem/mlkem_ops.h"

#define RANK	   2
#define STREAM_LEN (3 * KECCAK_SHAKE128_RATE)

/* Results are compared as bytes; the order and the representatives are a variant's own. */
struct trace {
	int16_t uniform[RANK][MLKEM_N];
	unsigned n[RANK];
	uint8_t noise[2 * RANK][MLKEM_POLY_BYTES];
	uint8_t sum[MLKEM_POLY_BYTES], again[MLKEM_POLY_BYTES];
	uint8_t d4[2][128], d5[2][160], d10[2][320], d11[2][352];
	uint8_t msg[MLKEM_MSG_LEN];
};

static void trace_compressed(struct trace *t, const struct mlkem_ops *ops,
			     const struct mlkem_poly *a)
{
	struct mlkem_poly r;

	ops->compress(t->d4[0], a, 4);
	ops->compress(t->d5[0], a, 5);
	ops->compress(t->d10[0], a, 10);
	ops->compress(t->d11[0], a, 11);
	ops->to_msg(t->msg, a);
	ops->decompress(&r, t->d4[0], 4);
	ops->add_msg(&r, t->msg);
	ops->compress(t->d4[1], &r, 4);
	ops->decompress(&r, t->d5[0], 5);
	ops->sub_from(&r, a);
	ops->compress(t->d5[1], &r, 5);
	ops->decompress(&r, t->d10[0], 10);
	ops->compress(t->d10[1], &r, 10);
	ops->decompress(&r, t->d11[0], 11);
	ops->compress(t->d11[1], &r, 11);
}

static void run(struct trace *t, const struct mlkem_ops *ops, const uint8_t *stream)
{
	struct mlkem_poly a[RANK], s[RANK], e[RANK], plain, r;

	memset(t, 0, sizeof(*t));
	for (unsigned i = 0; i < RANK; i++) {
		t->n[i] = ops->reject(a[i].c, 0, stream + i, STREAM_LEN);
		memcpy(t->uniform[i], a[i].c, t->n[i] * sizeof(int16_t));
		ops->arrange(&a[i]);
		ops->noise2(&s[i], stream + i);
		ops->noise3(&e[i], stream + i);
		plain = e[i];
		ops->ntt(&s[i]);
		ops->ntt(&e[i]);
		ops->encode(t->noise[i], &s[i]);
		ops->encode(t->noise[RANK + i], &e[i]);
	}
	ops->dot(&r, a, s, RANK);
	ops->scale_add(&r, &e[0]);
	ops->encode(t->sum, &r);
	ops->decode(&r, stream);
	ops->encode(t->again, &r);
	ops->dot(&r, &r, &e[1], 1);
	ops->intt(&r);
	ops->add(&r, &plain);
	trace_compressed(t, ops, &r);
}

int mlkem_check_same(const void *ops, const void *portable)
{
	static const uint8_t seed[] = "ML-KEM variants";
	uint8_t stream[STREAM_LEN + RANK + MLKEM_SLACK];
	struct trace a, b;

	keccak_hash(KECCAK_SHAKE128, seed, sizeof(seed), stream, sizeof(stream));
	run(&a, ops, stream);
	run(&b, portable, stream);
	return memcmp(&a, &b, sizeof(a)) == 0 && a.n[0] == MLKEM_N;
}
