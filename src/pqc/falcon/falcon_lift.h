/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_LIFT_H
#define PQC_FALCON_FALCON_LIFT_H

/* Key generation: the last two steps of the solver, and the equation that keys fulfil. */
#include "pqc/falcon/falcon_babai.h"

/* 1 if all of x * scale are between -limit and limit, limit excluded; rounds them. */
static int round_all(int64_t *restrict out, const fpr *restrict x, size_t n, fpr limit)
{
	int fits = 1;

	for (size_t i = 0; i < n; i++)
		fits &= fpr_lt(x[i], limit) & fpr_lt(fpr_neg(limit), x[i]);
	fits = tell(fits);
	for (size_t i = 0; i < n && fits; i++)
		out[i] = fpr_rint(x[i]);
	return fits;
}

static int lift(const struct falcon_lift *l)
{
	size_t n = (size_t)1 << l->logn, hn = n / 2;
	fpr *big_f = reals(l->work), *big_g = big_f + n, *f = big_g + n, *g = f + n, *t = g + n,
	    *inv = t + n;

	from_int(big_f, l->big_f, n);
	from_int(big_g, l->big_g, n);
	from_int(f, l->f, n);
	from_int(g, l->g, n);
	fft(big_f, l->logn);
	fft(big_g, l->logn);
	fft(f, l->logn);
	fft(g, l->logn);
	inv_norms(inv, f, g, hn);
	for (size_t u = 0; u < hn; u++) {
		struct cpx x = cpx_mul(poly_get(big_f, u, hn), cpx_conj(poly_get(f, u, hn)));
		struct cpx y = cpx_mul(poly_get(big_g, u, hn), cpx_conj(poly_get(g, u, hn)));

		poly_set(t, u, hn, cpx_scale(cpx_add(x, y), inv[u]));
	}
	ifft(t, l->logn);
	if (!round_all(l->big_f, t, n, FPR_P51))
		return 0;
	from_int(t, l->big_f, n);
	fft(t, l->logn);
	for (size_t u = 0; u < hn; u++) {
		struct cpx k = poly_get(t, u, hn);

		poly_set(big_f, u, hn,
			 cpx_sub(poly_get(big_f, u, hn), cpx_mul(poly_get(f, u, hn), k)));
		poly_set(big_g, u, hn,
			 cpx_sub(poly_get(big_g, u, hn), cpx_mul(poly_get(g, u, hn), k)));
	}
	ifft(big_f, l->logn);
	ifft(big_g, l->logn);
	return round_all(l->big_f, big_f, n, FPR_P31) && round_all(l->big_g, big_g, n, FPR_P31);
}

/* Rounds coefficients that are integers but for errors, and goes back to FFT form. */
static void tidy(fpr *x, unsigned logn)
{
	ifft(x, logn);
	for (size_t i = 0; i < (size_t)1 << logn; i++)
		x[i] = fpr_of(fpr_rint(x[i]));
	fft(x, logn);
}

/* Whether f G - g F = q, all in FFT form: the errors of the transform are far below 2^-10. */
static int is_equation(const fpr *f, const fpr *g, const fpr *big_f, const fpr *big_g, size_t hn)
{
	int same = 1;

	for (size_t u = 0; u < hn; u++) {
		struct cpx x = cpx_mul(poly_get(f, u, hn), poly_get(big_g, u, hn));
		struct cpx y = cpx_mul(poly_get(g, u, hn), poly_get(big_f, u, hn));
		struct cpx z = cpx_sub(cpx_sub(x, y), (struct cpx){FPR_Q, fpr_of(0)});

		same &= fpr_lt(z.re, FPR_EXACT) & fpr_lt(fpr_neg(FPR_EXACT), z.re);
		same &= fpr_lt(z.im, FPR_EXACT) & fpr_lt(fpr_neg(FPR_EXACT), z.im);
	}
	return same;
}

/* a - k b, back to coefficients, which must be in -127..127; leaves their FFT form in a. */
static int reduce_last(fpr *a, const fpr *b, const fpr *k, unsigned logn, int8_t *out)
{
	size_t n = (size_t)1 << logn, hn = n / 2;
	int fits = 1;

	for (size_t u = 0; u < hn; u++)
		poly_set(a, u, hn,
			 cpx_sub(poly_get(a, u, hn),
				 cpx_mul(poly_get(k, u, hn), poly_get(b, u, hn))));
	ifft(a, logn);
	for (size_t i = 0; i < n; i++) {
		int64_t x = fpr_rint(a[i]);

		fits &= x >= -127 && x <= 127;
		out[i] = (int8_t)x;
		a[i] = fpr_of(x);
	}
	fft(a, logn);
	return fits;
}

/* Unreduced F = F'(X^2) g(-X): each value of F' serves two slots, g's neighbours change places. */
static void lift_double(fpr *out, const fpr *half, const fpr *other, size_t hn)
{
	for (size_t u = 0; u < hn / 2; u++) {
		struct cpx x = poly_get(half, u, hn / 2);

		poly_set(out, 2 * u, hn, cpx_mul(x, poly_get(other, 2 * u + 1, hn)));
		poly_set(out, 2 * u + 1, hn, cpx_mul(x, poly_get(other, 2 * u, hn)));
	}
}

static int lift_last(const struct falcon_lift_last *l)
{
	size_t n = (size_t)1 << l->logn, hn = n / 2;
	fpr *f = reals(l->work), *g = f + n, *big_f = g + n, *big_g = big_f + n, *t = big_g + n,
	    *s = t + n;
	int fits;

	from_small(f, l->f, n);
	from_small(g, l->g, n);
	from_int(t, l->half_f, hn);
	from_int(s, l->half_g, hn);
	fft(f, l->logn);
	fft(g, l->logn);
	fft(t, l->logn - 1);
	fft(s, l->logn - 1);
	lift_double(big_f, t, g, hn);
	lift_double(big_g, s, f, hn);
	for (size_t u = 0; u < hn; u++) {
		struct cpx a = cpx_mul(poly_get(big_f, u, hn), cpx_conj(poly_get(f, u, hn)));
		struct cpx b = cpx_mul(poly_get(big_g, u, hn), cpx_conj(poly_get(g, u, hn)));

		poly_set(t, u, hn, cpx_add(a, b));
		s[u] = fpr_add(cpx_norm(poly_get(f, u, hn)), cpx_norm(poly_get(g, u, hn)));
		s[u + hn] = fpr_of(0);
	}
	tidy(t, l->logn);
	tidy(s, l->logn);
	for (size_t u = 0; u < hn; u++)
		poly_set(t, u, hn, cpx_scale(poly_get(t, u, hn), fpr_inv(s[u])));
	tidy(t, l->logn);
	fits = reduce_last(big_f, f, t, l->logn, l->big_f);
	fits &= reduce_last(big_g, g, t, l->logn, l->big_g);
	return tell(fits & is_equation(f, g, big_f, big_g, hn));
}

static int is_basis(const struct falcon_signing *s)
{
	size_t n = (size_t)1 << s->logn;
	const int8_t *const in[4] = {s->f, s->g, s->big_f, s->big_g};
	fpr *a = reals(s->work);

	for (size_t i = 0; i < 4; i++) {
		from_small(a + i * n, in[i], n);
		fft(a + i * n, s->logn);
	}
	return tell(is_equation(a, a + n, a + 2 * n, a + 3 * n, n / 2));
}

#endif
