/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "conf/suite.h"
#include "wire/ike.h"

static const struct {
	uint8_t protocol;
	const char *text, *expected;
} good[] = {
	{PROTO_IKE, "aes256-sha256-x25519",
	 "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	{PROTO_IKE, "x25519-sha256-aes256",
	 "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	{PROTO_IKE, "AES256-SHA256-X25519",
	 "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	{PROTO_IKE, "aes128-aes256-sha512-sha1-modp3072-ecp384",
	 "IKE:AES_CBC_128/AES_CBC_256/HMAC_SHA2_512_256/HMAC_SHA1_96/PRF_HMAC_SHA2_512/"
	 "PRF_HMAC_SHA1/MODP_3072/ECP_384"},
	{PROTO_IKE, "aes256-sha256-prfsha384-ecp256",
	 "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_384/ECP_256"},
	/* an integrity algorithm beside an AEAD only names the PRF */
	{PROTO_IKE, "aes256gcm16-sha384-x25519",
	 "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519"},
	{PROTO_IKE, "aes256gcm16-prfsha512-x25519",
	 "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_512/CURVE_25519"},
	{PROTO_IKE, "aes256gcm16-x25519",
	 "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_256/PRF_HMAC_SHA2_384/PRF_HMAC_SHA2_512/CURVE_25519"},
	{PROTO_IKE, "aes256-sha256-sha256-x25519-x25519",
	 "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"},
	{PROTO_IKE, "aes256-sha256-x25519-ke1_ecp384-ke2_none-ke2_modp2048",
	 "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ECP_384/KE2_NONE/"
	 "KE2_MODP_2048"},
	{PROTO_IKE, "ke7_x448-aes256-sha256-x25519-ke3_ecp256",
	 "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519/KE3_ECP_256/"
	 "KE7_CURVE_448"},
	{PROTO_ESP, "aes256-sha256", "ESP:AES_CBC_256/HMAC_SHA2_256_128/NO_EXT_SEQ"},
	{PROTO_ESP, "aes256gcm16", "ESP:AES_GCM_16_256/NO_EXT_SEQ"},
	{PROTO_ESP, "aes256gcm16-sha256", "ESP:AES_GCM_16_256/NO_EXT_SEQ"},
	{PROTO_ESP, "chacha20poly1305-esn", "ESP:CHACHA20_POLY1305/EXT_SEQ"},
	{PROTO_ESP, "aes128-sha1-esn-noesn", "ESP:AES_CBC_128/HMAC_SHA1_96/EXT_SEQ/NO_EXT_SEQ"},
	{PROTO_ESP, "aes256-sha256-modp3072-ke1_x25519-ke2_ecp384",
	 "ESP:AES_CBC_256/HMAC_SHA2_256_128/MODP_3072/NO_EXT_SEQ/KE1_CURVE_25519/KE2_ECP_384"},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct proposal p;
		struct wbuf w;
		char *why;

		wbuf_init(&w, 0);
		assert_int_equal(suite_parse(good[i].protocol, good[i].text, &p, &why), 0);
		assert_null(why);
		suite_text(&p, &w);
		wbuf_u8(&w, '\0');
		assert_string_equal((char *)w.data, good[i].expected);
		wbuf_done(&w);
	}
}

static const struct {
	uint8_t protocol;
	const char *text, *why;
} bad[] = {
	{PROTO_IKE, "aes265-sha256-x25519", "unknown algorithm 'aes265', did you mean 'aes256'?"},
	{PROTO_IKE, "aes256-sha256-x25519-ke1_zzzzzz", "unknown algorithm 'zzzzzz'"},
	{PROTO_IKE, "aes256-sha256-x25519-ke1_aes256", "'aes256' is not a key exchange method"},
	{PROTO_IKE, "aes256-sha256-x25519-ke1_ecp256-ke3_x25519",
	 "CURVE_25519 is there twice, each key exchange needs another method"},
	{PROTO_ESP, "aes256-sha256-x25519-ke1_ecp256-ke7_ecp256",
	 "ECP_256 is there twice, each key exchange needs another method"},
	{PROTO_IKE, "aes256-sha256", "a key exchange method is missing, such as x25519"},
	{PROTO_IKE, "aes256-x25519", "an integrity algorithm is missing, such as sha256"},
	{PROTO_IKE, "sha256-x25519", "an encryption algorithm is missing, such as aes256"},
	{PROTO_IKE, "aes256-aes256gcm16-sha256-x25519",
	 "AEAD and other encryption algorithms cannot be in one proposal, make two, separated by a "
	 "comma"},
	{PROTO_IKE, "", "an algorithm is missing around '-'"},
	{PROTO_IKE, "aes256--sha256", "an algorithm is missing around '-'"},
	{PROTO_IKE, "aes256-sha256-x25519-", "an algorithm is missing around '-'"},
	{PROTO_ESP, "aes256", "an integrity algorithm is missing, such as sha256"},
	{PROTO_ESP, "aes256-sha256-prfsha256", "'prfsha256' is a PRF, which ESP has no use for"},
	{PROTO_ESP, "aes256-sha256-noens", "unknown algorithm 'noens', did you mean 'noesn'?"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct proposal p;
		char *why;

		assert_int_equal(suite_parse(bad[i].protocol, bad[i].text, &p, &why), E_CONFIG);
		assert_string_equal(why, bad[i].why);
		assert_int_equal(p.count, 0);
		free(why);
	}
}

