/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <pthread.h>

#include "cygnet-config.h"
#include "provider/kem.h"
#include "provider/key.h"
#include "provider/keymgmt.h"

#define PROPERTIES "provider=" PROVIDER_NAME
#define MAX_ROWS   64

/* What OpenSSL is told there is, made of the library's rows before anyone asks. */
static OSSL_ALGORITHM keymgmts[MAX_ROWS + 1], kems[MAX_ROWS + 1];
static OSSL_PROVIDER *loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_store)
{
	(void)provider;
	*no_store = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return keymgmts;
	case OSSL_OP_KEM:
		return kems;
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
	{0, NULL},
};

/* All state is the table of rows; OpenSSL only wants the context not to be NULL. */
static int init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
		void **out_provider)
{
	(void)handle;
	(void)in;
	*out = functions;
	*out_provider = keymgmts;
	return 1;
}

static bool list_rows(void)
{
	struct provider_type type;

	for (size_t i = 0; provider_key_type_at(i, &type); i++) {
		const OSSL_DISPATCH *keymgmt = provider_keymgmt_functions(i);

		if (!keymgmt || i >= MAX_ROWS)
			return false;
		keymgmts[i] = (OSSL_ALGORITHM){type.name, PROPERTIES, keymgmt, NULL};
		kems[i] = (OSSL_ALGORITHM){type.name, PROPERTIES, provider_kem_functions, NULL};
	}
	return true;
}

/* OpenSSL's own fallback, the default provider, stays as its configuration has it. */
static void load(void)
{
	if (list_rows() && OSSL_PROVIDER_add_builtin(NULL, PROVIDER_NAME, init) == 1)
		loaded = OSSL_PROVIDER_try_load(NULL, PROVIDER_NAME, 1);
}

int provider_load(void)
{
	pthread_once(&once, load);
	return loaded ? 0 : -1;
}
