/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/keyref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "cred/container.h"
#include "gen.h"

#define PASSPHRASE "correct horse"

/* A key in some format; encrypted if cipher is set. */
struct format {
	const char *key, *format, *structure, *cipher;
};

static struct view encode(EVP_PKEY *key, const struct format *f, unsigned char **out)
{
	OSSL_ENCODER_CTX *ctx =
		OSSL_ENCODER_CTX_new_for_pkey(key, EVP_PKEY_KEYPAIR, f->format, f->structure, NULL);
	size_t len = 0;

	*out = NULL;
	if (f->cipher) {
		assert_int_equal(OSSL_ENCODER_CTX_set_cipher(ctx, f->cipher, NULL), 1);
		OSSL_ENCODER_CTX_set_passphrase(ctx, (const unsigned char *)PASSPHRASE,
						strlen(PASSPHRASE));
	}
	assert_int_equal(OSSL_ENCODER_to_data(ctx, out, &len), 1);
	OSSL_ENCODER_CTX_free(ctx);
	return view_make(*out, len);
}

static void check_encrypted(struct view data)
{
	struct keyref *k;

	assert_int_equal(keyref_load(data, NULL, &k), E_AUTH);
	assert_null(k);
	assert_int_equal(keyref_load(data, "", &k), E_AUTH);
	assert_int_equal(keyref_load(data, "wrong", &k), E_AUTH);
	assert_null(k);
}

static void test_formats(void **state)
{
	static const struct format formats[] = {
		{"RSA:2048", "PEM", "type-specific", NULL},
		{"RSA:2048", "DER", "type-specific", NULL},
		{"RSA:2048", "PEM", "type-specific", "AES-128-CBC"},
		{"RSA:2048", "PEM", "PrivateKeyInfo", NULL},
		{"RSA:2048", "DER", "PrivateKeyInfo", NULL},
		{"RSA:2048", "PEM", "EncryptedPrivateKeyInfo", "AES-256-CBC"},
		{"RSA:2048", "DER", "EncryptedPrivateKeyInfo", "AES-256-CBC"},
		{"P-256", "PEM", "type-specific", NULL},
		{"P-384", "DER", "type-specific", NULL},
		{"P-521", "PEM", "type-specific", "AES-256-CBC"},
		{"P-256", "PEM", "PrivateKeyInfo", NULL},
		{"P-256", "DER", "EncryptedPrivateKeyInfo", "AES-128-CBC"},
		{"ED25519", "PEM", "PrivateKeyInfo", NULL},
		{"ED448", "DER", "PrivateKeyInfo", NULL},
		{"ED25519", "PEM", "EncryptedPrivateKeyInfo", "AES-256-CBC"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct format *f = &formats[i];
		EVP_PKEY *key = gen_key(f->key);
		unsigned char *buf;
		struct view data = encode(key, f, &buf);
		struct keyref *k, *expected;
		int err;

		if (f->cipher)
			check_encrypted(data);
		err = keyref_load(data, f->cipher ? PASSPHRASE : NULL, &k);
		if (err)
			fail_msg("%s %s %s: %s", f->key, f->format, f->structure, err_text(err));
		assert_int_equal(keyref_from_pkey(key, &expected), 0);
		assert_memory_equal(keyref_id(k), keyref_id(expected), 20);
		assert_int_equal(keyref_bits(k), EVP_PKEY_get_bits(key));
		assert_int_equal(ERR_peek_error(), 0);
		keyref_put(expected);
		keyref_put(k);
		OPENSSL_free(buf);
		EVP_PKEY_free(key);
	}
}

/* "openssl ecparam -genkey" writes the parameters first. */
static void test_parameters_first(void **state)
{
	EVP_PKEY *key = gen_key("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *buf;
	struct view pem = encode(key, &(struct format){NULL, "PEM", "type-specific", NULL}, &buf);
	struct keyref *k;
	const char *text;
	long len;
	(void)state;

	assert_int_equal(PEM_write_bio_Parameters(bio, key), 1);
	BIO_write(bio, pem.ptr, (int)pem.len);
	len = BIO_get_mem_data(bio, &text);
	assert_int_equal(keyref_load(view_make(text, (size_t)len), NULL, &k), 0);
	assert_string_equal(keyref_type(k), "ECDSA");
	keyref_put(k);
	BIO_free(bio);
	OPENSSL_free(buf);
	EVP_PKEY_free(key);
}

static void test_types(void **state)
{
	static const char *const rows[][2] = {{"RSA:2048", "RSA"},
					      {"P-256", "ECDSA"},
					      {"ED25519", "ED25519"},
					      {"ED448", "ED448"}};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EVP_PKEY *key = gen_key(rows[i][0]);
		struct keyref *k;

		assert_int_equal(keyref_from_pkey(key, &k), 0);
		assert_string_equal(keyref_type(k), rows[i][1]);
		assert_ptr_equal(keyref_get(k), k);
		keyref_put(k);
		keyref_put(k);
		EVP_PKEY_free(key);
	}
	keyref_put(NULL);
}

/* The key id is that of the certificate: this is how they find each other. */
static void test_id_and_signature(void **state)
{
	struct gen g = gen_ca("CN=x", NULL);
	struct keyref *k;
	const struct sign_scheme *scheme;
	struct wbuf sig;
	(void)state;

	assert_int_equal(keyref_from_pkey(g.key, &k), 0);
	assert_memory_equal(keyref_id(k), g.cert->subject_key, 20);
	scheme = keyref_choose(k, &(struct sign_choice){.peer_hashes = SIGN_HASH_BIT(2)});
	assert_non_null(scheme);
	wbuf_init(&sig, 0);
	assert_int_equal(keyref_sign(k, scheme, view_str("octets"), &sig), 0);
	assert_int_equal(sign_verify(scheme, cert_key(g.cert), view_str("octets"), wbuf_view(&sig)),
			 0);
	assert_int_equal(sign_verify(scheme, cert_key(g.cert), view_str("Octets"), wbuf_view(&sig)),
			 E_AUTH);
	wbuf_done(&sig);
	keyref_put(k);
	gen_done(&g);
}

static void test_refused(void **state)
{
	struct gen g = gen_ca("CN=x", NULL);
	struct keyref *k;
	unsigned char *buf;
	struct view der =
		encode(g.key, &(struct format){NULL, "DER", "PrivateKeyInfo", NULL}, &buf);
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text;
	long len;
	(void)state;

	assert_int_equal(keyref_load(view_make(NULL, 0), NULL, &k), E_MALFORMED);
	assert_int_equal(keyref_load(view_str("no key"), NULL, &k), E_MALFORMED);
	assert_int_equal(keyref_load(g.cert->der, NULL, &k), E_MALFORMED);
	for (size_t n = 0; n < der.len; n++)
		assert_int_equal(keyref_load(view_make(der.ptr, n), NULL, &k), E_MALFORMED);
	PEM_write_bio_PUBKEY(bio, g.key);
	PEM_write_bio_X509(bio, g.x509);
	len = BIO_get_mem_data(bio, &text);
	assert_int_equal(keyref_load(view_make(text, (size_t)len), NULL, &k), E_MALFORMED);
	assert_null(k);
	assert_int_equal(ERR_peek_error(), 0);
	BIO_free(bio);
	OPENSSL_free(buf);
	gen_done(&g);
}

/* A private key of an algorithm that no provider will ever know. */
static void test_unsupported(void **state)
{
	EVP_PKEY *key = gen_key("ED25519");
	unsigned char *buf, *oid;
	struct view der = encode(key, &(struct format){NULL, "DER", "PrivateKeyInfo", NULL}, &buf);
	struct keyref *k;
	(void)state;

	oid = memmem(buf, der.len, "\x06\x03\x2b\x65\x70", 5);
	assert_non_null(oid);
	oid[4] = 0x05;
	assert_int_equal(keyref_load(der, NULL, &k), E_UNSUPPORTED);
	assert_null(k);
	OPENSSL_free(buf);
	EVP_PKEY_free(key);
}

/* Keys of strongSwan 6.0beta: a provider may know them; without one the answer must be clean. */
static void test_strongswan_pq(void **state)
{
	uint8_t *data;
	size_t len;
	struct keyref *k;
	int err;
	(void)state;

	if (!gen_read_file(SHARED_DIR "/pq-strongswan/moon/pkcs8/moonKey.pem", &data, &len))
		skip();
	err = keyref_load(view_make(data, len), NULL, &k);
	assert_true(err == 0 || err == E_UNSUPPORTED);
	assert_int_equal(ERR_peek_error(), 0);
	keyref_put(k);
	free(data);
}

static struct view make_pkcs12(const char *passphrase, const struct gen *g, const struct gen *ca,
			       unsigned char **out)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	PKCS12 *p12;
	int len;

	sk_X509_push(others, ca->x509);
	p12 = PKCS12_create(passphrase, "name", g->key, g->x509, others, 0, 0, 0, 0, 0);
	assert_non_null(p12);
	*out = NULL;
	len = i2d_PKCS12(p12, out);
	assert_true(len > 0);
	PKCS12_free(p12);
	sk_X509_free(others);
	return view_make(*out, (size_t)len);
}

