/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_FALCON_FALCON_PRNG_H
#define PQC_FALCON_FALCON_PRNG_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pqc/le.h"

/*
 * The stream of random bytes: ChaCha20, eight blocks at a time, whose words are interleaved. A u64
 * is not taken from the last bytes of a buffer.
 */
#define PRNG_BLOCKS 8
#define PRNG_LEN    512
#define PRNG_KEEP   9

typedef uint32_t prng_lanes __attribute__((vector_size(PRNG_BLOCKS * 4)));

struct prng {
	uint8_t buf[PRNG_LEN] __attribute__((aligned(64)));
	size_t at;
	uint32_t key[12];
	uint64_t counter;
};

static inline __attribute__((always_inline)) void prng_quarter(prng_lanes *s, const uint8_t *at)
{
	prng_lanes a = s[at[0]], b = s[at[1]], c = s[at[2]], d = s[at[3]];

	a += b;
	d ^= a;
	d = (d << 16) | (d >> 16);
	c += d;
	b ^= c;
	b = (b << 12) | (b >> 20);
	a += b;
	d ^= a;
	d = (d << 8) | (d >> 24);
	c += d;
	b ^= c;
	b = (b << 7) | (b >> 25);
	s[at[0]] = a;
	s[at[1]] = b;
	s[at[2]] = c;
	s[at[3]] = d;
}

static void prng_refill(struct prng *p)
{
	static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	static const uint8_t quarters[8][4] = {
		{0, 4, 8, 12},	{1, 5, 9, 13},	{2, 6, 10, 14}, {3, 7, 11, 15},
		{0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13},	{3, 4, 9, 14},
	};
	const prng_lanes zero = {0};
	prng_lanes start[16], s[16];

	for (size_t v = 0; v < 16; v++)
		start[v] = zero + (v < 4 ? constants[v] : p->key[v - 4]);
	for (size_t u = 0; u < PRNG_BLOCKS; u++, p->counter++) {
		start[14][u] ^= (uint32_t)p->counter;
		start[15][u] ^= (uint32_t)(p->counter >> 32);
	}
	memcpy(s, start, sizeof(s));
	for (int round = 0; round < 10; round++)
		for (size_t i = 0; i < 8; i++)
			prng_quarter(s, quarters[i]);
	for (size_t v = 0; v < 16; v++) {
		s[v] += start[v];
		memcpy(p->buf + sizeof(s[v]) * v, &s[v], sizeof(s[v]));
	}
	for (size_t i = 0; i < PRNG_LEN; i += 4) {
		uint32_t word;

		memcpy(&word, p->buf + i, sizeof(word));
		pqc_le_store32(p->buf + i, word);
	}
	p->at = 0;
}

static void prng_start(struct prng *p, const uint8_t *seed)
{
	for (size_t i = 0; i < 12; i++)
		p->key[i] = pqc_le_load32(seed + 4 * i);
	p->counter = pqc_le_load64(seed + 48);
	prng_refill(p);
}

static inline uint8_t prng_u8(struct prng *p)
{
	uint8_t x = p->buf[p->at++];

	if (p->at == PRNG_LEN)
		prng_refill(p);
	return x;
}

static inline uint64_t prng_u64(struct prng *p)
{
	if (p->at >= PRNG_LEN - PRNG_KEEP)
		prng_refill(p);
	p->at += 8;
	return pqc_le_load64(p->buf + p->at - 8);
}

#endif
