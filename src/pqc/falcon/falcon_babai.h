/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_BABAI_H
#define PQC_FALCON_FALCON_BABAI_H

/* Key generation: tests of candidates, and a round of the solver. */
#include "pqc/ct.h"
#include "pqc/falcon/falcon_fft.h"

/* A verdict on a key or a candidate for one, to be acted on. */
static inline int tell(int verdict)
{
	PQC_DECLASSIFY(&verdict, sizeof(verdict),
		       "candidates for keys are drawn until one is good");
	return verdict;
}

static int is_short(const int8_t *f, const int8_t *g, unsigned logn, struct falcon_real *work)
{
	size_t n = (size_t)1 << logn, hn = n / 2;
	fpr *a = reals(work), *b = a + n, *inv = b + n, sum = fpr_of(0);

	from_small(a, f, n);
	from_small(b, g, n);
	fft(a, logn);
	fft(b, logn);
	inv_norms(inv, a, b, hn);
	for (size_t u = 0; u < hn; u++) {
		poly_set(a, u, hn,
			 cpx_scale(cpx_scale(cpx_conj(poly_get(a, u, hn)), FPR_Q), inv[u]));
		poly_set(b, u, hn,
			 cpx_scale(cpx_scale(cpx_conj(poly_get(b, u, hn)), FPR_Q), inv[u]));
	}
	ifft(a, logn);
	ifft(b, logn);
	for (size_t i = 0; i < n; i++) {
		sum = fpr_add(sum, fpr_sqr(a[i]));
		sum = fpr_add(sum, fpr_sqr(b[i]));
	}
	return tell(fpr_lt(sum, FPR_SHORT_BOUND));
}

/* The norm to the ring of half the degree: N(f)(X^2) = f(X) f(-X), neighbours in FFT form. */
static void halve(fpr *restrict out, const fpr *restrict in, unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1;

	for (size_t u = 0; u < hn / 2; u++)
		poly_set(out, u, hn / 2,
			 cpx_mul(poly_get(in, 2 * u, hn), poly_get(in, 2 * u + 1, hn)));
}

static void norms(const int8_t *f, unsigned logn, int64_t *norm, struct falcon_real *work)
{
	size_t n = (size_t)1 << logn;
	fpr *a = reals(work), *b = a + n, *c = b + n / 2;

	from_small(a, f, n);
	fft(a, logn);
	halve(b, a, logn);
	halve(c, b, logn - 1);
	ifft(b, logn - 1);
	ifft(c, logn - 2);
	for (size_t i = 0; i < n / 2 + n / 4; i++)
		norm[i] = fpr_rint(b[i]);
}

static void from_words(struct falcon_real *out, const int32_t *words, unsigned len, unsigned n)
{
	fpr *x = reals(out), scale = fpr_of(1);

	for (size_t c = 0; c < n; c++)
		x[c] = fpr_of(0);
	for (size_t i = 0; i < len; i++) {
		for (size_t c = 0; c < n; c++)
			x[c] = fpr_add(x[c], fpr_mul(fpr_of(words[i * n + c]), scale));
		scale = fpr_mul(scale, FPR_P31);
	}
}

static void babai_start(const struct falcon_babai *b)
{
	size_t n = (size_t)1 << b->logn, hn = n / 2;
	fpr *f = reals(b->f), *g = reals(b->g);

	fft(f, b->logn);
	fft(g, b->logn);
	inv_norms(reals(b->inv), f, g, hn);
	for (size_t u = hn; u < n; u++) {
		f[u] = fpr_neg(f[u]);
		g[u] = fpr_neg(g[u]);
	}
}

static int babai_round(const struct falcon_babai *b, int scale, int32_t *k)
{
	size_t n = (size_t)1 << b->logn, hn = n / 2;
	const fpr *f = reals(b->f), *g = reals(b->g), *inv = reals(b->inv);
	fpr *big_f = reals(b->big_f), *big_g = reals(b->big_g);
	fpr factor = FPR_POWER_OF_TWO(-scale);
	int fits = 1;

	fft(big_f, b->logn);
	fft(big_g, b->logn);
	for (size_t u = 0; u < hn; u++) {
		struct cpx x = cpx_mul(poly_get(big_g, u, hn), poly_get(g, u, hn));
		struct cpx y = cpx_mul(poly_get(big_f, u, hn), poly_get(f, u, hn));

		poly_set(big_g, u, hn, cpx_scale(cpx_add(x, y), inv[u]));
	}
	ifft(big_g, b->logn);
	for (size_t i = 0; i < n; i++) {
		fpr x = fpr_mul(big_g[i], factor);

		fits &= fpr_lt(x, FPR_P31M1) & fpr_lt(fpr_neg(FPR_P31M1), x);
		big_g[i] = x;
	}
	fits = tell(fits);
	for (size_t i = 0; i < n && fits; i++)
		k[i] = (int32_t)fpr_rint(big_g[i]);
	return fits;
}

#endif
