/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_GF2X_GF2X_H
#define PQC_GF2X_GF2X_H

#include <stddef.h>
#include <stdint.h>

/*
 * The ring of polynomials over GF(2) modulo X^bits - 1, in constant time. A polynomial is an array
 * of `words` 64-bit words: coefficient i is bit i % 64 of word i / 64, and the bits from `bits` on
 * are zero, in inputs and in outputs. An output may be an input.
 */
struct gf2x {
	unsigned bits;
	size_t words;
	uint64_t *work;
	size_t work_len; /* bytes */
};

#define GF2X_WORDS(bits) (((size_t)(bits) + 63) / 64)
#define GF2X_MAX_BITS	 58368

/* 500 < bits <= GF2X_MAX_BITS, not a multiple of 64. 0 or PQC_E_NOMEM. The ring is one thread's. */
int gf2x_init(struct gf2x *ring, unsigned bits);
/* Wipes what was worked with. */
void gf2x_done(struct gf2x *ring);

void gf2x_mul(const struct gf2x *ring, uint64_t *out, const uint64_t *a, const uint64_t *b);
/* out += a * b */
void gf2x_mul_add(const struct gf2x *ring, uint64_t *out, const uint64_t *a, const uint64_t *b);
/*
 * out = a^-1 for a with an inverse. The order of 2 modulo bits has to be bits - 1, as with BIKE.
 */
void gf2x_invert(const struct gf2x *ring, uint64_t *out, const uint64_t *a);

/*
 * Sets the bits whose numbers are in at[n] in an array of words, and clears the others. They
 * are different, but for those from 64 * words on, which are ignored. Neither time nor addresses
 * depend on the numbers. n <= GF2X_MAX_SET, words <= GF2X_MAX_SET_WORDS.
 */
#define GF2X_MAX_SET	   264
#define GF2X_MAX_SET_WORDS 1536

void gf2x_set_bits(uint64_t *out, size_t words, const uint32_t *at, size_t n);

/* Little-endian bytes, ceil(bits / 8) of them. Bits from `bits` on are cleared; in may be out. */
void gf2x_load(const struct gf2x *ring, uint64_t *out, const uint8_t *in);
void gf2x_store(const struct gf2x *ring, uint8_t *out, const uint64_t *in);

#endif
