/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/xfrm/kalg.h"

#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <string.h>

#include "crypto/alg.h"

#define KEY_MAX	     64 /* bytes: HMAC-SHA-512 */
#define HMAC_SHA_256 12
#define SHORT_ICV    12 /* bytes of HMAC-SHA-256 in some old peers */

/* What the kernel calls the rows of crypto/alg.c. CAMELLIA_CTR it does not have. */
static const struct {
	uint8_t type;
	uint16_t id;
	const char *name;
} names[] = {
	{ALG_ENCR, 12, "cbc(aes)"},
	{ALG_ENCR, 13, "rfc3686(ctr(aes))"},
	{ALG_ENCR, 23, "cbc(camellia)"},
	{ALG_ENCR, 3, "cbc(des3_ede)"},
	{ALG_ENCR, 11, "ecb(cipher_null)"},
	{ALG_ENCR, 20, "rfc4106(gcm(aes))"},
	{ALG_ENCR, 19, "rfc4106(gcm(aes))"},
	{ALG_ENCR, 18, "rfc4106(gcm(aes))"},
	{ALG_ENCR, 16, "rfc4309(ccm(aes))"},
	{ALG_ENCR, 15, "rfc4309(ccm(aes))"},
	{ALG_ENCR, 14, "rfc4309(ccm(aes))"},
	{ALG_ENCR, 28, "rfc7539esp(chacha20,poly1305)"},
	{ALG_INTEG, HMAC_SHA_256, "hmac(sha256)"},
	{ALG_INTEG, 13, "hmac(sha384)"},
	{ALG_INTEG, 14, "hmac(sha512)"},
	{ALG_INTEG, 2, "hmac(sha1)"},
	{ALG_INTEG, 5, "xcbc(aes)"},
	{ALG_INTEG, 8, "cmac(aes)"},
};

static const char *name_of(const struct alg *row)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == row->type && names[i].id == row->id)
			return names[i].name;
	return NULL;
}

/* The three structs of the kernel's interface differ in one number between name and key. */
union algo {
	struct xfrm_algo crypt;
	struct xfrm_algo_auth auth;
	struct xfrm_algo_aead aead;
	uint8_t room[sizeof(struct xfrm_algo_aead) + KEY_MAX];
};

static void put_cipher(struct nlmsghdr *request, const struct kalg *a, const char *name)
{
	const struct view key = a->encr_key;
	union algo u;

	memset(&u, 0, sizeof(u));
	if (a->encr->u.encr.aead) {
		snprintf(u.aead.alg_name, sizeof(u.aead.alg_name), "%s", name);
		u.aead.alg_key_len = (unsigned)key.len * 8;
		u.aead.alg_icv_len = a->encr->u.encr.icv_len * 8u;
		memcpy(u.room + sizeof(u.aead), key.ptr, key.len);
		mnl_attr_put(request, XFRMA_ALG_AEAD, sizeof(u.aead) + key.len, &u);
	} else {
		snprintf(u.crypt.alg_name, sizeof(u.crypt.alg_name), "%s", name);
		u.crypt.alg_key_len = (unsigned)key.len * 8;
		if (key.len)
			memcpy(u.room + sizeof(u.crypt), key.ptr, key.len);
		mnl_attr_put(request, XFRMA_ALG_CRYPT, sizeof(u.crypt) + key.len, &u);
	}
	explicit_bzero(&u, sizeof(u));
}

static void put_integrity(struct nlmsghdr *request, const struct kalg *a, const char *name)
{
	const bool short_icv = a->sha256_96 && a->integ->id == HMAC_SHA_256;
	const struct view key = a->integ_key;
	union algo u;

	memset(&u, 0, sizeof(u));
	snprintf(u.auth.alg_name, sizeof(u.auth.alg_name), "%s", name);
	u.auth.alg_key_len = (unsigned)key.len * 8;
	u.auth.alg_trunc_len = (short_icv ? SHORT_ICV : a->integ->u.integ.icv_len) * 8u;
	memcpy(u.room + sizeof(u.auth), key.ptr, key.len);
	mnl_attr_put(request, XFRMA_ALG_AUTH_TRUNC, sizeof(u.auth) + key.len, &u);
	explicit_bzero(&u, sizeof(u));
}

int kalg_put(struct nlmsghdr *request, const struct kalg *a, const char **out_missing)
{
	const char *cipher = name_of(a->encr);
	const char *integrity = a->integ ? name_of(a->integ) : NULL;

	if (!cipher || (a->integ && !integrity)) {
		*out_missing = cipher ? a->integ->name : a->encr->name;
		return E_UNSUPPORTED;
	}
	if (a->encr_key.len > KEY_MAX || (a->integ && a->integ_key.len > KEY_MAX))
		return E_LIMIT;
	put_cipher(request, a, cipher);
	if (a->integ)
		put_integrity(request, a, integrity);
	return 0;
}
