/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/crypto/vectors.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "crypto/sign.h"
#include "provider/provider.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define ALL_HASHES (SIGN_HASH_BIT(2) | SIGN_HASH_BIT(3) | SIGN_HASH_BIT(4) | SIGN_HASH_BIT(5))

enum {
	RSA1024,
	RSA2048,
	RSA4096,
	P256,
	P384,
	P521,
	BP256,
	ED25519,
	ED448,
	X25519,
	DILITHIUM2,
	DILITHIUM3,
	DILITHIUM5,
	FALCON512,
	FALCON1024,
	MLDSA44,
	MLDSA65,
	MLDSA87,
	KEYS,
};

static EVP_PKEY *keys[KEYS];

static EVP_PKEY *new_key(const char *type)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) == 1)
		EVP_PKEY_generate(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int make_keys(void **state)
{
	static const char *const pure[] = {"Dilithium2", "Dilithium3", "Dilithium5", "Falcon512",
					   "Falcon1024", "ML-DSA-44",  "ML-DSA-65",  "ML-DSA-87"};

	(void)state;
	if (provider_load() != 0)
		return -1;
	for (size_t i = 0; i < COUNT(pure); i++)
		keys[DILITHIUM2 + i] = new_key(pure[i]);
	keys[RSA1024] = EVP_RSA_gen(1024);
	keys[RSA2048] = EVP_RSA_gen(2048);
	keys[RSA4096] = EVP_RSA_gen(4096);
	keys[P256] = EVP_EC_gen("P-256");
	keys[P384] = EVP_EC_gen("P-384");
	keys[P521] = EVP_EC_gen("P-521");
	keys[BP256] = EVP_EC_gen("brainpoolP256r1");
	keys[ED25519] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	keys[ED448] = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	keys[X25519] = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	for (size_t i = 0; i < KEYS; i++) {
		if (!keys[i])
			return -1;
	}
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

static const struct sign_scheme *scheme_of(const char *name)
{
	for (size_t i = 0; sign_at(i); i++) {
		if (strcmp(sign_at(i)->name, name) == 0)
			return sign_at(i);
	}
	fail_msg("no scheme '%s'", name);
	return NULL;
}

static void test_rows(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; sign_at(n); n++) {
		const struct sign_scheme *s = sign_at(n);

		for (size_t i = 0; i < n; i++)
			assert_string_not_equal(sign_at(i)->name, s->name);
		if (s->auth_method == 14)
			assert_ptr_equal(sign_find_algid(s->algid), s);
		else
			assert_ptr_equal(sign_find_method(s->auth_method), s);
		assert_int_equal(s->algid.len > 0, s->auth_method == 14);
		assert_true(s->min_bits <= s->max_bits && s->ike_hash >= 1 && s->ike_hash <= 5);
	}
	assert_int_equal(n, 24);
	assert_null(sign_at(1000));
	assert_null(sign_find_method(14));
	assert_null(sign_find_method(2));
}

static bool fits(const struct sign_scheme *s, EVP_PKEY *key)
{
	struct wbuf sig;
	int err;

	wbuf_init(&sig, 0);
	err = sign_create(s, key, view_str("message"), &sig);
	wbuf_done(&sig);
	assert_true(err == 0 || err == E_UNSUPPORTED);
	return err == 0;
}

/* Sign, verify, and refuse what was changed in any byte. */
static void check_key(const struct sign_scheme *s, EVP_PKEY *key)
{
	uint8_t tbs[100] = {0x42}, saved;
	struct view v = view_make(tbs, sizeof(tbs)), whole, cut;
	struct wbuf out;

	wbuf_init(&out, 0);
	wbuf_str(&out, "abc");
	assert_int_equal(sign_create(s, key, v, &out), 0);
	assert_memory_equal(out.data, "abc", 3);
	whole = view_make(out.data + 3, out.len - 3);
	if (s->auth_method >= 9 && s->auth_method <= 11)
		assert_int_equal(whole.len, (s->min_bits + 7) / 8 * 2);
	assert_int_equal(sign_verify(s, key, v, whole), 0);
	for (size_t i = 0; i<whole.len; i += whole.len> 200 ? 17 : 1) {
		saved = out.data[3 + i];
		out.data[3 + i] ^= 0x01;
		assert_int_equal(sign_verify(s, key, v, whole), E_AUTH);
		out.data[3 + i] = saved;
	}
	for (size_t i = 0; i < sizeof(tbs); i += 33) {
		tbs[i] ^= 0x80;
		assert_int_equal(sign_verify(s, key, v, whole), E_AUTH);
		tbs[i] ^= 0x80;
	}
	cut = view_make(whole.ptr, whole.len - 1);
	assert_int_equal(sign_verify(s, key, v, cut), E_AUTH);
	assert_int_equal(sign_verify(s, key, v, view_make(whole.ptr, 0)), E_AUTH);
	wbuf_u8(&out, 0); /* longer by a byte */
	assert_int_equal(sign_verify(s, key, v, view_make(out.data + 3, out.len - 3)), E_AUTH);
	wbuf_done(&out);
}

/* Which keys go with which schemes, and that those that do work. */
static void test_matrix(void **state)
{
	static const struct {
		const char *name;
		unsigned keys; /* bits by the enum above */
	} want[] = {
		{"RSA_EMSA_PSS_SHA2_256_SALT_32", 1 << RSA1024 | 1 << RSA2048 | 1 << RSA4096},
		{"RSA_EMSA_PSS_SHA2_384_SALT_48", 1 << RSA1024 | 1 << RSA2048 | 1 << RSA4096},
		{"RSA_EMSA_PSS_SHA2_512_SALT_64", 1 << RSA2048 | 1 << RSA4096},
		{"RSA_EMSA_PKCS1_SHA2_256", 1 << RSA1024 | 1 << RSA2048 | 1 << RSA4096},
		{"RSA_EMSA_PKCS1_SHA2_384", 1 << RSA1024 | 1 << RSA2048 | 1 << RSA4096},
		{"RSA_EMSA_PKCS1_SHA2_512", 1 << RSA1024 | 1 << RSA2048 | 1 << RSA4096},
		{"RSA_EMSA_PKCS1_SHA1", 0}, /* to verify only */
		{"ECDSA_WITH_SHA256_DER", 1 << P256 | 1 << P384 | 1 << P521 | 1 << BP256},
		{"ECDSA_WITH_SHA384_DER", 1 << P256 | 1 << P384 | 1 << P521 | 1 << BP256},
		{"ECDSA_WITH_SHA512_DER", 1 << P256 | 1 << P384 | 1 << P521 | 1 << BP256},
		{"ED25519", 1 << ED25519},
		{"ED448", 1 << ED448},
		{"DILITHIUM_2", 1 << DILITHIUM2},
		{"DILITHIUM_3", 1 << DILITHIUM3},
		{"DILITHIUM_5", 1 << DILITHIUM5},
		{"FALCON_512", 1 << FALCON512},
		{"FALCON_1024", 1 << FALCON1024},
		{"ML_DSA_44", 1 << MLDSA44},
		{"ML_DSA_65", 1 << MLDSA65},
		{"ML_DSA_87", 1 << MLDSA87},
		{"RSA signature", 1 << RSA1024 | 1 << RSA2048 | 1 << RSA4096},
		{"ECDSA-256 signature", 1 << P256},
		{"ECDSA-384 signature", 1 << P384},
		{"ECDSA-521 signature", 1 << P521},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		const struct sign_scheme *s = scheme_of(want[i].name);

		for (size_t k = 0; k < KEYS; k++) {
			bool expected = want[i].keys >> k & 1;

			if (fits(s, keys[k]) != expected)
				fail_msg("%s with key %zu", s->name, k);
			if (expected)
				check_key(s, keys[k]);
			else if (want[i].keys)
				assert_int_equal(
					sign_verify(s, keys[k], view_str("a"), view_str("b")),
					E_UNSUPPORTED);
		}
	}
}

/* A signature of one scheme is not one of another, and not one by another key. */
static void test_mixed_up(void **state)
{
	const struct sign_scheme *pss = scheme_of("RSA_EMSA_PSS_SHA2_256_SALT_32");
	const struct sign_scheme *pkcs1 = scheme_of("RSA_EMSA_PKCS1_SHA2_256");
	const struct sign_scheme *sha1 = scheme_of("RSA_EMSA_PKCS1_SHA1");
	const struct view tbs = view_str("message");
	struct wbuf sig;

	(void)state;
	wbuf_init(&sig, 0);
	assert_int_equal(sign_create(pss, keys[RSA2048], tbs, &sig), 0);
	assert_int_equal(sign_verify(pkcs1, keys[RSA2048], tbs, wbuf_view(&sig)), E_AUTH);
	assert_int_equal(sign_verify(pss, keys[RSA1024], tbs, wbuf_view(&sig)), E_AUTH);
	wbuf_reset(&sig);
	/* The old method is PKCS#1 with SHA-1, which the verify-only row takes. */
	assert_int_equal(sign_create(sign_find_method(1), keys[RSA2048], tbs, &sig), 0);
	assert_int_equal(sign_verify(sha1, keys[RSA2048], tbs, wbuf_view(&sig)), 0);
	assert_int_equal(sign_verify(pkcs1, keys[RSA2048], tbs, wbuf_view(&sig)), E_AUTH);
	wbuf_done(&sig);
}

static void test_choose(void **state)
{
	const unsigned only256 = SIGN_HASH_BIT(2), only512 = SIGN_HASH_BIT(4);
	const unsigned sha1 = SIGN_HASH_BIT(1);
	const struct {
		int key;
		unsigned hashes;
		bool pss;
		const char *want; /* NULL: none */
	} cases[] = {
		{RSA2048, ALL_HASHES, false, "RSA_EMSA_PKCS1_SHA2_256"},
		{RSA2048, ALL_HASHES, true, "RSA_EMSA_PSS_SHA2_256_SALT_32"},
		{RSA4096, ALL_HASHES, false, "RSA_EMSA_PKCS1_SHA2_384"},
		{RSA4096, ALL_HASHES, true, "RSA_EMSA_PSS_SHA2_384_SALT_48"},
		{RSA2048, only512, true, "RSA_EMSA_PSS_SHA2_512_SALT_64"},
		{RSA1024, only512, true, "RSA_EMSA_PKCS1_SHA2_512"}, /* PSS does not fit */
		{RSA4096, only256, true, "RSA_EMSA_PSS_SHA2_256_SALT_32"},
		{RSA4096, only256, false, "RSA_EMSA_PKCS1_SHA2_256"},
		{RSA2048, sha1, false, NULL},
		{RSA2048, SIGN_HASH_BIT(5), true, NULL},
		{RSA2048, 0, true, "RSA signature"},
		{P256, ALL_HASHES, false, "ECDSA_WITH_SHA256_DER"},
		{P384, ALL_HASHES, true, "ECDSA_WITH_SHA384_DER"},
		{P521, ALL_HASHES, false, "ECDSA_WITH_SHA512_DER"},
		{BP256, ALL_HASHES, false, "ECDSA_WITH_SHA256_DER"},
		{P256, only512, false, "ECDSA_WITH_SHA512_DER"},
		{P384, only256, false, "ECDSA_WITH_SHA256_DER"},
		{P521, SIGN_HASH_BIT(2) | SIGN_HASH_BIT(3), false, "ECDSA_WITH_SHA384_DER"},
		{P256, sha1, false, NULL},
		{P256, 0, false, "ECDSA-256 signature"},
		{P384, 0, false, "ECDSA-384 signature"},
		{P521, 0, false, "ECDSA-521 signature"},
		{BP256, 0, false, NULL},
		{ED25519, ALL_HASHES, true, "ED25519"},
		{ED448, ALL_HASHES, false, "ED448"},
		{ED25519, only256, false, NULL}, /* the peer has not said identity */
		{ED25519, 0, false, NULL},
		{DILITHIUM5, ALL_HASHES, true, "DILITHIUM_5"},
		{DILITHIUM2, ALL_HASHES, false, "DILITHIUM_2"},
		{FALCON1024, ALL_HASHES, false, "FALCON_1024"},
		{MLDSA44, ALL_HASHES, false, "ML_DSA_44"}, /* as large as Dilithium2 */
		{MLDSA65, ALL_HASHES, false, "ML_DSA_65"},
		{DILITHIUM5, only256, false, NULL},
		{DILITHIUM5, 0, false, NULL},
		{X25519, ALL_HASHES, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct sign_scheme *got =
			sign_choose(keys[cases[i].key], cases[i].hashes, cases[i].pss);
		const char *name = got ? got->name : "none";

		if (strcmp(name, cases[i].want ? cases[i].want : "none") != 0)
			fail_msg("case %zu: got %s", i, name);
	}
}

static const struct sign_scheme *find_hex(const char *hex)
{
	char line[600];
	uint8_t der[300];
	struct vec v = {.count = 1, .fields = {{"der", line}}, .bytes = der};

	snprintf(line, sizeof(line), "%s", hex);
	return sign_find_algid(vec_hex(&v, "der"));
}

#define SHA256 "0609608648016503040201"
#define SHA384 "0609608648016503040202"
#define MGF1   "06092a864886f70d010108"
#define PSS    "06092a864886f70d01010a"

/* RFC 7427 appendix A as printed there, and what other encoders make of PSS. */
static void test_algid(void **state)
{
	static const struct {
		const char *der, *want;
	} cases[] = {
		{"300d06092a864886f70d01010b0500", "RSA_EMSA_PKCS1_SHA2_256"},
		{"300d06092a864886f70d01010c0500", "RSA_EMSA_PKCS1_SHA2_384"},
		{"300d06092a864886f70d01010d0500", "RSA_EMSA_PKCS1_SHA2_512"},
		{"300d06092a864886f70d0101050500", "RSA_EMSA_PKCS1_SHA1"},
		{"300a06082a8648ce3d040302", "ECDSA_WITH_SHA256_DER"},
		{"300a06082a8648ce3d040303", "ECDSA_WITH_SHA384_DER"},
		{"300a06082a8648ce3d040304", "ECDSA_WITH_SHA512_DER"},
		{"300506032b6570", "ED25519"},
		{"300506032b6571", "ED448"},
		{"300d060b2b0601040102820b070404", "DILITHIUM_2"},
		{"300d060b2b0601040102820b070605", "DILITHIUM_3"},
		{"300d060b2b0601040102820b070807", "DILITHIUM_5"},
		{"300706052bce0f0301", "FALCON_512"},
		{"300706052bce0f0304", "FALCON_1024"},
		{"300b0609608648016503040311", "ML_DSA_44"},
		{"300b0609608648016503040312", "ML_DSA_65"},
		{"300b0609608648016503040313", "ML_DSA_87"},
		{"300d06096086480165030403120500", NULL}, /* parameters */
		/* RFC 7427 appendix A.4.3: SHA-256, MGF1 with it, 32 bytes of salt, trailer 1 */
		{"3046" PSS "3039a00f300d" SHA256 "0500a11c301a" MGF1 "300d" SHA256
		 "0500a203020120a303020101",
		 "RSA_EMSA_PSS_SHA2_256_SALT_32"},
		{"303d" PSS "3030a00d300b" SHA256 "a11a3018" MGF1 "300b" SHA256 "a203020120",
		 "RSA_EMSA_PSS_SHA2_256_SALT_32"},
		/* two hashes; a salt, a trailer, a mask that we have no row for; SHA-1 */
		{"3041" PSS "3034a00f300d" SHA256 "0500a11c301a" MGF1 "300d" SHA384
		 "0500a203020120",
		 NULL},
		{"3041" PSS "3034a00f300d" SHA256 "0500a11c301a" MGF1 "300d" SHA256
		 "0500a203020114",
		 NULL},
		{"3046" PSS "3039a00f300d" SHA256 "0500a11c301a" MGF1 "300d" SHA256
		 "0500a203020120a303020102",
		 NULL},
		{"3041" PSS "3034a00f300d" SHA256 "0500a11c301a" PSS "300d" SHA256 "0500a203020120",
		 NULL},
		{"301f" PSS "3012a00f300d" SHA256 "0500", NULL},
		{"300d" PSS "3000", NULL},
		{"300b" PSS, NULL},
		/* not exactly consumed, cut off, empty, something else */
		{"303d" PSS "3030a00d300b" SHA256 "a11a3018" MGF1 "300b" SHA256 "a20302012000",
		 NULL},
		{"300506032b657000", NULL},
		{"300506032b65", NULL},
		{"", NULL},
		{"300506032b656e", NULL},
		{"300a06082a8648ce3d040301", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct sign_scheme *got = find_hex(cases[i].der);

		if (strcmp(got ? got->name : "none", cases[i].want ? cases[i].want : "none") != 0)
			fail_msg("case %zu: got %s", i, got ? got->name : "none");
	}
}

/* No prefix and no flipped byte of an identifier crashes, or is mistaken for the whole one. */
static void test_algid_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; sign_at(i); i++) {
		struct view algid = sign_at(i)->algid;
		uint8_t der[100];

		for (size_t len = 0; len < algid.len; len++)
			assert_null(sign_find_algid(view_make(algid.ptr, len)));
		for (size_t at = 0; at < algid.len; at++) {
			memcpy(der, algid.ptr, algid.len);
			der[at] ^= 0x80;
			assert_null(sign_find_algid(view_make(der, algid.len)));
		}
	}
}

static void test_names(void **state)
{
	static const char *const types[KEYS] = {
		"RSA",	      "RSA",	   "RSA",	 "ECDSA",     "ECDSA",	    "ECDSA",
		"ECDSA",      "ED25519",   "ED448",	 "X25519",    "Dilithium2", "Dilithium3",
		"Dilithium5", "Falcon512", "Falcon1024", "ML_DSA_44", "ML_DSA_65",  "ML_DSA_87"};

	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		assert_string_equal(sign_key_type(keys[i]), types[i]);
	assert_string_equal(sign_find_method(1)->name, "RSA signature");
	assert_string_equal(sign_find_method(9)->name, "ECDSA-256 signature");
	assert_string_equal(sign_find_method(10)->name, "ECDSA-384 signature");
	assert_string_equal(sign_find_method(11)->name, "ECDSA-521 signature");
	assert_null(sign_find_method(3));
}

static EVP_PKEY *ec_public(const char *group, struct view point)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point.ptr,
						  point.len),
		OSSL_PARAM_END,
	};
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void check_vector(struct vec *v)
{
	const char *name = vec_str(v, "scheme");
	struct view public = vec_hex(v, "public"), data = vec_hex(v, "data");
	struct view sig = vec_hex(v, "sig");
	const struct sign_scheme *s;
	EVP_PKEY *key;
	char full[64];

	if (strncmp(name, "ECDSA", 5) == 0) {
		static const char *const groups[] = {"P-256", "P-384", "P-521"};

		snprintf(full, sizeof(full), "%s signature", name);
		s = scheme_of(full);
		key = ec_public(groups[s->auth_method - 9], public);
	} else {
		s = scheme_of(name);
		key = EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, public.ptr, public.len);
	}
	assert_non_null(key);
	if (sign_verify(s, key, data, sig) != 0)
		fail_msg("%s:%u: not verified", v->file, v->number);
	((uint8_t *)sig.ptr)[sig.len / 3] ^= 1;
	assert_int_equal(sign_verify(s, key, data, sig), E_AUTH);
	EVP_PKEY_free(key);
}

static void test_vectors(void **state)
{
	(void)state;
	vec_each(VECTORS_DIR "/sign.txt", 10, check_vector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	 cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_mixed_up), cmocka_unit_test(test_choose),
		cmocka_unit_test(test_algid),	 cmocka_unit_test(test_algid_damaged),
		cmocka_unit_test(test_names),	 cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
