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

static int xcbc_compute(struct mac *m, const struct view *parts, size_t n, uint8_t *out)
{
	uint8_t block[BLOCK] = {0}; /* the last one so far: it may turn out to be the final one */
	const uint8_t *mask = m->k2;
	size_t fill = 0;

	if (!xcbc_restart(m->k1))
		return E_CRYPTO;
	for (size_t i = 0; i < n; i++) {
		for (size_t at = 0, step; at < parts[i].len; at += step) {
			if (fill == BLOCK) {
				if (!xcbc_block(m->k1, block, out))
					return E_CRYPTO;
				fill = 0;
			}
			step = parts[i].len - at < BLOCK - fill ? parts[i].len - at : BLOCK - fill;
			memcpy(block + fill, parts[i].ptr + at, step);
			fill += step;
		}
	}
	if (fill < BLOCK) {
		mask = m->k3;
		memset(block + fill, 0, BLOCK - fill);
		block[fill] = 0x80;
	}
	for (size_t i = 0; i < BLOCK; i++)
		block[i] ^= mask[i];
	return xcbc_block(m->k1, block, out) ? 0 : E_CRYPTO;
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
