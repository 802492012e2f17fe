/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floating point of falcon_float.h, written over `fpr`: each variant includes one of the
 * falcon_fpr_*.h, then this. The order of operations is part of Falcon: it decides the last bits of
 * all numbers, and with them now and then a signature.
 */
#include <stddef.h>
#include <string.h>

#include "pqc/ct.h"
#include "pqc/falcon/falcon_float.h"
#include "pqc/falcon/falcon_table.h"

#define Q		    12289
#define FPR_Q		    fpr_bits(0x40c8008000000000) /* 12289 */
#define FPR_HALF	    fpr_bits(0x3fe0000000000000)
#define FPR_P31		    fpr_bits(0x41e0000000000000) /* 2^31 */
#define FPR_P31M1	    fpr_bits(0x41dfffffffc00000) /* 2^31 - 1 */
#define FPR_P51		    fpr_bits(0x4320000000000000) /* 2^51: fpr_rint takes no more */
#define FPR_SHORT_BOUND	    fpr_bits(0x40d06d9a5fd8adac) /* 1.17^2 q = 16822.4121 */
#define FPR_EXACT	    fpr_bits(0x3f50000000000000) /* 2^-10 */
#define FPR_POWER_OF_TWO(e) fpr_bits((uint64_t)(1023 + (e)) << 52)

/* A complex number. */
struct cpx {
	fpr re, im;
};

static inline struct cpx cpx_root(size_t k)
{
	return (struct cpx){fpr_bits(falcon_table_re[k]), fpr_bits(falcon_table_im[k])};
}

static inline struct cpx cpx_conj(struct cpx a)
{
	return (struct cpx){a.re, fpr_neg(a.im)};
}

static inline struct cpx cpx_add(struct cpx a, struct cpx b)
{
	return (struct cpx){fpr_add(a.re, b.re), fpr_add(a.im, b.im)};
}

static inline struct cpx cpx_sub(struct cpx a, struct cpx b)
{
	return (struct cpx){fpr_sub(a.re, b.re), fpr_sub(a.im, b.im)};
}

static inline struct cpx cpx_mul(struct cpx a, struct cpx b)
{
	return (struct cpx){fpr_sub(fpr_mul(a.re, b.re), fpr_mul(a.im, b.im)),
			    fpr_add(fpr_mul(a.re, b.im), fpr_mul(a.im, b.re))};
}

static inline struct cpx cpx_scale(struct cpx a, fpr x)
{
	return (struct cpx){fpr_mul(a.re, x), fpr_mul(a.im, x)};
}

static inline fpr cpx_norm(struct cpx a)
{
	return fpr_add(fpr_sqr(a.re), fpr_sqr(a.im));
}

static inline struct cpx cpx_div(struct cpx a, struct cpx b)
{
	fpr m = fpr_inv(cpx_norm(b));

	return cpx_mul(a, (struct cpx){fpr_mul(b.re, m), fpr_mul(fpr_neg(b.im), m)});
}

/* Slot u of a polynomial with hn slots. */
static inline struct cpx poly_get(const fpr *a, size_t u, size_t hn)
{
	return (struct cpx){a[u], a[u + hn]};
}

static inline void poly_set(fpr *a, size_t u, size_t hn, struct cpx x)
{
	a[u] = x.re;
	a[u + hn] = x.im;
}

/* A verdict on a key or a candidate for one, to be acted on. */
static inline int tell(int verdict)
{
	PQC_DECLASSIFY(&verdict, sizeof(verdict),
		       "candidates for keys are drawn until one is good");
	return verdict;
}

static inline fpr *reals(struct falcon_real *r)
{
	return (fpr *)(void *)r;
}

/* From coefficients to values at the roots of X^n + 1. The first layer is only a reading of it. */
static void fft(fpr *restrict f, unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1, t = hn;

	for (size_t m = 2; m < hn * 2; m *= 2, t /= 2) {
		size_t ht = t / 2;

		for (size_t i = 0; i < m / 2; i++) {
			struct cpx s = cpx_root(m + i);
			fpr *restrict xr = f + i * t, *restrict yr = xr + ht;
			fpr *restrict xi = xr + hn, *restrict yi = yr + hn;

			for (size_t j = 0; j < ht; j++) {
				struct cpx x = {xr[j], xi[j]};
				struct cpx y = cpx_mul((struct cpx){yr[j], yi[j]}, s);

				xr[j] = fpr_add(x.re, y.re);
				xi[j] = fpr_add(x.im, y.im);
				yr[j] = fpr_sub(x.re, y.re);
				yi[j] = fpr_sub(x.im, y.im);
			}
		}
	}
}

static void ifft(fpr *restrict f, unsigned logn)
{
	size_t n = (size_t)1 << logn, hn = n / 2, t = 1;

	for (size_t m = hn; m > 1; m /= 2, t *= 2) {
		for (size_t i = 0; i < m / 2; i++) {
			struct cpx s = cpx_conj(cpx_root(m + i));
			fpr *restrict xr = f + i * t * 2, *restrict yr = xr + t;
			fpr *restrict xi = xr + hn, *restrict yi = yr + hn;

			for (size_t j = 0; j < t; j++) {
				struct cpx x = {xr[j], xi[j]}, y = {yr[j], yi[j]};
				struct cpx d = cpx_mul(cpx_sub(x, y), s);

				xr[j] = fpr_add(x.re, y.re);
				xi[j] = fpr_add(x.im, y.im);
				yr[j] = d.re;
				yi[j] = d.im;
			}
		}
	}
	for (size_t i = 0; i < n && logn > 0; i++)
		f[i] = fpr_mul(f[i], FPR_POWER_OF_TWO(1 - (int)logn));
}

static void from_small(fpr *out, const int8_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = fpr_of(in[i]);
}

static void from_int(fpr *out, const int64_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = fpr_of(in[i]);
}

/* out[u] = 1 / (|a|^2 + |b|^2), hn reals. */
static void inv_norms(fpr *restrict out, const fpr *restrict a, const fpr *restrict b, size_t hn)
{
	for (size_t u = 0; u < hn; u++)
		out[u] = fpr_inv(
			fpr_add(cpx_norm(poly_get(a, u, hn)), cpx_norm(poly_get(b, u, hn))));
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

/* Unreduced F = F'(X^2) g(-X): every value of F' serves two slots, and g's neighbours change places. */
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
