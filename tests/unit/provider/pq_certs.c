/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pq-certs DIR CA END: make a CA with a key of kind CA, and carol and moon of the seed below it,
 * with keys of kind END ("Falcon1024", "Dilithium5", "ML-DSA-65", "P-256"): caCert.pem,
 * carolCert.pem, carolKey.pem, moonCert.pem, moonKey.pem in DIR.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "provider/provider.h"

#define DAY 86400

struct party {
	const char *name, *cn, *alt_name; /* alt_name NULL: the CA */
	EVP_PKEY *key;
	X509 *cert;
};

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "pq-certs: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static EVP_PKEY *new_key(const char *kind)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) == 1)
		EVP_PKEY_generate(ctx, &key);
	else
		key = EVP_EC_gen(kind);
	EVP_PKEY_CTX_free(ctx);
	need(key != NULL, kind);
	return key;
}

static X509_NAME *new_name(const char *cn)
{
	static const char *const fields[] = {"C", "CH", "O", "Cyber", "CN"};
	X509_NAME *name = X509_NAME_new();

	for (int i = 0; i < 5; i += 2) {
		const char *value = i < 4 ? fields[i + 1] : cn;

		need(X509_NAME_add_entry_by_txt(name, fields[i], MBSTRING_ASC,
						(const unsigned char *)value, -1, -1, 0) == 1,
		     value);
	}
	return name;
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	need(ext && X509_add_ext(x, ext, -1) == 1, value);
	X509_EXTENSION_free(ext);
}

static void issue(struct party *p, const struct party *ca)
{
	X509 *x = p->cert = X509_new();
	X509_NAME *subject = new_name(p->cn), *issuer = new_name(ca->cn);
	bool ecdsa = EVP_PKEY_is_a(ca->key, "EC");
	uint64_t serial;

	need(RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1, "serial number");
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -DAY);
	X509_gmtime_adj(X509_getm_notAfter(x), 365L * DAY);
	X509_set_subject_name(x, subject);
	X509_set_issuer_name(x, issuer);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	need(X509_set_pubkey(x, p->key) == 1, "public key");
	if (!p->alt_name) {
		add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE");
		add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
	}
	add_extension(x, ca->cert, NID_subject_key_identifier, "hash");
	add_extension(x, ca->cert, NID_authority_key_identifier, "keyid");
	if (p->alt_name)
		add_extension(x, ca->cert, NID_subject_alt_name, p->alt_name);
	need(X509_sign(x, ca->key, ecdsa ? EVP_sha256() : NULL) > 0, "signature");
}

static BIO *open_file(const char *dir, const char *name, const char *what)
{
	char path[4096];
	BIO *bio;

	snprintf(path, sizeof(path), "%s/%s%s.pem", dir, name, what);
	bio = BIO_new_file(path, "w");
	need(bio != NULL, path);
	return bio;
}

static void write_party(const char *dir, const struct party *p)
{
	BIO *bio = open_file(dir, p->name, "Cert");

	need(PEM_write_bio_X509(bio, p->cert) == 1, "certificate");
	BIO_free(bio);
	if (!p->alt_name)
		return;
	bio = open_file(dir, p->name, "Key");
	need(PEM_write_bio_PrivateKey(bio, p->key, NULL, NULL, 0, NULL, NULL) == 1, "private key");
	BIO_free(bio);
}

int main(int argc, char **argv)
{
	struct party parties[] = {
		{"ca", "Cyber Root CA", NULL, NULL, NULL},
		{"carol", "carol@strongswan.org", "email:carol@strongswan.org", NULL, NULL},
		{"moon", "moon.strongswan.org", "DNS:moon.strongswan.org", NULL, NULL},
	};

	if (argc != 4) {
		fprintf(stderr, "usage: pq-certs DIR CA END\n");
		return 2;
	}
	need(provider_load() == 0, "provider");
	for (int i = 0; i < 3; i++) {
		parties[i].key = new_key(argv[i == 0 ? 2 : 3]);
		issue(&parties[i], &parties[0]);
		write_party(argv[1], &parties[i]);
	}
	for (int i = 0; i < 3; i++) {
		EVP_PKEY_free(parties[i].key);
		X509_free(parties[i].cert);
	}
	return 0;
}
