/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLKEM_MLKEM_PKE_H
#define PQC_MLKEM_MLKEM_PKE_H

#include <stdbool.h>
#include <stdint.h>

#include "pqc/mlkem/mlkem_sample.h"

#define MLKEM_CIPHERTEXT_MAX 1568

struct mlkem_params {
	unsigned k;	 /* rank of the module */
	unsigned eta1;	 /* of the secret; the other noise has eta 2 */
	unsigned du, dv; /* bits that are kept of a coefficient of u and v */
	bool fips;	 /* ML-KEM; else Kyber of round 3 */
};

/*
 * The public-key scheme under the KEM: FIPS 203 algorithms 13 to 15. `seeds` is rho || sigma, as
 * they come from G. Everything that is secret in here is wiped.
 */
void mlkem_pke_keypair(const struct mlkem_params *p, const uint8_t *seeds, uint8_t *pub,
		       uint8_t *sec);
/* `matrix` is A transposed, of the public key. coins: 32 bytes */
struct mlkem_pke_input {
	const struct mlkem_matrix *matrix;
	const uint8_t *pub, *msg, *coins;
};
void mlkem_pke_encrypt(const struct mlkem_params *p, const struct mlkem_pke_input *in, uint8_t *ct);
void mlkem_pke_decrypt(const struct mlkem_params *p, const uint8_t *sec, const uint8_t *ct,
		       uint8_t *msg);

#endif