static void test_container(void **state)
{
	struct gen ca = gen_ca("CN=ca", NULL);
	struct gen g = gen_leaf("CN=x", NULL, &ca);
	struct container c;
	unsigned char *buf;
	struct view p12 = make_pkcs12(PASSPHRASE, &g, &ca, &buf);
	(void)state;

	assert_int_equal(container_open(p12, PASSPHRASE, &c), 0);
	assert_memory_equal(keyref_id(c.key), g.cert->subject_key, 20);
	assert_int_equal(c.n_certs, 2);
	assert_true(view_equal(c.certs[0]->der, g.cert->der));
	assert_true(view_equal(c.certs[1]->der, ca.cert->der));
	container_done(&c);
	assert_null(c.key);

	assert_int_equal(container_open(p12, "wrong", &c), E_AUTH);
	assert_int_equal(container_open(p12, "", &c), E_AUTH);
	assert_int_equal(container_open(p12, NULL, &c), E_AUTH);
	assert_int_equal(container_open(view_make(p12.ptr, p12.len - 1), PASSPHRASE, &c),
			 E_MALFORMED);
	assert_int_equal(container_open(g.cert->der, PASSPHRASE, &c), E_MALFORMED);
	assert_int_equal(container_open(view_make(NULL, 0), NULL, &c), E_MALFORMED);
	assert_null(c.certs);
	assert_int_equal(ERR_peek_error(), 0);
	OPENSSL_free(buf);

	p12 = make_pkcs12("", &g, &ca, &buf);
	assert_int_equal(container_open(p12, NULL, &c), 0);
	container_done(&c);
	OPENSSL_free(buf);
	gen_done(&g);
	gen_done(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),	      cmocka_unit_test(test_parameters_first),
		cmocka_unit_test(test_types),	      cmocka_unit_test(test_id_and_signature),
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_strongswan_pq), cmocka_unit_test(test_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
