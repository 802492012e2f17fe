/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/keymgmt.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>
#include <strings.h>

#include "provider/key.h"
#include "provider/slots.h"

struct generation {
	struct provider_type type;
	bool pair; /* else parameters only: an empty key that waits for its public half */
};

static void *new_key(size_t row)
{
	struct provider_type type;

	return provider_key_type_at(row, &type) ? provider_key_new(&type) : NULL;
}

static void free_key(void *key)
{
	provider_key_put(key);
}

static void *dup_key(const void *key, int selection)
{
	unsigned halves = 0;

	if (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY)
		halves |= PROVIDER_KEY_PUBLIC;
	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		halves |= PROVIDER_KEY_SECRET;
	return provider_key_dup(key, halves);
}

/* OpenSSL asks this also of a key that does not exist yet. */
static int has(const void *data, int selection)
{
	const struct provider_key *key = data;

	if (!key)
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) && !key->pub)
		return 0;
	return !(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) || key->sec;
}

static bool same_half(struct pqc_bytes a, struct pqc_bytes b)
{
	return a.ptr && b.ptr && a.len == b.len && CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Public halves decide, as a private key may be written in more than one way. */
static int match(const void *data1, const void *data2, int selection)
{
	const struct provider_key *a = data1, *b = data2;

	if (a->type.kem != b->type.kem || a->type.sig != b->type.sig)
		return 0;
	if (!(selection & OSSL_KEYMGMT_SELECT_KEYPAIR))
		return 1;
	if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) && a->pub && b->pub)
		return same_half(provider_key_public(a), provider_key_public(b));
	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) &&
	       same_half(provider_key_secret(a), provider_key_secret(b));
}

/* What is there has been checked when it came in. */
static int validate(const void *data, int selection, int how)
{
	(void)how;
	if (!has(data, selection))
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != OSSL_KEYMGMT_SELECT_KEYPAIR)
		return 1;
	return provider_key_is_pair(data);
}

static int take_half(struct provider_key *key, const OSSL_PARAM *param,
		     int (*set)(struct provider_key *, struct pqc_bytes))
{
	const void *ptr;
	size_t len;
	int err;

	if (OSSL_PARAM_get_octet_string_ptr(param, &ptr, &len) != 1)
		return 0;
	err = set(key, pqc_bytes_make(ptr, len));
	return err ? provider_key_fail(&key->type, err) : 1;
}

/* One half is enough. */
static int import(void *data, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *pub = NULL, *sec = NULL;

	if (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY)
		pub = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY);
	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		sec = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PRIV_KEY);
	if (!pub && !sec && (selection & OSSL_KEYMGMT_SELECT_KEYPAIR))
		return 0;
	return (!pub || take_half(data, pub, provider_key_set_public)) &&
	       (!sec || take_half(data, sec, provider_key_set_secret));
}

/* OpenSSL copies what it is lent here, and does not write to it. */
static OSSL_PARAM half_param(const char *name, struct pqc_bytes half)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)half.ptr, half.len);
}

static int export(void *data, int selection, OSSL_CALLBACK *callback, void *arg)
{
	const struct provider_key *key = data;
	OSSL_PARAM params[3];
	size_t n = 0;

	if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) && key->pub)
		params[n++] = half_param(OSSL_PKEY_PARAM_PUB_KEY, provider_key_public(key));
	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) && key->sec)
		params[n++] = half_param(OSSL_PKEY_PARAM_PRIV_KEY, provider_key_secret(key));
	if (n == 0)
		return 0;
	params[n] = OSSL_PARAM_construct_end();
	return callback(params, arg);
}

static const OSSL_PARAM *half_types(int selection)
{
	static const OSSL_PARAM both[] = {
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0),
		OSSL_PARAM_END,
	};
	static const OSSL_PARAM *const pub_end = &both[2];

	if (!(selection & OSSL_KEYMGMT_SELECT_KEYPAIR))
		return pub_end;
	return selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY ? both : &both[1];
}

static int get_halves(const struct provider_key *key, OSSL_PARAM params[])
{
	OSSL_PARAM *p;

	for (int i = 0; i < 2; i++) {
		static const char *const names[] = {OSSL_PKEY_PARAM_PUB_KEY,
						    OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY};

		p = OSSL_PARAM_locate(params, names[i]);
		if (p && (!key->pub ||
			  OSSL_PARAM_set_octet_string(p, key->pub, key->type.public_len) != 1))
			return 0;
	}
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PRIV_KEY);
	return !p ||
	       (key->sec && OSSL_PARAM_set_octet_string(p, key->sec, key->type.secret_len) == 1);
}

static int get_params(void *data, OSSL_PARAM params[])
{
	const struct provider_key *key = data;
	OSSL_PARAM *p;

	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_BITS);
	if (p && OSSL_PARAM_set_size_t(p, 8 * key->type.public_len) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_MAX_SIZE);
	if (p && OSSL_PARAM_set_size_t(p, key->type.kem ? key->type.kem->ciphertext_len
							: key->type.sig->signature_len) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_SECURITY_BITS);
	if (p && OSSL_PARAM_set_uint(p, key->type.security_bits) != 1)
		return 0;
	/* A signature scheme hashes by itself. */
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_MANDATORY_DIGEST);
	if (p && key->type.sig && OSSL_PARAM_set_utf8_string(p, "") != 1)
		return 0;
	return get_halves(key, params);
}

