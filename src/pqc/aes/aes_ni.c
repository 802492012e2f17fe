/* SPDX-License-Identifier: Apache-2.0 */
/* AES by the AES instructions, eight blocks in flight. */
#include <immintrin.h>

#include "pqc/aes/aes_ops.h"
#include "pqc/ct.h"

#define BLOCKS 8

/* t[i] of the schedule: the four words of `prev`, each added to all after it, and to `word`. */
static __m128i chain(__m128i prev, __m128i word)
{
	prev = _mm_xor_si128(prev, _mm_slli_si128(prev, 4));
	prev = _mm_xor_si128(prev, _mm_slli_si128(prev, 8));
	return _mm_xor_si128(prev, word);
}

/*
 * SubWord, with RotWord if `rotate`, of the last word of x, in all four words. AESENCLAST on four
 * equal columns leaves them as they are but for SubBytes, and takes the round constant as its key.
 */
static __m128i sub_word(__m128i x, int rotate, uint32_t rcon)
{
	x = _mm_shuffle_epi32(x, 0xff);
	if (rotate)
		x = _mm_or_si128(_mm_srli_epi32(x, 8), _mm_slli_epi32(x, 24));
	return _mm_aesenclast_si128(x, _mm_set1_epi32((int)rcon));
}

void aes_ni_expand(struct aes *aes, const uint8_t *key, size_t key_len)
{
	__m128i *keys = (__m128i *)aes->schedule, last;
	unsigned n = (unsigned)(key_len / AES_BLOCK_LEN);
	uint32_t rcon = 1;

	for (unsigned i = 0; i < n; i++)
		keys[i] = _mm_loadu_si128((const __m128i *)key + i);
	last = keys[n - 1];
	for (unsigned i = n; i <= aes->rounds; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a key has 16 or 32 bytes */
		int first = i % n == 0;

		last = chain(keys[i - n], sub_word(last, first, first ? rcon : 0));
		if (first)
			rcon = (rcon << 1 ^ (rcon >> 7) * 0x11b) & 0xff;
		keys[i] = last;
	}
}

static void encrypt_one(const struct aes *aes, const uint8_t *in, uint8_t *out)
{
	const __m128i *keys = (const __m128i *)aes->schedule;
	__m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)in), keys[0]);

	for (unsigned r = 1; r < aes->rounds; r++)
		x = _mm_aesenc_si128(x, keys[r]);
	_mm_storeu_si128((__m128i *)out, _mm_aesenclast_si128(x, keys[aes->rounds]));
}

static void encrypt(const struct aes *aes, const uint8_t *in, uint8_t *out, size_t n)
{
	const __m128i *keys = (const __m128i *)aes->schedule;
	__m128i x[BLOCKS];

	for (; n >= BLOCKS; n -= BLOCKS) {
		for (unsigned i = 0; i < BLOCKS; i++)
			x[i] = _mm_xor_si128(_mm_loadu_si128((const __m128i *)in + i), keys[0]);
		for (unsigned r = 1; r < aes->rounds; r++)
			for (unsigned i = 0; i < BLOCKS; i++)
				x[i] = _mm_aesenc_si128(x[i], keys[r]);
		for (unsigned i = 0; i < BLOCKS; i++)
			_mm_storeu_si128((__m128i *)out + i,
					 _mm_aesenclast_si128(x[i], keys[aes->rounds]));
		in += (size_t)BLOCKS * AES_BLOCK_LEN;
		out += (size_t)BLOCKS * AES_BLOCK_LEN;
	}
	for (; n > 0; n--, in += AES_BLOCK_LEN, out += AES_BLOCK_LEN)
		encrypt_one(aes, in, out);
}

const struct aes_ops aes_ni_ops = {aes_ni_expand, encrypt};
