/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_DECODE_H
#define PROVIDER_DECODE_H

#include <stddef.h>
#include <openssl/core.h>

/*
 * OSSL_OP_DECODER from DER to keys of row number i of key.h. PEM and encrypted private keys are
 * taken apart by OpenSSL's own decoders. i must be below PROVIDER_SLOTS_COUNT.
 */
#define PROVIDER_DECODE_PUBLIC	"input=der,structure=SubjectPublicKeyInfo"
#define PROVIDER_DECODE_PRIVATE "input=der,structure=PrivateKeyInfo"

const OSSL_DISPATCH *provider_decode_public(size_t i);
const OSSL_DISPATCH *provider_decode_private(size_t i);

#endif