static const OSSL_PARAM *gettable_params(void *provider)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_size_t(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_size_t(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_uint(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)provider;
	return gettable;
}

/* A peer's public key makes it the peer's: the private half, if there was one, was another's. */
static int set_params(void *data, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY);

	if (!p)
		return 1;
	if (!take_half(data, p, provider_key_set_public))
		return 0;
	provider_key_drop_secret(data);
	return 1;
}

static const OSSL_PARAM *settable_params(void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)provider;
	return settable;
}

/* Whether a name is one of those between the colons. */
static bool has_name(const struct provider_type *type, const char *name)
{
	size_t len = strlen(name), part;

	for (const char *at = type->names; *at; at += part + (at[part] == ':')) {
		part = strcspn(at, ":");
		if (part == len && strncasecmp(at, name, len) == 0)
			return true;
	}
	return false;
}

static void *start_generation(size_t row, int selection)
{
	struct generation *gen = OPENSSL_zalloc(sizeof(*gen));

	if (gen && provider_key_type_at(row, &gen->type)) {
		gen->pair = selection & OSSL_KEYMGMT_SELECT_KEYPAIR;
		return gen;
	}
	OPENSSL_free(gen);
	return NULL;
}

/*
 * libssl names the group of a key to be made. Each of ours is of one kind of keys, so that there is
 * nothing to choose.
 */
static int set_generation(void *ctx, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
	const struct generation *gen = ctx;
	const char *name;

	if (!p)
		return 1;
	if (gen->type.kem && OSSL_PARAM_get_utf8_string_ptr(p, &name) == 1 &&
	    has_name(&gen->type, name))
		return 1;
	ERR_raise(ERR_LIB_PROV, ERR_R_PASSED_INVALID_ARGUMENT);
	return 0;
}

static const OSSL_PARAM *generation_params(void *ctx, void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provider;
	return settable;
}

static void *generate(void *ctx, OSSL_CALLBACK *callback, void *arg)
{
	const struct generation *gen = ctx;
	struct provider_key *key = provider_key_new(&gen->type);
	int err = key ? 0 : PQC_E_NOMEM;

	(void)callback;
	(void)arg;
	if (key && gen->pair)
		err = provider_key_generate(key);
	if (err == 0)
		return key;
	provider_key_fail(&gen->type, err);
	provider_key_put(key);
	return NULL;
}

static void end_generation(void *ctx)
{
	OPENSSL_free(ctx);
}

/* A decoder's key, which it gives away. */
static void *load_key(const void *reference, size_t len)
{
	struct provider_key **place;
	struct provider_key *key;

	if (len != sizeof(key))
		return NULL;
	place = (struct provider_key **)reference;
	key = *place;
	*place = NULL;
	return key;
}

#define SLOT(n_)                                                                             \
	static void *new_##n_(void *provider)                                                \
	{                                                                                    \
		(void)provider;                                                              \
		return new_key(n_);                                                          \
	}                                                                                    \
	static void *gen_init_##n_(void *provider, int selection, const OSSL_PARAM params[]) \
	{                                                                                    \
		(void)provider;                                                              \
		(void)params;                                                                \
		return start_generation(n_, selection);                                      \
	}
#define FUNCTIONS(n_)                                                                       \
	{                                                                                   \
		{OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))new_##n_},                          \
		{OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))gen_init_##n_},                \
		{OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, (void (*)(void))set_generation},         \
		{OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, (void (*)(void))generation_params}, \
		{OSSL_FUNC_KEYMGMT_GEN, (void (*)(void))generate},                          \
		{OSSL_FUNC_KEYMGMT_GEN_CLEANUP, (void (*)(void))end_generation},            \
		{OSSL_FUNC_KEYMGMT_LOAD, (void (*)(void))load_key},                         \
		{OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))free_key},                         \
		{OSSL_FUNC_KEYMGMT_DUP, (void (*)(void))dup_key},                           \
		{OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))has},                               \
		{OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))match},                           \
		{OSSL_FUNC_KEYMGMT_VALIDATE, (void (*)(void))validate},                     \
		{OSSL_FUNC_KEYMGMT_IMPORT, (void (*)(void))import},                         \
		{OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))half_types},               \
		{OSSL_FUNC_KEYMGMT_EXPORT, (void (*)(void)) export},                        \
		{OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*)(void))half_types},               \
		{OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))get_params},                 \
		{OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))gettable_params},       \
		{OSSL_FUNC_KEYMGMT_SET_PARAMS, (void (*)(void))set_params},                 \
		{OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (void (*)(void))settable_params},       \
		{0, NULL},                                                                  \
	},

/* clang-format off */
PROVIDER_SLOTS_EACH(SLOT)
/* clang-format on */

static const OSSL_DISPATCH slots[PROVIDER_SLOTS_COUNT][21] = {PROVIDER_SLOTS_EACH(FUNCTIONS)};

const OSSL_DISPATCH *provider_keymgmt_functions(size_t i)
{
	return i < PROVIDER_SLOTS_COUNT ? slots[i] : NULL;
}
