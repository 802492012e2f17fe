/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_HYBRID_H
#define PROVIDER_HYBRID_H

#include <stddef.h>

#include "pqc/pqc.h"

/*
 * Private to this room: ML-KEM beside an elliptic curve, as TLS 1.3 joins them
 * (draft-ietf-tls-ecdhe-mlkem): keys, ciphertexts and secrets are both parts, one behind the other.
 * They are rows like the library's, with the curve by OpenSSL. Row number i from 0; NULL after the
 * last.
 */
const struct pqc_kem *provider_hybrid_at(size_t i);

#endif
