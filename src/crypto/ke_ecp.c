/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ke_ops.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/alg.h"
#include "crypto/alg_row.h"

#define MAX_LEN	     132  /* both coordinates of the 521-bit curve */
#define UNCOMPRESSED 0x04 /* SEC 1: this byte, x, y; IKE leaves it out */

/* A key with the curve's parameters and nothing else, for the caller to free, or NULL. */
static EVP_PKEY *new_params(const struct alg *alg)
{
	const struct alg_ke *row = alg->u.ke.impl;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, row->type, NULL);
	EVP_PKEY *params = NULL;

	if (ctx && EVP_PKEY_paramgen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_group_name(ctx, row->group) == 1)
		EVP_PKEY_paramgen(ctx, &params);
	EVP_PKEY_CTX_free(ctx);
	return params;
}

static bool ecp_available(const struct alg *alg)
{
	EVP_PKEY *params = new_params(alg);

	EVP_PKEY_free(params);
	return params;
}

static int ecp_generate(const struct alg *alg, EVP_PKEY **out)
{
	*out = EVP_PKEY_Q_keygen(NULL, NULL, alg->u.ke.impl->type, alg->u.ke.impl->group);
	return *out ? 0 : E_CRYPTO;
}

static int ecp_encode(const struct alg *alg, EVP_PKEY *key, struct wbuf *out)
{
	unsigned char *point = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(key, &point);
	int err = E_CRYPTO;

	if (len == 1u + alg->u.ke.offer_len && point[0] == UNCOMPRESSED) {
		wbuf_bytes(out, point + 1, len - 1);
		err = wbuf_err(out);
	}
	OPENSSL_free(point);
	return err;
}

/*
 * Taking the point in checks that it is on the curve. All curves here have a prime order, so there
 * is no small subgroup to look for (RFC 6989 section 2.3). The secret is x alone (RFC 5903
 * section 7).
 */
static int ecp_finish(const struct alg *alg, EVP_PKEY *key, struct view peer,
		      struct secret *out_secret)
{
	uint8_t point[1 + MAX_LEN] = {UNCOMPRESSED};
	struct ke_derive d = {.key = key, .len = alg->u.ke.offer_len / 2u};
	int err = E_CRYPTO;

	memcpy(point + 1, peer.ptr, peer.len);
	d.peer = EVP_PKEY_new();
	if (d.peer && EVP_PKEY_copy_parameters(d.peer, key) == 1) {
		err = E_MALFORMED;
		if (EVP_PKEY_set1_encoded_public_key(d.peer, point, 1 + peer.len) == 1)
			err = ke_derive_secret(&d, out_secret);
	}
	EVP_PKEY_free(d.peer);
	return err;
}

const struct ke_ops ke_ecp_ops = {
	.available = ecp_available,
	.generate = ecp_generate,
	.encode = ecp_encode,
	.finish = ecp_finish,
};