static void test_too_long(void **state)
{
	struct proposal p;
	struct wbuf w;
	char *why;

	(void)state;
	wbuf_init(&w, 0);
	for (int i = 0; i < 200; i++)
		wbuf_str(&w, "x");
	wbuf_u8(&w, '\0');
	assert_int_equal(suite_parse(PROTO_IKE, (char *)w.data, &p, &why), E_CONFIG);
	assert_string_equal(why, "unknown algorithm 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'");
	free(why);
	wbuf_done(&w);
}

static void test_too_many(void **state)
{
	static const char *const kes[] = {
		"x25519",   "x448",	"ecp256",   "ecp384",	"ecp521",   "modp2048", "modp3072",
		"modp4096", "modp6144", "modp8192", "ecp256bp", "ecp384bp", "ecp512bp", "none"};
	struct proposal p;
	struct wbuf w;
	char *why;

	(void)state;
	wbuf_init(&w, 0);
	wbuf_str(&w, "aes256-sha256-x25519");
	for (int i = 0; i < 7 * 14; i++)
		wbuf_fmt(&w, "-ke%d_%s", i / 14 + 1, kes[i % 14]);
	wbuf_u8(&w, '\0');
	assert_int_equal(suite_parse(PROTO_IKE, (char *)w.data, &p, &why), E_CONFIG);
	assert_string_equal(why, "more than 96 algorithms");
	free(why);
	wbuf_done(&w);
}

static void check_defaults(uint8_t protocol, const char *expected)
{
	struct proposals *l = calloc(1, sizeof(*l));
	struct wbuf w;

	assert_non_null(l);
	wbuf_init(&w, 0);
	suite_defaults(protocol, l);
	assert_int_equal(l->p[0].number, 1);
	assert_int_equal(l->p[1].number, 2);
	suite_list_text(l, &w);
	wbuf_u8(&w, '\0');
	assert_string_equal((char *)w.data, expected);
	wbuf_done(&w);
	free(l);
}

static void test_defaults(void **state)
{
	(void)state;
	check_defaults(PROTO_IKE,
		       "IKE:AES_GCM_16_256/AES_GCM_16_192/AES_GCM_16_128/CHACHA20_POLY1305/"
		       "PRF_HMAC_SHA2_256/PRF_HMAC_SHA2_384/PRF_HMAC_SHA2_512/"
		       "CURVE_25519/CURVE_448/ECP_256/ECP_384/ECP_521/"
		       "MODP_3072/MODP_4096/MODP_6144/MODP_8192/MODP_2048, "
		       "IKE:AES_CBC_256/AES_CBC_192/AES_CBC_128/"
		       "HMAC_SHA2_256_128/HMAC_SHA2_384_192/HMAC_SHA2_512_256/"
		       "PRF_HMAC_SHA2_256/PRF_HMAC_SHA2_384/PRF_HMAC_SHA2_512/"
		       "CURVE_25519/CURVE_448/ECP_256/ECP_384/ECP_521/"
		       "MODP_3072/MODP_4096/MODP_6144/MODP_8192/MODP_2048");
	check_defaults(PROTO_ESP,
		       "ESP:AES_GCM_16_256/AES_GCM_16_192/AES_GCM_16_128/CHACHA20_POLY1305/"
		       "NO_EXT_SEQ, ESP:AES_CBC_256/AES_CBC_192/AES_CBC_128/HMAC_SHA2_256_128/"
		       "HMAC_SHA2_384_192/HMAC_SHA2_512_256/NO_EXT_SEQ");
}

/* What a peer offers may have any numbers, in any order. */
static void test_text_of_foreign(void **state)
{
	static const struct transform t[] = {
		{.type = TRANSFORM_ESN, .id = 7},
		{.type = TRANSFORM_ADDKE7, .id = 0},
		{.type = TRANSFORM_ENCR, .id = 999, .key_bits = 256},
	};
	struct proposal p = {.protocol = PROTO_ESP, .count = 3};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	memcpy(p.t, t, sizeof(t));
	suite_text(&p, &w);
	wbuf_u8(&w, '\0');
	assert_string_equal((char *)w.data, "ESP:ENCR_999_256/EXT_SEQ_7/KE7_NONE");
	wbuf_reset(&w);
	p.count = 0;
	suite_text(&p, &w);
	wbuf_u8(&w, '\0');
	assert_string_equal((char *)w.data, "ESP:");
	wbuf_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	 cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_text_of_foreign),
	};

	return cmocka_run_group_tests_name("conf/suite", tests, NULL, NULL);
}
