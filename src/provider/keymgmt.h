/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_KEYMGMT_H
#define PROVIDER_KEYMGMT_H

#include <stddef.h>
#include <openssl/core.h>

/*
 * OSSL_OP_KEYMGMT for row number i of provider/key.h: struct provider_key is what it makes. NULL if
 * there are more rows than slots in slots.h, to be added there.
 */
const OSSL_DISPATCH *provider_keymgmt_functions(size_t i);

#endif
