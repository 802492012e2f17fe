/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/prf.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/alg.h"
#include "crypto/alg_row.h"
#include "crypto/mac.h"

/*
 * A PRF takes keys of any length. HMAC does so by itself; for the others the key is brought to the
 * one length there is: shorter ones are filled with zeros by XCBC (RFC 4434 section 2), all others
 * are the MAC under a zero key (RFC 4434 section 2, RFC 4615 section 3).
 */
static int prf_init(struct mac *m, const struct alg *prf, struct view key)
{
	const struct alg_mac *row = prf->u.prf.impl;
	uint8_t fixed[MAC_MAX_LEN] = {0};
	int err = 0;

	if (!row->fixed_key || key.len == row->fixed_key)
		return mac_init(m, row, key);
	if (key.len < row->fixed_key && row->pad_short_key) {
		if (key.len > 0)
			memcpy(fixed, key.ptr, key.len);
	} else {
		err = mac_init(m, row, view_make(fixed, row->fixed_key));
		if (err)
			return err;
		err = mac_compute(m, &key, 1, fixed);
		mac_done(m);
	}
	if (err == 0)
		err = mac_init(m, row, view_make(fixed, row->fixed_key));
	secret_wipe(fixed, sizeof(fixed));
	return err;
}

int prf_compute(const struct alg *prf, struct view key, const struct view *parts, size_t n,
		uint8_t *out)
{
	struct mac m;
	int err = prf_init(&m, prf, key);

	if (err)
		return err;
	err = mac_compute(&m, parts, n, out);
	mac_done(&m);
	return err;
}

/* T1 = prf(K, S | 1), Tn = prf(K, Tn-1 | S | n) */
int prf_plus(const struct alg *prf, struct view key, struct view seed, uint8_t *out, size_t len)
{
	uint8_t t[PRF_MAX_LEN] = {0}, counter = 0;
	struct view parts[3] = {{t, 0}, seed, {&counter, 1}};
	size_t size = prf->u.prf.out_len, take;
	struct mac m;
	int err;

	if (len > 255 * size)
		return E_LIMIT;
	err = prf_init(&m, prf, key);
	if (err)
		return err;
	for (size_t at = 0; at < len && err == 0; at += take) {
		take = len - at < size ? len - at : size;
		counter++;
		err = mac_compute(&m, parts, 3, t);
		if (err == 0)
			memcpy(out + at, t, take);
		parts[0].len = size;
	}
	mac_done(&m);
	secret_wipe(t, sizeof(t));
	if (err)
		secret_wipe(out, len);
	return err;
}

int prf_hash(unsigned ike_hash, struct view data, uint8_t out[64], size_t *out_len)
{
	static const char *const names[] = {NULL, "SHA1", "SHA2-256", "SHA2-384", "SHA2-512"};

	if (ike_hash >= sizeof(names) / sizeof(names[0]) || !names[ike_hash])
		return E_UNSUPPORTED;
	if (EVP_Q_digest(NULL, names[ike_hash], NULL, data.ptr, data.len, out, out_len) == 1)
		return 0;
	ERR_clear_error();
	return E_CRYPTO;
}

int prf_sha1(const struct view *parts, size_t n, uint8_t out[20])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex2(ctx, EVP_sha1(), NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = parts[i].len == 0 || EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (ok)
		return 0;
	ERR_clear_error();
	return E_CRYPTO;
}
