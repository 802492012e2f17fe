/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "provider/provider.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PQ	 SHARED_DIR "/pq-strongswan/"
#define X509PQ	 SHARED_DIR "/x509-pq/"

static const struct scheme {
	const char *name, *alias, *oid;
	int bits, signature_max;
} schemes[] = {
	{"Dilithium2", "dilithium2", "1.3.6.1.4.1.2.267.7.4.4", 8 * 1312, 2420},
	{"Dilithium3", "dilithium3", "1.3.6.1.4.1.2.267.7.6.5", 8 * 1952, 3293},
	{"Dilithium5", "dilithium5", "1.3.6.1.4.1.2.267.7.8.7", 8 * 2592, 4595},
	{"Falcon512", "falcon512", "1.3.9999.3.1", 8 * 897, 752},
	{"Falcon1024", "falcon1024", "1.3.9999.3.4", 8 * 1793, 1462},
	{"ML-DSA-44", "mldsa44", "2.16.840.1.101.3.4.3.17", 8 * 1312, 2420},
	{"ML-DSA-65", "mldsa65", "2.16.840.1.101.3.4.3.18", 8 * 1952, 3309},
	{"ML-DSA-87", "mldsa87", "2.16.840.1.101.3.4.3.19", 8 * 2592, 4627},
};

static const uint8_t text[] = "what carol says to moon";

static EVP_PKEY *new_key(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_generate(ctx, &key) != 1)
		fail_msg("no key pair of %s", name);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A signature of text, to be freed. */
static uint8_t *sign(EVP_PKEY *key, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *sig;

	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(ctx, NULL, len, text, sizeof(text)), 1);
	sig = OPENSSL_malloc(*len);
	assert_int_equal(EVP_DigestSign(ctx, sig, len, text, sizeof(text)), 1);
	EVP_MD_CTX_free(ctx);
	return sig;
}

static int verify(EVP_PKEY *key, const uint8_t *sig, size_t len, const uint8_t *msg)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	assert_int_equal(EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL), 1);
	ok = EVP_DigestVerify(ctx, sig, len, msg, sizeof(text));
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void check_signature(const struct scheme *s)
{
	EVP_PKEY *key = new_key(s->alias), *other = new_key(s->name);
	uint8_t altered[sizeof(text)], *sig, *again;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len, again_len;

	assert_string_equal(EVP_PKEY_get0_type_name(key), s->name);
	assert_int_equal(EVP_PKEY_get_bits(key), s->bits);
	assert_int_equal(EVP_PKEY_get_size(key), s->signature_max);
	assert_true(EVP_PKEY_get_security_bits(key) >= 128);
	sig = sign(key, &len);
	again = sign(key, &again_len);
	assert_true(len <= (size_t)s->signature_max);
	assert_true(len != again_len || memcmp(sig, again, len) != 0); /* randomised */
	assert_int_equal(verify(key, sig, len, text), 1);
	assert_int_equal(verify(key, again, again_len, text), 1);
	assert_int_not_equal(verify(other, sig, len, text), 1);
	assert_int_not_equal(verify(key, sig, len - 1, text), 1);
	memcpy(altered, text, sizeof(text));
	altered[3] ^= 1;
	assert_int_not_equal(verify(key, sig, len, altered), 1);
	sig[len / 2] ^= 4;
	assert_int_not_equal(verify(key, sig, len, text), 1);
	/* No digest but the scheme's own. */
	assert_int_not_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA2-256", NULL, NULL, key, NULL),
			     1);
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(sig);
	OPENSSL_free(again);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	ERR_clear_error();
}

static void test_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(schemes); i++)
		check_signature(&schemes[i]);
}

/* EVP_PKEY_sign and _verify are the same without a digest context; a copy signs as well. */
static void test_bare(void **state)
{
	EVP_PKEY *key = new_key("mldsa44"), *copy = EVP_PKEY_dup(key);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, copy, NULL), *dup;
	uint8_t sig[2420];
	size_t len = sizeof(sig) - 1;

	(void)state;
	EVP_PKEY_free(key);
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_true(EVP_PKEY_sign(ctx, sig, &len, text, sizeof(text)) <= 0);
	len = sizeof(sig);
	dup = EVP_PKEY_CTX_dup(ctx);
	assert_int_equal(EVP_PKEY_sign(dup, sig, &len, text, sizeof(text)), 1);
	EVP_PKEY_CTX_free(dup);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, sig, len, text, sizeof(text)), 1);
	EVP_PKEY_CTX_free(ctx);
	assert_int_equal(verify(copy, sig, len, text), 1);
	EVP_PKEY_free(copy);
	ERR_clear_error();
}

