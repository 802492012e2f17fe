/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_SIG_H
#define PROVIDER_SIG_H

#include <openssl/core.h>

/*
 * OSSL_OP_SIGNATURE for the keys of keymgmt.h, whatever their row: the key knows. Without a digest,
 * as the schemes hash by themselves; Dilithium and ML-DSA randomised, ML-DSA pure with an empty
 * context.
 */
extern const OSSL_DISPATCH provider_sig_functions[];

#endif
