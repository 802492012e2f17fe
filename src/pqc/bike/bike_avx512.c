/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#define VEC			__m512i
#define VEC_WORDS		8
#define VEC_LOAD(p)		_mm512_loadu_si512(p)
#define VEC_STORE(p, x)		_mm512_storeu_si512(p, x)
#define VEC_SET(x)		_mm512_set1_epi64((long long)(x))
#define VEC_XOR3(a, b, c)	_mm512_ternarylogic_epi64(a, b, c, 0x96)
#define VEC_MAJ(a, b, c)	_mm512_ternarylogic_epi64(a, b, c, 0xe8)
#define VEC_XOR(a, b)		_mm512_xor_si512(a, b)
#define VEC_AND(a, b)		_mm512_and_si512(a, b)
#define VEC_NOT(a)		_mm512_xor_si512(a, _mm512_set1_epi64(-1))
#define VEC_SELECT(m, a, b)	_mm512_ternarylogic_epi64(m, a, b, 0xca)
#define VEC_SHIFT(low, high, n) _mm512_shrdv_epi64(low, high, n)
/* Words are numbered through both registers. */
#define VEC_TURN(x, next, words)                                                              \
	_mm512_permutex2var_epi64(x,                                                          \
				  _mm512_add_epi64(_mm512_set1_epi64((long long)(words)),     \
						   _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0)), \
				  next)
#define FIRST_STEP 3
#include "pqc/bike/bike_count_impl.h"

const struct bike_ops bike_avx512_ops = {count, at_least};
