/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_FLOAT_H
#define PQC_FALCON_FALCON_FLOAT_H

#include <stdint.h>

/*
 * All that Falcon computes in floating point. The variants give the same bits: integers that do as
 * IEEE-754 says (portable, constant time on every machine), and the machine's own doubles.
 *
 * A real number lies in memory as its 64 bits, whatever the variant computes with. A polynomial of
 * degree below n = 2^logn is n reals: coefficients, or in FFT form the real parts of n/2 complex
 * numbers followed by their imaginary parts. Work space is given by the caller, who wipes it.
 */
struct falcon_real {
	uint64_t bits;
};

/* f and g of depth `logn` and what is to be reduced against them; n reals each, FFT form. */
struct falcon_babai {
	unsigned logn;
	struct falcon_real *f, *g; /* start: leaves the conjugates */
	struct falcon_real *inv;   /* start: writes 1 / (|f|^2 + |g|^2) */
	struct falcon_real *big_f, *big_g;
};

/* The last two steps of the NTRU solver, at degree n = 2^logn; work is for 6 n reals. */
struct falcon_lift {
	unsigned logn;
	const int64_t *f, *g;
	int64_t *big_f, *big_g;
	struct falcon_real *work;
};

struct falcon_lift_last {
	unsigned logn;
	const int8_t *f, *g;
	const int64_t *half_f, *half_g; /* n/2 coefficients: the solution one step deeper */
	int8_t *big_f, *big_g;
	struct falcon_real *work;
};

#define FALCON_FLOAT_SEED_LEN 56

/* One signature. work is for FALCON_FLOAT_SIGN_REALS * n reals, aligned to 64 bytes. */
struct falcon_signing {
	unsigned logn;
	const int8_t *f, *g, *big_f, *big_g;
	const int16_t *point; /* the hashed message, n values from 0 to q - 1 */
	int16_t *s2;	      /* the result */
	struct falcon_real *work;
};

#define FALCON_FLOAT_SIGN_REALS 21

struct falcon_float_ops {
	/* Whether the Gram-Schmidt norm of the basis of f, g is small enough; work: 3 n reals. */
	int (*is_short)(const int8_t *f, const int8_t *g, unsigned logn, struct falcon_real *work);
	/* The norms of f in the rings of degree n/2 and n/4; work: 2 n reals. */
	void (*norms)(const int8_t *f, unsigned logn, int64_t *norm, struct falcon_real *work);
	/* out[c] = sum of words[i * n + c] * 2^(31 i) for i < len, rounded at every step. */
	void (*from_words)(struct falcon_real *out, const int32_t *words, unsigned len, unsigned n);
	void (*babai_start)(const struct falcon_babai *b);
	/* k = the reduced quotient / 2^scale, rounded. 0 if one does not fit 32 bits. */
	int (*babai_round)(const struct falcon_babai *b, int scale, int32_t *k);
	/* 0 if the numbers are too large. */
	int (*lift)(const struct falcon_lift *lift);
	/* 0 if there is no solution, or not with coefficients of 8 bits. */
	int (*lift_last)(const struct falcon_lift_last *lift);
	/* 1 if f G - g F = q; work: 4 n reals. */
	int (*is_basis)(const struct falcon_signing *s);
	/* Once per signature, then an attempt with a seed each: returns the squared norm. */
	void (*sign_start)(const struct falcon_signing *s);
	uint32_t (*sign_try)(const struct falcon_signing *s, const uint8_t *seed);
};

extern const struct falcon_float_ops falcon_float_c_ops;
extern const struct falcon_float_ops falcon_float_avx2_ops;

/* The variant in use. */
const struct falcon_float_ops *falcon_float_ops(void);

#endif
