/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdio.h>

#include "cygnet-config.h"
#include "provider/corebio.h"
#include "provider/decode.h"
#include "provider/encode.h"
#include "provider/form.h"
#include "provider/kem.h"
#include "provider/key.h"
#include "provider/keymgmt.h"
#include "provider/sig.h"
#include "provider/slots.h"
#include "provider/tls.h"

#define PROPERTIES "provider=" PROVIDER_NAME
#define MAX_ROWS   PROVIDER_SLOTS_COUNT
#define MAX_TEXT   128 /* bytes of the names, or properties, of a row */

/* What OpenSSL is told there is, made of the library's rows before anyone asks. */
static OSSL_ALGORITHM keymgmts[MAX_ROWS + 1], kems[MAX_ROWS + 1], sigs[MAX_ROWS + 1];
static OSSL_ALGORITHM decoders[2 * MAX_ROWS + 1], encoders[PROVIDER_ENCODE_COUNT * MAX_ROWS + 1];
static char names[MAX_ROWS][MAX_TEXT], encoder_properties[PROVIDER_ENCODE_COUNT][MAX_TEXT];
static size_t n_kems, n_sigs, n_decoders, n_encoders;
static OSSL_PROVIDER *loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT, once_listed = PTHREAD_ONCE_INIT;
static bool listed;

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_store)
{
	(void)provider;
	*no_store = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return keymgmts;
	case OSSL_OP_KEM:
		return kems;
	case OSSL_OP_SIGNATURE:
		return sigs;
	case OSSL_OP_DECODER:
		return decoders;
	case OSSL_OP_ENCODER:
		return encoders;
	default:
		return NULL;
	}
}

static const OSSL_PARAM *gettable_params(void *provider)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
		OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
		OSSL_PARAM_END,
	};

	(void)provider;
	return gettable;
}

static int get_params(void *provider, OSSL_PARAM params[])
{
	OSSL_PARAM *p;

	(void)provider;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_NAME);
	if (p && OSSL_PARAM_set_utf8_ptr(p, "Cygnet post-quantum algorithms") != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_VERSION);
	if (p && OSSL_PARAM_set_utf8_ptr(p, CYGNET_VERSION) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
	return !p || OSSL_PARAM_set_int(p, 1) == 1;
}

static const OSSL_DISPATCH functions[] = {
	{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
	{OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable_params},
	{OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params},
	{OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))provider_tls_capabilities},
	{0, NULL},
};

static void add(OSSL_ALGORITHM *list, size_t *n, OSSL_ALGORITHM row)
{
	list[(*n)++] = row;
}

/* Keys that can be written have an object identifier, which is one of their names. */
static bool list_forms(size_t i, const struct provider_type *type)
{
	if (!provider_form_register(type))
		return false;
	add(decoders, &n_decoders,
	    (OSSL_ALGORITHM){names[i], PROPERTIES "," PROVIDER_DECODE_PUBLIC,
			     provider_decode_public(i), NULL});
	add(decoders, &n_decoders,
	    (OSSL_ALGORITHM){names[i], PROPERTIES "," PROVIDER_DECODE_PRIVATE,
			     provider_decode_private(i), NULL});
	return true;
}

static void list_encoders(size_t i, const struct provider_type *type)
{
	for (size_t way = 0; way < PROVIDER_ENCODE_COUNT; way++) {
		if (provider_encode_ways[way].needs_oid && !type->oid)
			continue;
		add(encoders, &n_encoders,
		    (OSSL_ALGORITHM){names[i], encoder_properties[way],
				     provider_encode_ways[way].functions, NULL});
	}
}

static bool list_row(size_t i, const struct provider_type *type)
{
	int len = snprintf(names[i], MAX_TEXT, "%s%s%s", type->names, type->oid ? ":" : "",
			   type->oid ? type->oid : "");

	if (len < 0 || len >= MAX_TEXT)
		return false;
	keymgmts[i] = (OSSL_ALGORITHM){names[i], PROPERTIES, provider_keymgmt_functions(i), NULL};
	if (type->kem)
		add(kems, &n_kems,
		    (OSSL_ALGORITHM){names[i], PROPERTIES, provider_kem_functions, NULL});
	else
		add(sigs, &n_sigs,
		    (OSSL_ALGORITHM){names[i], PROPERTIES, provider_sig_functions, NULL});
	list_encoders(i, type);
	return !type->oid || list_forms(i, type);
}

static bool list_rows(void)
{
	struct provider_type type;

	for (size_t way = 0; way < PROVIDER_ENCODE_COUNT; way++) {
		int len = snprintf(encoder_properties[way], MAX_TEXT, "%s,%s", PROPERTIES,
				   provider_encode_ways[way].properties);

		if (len < 0 || len >= MAX_TEXT)
			return false;
	}
	for (size_t i = 0; provider_key_type_at(i, &type); i++) {
		if (i >= MAX_ROWS || !list_row(i, &type))
			return false;
	}
	return true;
}

static void list(void)
{
	listed = list_rows();
}

/* All state is the table of rows; OpenSSL only wants the context not to be NULL. */
int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
		  const OSSL_DISPATCH **out, void **out_provider)
{
	(void)handle;
	pthread_once(&once_listed, list);
	if (!listed || !provider_corebio_init(in))
		return 0;
	*out = functions;
	*out_provider = keymgmts;
	return 1;
}

/* OpenSSL's own fallback, the default provider, stays as its configuration has it. */
static void load(void)
{
	if (OSSL_PROVIDER_add_builtin(NULL, PROVIDER_NAME, provider_init) == 1)
		loaded = OSSL_PROVIDER_try_load(NULL, PROVIDER_NAME, 1);
}

int provider_load(void)
{
	pthread_once(&once, load);
	return loaded ? 0 : -1;
}