static EVP_PKEY *read_private(const unsigned char *der, size_t len)
{
	EVP_PKEY *key = NULL;
	OSSL_DECODER_CTX *ctx =
		OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);

	OSSL_DECODER_from_data(ctx, &der, &len);
	OSSL_DECODER_CTX_free(ctx);
	return key;
}

static void check_forms(const struct scheme *s)
{
	EVP_PKEY *key = new_key(s->name), *back;
	unsigned char *der = NULL, *sealed;
	const unsigned char *pos;
	BIO *bio = BIO_new(BIO_s_mem());
	uint8_t *sig;
	size_t sig_len;
	int len = i2d_PUBKEY(key, &der);

	assert_true(len > s->bits / 8);
	pos = der;
	back = d2i_PUBKEY(NULL, &pos, len);
	assert_non_null(back);
	assert_int_equal(EVP_PKEY_eq(key, back), 1);
	EVP_PKEY_free(back);
	OPENSSL_free(der);

	der = NULL;
	len = i2d_PrivateKey(key, &der);
	assert_true(len > 0);
	back = read_private(der, (size_t)len);
	assert_non_null(back);
	sig = sign(back, &sig_len);
	assert_int_equal(verify(key, sig, sig_len, text), 1);
	OPENSSL_free(sig);
	EVP_PKEY_free(back);
	/* Cut off, and with a byte of the private half altered. */
	assert_null(read_private(der, (size_t)len - 1));
	der[len / 2] ^= 0x10;
	assert_null(read_private(der, (size_t)len));
	OPENSSL_free(der);

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	back = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	assert_int_equal(EVP_PKEY_eq(key, back), 1);
	EVP_PKEY_free(back);
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	back = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	assert_int_equal(EVP_PKEY_eq(key, back), 1);
	EVP_PKEY_free(back);
	assert_int_equal(
		PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL),
		1);
	BIO_get_mem_data(bio, &sealed);
	assert_memory_equal(sealed, "-----BEGIN ENCRYPTED PRIVATE KEY", 32);
	back = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"secret");
	assert_int_equal(EVP_PKEY_eq(key, back), 1);
	EVP_PKEY_free(back);
	BIO_free(bio);
	EVP_PKEY_free(key);
	ERR_clear_error();
}

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(schemes); i++)
		check_forms(&schemes[i]);
}

/* No flipped bit around the bytes of a key, and no cut, makes another key of it or crashes. */
static void check_damaged(const struct scheme *s)
{
	EVP_PKEY *key = new_key(s->name), *back;
	unsigned char *sec = NULL, *pub = NULL;
	int sec_len = i2d_PrivateKey(key, &sec), pub_len = i2d_PUBKEY(key, &pub);

	for (int bit = 0; bit < 8 * 32; bit++) {
		const unsigned char *pos = pub;

		sec[bit / 8] ^= 1 << bit % 8;
		back = read_private(sec, (size_t)sec_len);
		assert_true(!back || EVP_PKEY_eq(key, back) == 1);
		EVP_PKEY_free(back);
		sec[bit / 8] ^= 1 << bit % 8;
		if (bit / 8 >= pub_len - s->bits / 8)
			continue;
		pub[bit / 8] ^= 1 << bit % 8;
		assert_null(d2i_PUBKEY(NULL, &pos, pub_len));
		pub[bit / 8] ^= 1 << bit % 8;
	}
	for (int len = 0; len < 48; len++) {
		const unsigned char *pos = pub;

		assert_null(read_private(sec, (size_t)len));
		assert_null(d2i_PUBKEY(NULL, &pos, len));
	}
	OPENSSL_clear_free(sec, (size_t)sec_len);
	OPENSSL_free(pub);
	EVP_PKEY_free(key);
	ERR_clear_error();
}

static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(schemes); i++)
		check_damaged(&schemes[i]);
}

