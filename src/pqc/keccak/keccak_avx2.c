/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "pqc/keccak/keccak_ops.h"
#include "pqc/keccak/keccak_rounds.h"

/* The instructions of this level have and-not and rotations that leave their source. */
#define KECCAK_XOR(a, b)     KECCAK_WORD_XOR(a, b)
#define KECCAK_XOR3(a, b, c) KECCAK_WORD_XOR3(a, b, c)
#define KECCAK_CHI(a, b, c)  KECCAK_WORD_CHI(a, b, c)
#define KECCAK_ROL(a, n)     KECCAK_WORD_ROL(a, n)
#define KECCAK_CONST(x)	     (x)
#define KECCAK_LOAD(at)	     KECCAK_WORD_LOAD(at)
#define KECCAK_STORE(at, x)  KECCAK_WORD_STORE(at, x)
KECCAK_FUNCTION(permute_one, uint64_t)

/* Whole bytes are moved by one shuffle; n is a constant, so one of the three stays. */
static inline __attribute__((always_inline)) __m256i rotate4(__m256i a, int n)
{
	const __m256i by8 = _mm256_set_epi8(14, 13, 12, 11, 10, 9, 8, 15, 6, 5, 4, 3, 2, 1, 0, 7,
					    14, 13, 12, 11, 10, 9, 8, 15, 6, 5, 4, 3, 2, 1, 0, 7);
	const __m256i by56 = _mm256_set_epi8(8, 15, 14, 13, 12, 11, 10, 9, 0, 7, 6, 5, 4, 3, 2, 1,
					     8, 15, 14, 13, 12, 11, 10, 9, 0, 7, 6, 5, 4, 3, 2, 1);

	if (n == 8)
		return _mm256_shuffle_epi8(a, by8);
	if (n == 56)
		return _mm256_shuffle_epi8(a, by56);
	return _mm256_or_si256(_mm256_slli_epi64(a, n), _mm256_srli_epi64(a, 64 - n));
}

#undef KECCAK_XOR
#undef KECCAK_XOR3
#undef KECCAK_CHI
#undef KECCAK_ROL
#undef KECCAK_CONST
#undef KECCAK_LOAD
#undef KECCAK_STORE
#define KECCAK_XOR(a, b)     _mm256_xor_si256(a, b)
#define KECCAK_XOR3(a, b, c) _mm256_xor_si256(_mm256_xor_si256(a, b), c)
#define KECCAK_CHI(a, b, c)  _mm256_xor_si256(a, _mm256_andnot_si256(b, c))
#define KECCAK_ROL(a, n)     rotate4(a, n)
#define KECCAK_CONST(x)	     _mm256_set1_epi64x((long long)(x))
#define KECCAK_LOAD(at)	     _mm256_loadu_si256((const __m256i *)(at))
#define KECCAK_STORE(at, x)  _mm256_storeu_si256((__m256i *)(at), x)
KECCAK_FUNCTION(permute_four, __m256i)

static void permute(uint64_t *lanes)
{
	permute_one(lanes, 1);
}

static void permute4(uint64_t *lanes)
{
	permute_four(lanes, 4);
}

static void permute8(uint64_t *lanes)
{
	for (unsigned w = 0; w < 8; w += 4)
		permute_four(lanes + w, 8);
}

const struct keccak_ops keccak_avx2_ops = {permute, permute4, permute8, {16, 30, 60}};
