/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_H
#define PQC_FALCON_FALCON_H

#include "pqc/pqc.h"

/*
 * Falcon as submitted to round 3 of NIST's process (20211101). A signature is 0x30 + log2 n, a
 * nonce of 40 bytes and the compressed polynomial, of no fixed length: verification takes up to
 * signature_len bytes, which are the reference's; signing makes at most what liboqs 0.9.2 makes,
 * 666 and 1280. Key generation draws 48 random bytes; signing 40, then 48.
 */
extern const struct pqc_sig falcon_512;
extern const struct pqc_sig falcon_1024;

#endif
