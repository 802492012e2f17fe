/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLDSA_MLDSA_OPS_H
#define PQC_MLDSA_MLDSA_OPS_H

#include <stddef.h>
#include <stdint.h>

#include "pqc/mlkem/mlkem_ops.h"

#define MLDSA_N	    256
#define MLDSA_Q	    8380417
#define MLDSA_D	    13 /* bits of t that are not in the public key */
#define MLDSA_K_MAX 8
#define MLDSA_L_MAX 7

/* What samplers and unpackers may read behind the end of their input. */
#define MLDSA_SLACK 32

/*
 * A polynomial of the ring Z_q[X]/(X^256 + 1): plain, coefficients in order, or transformed, values
 * in an order that is the variant's own.
 */
struct mldsa_poly {
	int32_t c[MLDSA_N] __attribute__((aligned(64)));
};

/* Encodings: `bits` each, of c, or of center - c where center is not 0. */
enum mldsa_format {
	MLDSA_T1,   /* 10 bits, from 0 */
	MLDSA_T0,   /* 13 bits, up to 2^12 */
	MLDSA_ETA2, /* 3 bits, from -2 to 2 */
	MLDSA_ETA4, /* 4 bits, from -4 to 4 */
	MLDSA_Z17,  /* 18 bits, up to 2^17 */
	MLDSA_Z19,  /* 20 bits, up to 2^19 */
	MLDSA_W6,   /* 6 bits, from 0 to 43 */
	MLDSA_W4,   /* 4 bits, from 0 to 15 */
	MLDSA_FORMATS
};

/* R is 2^32. "Reduced" is |x| < q, "canonical" is 0 <= x < q. */
struct mldsa_ops {
	/* Plain reduced to transformed, |x| < 9 q. */
	void (*ntt)(struct mldsa_poly *a);
	/* Transformed reduced to plain reduced, times R. */
	void (*intt)(struct mldsa_poly *a);
	/* Transformed in the order of FIPS 204 to that of the variant. */
	void (*arrange)(struct mldsa_poly *a);
	/*
	 * r = (a[0] b[0] + ... + a[n - 1] b[n - 1]) / R, reduced; n <= 8, |b| < 9 q, |a| <= q,
	 * or |a| < 9 q if n is 1.
	 */
	void (*dot)(struct mldsa_poly *r, const struct mldsa_poly *a, const struct mldsa_poly *b,
		    unsigned n);
	/* r + a, r - a, as they are. */
	void (*add)(struct mldsa_poly *r, const struct mldsa_poly *a);
	void (*sub)(struct mldsa_poly *r, const struct mldsa_poly *a);
	/*
	 * Products of short polynomials fit in the ring of ML-KEM, whose numbers have 16 bits.
	 * small: a there, plain. r + a, r - a, where |a| < q of ML-KEM stands for its
	 * representative nearest to 0.
	 */
	void (*small)(struct mlkem_poly *r, const struct mldsa_poly *a);
	void (*add_small)(struct mldsa_poly *r, const struct mlkem_poly *a);
	void (*sub_small)(struct mldsa_poly *r, const struct mlkem_poly *a);
	/* |x| < 2^31 - 2^22 to |x| <= 6283008, which is reduced; -q < x < q to canonical. */
	void (*reduce)(struct mldsa_poly *a);
	void (*canonical)(struct mldsa_poly *a);
	/* Not 0 if |x| >= bound somewhere. */
	uint32_t (*exceeds)(const struct mldsa_poly *a, int32_t bound);

	/*
	 * Append what passes to the n there are in out, and return their number, at most 256. len
	 * is a multiple of 3 in reject_q; MLDSA_SLACK bytes behind it can be read. eta is 2 or 4.
	 */
	unsigned (*reject_q)(int32_t *out, unsigned n, const uint8_t *in, size_t len);
	unsigned (*reject_eta2)(int32_t *out, unsigned n, const uint8_t *in, size_t len);
	unsigned (*reject_eta4)(int32_t *out, unsigned n, const uint8_t *in, size_t len);

	/* FIPS 204 algorithms 35 and 36, of canonical values; low may be the input. */
	void (*power2round)(struct mldsa_poly *high, struct mldsa_poly *low);
	void (*decompose)(struct mldsa_poly *high, struct mldsa_poly *low, int32_t gamma2);
	/*
	 * Whether adding to the low part changed the high part: bits[i] is 0 or 1. low is the sum.
	 * Returns the number of ones.
	 */
	unsigned (*make_hint)(uint8_t *bits, const struct mldsa_poly *high,
			      const struct mldsa_poly *low, int32_t gamma2);
	/* a, canonical, to its high part as the hint corrects it (algorithm 40). */
	void (*use_hint)(struct mldsa_poly *a, const uint8_t *bits, int32_t gamma2);

	void (*pack)(uint8_t *out, const struct mldsa_poly *a, enum mldsa_format format);
	void (*unpack)(struct mldsa_poly *a, const uint8_t *in, enum mldsa_format format);
};

extern const struct mldsa_ops mldsa_c_ops;
extern const struct mldsa_ops mldsa_avx2_ops;
extern const struct mldsa_ops mldsa_avx512_ops;

/* The variant in use. */
const struct mldsa_ops *mldsa_ops(void);

/* Bytes of a polynomial. */
size_t mldsa_c_packed_len(enum mldsa_format format);

#endif
