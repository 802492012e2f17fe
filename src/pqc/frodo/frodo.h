/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FRODO_FRODO_H
#define PQC_FRODO_FRODO_H

#include "pqc/pqc.h"

/*
 * FrodoKEM of NIST round 3 (2021), without salt. Random bytes: a key draws s, seedSE and z at once,
 * an encapsulation its message.
 */
extern const struct pqc_kem frodo_640_aes;
extern const struct pqc_kem frodo_640_shake;
extern const struct pqc_kem frodo_976_aes;
extern const struct pqc_kem frodo_976_shake;
extern const struct pqc_kem frodo_1344_aes;
extern const struct pqc_kem frodo_1344_shake;

#endif
