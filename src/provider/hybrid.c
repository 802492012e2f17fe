/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/hybrid.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define POINT_MAX 97 /* of P-384, uncompressed */

/*
 * The other part. Its private half is stored in secret_len bytes with its public half behind it, as
 * OpenSSL wants both back. A ciphertext is a fresh public half.
 */
struct hybrid {
	const char *kem;	      /* name of the library's row */
	const char *curve;	      /* NULL: X25519 */
	size_t point_len, scalar_len; /* bytes of the public and the private half */
	size_t shared_len;	      /* bytes of the secret */
	bool kem_first;		      /* else the curve's part stands first */
};

static const struct hybrid x25519_768 = {"ML-KEM-768", NULL, 32, 32, 32, true};
static const struct hybrid p256_768 = {"ML-KEM-768", "P-256", 65, 32, 32, false};
static const struct hybrid p384_1024 = {"ML-KEM-1024", "P-384", 97, 48, 48, false};

/* Where the two parts of something begin. */
struct parts {
	const uint8_t *kem, *point;
};

static struct parts split(const struct hybrid *h, const uint8_t *joined, size_t kem_len,
			  size_t point_len)
{
	if (h->kem_first)
		return (struct parts){joined, joined + kem_len};
	return (struct parts){joined + point_len, joined};
}

/* The same of something to be written. */
static uint8_t *kem_part(const struct hybrid *h, uint8_t *joined, size_t point_len)
{
	return h->kem_first ? joined : joined + point_len;
}

static uint8_t *point_part(const struct hybrid *h, uint8_t *joined, size_t kem_len)
{
	return h->kem_first ? joined + kem_len : joined;
}

/* ---- the curve ------------------------------------------------------------------------------ */

/* Not a key of a provider beside the default one, which we might be asked for again. */
static EVP_PKEY *point_generate(const struct hybrid *h)
{
	return h->curve ? EVP_EC_gen(h->curve) : EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
}

static EVP_PKEY *ec_key(const struct hybrid *h, const uint8_t *point, const uint8_t *scalar)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	uint8_t native[POINT_MAX];
	OSSL_PARAM params[4], *p = params;
	EVP_PKEY *key = NULL;

	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)h->curve, 0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point,
						 h->point_len);
	if (scalar) {
		/* A number among parameters has the machine's order. */
		for (size_t i = 0; i < h->scalar_len; i++)
			native[i] = scalar[h->scalar_len - 1 - i];
		*p++ = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, h->scalar_len);
	}
	*p = OSSL_PARAM_construct_end();
	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params);
	OPENSSL_cleanse(native, sizeof(native));
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A key of its halves; scalar NULL: of the public one alone. NULL: not a point, or no memory. */
static EVP_PKEY *point_key(const struct hybrid *h, const uint8_t *point, const uint8_t *scalar)
{
	EVP_PKEY *key;

	ERR_set_mark();
	if (h->curve)
		key = ec_key(h, point, scalar);
	else if (scalar)
		key = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, scalar, h->scalar_len);
	else
		key = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, point, h->point_len);
	ERR_pop_to_mark();
	return key;
}

static int write_point(const struct hybrid *h, const EVP_PKEY *key, uint8_t *out)
{
	size_t len;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out,
					    h->point_len, &len) == 1 &&
	    len == h->point_len)
		return 0;
	return PQC_E_INTERNAL;
}

static int write_scalar(const struct hybrid *h, const EVP_PKEY *key, uint8_t *out)
{
	size_t len = h->scalar_len;
	BIGNUM *n = NULL;
	int err = PQC_E_INTERNAL;

	if (!h->curve)
		return EVP_PKEY_get_raw_private_key(key, out, &len) == 1 ? 0 : PQC_E_INTERNAL;
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &n) == 1 &&
	    BN_bn2binpad(n, out, (int)len) == (int)len)
		err = 0;
	BN_clear_free(n);
	return err;
}

/* The secret of two keys. X25519 refuses a peer that makes it zero (RFC 7748 section 6.1). */
static int derive(const struct hybrid *h, EVP_PKEY *own, EVP_PKEY *peer, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t len = h->shared_len;
	bool ok;

	ERR_set_mark();
	ok = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	     EVP_PKEY_derive(ctx, out, &len) == 1 && len == h->shared_len;
	ERR_pop_to_mark();
	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : PQC_E_KEY;
}

/* ---- both parts ----------------------------------------------------------------------------- */

