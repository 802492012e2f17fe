/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/alg.h"
#include "crypto/alg_row.h"
#include "crypto/mac.h"
#include "crypto/seal_ops.h"

#define BLOCK	  16
#define CCM_NONCE 11

struct seal {
	const struct alg *encr, *integ;
	EVP_CIPHER_CTX *ctx; /* keyed for one direction at a time; NULL for the NULL cipher */
	int enc;	     /* that direction: 1 encrypts */
	struct mac mac;
	struct secret key; /* to turn the context around */
	uint8_t salt[4];
};

/* In EVP's manner: functions return true or false, enc is 1 to encrypt and 0 to decrypt. */
struct seal_ops {
	/* Before the first key; NULL if the cipher needs nothing. */
	bool (*prepare)(struct seal *s);
	/* Key is set, the direction is right. An AEAD writes or checks the ICV. NULL: no cipher. */
	bool (*crypt)(struct seal *s, const struct seal_io *io, int enc);
};

static bool set_iv(struct seal *s, const uint8_t *iv, int enc)
{
	return EVP_CipherInit_ex2(s->ctx, NULL, NULL, iv, enc, NULL) == 1;
}

static bool update(struct seal *s, const struct seal_io *io)
{
	int len = 0;

	if (io->len == 0)
		return true;
	return EVP_CipherUpdate(s->ctx, io->data, &len, io->data, (int)io->len) == 1 &&
	       (size_t)len == io->len;
}

static bool cbc_prepare(struct seal *s)
{
	return EVP_CIPHER_CTX_set_padding(s->ctx, 0) == 1;
}

static bool cbc_crypt(struct seal *s, const struct seal_io *io, int enc)
{
	return set_iv(s, io->iv, enc) && update(s, io);
}

/* RFC 3686 section 4: the counter block is nonce | IV | 32-bit counter from 1. */
static bool ctr_crypt(struct seal *s, const struct seal_io *io, int enc)
{
	uint8_t block[BLOCK] = {[BLOCK - 1] = 1};

	memcpy(block, s->salt, 4);
	memcpy(block + 4, io->iv, 8);
	return set_iv(s, block, enc) && update(s, io);
}

/* Nonce is salt | IV: 4 + 8 bytes, with CCM 3 + 8. */
static bool set_nonce(struct seal *s, const struct seal_io *io, int enc)
{
	size_t salt = s->encr->u.encr.salt_len;
	uint8_t nonce[12];

	memcpy(nonce, s->salt, salt);
	memcpy(nonce + salt, io->iv, 8);
	return set_iv(s, nonce, enc) &&
	       (enc || EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, s->encr->u.encr.icv_len,
					   io->icv) == 1);
}

static bool add_aad(struct seal *s, struct view aad)
{
	int len;

	return aad.len == 0 || EVP_CipherUpdate(s->ctx, NULL, &len, aad.ptr, (int)aad.len) == 1;
}

static bool get_tag(struct seal *s, const struct seal_io *io)
{
	return EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, s->encr->u.encr.icv_len,
				   io->icv) == 1;
}

static bool aead_crypt(struct seal *s, const struct seal_io *io, int enc)
{
	uint8_t none[BLOCK];
	int len;

	return set_nonce(s, io, enc) && add_aad(s, io->aad) && update(s, io) &&
	       EVP_CipherFinal_ex(s->ctx, none, &len) == 1 && (!enc || get_tag(s, io));
}

/* Lengths of nonce and tag are part of the mode and come before the key. */
static bool ccm_prepare(struct seal *s)
{
	return EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_IVLEN, CCM_NONCE, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, s->encr->u.encr.icv_len, NULL) ==
		       1;
}

/* CCM wants to know the length first, and takes (and checks) all of the text in one call. */
static bool ccm_crypt(struct seal *s, const struct seal_io *io, int enc)
{
	uint8_t none[BLOCK];
	int len = 0;

	return set_nonce(s, io, enc) &&
	       EVP_CipherUpdate(s->ctx, NULL, &len, NULL, (int)io->len) == 1 &&
	       add_aad(s, io->aad) &&
	       EVP_CipherUpdate(s->ctx, io->len ? io->data : none, &len, io->len ? io->data : none,
				(int)io->len) == 1 &&
	       (size_t)len == io->len && (!enc || get_tag(s, io));
}

const struct seal_ops seal_cbc_ops = {cbc_prepare, cbc_crypt};
const struct seal_ops seal_ctr_ops = {NULL, ctr_crypt};
const struct seal_ops seal_aead_ops = {NULL, aead_crypt};
const struct seal_ops seal_ccm_ops = {ccm_prepare, ccm_crypt};
const struct seal_ops seal_null_ops = {NULL, NULL};

static const struct seal_ops *ops_of(const struct seal *s)
{
	return s->encr->u.encr.impl->ops;
}

/* EVP name of the cipher with keys of this many bits, or NULL. */
static const char *cipher_name(const struct alg *encr, unsigned bits)
{
	const struct alg_cipher *row = encr->u.encr.impl;

	for (size_t i = 0; i < sizeof(row->names) / sizeof(row->names[0]); i++) {
		if (encr->u.encr.key_bits[i] == bits)
			return row->names[i];
	}
	return NULL;
}

bool seal_ops_available(const struct alg *encr)
{
	bool ok = true;

	for (size_t i = 0; ok && encr->u.encr.key_bits[i]; i++) {
		const char *name = cipher_name(encr, encr->u.encr.key_bits[i]);
		EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);

		ok = cipher;
		EVP_CIPHER_free(cipher);
	}
	ERR_clear_error();
	return ok;
}

