/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_MLDSA_MLDSA_H
#define PQC_MLDSA_MLDSA_H

#include "pqc/pqc.h"

/*
 * Dilithium of round 3 (version 3.1), signing with 64 random bytes, and ML-DSA (FIPS 204), pure,
 * hedged with 32 random bytes or, without a source, deterministic. A key seed has 32 bytes. Signing
 * and verification take up to 160 KiB of stack.
 */
extern const struct pqc_sig mldsa_dilithium2;
extern const struct pqc_sig mldsa_dilithium3;
extern const struct pqc_sig mldsa_dilithium5;
extern const struct pqc_sig mldsa_44;
extern const struct pqc_sig mldsa_65;
extern const struct pqc_sig mldsa_87;

#endif
