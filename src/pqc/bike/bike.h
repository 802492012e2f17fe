/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_BIKE_BIKE_H
#define PQC_BIKE_BIKE_H

#include "pqc/pqc.h"

/*
 * BIKE 5.1 of NIST round 4 (2022). Random bytes: a key draws its two seeds at once, an
 * encapsulation 64 bytes of which the first 32 are its message.
 */
extern const struct pqc_kem bike_l1;
extern const struct pqc_kem bike_l3;
extern const struct pqc_kem bike_l5;

#endif
