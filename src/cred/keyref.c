/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/keyref.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/core_dispatch.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define KEYREF_ID_LEN 20
#define DER_SEQUENCE  0x30

struct keyref {
	unsigned refs;
	EVP_PKEY *pkey;
	uint8_t id[KEYREF_ID_LEN];
};

/* What a decoder may ask, and whether it did: then the data is encrypted. */
struct passphrase {
	const char *text;
	bool asked;
};

/* Never prompts: without a passphrase it fails. */
static int give_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	struct passphrase *pass = ctx;
	size_t len = pass->text ? strlen(pass->text) : 0;

	(void)rwflag;
	pass->asked = true;
	if (!pass->text || size < 0 || len > (size_t)size)
		return -1;
	memcpy(buf, pass->text, len);
	return (int)len;
}

/* SHA-1 over the subjectPublicKey bits. */
static int compute_id(EVP_PKEY *pkey, uint8_t out[KEYREF_ID_LEN])
{
	X509_PUBKEY *spki = NULL;
	const unsigned char *bits;
	int len, err = E_UNSUPPORTED;

	if (X509_PUBKEY_set(&spki, pkey) == 1 &&
	    X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, spki) == 1 &&
	    EVP_Digest(bits, (size_t)len, out, NULL, EVP_sha1(), NULL) == 1)
		err = 0;
	X509_PUBKEY_free(spki);
	return err;
}

int keyref_from_pkey(EVP_PKEY *pkey, struct keyref **out)
{
	struct keyref *k = calloc(1, sizeof(*k));
	int err;

	*out = NULL;
	if (!k)
		return E_NOMEM;
	ERR_set_mark();
	err = compute_id(pkey, k->id);
	ERR_pop_to_mark();
	if (err) {
		free(k);
		return err;
	}
	k->refs = 1;
	EVP_PKEY_up_ref(pkey);
	k->pkey = pkey;
	*out = k;
	return 0;
}

/* The first private key in the data: a PEM file may begin with something else (EC PARAMETERS). */
static EVP_PKEY *decode(struct view data, struct passphrase *pass)
{
	BIO *bio = BIO_new_mem_buf(data.ptr, (int)data.len);
	EVP_PKEY *pkey = NULL;
	OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(&pkey, NULL, NULL, NULL,
							      EVP_PKEY_KEYPAIR, NULL, NULL);
	size_t left = data.len + 1;

	if (bio && ctx && OSSL_DECODER_CTX_set_pem_password_cb(ctx, give_passphrase, pass) == 1) {
		while (!pkey && BIO_pending(bio) > 0 && (size_t)BIO_pending(bio) < left) {
			left = (size_t)BIO_pending(bio);
			if (OSSL_DECODER_from_bio(ctx, bio) != 1) {
				EVP_PKEY_free(pkey);
				pkey = NULL;
			}
		}
	}
	OSSL_DECODER_CTX_free(ctx);
	BIO_free(bio);
	return pkey;
}

/* Whether it is a well-formed PKCS#8 private key, then of an algorithm nobody here knows. */
static bool is_pkcs8(struct view data)
{
	BIO *bio = BIO_new_mem_buf(data.ptr, (int)data.len);
	PKCS8_PRIV_KEY_INFO *info = NULL;
	struct passphrase none = {NULL, false};
	bool is_one;

	if (bio && data.ptr[0] == DER_SEQUENCE)
		info = d2i_PKCS8_PRIV_KEY_INFO_bio(bio, NULL);
	else if (bio)
		info = PEM_read_bio_PKCS8_PRIV_KEY_INFO(bio, NULL, give_passphrase, &none);
	is_one = info != NULL;
	PKCS8_PRIV_KEY_INFO_free(info);
	BIO_free(bio);
	return is_one;
}

int keyref_load(struct view data, const char *passphrase, struct keyref **out)
{
	struct passphrase pass = {passphrase, false};
	EVP_PKEY *pkey;
	int err;

	*out = NULL;
	if (data.len == 0 || data.len > INT_MAX)
		return E_MALFORMED;
	ERR_set_mark();
	pkey = decode(data, &pass);
	if (pkey)
		err = keyref_from_pkey(pkey, out);
	else if (pass.asked)
		err = E_AUTH;
	else
		err = is_pkcs8(data) ? E_UNSUPPORTED : E_MALFORMED;
	EVP_PKEY_free(pkey);
	ERR_pop_to_mark();
	return err;
}

struct keyref *keyref_get(const struct keyref *k)
{
	struct keyref *shared = (struct keyref *)k;

	__atomic_add_fetch(&shared->refs, 1, __ATOMIC_RELAXED);
	return shared;
}

void keyref_put(struct keyref *k)
{
	if (!k || __atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

const uint8_t *keyref_id(const struct keyref *k)
{
	return k->id;
}

const char *keyref_type(const struct keyref *k)
{
	return sign_key_type(k->pkey);
}

unsigned keyref_bits(const struct keyref *k)
{
	int bits = EVP_PKEY_get_bits(k->pkey);

	return bits > 0 ? (unsigned)bits : 0;
}

const struct sign_scheme *keyref_choose(const struct keyref *k, const struct sign_choice *choice)
{
	return sign_choose_of(k->pkey, choice);
}

int keyref_sign(const struct keyref *k, const struct sign_scheme *scheme, struct view tbs,
		struct wbuf *out)
{
	return sign_create(scheme, k->pkey, tbs, out);
}
