/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/canned.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "tools/ctl/keyfile.h"

/* Private keys as they lie in /etc/swanctl: every form, with and without a passphrase. */

static EVP_PKEY *ec, *rsa, *ed;

static int set_up(void **state)
{
	(void)state;
	ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return ec && rsa && ed ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
	return 0;
}

static struct view bytes_of(BIO *bio)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	assert_true(len > 0);
	return view_make(text, (size_t)len);
}

/* The file opens to this key, as DER. */
static void expect_key(BIO *bio, const char *passphrase, EVP_PKEY *want, const char *type)
{
	const unsigned char *der;
	struct keyfile k;
	EVP_PKEY *got;

	assert_int_equal(keyfile_open(bytes_of(bio), passphrase, &k), 0);
	assert_string_equal(k.type, type);
	der = k.key.data;
	got = d2i_AutoPrivateKey(NULL, &der, (long)k.key.len);
	assert_non_null(got);
	assert_int_equal(EVP_PKEY_eq(got, want), 1);
	EVP_PKEY_free(got);
	keyfile_done(&k);
	assert_null(k.key.data);
}

static void expect_refusal(BIO *bio, const char *passphrase, int err)
{
	struct keyfile k;

	assert_int_equal(keyfile_open(bytes_of(bio), passphrase, &k), err);
}

static void check_plain(EVP_PKEY *key, const char *type)
{
	BIO *pem = BIO_new(BIO_s_mem()), *old = BIO_new(BIO_s_mem()), *der = BIO_new(BIO_s_mem());
	BIO *p8 = BIO_new(BIO_s_mem());

	assert_true(PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL));
	assert_true(PEM_write_bio_PrivateKey_traditional(old, key, NULL, NULL, 0, NULL, NULL));
	assert_true(i2d_PrivateKey_bio(der, key));
	assert_true(i2d_PKCS8PrivateKeyInfo_bio(p8, key));
	expect_key(pem, NULL, key, type);
	expect_key(old, NULL, key, type);
	expect_key(der, NULL, key, type);
	expect_key(p8, "not needed", key, type);
	BIO_free(pem);
	BIO_free(old);
	BIO_free(der);
	BIO_free(p8);
}

static void test_plain(void **state)
{
	(void)state;
	check_plain(ec, "ECDSA");
	check_plain(rsa, "RSA");
}

/* There is no other form of these than PKCS#8. */
static void test_plain_edwards(void **state)
{
	BIO *pem = BIO_new(BIO_s_mem()), *der = BIO_new(BIO_s_mem());

	(void)state;
	assert_true(PEM_write_bio_PKCS8PrivateKey(pem, ed, NULL, NULL, 0, NULL, NULL));
	assert_true(i2d_PrivateKey_bio(der, ed));
	expect_key(pem, NULL, ed, "ED25519");
	expect_key(der, NULL, ed, "ED25519");
	BIO_free(pem);
	BIO_free(der);
}

static void check_encrypted(BIO *bio, EVP_PKEY *key, const char *type)
{
	expect_key(bio, "geheim", key, type);
	expect_refusal(bio, NULL, E_AUTH);
	expect_refusal(bio, "falsch", E_AUTH);
	expect_refusal(bio, "", E_AUTH);
	BIO_free(bio);
}

static void test_encrypted(void **state)
{
	const EVP_CIPHER *aes = EVP_aes_256_cbc();
	BIO *pem = BIO_new(BIO_s_mem()), *old = BIO_new(BIO_s_mem()), *der = BIO_new(BIO_s_mem());

	(void)state;
	assert_true(PEM_write_bio_PKCS8PrivateKey(pem, ec, aes, "geheim", 6, NULL, NULL));
	assert_true(PEM_write_bio_PrivateKey_traditional(old, rsa, aes, (unsigned char *)"geheim",
							 6, NULL, NULL));
	assert_true(i2d_PKCS8PrivateKey_bio(der, rsa, aes, "geheim", 6, NULL, NULL));
	check_encrypted(pem, ec, "ECDSA");
	check_encrypted(old, rsa, "RSA");
	check_encrypted(der, rsa, "RSA");
}

static void test_nonsense(void **state)
{
	struct wbuf cert = canned_read("moon.der");
	struct keyfile k;

	(void)state;
	assert_int_equal(keyfile_open(view_str(""), NULL, &k), E_MALFORMED);
	assert_int_equal(keyfile_open(view_str("no key"), "x", &k), E_MALFORMED);
	assert_int_equal(keyfile_open(wbuf_view(&cert), NULL, &k), E_MALFORMED);
	assert_int_equal(keyfile_open_pkcs12(wbuf_view(&cert), NULL, &k), E_MALFORMED);
	assert_int_equal(keyfile_open_pkcs12(view_str(""), "x", &k), E_MALFORMED);
	wbuf_done(&cert);
}

static X509 *make_cert(void)
{
	X509 *x = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	assert_true(X509_set_pubkey(x, ec));
	assert_true(X509_sign(x, ec, EVP_sha256()) > 0);
	return x;
}

static void check_pkcs12(const char *phrase, const char *wrong)
{
	X509 *own = make_cert();
	PKCS12 *p12 = PKCS12_create(phrase, "name", ec, own, NULL, 0, 0, 0, 0, 0);
	BIO *bio = BIO_new(BIO_s_mem());
	const unsigned char *der;
	struct keyfile k;
	X509 *got;

	assert_true(i2d_PKCS12_bio(bio, p12));
	assert_int_equal(keyfile_open_pkcs12(bytes_of(bio), *phrase ? phrase : NULL, &k), 0);
	assert_string_equal(k.type, "ECDSA");
	assert_int_equal(k.n_certs, 1);
	der = k.certs[0].data;
	got = d2i_X509(NULL, &der, (long)k.certs[0].len);
	assert_int_equal(X509_cmp(got, own), 0);
	keyfile_done(&k);
	assert_int_equal(keyfile_open_pkcs12(bytes_of(bio), wrong, &k), E_AUTH);
	X509_free(got);
	X509_free(own);
	PKCS12_free(p12);
	BIO_free(bio);
}

static void test_pkcs12(void **state)
{
	(void)state;
	check_pkcs12("geheim", "falsch");
	check_pkcs12("geheim", NULL);
	check_pkcs12("", "falsch");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	  cmocka_unit_test(test_plain_edwards),
		cmocka_unit_test(test_encrypted), cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_pkcs12),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
