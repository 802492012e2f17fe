/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_CPX_H
#define PQC_FALCON_FALCON_CPX_H

/* Complex numbers, and polynomials of them. */
#include <stddef.h>
#include <stdint.h>

#include "pqc/falcon/falcon_float.h"
#include "pqc/falcon/falcon_fpr.h"
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

static inline fpr *reals(struct falcon_real *r)
{
	return (fpr *)(void *)r;
}

#endif
