/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/decode.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "provider/corebio.h"
#include "provider/form.h"
#include "provider/key.h"
#include "provider/slots.h"

struct decoder {
	struct provider_type type;
};

static void *new_decoder(size_t row)
{
	struct decoder *decoder = OPENSSL_zalloc(sizeof(*decoder));

	if (decoder && provider_key_type_at(row, &decoder->type))
		return decoder;
	OPENSSL_free(decoder);
	return NULL;
}

static void free_decoder(void *ctx)
{
	OPENSSL_free(ctx);
}

/* Who wants a private key is not served with a public one; 0 is a guess. */
static int makes_public(void *provider, int selection)
{
	(void)provider;
	return selection == 0 || (!(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) &&
				  (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY));
}

static int makes_private(void *provider, int selection)
{
	(void)provider;
	return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY);
}

/* The callback takes the key away if it makes something of it. */
static int give(struct provider_key *key, OSSL_CALLBACK *callback, void *arg)
{
	int type = OSSL_OBJECT_PKEY, ok;
	OSSL_PARAM params[4];

	params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
						     (char *)key->type.name, 0);
	params[2] =
		OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key));
	params[3] = OSSL_PARAM_construct_end();
	ok = callback(params, arg);
	provider_key_put(key);
	return ok;
}

/* 1 with nothing given tells OpenSSL that another decoder may try. */
static int decode(const struct decoder *decoder, OSSL_CORE_BIO *in,
		  int (*read)(struct provider_key *, struct pqc_bytes), OSSL_CALLBACK *callback,
		  void *arg)
{
	struct provider_key *key;
	uint8_t *der;
	size_t len;
	int err;

	if (!provider_corebio_read_der(in, &der, &len))
		return 1;
	key = provider_key_new(&decoder->type);
	err = key ? read(key, pqc_bytes_make(der, len)) : PQC_E_NOMEM;
	OPENSSL_clear_free(der, len);
	if (err == 0)
		return give(key, callback, arg);
	provider_key_put(key);
	return err < 0 ? provider_key_fail(&decoder->type, err) : 1;
}

static int decode_public(void *ctx, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *callback,
			 void *arg, OSSL_PASSPHRASE_CALLBACK *pass, void *pass_arg)
{
	(void)selection;
	(void)pass;
	(void)pass_arg;
	return decode(ctx, in, provider_form_read_public, callback, arg);
}

static int decode_private(void *ctx, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *callback,
			  void *arg, OSSL_PASSPHRASE_CALLBACK *pass, void *pass_arg)
{
	(void)selection;
	(void)pass;
	(void)pass_arg;
	return decode(ctx, in, provider_form_read_private, callback, arg);
}

#define SLOT(n_)                                  \
	static void *new_decoder_##n_(void *prov) \
	{                                         \
		(void)prov;                       \
		return new_decoder(n_);           \
	}
#define FUNCTIONS(n_, kind_)                                                      \
	{                                                                         \
		{OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))new_decoder_##n_},     \
		{OSSL_FUNC_DECODER_FREECTX, (void (*)(void))free_decoder},        \
		{OSSL_FUNC_DECODER_DOES_SELECTION, (void (*)(void))makes##kind_}, \
		{OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode##kind_},        \
		{0, NULL},                                                        \
	},
#define PUBLIC(n_)  FUNCTIONS(n_, _public)
#define PRIVATE(n_) FUNCTIONS(n_, _private)

/* clang-format off */
PROVIDER_SLOTS_EACH(SLOT)
/* clang-format on */

static const OSSL_DISPATCH publics[PROVIDER_SLOTS_COUNT][5] = {PROVIDER_SLOTS_EACH(PUBLIC)};
static const OSSL_DISPATCH privates[PROVIDER_SLOTS_COUNT][5] = {PROVIDER_SLOTS_EACH(PRIVATE)};

const OSSL_DISPATCH *provider_decode_public(size_t i)
{
	return publics[i];
}

const OSSL_DISPATCH *provider_decode_private(size_t i)
{
	return privates[i];
}
