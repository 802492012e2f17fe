/* SPDX-License-Identifier: Apache-2.0 */
/* AES by VAES: four blocks a register, eight registers in flight. */
#include <immintrin.h>

#include "pqc/aes/aes_ops.h"

#define REGS   8
#define BLOCKS (4 * REGS)

static __m512i load_key(const struct aes *aes, unsigned r)
{
	return _mm512_broadcast_i32x4(((const __m128i *)aes->schedule)[r]);
}

/* n blocks, n < 4: the mask keeps loads and stores within them. */
static void encrypt_few(const struct aes *aes, const uint8_t *in, uint8_t *out, size_t n)
{
	__mmask8 mask = (__mmask8)((1U << (2 * n)) - 1);
	__m512i x = _mm512_xor_si512(_mm512_maskz_loadu_epi64(mask, in), load_key(aes, 0));

	for (unsigned r = 1; r < aes->rounds; r++)
		x = _mm512_aesenc_epi128(x, load_key(aes, r));
	_mm512_mask_storeu_epi64(out, mask,
				 _mm512_aesenclast_epi128(x, load_key(aes, aes->rounds)));
}

static void encrypt(const struct aes *aes, const uint8_t *in, uint8_t *out, size_t n)
{
	__m512i x[REGS], key;

	for (; n >= BLOCKS; n -= BLOCKS) {
		key = load_key(aes, 0);
		for (unsigned i = 0; i < REGS; i++)
			x[i] = _mm512_xor_si512(_mm512_loadu_si512(in + (size_t)64 * i), key);
		for (unsigned r = 1; r < aes->rounds; r++) {
			key = load_key(aes, r);
			for (unsigned i = 0; i < REGS; i++)
				x[i] = _mm512_aesenc_epi128(x[i], key);
		}
		key = load_key(aes, aes->rounds);
		for (unsigned i = 0; i < REGS; i++)
			_mm512_storeu_si512(out + (size_t)64 * i,
					    _mm512_aesenclast_epi128(x[i], key));
		in += (size_t)BLOCKS * AES_BLOCK_LEN;
		out += (size_t)BLOCKS * AES_BLOCK_LEN;
	}
	while (n > 0) {
		size_t blocks = n < 4 ? n : 4;

		encrypt_few(aes, in, out, blocks);
		in += blocks * AES_BLOCK_LEN;
		out += blocks * AES_BLOCK_LEN;
		n -= blocks;
	}
}

const struct aes_ops aes_vaes_ops = {aes_ni_expand, encrypt};
