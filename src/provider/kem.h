/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_KEM_H
#define PROVIDER_KEM_H

#include <openssl/core.h>

/* OSSL_OP_KEM for the keys of keymgmt.h, whatever their row: the key knows. */
extern const OSSL_DISPATCH provider_kem_functions[];

#endif
