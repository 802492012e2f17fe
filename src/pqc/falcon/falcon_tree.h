/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_TREE_H
#define PQC_FALCON_FALCON_TREE_H

/*
 * ffSampling, which finds a lattice vector near the hashed message by a distribution that tells
 * nothing of the key.
 */
#include "pqc/falcon/falcon_ahead.h"
#include "pqc/falcon/falcon_fft.h"

/* f = f0(X^2) + X f1(X^2) in FFT form, and back. */
static inline void split(fpr *restrict f0, fpr *restrict f1, const fpr *restrict f, unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1, qn = hn / 2;

	for (size_t u = 0; u < qn; u++) {
		struct cpx a = poly_get(f, 2 * u, hn), b = poly_get(f, 2 * u + 1, hn);
		struct cpx d = cpx_mul(cpx_sub(a, b), cpx_conj(cpx_root(u + hn)));

		poly_set(f0, u, qn, cpx_scale(cpx_add(a, b), FPR_HALF));
		poly_set(f1, u, qn, cpx_scale(d, FPR_HALF));
	}
}

static inline void merge(fpr *restrict f, const fpr *restrict f0, const fpr *restrict f1,
			 unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1, qn = hn / 2;

	for (size_t u = 0; u < qn; u++) {
		struct cpx a = poly_get(f0, u, qn);
		struct cpx b = cpx_mul(poly_get(f1, u, qn), cpx_root(u + hn));

		poly_set(f, 2 * u, hn, cpx_add(a, b));
		poly_set(f, 2 * u + 1, hn, cpx_sub(a, b));
	}
}

/* The Gram matrix [[g00, g01], [adj g01, g11]] and the target of one level. */
struct node {
	const fpr *g00, *g01, *g11;
	const fpr *t0, *t1;
	fpr *z0, *z1;
};

/* [[1, 0], [l10, 1]] and d11 of the LDL decomposition; d00 is g00. */
static inline void decompose(const struct node *nd, fpr *restrict l10, fpr *restrict d11, size_t hn)
{
	for (size_t u = 0; u < hn; u++) {
		struct cpx g01 = poly_get(nd->g01, u, hn);
		struct cpx mu = cpx_div(g01, poly_get(nd->g00, u, hn));

		poly_set(d11, u, hn, cpx_sub(poly_get(nd->g11, u, hn), cpx_mul(mu, cpx_conj(g01))));
		poly_set(l10, u, hn, cpx_conj(mu));
	}
}

static inline fpr leaf_isigma(const struct sampler *sp, fpr g)
{
	return fpr_mul(fpr_sqrt(g), sp->inv_sigma);
}

static inline struct cpx sample_pair(struct sampler *sp, struct cpx t, fpr g)
{
	fpr isigma = leaf_isigma(sp, g);
	const struct centre re = centre_of(sp, t.re, isigma), im = centre_of(sp, t.im, isigma);
	fpr z[2];

	sample_two(sp, &re, &im, z);
	return (struct cpx){z[0], z[1]};
}

/* Degree 2: one slot. */
static void sample_last(struct sampler *sp, const struct node *nd)
{
	struct cpx l10, d11, z1, t0 = poly_get(nd->t0, 0, 1), t1 = poly_get(nd->t1, 0, 1);
	fpr l[2], d[2];

	decompose(nd, l, d, 1);
	l10 = poly_get(l, 0, 1);
	d11 = poly_get(d, 0, 1);
	z1 = sample_pair(sp, t1, d11.re);
	poly_set(nd->z1, 0, 1, z1);
	t0 = cpx_add(t0, cpx_mul(l10, cpx_sub(t1, z1)));
	poly_set(nd->z0, 0, 1, sample_pair(sp, t0, nd->g00[0]));
}

static void sample_tree(struct sampler *sp, const struct node *nd, unsigned logn, fpr *work);

/* One half of a level: the Gram polynomial d and the target t split, sampled and merged to z. */
struct half {
	const fpr *d, *t;
	fpr *z, *work;
};

static void sample_half(struct sampler *sp, const struct half *h, unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1;
	fpr *d0 = h->work, *d1 = d0 + hn, *t0 = d1 + hn, *t1 = t0 + hn, *z0 = t1 + hn,
	    *z1 = z0 + hn;
	const struct node nd = {d0, d1, d0, t0, t1, z0, z1};

	split(d0, d1, h->d, logn);
	split(t0, t1, h->t, logn);
	sample_tree(sp, &nd, logn - 1, z1 + hn);
	merge(h->z, z0, z1, logn);
}

/* Writes z0 and z1; work: 10 n. */
static void sample_tree(struct sampler *sp, const struct node *nd, unsigned logn, fpr *work)
{
	size_t n = (size_t)1 << logn, hn = n / 2;
	fpr *l10 = work, *d11 = work + n;

	if (logn == 1) {
		sample_last(sp, nd);
		return;
	}
	decompose(nd, l10, d11, hn);
	sample_half(sp, &(struct half){d11, nd->t1, nd->z1, d11 + n}, logn);
	/* The target of the other half, in place of d11. */
	for (size_t u = 0; u < hn; u++) {
		struct cpx off = cpx_sub(poly_get(nd->t1, u, hn), poly_get(nd->z1, u, hn));

		poly_set(d11, u, hn,
			 cpx_add(poly_get(nd->t0, u, hn), cpx_mul(poly_get(l10, u, hn), off)));
	}
	sample_half(sp, &(struct half){nd->g00, d11, nd->z0, d11 + n}, logn);
}

#endif