/* The identifier in a public key, without parameters; another or with parameters is refused. */
static void test_identifier(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(schemes); i++) {
		EVP_PKEY *key = new_key(schemes[i].oid);
		X509_PUBKEY *spki = NULL;
		ASN1_OBJECT *object;
		X509_ALGOR *alg;
		const unsigned char *pos;
		unsigned char *der = NULL;
		char oid[64];
		int kind, len;

		assert_int_equal(X509_PUBKEY_set(&spki, key), 1);
		assert_int_equal(X509_PUBKEY_get0_param(&object, NULL, NULL, &alg, spki), 1);
		OBJ_obj2txt(oid, sizeof(oid), object, 1);
		assert_string_equal(oid, schemes[i].oid);
		X509_ALGOR_get0(NULL, &kind, NULL, alg);
		assert_int_equal(kind, V_ASN1_UNDEF);
		X509_ALGOR_set0(alg, OBJ_dup(object), V_ASN1_NULL, NULL);
		len = i2d_X509_PUBKEY(spki, &der);
		pos = der;
		assert_null(d2i_PUBKEY(NULL, &pos, len));
		OPENSSL_free(der);
		X509_PUBKEY_free(spki);
		EVP_PKEY_free(key);
		ERR_clear_error();
	}
}

static X509 *make_cert(EVP_PKEY *key, const char *cn, EVP_PKEY *issuer, const char *issuer_cn)
{
	X509 *x = X509_new();
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
						  key == issuer ? "critical,CA:TRUE" : "CA:FALSE");

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), key == issuer ? 1 : 2);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (void *)cn, -1, -1,
				   0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC, (void *)issuer_cn,
				   -1, -1, 0);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(x, issuer, NULL) > 0);
	return x;
}

/* X509_V_*, with a root that is trusted. */
static int verify_path(X509 *root, X509 *leaf)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int err;

	X509_STORE_add_cert(store, root);
	X509_STORE_CTX_init(ctx, store, leaf, NULL);
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_CHECK_SS_SIGNATURE);
	err = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return err;
}

/* Each scheme issues to the next one; what another key signed is refused. */
static void test_certificates(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(schemes); i++) {
		EVP_PKEY *ca = new_key(schemes[i].name), *false_ca = new_key(schemes[i].name);
		EVP_PKEY *key = new_key(schemes[(i + 1) % COUNT(schemes)].name);
		X509 *root = make_cert(ca, "root", ca, "root");
		X509 *leaf = make_cert(key, "leaf", ca, "root");
		X509 *forged = make_cert(key, "leaf", false_ca, "root");

		assert_string_equal(EVP_PKEY_get0_type_name(X509_get0_pubkey(root)),
				    schemes[i].name);
		assert_int_equal(verify_path(root, leaf), X509_V_OK);
		assert_int_equal(verify_path(root, forged), X509_V_ERR_CERT_SIGNATURE_FAILURE);
		X509_free(root);
		X509_free(leaf);
		X509_free(forged);
		EVP_PKEY_free(ca);
		EVP_PKEY_free(false_ca);
		EVP_PKEY_free(key);
		ERR_clear_error();
	}
}

static BIO *open_file(const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", dir, name);
	return BIO_new_file(path, "rb");
}

static X509 *load_cert(const char *dir, const char *name)
{
	BIO *bio = open_file(dir, name);
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	if (!x)
		fail_msg("%s cannot be read", name);
	return x;
}

static EVP_PKEY *load_key(const char *dir, const char *name)
{
	BIO *bio = open_file(dir, name);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

	assert_non_null(bio);
	BIO_free(bio);
	return key;
}

/* Skips the test where the files are not at hand. */
static void want_files(const char *dir, const char *name)
{
	BIO *bio = open_file(dir, name);

	if (!bio) {
		ERR_clear_error();
		skip();
	}
	BIO_free(bio);
}

static void test_seed_files(void **state)
{
	static const char *const hosts[] = {"carol", "moon"};
	EVP_PKEY *ca_key;
	X509 *ca;

	(void)state;
	want_files(PQ, "caKey.pem");
	ca_key = load_key(PQ, "caKey.pem");
	assert_true(EVP_PKEY_is_a(ca_key, "Falcon1024"));
	ca = load_cert(PQ, "moon/x509ca/caCert.pem");
	assert_int_equal(X509_check_private_key(ca, ca_key), 1);
	EVP_PKEY_free(ca_key);
	for (size_t i = 0; i < COUNT(hosts); i++) {
		char name[64];
		EVP_PKEY *key;
		X509 *x;

		snprintf(name, sizeof(name), "%s/x509/%sCert.pem", hosts[i], hosts[i]);
		x = load_cert(PQ, name);
		snprintf(name, sizeof(name), "%s/pkcs8/%sKey.pem", hosts[i], hosts[i]);
		key = load_key(PQ, name);
		assert_true(EVP_PKEY_is_a(key, "Dilithium5"));
		assert_int_equal(X509_check_private_key(x, key), 1);
		assert_int_equal(verify_path(ca, x), X509_V_OK);
		EVP_PKEY_free(key);
		X509_free(x);
	}
	X509_free(ca);
}

