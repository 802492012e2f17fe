/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "tests/unit/crypto/vectors.h"

#include "crypto/seal.h"
#include "provider/provider.h"

static void test_rows(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; alg_at(n); n++) {
		const struct alg *a = alg_at(n);

		assert_ptr_equal(alg_find(a->type, a->id), a);
		assert_true(a->impl && a->impl[0]);
		for (size_t i = 0; i < n; i++) {
			assert_string_not_equal(alg_at(i)->name, a->name);
			assert_false(alg_at(i)->type == a->type && alg_at(i)->id == a->id);
		}
	}
	/* Debian's OpenSSL can do all of them, and the provider the post-quantum ones. */
	assert_int_equal(n, 13 + 6 + 6 + 22 + 18 + 2);
	assert_null(alg_at(n + 1));
	assert_null(alg_at(100000));
	assert_null(alg_find(ALG_ENCR, 99));
	assert_null(alg_find(ALG_KE, 0));
	assert_null(alg_find(0, 1));
	assert_null(alg_find(13, 31));
	for (uint8_t type = 6; type <= 12; type++)
		assert_ptr_equal(alg_find(type, 31), alg_find(ALG_KE, 31));
}

/* The order in which the users' reference prints them. */
static void test_ke_order(void **state)
{
	static const uint16_t order[] = {
		15,   16,   17,	  18,	14,   23,   24,	  5,	2,    22,   1,	  19,	20,   21,
		26,   25,   28,	  29,	30,   27,   31,	  32,	1086, 1087, 1088, 1083, 1084, 1085,
		1080, 1081, 1082, 1089, 1090, 1091, 1092, 1093, 1094, 35,   36,	  37,
	};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; alg_at(i); i++) {
		if (alg_at(i)->type == ALG_KE)
			assert_int_equal(alg_at(i)->id, order[n++]);
	}
	assert_int_equal(n, sizeof(order) / sizeof(order[0]));
}

static void test_sizes(void **state)
{
	static const struct {
		uint16_t id, len;
	} ke[] = {{1, 96},   {2, 128},	 {5, 192},  {14, 256}, {15, 384}, {16, 512},
		  {17, 768}, {18, 1024}, {22, 128}, {23, 256}, {24, 256}, {19, 64},
		  {20, 96},  {21, 132},	 {25, 48},  {26, 56},  {27, 56},  {28, 64},
		  {29, 96},  {30, 128},	 {31, 32},  {32, 56}};

	(void)state;
	for (size_t i = 0; i < sizeof(ke) / sizeof(ke[0]); i++) {
		const struct alg *a = alg_find(ALG_KE, ke[i].id);

		assert_int_equal(a->u.ke.offer_len, ke[i].len);
		assert_int_equal(a->u.ke.answer_len, ke[i].len);
		assert_true(a->u.ke.strength >= 64);
		assert_false(a->u.ke.kem || a->u.ke.post_quantum);
	}
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);

		if (a->type == ALG_ENCR && a->id != 11)
			assert_true(a->u.encr.key_bits[0] && a->u.encr.iv_len >= 8);
		if (a->type == ALG_ENCR)
			assert_int_equal(a->u.encr.aead, a->u.encr.icv_len > 0);
		if (a->type == ALG_PRF)
			assert_int_equal(a->u.prf.out_len, a->u.prf.key_len);
	}
	assert_true(alg_find(ALG_PRF, 4)->u.prf.fixed_key && alg_find(ALG_PRF, 8)->u.prf.fixed_key);
	assert_false(alg_find(ALG_PRF, 5)->u.prf.fixed_key);
}

static void test_kems(void **state)
{
	static const struct {
		const char *word, *name;
		uint16_t id, offer, answer;
	} want[] = {
		{"mlkem512", "ML_KEM_512", 35, 800, 768},
		{"mlkem768", "ML_KEM_768", 36, 1184, 1088},
		{"mlkem1024", "ML_KEM_1024", 37, 1568, 1568},
		{"kyber1", "KYBER_L1", 1080, 800, 768},
		{"kyber3", "KYBER_L3", 1081, 1184, 1088},
		{"kyber5", "KYBER_L5", 1082, 1568, 1568},
		{"frodoa1", "FRODO_AES_L1", 1083, 9616, 9720},
		{"frodoa3", "FRODO_AES_L3", 1084, 15632, 15744},
		{"frodoa5", "FRODO_AES_L5", 1085, 21520, 21632},
		{"frodos1", "FRODO_SHAKE_L1", 1086, 9616, 9720},
		{"frodos3", "FRODO_SHAKE_L3", 1087, 15632, 15744},
		{"frodos5", "FRODO_SHAKE_L5", 1088, 21520, 21632},
		{"bike1", "BIKE_L1", 1089, 1541, 1573},
		{"bike3", "BIKE_L3", 1090, 3083, 3115},
		{"bike5", "BIKE_L5", 1091, 5122, 5154},
		{"hqc1", "HQC_L1", 1092, 2249, 4481},
		{"hqc3", "HQC_L3", 1093, 4522, 9026},
		{"hqc5", "HQC_L5", 1094, 7245, 14469},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct alg_keyword *k = alg_keyword_find(want[i].word);
		const struct alg *a = alg_find(ALG_KE, want[i].id);

		if (!k || !a)
			fail_msg("%s is not there", want[i].word);
		assert_int_equal(k->id, want[i].id);
		assert_string_equal(a->name, want[i].name);
		assert_string_equal(a->impl, "cygnetpq");
		assert_true(a->u.ke.kem && a->u.ke.post_quantum);
		assert_int_equal(a->u.ke.offer_len, want[i].offer);
		assert_int_equal(a->u.ke.answer_len, want[i].answer);
		/* the table has levels 1, 3 and 5 of each family in turn */
		assert_int_equal(a->u.ke.strength, 128 + 64 * (i % 3));
	}
}

