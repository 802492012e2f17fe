/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "pqc/keccak/keccak_ops.h"
#include "pqc/keccak/keccak_rounds.h"

/* Three-operand logic: a ^ b ^ c, and a ^ (~b & c). */
#define XOR3 0x96
#define CHI  0xd2

/* A single state is faster in general registers: there is little to do side by side. */
#define KECCAK_XOR(a, b)     KECCAK_WORD_XOR(a, b)
#define KECCAK_XOR3(a, b, c) KECCAK_WORD_XOR3(a, b, c)
#define KECCAK_CHI(a, b, c)  KECCAK_WORD_CHI(a, b, c)
#define KECCAK_ROL(a, n)     KECCAK_WORD_ROL(a, n)
#define KECCAK_CONST(x)	     (x)
#define KECCAK_LOAD(at)	     KECCAK_WORD_LOAD(at)
#define KECCAK_STORE(at, x)  KECCAK_WORD_STORE(at, x)
KECCAK_FUNCTION(permute_one, uint64_t)

#undef KECCAK_XOR
#undef KECCAK_XOR3
#undef KECCAK_CHI
#undef KECCAK_ROL
#undef KECCAK_CONST
#undef KECCAK_LOAD
#undef KECCAK_STORE
#define KECCAK_XOR(a, b)     _mm256_xor_si256(a, b)
#define KECCAK_XOR3(a, b, c) _mm256_ternarylogic_epi64(a, b, c, XOR3)
#define KECCAK_CHI(a, b, c)  _mm256_ternarylogic_epi64(a, b, c, CHI)
#define KECCAK_ROL(a, n)     _mm256_rol_epi64(a, n)
#define KECCAK_CONST(x)	     _mm256_set1_epi64x((long long)(x))
#define KECCAK_LOAD(at)	     _mm256_loadu_si256((const __m256i *)(at))
#define KECCAK_STORE(at, x)  _mm256_storeu_si256((__m256i *)(at), x)
KECCAK_FUNCTION(permute_four, __m256i)

#undef KECCAK_XOR
#undef KECCAK_XOR3
#undef KECCAK_CHI
#undef KECCAK_ROL
#undef KECCAK_CONST
#undef KECCAK_LOAD
#undef KECCAK_STORE
#define KECCAK_XOR(a, b)     _mm512_xor_si512(a, b)
#define KECCAK_XOR3(a, b, c) _mm512_ternarylogic_epi64(a, b, c, XOR3)
#define KECCAK_CHI(a, b, c)  _mm512_ternarylogic_epi64(a, b, c, CHI)
#define KECCAK_ROL(a, n)     _mm512_rol_epi64(a, n)
#define KECCAK_CONST(x)	     _mm512_set1_epi64((long long)(x))
#define KECCAK_LOAD(at)	     _mm512_loadu_si512(at)
#define KECCAK_STORE(at, x)  _mm512_storeu_si512(at, x)
KECCAK_FUNCTION(permute_eight, __m512i)

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
	permute_eight(lanes, 8);
}

const struct keccak_ops keccak_avx512_ops = {permute, permute4, permute8, {16, 15, 22}};
