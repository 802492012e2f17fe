/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ke_ops.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/alg.h"
#include "crypto/alg_row.h"

/*
 * Private exponents where OpenSSL has no opinion: twice the strength of these two groups and more
 * (RFC 3526 section 8 has 120 to 160 bits for the next larger one).
 */
#define EXPONENT_BITS 256

/* The two groups that OpenSSL does not know by name (RFC 2409 section 6): p; g is 2. */
static const struct {
	uint16_t bytes;
	BIGNUM *(*prime)(BIGNUM *);
} unnamed[] = {
	{96, BN_get_rfc2409_prime_768},
	{128, BN_get_rfc2409_prime_1024},
};

static EVP_PKEY *params_of_prime(const BIGNUM *p, const char *type)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;
	BIGNUM *g = BN_new();

	if (ctx && bld && g && BN_set_word(g, 2) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_P, p) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_G, g) == 1)
		params = OSSL_PARAM_BLD_to_param(bld);
	if (params && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEY_PARAMETERS, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(g);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A context to generate keys of a group without a name, or NULL. */
static EVP_PKEY_CTX *new_unnamed(const struct alg *alg)
{
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *params = NULL;
	BIGNUM *p = NULL;
	int bits = EXPONENT_BITS;
	OSSL_PARAM set[] = {OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_DH_PRIV_LEN, &bits),
			    OSSL_PARAM_END};

	for (size_t i = 0; i < sizeof(unnamed) / sizeof(unnamed[0]) && !p; i++) {
		if (unnamed[i].bytes == alg->u.ke.offer_len)
			p = unnamed[i].prime(NULL);
	}
	if (p)
		params = params_of_prime(p, alg->u.ke.impl->type);
	if (params)
		ctx = EVP_PKEY_CTX_new_from_pkey(NULL, params, NULL);
	BN_free(p);
	EVP_PKEY_free(params);
	if (ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_params(ctx, set) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static EVP_PKEY_CTX *new_generator(const struct alg *alg)
{
	const struct alg_ke *row = alg->u.ke.impl;
	EVP_PKEY_CTX *ctx;

	if (!row->group)
		return new_unnamed(alg);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, row->type, NULL);
	if (ctx && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_group_name(ctx, row->group) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static bool modp_available(const struct alg *alg)
{
	EVP_PKEY_CTX *ctx = new_generator(alg);

	EVP_PKEY_CTX_free(ctx);
	return ctx;
}

static int modp_generate(const struct alg *alg, EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = new_generator(alg);

	if (ctx)
		EVP_PKEY_generate(ctx, out);
	EVP_PKEY_CTX_free(ctx);
	return *out ? 0 : E_CRYPTO;
}

static int modp_encode(const struct alg *alg, EVP_PKEY *key, struct wbuf *out)
{
	unsigned char *y = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(key, &y);
	int err = E_CRYPTO;

	if (len == alg->u.ke.offer_len) {
		wbuf_bytes(out, y, len);
		err = wbuf_err(out);
	}
	OPENSSL_free(y);
	return err;
}

/*
 * OpenSSL's check of the peer's key is RFC 6989 section 2.1 and 2.2: 1 < y < p - 1, and y^q = 1 in
 * the groups of RFC 5114, which have small subgroups. The secret keeps its leading zeros (RFC 7296
 * section 2.14).
 */
static int modp_finish(const struct alg *alg, EVP_PKEY *key, struct view peer,
		       struct secret *out_secret)
{
	struct ke_derive d = {
		.key = key, .check_peer = true, .pad = true, .len = alg->u.ke.offer_len};
	int err = E_CRYPTO;

	d.peer = EVP_PKEY_new();
	if (d.peer && EVP_PKEY_copy_parameters(d.peer, key) == 1) {
		err = E_MALFORMED;
		if (EVP_PKEY_set1_encoded_public_key(d.peer, peer.ptr, peer.len) == 1)
			err = ke_derive_secret(&d, out_secret);
	}
	EVP_PKEY_free(d.peer);
	return err;
}

const struct ke_ops ke_modp_ops = {
	.available = modp_available,
	.generate = modp_generate,
	.encode = modp_encode,
	.finish = modp_finish,
};