static void test_keywords(void **state)
{
	bool reached[128] = {false};

	(void)state;
	for (size_t i = 0; alg_keyword_at(i); i++) {
		const struct alg_keyword *k = alg_keyword_at(i);
		const struct alg *a = alg_find(k->type, k->id);

		assert_ptr_equal(alg_keyword_find(k->word), k);
		assert_non_null(a);
		if (a->type == ALG_ENCR && a->id != 11)
			assert_true(alg_encr_key_bits(a, k->key_bits) > 0);
		for (size_t j = 0; alg_at(j); j++)
			reached[j] |= alg_at(j) == a;
	}
	for (size_t j = 0; alg_at(j); j++)
		assert_true(reached[j]);
	assert_null(alg_keyword_at(100000));
}

static void test_keyword_values(void **state)
{
	static const struct alg_keyword want[] = {
		{"aes256", ALG_ENCR, 12, 256},
		{"aes", ALG_ENCR, 12, 128},
		{"AES128GCM16", ALG_ENCR, 20, 128},
		{"aes256gcm", ALG_ENCR, 20, 256},
		{"aes192gcm64", ALG_ENCR, 18, 192},
		{"aes128gcm96", ALG_ENCR, 19, 128},
		{"aes256ccm128", ALG_ENCR, 16, 256},
		{"aes128ccm8", ALG_ENCR, 14, 128},
		{"aes128ccm12", ALG_ENCR, 15, 128},
		{"aes192ctr", ALG_ENCR, 13, 192},
		{"camellia256", ALG_ENCR, 23, 256},
		{"3des", ALG_ENCR, 3, 0},
		{"null", ALG_ENCR, 11, 0},
		{"chacha20poly1305", ALG_ENCR, 28, 0},
		{"sha", ALG_INTEG, 2, 0},
		{"sha2_384", ALG_INTEG, 13, 0},
		{"sha512", ALG_INTEG, 14, 0},
		{"aesxcbc", ALG_INTEG, 5, 0},
		{"aescmac", ALG_INTEG, 8, 0},
		{"prfaesxcbc", ALG_PRF, 4, 0},
		{"prfsha512", ALG_PRF, 7, 0},
		{"modp2048s256", ALG_KE, 24, 0},
		{"x25519", ALG_KE, 31, 0},
		{"curve448", ALG_KE, 32, 0},
		{"ecp384bp", ALG_KE, 29, 0},
		{"ecp192", ALG_KE, 25, 0},
		{"esn", ALG_ESN, 1, 0},
		{"noesn", ALG_ESN, 0, 0},
	};
	static const char *const unknown[] = {"", "md5", "aes512", "none", "ke1_x25519", "des"};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct alg_keyword *k = alg_keyword_find(want[i].word);

		if (!k)
			fail_msg("keyword '%s' is unknown", want[i].word);
		assert_int_equal(k->type, want[i].type);
		assert_int_equal(k->id, want[i].id);
		assert_int_equal(k->key_bits, want[i].key_bits);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_null(alg_keyword_find(unknown[i]));
}

static void test_key_bits(void **state)
{
	const struct alg *aes = alg_find(ALG_ENCR, 12), *gcm = alg_find(ALG_ENCR, 20);
	const struct alg *des3 = alg_find(ALG_ENCR, 3), *chacha = alg_find(ALG_ENCR, 28);

	(void)state;
	assert_int_equal(alg_encr_key_bits(aes, 192), 192);
	assert_int_equal(alg_encr_key_bits(aes, 0), 0); /* the attribute is required */
	assert_int_equal(alg_encr_key_bits(aes, 512), 0);
	assert_int_equal(alg_encr_key_bits(des3, 0), 192);
	assert_int_equal(alg_encr_key_bits(des3, 192), 0); /* the attribute is forbidden */
	assert_int_equal(alg_encr_key_bits(chacha, 0), 256);
	assert_int_equal(alg_encr_key_bits(alg_find(ALG_ENCR, 11), 0), 0);
	assert_int_equal(seal_key_e_len(aes, 256), 32);
	assert_int_equal(seal_key_e_len(gcm, 128), 20);
	assert_int_equal(seal_key_e_len(alg_find(ALG_ENCR, 14), 128), 19);
	assert_int_equal(seal_key_e_len(chacha, 0), 36);
	assert_int_equal(seal_key_e_len(aes, 99), 0);
	assert_int_equal(seal_key_a_len(aes, alg_find(ALG_INTEG, 14)), 64);
	assert_int_equal(seal_key_a_len(gcm, NULL), 0);
}

static void test_names(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(alg_name(ALG_ENCR, 20, buf), "AES_GCM_16");
	assert_string_equal(alg_name(7, 19, buf), "ECP_256");
	assert_string_equal(alg_name(ALG_ESN, 0, buf), "NO_EXT_SEQ");
	assert_string_equal(alg_name(ALG_ENCR, 99, buf), "ENCR_99");
	assert_string_equal(alg_name(9, 65535, buf), "KE_65535");
	assert_string_equal(alg_name(200, 1, buf), "TRANSFORM_1");
	assert_int_equal(alg_prf_for_integ(12), 5);
	assert_int_equal(alg_prf_for_integ(5), 4);
	assert_int_equal(alg_prf_for_integ(1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	       cmocka_unit_test(test_ke_order),
		cmocka_unit_test(test_sizes),	       cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_keyword_values), cmocka_unit_test(test_key_bits),
		cmocka_unit_test(test_names),	       cmocka_unit_test(test_kems),
	};

	if (provider_load() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
