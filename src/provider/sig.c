/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/sig.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

#include "provider/form.h"
#include "provider/key.h"

/* What is signed in pieces is gathered: the schemes want it whole, some of them twice. */
struct operation {
	struct provider_key *key;
	uint8_t *text;
	size_t len, room;
};

#define TEXT_FIRST 4096
#define TEXT_MAX   (1u << 30)

static void *operation_new(void *provider, const char *properties)
{
	(void)provider;
	(void)properties;
	return OPENSSL_zalloc(sizeof(struct operation));
}

static void operation_free(void *ctx)
{
	struct operation *op = ctx;

	if (!op)
		return;
	provider_key_put(op->key);
	OPENSSL_clear_free(op->text, op->room);
	OPENSSL_free(op);
}

static void *operation_dup(void *ctx)
{
	const struct operation *op = ctx;
	struct operation *copy = operation_new(NULL, NULL);

	if (!copy)
		return NULL;
	if (op->key)
		copy->key = provider_key_get(op->key);
	if (op->len > 0) {
		copy->text = OPENSSL_memdup(op->text, op->len);
		copy->len = copy->room = copy->text ? op->len : 0;
	}
	if (copy->len == op->len)
		return copy;
	operation_free(copy);
	return NULL;
}

/* Without a key the operation starts over with the one it has. */
static int set_key(struct operation *op, struct provider_key *key, bool sign)
{
	if (!key)
		key = op->key;
	if (!key || !key->type.sig) {
		ERR_raise(ERR_LIB_PROV, ERR_R_PASSED_INVALID_ARGUMENT);
		return 0;
	}
	if (sign ? !key->sec : !key->pub)
		return provider_key_fail(&key->type, PQC_E_KEY);
	provider_key_get(key);
	provider_key_put(op->key);
	op->key = key;
	op->len = 0;
	return 1;
}

static int sign_init(void *ctx, void *key, const OSSL_PARAM params[])
{
	(void)params;
	return set_key(ctx, key, true);
}

static int verify_init(void *ctx, void *key, const OSSL_PARAM params[])
{
	(void)params;
	return set_key(ctx, key, false);
}

static bool is_no_digest(const char *digest)
{
	if (!digest || !*digest)
		return true;
	ERR_raise_data(ERR_LIB_PROV, ERR_R_PASSED_INVALID_ARGUMENT,
		       "the scheme hashes by itself: no digest expected, found %s", digest);
	return false;
}

static int digest_sign_init(void *ctx, const char *digest, void *key, const OSSL_PARAM params[])
{
	return is_no_digest(digest) && sign_init(ctx, key, params);
}

static int digest_verify_init(void *ctx, const char *digest, void *key, const OSSL_PARAM params[])
{
	return is_no_digest(digest) && verify_init(ctx, key, params);
}

/* Without a buffer: the greatest length. */
static int sign(void *ctx, unsigned char *out, size_t *out_len, size_t room,
		const unsigned char *text, size_t text_len)
{
	const struct operation *op = ctx;
	const struct provider_type *type = &op->key->type;
	const struct pqc_signer signer = {type->sig, provider_key_secret(op->key)};
	const struct pqc_msg msg = {.text = pqc_bytes_make(text, text_len)};
	int err;

	if (!out) {
		*out_len = type->sig->signature_len;
		return 1;
	}
	if (room < type->sig->signature_len) {
		ERR_raise(ERR_LIB_PROV, ERR_R_PASSED_INVALID_ARGUMENT);
		return 0;
	}
	err = pqc_sig_sign(&signer, &provider_key_rng, &msg, out, out_len);
	return err ? provider_key_fail(type, err) : 1;
}

static int verify(void *ctx, const unsigned char *signature, size_t signature_len,
		  const unsigned char *text, size_t text_len)
{
	const struct operation *op = ctx;
	const struct provider_type *type = &op->key->type;
	const struct pqc_msg msg = {.text = pqc_bytes_make(text, text_len)};
	int err = pqc_sig_verify(type->sig, provider_key_public(op->key), &msg,
				 pqc_bytes_make(signature, signature_len));

	return err ? provider_key_fail(type, err) : 1;
}

static int update(void *ctx, const unsigned char *data, size_t len)
{
	struct operation *op = ctx;
	size_t room = op->room ? op->room : TEXT_FIRST;
	uint8_t *text;

	if (len > TEXT_MAX - op->len) {
		ERR_raise_data(ERR_LIB_PROV, ERR_R_PASSED_INVALID_ARGUMENT,
			       "more than %u bytes to sign", TEXT_MAX);
		return 0;
	}
	while (room < op->len + len)
		room *= 2;
	if (room > op->room) {
		text = OPENSSL_clear_realloc(op->text, op->room, room);
		if (!text)
			return provider_key_fail(&op->key->type, PQC_E_NOMEM);
		op->text = text;
		op->room = room;
	}
	memcpy(op->text + op->len, data, len);
	op->len += len;
	return 1;
}

static int sign_final(void *ctx, unsigned char *out, size_t *out_len, size_t room)
{
	const struct operation *op = ctx;

	return sign(ctx, out, out_len, room, op->text, op->len);
}

static int verify_final(void *ctx, const unsigned char *signature, size_t signature_len)
{
	const struct operation *op = ctx;

	return verify(ctx, signature, signature_len, op->text, op->len);
}

/* X509_sign() asks how the scheme is named in a certificate. */
static int get_params(void *ctx, OSSL_PARAM params[])
{
	const struct operation *op = ctx;
	OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
	unsigned char *der = NULL;
	int len, ok;

	if (!p)
		return 1;
	if (!op->key)
		return 0;
	len = provider_form_algorithm(&op->key->type, &der);
	ok = len > 0 && OSSL_PARAM_set_octet_string(p, der, (size_t)len) == 1;
	OPENSSL_free(der);
	return ok;
}

static const OSSL_PARAM *gettable_params(void *ctx, void *provider)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provider;
	return gettable;
}

const OSSL_DISPATCH provider_sig_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))operation_new},
	{OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))operation_free},
	{OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))operation_dup},
	{OSSL_FUNC_SIGNATURE_SIGN_INIT, (void (*)(void))sign_init},
	{OSSL_FUNC_SIGNATURE_SIGN, (void (*)(void))sign},
	{OSSL_FUNC_SIGNATURE_VERIFY_INIT, (void (*)(void))verify_init},
	{OSSL_FUNC_SIGNATURE_VERIFY, (void (*)(void))verify},
	{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))digest_sign_init},
	{OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))sign},
	{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, (void (*)(void))update},
	{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, (void (*)(void))sign_final},
	{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, (void (*)(void))digest_verify_init},
	{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, (void (*)(void))verify},
	{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, (void (*)(void))update},
	{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, (void (*)(void))verify_final},
	{OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))get_params},
	{OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*)(void))gettable_params},
	{0, NULL},
};
