/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of every KEM fails once: an error, and outputs of zeros. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kat.h"
#include "pqc/mem.h"

/* The allocation that fails: 0 is the next one, negative none. */
static int failing = -1;

void *__real_pqc_mem_new(size_t len);
void *__wrap_pqc_mem_new(size_t len);

void *__wrap_pqc_mem_new(size_t len)
{
	return failing-- == 0 ? NULL : __real_pqc_mem_new(len);
}

enum operation { KEYPAIR, ENCAPS, DECAPS, OPERATIONS };

struct buffers {
	uint8_t *pub, *sec, *ct, *shared;
	struct kat_drbg drbg;
};

static int run(const struct pqc_kem *kem, enum operation op, struct buffers *b)
{
	struct pqc_rng rng = kat_drbg_rng(&b->drbg);

	if (op == KEYPAIR)
		return pqc_kem_keypair(kem, &rng, b->pub, b->sec);
	if (op == ENCAPS)
		return pqc_kem_encaps(kem, &rng, pqc_bytes_make(b->pub, kem->public_len), b->ct,
				      b->shared);
	return pqc_kem_decaps(kem, pqc_bytes_make(b->sec, kem->secret_len),
			      pqc_bytes_make(b->ct, kem->ciphertext_len), b->shared);
}

static void assert_zeros(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p[i], 0);
}

static void check_failure(const struct pqc_kem *kem, enum operation op, struct buffers *b)
{
	if (op == KEYPAIR) {
		assert_zeros(b->pub, kem->public_len);
		assert_zeros(b->sec, kem->secret_len);
	} else {
		assert_zeros(b->shared, kem->shared_len);
		if (op == ENCAPS)
			assert_zeros(b->ct, kem->ciphertext_len);
	}
}

static void test_kem(void **state)
{
	static const uint8_t seed[KAT_SEED_LEN] = {3};
	const struct pqc_kem *kem = *state;
	struct buffers b = {malloc(kem->public_len),
			    malloc(kem->secret_len),
			    malloc(kem->ciphertext_len),
			    malloc(kem->shared_len),
			    {{0}, {0}}};

	assert_true(b.pub && b.sec && b.ct && b.shared);
	kat_drbg_init(&b.drbg, seed);
	for (int op = KEYPAIR; op < OPERATIONS; op++) {
		for (int n = 0;; n++) {
			int err;

			memset(b.shared, 1, kem->shared_len);
			failing = n;
			err = run(kem, (enum operation)op, &b);
			failing = -1;
			if (err == 0)
				break;
			assert_int_equal(err, PQC_E_NOMEM);
			check_failure(kem, (enum operation)op, &b);
		}
	}
	free(b.pub);
	free(b.sec);
	free(b.ct);
	free(b.shared);
}

int main(void)
{
	struct CMUnitTest tests[64] = {{0}};
	const struct pqc_kem *kem;
	size_t n = 0;

	for (; n < 64 && (kem = pqc_kem_at(n)); n++)
		tests[n] = (struct CMUnitTest){kem->name, test_kem, NULL, NULL, (void *)kem};
	return _cmocka_run_group_tests("memory", tests, n, NULL, NULL);
}
