/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/encode.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "provider/corebio.h"
#include "provider/form.h"
#include "provider/key.h"

#define PASSPHRASE_MAX 1024

struct encoder {
	EVP_CIPHER *cipher; /* NULL: a private key is not encrypted */
};

/* A key as it is written, and what it is called in PEM. */
struct text {
	unsigned char *der;
	int len; /* -1: there is none */
	const char *label;
};

static void *new_encoder(void *provider)
{
	(void)provider;
	return OPENSSL_zalloc(sizeof(struct encoder));
}

static void free_encoder(void *ctx)
{
	struct encoder *encoder = ctx;

	if (encoder)
		EVP_CIPHER_free(encoder->cipher);
	OPENSSL_free(encoder);
}

static int set_params(void *ctx, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_ENCODER_PARAM_CIPHER);
	struct encoder *encoder = ctx;
	const char *name;

	if (!p)
		return 1;
	if (OSSL_PARAM_get_utf8_string_ptr(p, &name) != 1)
		return 0;
	EVP_CIPHER_free(encoder->cipher);
	encoder->cipher = name ? EVP_CIPHER_fetch(NULL, name, NULL) : NULL;
	return !name || encoder->cipher;
}

static const OSSL_PARAM *settable_params(void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_utf8_string(OSSL_ENCODER_PARAM_CIPHER, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)provider;
	return settable;
}

static int writes_public(void *provider, int selection)
{
	(void)provider;
	return selection == 0 || (!(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) &&
				  (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY));
}

static int writes_private(void *provider, int selection)
{
	(void)provider;
	return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY);
}

static void text_done(struct text *text)
{
	if (text->len > 0)
		OPENSSL_clear_free(text->der, (size_t)text->len);
	*text = (struct text){NULL, -1, NULL};
}

/* To EncryptedPrivateKeyInfo: PBES2 with OpenSSL's choice of PRF and rounds. */
static bool text_encrypt(struct text *text, const EVP_CIPHER *cipher, OSSL_PASSPHRASE_CALLBACK *ask,
			 void *arg)
{
	const unsigned char *pos = text->der;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &pos, text->len);
	char pass[PASSPHRASE_MAX];
	X509_SIG *sealed = NULL;
	size_t len;

	text_done(text);
	if (info && ask && ask(pass, sizeof(pass), &len, NULL, arg) == 1)
		sealed = PKCS8_encrypt(-1, cipher, pass, (int)len, NULL, 0, 0, info);
	OPENSSL_cleanse(pass, sizeof(pass));
	PKCS8_PRIV_KEY_INFO_free(info);
	if (sealed)
		*text = (struct text){.label = PEM_STRING_PKCS8};
	if (sealed)
		text->len = i2d_X509_SIG(sealed, &text->der);
	X509_SIG_free(sealed);
	return text->len > 0;
}

static bool write_der(const struct text *text, OSSL_CORE_BIO *out)
{
	return provider_corebio_write(out, text->der, (size_t)text->len);
}

static bool write_pem(const struct text *text, OSSL_CORE_BIO *out)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *pem;
	bool ok = bio && PEM_write_bio(bio, text->label, "", text->der, text->len) > 0;

	if (ok) {
		long len = BIO_get_mem_data(bio, &pem);

		ok = provider_corebio_write(out, pem, (size_t)len);
	}
	BIO_free(bio);
	return ok;
}

static int encode_public(const struct provider_key *key, OSSL_CORE_BIO *out,
			 bool (*write)(const struct text *, OSSL_CORE_BIO *))
{
	struct text text = {NULL, -1, PEM_STRING_PUBLIC};
	int ok;

	if (!key)
		return 0;
	text.len = provider_form_public(key, &text.der);
	ok = text.len > 0 && write(&text, out);
	text_done(&text);
	return ok;
}

struct passphrase {
	OSSL_PASSPHRASE_CALLBACK *ask;
	void *arg;
};

static int encode_private(const struct encoder *encoder, const struct provider_key *key,
			  OSSL_CORE_BIO *out, const struct passphrase *pass,
			  bool (*write)(const struct text *, OSSL_CORE_BIO *))
{
	struct text text = {NULL, -1, PEM_STRING_PKCS8INF};
	int ok;

	if (!key)
		return 0;
	text.len = provider_form_private(key, &text.der);
	ok = text.len > 0;
	if (ok && encoder->cipher)
		ok = text_encrypt(&text, encoder->cipher, pass->ask, pass->arg);
	ok = ok && write(&text, out);
	text_done(&text);
	return ok;
}

/* ---- for people ----------------------------------------------------------------------------- */

#define TEXT_ROW 15 /* bytes a line, as OpenSSL prints other keys */

static bool write_text(OSSL_CORE_BIO *out, const char *text)
{
	return provider_corebio_write(out, text, strlen(text));
}

