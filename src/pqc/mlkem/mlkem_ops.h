/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLKEM_MLKEM_OPS_H
#define PQC_MLKEM_MLKEM_OPS_H

#include <stddef.h>
#include <stdint.h>

#define MLKEM_N	    256
#define MLKEM_Q	    3329
#define MLKEM_K_MAX 4

#define MLKEM_POLY_BYTES 384 /* 12 bits a coefficient */
#define MLKEM_MSG_LEN	 32

/* What a sampler may read behind the end of its input. */
#define MLKEM_SLACK 32

/*
 * A polynomial of the ring Z_q[X]/(X^256 + 1), in one of two forms. Plain: coefficients in order.
 * Transformed (FIPS 203 section 4.3): values in an order that is the variant's own, so they are
 * only handed to functions of the same variant. Values are signed and stand for their class mod q.
 */
struct mlkem_poly {
	int16_t c[MLKEM_N] __attribute__((aligned(64)));
};

/* Values are written |x| <= bound; HALF is (q + 1) / 2. R is 2^16. */
struct mlkem_ops {
	/* Plain |x| <= 2 q to transformed |x| <= HALF. */
	void (*ntt)(struct mlkem_poly *a);
	/* Transformed |x| <= HALF to plain, times R, |x| < q. */
	void (*intt)(struct mlkem_poly *a);
	/* Transformed in the order of FIPS 203 to that of the variant. */
	void (*arrange)(struct mlkem_poly *a);
	/* r = (a[0] b[0] + ... + a[k - 1] b[k - 1]) / R; |a|, |b| <= q; |r| <= HALF. */
	void (*dot)(struct mlkem_poly *r, const struct mlkem_poly *a, const struct mlkem_poly *b,
		    unsigned k);
	/* r = r R + e, transformed, for a result of dot; |r| <= HALF */
	void (*scale_add)(struct mlkem_poly *r, const struct mlkem_poly *e);
	/* r = r + a; r = a - r. |x| stays below 2^15 as the caller sees to. */
	void (*add)(struct mlkem_poly *r, const struct mlkem_poly *a);
	void (*sub_from)(struct mlkem_poly *r, const struct mlkem_poly *a);

	/*
	 * Appends the 12-bit numbers below q of `in` (len is a multiple of 3, and MLKEM_SLACK bytes
	 * behind it can be read) to the n there are in out. Returns their number, at most 256.
	 */
	unsigned (*reject)(int16_t *out, unsigned n, const uint8_t *in, size_t len);
	/* The centered binomial distribution: 64 eta bytes, eta 2 or 3; MLKEM_SLACK as above. */
	void (*noise2)(struct mlkem_poly *r, const uint8_t *in);
	void (*noise3)(struct mlkem_poly *r, const uint8_t *in);

	/* 12 bits of each value of a transformed polynomial. */
	void (*encode)(uint8_t *out, const struct mlkem_poly *a);
	void (*decode)(struct mlkem_poly *r, const uint8_t *in);
	/* Compress and decompress of FIPS 203 to d = 4, 5, 10 or 11 bits; |a| < 2 q. */
	void (*compress)(uint8_t *out, const struct mlkem_poly *a, unsigned d);
	void (*decompress)(struct mlkem_poly *r, const uint8_t *in, unsigned d);
	/* A message: d = 1. from_msg adds to r. */
	void (*add_msg)(struct mlkem_poly *r, const uint8_t *msg);
	void (*to_msg)(uint8_t *msg, const struct mlkem_poly *a);
};

extern const struct mlkem_ops mlkem_c_ops;
extern const struct mlkem_ops mlkem_avx2_ops;
extern const struct mlkem_ops mlkem_avx512_ops;

/* The variant in use. */
const struct mlkem_ops *mlkem_ops(void);

#endif
