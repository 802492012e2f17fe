/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mlkem/mlkem_pke.h"

#include <string.h>

#include "pqc/ct.h"

void mlkem_pke_keypair(const struct mlkem_params *p, const uint8_t *seeds, uint8_t *pub,
		       uint8_t *sec)
{
	const struct mlkem_ops *ops = mlkem_ops();
	struct mlkem_noises noises = {.n = 2 * p->k};
	struct mlkem_vector s, e;
	struct mlkem_matrix a;
	struct mlkem_poly t;

	for (unsigned i = 0; i < noises.n; i++) {
		/* cppcheck-suppress uninitvar ; addresses */
		noises.to[i] = i < p->k ? &s.at[i] : &e.at[i - p->k];
		noises.eta[i] = p->eta1;
	}
	mlkem_sample(&(struct mlkem_sampling){.matrix = &a,
					      .k = p->k,
					      .rho = seeds,
					      .noises = &noises,
					      .seed = seeds + MLKEM_SEED_LEN});
	for (unsigned i = 0; i < p->k; i++) {
		ops->ntt(&s.at[i]);
		ops->ntt(&e.at[i]);
		ops->encode(sec + (size_t)i * MLKEM_POLY_BYTES, &s.at[i]);
	}
	for (unsigned i = 0; i < p->k; i++) {
		ops->dot(&t, a.row[i].at, s.at, p->k);
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
	struct mlkem_noises noises = {.n = 2 * p->k + 1};
	struct mlkem_vector t, r, e1;
	struct mlkem_poly v, e2;
	size_t u_len = (size_t)p->du * MLKEM_N / 8;

	for (unsigned i = 0; i < noises.n; i++) {
		/* cppcheck-suppress uninitvar ; addresses */
		noises.to[i] = i < p->k ? &r.at[i] : i < 2 * p->k ? &e1.at[i - p->k] : &e2;
		noises.eta[i] = i < p->k ? p->eta1 : 2;
	}
	mlkem_sample(&(struct mlkem_sampling){.noises = &noises, .seed = in->coins});
	for (unsigned i = 0; i < p->k; i++) {
		ops->ntt(&r.at[i]);
		ops->decode(&t.at[i], in->pub + (size_t)i * MLKEM_POLY_BYTES);
	}
	for (unsigned i = 0; i < p->k; i++) {
		ops->dot(&v, in->matrix->row[i].at, r.at, p->k);
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
	struct mlkem_vector s, u;

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
