/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/kem.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "provider/key.h"

struct operation {
	struct provider_key *key;
};

static void *operation_new(void *provider)
{
	(void)provider;
	return OPENSSL_zalloc(sizeof(struct operation));
}

static void operation_free(void *ctx)
{
	struct operation *op = ctx;

	if (op)
		provider_key_put(op->key);
	OPENSSL_free(op);
}

static void *operation_dup(void *ctx)
{
	const struct operation *op = ctx;
	struct operation *copy = operation_new(NULL);

	if (copy && op->key)
		copy->key = provider_key_get(op->key);
	return copy;
}

static int set_key(struct operation *op, struct provider_key *key, const uint8_t *half)
{
	if (!half)
		return provider_key_fail(&key->type, PQC_E_KEY);
	provider_key_get(key);
	provider_key_put(op->key);
	op->key = key;
	return 1;
}

static int encapsulate_init(void *ctx, void *key, const OSSL_PARAM params[])
{
	(void)params;
	return set_key(ctx, key, ((struct provider_key *)key)->pub);
}

static int decapsulate_init(void *ctx, void *key, const OSSL_PARAM params[])
{
	(void)params;
	return set_key(ctx, key, ((struct provider_key *)key)->sec);
}

/* What a buffer must have room for, and how much OpenSSL says there is; then how much is used. */
static bool take_room(size_t *room, size_t need)
{
	if (room && *room < need) {
		ERR_raise(ERR_LIB_PROV, ERR_R_PASSED_INVALID_ARGUMENT);
		return false;
	}
	if (room)
		*room = need;
	return true;
}

/* Without a buffer: how long it must be. */
static int encapsulate(void *ctx, unsigned char *ct, size_t *ct_len, unsigned char *shared,
		       size_t *shared_len)
{
	const struct operation *op = ctx;
	const struct pqc_kem *kem = op->key->type.kem;
	int err;

	if (!ct) {
		if (ct_len)
			*ct_len = kem->ciphertext_len;
		if (shared_len)
			*shared_len = kem->shared_len;
		return 1;
	}
	if (!shared || !take_room(ct_len, kem->ciphertext_len) ||
	    !take_room(shared_len, kem->shared_len))
		return 0;
	err = pqc_kem_encaps(kem, &provider_key_rng, provider_key_public(op->key), ct, shared);
	return err ? provider_key_fail(&op->key->type, err) : 1;
}

static int decapsulate(void *ctx, unsigned char *shared, size_t *shared_len,
		       const unsigned char *ct, size_t ct_len)
{
	const struct operation *op = ctx;
	const struct pqc_kem *kem = op->key->type.kem;
	int err;

	if (!shared) {
		*shared_len = kem->shared_len;
		return 1;
	}
	if (!take_room(shared_len, kem->shared_len))
		return 0;
	err = pqc_kem_decaps(kem, provider_key_secret(op->key), pqc_bytes_make(ct, ct_len), shared);
	return err ? provider_key_fail(&op->key->type, err) : 1;
}

const OSSL_DISPATCH provider_kem_functions[] = {
	{OSSL_FUNC_KEM_NEWCTX, (void (*)(void))operation_new},
	{OSSL_FUNC_KEM_FREECTX, (void (*)(void))operation_free},
	{OSSL_FUNC_KEM_DUPCTX, (void (*)(void))operation_dup},
	{OSSL_FUNC_KEM_ENCAPSULATE_INIT, (void (*)(void))encapsulate_init},
	{OSSL_FUNC_KEM_ENCAPSULATE, (void (*)(void))encapsulate},
	{OSSL_FUNC_KEM_DECAPSULATE_INIT, (void (*)(void))decapsulate_init},
	{OSSL_FUNC_KEM_DECAPSULATE, (void (*)(void))decapsulate},
	{0, NULL},
};
