/* SPDX-License-Identifier: Apache-2.0 */
/* The rounds of SHA-512, to be compiled for different instruction sets. */
#ifndef PQC_SHA2_SHA2_ROUNDS_H
#define PQC_SHA2_SHA2_ROUNDS_H

#include <string.h>

#include "pqc/ct.h"
#include "pqc/sha2/sha2_ops.h"

/* FIPS 180-4 section 4.2.3: the cube roots of the first 80 primes. */
static const uint64_t round_constants[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static uint64_t ror64(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

static uint32_t load_be32(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static uint64_t load_be64(const uint8_t *in)
{
	return (uint64_t)load_be32(in) << 32 | load_be32(in + 4);
}

static inline uint64_t schedule(uint64_t w[16], unsigned i)
{
	uint64_t w15 = w[(i + 1) % 16], w2 = w[(i + 14) % 16];

	return w[i % 16] += w[(i + 9) % 16] + (ror64(w15, 1) ^ ror64(w15, 8) ^ w15 >> 7) +
			    (ror64(w2, 19) ^ ror64(w2, 61) ^ w2 >> 6);
}

/*
 * One round: the eight variables of the standard stand in s[], where a is s[-i mod 8], so that none
 * is ever moved. x is the round's constant and message word.
 */
static inline void step(uint64_t s[8], unsigned i, uint64_t x)
{
#define VAR(n) s[((n) + 8 - i % 8) % 8]
	uint64_t a = VAR(0), b = VAR(1), c = VAR(2), e = VAR(4);

	x += VAR(7) + (ror64(e, 14) ^ ror64(e, 18) ^ ror64(e, 41)) +
	     (VAR(6) ^ (e & (VAR(5) ^ VAR(6))));
	VAR(3) += x;
	VAR(7) = x + (ror64(a, 28) ^ ror64(a, 34) ^ ror64(a, 39)) + (b ^ ((a ^ b) & (b ^ c)));
#undef VAR
}

/* FIPS 180-4 section 6.4.2. */
static void compress(uint64_t state[8], const uint8_t *block)
{
	uint64_t w[16], s[8];

	memcpy(s, state, sizeof(s));
#pragma GCC unroll 16
	for (unsigned i = 0; i < 16; i++) {
		w[i] = load_be64(block + (size_t)8 * i);
		step(s, i, round_constants[i] + w[i]);
	}
	for (unsigned r = 16; r < 80; r += 16)
#pragma GCC unroll 16
		for (unsigned i = 0; i < 16; i++)
			step(s, i, round_constants[r + i] + schedule(w, i));
	for (unsigned i = 0; i < 8; i++)
		state[i] += s[i];
	pqc_ct_wipe(w, sizeof(w));
	pqc_ct_wipe(s, sizeof(s));
}

#endif
