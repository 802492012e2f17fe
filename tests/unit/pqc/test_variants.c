/* SPDX-License-Identifier: Apache-2.0 */
/* Every variant of this machine equals portable C, is taken, and a wrong one is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pqc/cpu.h"
#include "pqc/keccak/keccak.h"
#include "pqc/keccak/keccak_batch.h"
#include "pqc/keccak/keccak_ops.h"
#include "pqc/mldsa/mldsa_check.h"
#include "pqc/mldsa/mldsa_ops.h"
#include "pqc/mlkem/mlkem_check.h"
#include "pqc/mlkem/mlkem_ops.h"

static void test_levels(void **state)
{
	(void)state;
	for (int level = 0; level < PQC_CPU_LEVELS; level++) {
		pqc_cpu_limit((enum pqc_cpu_level)level);
		assert_true(pqc_cpu_level() <= (enum pqc_cpu_level)level);
		assert_true(pqc_cpu_level() <= pqc_cpu_highest());
		assert_non_null(pqc_cpu_level_name((enum pqc_cpu_level)level));
	}
}

static void test_usable(void **state)
{
	(void)state;
#ifdef __x86_64__
	if (pqc_cpu_highest() >= PQC_CPU_AVX2) {
		pqc_cpu_limit(PQC_CPU_AVX2);
		assert_ptr_equal(keccak_ops(), &keccak_avx2_ops);
		assert_ptr_equal(mlkem_ops(), &mlkem_avx2_ops);
		assert_ptr_equal(mldsa_ops(), &mldsa_avx2_ops);
	}
	if (pqc_cpu_highest() >= PQC_CPU_AVX512) {
		pqc_cpu_limit(PQC_CPU_AVX512);
		assert_ptr_equal(keccak_ops(), &keccak_avx512_ops);
		assert_ptr_equal(mlkem_ops(), &mlkem_avx512_ops);
		assert_ptr_equal(mldsa_ops(), &mldsa_avx512_ops);
	}
#endif
	pqc_cpu_limit(PQC_CPU_PORTABLE);
	assert_ptr_equal(keccak_ops(), &keccak_c_ops);
	assert_ptr_equal(mlkem_ops(), &mlkem_c_ops);
	assert_ptr_equal(mldsa_ops(), &mldsa_c_ops);
}

static int same_numbers(const void *ops, const void *portable)
{
	return *(const int *)ops == *(const int *)portable;
}

/* The better variant is refused; the choice is remembered. */
static void test_wrong_variant(void **state)
{
	static const int wrong = 1, good = 2, portable = 2;
	static const struct pqc_variant list[] = {{PQC_CPU_PORTABLE, &wrong},
						  {PQC_CPU_PORTABLE, &good},
						  {PQC_CPU_PORTABLE, &portable}};
	struct pqc_variants set = {list, 3, same_numbers, {0}};

	(void)state;
	assert_ptr_equal(pqc_cpu_choose(&set), &good);
	set.variants = NULL;
	assert_ptr_equal(pqc_cpu_choose(&set), &good);
}

static void wrong_ntt(struct mlkem_poly *a)
{
	a->c[0] ^= 1;
}

static unsigned wrong_hint(uint8_t *bits, const struct mldsa_poly *high,
			   const struct mldsa_poly *low, int32_t gamma2)
{
	return mldsa_c_ops.make_hint(bits, high, low, gamma2 + 1);
}

/* The checks see a single wrong function. */
static void test_checks(void **state)
{
	struct mlkem_ops kem = mlkem_c_ops;
	struct mldsa_ops dsa = mldsa_c_ops;

	(void)state;
	assert_true(mlkem_check_same(&kem, &mlkem_c_ops));
	assert_true(mldsa_check_same(&dsa, &mldsa_c_ops));
	kem.ntt = wrong_ntt;
	dsa.make_hint = wrong_hint;
	assert_false(mlkem_check_same(&kem, &mlkem_c_ops));
	assert_false(mldsa_check_same(&dsa, &mldsa_c_ops));
}

