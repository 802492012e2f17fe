/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_FFT_H
#define PQC_FALCON_FALCON_FFT_H

/* The Fourier transform of falcon_float.h. */
#include "pqc/falcon/falcon_cpx.h"

/* The layer of neighbours: written for itself, since its inner loop would be of one step. */
static void fft_neighbours(fpr *restrict f, size_t hn)
{
	for (size_t i = 0; i < hn / 2; i++) {
		struct cpx x = poly_get(f, 2 * i, hn);
		struct cpx y = cpx_mul(poly_get(f, 2 * i + 1, hn), cpx_root(hn + i));

		poly_set(f, 2 * i, hn, cpx_add(x, y));
		poly_set(f, 2 * i + 1, hn, cpx_sub(x, y));
	}
}

static void ifft_neighbours(fpr *restrict f, size_t hn)
{
	for (size_t i = 0; i < hn / 2; i++) {
		struct cpx x = poly_get(f, 2 * i, hn), y = poly_get(f, 2 * i + 1, hn);

		poly_set(f, 2 * i, hn, cpx_add(x, y));
		poly_set(f, 2 * i + 1, hn, cpx_mul(cpx_sub(x, y), cpx_conj(cpx_root(hn + i))));
	}
}

/* From coefficients to values at the roots of X^n + 1. The first layer is only a reading of it. */
static void fft(fpr *restrict f, unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1, t = hn;

	for (size_t m = 2; m < hn; m *= 2, t /= 2) {
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
	if (hn > 1)
		fft_neighbours(f, hn);
}

static void ifft(fpr *restrict f, unsigned logn)
{
	size_t n = (size_t)1 << logn, hn = n / 2, t = 2;

	if (hn > 1)
		ifft_neighbours(f, hn);
	for (size_t m = hn / 2; m > 1; m /= 2, t *= 2) {
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

#endif
