/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mldsa/mldsa_sample.h"

#include <string.h>

#include "pqc/ct.h"
#include "pqc/le.h"

#define MATRIX_POLYS (MLDSA_K_MAX * MLDSA_L_MAX)
#define SECRET_POLYS (MLDSA_K_MAX + MLDSA_L_MAX)
#define NONCE_LEN    2
#define NONCE_END    0x10000
#define MASK_LEN     640 /* of the longer format */

/* Enough for 256 coefficients nearly always. */
#define MATRIX_FIRST (5 * KECCAK_SHAKE128_RATE)
#define SECRET_FIRST (2 * KECCAK_SHAKE256_RATE)

/* A stream for each number, and how it becomes a polynomial. */
struct source {
	enum keccak_kind kind;
	const uint8_t *seed;
	size_t seed_len;
	size_t first_len, more_len; /* what to squeeze */
	unsigned (*reject)(int32_t *out, unsigned n, const uint8_t *in, size_t len);
};

struct inputs {
	uint8_t bytes[KECCAKX_WIDTH][MLDSA_LONG_LEN + NONCE_LEN];
};

static unsigned lanes_for(unsigned n)
{
	return n > 4 ? keccakx_width() : 4;
}

/* Starts a stream for each number; lanes without a number repeat the first. */
static void start(struct keccakx *k, const struct source *src, const uint16_t *numbers, unsigned n)
{
	struct inputs inputs;
	const uint8_t *in[KECCAKX_WIDTH];
	unsigned width = lanes_for(n);

	for (unsigned w = 0; w < width; w++) {
		/* cppcheck-suppress uninitvar ; it is written here */
		memcpy(inputs.bytes[w], src->seed, src->seed_len);
		pqc_le_store16(inputs.bytes[w] + src->seed_len, numbers[w < n ? w : 0]);
		in[w] = inputs.bytes[w];
	}
	keccakx_start(k, src->kind, width);
	keccakx_absorb(k, in, src->seed_len + NONCE_LEN);
	pqc_ct_wipe(&inputs, sizeof(inputs));
}

/* n polynomials, as many as there are lanes at most. */
static void sample_some(struct mldsa_poly *const *out, const uint16_t *numbers, unsigned n,
			const struct source *src)
{
	uint8_t buf[KECCAKX_WIDTH][MATRIX_FIRST + MLDSA_SLACK];
	uint8_t *to[KECCAKX_WIDTH];
	unsigned have[KECCAKX_WIDTH] = {0}, complete = 0;
	size_t len = src->first_len;
	struct keccakx k;

	for (unsigned w = 0; w < KECCAKX_WIDTH; w++)
		to[w] = buf[w];
	start(&k, src, numbers, n);
	while (complete < n) {
		keccakx_squeeze(&k, to, len);
		complete = 0;
		for (unsigned w = 0; w < n; w++) {
			have[w] = src->reject(out[w]->c, have[w], buf[w], len);
			complete += have[w] == MLDSA_N;
		}
		len = src->more_len;
	}
	if (src->kind == KECCAK_SHAKE128)
		return;
	keccakx_wipe(&k);
	pqc_ct_wipe(buf, sizeof(buf));
}

static void sample(struct mldsa_poly *const *out, const uint16_t *numbers, unsigned n,
		   const struct source *src)
{
	while (n > 0) {
		unsigned width = lanes_for(n), now = n < width ? n : width;

		sample_some(out, numbers, now, src);
		out += now;
		numbers += now;
		n -= now;
	}
}

void mldsa_sample_matrix(struct mldsa_vector_l *a, struct mldsa_rank rank, const uint8_t *rho)
{
	const struct mldsa_ops *ops = mldsa_ops();
	const struct source src = {KECCAK_SHAKE128,	 rho,	       MLDSA_SEED_LEN, MATRIX_FIRST,
				   KECCAK_SHAKE128_RATE, ops->reject_q};
	struct mldsa_poly *out[MATRIX_POLYS];
	uint16_t numbers[MATRIX_POLYS];
	unsigned n = 0;

	for (unsigned i = 0; i < rank.k; i++) {
		for (unsigned j = 0; j < rank.l; j++, n++) {
			out[n] = &a[i].at[j];
			numbers[n] = (uint16_t)(i << 8 | j);
		}
	}
	sample(out, numbers, n, &src);
	while (n > 0)
		ops->arrange(out[--n]);
}

void mldsa_sample_secrets(const struct mldsa_secrets *to, struct mldsa_rank rank,
			  const uint8_t *seed, unsigned eta)
{
	const struct mldsa_ops *ops = mldsa_ops();
	const struct source src = {
		KECCAK_SHAKE256,      seed,
		MLDSA_LONG_LEN,	      SECRET_FIRST,
		KECCAK_SHAKE256_RATE, eta == 2 ? ops->reject_eta2 : ops->reject_eta4};
	struct mldsa_poly *out[SECRET_POLYS];
	uint16_t numbers[SECRET_POLYS];

	for (unsigned i = 0; i < rank.l + rank.k; i++) {
		out[i] = i < rank.l ? &to->s1->at[i] : &to->s2->at[i - rank.l];
		numbers[i] = (uint16_t)i;
	}
	sample(out, numbers, rank.l + rank.k, &src);
}

void mldsa_sample_masks_init(struct mldsa_sample_masks *m, const uint8_t *seed,
			     enum mldsa_format format)
{
	memcpy(m->seed, seed, sizeof(m->seed));
	m->width = m->at = m->nonce = 0;
	m->format = format;
}

static void fill_ahead(struct mldsa_sample_masks *m)
{
	const struct source src = {
		.kind = KECCAK_SHAKE256, .seed = m->seed, .seed_len = sizeof(m->seed)};
	uint8_t buf[KECCAKX_WIDTH][MASK_LEN + MLDSA_SLACK];
	uint8_t *to[KECCAKX_WIDTH];
	uint16_t numbers[KECCAKX_WIDTH];
	struct keccakx k;

	m->width = keccakx_width();
	m->at = 0;
	for (unsigned w = 0; w < m->width; w++) {
		numbers[w] = (uint16_t)m->nonce++;
		to[w] = buf[w];
	}
	start(&k, &src, numbers, m->width);
	keccakx_squeeze(&k, to, mldsa_c_packed_len(m->format));
	for (unsigned w = 0; w < m->width; w++)
		mldsa_ops()->unpack(&m->ahead[w], buf[w], m->format);
	keccakx_wipe(&k);
	pqc_ct_wipe(buf, sizeof(buf));
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