static bool write_hex(OSSL_CORE_BIO *out, const char *label, struct pqc_bytes bytes)
{
	char line[8 + 3 * TEXT_ROW];
	bool ok = write_text(out, label);

	for (size_t i = 0; ok && i < bytes.len;) {
		int used = snprintf(line, sizeof(line), "    ");

		for (size_t n = 0; n < TEXT_ROW && i < bytes.len; n++, i++)
			used += snprintf(line + used, sizeof(line) - (size_t)used, "%02x%s",
					 bytes.ptr[i], i + 1 < bytes.len ? ":" : "");
		ok = write_text(out, line) && write_text(out, "\n");
	}
	OPENSSL_cleanse(line, sizeof(line));
	return ok;
}

static int encode_text(void *ctx, OSSL_CORE_BIO *out, const void *data, const OSSL_PARAM foreign[],
		       int selection, OSSL_PASSPHRASE_CALLBACK *ask, void *arg)
{
	const struct provider_key *key = data;
	bool private;

	(void)ctx;
	(void)foreign;
	(void)ask;
	(void)arg;
	if (!key)
		return 0;
	private = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) && key->sec;
	if (!write_text(out, key->type.name) ||
	    !write_text(out, private ? " Private-Key:\n" : " Public-Key:\n"))
		return 0;
	if (private && key->seed &&
	    !write_hex(out, "seed:\n", pqc_bytes_make(key->seed, key->type.seed_len)))
		return 0;
	if (private && !write_hex(out, "priv:\n", provider_key_secret(key)))
		return 0;
	return !key->pub || write_hex(out, "pub:\n", provider_key_public(key));
}

static int writes_text(void *provider, int selection)
{
	(void)provider;
	return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_KEYPAIR);
}

/* ---- the ways ------------------------------------------------------------------------------- */

/* OpenSSL offers the key of another provider as parameters: those keys are not ours to write. */
#define WAYS(form_)                                                                       \
	static int encode_public_##form_(void *ctx, OSSL_CORE_BIO *out, const void *key,  \
					 const OSSL_PARAM foreign[], int selection,       \
					 OSSL_PASSPHRASE_CALLBACK *ask, void *arg)        \
	{                                                                                 \
		(void)ctx;                                                                \
		(void)foreign;                                                            \
		(void)selection;                                                          \
		(void)ask;                                                                \
		(void)arg;                                                                \
		return encode_public(key, out, write_##form_);                            \
	}                                                                                 \
	static int encode_private_##form_(void *ctx, OSSL_CORE_BIO *out, const void *key, \
					  const OSSL_PARAM foreign[], int selection,      \
					  OSSL_PASSPHRASE_CALLBACK *ask, void *arg)       \
	{                                                                                 \
		(void)foreign;                                                            \
		(void)selection;                                                          \
		return encode_private(ctx, key, out, &(struct passphrase){ask, arg},      \
				      write_##form_);                                     \
	}

/* clang-format off */
#define FUNCTIONS(kind_, form_) \
	(const OSSL_DISPATCH[]){ \
		{OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))new_encoder}, \
		{OSSL_FUNC_ENCODER_FREECTX, (void (*)(void))free_encoder}, \
		{OSSL_FUNC_ENCODER_SET_CTX_PARAMS, (void (*)(void))set_params}, \
		{OSSL_FUNC_ENCODER_SETTABLE_CTX_PARAMS, (void (*)(void))settable_params}, \
		{OSSL_FUNC_ENCODER_DOES_SELECTION, (void (*)(void))writes_##kind_}, \
		{OSSL_FUNC_ENCODER_ENCODE, (void (*)(void))encode_##kind_##_##form_}, \
		{0, NULL}, \
	}

WAYS(der)
WAYS(pem)

static const OSSL_DISPATCH text_functions[] = {
	{OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))new_encoder},
	{OSSL_FUNC_ENCODER_FREECTX, (void (*)(void))free_encoder},
	{OSSL_FUNC_ENCODER_DOES_SELECTION, (void (*)(void))writes_text},
	{OSSL_FUNC_ENCODER_ENCODE, (void (*)(void))encode_text},
	{0, NULL},
};

const struct provider_encode provider_encode_ways[PROVIDER_ENCODE_COUNT] = {
	{"output=der,structure=SubjectPublicKeyInfo", FUNCTIONS(public, der), true},
	{"output=pem,structure=SubjectPublicKeyInfo", FUNCTIONS(public, pem), true},
	{"output=der,structure=PrivateKeyInfo", FUNCTIONS(private, der), true},
	{"output=pem,structure=PrivateKeyInfo", FUNCTIONS(private, pem), true},
	{"output=text", text_functions, false},
};
/* clang-format on */
