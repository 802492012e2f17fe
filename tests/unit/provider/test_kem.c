/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <pthread.h>

#include "pqc/pqc.h"
#include "provider/provider.h"

#define PROPERTIES "provider=" PROVIDER_NAME
#define MAX_LEN	   65536

/* What one encapsulation gave. */
struct sealed {
	uint8_t ct[MAX_LEN], shared[64];
	size_t ct_len, shared_len;
};

static struct sealed sealed; /* too large for a stack frame */

static EVP_PKEY *new_key(const struct pqc_kem *kem)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kem->name, PROPERTIES);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_generate(ctx, &key) != 1)
		fail_msg("no key pair of %s", kem->name);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY_CTX *ctx_of(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, PROPERTIES);

	assert_non_null(ctx);
	return ctx;
}

static void seal(EVP_PKEY *key, struct sealed *out)
{
	EVP_PKEY_CTX *ctx = ctx_of(key);

	assert_int_equal(EVP_PKEY_encapsulate_init(ctx, NULL), 1);
	assert_int_equal(EVP_PKEY_encapsulate(ctx, NULL, &out->ct_len, NULL, &out->shared_len), 1);
	assert_true(out->ct_len <= sizeof(out->ct) && out->shared_len <= sizeof(out->shared));
	assert_int_equal(
		EVP_PKEY_encapsulate(ctx, out->ct, &out->ct_len, out->shared, &out->shared_len), 1);
	EVP_PKEY_CTX_free(ctx);
}

/* As EVP_PKEY_decapsulate returns, with room for exactly the secret. */
static int open_sealed(EVP_PKEY *key, const struct sealed *in, size_t ct_len, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = ctx_of(key);
	size_t len = in->shared_len;
	int ok;

	assert_int_equal(EVP_PKEY_decapsulate_init(ctx, NULL), 1);
	ok = EVP_PKEY_decapsulate(ctx, out, &len, in->ct, ct_len);
	assert_int_equal(len, in->shared_len);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static void each_kem(void (*check)(const struct pqc_kem *))
{
	const struct pqc_kem *kem;
	size_t n = 0;

	for (; (kem = pqc_kem_at(n)); n++)
		check(kem);
	assert_int_equal(n, 18);
}

static void check_agreement(const struct pqc_kem *kem)
{
	EVP_PKEY *key = new_key(kem);
	uint8_t shared[64];

	seal(key, &sealed);
	assert_int_equal(sealed.ct_len, kem->ciphertext_len);
	assert_int_equal(sealed.shared_len, kem->shared_len);
	assert_int_equal(open_sealed(key, &sealed, sealed.ct_len, shared), 1);
	assert_memory_equal(shared, sealed.shared, sealed.shared_len);
	assert_true(EVP_PKEY_is_a(key, kem->name));
	EVP_PKEY_free(key);
}

static void test_agreement(void **state)
{
	(void)state;
	each_kem(check_agreement);
}

/* A key that goes through its raw halves is the same key, and the library's own. */
static void check_transport(const struct pqc_kem *kem)
{
	static uint8_t pub[MAX_LEN], sec[MAX_LEN];
	size_t pub_len = sizeof(pub), sec_len = sizeof(sec);
	EVP_PKEY *key = new_key(kem), *peer, *back;
	uint8_t shared[64], *encoded;

	assert_int_equal(EVP_PKEY_get_raw_public_key(key, pub, &pub_len), 1);
	assert_int_equal(EVP_PKEY_get_raw_private_key(key, sec, &sec_len), 1);
	assert_int_equal(pub_len, kem->public_len);
	assert_int_equal(sec_len, kem->secret_len);
	assert_int_equal(EVP_PKEY_get1_encoded_public_key(key, &encoded), pub_len);
	assert_memory_equal(encoded, pub, pub_len);
	OPENSSL_free(encoded);

	peer = EVP_PKEY_new_raw_public_key_ex(NULL, kem->name, PROPERTIES, pub, pub_len);
	back = EVP_PKEY_new_raw_private_key_ex(NULL, kem->name, PROPERTIES, sec, sec_len);
	assert_true(peer && back);
	assert_int_equal(EVP_PKEY_eq(key, peer), 1);
	seal(peer, &sealed);
	assert_int_equal(open_sealed(back, &sealed, sealed.ct_len, shared), 1);
	assert_memory_equal(shared, sealed.shared, sealed.shared_len);
	assert_int_equal(pqc_kem_decaps(kem, pqc_bytes_make(sec, sec_len),
					pqc_bytes_make(sealed.ct, sealed.ct_len), shared),
			 0);
	assert_memory_equal(shared, sealed.shared, sealed.shared_len);
	EVP_PKEY_free(back);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(key);
}

static void test_transport(void **state)
{
	(void)state;
	each_kem(check_transport);
}

/* As TLS does it: parameters first, then the peer's public key into them. */
static void check_encoded(const struct pqc_kem *kem)
{
	EVP_PKEY *key = new_key(kem), *peer = EVP_PKEY_new();
	uint8_t *encoded, shared[64];
	size_t len = EVP_PKEY_get1_encoded_public_key(key, &encoded);

	assert_int_equal(EVP_PKEY_copy_parameters(peer, key), 1);
	assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, encoded, len - 1), 0);
	assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, encoded, len), 1);
	assert_int_equal(EVP_PKEY_eq(key, peer), 1);
	seal(peer, &sealed);
	assert_int_equal(open_sealed(key, &sealed, sealed.ct_len, shared), 1);
	assert_memory_equal(shared, sealed.shared, sealed.shared_len);
	OPENSSL_free(encoded);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(key);
}

