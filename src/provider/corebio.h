/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_COREBIO_H
#define PROVIDER_COREBIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/core.h>

/* Private to this room: the streams that OpenSSL lends to decoders and encoders. */

/* Find OpenSSL's functions in what it passes at start. False if it has none. */
bool provider_corebio_init(const OSSL_DISPATCH *in);
/*
 * Read one DER SEQUENCE, to be freed with OPENSSL_clear_free(). False if there is none of a size
 * that a key may have; nothing is raised then.
 */
bool provider_corebio_read_der(OSSL_CORE_BIO *bio, uint8_t **out, size_t *out_len);
bool provider_corebio_write(OSSL_CORE_BIO *bio, const void *data, size_t len);

#endif
