/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mlkem/mlkem_pke.h"

#include <string.h>

#include "pqc/ct.h"
#include "pqc/keccak/keccak.h"

/* 256 of the 12-bit numbers in three blocks pass with probability 0.994; more come one by one. */
#define FIRST_LEN  (3 * KECCAK_SHAKE128_RATE)
#define NOISE_MAX  192 /* bytes for eta 3 */
#define POLYS_MAX  (MLKEM_K_MAX * MLKEM_K_MAX)
#define NOISES_MAX (2 * MLKEM_K_MAX + 1)

struct vector {
	struct mlkem_poly at[MLKEM_K_MAX];
};

/* How many states to use for n inputs. Lanes without an input of their own repeat the first. */
static unsigned lanes_for(unsigned n)
{
	return n > 4 ? keccakx_width() : 4;
}

/* The matrix elements for n seeds rho || x || y, n <= width (FIPS 203 algorithm 7). */
static void sample_uniform(struct mlkem_poly *const *out, uint8_t seeds[][MLKEM_SEED_LEN + 2],
			   unsigned n, unsigned width)
{
	const struct mlkem_ops *ops = mlkem_ops();
	uint8_t buf[KECCAKX_WIDTH][FIRST_LEN + MLKEM_SLACK];
	const uint8_t *in[KECCAKX_WIDTH];
	uint8_t *to[KECCAKX_WIDTH];
	unsigned have[KECCAKX_WIDTH] = {0}, complete = 0;
	size_t len = FIRST_LEN;
	struct keccakx k;

	for (unsigned w = 0; w < width; w++) {
		in[w] = seeds[w < n ? w : 0];
		to[w] = buf[w];
	}
	keccakx_start(&k, KECCAK_SHAKE128, width);
	keccakx_absorb(&k, in, MLKEM_SEED_LEN + 2);
	while (complete < n) {
		keccakx_squeeze(&k, to, len);
		complete = 0;
		for (unsigned w = 0; w < n; w++) {
			have[w] = ops->reject(out[w]->c, have[w], buf[w], len);
			complete += have[w] == MLKEM_N;
		}
		len = KECCAK_SHAKE128_RATE;
	}
	for (unsigned w = 0; w < n; w++)
		ops->arrange(out[w]);
}

/* A, row by row, or its transpose; rho is public. */
static void sample_matrix(struct vector *a, const struct mlkem_params *p, const uint8_t *rho,
			  bool transposed)
{
	uint8_t seeds[POLYS_MAX][MLKEM_SEED_LEN + 2];
	struct mlkem_poly *out[POLYS_MAX];
	unsigned total = p->k * p->k, done = 0;

	for (unsigned n = 0; n < total; n++) {
		unsigned row = n / p->k, column = n % p->k;

		memcpy(seeds[n], rho, MLKEM_SEED_LEN);
		seeds[n][MLKEM_SEED_LEN] = (uint8_t)(transposed ? row : column);
		seeds[n][MLKEM_SEED_LEN + 1] = (uint8_t)(transposed ? column : row);
		/* cppcheck-suppress uninitvar ; an address */
		out[n] = &a[row].at[column];
	}
	while (done < total) {
		unsigned width = lanes_for(total - done);
		unsigned n = total - done < width ? total - done : width;

		sample_uniform(out + done, seeds + done, n, width);
		done += n;
	}
}

/* Noise polynomials number first to first + n - 1 of a seed: eta[i] says which distribution. */
static void sample_noise(struct mlkem_poly *const *out, const unsigned *eta, unsigned n,
			 const uint8_t *seed)
{
	const struct mlkem_ops *ops = mlkem_ops();
	uint8_t input[KECCAKX_WIDTH][MLKEM_SEED_LEN + 1];
	uint8_t buf[KECCAKX_WIDTH][NOISE_MAX + MLKEM_SLACK];
	const uint8_t *in[KECCAKX_WIDTH];
	uint8_t *to[KECCAKX_WIDTH];
	struct keccakx k;

	for (unsigned w = 0; w < KECCAKX_WIDTH; w++) {
		memcpy(input[w], seed, MLKEM_SEED_LEN);
		in[w] = input[w];
		to[w] = buf[w];
	}
	for (unsigned done = 0; done < n;) {
		unsigned width = lanes_for(n - done);
		unsigned now = n - done < width ? n - done : width;

		for (unsigned w = 0; w < width; w++)
			input[w][MLKEM_SEED_LEN] = (uint8_t)(done + w);
		keccakx_start(&k, KECCAK_SHAKE256, width);
		keccakx_absorb(&k, in, MLKEM_SEED_LEN + 1);
		keccakx_squeeze(&k, to, eta[done] * (size_t)MLKEM_N / 4);
		for (unsigned w = 0; w < now; w++, done++)
			(eta[done] == 3 ? ops->noise3 : ops->noise2)(out[done], buf[w]);
	}
	keccakx_wipe(&k);
	pqc_ct_wipe(input, sizeof(input));
	pqc_ct_wipe(buf, sizeof(buf));
}

