/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_GF2X_GF2X_OPS_H
#define PQC_GF2X_GF2X_OPS_H

#include <stddef.h>
#include <stdint.h>

/* Room for every variant, in words. */
#define GF2X_WORK_WORDS(words) (20 * (words) + 512)

/* out[j] = in[j * step mod bits], for every coefficient. */
struct gf2x_permutation {
	uint64_t *out;
	const uint64_t *in;
	unsigned bits;
	unsigned step;
};

struct gf2x_ops {
	/* out (2 * n words) = a * b, as polynomials. work has GF2X_WORK_WORDS(n). */
	void (*mul)(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t n, uint64_t *work);
	/* out (2 * n words) = a^2, as polynomials. */
	void (*square)(uint64_t *out, const uint64_t *a, size_t n);
	/* out (n words) = low words of in + in / X^bits, where in has 2 * n words. */
	void (*fold)(uint64_t *out, const uint64_t *in, unsigned bits);
	void (*permute)(const struct gf2x_permutation *permutation);
	/* gf2x_set_bits */
	void (*set_bits)(uint64_t *out, size_t words, const uint32_t *at, size_t n);
	/* Up to this many squarings are cheaper than a permutation. */
	unsigned few_squarings;
};

extern const struct gf2x_ops gf2x_c_ops;
extern const struct gf2x_ops gf2x_avx2_ops;
extern const struct gf2x_ops gf2x_avx512_ops;

#endif