static void test_encoded(void **state)
{
	(void)state;
	each_kem(check_encoded);
}

static void check_malformed(const struct pqc_kem *kem)
{
	static uint8_t bytes[MAX_LEN];
	EVP_PKEY *key = new_key(kem);
	uint8_t shared[64];
	const size_t around[] = {0, 1, kem->public_len - 1, kem->public_len + 1};
	const size_t secrets[] = {1, kem->secret_len - 1, kem->secret_len + 1};
	const size_t ciphertexts[] = {1, kem->ciphertext_len - 1, kem->ciphertext_len + 1};

	for (size_t i = 0; i < 4; i++)
		assert_null(EVP_PKEY_new_raw_public_key_ex(NULL, kem->name, PROPERTIES, bytes,
							   around[i]));
	for (size_t i = 0; i < 3; i++)
		assert_null(EVP_PKEY_new_raw_private_key_ex(NULL, kem->name, PROPERTIES, bytes,
							    secrets[i]));
	seal(key, &sealed);
	for (size_t i = 0; i < 3; i++) {
		memset(shared, 0xaa, sizeof(shared));
		ERR_clear_error();
		assert_true(open_sealed(key, &sealed, ciphertexts[i], shared) <= 0);
		assert_true(ERR_peek_error() != 0);
	}
	EVP_PKEY_free(key);
}

static void test_malformed(void **state)
{
	(void)state;
	each_kem(check_malformed);
}

static void check_rejection(const struct pqc_kem *kem)
{
	static const uint8_t zero[64];
	EVP_PKEY *key = new_key(kem);
	uint8_t shared[64], again[64];

	seal(key, &sealed);
	sealed.ct[sealed.ct_len / 2] ^= 1;
	if (strncmp(kem->name, "HQC", 3) == 0) {
		assert_true(open_sealed(key, &sealed, sealed.ct_len, shared) <= 0);
		assert_memory_equal(shared, zero, sealed.shared_len);
	} else {
		assert_int_equal(open_sealed(key, &sealed, sealed.ct_len, shared), 1);
		assert_int_equal(open_sealed(key, &sealed, sealed.ct_len, again), 1);
		assert_memory_equal(shared, again, sealed.shared_len);
		assert_memory_not_equal(shared, sealed.shared, sealed.shared_len);
	}
	EVP_PKEY_free(key);
}

