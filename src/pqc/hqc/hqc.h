/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_HQC_HQC_H
#define PQC_HQC_HQC_H

#include "pqc/pqc.h"

/*
 * HQC of NIST round 3, as submitted on 2020-10-01: a ciphertext that is not an honest one is
 * refused by decapsulation. Random bytes: a key draws the seed of its secret and then the public
 * one, an encapsulation its message.
 */
extern const struct pqc_kem hqc_128;
extern const struct pqc_kem hqc_192;
extern const struct pqc_kem hqc_256;

#endif
