/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/sha2/sha2.h"

#include <string.h>

#include "pqc/ct.h"

/* FIPS 180-4 section 4.2.2: the cube roots of the first 64 primes; 5.3.3: square roots of 8. */
static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t ror32(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load_be32(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static void store_be32(uint8_t *out, uint32_t x)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(x >> (24 - 8 * i));
}

static inline uint32_t schedule(uint32_t w[16], unsigned i)
{
	uint32_t w15 = w[(i + 1) % 16], w2 = w[(i + 14) % 16];

	return w[i % 16] += w[(i + 9) % 16] + (ror32(w15, 7) ^ ror32(w15, 18) ^ w15 >> 3) +
			    (ror32(w2, 17) ^ ror32(w2, 19) ^ w2 >> 10);
}

/*
 * One round: the eight variables of the standard stand in s[], where a is s[-i mod 8], so that none
 * is ever moved. x is the round's constant and message word.
 */
static inline void step(uint32_t s[8], unsigned i, uint32_t x)
{
#define VAR(n) s[((n) + 8 - i % 8) % 8]
	uint32_t a = VAR(0), b = VAR(1), c = VAR(2), e = VAR(4);

	x += VAR(7) + (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) +
	     (VAR(6) ^ (e & (VAR(5) ^ VAR(6))));
	VAR(3) += x;
	VAR(7) = x + (ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) + (b ^ ((a ^ b) & (b ^ c)));
#undef VAR
}

/* FIPS 180-4 section 6.2.2. */
static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[16], s[8];

	memcpy(s, state, sizeof(s));
#pragma GCC unroll 16
	for (unsigned i = 0; i < 16; i++) {
		w[i] = load_be32(block + (size_t)4 * i);
		step(s, i, round_constants[i] + w[i]);
	}
	for (unsigned r = 16; r < 64; r += 16)
#pragma GCC unroll 16
		for (unsigned i = 0; i < 16; i++)
			step(s, i, round_constants[r + i] + schedule(w, i));
	for (unsigned i = 0; i < 8; i++)
		state[i] += s[i];
	pqc_ct_wipe(w, sizeof(w));
	pqc_ct_wipe(s, sizeof(s));
}

void sha2_256_start(struct sha2_256 *s)
{
	memcpy(s->state, initial, sizeof(initial));
	s->total = 0;
}

void sha2_256_update(struct sha2_256 *s, const void *data, size_t len)
{
	const uint8_t *in = data;
	size_t at = s->total % sizeof(s->block);

	s->total += len;
	while (len > 0) {
		size_t part = sizeof(s->block) - at;

		part = part < len ? part : len;
		memcpy(s->block + at, in, part);
		at += part;
		in += part;
		len -= part;
		if (at == sizeof(s->block)) {
			compress(s->state, s->block);
			at = 0;
		}
	}
}

void sha2_256_finish(struct sha2_256 *s, uint8_t *out)
{
	static const uint8_t padding[sizeof(s->block)] = {0x80};
	uint8_t bits[8];

	store_be32(bits, (uint32_t)(s->total >> 29));
	store_be32(bits + 4, (uint32_t)(s->total << 3));
	/* To 8 bytes before the end of a block: at least one byte, at most a block of them. */
	sha2_256_update(s, padding, 1 + (sizeof(s->block) * 2 - 9 - s->total % 64) % 64);
	sha2_256_update(s, bits, sizeof(bits));
	for (unsigned i = 0; i < 8; i++)
		store_be32(out + (size_t)4 * i, s->state[i]);
	pqc_ct_wipe(s, sizeof(*s));
}

void sha2_256(const void *in, size_t len, uint8_t *out)
{
	struct sha2_256 s;

	sha2_256_start(&s);
	sha2_256_update(&s, in, len);
	sha2_256_finish(&s, out);
}
