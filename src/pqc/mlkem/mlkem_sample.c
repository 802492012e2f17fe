/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mlkem/mlkem_sample.h"

#include <string.h>

#include "pqc/ct.h"

/* 256 of the 12-bit numbers in three blocks pass with probability 0.994. */
#define UNIFORM_LEN (3 * KECCAK_SHAKE128_RATE)
#define POLYS_MAX   (MLKEM_K_MAX * MLKEM_K_MAX)
#define JOBS_MAX    (POLYS_MAX + MLKEM_NOISES_MAX + MLKEM_EXTRA_MAX)
#define INPUT_MAX   (MLKEM_SEED_LEN + 2)

struct jobs {
	struct keccak_job job[JOBS_MAX];
	uint8_t input[JOBS_MAX][INPUT_MAX];
	unsigned n;
};

/* The stream again, and longer. It is public, and rarely needed. */
static void finish_uniform(const struct keccak_job *job, struct mlkem_poly *to, unsigned have)
{
	uint8_t block[KECCAK_SHAKE128_RATE + MLKEM_SLACK];
	struct keccak k;

	keccak_start(&k, job->kind);
	keccak_absorb(&k, job->in, job->in_len);
	for (size_t i = 0; i < UNIFORM_LEN; i += KECCAK_SHAKE128_RATE)
		keccak_squeeze(&k, block, KECCAK_SHAKE128_RATE);
	while (have < MLKEM_N) {
		keccak_squeeze(&k, block, KECCAK_SHAKE128_RATE);
		have = mlkem_ops()->reject(to->c, have, block, KECCAK_SHAKE128_RATE);
	}
}

static void take_uniform(const struct keccak_job *job, const uint8_t *out)
{
	struct mlkem_poly *to = job->to;
	unsigned have = mlkem_ops()->reject(to->c, 0, out, job->out_len);

	if (have < MLKEM_N)
		finish_uniform(job, to, have);
	mlkem_ops()->arrange(to);
}

static void take_noise2(const struct keccak_job *job, const uint8_t *out)
{
	mlkem_ops()->noise2(job->to, out);
}

static void take_noise3(const struct keccak_job *job, const uint8_t *out)
{
	mlkem_ops()->noise3(job->to, out);
}

static struct keccak_job *new_job(struct jobs *jobs, const uint8_t *seed)
{
	uint8_t *input = jobs->input[jobs->n];
	struct keccak_job *job = &jobs->job[jobs->n++];

	memcpy(input, seed, MLKEM_SEED_LEN);
	*job = (struct keccak_job){.in = input};
	return job;
}

/* Element (row, column) is made from column and row, in this order; of A transposed, reversed. */
static void add_matrix(struct jobs *jobs, const struct mlkem_sampling *s)
{
	for (unsigned i = 0; i < s->k; i++) {
		for (unsigned j = 0; j < s->k; j++) {
			struct keccak_job *job = new_job(jobs, s->rho);
			uint8_t *input = jobs->input[jobs->n - 1];

			input[MLKEM_SEED_LEN] = (uint8_t)(s->transposed ? i : j);
			input[MLKEM_SEED_LEN + 1] = (uint8_t)(s->transposed ? j : i);
			job->kind = KECCAK_SHAKE128;
			job->in_len = MLKEM_SEED_LEN + 2;
			job->out_len = UNIFORM_LEN;
			job->done = take_uniform;
			job->to = &s->matrix->row[i].at[j];
		}
	}
}

static void add_noises(struct jobs *jobs, const struct mlkem_sampling *s)
{
	for (unsigned i = 0; i < s->noises->n; i++) {
		struct keccak_job *job = new_job(jobs, s->seed);

		jobs->input[jobs->n - 1][MLKEM_SEED_LEN] = (uint8_t)i;
		job->kind = KECCAK_SHAKE256;
		job->in_len = MLKEM_SEED_LEN + 1;
		job->out_len = (size_t)s->noises->eta[i] * MLKEM_N / 4;
		job->done = s->noises->eta[i] == 3 ? take_noise3 : take_noise2;
		job->to = s->noises->to[i];
	}
}

void mlkem_sample(const struct mlkem_sampling *s)
{
	struct jobs jobs;

	jobs.n = s->n_extra;
	for (unsigned i = 0; i < s->n_extra; i++)
		jobs.job[i] = s->extra[i];
	if (s->matrix)
		add_matrix(&jobs, s);
	if (s->noises)
		add_noises(&jobs, s);
	keccak_batch_run(jobs.job, jobs.n);
	pqc_ct_wipe(jobs.input, sizeof(jobs.input));
}
