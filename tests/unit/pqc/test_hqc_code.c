/* SPDX-License-Identifier: Apache-2.0 */
/* The code of HQC-192 corrects what it promises, at every level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "pqc/cpu.h"
#include "pqc/hqc/hqc_code.h"

#define COPIES 5
#define WORDS  (56 * COPIES * 2)

static const struct hqc_code code = {24, 56, 16, COPIES, {45,  216, 239, 24,  253, 104, 27,  40,
							  107, 50,  163, 210, 227, 134, 224, 158,
							  119, 13,  158, 1,   238, 164, 82,  43,
							  15,  232, 246, 142, 50,  189, 29,  232}};

static uint32_t next(void)
{
	static uint32_t state = 2463534242;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void random_message(uint8_t msg[24])
{
	for (unsigned i = 0; i < 24; i++)
		msg[i] = (uint8_t)next();
}

/* Up to delta whole bytes of the Reed-Solomon word are destroyed, anywhere in it. */
static void test_byte_errors(void **state)
{
	uint64_t word[WORDS];
	uint8_t msg[24], out[24];

	(void)state;
	for (int level = PQC_CPU_PORTABLE; level < PQC_CPU_LEVELS; level++) {
		pqc_cpu_limit(level);
		for (unsigned errors = 0; errors <= code.delta; errors++) {
			unsigned at = next() % code.n1;

			random_message(msg);
			hqc_code_encode(&code, word, msg);
			for (unsigned i = 0; i < errors; i++, at = (at + 5) % code.n1)
				for (unsigned w = 0; w < 2 * COPIES; w++)
					word[at * 2 * COPIES + w] = w % 2 ? next() : 0;
			hqc_code_decode(&code, out, word);
			assert_memory_equal(out, msg, sizeof(msg));
		}
	}
}

/* One more is not corrected: the test above is not empty. */
static void test_too_many_errors(void **state)
{
	uint64_t word[WORDS];
	uint8_t msg[24], out[24];

	(void)state;
	for (int level = PQC_CPU_PORTABLE; level < PQC_CPU_LEVELS; level++) {
		pqc_cpu_limit(level);
		random_message(msg);
		hqc_code_encode(&code, word, msg);
		for (unsigned i = 0; i <= code.delta; i++)
			for (unsigned w = 0; w < 2 * COPIES; w++)
				word[(55 - i) * 2 * COPIES + w] ^=
					w % 2 ? 0xff00ff0000ff00ff : UINT64_MAX;
		hqc_code_decode(&code, out, word);
		assert_memory_not_equal(out, msg, sizeof(msg));
	}
}

/* Noise on every bit, as much as Reed-Muller words bear. */
static void test_bit_errors(void **state)
{
	uint64_t word[WORDS];
	uint8_t msg[24], out[24];

	(void)state;
	for (int level = PQC_CPU_PORTABLE; level < PQC_CPU_LEVELS; level++) {
		pqc_cpu_limit(level);
		for (unsigned round = 0; round < 20; round++) {
			random_message(msg);
			hqc_code_encode(&code, word, msg);
			for (unsigned i = 0; i < WORDS * 64; i++)
				word[i / 64] ^= (uint64_t)(next() % 3 == 0) << (i % 64);
			hqc_code_decode(&code, out, word);
			assert_memory_equal(out, msg, sizeof(msg));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_errors),
		cmocka_unit_test(test_too_many_errors),
		cmocka_unit_test(test_bit_errors),
	};

	return cmocka_run_group_tests_name("hqc_code", tests, NULL, NULL);
}
