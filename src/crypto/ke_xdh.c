/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ke_ops.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/alg.h"
#include "crypto/alg_row.h"

#define MAX_LEN 56

static bool xdh_available(const struct alg *alg)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, alg->u.ke.impl->type, NULL);
	bool ok = ctx && EVP_PKEY_keygen_init(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static int xdh_generate(const struct alg *alg, EVP_PKEY **out)
{
	*out = EVP_PKEY_Q_keygen(NULL, NULL, alg->u.ke.impl->type);
	return *out ? 0 : E_CRYPTO;
}

static int xdh_encode(const struct alg *alg, EVP_PKEY *key, struct wbuf *out)
{
	size_t len = alg->u.ke.offer_len;
	uint8_t *to = wbuf_space(out, len);

	if (!to)
		return wbuf_err(out);
	return EVP_PKEY_get_raw_public_key(key, to, &len) == 1 && len == alg->u.ke.offer_len
		       ? 0
		       : E_CRYPTO;
}

/*
 * RFC 8031 section 3: an all-zero secret (the peer sent a point of small order) is refused. OpenSSL
 * does so by itself; another provider behind the same name may not.
 */
static bool all_zero(struct view secret)
{
	static const uint8_t zero[MAX_LEN];

	return CRYPTO_memcmp(secret.ptr, zero, secret.len) == 0;
}

static int xdh_finish(const struct alg *alg, EVP_PKEY *key, struct view peer,
		      struct secret *out_secret)
{
	const char *type = alg->u.ke.impl->type;
	struct ke_derive d = {.key = key, .len = alg->u.ke.offer_len};
	struct secret secret = {0};
	int err;

	d.peer = EVP_PKEY_new_raw_public_key_ex(NULL, type, NULL, peer.ptr, peer.len);
	err = d.peer ? ke_derive_secret(&d, &secret) : E_CRYPTO;
	if (err == 0 && all_zero(secret_view(&secret)))
		err = E_MALFORMED;
	if (err == 0)
		secret_move(out_secret, &secret);
	secret_done(&secret);
	EVP_PKEY_free(d.peer);
	return err;
}

const struct ke_ops ke_xdh_ops = {
	.available = xdh_available,
	.generate = xdh_generate,
	.encode = xdh_encode,
	.finish = xdh_finish,
};
