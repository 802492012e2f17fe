/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#define VEC		  __m256i
#define VEC_WORDS	  4
#define VEC_LOAD(p)	  _mm256_loadu_si256((const __m256i *)(p))
#define VEC_STORE(p, x)	  _mm256_storeu_si256((__m256i *)(p), x)
#define VEC_SET(x)	  _mm256_set1_epi64x((long long)(x))
#define VEC_XOR3(a, b, c) _mm256_xor_si256(_mm256_xor_si256(a, b), c)
#define VEC_MAJ(a, b, c) \
	_mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)))
#define VEC_XOR(a, b)	    _mm256_xor_si256(a, b)
#define VEC_AND(a, b)	    _mm256_and_si256(a, b)
#define VEC_NOT(a)	    _mm256_xor_si256(a, _mm256_set1_epi64x(-1))
#define VEC_SELECT(m, a, b) _mm256_xor_si256(b, _mm256_and_si256(m, _mm256_xor_si256(a, b)))
/* A shift by 64 gives 0. */
#define VEC_SHIFT(low, high, n)                    \
	_mm256_or_si256(_mm256_srlv_epi64(low, n), \
			_mm256_sllv_epi64(high, _mm256_sub_epi64(_mm256_set1_epi64x(64), n)))
#define FIRST_STEP 0
#include "pqc/bike/bike_count_impl.h"

const struct bike_ops bike_avx2_ops = {count, at_least};
