/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLKEM_MLKEM_H
#define PQC_MLKEM_MLKEM_H

#include "pqc/pqc.h"

/*
 * Kyber of round 3 (version 3.02) and ML-KEM (FIPS 203). A decapsulation key is in both
 * s || ek || H(ek) || z; a key seed is d || z, 64 bytes.
 */
extern const struct pqc_kem mlkem_kyber512;
extern const struct pqc_kem mlkem_kyber768;
extern const struct pqc_kem mlkem_kyber1024;
extern const struct pqc_kem mlkem_512;
extern const struct pqc_kem mlkem_768;
extern const struct pqc_kem mlkem_1024;

#endif
