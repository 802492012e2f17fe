/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mldsa/mldsa_avx2_pack.h"

#include <immintrin.h>
#include <string.h>

#include "pqc/ct.h"

#define INLINE	   static inline __attribute__((always_inline))
#define PACKED_MAX (20 * MLDSA_N / 8)

/* Eight numbers of d bits to d bytes. Each pair makes 2 d bits, two pairs 4 d. */
INLINE void pack8(uint8_t *out, __m256i v, unsigned d)
{
	uint64_t pair[4], low, high, rest;

	v = _mm256_or_si256(_mm256_and_si256(v, _mm256_set1_epi64x(0xffffffff)),
			    _mm256_slli_epi64(_mm256_srli_epi64(v, 32), (int)d));
	_mm256_storeu_si256((__m256i *)pair, v);
	low = pair[0] | pair[1] << (2 * d);
	high = pair[2] | pair[3] << (2 * d);
	if (d <= 8) {
		low |= high << (4 * d);
		memcpy(out, &low, d);
	} else if (d < 16) {
		rest = high >> (64 - 4 * d);
		low |= high << (4 * d);
		memcpy(out, &low, 8);
		memcpy(out + 8, &rest, d - 8);
	} else {
		rest = pair[1] >> (64 - 2 * d);
		memcpy(out, &low, 8);
		memcpy(out + 8, &rest, d / 2 - 8);
		rest = pair[3] >> (64 - 2 * d);
		memcpy(out + d / 2, &high, 8);
		memcpy(out + d / 2 + 8, &rest, d / 2 - 8);
	}
	pqc_ct_wipe(pair, sizeof(pair));
}

INLINE void pack_d(uint8_t *out, const struct mldsa_poly *a, unsigned d, int32_t center)
{
	for (int i = 0; i < MLDSA_N; i += 8, out += d) {
		__m256i v = _mm256_load_si256((const __m256i *)(a->c + i));

		if (center)
			v = _mm256_sub_epi32(_mm256_set1_epi32(center), v);
		pack8(out, v, d);
	}
}

/* Where number j begins, in bytes from the half of the register that it is in, and in bits. */
#define WINDOW(d, j) ((j) < 4 ? (d) * (j) / 8 : (d) * (j) / 8 - (d)*4 / 8)
#define BYTES(d, j)                                                             \
	(char)WINDOW(d, j), (char)(WINDOW(d, j) + 1), (char)(WINDOW(d, j) + 2), \
		(char)(WINDOW(d, j) + 3)
#define SHIFT(d, j) (int)((d) * (j) % 8)

/* Reads up to 16 bytes more than the numbers have. */
INLINE __m256i unpack8(const uint8_t *in, unsigned d)
{
	const __m256i bytes = _mm256_setr_epi8(BYTES(d, 0), BYTES(d, 1), BYTES(d, 2), BYTES(d, 3),
					       BYTES(d, 4), BYTES(d, 5), BYTES(d, 6), BYTES(d, 7));
	const __m256i shifts =
		_mm256_setr_epi32(SHIFT(d, 0), SHIFT(d, 1), SHIFT(d, 2), SHIFT(d, 3), SHIFT(d, 4),
				  SHIFT(d, 5), SHIFT(d, 6), SHIFT(d, 7));
	__m256i v = _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)in)),
		_mm_loadu_si128((const __m128i *)(in + d * 4 / 8)), 1);

	v = _mm256_srlv_epi32(_mm256_shuffle_epi8(v, bytes), shifts);
	return _mm256_and_si256(v, _mm256_set1_epi32((1 << d) - 1));
}

INLINE void unpack_d(struct mldsa_poly *a, const uint8_t *in, unsigned d, int32_t center)
{
	uint8_t copy[PACKED_MAX + MLDSA_SLACK];

	memcpy(copy, in, (size_t)d * MLDSA_N / 8);
	in = copy;
	for (int i = 0; i < MLDSA_N; i += 8, in += d) {
		__m256i v = unpack8(in, d);

		if (center)
			v = _mm256_sub_epi32(_mm256_set1_epi32(center), v);
		_mm256_store_si256((__m256i *)(a->c + i), v);
	}
	pqc_ct_wipe(copy, (size_t)d * MLDSA_N / 8);
}

/* Every format with its numbers known at compile time. */
#define EACH_FORMAT(f, x, y)          \
	switch (format) {             \
	case MLDSA_T1:                \
		f(x, y, 10, 0);       \
		break;                \
	case MLDSA_T0:                \
		f(x, y, 13, 1 << 12); \
		break;                \
	case MLDSA_ETA2:              \
		f(x, y, 3, 2);        \
		break;                \
	case MLDSA_ETA4:              \
		f(x, y, 4, 4);        \
		break;                \
	case MLDSA_Z17:               \
		f(x, y, 18, 1 << 17); \
		break;                \
	case MLDSA_Z19:               \
		f(x, y, 20, 1 << 19); \
		break;                \
	case MLDSA_W6:                \
		f(x, y, 6, 0);        \
		break;                \
	default:                      \
		f(x, y, 4, 0);        \
		break;                \
	}

void mldsa_avx2_pack(uint8_t *out, const struct mldsa_poly *a, enum mldsa_format format)
{
	EACH_FORMAT(pack_d, out, a)
}

void mldsa_avx2_pack_read(struct mldsa_poly *a, const uint8_t *in, enum mldsa_format format)
{
	EACH_FORMAT(unpack_d, a, in)
}
