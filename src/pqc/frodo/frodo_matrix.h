/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FRODO_FRODO_MATRIX_H
#define PQC_FRODO_FRODO_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRODO_ROWS	 8 /* of every matrix but A, and columns of the others */
#define FRODO_SEED_A_LEN 16
#define FRODO_MAX_LEN	 32 /* of s, seedSE, k, pkh, mu and the shared secret */

/* A set without its way to generate A: section 1 of the specification. */
struct frodo_set {
	unsigned n;
	unsigned log_q;
	unsigned bits; /* of the message in an entry */
	unsigned len;  /* bytes of s, seedSE, k, pkh, mu and the shared secret */
	bool shake256;
	unsigned entries;
	uint16_t table[12]; /* of the noise; its last threshold is never compared */
};

/* Where A comes from: rows of it are made when they are needed. */
struct frodo_source {
	const struct frodo_set *set;
	bool aes;
	const uint8_t *seed; /* seedA */
};

/* Work for 8 rows of A, in words. */
#define FRODO_WORK_WORDS(set) ((size_t)FRODO_ROWS * (set)->n)

/* Matrices are row by row, of 16-bit words. Those called _t have 8 rows of n, and stand
 * transposed. */

/* out (n x 8) += A * st^T. */
void frodo_matrix_mul_right(uint16_t *out, const struct frodo_source *a, const uint16_t *st,
			    uint16_t *work);
/* out (8 x n) += s * A. */
void frodo_matrix_mul_left(uint16_t *out, const struct frodo_source *a, const uint16_t *s,
			   uint16_t *work);
/* out (8 x 8) += a (8 x n) * bt^T. */
void frodo_matrix_mul_small(const struct frodo_set *set, uint16_t *out, const uint16_t *a,
			    const uint16_t *bt);
/* Little-endian bytes of a uniform stream to noise, in place. */
void frodo_matrix_sample(const struct frodo_set *set, uint16_t *words, size_t len);
/* n x 8 to 8 x n. */
void frodo_matrix_transpose(uint16_t *out, const uint16_t *in, unsigned n);

/* `len` words of log_q bits, the most significant first; len is a multiple of 8. */
void frodo_matrix_pack(const struct frodo_set *set, uint8_t *out, const uint16_t *in, size_t len);
void frodo_matrix_unpack(const struct frodo_set *set, uint16_t *out, const uint8_t *in, size_t len);
/* A message of 8 * bits bytes in the high bits of 8 x 8 entries: added; and read, with rounding. */
void frodo_matrix_encode(const struct frodo_set *set, uint16_t *inout, const uint8_t *mu);
void frodo_matrix_decode(const struct frodo_set *set, uint8_t *mu, const uint16_t *in);

#endif
