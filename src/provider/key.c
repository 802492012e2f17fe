/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/key.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

static int fill(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	while (len > 0) {
		int part = len < INT32_MAX ? (int)len : INT32_MAX;

		if (RAND_priv_bytes(out, part) != 1)
			return PQC_E_RNG;
		out += part;
		len -= (size_t)part;
	}
	return 0;
}

const struct pqc_rng provider_key_rng = {.fill = fill};

bool provider_key_type_at(size_t i, struct provider_type *out)
{
	const struct pqc_kem *kem = pqc_kem_at(i);

	if (!kem)
		return false;
	*out = (struct provider_type){kem->name, kem->public_len, kem->secret_len, kem};
	return true;
}

struct provider_key *provider_key_new(const struct provider_type *type)
{
	struct provider_key *key = OPENSSL_zalloc(sizeof(*key));

	if (!key)
		return NULL;
	atomic_init(&key->refs, 1);
	key->type = *type;
	return key;
}

struct provider_key *provider_key_get(struct provider_key *key)
{
	atomic_fetch_add(&key->refs, 1);
	return key;
}

static void set_halves(struct provider_key *key, uint8_t *pub, uint8_t *sec)
{
	OPENSSL_free(key->pub);
	OPENSSL_clear_free(key->sec, key->type.secret_len);
	key->pub = pub;
	key->sec = sec;
}

void provider_key_put(struct provider_key *key)
{
	if (!key || atomic_fetch_sub(&key->refs, 1) > 1)
		return;
	set_halves(key, NULL, NULL);
	OPENSSL_free(key);
}

struct provider_key *provider_key_dup(const struct provider_key *key, unsigned halves)
{
	struct provider_key *copy = provider_key_new(&key->type);
	bool pub = (halves & PROVIDER_KEY_PUBLIC) && key->pub;
	bool sec = (halves & PROVIDER_KEY_SECRET) && key->sec;

	if (!copy)
		return NULL;
	if (pub)
		copy->pub = OPENSSL_memdup(key->pub, key->type.public_len);
	if (sec)
		copy->sec = OPENSSL_memdup(key->sec, key->type.secret_len);
	if ((!pub || copy->pub) && (!sec || copy->sec))
		return copy;
	provider_key_put(copy);
	return NULL;
}

int provider_key_generate(struct provider_key *key)
{
	uint8_t *pub = OPENSSL_malloc(key->type.public_len);
	uint8_t *sec = OPENSSL_malloc(key->type.secret_len);
	int err = pub && sec ? pqc_kem_keypair(key->type.kem, &provider_key_rng, pub, sec)
			     : PQC_E_NOMEM;

	if (err == 0) {
		set_halves(key, pub, sec);
		return 0;
	}
	OPENSSL_free(pub);
	OPENSSL_free(sec); /* the library has zeroed it */
	return err;
}

int provider_key_set_public(struct provider_key *key, struct pqc_bytes pub)
{
	int err = pqc_kem_check_public(key->type.kem, pub);
	uint8_t *copy = err ? NULL : OPENSSL_memdup(pub.ptr, pub.len);

	if (err || !copy)
		return err ? err : PQC_E_NOMEM;
	OPENSSL_free(key->pub);
	key->pub = copy;
	return 0;
}

int provider_key_set_secret(struct provider_key *key, struct pqc_bytes sec)
{
	int err = pqc_kem_check_secret(key->type.kem, sec);
	uint8_t *copy = err ? NULL : OPENSSL_memdup(sec.ptr, sec.len);

	if (err || !copy)
		return err ? err : PQC_E_NOMEM;
	provider_key_drop_secret(key);
	key->sec = copy;
	return 0;
}

void provider_key_drop_secret(struct provider_key *key)
{
	OPENSSL_clear_free(key->sec, key->type.secret_len);
	key->sec = NULL;
}

bool provider_key_is_pair(const struct provider_key *key)
{
	const struct pqc_kem *kem = key->type.kem;
	size_t len = kem->shared_len;
	uint8_t *ct = OPENSSL_malloc(kem->ciphertext_len), *shared = OPENSSL_malloc(2 * len);
	bool same =
		ct && shared && key->pub && key->sec &&
		pqc_kem_encaps(kem, &provider_key_rng, provider_key_public(key), ct, shared) == 0 &&
		pqc_kem_decaps(kem, provider_key_secret(key),
			       pqc_bytes_make(ct, kem->ciphertext_len), shared + len) == 0 &&
		CRYPTO_memcmp(shared, shared + len, len) == 0;

	OPENSSL_free(ct);
	OPENSSL_clear_free(shared, 2 * len);
	return same;
}

struct pqc_bytes provider_key_public(const struct provider_key *key)
{
	return pqc_bytes_make(key->pub, key->type.public_len);
}

struct pqc_bytes provider_key_secret(const struct provider_key *key)
{
	return pqc_bytes_make(key->sec, key->type.secret_len);
}

int provider_key_fail(const struct provider_type *type, int err)
{
	if (err == PQC_E_NOMEM)
		ERR_raise(ERR_LIB_PROV, ERR_R_MALLOC_FAILURE);
	else
		ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "%s: %s", type->name,
			       pqc_error_text(err));
	return 0;
}
