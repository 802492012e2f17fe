/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mldsa/mldsa_sample.h"

#include <string.h>

#include "pqc/ct.h"
#include "pqc/le.h"

#define MATRIX_POLYS (MLDSA_K_MAX * MLDSA_L_MAX)
#define SECRET_POLYS (MLDSA_K_MAX + MLDSA_L_MAX)
#define JOBS_MAX     (MATRIX_POLYS + SECRET_POLYS + 1)
#define NONCE_LEN    2
#define NONCE_END    0x10000

/* Enough for 256 coefficients nearly always. */
#define MATRIX_LEN (5 * KECCAK_SHAKE128_RATE)
#define SECRET_LEN (2 * KECCAK_SHAKE256_RATE)

typedef unsigned (*reject_fn)(int32_t *out, unsigned n, const uint8_t *in, size_t len);

struct jobs {
	struct keccak_job job[JOBS_MAX];
	uint8_t input[JOBS_MAX][MLDSA_LONG_LEN + NONCE_LEN];
	unsigned n;
};

/* A stream of a seed and a number. */
static struct keccak_job *new_job(struct jobs *jobs, enum keccak_kind kind, const uint8_t *seed,
				  unsigned number)
{
	uint8_t *input = jobs->input[jobs->n];
	struct keccak_job *job = &jobs->job[jobs->n++];
	size_t seed_len = kind == KECCAK_SHAKE128 ? MLDSA_SEED_LEN : MLDSA_LONG_LEN;

	memcpy(input, seed, seed_len);
	pqc_le_store16(input + seed_len, (uint16_t)number);
	*job = (struct keccak_job){.kind = kind, .in = input, .in_len = seed_len + NONCE_LEN};
	return job;
}

/* What passes of the output; if that is not enough, the stream again, and longer. */
static void take(const struct keccak_job *job, const uint8_t *out, reject_fn reject)
{
	struct mldsa_poly *to = job->to;
	unsigned have = reject(to->c, 0, out, job->out_len);
	uint8_t block[KECCAK_SHAKE128_RATE + MLDSA_SLACK];
	size_t rate = keccak_rate(job->kind);
	struct keccak k;

	if (have == MLDSA_N)
		return;
	keccak_start(&k, job->kind);
	keccak_absorb(&k, job->in, job->in_len);
	for (size_t i = 0; i < job->out_len; i += rate)
		keccak_squeeze(&k, block, rate);
	while (have < MLDSA_N) {
		keccak_squeeze(&k, block, rate);
		have = reject(to->c, have, block, rate);
	}
	keccak_wipe(&k);
	pqc_ct_wipe(block, sizeof(block));
}

static void take_uniform(const struct keccak_job *job, const uint8_t *out)
{
	take(job, out, mldsa_ops()->reject_q);
	mldsa_ops()->arrange(job->to);
}

static void take_eta2(const struct keccak_job *job, const uint8_t *out)
{
	take(job, out, mldsa_ops()->reject_eta2);
}

static void take_eta4(const struct keccak_job *job, const uint8_t *out)
{
	take(job, out, mldsa_ops()->reject_eta4);
}

static void add_matrix(struct jobs *jobs, const struct mldsa_sampling *s)
{
	for (unsigned i = 0; i < s->rank.k; i++) {
		for (unsigned j = 0; j < s->rank.l; j++) {
			struct keccak_job *job = new_job(jobs, KECCAK_SHAKE128, s->rho, i << 8 | j);

			job->out_len = MATRIX_LEN;
			job->done = take_uniform;
			job->to = &s->a[i].at[j];
		}
	}
}

static void add_secrets(struct jobs *jobs, const struct mldsa_sampling *s)
{
	for (unsigned i = 0; i < s->rank.l + s->rank.k; i++) {
		struct keccak_job *job = new_job(jobs, KECCAK_SHAKE256, s->seed, i);

		job->out_len = SECRET_LEN;
		job->done = s->eta == 2 ? take_eta2 : take_eta4;
		job->to = i < s->rank.l ? &s->s1->at[i] : &s->s2->at[i - s->rank.l];
	}
}

void mldsa_sample(const struct mldsa_sampling *s)
{
	struct jobs jobs;

	jobs.n = 0;
	if (s->extra)
		jobs.job[jobs.n++] = *s->extra;
	add_matrix(&jobs, s);
	if (s->s1)
		add_secrets(&jobs, s);
	keccak_batch_run(jobs.job, jobs.n);
	if (s->s1)
		pqc_ct_wipe(jobs.input, sizeof(jobs.input));
}

void mldsa_sample_masks_init(struct mldsa_sample_masks *m, const uint8_t *seed,
			     enum mldsa_format format)
{
	memcpy(m->seed, seed, sizeof(m->seed));
	m->width = m->at = m->nonce = 0;
	m->format = format;
}

static void take_mask17(const struct keccak_job *job, const uint8_t *out)
{
	mldsa_ops()->unpack(job->to, out, MLDSA_Z17);
}

static void take_mask19(const struct keccak_job *job, const uint8_t *out)
{
	mldsa_ops()->unpack(job->to, out, MLDSA_Z19);
}

static void fill_ahead(struct mldsa_sample_masks *m)
{
	struct jobs jobs;

	m->width = keccakx_width();
	m->at = 0;
	jobs.n = 0;
	while (jobs.n < m->width) {
		struct keccak_job *job = new_job(&jobs, KECCAK_SHAKE256, m->seed, m->nonce++);

		job->out_len = mldsa_c_packed_len(m->format);
		job->done = m->format == MLDSA_Z17 ? take_mask17 : take_mask19;
		job->to = &m->ahead[jobs.n - 1];
	}
	keccak_batch_run(jobs.job, jobs.n);
	pqc_ct_wipe(jobs.input, m->width * sizeof(jobs.input[0]));
}

int mldsa_sample_masks_next(struct mldsa_sample_masks *m, struct mldsa_poly *out, unsigned n)
{
	if (m->nonce + KECCAKX_WIDTH + n > NONCE_END)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (m->at == m->width)
			fill_ahead(m);
		memcpy(&out[i], &m->ahead[m->at++], sizeof(out[i]));
	}
	return 0;
}

void mldsa_sample_ball(struct mldsa_poly *c, const uint8_t *challenge, size_t len, unsigned tau)
{
	struct keccak k;
	uint8_t buf[KECCAK_SHAKE256_RATE];
	unsigned at = 8;
	uint64_t signs;

	keccak_start(&k, KECCAK_SHAKE256);
	keccak_absorb(&k, challenge, len);
	keccak_squeeze(&k, buf, sizeof(buf));
	signs = pqc_le_load64(buf);
	memset(c, 0, sizeof(*c));
	for (unsigned i = MLDSA_N - tau; i < MLDSA_N; signs >>= 1) {
		uint8_t b;

		do {
			if (at == sizeof(buf)) {
				keccak_squeeze(&k, buf, sizeof(buf));
				at = 0;
			}
			b = buf[at++];
		} while (b > i);
		c->c[i++] = c->c[b];
		c->c[b] = 1 - 2 * (int32_t)(signs & 1);
	}
}