static void test_rejection(void **state)
{
	(void)state;
	each_kem(check_rejection);
}

/* A half alone does its half, and halves of different pairs are found out. */
static void check_halves(const struct pqc_kem *kem)
{
	static uint8_t pub[MAX_LEN], sec[MAX_LEN];
	size_t pub_len = sizeof(pub), sec_len = sizeof(sec), room = kem->shared_len - 1;
	EVP_PKEY *key = new_key(kem), *other = new_key(kem), *mixed = NULL, *peer;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kem->name, PROPERTIES), *use;
	OSSL_PARAM params[3];

	assert_int_equal(EVP_PKEY_eq(key, other), 0);
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, pub, &pub_len), 1);
	assert_int_equal(EVP_PKEY_get_raw_private_key(other, sec, &sec_len), 1);
	params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, pub, pub_len);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, sec, sec_len);
	params[2] = OSSL_PARAM_construct_end();
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	/* At once where the private half holds the public one (FIPS 203). */
	if (strncmp(kem->name, "ML-KEM", 6) == 0) {
		assert_int_not_equal(EVP_PKEY_fromdata(ctx, &mixed, EVP_PKEY_KEYPAIR, params), 1);
	} else {
		assert_int_equal(EVP_PKEY_fromdata(ctx, &mixed, EVP_PKEY_KEYPAIR, params), 1);
		use = ctx_of(mixed);
		assert_int_not_equal(EVP_PKEY_pairwise_check(use), 1);
		EVP_PKEY_CTX_free(use);
	}
	use = ctx_of(key);
	assert_int_equal(EVP_PKEY_pairwise_check(use), 1);
	assert_int_equal(EVP_PKEY_decapsulate_init(use, NULL), 1);
	seal(key, &sealed);
	assert_true(EVP_PKEY_decapsulate(use, sealed.shared, &room, sealed.ct, sealed.ct_len) <= 0);
	EVP_PKEY_CTX_free(use);

	peer = EVP_PKEY_new_raw_public_key_ex(NULL, kem->name, PROPERTIES, pub, pub_len);
	use = ctx_of(peer);
	assert_true(EVP_PKEY_decapsulate_init(use, NULL) <= 0);
	EVP_PKEY_CTX_free(use);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(mixed);
	EVP_PKEY_free(other);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
}

static void test_halves(void **state)
{
	(void)state;
	each_kem(check_halves);
}

/* A copy of a key outlives it. */
static void test_dup(void **state)
{
	EVP_PKEY *key = new_key(pqc_kem_find("ML-KEM-768")), *copy = EVP_PKEY_dup(key);
	uint8_t shared[64];

	(void)state;
	assert_non_null(copy);
	seal(key, &sealed);
	EVP_PKEY_free(key);
	assert_int_equal(open_sealed(copy, &sealed, sealed.ct_len, shared), 1);
	assert_memory_equal(shared, sealed.shared, sealed.shared_len);
	EVP_PKEY_free(copy);
}

static void *load_in_thread(void *arg)
{
	(void)arg;
	return provider_load() == 0 ? NULL : (void *)"failed";
}

static void test_load(void **state)
{
	pthread_t threads[8];
	void *failed;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, load_in_thread, NULL), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(OSSL_PROVIDER_available(NULL, PROVIDER_NAME), 1);
	/* OpenSSL's own algorithms are still there. */
	assert_int_equal(OSSL_PROVIDER_available(NULL, "default"), 1);
	EVP_MD_free(EVP_MD_fetch(NULL, "SHA256", NULL));
	assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load), /* first: the threads race to load */
		cmocka_unit_test(test_agreement), cmocka_unit_test(test_transport),
		cmocka_unit_test(test_encoded),	  cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_rejection), cmocka_unit_test(test_halves),
		cmocka_unit_test(test_dup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
