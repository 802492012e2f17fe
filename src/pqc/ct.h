/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PQC_CT_H
#define PQC_CT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Constant time. Built with -DPQC_CT_VALGRIND the marks tell memcheck what is secret: it then
 * reports every branch and address that depends on it. A release says why nothing is lost by it.
 */
#ifdef PQC_CT_VALGRIND
#include <valgrind/memcheck.h>
#define PQC_SECRET(ptr, len)		 ((void)VALGRIND_MAKE_MEM_UNDEFINED((ptr), (len)))
#define PQC_DECLASSIFY(ptr, len, reason) ((void)VALGRIND_MAKE_MEM_DEFINED((ptr), (len)))
#else
#define PQC_SECRET(ptr, len)		 ((void)(ptr), (void)(len))
#define PQC_DECLASSIFY(ptr, len, reason) ((void)(ptr), (void)(len), (void)(reason ""))
#endif

/* The compiler may not know anything about the value that comes back. */
static inline uint32_t pqc_ct_hide32(uint32_t x)
{
	__asm__("" : "+r"(x));
	return x;
}

static inline uint64_t pqc_ct_hide64(uint64_t x)
{
	__asm__("" : "+r"(x));
	return x;
}

/* All ones if x is not zero (is zero; is negative), else 0. */
static inline uint32_t pqc_ct_mask_nonzero32(uint32_t x)
{
	return pqc_ct_hide32(0 - ((x | (0 - x)) >> 31));
}

static inline uint32_t pqc_ct_mask_zero32(uint32_t x)
{
	return ~pqc_ct_mask_nonzero32(x);
}

static inline uint32_t pqc_ct_mask_negative32(int32_t x)
{
	return pqc_ct_hide32(0 - ((uint32_t)x >> 31));
}

static inline uint32_t pqc_ct_mask_equal32(uint32_t a, uint32_t b)
{
	return pqc_ct_mask_zero32(a ^ b);
}

/* All ones if a < b. */
static inline uint32_t pqc_ct_mask_less32(uint32_t a, uint32_t b)
{
	return pqc_ct_hide32((uint32_t)(0 - (((uint64_t)a - b) >> 63)));
}

static inline uint64_t pqc_ct_mask_nonzero64(uint64_t x)
{
	return pqc_ct_hide64(0 - ((x | (0 - x)) >> 63));
}

/* a where mask is all ones, b where it is 0. */
static inline uint32_t pqc_ct_select32(uint32_t mask, uint32_t a, uint32_t b)
{
	return b ^ (pqc_ct_hide32(mask) & (a ^ b));
}

static inline uint64_t pqc_ct_select64(uint64_t mask, uint64_t a, uint64_t b)
{
	return b ^ (pqc_ct_hide64(mask) & (a ^ b));
}

/* All ones if the len bytes differ somewhere, 0 if they are equal. */
static inline uint32_t pqc_ct_differ(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint64_t x, y, sum = 0;

	for (; len >= 8; len -= 8, a += 8, b += 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		sum |= x ^ y;
	}
	for (size_t i = 0; i < len; i++)
		sum |= a[i] ^ b[i];
	return (uint32_t)pqc_ct_mask_nonzero64(sum);
}

/* dst = src where mask is all ones; dst stays where it is 0. */
static inline void pqc_ct_move(uint8_t *dst, const uint8_t *src, size_t len, uint32_t mask)
{
	uint8_t m = (uint8_t)pqc_ct_hide32(mask);

	for (size_t i = 0; i < len; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): both set */
		dst[i] ^= m & (dst[i] ^ src[i]);
}

/* Zeroes what is not used any more, which the compiler may not leave out. */
static inline void pqc_ct_wipe(void *ptr, size_t len)
{
	memset(ptr, 0, len);
	__asm__ volatile("" : : "r"(ptr) : "memory");
}

#endif
