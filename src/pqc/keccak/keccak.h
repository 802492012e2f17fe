/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_KECCAK_KECCAK_H
#define PQC_KECCAK_KECCAK_H

#include <stddef.h>
#include <stdint.h>

/* The functions of FIPS 202. */
enum keccak_kind {
	KECCAK_SHAKE128,
	KECCAK_SHAKE256,
	KECCAK_SHA3_256,
	KECCAK_SHA3_384,
	KECCAK_SHA3_512,
};

#define KECCAK_LANES	     25
#define KECCAK_SHAKE128_RATE 168
#define KECCAK_SHAKE256_RATE 136
#define KECCAK_SHA3_256_LEN  32
#define KECCAK_SHA3_384_LEN  48
#define KECCAK_SHA3_512_LEN  64

/*
 * One state: start, then absorb any number of times, then squeeze any number of times. The first
 * squeeze ends the input. A SHA-3 digest is a squeeze of its length. Wipe it if it was secret.
 */
struct keccak {
	uint64_t lanes[KECCAK_LANES];
	unsigned rate;	/* bytes absorbed or squeezed per permutation */
	unsigned at;	/* bytes used of the current block */
	uint8_t suffix; /* domain separation and the first padding bit; 0 once squeezing */
};

void keccak_start(struct keccak *k, enum keccak_kind kind);
void keccak_absorb(struct keccak *k, const void *in, size_t len);
void keccak_squeeze(struct keccak *k, void *out, size_t len);
void keccak_wipe(struct keccak *k);

/* Bytes of a block. */
unsigned keccak_rate(enum keccak_kind kind);

/* All of it at once. */
void keccak_hash(enum keccak_kind kind, const void *in, size_t in_len, void *out, size_t out_len);

/*
 * The same on 4 or 8 states side by side that take inputs of one length and give outputs of one
 * length: in[] and out[] have `width` pointers. Lane i of state w is lanes[i * width + w].
 */
#define KECCAKX_WIDTH 8

struct keccakx {
	uint64_t lanes[KECCAK_LANES * KECCAKX_WIDTH] __attribute__((aligned(64)));
	unsigned width;
	unsigned rate;
	unsigned at;
	uint8_t suffix;
};

/* width is 4 or 8; keccakx_width says which is cheaper per state at the level in force. */
unsigned keccakx_width(void);
void keccakx_start(struct keccakx *k, enum keccak_kind kind, unsigned width);
void keccakx_absorb(struct keccakx *k, const uint8_t *const *in, size_t len);
void keccakx_squeeze(struct keccakx *k, uint8_t *const *out, size_t len);
void keccakx_wipe(struct keccakx *k);

#endif