static int keypair(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *pub, uint8_t *sec)
{
	const struct hybrid *h = kem->params;
	const struct pqc_kem *row = pqc_kem_find(h->kem);
	uint8_t *point = point_part(h, pub, row->public_len), *scalar = sec + row->secret_len;
	EVP_PKEY *key = point_generate(h);
	int err = key ? write_point(h, key, point) : PQC_E_RNG;

	if (!err)
		err = write_scalar(h, key, scalar);
	if (!err)
		err = pqc_kem_keypair(row, rng, kem_part(h, pub, h->point_len), sec);
	EVP_PKEY_free(key);
	if (!err)
		memcpy(scalar + h->scalar_len, point, h->point_len);
	return err;
}

static int encaps(const struct pqc_kem *kem, const struct pqc_rng *rng, const uint8_t *pub,
		  uint8_t *ct, uint8_t *shared)
{
	const struct hybrid *h = kem->params;
	const struct pqc_kem *row = pqc_kem_find(h->kem);
	struct parts theirs = split(h, pub, row->public_len, h->point_len);
	EVP_PKEY *peer = point_key(h, theirs.point, NULL);
	EVP_PKEY *own = peer ? point_generate(h) : NULL;
	int err = !peer ? PQC_E_KEY : own ? 0 : PQC_E_RNG;

	if (!err)
		err = write_point(h, own, point_part(h, ct, row->ciphertext_len));
	if (!err)
		err = derive(h, own, peer, point_part(h, shared, row->shared_len));
	if (!err)
		err = pqc_kem_encaps(row, rng, pqc_bytes_make(theirs.kem, row->public_len),
				     kem_part(h, ct, h->point_len),
				     kem_part(h, shared, h->shared_len));
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	return err;
}

static int decaps(const struct pqc_kem *kem, const uint8_t *sec, const uint8_t *ct, uint8_t *shared)
{
	const struct hybrid *h = kem->params;
	const struct pqc_kem *row = pqc_kem_find(h->kem);
	struct parts theirs = split(h, ct, row->ciphertext_len, h->point_len);
	const uint8_t *scalar = sec + row->secret_len;
	EVP_PKEY *peer = point_key(h, theirs.point, NULL);
	EVP_PKEY *own = peer ? point_key(h, scalar + h->scalar_len, scalar) : NULL;
	int err = !peer ? PQC_E_CIPHERTEXT : own ? 0 : PQC_E_KEY;

	if (!err && derive(h, own, peer, point_part(h, shared, row->shared_len)))
		err = PQC_E_CIPHERTEXT;
	if (!err)
		err = pqc_kem_decaps(row, pqc_bytes_make(sec, row->secret_len),
				     pqc_bytes_make(theirs.kem, row->ciphertext_len),
				     kem_part(h, shared, h->shared_len));
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	return err;
}

static int check_public(const struct pqc_kem *kem, const uint8_t *pub)
{
	const struct hybrid *h = kem->params;
	const struct pqc_kem *row = pqc_kem_find(h->kem);
	struct parts parts = split(h, pub, row->public_len, h->point_len);
	EVP_PKEY *point = point_key(h, parts.point, NULL);

	EVP_PKEY_free(point);
	return point ? pqc_kem_check_public(row, pqc_bytes_make(parts.kem, row->public_len))
		     : PQC_E_KEY;
}

static int check_secret(const struct pqc_kem *kem, const uint8_t *sec)
{
	const struct hybrid *h = kem->params;
	const struct pqc_kem *row = pqc_kem_find(h->kem);
	const uint8_t *scalar = sec + row->secret_len;
	EVP_PKEY *key = point_key(h, scalar + h->scalar_len, scalar);

	EVP_PKEY_free(key);
	return key ? pqc_kem_check_secret(row, pqc_bytes_make(sec, row->secret_len)) : PQC_E_KEY;
}

/* Lengths of the two parts; the private half also keeps the public point. */
#define ROW(name_, hybrid_, pub_, sec_, ct_, point_, scalar_, shared_)                           \
	{                                                                                        \
		.name = name_, .public_len = (pub_) + (point_),                                  \
		.secret_len = (sec_) + (scalar_) + (point_), .ciphertext_len = (ct_) + (point_), \
		.shared_len = 32 + (shared_), .params = &(hybrid_), .keypair = keypair,          \
		.encaps = encaps, .decaps = decaps, .check_public = check_public,                \
		.check_secret = check_secret,                                                    \
	}

static const struct pqc_kem rows[] = {
	ROW("X25519MLKEM768", x25519_768, 1184, 2400, 1088, 32, 32, 32),
	ROW("SecP256r1MLKEM768", p256_768, 1184, 2400, 1088, 65, 32, 32),
	ROW("SecP384r1MLKEM1024", p384_1024, 1568, 3168, 1568, 97, 48, 48),
};

const struct pqc_kem *provider_hybrid_at(size_t i)
{
	return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}
