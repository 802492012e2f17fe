/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_KECCAK_KECCAK_ROUNDS_H
#define PQC_KECCAK_KECCAK_ROUNDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The rounds of Keccak-f[1600] (FIPS 202 section 3), over any type that holds one lane of each
 * state. KECCAK_FUNCTION(name, type) defines `static void name(uint64_t *words, size_t width)`,
 * which takes lane i from words + i width on; where it stands, these must be defined for the type:
 *
 *   KECCAK_XOR3(a, b, c), KECCAK_XOR(a, b), KECCAK_CHI(a, b, c) = a ^ (~b & c)
 *   KECCAK_ROL(a, n)   n from 1 to 63, a constant
 *   KECCAK_CONST(x)    the 64-bit x in every state
 *   KECCAK_LOAD(at), KECCAK_STORE(at, x)
 *
 * The lanes are loaded one by one into what becomes registers: an array of them would be copied.
 */
static const uint64_t keccak_round_constants[24] = {
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
	0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
	0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* Theta's addition to column x: the parity of x - 1, and that of x + 1 rotated by 1. */
#define KECCAK_PARITY(a, x) \
	KECCAK_XOR3(KECCAK_XOR3((a)[x], (a)[(x) + 5], (a)[(x) + 10]), (a)[(x) + 15], (a)[(x) + 20])

/* One plane after rho, pi and chi; b0 .. b4 are the lanes that pi brings there. */
#define KECCAK_PLANE(lane, e, b0, b1, b2, b3, b4)                           \
	do {                                                                \
		lane p0 = (b0), p1 = (b1), p2 = (b2), p3 = (b3), p4 = (b4); \
		(e)[0] = KECCAK_CHI(p0, p1, p2);                            \
		(e)[1] = KECCAK_CHI(p1, p2, p3);                            \
		(e)[2] = KECCAK_CHI(p2, p3, p4);                            \
		(e)[3] = KECCAK_CHI(p3, p4, p0);                            \
		(e)[4] = KECCAK_CHI(p4, p0, p1);                            \
	} while (0)

#define KECCAK_MOVE(a, i, d, n) KECCAK_ROL(KECCAK_XOR((a)[i], d), n)

#define KECCAK_ROUND(lane, a, e, rc)                                                               \
	do {                                                                                       \
		lane c0 = KECCAK_PARITY(a, 0), c1 = KECCAK_PARITY(a, 1);                           \
		lane c2 = KECCAK_PARITY(a, 2), c3 = KECCAK_PARITY(a, 3);                           \
		lane c4 = KECCAK_PARITY(a, 4);                                                     \
		lane d0 = KECCAK_XOR(c4, KECCAK_ROL(c1, 1));                                       \
		lane d1 = KECCAK_XOR(c0, KECCAK_ROL(c2, 1));                                       \
		lane d2 = KECCAK_XOR(c1, KECCAK_ROL(c3, 1));                                       \
		lane d3 = KECCAK_XOR(c2, KECCAK_ROL(c4, 1));                                       \
		lane d4 = KECCAK_XOR(c3, KECCAK_ROL(c0, 1));                                       \
		KECCAK_PLANE(lane, (e), KECCAK_XOR((a)[0], d0), KECCAK_MOVE(a, 6, d1, 44),         \
			     KECCAK_MOVE(a, 12, d2, 43), KECCAK_MOVE(a, 18, d3, 21),               \
			     KECCAK_MOVE(a, 24, d4, 14));                                          \
		(e)[0] = KECCAK_XOR((e)[0], KECCAK_CONST(rc));                                     \
		KECCAK_PLANE(lane, (e) + 5, KECCAK_MOVE(a, 3, d3, 28), KECCAK_MOVE(a, 9, d4, 20),  \
			     KECCAK_MOVE(a, 10, d0, 3), KECCAK_MOVE(a, 16, d1, 45),                \
			     KECCAK_MOVE(a, 22, d2, 61));                                          \
		KECCAK_PLANE(lane, (e) + 10, KECCAK_MOVE(a, 1, d1, 1), KECCAK_MOVE(a, 7, d2, 6),   \
			     KECCAK_MOVE(a, 13, d3, 25), KECCAK_MOVE(a, 19, d4, 8),                \
			     KECCAK_MOVE(a, 20, d0, 18));                                          \
		KECCAK_PLANE(lane, (e) + 15, KECCAK_MOVE(a, 4, d4, 27), KECCAK_MOVE(a, 5, d0, 36), \
			     KECCAK_MOVE(a, 11, d1, 10), KECCAK_MOVE(a, 17, d2, 15),               \
			     KECCAK_MOVE(a, 23, d3, 56));                                          \
		KECCAK_PLANE(lane, (e) + 20, KECCAK_MOVE(a, 2, d2, 62), KECCAK_MOVE(a, 8, d3, 55), \
			     KECCAK_MOVE(a, 14, d4, 39), KECCAK_MOVE(a, 15, d0, 41),               \
			     KECCAK_MOVE(a, 21, d1, 2));                                           \
	} while (0)

/* Two rounds at a time, so that nothing is copied back. */
#define KECCAK_FUNCTION(name, lane)                                                           \
	static inline __attribute__((always_inline)) void name(uint64_t *words, size_t width) \
	{                                                                                     \
		lane a[25], b[25];                                                            \
                                                                                              \
		_Pragma("GCC unroll 25") for (size_t i = 0; i < 25; i++) a[i] =               \
			KECCAK_LOAD(words + i * width);                                       \
		for (int round = 0; round < 24; round += 2) {                                 \
			KECCAK_ROUND(lane, a, b, keccak_round_constants[round]);              \
			KECCAK_ROUND(lane, b, a, keccak_round_constants[round + 1]);          \
		}                                                                             \
		_Pragma("GCC unroll 25") for (size_t i = 0; i < 25; i++)                      \
			KECCAK_STORE(words + i * width, a[i]);                                \
	}

/* One state, in words. */
#define KECCAK_WORD_XOR(a, b)	  ((a) ^ (b))
#define KECCAK_WORD_XOR3(a, b, c) ((a) ^ (b) ^ (c))
#define KECCAK_WORD_CHI(a, b, c)  ((a) ^ (~(b) & (c)))
#define KECCAK_WORD_ROL(a, n)	  (((a) << (n)) | ((a) >> (64 - (n))))
#define KECCAK_WORD_LOAD(at)	  (*(at))
#define KECCAK_WORD_STORE(at, x)  ((void)(*(at) = (x)))

#endif
