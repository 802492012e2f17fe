/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_LE_H
#define PQC_LE_H

#include <stdint.h>
#include <string.h>

/* Little-endian words at any address. */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PQC_LE_IS_NATIVE 1
#else
#define PQC_LE_IS_NATIVE 0
#endif

static inline uint16_t pqc_le_load16(const void *in)
{
	uint16_t x;

	memcpy(&x, in, sizeof(x));
	return PQC_LE_IS_NATIVE ? x : __builtin_bswap16(x);
}

static inline uint32_t pqc_le_load32(const void *in)
{
	uint32_t x;

	memcpy(&x, in, sizeof(x));
	return PQC_LE_IS_NATIVE ? x : __builtin_bswap32(x);
}

static inline uint64_t pqc_le_load64(const void *in)
{
	uint64_t x;

	memcpy(&x, in, sizeof(x));
	return PQC_LE_IS_NATIVE ? x : __builtin_bswap64(x);
}

static inline void pqc_le_store16(void *out, uint16_t x)
{
	if (!PQC_LE_IS_NATIVE)
		x = __builtin_bswap16(x);
	memcpy(out, &x, sizeof(x));
}

static inline void pqc_le_store32(void *out, uint32_t x)
{
	if (!PQC_LE_IS_NATIVE)
		x = __builtin_bswap32(x);
	memcpy(out, &x, sizeof(x));
}

static inline void pqc_le_store64(void *out, uint64_t x)
{
	if (!PQC_LE_IS_NATIVE)
		x = __builtin_bswap64(x);
	memcpy(out, &x, sizeof(x));
}

#endif
