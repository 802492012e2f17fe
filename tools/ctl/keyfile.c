/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/keyfile.h"

#include <openssl/core.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"

/* What the decoder asks for, and whether it has asked at all. */
struct phrase {
	const char *text;
	bool asked;
};

static int answer_phrase(char *buf, int size, int writing, void *ctx)
{
	struct phrase *p = ctx;
	size_t len = p->text ? strlen(p->text) : 0;

	(void)writing;
	p->asked = true;
	if (!p->text || len > (size_t)size)
		return -1;
	memcpy(buf, p->text, len);
	return (int)len;
}

static EVP_PKEY *decode(struct view data, struct phrase *phrase)
{
	EVP_PKEY *key = NULL;
	OSSL_DECODER_CTX *ctx =
		OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
	const unsigned char *p = data.ptr;
	size_t len = data.len;

	if (ctx && OSSL_DECODER_CTX_set_pem_password_cb(ctx, answer_phrase, phrase) == 1)
		(void)OSSL_DECODER_from_data(ctx, &p, &len);
	OSSL_DECODER_CTX_free(ctx);
	ERR_clear_error();
	return key;
}

/* To the traditional DER where the type has one, else to PKCS#8. */
static int take_key(EVP_PKEY *key, struct keyfile *out)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(key, &der), rc;

	if (len <= 0) {
		ERR_clear_error();
		return E_MALFORMED;
	}
	rc = secret_copy(&out->key, view_make(der, (size_t)len));
	OPENSSL_clear_free(der, (size_t)len);
	snprintf(out->type, sizeof(out->type), "%s", sign_key_type(key));
	return rc;
}

int keyfile_open(struct view data, const char *passphrase, struct keyfile *out)
{
	struct phrase phrase = {passphrase, false};
	EVP_PKEY *key = decode(data, &phrase);
	int rc;

	memset(out, 0, sizeof(*out));
	if (!key)
		return phrase.asked ? E_AUTH : E_MALFORMED;
	rc = take_key(key, out);
	EVP_PKEY_free(key);
	return rc;
}

/* ---- PKCS#12 -------------------------------------------------------------------------------- */

static int take_cert(X509 *x509, struct keyfile *out)
{
	struct secret *certs = realloc(out->certs, (out->n_certs + 1) * sizeof(*certs));
	unsigned char *der = NULL;
	int len, rc;

	if (!certs)
		return E_NOMEM;
	out->certs = certs;
	len = i2d_X509(x509, &der);
	if (len <= 0)
		return E_MALFORMED;
	certs[out->n_certs] = (struct secret){NULL, 0};
	rc = secret_copy(&certs[out->n_certs], view_make(der, (size_t)len));
	OPENSSL_free(der);
	if (rc == 0)
		out->n_certs++;
	return rc;
}

/* PKCS#12 knows two ways to have no passphrase. */
static const char *right_phrase(PKCS12 *p12, const char *passphrase)
{
	if (passphrase)
		return PKCS12_verify_mac(p12, passphrase, -1) ? passphrase : NULL;
	return PKCS12_verify_mac(p12, "", 0) || PKCS12_verify_mac(p12, NULL, 0) ? "" : NULL;
}

static int take_all(PKCS12 *p12, const char *passphrase, struct keyfile *out)
{
	STACK_OF(X509) *others = NULL;
	EVP_PKEY *key = NULL;
	X509 *own = NULL;
	int rc = 0;

	if (!PKCS12_parse(p12, passphrase, &key, &own, &others))
		return E_MALFORMED;
	if (key)
		rc = take_key(key, out);
	if (rc == 0 && own)
		rc = take_cert(own, out);
	for (int i = 0; rc == 0 && i < sk_X509_num(others); i++)
		rc = take_cert(sk_X509_value(others, i), out);
	EVP_PKEY_free(key);
	X509_free(own);
	sk_X509_pop_free(others, X509_free);
	return rc;
}

int keyfile_open_pkcs12(struct view data, const char *passphrase, struct keyfile *out)
{
	const unsigned char *der = data.ptr;
	PKCS12 *p12 = d2i_PKCS12(NULL, &der, (long)data.len);
	const char *phrase;
	int rc = E_MALFORMED;

	memset(out, 0, sizeof(*out));
	if (p12 && PKCS12_mac_present(p12)) {
		phrase = right_phrase(p12, passphrase);
		rc = phrase ? take_all(p12, phrase, out) : E_AUTH;
	}
	PKCS12_free(p12);
	ERR_clear_error();
	if (rc)
		keyfile_done(out);
	return rc;
}

void keyfile_done(struct keyfile *k)
{
	secret_done(&k->key);
	for (size_t i = 0; i < k->n_certs; i++)
		secret_done(&k->certs[i]);
	free(k->certs);
	memset(k, 0, sizeof(*k));
}
