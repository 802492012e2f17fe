/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLDSA_MLDSA_PACK_H
#define PQC_MLDSA_MLDSA_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pqc/mldsa/mldsa_sample.h"

struct mldsa_params {
	struct mldsa_rank rank;
	unsigned eta, tau, omega;
	enum mldsa_format z, w1; /* z tells gamma1, w1 tells gamma2 */
	size_t challenge_len, tr_len;
	bool fips; /* ML-DSA; else Dilithium of round 3 */
};

int32_t mldsa_pack_gamma1(const struct mldsa_params *p);
int32_t mldsa_pack_gamma2(const struct mldsa_params *p);
int32_t mldsa_pack_beta(const struct mldsa_params *p);

/* A vector of n polynomials. */
void mldsa_pack_vector(uint8_t *out, const struct mldsa_poly *v, unsigned n,
		       enum mldsa_format format);
void mldsa_pack_read_vector(struct mldsa_poly *v, const uint8_t *in, unsigned n,
			    enum mldsa_format format);

/* Where the vectors of a private key begin: rho || K || tr || s1 || s2 || t0. */
struct mldsa_layout {
	size_t key, tr, s1, s2, t0, end;
};
struct mldsa_layout mldsa_pack_layout(const struct mldsa_params *p);
enum mldsa_format mldsa_pack_eta(const struct mldsa_params *p);

struct mldsa_hints {
	uint8_t bits[MLDSA_K_MAX][MLDSA_N];
};

/* omega + k bytes; there are at most omega ones. */
void mldsa_pack_hints(uint8_t *out, const struct mldsa_params *p, const struct mldsa_hints *hints);
/* -1 for anything that mldsa_pack_hints does not write (FIPS 204 algorithm 21). */
int mldsa_pack_read_hints(struct mldsa_hints *hints, const struct mldsa_params *p,
			  const uint8_t *in);

#endif