/* Keys and certificates of strongSwan 6.0 beta's pki. */
static void test_beta_files(void **state)
{
	static const char dir[] = X509PQ "oqs-strongswan-beta6/";
	static const char *const kinds[] = {"dilithium2", "dilithium3", "falcon512", "falcon1024"};
	EVP_PKEY *ca_key;
	X509 *ca;

	(void)state;
	want_files(dir, "dilithium5.key.pem");
	ca_key = load_key(dir, "dilithium5.key.pem");
	ca = load_cert(dir, "ca-dilithium5.crt.pem");
	assert_int_equal(X509_check_private_key(ca, ca_key), 1);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		char name[64];
		EVP_PKEY *key, *pub;
		BIO *bio;
		X509 *x, *self;

		snprintf(name, sizeof(name), "%s.key.pem", kinds[i]);
		key = load_key(dir, name);
		assert_non_null(key);
		snprintf(name, sizeof(name), "%s.crt.pem", kinds[i]);
		x = load_cert(dir, name);
		snprintf(name, sizeof(name), "self-%s.crt.pem", kinds[i]);
		self = load_cert(dir, name);
		snprintf(name, sizeof(name), "%s.pub.der", kinds[i]);
		bio = open_file(dir, name);
		pub = d2i_PUBKEY_bio(bio, NULL);
		BIO_free(bio);
		assert_int_equal(EVP_PKEY_eq(key, pub), 1);
		assert_int_equal(X509_check_private_key(x, key), 1);
		assert_int_equal(X509_verify(x, ca_key), 1);
		assert_int_equal(X509_verify(self, key), 1);
		assert_int_not_equal(X509_verify(self, ca_key), 1);
		EVP_PKEY_free(pub);
		EVP_PKEY_free(key);
		X509_free(x);
		X509_free(self);
	}
	EVP_PKEY_free(ca_key);
	X509_free(ca);
	ERR_clear_error();
}

/* The examples of RFC 9881: three forms of one private key, and what must be refused. */
static void test_mldsa_files(void **state)
{
	static const char dir[] = X509PQ "ml-dsa/";
	static const char *const forms[] = {"seed", "expanded", "both"};
	static const int sets[] = {44, 65, 87};
	char name[64];

	(void)state;
	want_files(dir, "ML-DSA-44-seed.priv");
	for (size_t i = 0; i < COUNT(sets); i++) {
		int len[COUNT(forms)];
		X509 *x;

		snprintf(name, sizeof(name), "ML-DSA-%d.crt", sets[i]);
		x = load_cert(dir, name);
		assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
		for (size_t f = 0; f < COUNT(forms); f++) {
			unsigned char *der = NULL;
			EVP_PKEY *key;

			snprintf(name, sizeof(name), "ML-DSA-%d-%s.priv", sets[i], forms[f]);
			key = load_key(dir, name);
			assert_int_equal(X509_check_private_key(x, key), 1);
			/* A seed is written again, with the key that it makes. */
			len[f] = i2d_PrivateKey(key, &der);
			OPENSSL_free(der);
			EVP_PKEY_free(key);
		}
		assert_int_equal(len[0], len[2]);
		assert_true(len[1] > 0 && len[1] + 32 < len[2]);
		X509_free(x);
	}
	for (int i = 1; i <= 3; i++) {
		snprintf(name, sizeof(name), "bad-ML-DSA-44-%d.priv", i);
		assert_null(load_key(dir, name));
	}
	ERR_clear_error();
}

static int load(void **state)
{
	(void)state;
	return provider_load();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signatures),  cmocka_unit_test(test_bare),
		cmocka_unit_test(test_forms),	    cmocka_unit_test(test_identifier),
		cmocka_unit_test(test_damaged),	    cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_seed_files),  cmocka_unit_test(test_beta_files),
		cmocka_unit_test(test_mldsa_files),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