size_t seal_key_e_len(const struct alg *encr, uint16_t key_bits)
{
	unsigned bits = alg_encr_key_bits(encr, key_bits);

	return bits ? bits / 8 + encr->u.encr.salt_len : 0;
}

size_t seal_key_a_len(const struct alg *encr, const struct alg *integ)
{
	return encr->u.encr.aead || !integ ? 0 : integ->u.integ.key_len;
}

/* Key the context for a direction. An EVP context has one; a seal is meant for one as well. */
static bool set_direction(struct seal *s, int enc)
{
	if (!s->ctx || s->enc == enc)
		return true;
	s->enc = enc;
	return EVP_CipherInit_ex2(s->ctx, NULL, s->key.data, NULL, enc, NULL) == 1;
}

static int set_cipher(struct seal *s, const char *name)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	bool ok;

	if (!cipher)
		return E_UNSUPPORTED;
	s->ctx = EVP_CIPHER_CTX_new();
	s->enc = -1;
	ok = s->ctx && EVP_CipherInit_ex2(s->ctx, cipher, NULL, NULL, 1, NULL) == 1 &&
	     (!ops_of(s)->prepare || ops_of(s)->prepare(s)) && set_direction(s, 1);
	EVP_CIPHER_free(cipher); /* the context has its own reference */
	return ok ? 0 : E_CRYPTO;
}

static int set_keys(struct seal *s, const struct seal_params *p, unsigned bits)
{
	const char *name = cipher_name(p->encr, bits);
	int err;

	if (bits) {
		err = secret_copy(&s->key, view_make(p->key_e.ptr, bits / 8));
		if (err == 0)
			err = name ? set_cipher(s, name) : E_UNSUPPORTED;
		if (err)
			return err;
		memcpy(s->salt, p->key_e.ptr + bits / 8, p->encr->u.encr.salt_len);
	}
	return s->integ ? mac_init(&s->mac, s->integ->u.integ.impl, p->key_a) : 0;
}

int seal_new(const struct seal_params *params, struct seal **out)
{
	unsigned bits = alg_encr_key_bits(params->encr, params->key_bits);
	bool null = params->encr->u.encr.key_bits[0] == 0;
	struct seal *s;
	int err;

	if ((!bits && !null) || params->encr->u.encr.aead == (params->integ != NULL))
		return E_UNSUPPORTED;
	if (params->key_e.len != seal_key_e_len(params->encr, params->key_bits) ||
	    params->key_a.len != seal_key_a_len(params->encr, params->integ))
		return E_MALFORMED;
	s = calloc(1, sizeof(*s));
	if (!s)
		return E_NOMEM;
	s->encr = params->encr;
	s->integ = params->integ;
	err = set_keys(s, params, bits);
	if (err) {
		ERR_clear_error();
		seal_free(s);
		return err;
	}
	*out = s;
	return 0;
}

void seal_free(struct seal *s)
{
	if (!s)
		return;
	EVP_CIPHER_CTX_free(s->ctx);
	mac_done(&s->mac);
	secret_done(&s->key);
	secret_wipe(s->salt, sizeof(s->salt));
	free(s);
}

size_t seal_iv_len(const struct seal *s)
{
	return s->encr->u.encr.iv_len;
}

size_t seal_icv_len(const struct seal *s)
{
	return s->integ ? s->integ->u.integ.icv_len : s->encr->u.encr.icv_len;
}

size_t seal_block(const struct seal *s)
{
	return s->encr->u.encr.block;
}

bool seal_iv_is_counter(const struct seal *s)
{
	return s->encr->u.encr.iv_counter;
}

/* What EVP and the modes can take; whoever calls with something else has not looked at _block(). */
static bool io_fits(const struct seal *s, const struct seal_io *io)
{
	return io->len <= INT_MAX && io->aad.len <= INT_MAX &&
	       io->len % s->encr->u.encr.block == 0 && (s->integ || io->aad_tail.len == 0);
}

static bool compute_icv(struct seal *s, const struct seal_io *io, uint8_t icv[MAC_MAX_LEN])
{
	const struct view parts[] = {io->aad, view_make(io->iv, seal_iv_len(s)),
				     view_make(io->data, io->len), io->aad_tail};

	return mac_compute(&s->mac, parts, sizeof(parts) / sizeof(parts[0]), icv) == 0;
}

static bool run_cipher(struct seal *s, const struct seal_io *io, int enc)
{
	return !ops_of(s)->crypt || (set_direction(s, enc) && ops_of(s)->crypt(s, io, enc));
}

int seal_encrypt(struct seal *s, const struct seal_io *io)
{
	uint8_t icv[MAC_MAX_LEN];
	bool ok = io_fits(s, io) && run_cipher(s, io, 1);

	if (ok && s->integ) {
		ok = compute_icv(s, io, icv);
		if (ok)
			memcpy(io->icv, icv, seal_icv_len(s));
	}
	if (ok)
		return 0;
	ERR_clear_error();
	return E_CRYPTO;
}

/* A packet that does not pass leaves nothing behind that looks like plaintext. */
static int refuse(const struct seal_io *io)
{
	secret_wipe(io->data, io->len);
	ERR_clear_error();
	return E_INTEGRITY;
}

int seal_decrypt(struct seal *s, const struct seal_io *io)
{
	uint8_t icv[MAC_MAX_LEN];

	if (!io_fits(s, io))
		return E_INTEGRITY;
	if (s->integ) {
		if (!compute_icv(s, io, icv))
			return E_CRYPTO;
		if (CRYPTO_memcmp(icv, io->icv, seal_icv_len(s)) != 0)
			return E_INTEGRITY;
	}
	if (run_cipher(s, io, 0))
		return 0;
	return s->integ ? E_CRYPTO : refuse(io);
}
