/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_SIGN_H
#define PQC_FALCON_FALCON_SIGN_H

/* Signing in floating point. */
#include "pqc/ct.h"
#include "pqc/falcon/falcon_tree.h"

#define FPR_INV_Q fpr_bits(0x3f1554e39097a782) /* 1/12289 */

/* By logn - 9: one over the width that signatures have, and the sampler's least width. */
static const uint64_t inv_sigma[2] = {0x3f78b6c2de64c7ca, 0x3f78531ef6311ae3};
static const uint64_t sigma_min[2] = {0x3ff47201bf1f7a75, 0x3ff4c5c19990c764};

/* The basis [[g, -f], [G, -F]] in FFT form, its Gram matrix, the target and the result. */
struct sign_work {
	fpr *b00, *b01, *b10, *b11, *g00, *g01, *g11, *t0, *t1, *z0, *z1, *rest;
};

static struct sign_work sign_layout(const struct falcon_signing *s)
{
	size_t n = (size_t)1 << s->logn;
	fpr *w = reals(s->work);

	return (struct sign_work){w,	     w + n,	w + 2 * n,  w + 3 * n,
				  w + 4 * n, w + 5 * n, w + 6 * n,  w + 7 * n,
				  w + 8 * n, w + 9 * n, w + 10 * n, w + 11 * n};
}

static void sign_basis(const struct falcon_signing *s, const struct sign_work *w)
{
	size_t n = (size_t)1 << s->logn;

	from_small(w->b00, s->g, n);
	from_small(w->b01, s->f, n);
	from_small(w->b10, s->big_g, n);
	from_small(w->b11, s->big_f, n);
	fft(w->b00, s->logn);
	fft(w->b01, s->logn);
	fft(w->b10, s->logn);
	fft(w->b11, s->logn);
	for (size_t i = 0; i < n; i++) {
		w->b01[i] = fpr_neg(w->b01[i]);
		w->b11[i] = fpr_neg(w->b11[i]);
	}
}

static void sign_start(const struct falcon_signing *s)
{
	size_t n = (size_t)1 << s->logn, hn = n / 2;
	struct sign_work w = sign_layout(s);

	sign_basis(s, &w);
	for (size_t u = 0; u < hn; u++) {
		struct cpx b00 = poly_get(w.b00, u, hn), b01 = poly_get(w.b01, u, hn);
		struct cpx b10 = poly_get(w.b10, u, hn), b11 = poly_get(w.b11, u, hn);
		fpr g00 = fpr_add(cpx_norm(b00), cpx_norm(b01));
		fpr g11 = fpr_add(cpx_norm(b10), cpx_norm(b11));

		poly_set(w.g00, u, hn, (struct cpx){g00, fpr_of(0)});
		poly_set(w.g11, u, hn, (struct cpx){g11, fpr_of(0)});
		poly_set(w.g01, u, hn,
			 cpx_add(cpx_mul(b01, cpx_conj(b11)), cpx_mul(b00, cpx_conj(b10))));
	}
	for (size_t i = 0; i < n; i++)
		w.t0[i] = fpr_of(s->point[i]);
	fft(w.t0, s->logn);
	for (size_t u = 0; u < hn; u++) {
		struct cpx c = poly_get(w.t0, u, hn);

		poly_set(w.t1, u, hn,
			 cpx_scale(cpx_mul(c, poly_get(w.b01, u, hn)), fpr_neg(FPR_INV_Q)));
		poly_set(w.t0, u, hn, cpx_scale(cpx_mul(c, poly_get(w.b11, u, hn)), FPR_INV_Q));
	}
}

/* a = z0 a + z1 b, back to coefficients. */
static void sign_combine(fpr *restrict out, const fpr *const z[2], const fpr *const b[2],
			 unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1;

	for (size_t u = 0; u < hn; u++)
		poly_set(out, u, hn,
			 cpx_add(cpx_mul(poly_get(z[0], u, hn), poly_get(b[0], u, hn)),
				 cpx_mul(poly_get(z[1], u, hn), poly_get(b[1], u, hn))));
	ifft(out, logn);
}

/* The squared norm of (s1, s2), or all ones when a coefficient is out of any range. */
static uint32_t sign_finish(const struct falcon_signing *s, const fpr *x, const fpr *y)
{
	size_t n = (size_t)1 << s->logn;
	uint64_t sum = 0, wide = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t s1 = s->point[i] - fpr_rint(x[i]), s2 = -fpr_rint(y[i]);

		wide |= ((uint64_t)s1 + 0x4000) >> 15 | ((uint64_t)s2 + 0x4000) >> 15;
		s->s2[i] = (int16_t)s2;
		sum += (uint64_t)s1 * (uint64_t)s1 + (uint64_t)s2 * (uint64_t)s2;
	}
	wide |= sum >> 32;
	return (uint32_t)sum | (uint32_t)pqc_ct_mask_nonzero64(wide);
}

static uint32_t sign_try(const struct falcon_signing *s, const uint8_t *seed)
{
	struct sign_work w = sign_layout(s);
	const struct node top = {w.g00, w.g01, w.g11, w.t0, w.t1, w.z0, w.z1};
	size_t n = (size_t)1 << s->logn;
	struct sampler sp;
	uint32_t norm;

	prng_start(&sp.prng, seed);
	sp.inv_sigma = fpr_bits(inv_sigma[s->logn - 9]);
	sp.sigma_min = fpr_bits(sigma_min[s->logn - 9]);
	sp.tries_left = (unsigned)(n * TRIES_PER_SAMPLE);
	sample_tree(&sp, &top, s->logn, w.rest);
	sign_combine(w.rest, (const fpr *[]){w.z0, w.z1}, (const fpr *[]){w.b00, w.b10}, s->logn);
	sign_combine(w.rest + n, (const fpr *[]){w.z1, w.z0}, (const fpr *[]){w.b11, w.b01},
		     s->logn);
	norm = sign_finish(s, w.rest, w.rest + n);
	norm |= 0 - (uint32_t)(sp.tries_left == 0);
	pqc_ct_wipe(&sp, sizeof(sp));
	return norm;
}

#endif