void mlkem_pke_keypair(const struct mlkem_params *p, const uint8_t *seeds, uint8_t *pub,
		       uint8_t *sec)
{
	const struct mlkem_ops *ops = mlkem_ops();
	struct mlkem_poly *noise[2 * MLKEM_K_MAX];
	unsigned eta[2 * MLKEM_K_MAX];
	struct mlkem_poly t;
	struct vector a[MLKEM_K_MAX], s, e;

	sample_matrix(a, p, seeds, false);
	for (unsigned i = 0; i < 2 * p->k; i++) {
		noise[i] = i < p->k ? &s.at[i] : &e.at[i - p->k];
		eta[i] = p->eta1;
	}
	sample_noise(noise, eta, 2 * p->k, seeds + MLKEM_SEED_LEN);
	for (unsigned i = 0; i < p->k; i++) {
		ops->ntt(&s.at[i]);
		ops->ntt(&e.at[i]);
		ops->encode(sec + (size_t)i * MLKEM_POLY_BYTES, &s.at[i]);
	}
	for (unsigned i = 0; i < p->k; i++) {
		ops->dot(&t, a[i].at, s.at, p->k);
		ops->scale_add(&t, &e.at[i]);
		ops->encode(pub + (size_t)i * MLKEM_POLY_BYTES, &t);
	}
	memcpy(pub + (size_t)p->k * MLKEM_POLY_BYTES, seeds, MLKEM_SEED_LEN);
	pqc_ct_wipe(&s, sizeof(s));
	pqc_ct_wipe(&e, sizeof(e));
	pqc_ct_wipe(&t, sizeof(t));
}

void mlkem_pke_encrypt(const struct mlkem_params *p, const struct mlkem_pke_input *in, uint8_t *ct)
{
	const struct mlkem_ops *ops = mlkem_ops();
	struct mlkem_poly *noise[NOISES_MAX];
	unsigned eta[NOISES_MAX];
	struct mlkem_poly v, e2;
	struct vector a[MLKEM_K_MAX], t, r, e1;
	size_t u_len = (size_t)p->du * MLKEM_N / 8;

	sample_matrix(a, p, in->pub + (size_t)p->k * MLKEM_POLY_BYTES, true);
	for (unsigned i = 0; i < 2 * p->k + 1; i++) {
		/* cppcheck-suppress uninitvar ; addresses */
		noise[i] = i < p->k ? &r.at[i] : i < 2 * p->k ? &e1.at[i - p->k] : &e2;
		eta[i] = i < p->k ? p->eta1 : 2;
	}
	sample_noise(noise, eta, 2 * p->k + 1, in->coins);
	for (unsigned i = 0; i < p->k; i++) {
		ops->ntt(&r.at[i]);
		ops->decode(&t.at[i], in->pub + (size_t)i * MLKEM_POLY_BYTES);
	}
	for (unsigned i = 0; i < p->k; i++) {
		ops->dot(&v, a[i].at, r.at, p->k);
		ops->intt(&v);
		ops->add(&v, &e1.at[i]);
		ops->compress(ct + i * u_len, &v, p->du);
	}
	ops->dot(&v, t.at, r.at, p->k);
	ops->intt(&v);
	ops->add(&v, &e2);
	ops->add_msg(&v, in->msg);
	ops->compress(ct + p->k * u_len, &v, p->dv);
	pqc_ct_wipe(&r, sizeof(r));
	pqc_ct_wipe(&e1, sizeof(e1));
	pqc_ct_wipe(&e2, sizeof(e2));
	pqc_ct_wipe(&v, sizeof(v));
}

void mlkem_pke_decrypt(const struct mlkem_params *p, const uint8_t *sec, const uint8_t *ct,
		       uint8_t *msg)
{
	const struct mlkem_ops *ops = mlkem_ops();
	size_t u_len = (size_t)p->du * MLKEM_N / 8;
	struct mlkem_poly v, w;
	struct vector s, u;

	for (unsigned i = 0; i < p->k; i++) {
		ops->decode(&s.at[i], sec + (size_t)i * MLKEM_POLY_BYTES);
		ops->decompress(&u.at[i], ct + i * u_len, p->du);
		ops->ntt(&u.at[i]);
	}
	ops->decompress(&v, ct + p->k * u_len, p->dv);
	ops->dot(&w, s.at, u.at, p->k);
	ops->intt(&w);
	ops->sub_from(&w, &v);
	ops->to_msg(msg, &w);
	pqc_ct_wipe(&s, sizeof(s));
	pqc_ct_wipe(&w, sizeof(w));
}
