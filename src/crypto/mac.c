/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/mac.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/alg_row.h"

#define BLOCK 16

/* Fetched once: a fetch by name takes locks that the datapath would feel. Kept for good. */
static EVP_MAC *hmac, *cmac;
static EVP_CIPHER *aes;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	aes = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	ERR_clear_error();
}

static int evp_init(struct mac *m, struct view key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(m->row->param, (char *)m->row->value, 0),
		OSSL_PARAM_END,
	};
	EVP_MAC *mac;

	pthread_once(&fetched, fetch);
	mac = strcmp(m->row->mac, "HMAC") == 0 ? hmac : cmac;
	if (!mac)
		return E_UNSUPPORTED;
	m->ctx = EVP_MAC_CTX_new(mac);
	if (!m->ctx)
		return E_NOMEM;
	/* To OpenSSL a NULL key means "the one you have", an empty key is something else. */
	return EVP_MAC_init(m->ctx, key.ptr ? key.ptr : (const uint8_t *)"", key.len, params) == 1
		       ? 0
		       : E_CRYPTO;
}

static int evp_compute(struct mac *m, const struct view *parts, size_t n, uint8_t *out)
{
	size_t len;

	if (EVP_MAC_init(m->ctx, NULL, 0, NULL) != 1)
		return E_CRYPTO;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0 && EVP_MAC_update(m->ctx, parts[i].ptr, parts[i].len) != 1)
			return E_CRYPTO;
	}
	return EVP_MAC_final(m->ctx, out, &len, m->row->len) == 1 && len == m->row->len ? 0
											: E_CRYPTO;
}

static void evp_done(struct mac *m)
{
	EVP_MAC_CTX_free(m->ctx);
}

const struct mac_ops mac_evp_ops = {evp_init, evp_compute, evp_done};

/* One more block of the chain: CBC keeps the state, the last output block is the MAC. */
static bool xcbc_block(EVP_CIPHER_CTX *ctx, const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
	int len;

	return EVP_EncryptUpdate(ctx, out, &len, in, BLOCK) == 1 && len == BLOCK;
}

static bool xcbc_restart(EVP_CIPHER_CTX *ctx)
{
	static const uint8_t zero[BLOCK];

	return EVP_EncryptInit_ex2(ctx, NULL, NULL, zero, NULL) == 1;
}

/* RFC 3566 section 4: K1, K2, K3 are constant blocks under K. */
static int xcbc_init(struct mac *m, struct view key)
{
	uint8_t k1[BLOCK], *const keys[3] = {k1, m->k2, m->k3};
	bool ok;

	pthread_once(&fetched, fetch);
	if (!aes)
		return E_UNSUPPORTED;
	m->k1 = EVP_CIPHER_CTX_new();
	if (!m->k1)
		return E_NOMEM;
	ok = EVP_EncryptInit_ex2(m->k1, aes, key.ptr, NULL, NULL) == 1 &&
	     EVP_CIPHER_CTX_set_padding(m->k1, 0) == 1;
	for (unsigned i = 0; ok && i < 3; i++) {
		uint8_t constant[BLOCK];

		memset(constant, (int)i + 1, sizeof(constant));
		ok = xcbc_restart(m->k1) && xcbc_block(m->k1, constant, keys[i]);
	}
	ok = ok && EVP_EncryptInit_ex2(m->k1, NULL, k1, NULL, NULL) == 1;
	secret_wipe(k1, sizeof(k1));
	return ok ? 0 : E_CRYPTO;
}

/* The chain state while a message comes in: its last block waits until it is known to be last. */
struct xcbc {
	EVP_CIPHER_CTX *ctx;
	uint8_t block[BLOCK];
	size_t fill;
};

/* Chain whole blocks of v, but never its end; *out_len bytes were taken. */
static bool xcbc_bulk(struct xcbc *x, struct view v, size_t *out_len)
{
	uint8_t scratch[32 * BLOCK]; /* CBC output that nobody needs: the context keeps the last */
	size_t run = (v.len - 1) / BLOCK * BLOCK;
	int len;

	*out_len = run < sizeof(scratch) ? run : sizeof(scratch);
	return EVP_EncryptUpdate(x->ctx, scratch, &len, v.ptr, (int)*out_len) == 1 &&
	       (size_t)len == *out_len;
}

static bool xcbc_update(struct xcbc *x, struct view v)
{
	uint8_t chained[BLOCK];
	size_t step;

	for (; v.len > 0; v = view_make(v.ptr + step, v.len - step)) {
		if (x->fill == BLOCK) {
			if (!xcbc_block(x->ctx, x->block, chained))
				return false;
			x->fill = 0;
		}
		if (x->fill == 0 && v.len > BLOCK) {
			if (!xcbc_bulk(x, v, &step))
				return false;
			continue;
		}
		step = v.len < BLOCK - x->fill ? v.len : BLOCK - x->fill;
		memcpy(x->block + x->fill, v.ptr, step);
		x->fill += step;
	}
	return true;
}

static int xcbc_compute(struct mac *m, const struct view *parts, size_t n, uint8_t *out)
{
	struct xcbc x = {.ctx = m->k1};
	const uint8_t *mask = m->k2;

	if (!xcbc_restart(m->k1))
		return E_CRYPTO;
	for (size_t i = 0; i < n; i++) {
		if (!xcbc_update(&x, parts[i]))
			return E_CRYPTO;
	}
	if (x.fill < BLOCK) {
		mask = m->k3;
		memset(x.block + x.fill, 0, BLOCK - x.fill);
		x.block[x.fill] = 0x80;
	}
	for (size_t i = 0; i < BLOCK; i++)
		x.block[i] ^= mask[i];
	return xcbc_block(m->k1, x.block, out) ? 0 : E_CRYPTO;
}

static void xcbc_done(struct mac *m)
{
	EVP_CIPHER_CTX_free(m->k1);
}

const struct mac_ops mac_xcbc_ops = {xcbc_init, xcbc_compute, xcbc_done};

bool mac_available(const struct alg_mac *row)
{
	static const uint8_t key[MAC_MAX_LEN];
	struct mac m;
	bool ok = mac_init(&m, row, view_make(key, row->len)) == 0;

	if (ok)
		mac_done(&m);
	return ok;
}

int mac_init(struct mac *m, const struct alg_mac *row, struct view key)
{
	int err;

	*m = (struct mac){.row = row};
	if (row->fixed_key && key.len != row->fixed_key)
		return E_MALFORMED;
	err = row->ops->init(m, key);
	if (err) {
		ERR_clear_error();
		mac_done(m);
	}
	return err;
}

int mac_compute(struct mac *m, const struct view *parts, size_t n, uint8_t *out)
{
	int err = m->row->ops->compute(m, parts, n, out);

	if (err)
		ERR_clear_error();
	return err;
}

void mac_done(struct mac *m)
{
	if (m->row)
		m->row->ops->done(m);
	secret_wipe(m, sizeof(*m));
}
