/* SPDX-License-Identifier: Apache-2.0 */
/* Polynomials over GF(2): the laws of the ring, and the same results at every level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pqc/cpu.h"
#include "pqc/gf2x/gf2x.h"

#define MAX_WORDS GF2X_WORDS(57637)

/* All that is in use, and two small rings: of BIKE, where 2 is a generator, and of HQC. */
static const unsigned with_inverse[] = {523, 12323, 24659, 40973};
static const unsigned others[] = {1033, 17669, 35851, 57637};

static uint64_t next(void)
{
	static uint64_t state = 0x123456789abcdef;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void fill(const struct gf2x *ring, uint64_t *out)
{
	for (size_t i = 0; i < ring->words; i++)
		out[i] = next();
	out[ring->words - 1] &= ((uint64_t)1 << (ring->bits % 64)) - 1;
}

/* out = in * X^shift, a bit at a time. */
static void rotate(const struct gf2x *ring, uint64_t *out, const uint64_t *in, unsigned shift)
{
	memset(out, 0, ring->words * sizeof(*out));
	for (unsigned i = 0; i < ring->bits; i++) {
		unsigned to = (i + shift) % ring->bits;

		out[to / 64] |= (in[i / 64] >> (i % 64) & 1) << (to % 64);
	}
}

static void check_ring(unsigned bits)
{
	static uint64_t a[MAX_WORDS], b[MAX_WORDS], c[MAX_WORDS], d[MAX_WORDS], e[MAX_WORDS];
	static uint64_t portable[MAX_WORDS];
	uint32_t at[3] = {bits - 1, bits / 3, 64};
	struct gf2x ring;
	size_t len;

	assert_int_equal(gf2x_init(&ring, bits), 0);
	len = ring.words * sizeof(uint64_t);
	fill(&ring, a);
	fill(&ring, b);
	for (int level = PQC_CPU_PORTABLE; level < PQC_CPU_LEVELS; level++) {
		pqc_cpu_limit(level);
		/* By X^(bits - 1) + X^(bits / 3) + X^64, and by shifting. */
		gf2x_set_bits(c, ring.words, at, 3);
		gf2x_mul(&ring, c, a, c);
		memset(d, 0, len);
		for (unsigned i = 0; i < 3; i++) {
			rotate(&ring, e, a, at[i]);
			for (size_t j = 0; j < ring.words; j++)
				d[j] ^= e[j];
		}
		assert_memory_equal(c, d, len);
		/* (a + b)^2 = a * a + b * b, and the same product at every level. */
		gf2x_mul(&ring, c, a, b);
		if (level == PQC_CPU_PORTABLE)
			memcpy(portable, c, len);
		assert_memory_equal(c, portable, len);
		for (size_t j = 0; j < ring.words; j++)
			c[j] = a[j] ^ b[j];
		gf2x_mul(&ring, c, c, c);
		gf2x_mul(&ring, d, a, a);
		gf2x_mul_add(&ring, d, b, b);
		assert_memory_equal(c, d, len);
	}
	gf2x_done(&ring);
}

static void test_products(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		check_ring(others[i]);
	for (size_t i = 0; i < sizeof(with_inverse) / sizeof(with_inverse[0]); i++)
		check_ring(with_inverse[i]);
}

/* An odd number of terms, fewer than bits, has an inverse. */
static void test_inverses(void **state)
{
	static uint64_t a[MAX_WORDS], b[MAX_WORDS], one[MAX_WORDS] = {1};
	uint32_t at[71];
	struct gf2x ring;

	(void)state;
	for (int level = PQC_CPU_PORTABLE; level < PQC_CPU_LEVELS; level++) {
		pqc_cpu_limit(level);
		for (size_t i = 0; i < sizeof(with_inverse) / sizeof(with_inverse[0]); i++) {
			assert_int_equal(gf2x_init(&ring, with_inverse[i]), 0);
			for (unsigned k = 0; k < 71; k++)
				at[k] = (uint32_t)(k * 7 + next() % 7);
			gf2x_set_bits(a, ring.words, at, 71);
			gf2x_invert(&ring, b, a);
			gf2x_mul(&ring, a, a, b);
			assert_memory_equal(a, one, ring.words * sizeof(*one));
			gf2x_done(&ring);
		}
	}
}

/* Numbers in any order; those beyond the end nowhere. */
static void test_set_bits(void **state)
{
	uint64_t out[131], expected[131];
	uint32_t at[264];

	(void)state;
	for (int level = PQC_CPU_PORTABLE; level < PQC_CPU_LEVELS; level++) {
		pqc_cpu_limit(level);
		for (size_t words = 1; words <= 130; words += 1 + words / 3) {
			for (size_t n = 0; n <= 264; n += 1 + n / 2) {
				memset(expected, 0, sizeof(expected));
				memset(out, 0x77, sizeof(out));
				out[words] = 0x55;
				for (size_t i = 0; i < n; i++) {
					/* The step is a prime: they are all different. */
					at[i] = (uint32_t)((words + i * 7919) % (64 * words + 300));
					if (at[i] < 64 * words)
						expected[at[i] / 64] |= (uint64_t)1 << at[i] % 64;
					else if (i % 2)
						at[i] = 0x7fffffff;
				}
				gf2x_set_bits(out, words, at, n);
				assert_memory_equal(out, expected, words * sizeof(*out));
				assert_int_equal(out[words], 0x55);
			}
		}
	}
}

static void test_bytes(void **state)
{
	uint8_t in[66], out[67];
	uint64_t poly[9];
	struct gf2x ring;

	(void)state;
	assert_int_equal(gf2x_init(&ring, 523), 0);
	memset(in, 0xff, sizeof(in));
	memset(out, 0, sizeof(out));
	gf2x_load(&ring, poly, in);
	assert_int_equal(poly[0], UINT64_MAX);
	assert_int_equal(poly[8], 0x7ff);
	out[66] = 0x5a;
	gf2x_store(&ring, out, poly);
	assert_memory_equal(out, in, 65);
	assert_int_equal(out[65], 0x07);
	assert_int_equal(out[66], 0x5a);
	gf2x_done(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_inverses),
		cmocka_unit_test(test_set_bits),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests_name("gf2x", tests, NULL, NULL);
}
