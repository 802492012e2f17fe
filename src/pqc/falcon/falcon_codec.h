/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_CODEC_H
#define PQC_FALCON_FALCON_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "pqc/pqc.h"

/*
 * Falcon's encodings, without their header bytes (specification 3.11). A decoder takes exactly what
 * the encoder writes: other lengths, values out of range and padding that is not zero are refused
 * with -1.
 */

/* n values from 0 to q - 1 in 14 bits each: n * 14 / 8 bytes. */
void falcon_codec_put_public(uint8_t *out, const int16_t *h, size_t n);
int falcon_codec_get_public(int16_t *h, size_t n, const uint8_t *in);

/*
 * n signed values in `bits` (5, 6 or 8) bits each, n * bits / 8 bytes. The most negative one has no
 * code. These are secrets: constant time.
 */
void falcon_codec_put_small(uint8_t *out, const int8_t *x, size_t n, unsigned bits);
int falcon_codec_get_small(int8_t *x, size_t n, unsigned bits, const uint8_t *in);

/* A signature's polynomial, compressed. put: the bytes used, or 0 if it takes more than max. */
size_t falcon_codec_put_signature(uint8_t *out, size_t max, const int16_t *s2, size_t n);
int falcon_codec_get_signature(int16_t *s2, size_t n, struct pqc_bytes in);

#endif
