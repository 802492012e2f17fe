/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ke.h"

#include <openssl/dh.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "crypto/alg.h"
#include "crypto/alg_row.h"
#include "crypto/ke_ops.h"

struct ke {
	const struct alg *alg;
	EVP_PKEY *key;
};

static const struct ke_ops *ops_of(const struct alg *alg)
{
	return alg->u.ke.impl->ops;
}

/* On failure nothing stays appended; OpenSSL's reasons are not looked at, so they must go. */
static int settle(int err, struct wbuf *out, size_t before)
{
	if (err == 0)
		err = wbuf_err(out);
	if (err) {
		wbuf_truncate(out, before);
		ERR_clear_error();
	}
	return err;
}

int ke_offer(const struct alg *alg, struct ke **out, struct wbuf *out_offer)
{
	size_t before = out_offer->len;
	struct ke *ke = calloc(1, sizeof(*ke));
	int err;

	if (!ke)
		return E_NOMEM;
	ke->alg = alg;
	err = ops_of(alg)->generate(alg, &ke->key);
	if (err == 0)
		err = ops_of(alg)->encode(alg, ke->key, out_offer);
	err = settle(err, out_offer, before);
	if (err)
		ke_free(ke);
	else
		*out = ke;
	return err;
}

/* Diffie-Hellman: both sides do the same. */
static int answer_dh(const struct alg *alg, struct view offer, struct wbuf *out_answer,
		     struct secret *out_secret)
{
	EVP_PKEY *key = NULL;
	int err = ops_of(alg)->generate(alg, &key);

	if (err == 0)
		err = ops_of(alg)->encode(alg, key, out_answer);
	if (err == 0)
		err = ops_of(alg)->finish(alg, key, offer, out_secret);
	EVP_PKEY_free(key);
	return err;
}

int ke_answer(const struct alg *alg, struct view offer, struct wbuf *out_answer,
	      struct secret *out_secret)
{
	struct secret secret = {0};
	size_t before = out_answer->len;
	int err = E_MALFORMED;

	if (offer.len == alg->u.ke.offer_len)
		err = (ops_of(alg)->answer ? ops_of(alg)->answer : answer_dh)(alg, offer,
									      out_answer, &secret);
	err = settle(err, out_answer, before);
	if (err == 0)
		secret_move(out_secret, &secret);
	secret_done(&secret);
	return err;
}

int ke_finish(struct ke *ke, struct view answer, struct secret *out_secret)
{
	int err = E_MALFORMED;

	if (answer.len == ke->alg->u.ke.answer_len)
		err = ops_of(ke->alg)->finish(ke->alg, ke->key, answer, out_secret);
	if (err)
		ERR_clear_error();
	return err;
}

const struct alg *ke_alg(const struct ke *ke)
{
	return ke->alg;
}

void ke_free(struct ke *ke)
{
	if (!ke)
		return;
	EVP_PKEY_free(ke->key);
	free(ke);
}

int ke_derive_secret(const struct ke_derive *d, struct secret *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, d->key, NULL);
	struct secret secret = {0};
	size_t len = d->len;
	int err = E_CRYPTO;

	if (!ctx || EVP_PKEY_derive_init(ctx) != 1 ||
	    (d->pad && EVP_PKEY_CTX_set_dh_pad(ctx, 1) != 1))
		goto done;
	err = E_MALFORMED;
	if (EVP_PKEY_derive_set_peer_ex(ctx, d->peer, d->check_peer) != 1)
		goto done;
	err = secret_alloc(&secret, len);
	if (err == 0 && (EVP_PKEY_derive(ctx, secret.data, &len) != 1 || len != d->len))
		err = E_MALFORMED;
	if (err == 0)
		secret_move(out, &secret);
	secret_done(&secret);
done:
	EVP_PKEY_CTX_free(ctx);
	return err;
}