/* SHA-3 of NIST's examples, and streams in pieces of every size and width. */
static void test_keccak(void **state)
{
	static const uint8_t sha3_256_abc[] = {0x3a, 0x98, 0x5d, 0xa7, 0x4f, 0xe2, 0x25, 0xb2,
					       0x04, 0x5c, 0x17, 0x2d, 0x6b, 0xd3, 0x90, 0xbd,
					       0x85, 0x5f, 0x08, 0x6e, 0x3e, 0x9d, 0x52, 0x5b,
					       0x46, 0xbf, 0xe2, 0x45, 0x11, 0x43, 0x15, 0x32};
	uint8_t in[KECCAKX_WIDTH][300], expected[KECCAKX_WIDTH][500], out[KECCAKX_WIDTH][500];
	const uint8_t *from[KECCAKX_WIDTH], *rest[KECCAKX_WIDTH];
	uint8_t *to[KECCAKX_WIDTH], *more[KECCAKX_WIDTH];

	(void)state;
	keccak_hash(KECCAK_SHA3_256, "abc", 3, out[0], KECCAK_SHA3_256_LEN);
	assert_memory_equal(out[0], sha3_256_abc, sizeof(sha3_256_abc));
	for (int w = 0; w < KECCAKX_WIDTH; w++) {
		memset(in[w], w + 1, sizeof(in[w]));
		keccak_hash(KECCAK_SHAKE128, in[w], sizeof(in[w]), expected[w],
			    sizeof(expected[w]));
	}
	for (int level = 0; level <= (int)pqc_cpu_highest(); level++) {
		pqc_cpu_limit((enum pqc_cpu_level)level);
		for (size_t cut = 0; cut < sizeof(in[0]); cut += 7) {
			for (unsigned width = 4; width <= KECCAKX_WIDTH; width *= 2) {
				struct keccakx k;

				for (unsigned w = 0; w < width; w++) {
					from[w] = in[w];
					rest[w] = in[w] + cut;
					to[w] = out[w];
					more[w] = out[w] + cut;
				}
				keccakx_start(&k, KECCAK_SHAKE128, width);
				keccakx_absorb(&k, from, cut);
				keccakx_absorb(&k, rest, sizeof(in[0]) - cut);
				keccakx_squeeze(&k, to, cut);
				keccakx_squeeze(&k, more, sizeof(out[0]) - cut);
				for (unsigned w = 0; w < width; w++)
					assert_memory_equal(out[w], expected[w], sizeof(out[w]));
			}
			struct keccak one;

			keccak_start(&one, KECCAK_SHAKE128);
			keccak_absorb(&one, in[3], cut);
			keccak_absorb(&one, in[3] + cut, sizeof(in[3]) - cut);
			keccak_squeeze(&one, out[3], cut);
			keccak_squeeze(&one, out[3] + cut, sizeof(out[3]) - cut);
			assert_memory_equal(out[3], expected[3], sizeof(out[3]));
		}
	}
}

/* Jobs of other lengths and functions side by side, 1 to 20 of them, are what each is alone. */
static void test_keccak_batch(void **state)
{
	static uint8_t in[700], out[20][400], expected[400];
	struct keccak_job jobs[20];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(7 * i);
	for (unsigned n = 1; n <= 20 * PQC_CPU_LEVELS; n++) {
		unsigned jobs_n = (n - 1) % 20 + 1;

		pqc_cpu_limit((enum pqc_cpu_level)((n - 1) / 20));
		for (unsigned i = 0; i < jobs_n; i++)
			jobs[i] = (struct keccak_job){.kind = i % 2 ? KECCAK_SHAKE256
								    : KECCAK_SHAKE128,
						      .in = in + i,
						      .in_len = 600 / (i + 1),
						      .out = out[i],
						      .out_len = 1 + i * 19};
		keccak_batch_run(jobs, jobs_n);
		for (unsigned i = 0; i < jobs_n; i++) {
			keccak_hash(jobs[i].kind, jobs[i].in, jobs[i].in_len, expected,
				    jobs[i].out_len);
			assert_memory_equal(out[i], expected, jobs[i].out_len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),	      cmocka_unit_test(test_usable),
		cmocka_unit_test(test_wrong_variant), cmocka_unit_test(test_checks),
		cmocka_unit_test(test_keccak),	      cmocka_unit_test(test_keccak_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
