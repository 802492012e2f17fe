/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <stdint.h>

#define VEC		  __m256i
#define VEC_WORDS	  4
#define VEC_LOAD(p)	  _mm256_loadu_si256((const __m256i *)(p))
#define VEC_STORE(p, x)	  _mm256_storeu_si256((__m256i *)(p), x)
#define VEC_SET(x)	  _mm256_set1_epi64x((long long)(x))
#define VEC_XOR3(a, b, c) _mm256_xor_si256(_mm256_xor_si256(a, b), c)
#define VEC_MAJ(a, b, c) \
	_mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_xor_si256(a, b)))
#define VEC_XOR(a, b)	    _mm256_xor_si256(a, b)
#define VEC_AND(a, b)	    _mm256_and_si256(a, b)
#define VEC_OR(a, b)	    _mm256_or_si256(a, b)
#define VEC_NOT(a)	    _mm256_xor_si256(a, _mm256_set1_epi64x(-1))
#define VEC_SELECT(m, a, b) _mm256_xor_si256(b, _mm256_and_si256(m, _mm256_xor_si256(a, b)))
/* A shift by 64 gives 0. */
#define VEC_SHIFT(low, high, n)                    \
	_mm256_or_si256(_mm256_srlv_epi64(low, n), \
			_mm256_sllv_epi64(high, _mm256_sub_epi64(_mm256_set1_epi64x(64), n)))
#define VEC_TURN(x, next, words) turn(x, next, words)
#define FIRST_STEP		 2

/*
 * Moves by less than a register are made in registers: loads that straddle what has just been
 * stored would have to wait for it.
 */
static inline __m256i turn(__m256i x, __m256i next, uint32_t words)
{
	const __m256i by = _mm256_set1_epi64x((long long)words);
	const __m256i lanes = _mm256_add_epi64(by, _mm256_set_epi64x(3, 2, 1, 0));
	const __m256i halves = _mm256_add_epi32(_mm256_set1_epi32((int)(2 * words)),
						_mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));

	return _mm256_blendv_epi8(_mm256_permutevar8x32_epi32(x, halves),
				  _mm256_permutevar8x32_epi32(next, halves),
				  _mm256_cmpgt_epi64(lanes, _mm256_set1_epi64x(3)));
}

#include "pqc/bike/bike_count_impl.h"

const struct bike_ops bike_avx2_ops = {count, at_least};
