/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ke_ops.h"

#include <openssl/evp.h>

#include "crypto/alg.h"
#include "crypto/alg_row.h"

/*
 * KEMs: the offer is a public key, the answer a ciphertext. The keys are of the provider that the
 * row names, also where OpenSSL brings an algorithm of the same name itself.
 */

static EVP_PKEY_CTX *begin_keygen(const struct alg *alg)
{
	const struct alg_ke *ke = alg->u.ke.impl;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, ke->type, ke->properties);

	if (ctx && EVP_PKEY_keygen_init(ctx) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static bool kem_available(const struct alg *alg)
{
	EVP_PKEY_CTX *ctx = begin_keygen(alg);

	EVP_PKEY_CTX_free(ctx);
	return ctx != NULL;
}

static int kem_generate(const struct alg *alg, EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = begin_keygen(alg);
	bool ok = ctx && EVP_PKEY_generate(ctx, out) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : E_CRYPTO;
}

static int kem_encode(const struct alg *alg, EVP_PKEY *key, struct wbuf *out)
{
	size_t len = alg->u.ke.offer_len;
	uint8_t *to = wbuf_space(out, len);

	if (!to)
		return wbuf_err(out);
	return EVP_PKEY_get_raw_public_key(key, to, &len) == 1 && len == alg->u.ke.offer_len
		       ? 0
		       : E_CRYPTO;
}

/* To a public key that has been checked. The lengths are asked for, then what comes is used. */
static int encapsulate(const struct alg *alg, EVP_PKEY_CTX *ctx, struct wbuf *out_answer,
		       struct secret *out_secret)
{
	struct secret secret = {0};
	size_t answer_len = 0, secret_len = 0;
	uint8_t *answer;
	int err;

	if (EVP_PKEY_encapsulate_init(ctx, NULL) != 1 ||
	    EVP_PKEY_encapsulate(ctx, NULL, &answer_len, NULL, &secret_len) != 1 ||
	    answer_len != alg->u.ke.answer_len)
		return E_CRYPTO;
	answer = wbuf_space(out_answer, answer_len);
	if (!answer)
		return wbuf_err(out_answer);
	err = secret_alloc(&secret, secret_len);
	if (err == 0 &&
	    EVP_PKEY_encapsulate(ctx, answer, &answer_len, secret.data, &secret_len) != 1)
		err = E_CRYPTO;
	if (err == 0)
		secret_move(out_secret, &secret);
	secret_done(&secret);
	return err;
}

/* FIPS 203 section 7.2: the import checks the peer's key, whose length is right already. */
static int kem_answer(const struct alg *alg, struct view offer, struct wbuf *out_answer,
		      struct secret *out_secret)
{
	const char *properties = alg->u.ke.impl->properties;
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(NULL, alg->u.ke.impl->type, properties,
							offer.ptr, offer.len);
	EVP_PKEY_CTX *ctx;
	int err = E_CRYPTO;

	if (!peer)
		return E_MALFORMED;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, peer, properties);
	if (ctx)
		err = encapsulate(alg, ctx, out_answer, out_secret);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return err;
}

/*
 * A ciphertext that is not of our key gives a secret that the peer does not have, and with HQC
 * E_MALFORMED.
 */
static int kem_finish(const struct alg *alg, EVP_PKEY *key, struct view peer,
		      struct secret *out_secret)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, alg->u.ke.impl->properties);
	struct secret secret = {0};
	size_t len = 0;
	int err = E_CRYPTO;

	if (ctx && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
	    EVP_PKEY_decapsulate(ctx, NULL, &len, peer.ptr, peer.len) == 1)
		err = secret_alloc(&secret, len);
	if (err == 0 && EVP_PKEY_decapsulate(ctx, secret.data, &len, peer.ptr, peer.len) != 1)
		err = E_MALFORMED;
	if (err == 0)
		secret_move(out_secret, &secret);
	secret_done(&secret);
	EVP_PKEY_CTX_free(ctx);
	return err;
}

const struct ke_ops ke_kem_ops = {
	.available = kem_available,
	.generate = kem_generate,
	.encode = kem_encode,
	.answer = kem_answer,
	.finish = kem_finish,
};
