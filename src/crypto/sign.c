/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define COUNT(a)       (sizeof(a) / sizeof((a)[0]))
#define METHOD_RFC7427 14
/* What OpenSSL verifies with at all (OPENSSL_RSA_MAX_MODULUS_BITS). */
#define RSA_MIN_BITS 1024
#define RSA_MAX_BITS 16384

struct sign_impl {
	const char *digest; /* EVP_MD name, NULL where the scheme hashes by itself */
	int padding;	    /* RSA_*_PADDING, 0 for other keys */
	const char *curve;  /* group the scheme is bound to (RFC 4754), NULL for any */
	uint8_t raw;	    /* bytes of r and of s when the payload carries r | s, 0 for DER */
	bool verify_only;
};

/* clang-format off */
#define OID_PKCS1(last_) 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last_
#define OID_SHA2(last_) 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last_
#define DER(...) {(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})}
/* RFC 7427 appendix A.1: parameters are NULL. */
#define DER_PKCS1(last_) DER(0x30, 0x0d, OID_PKCS1(last_), 0x05, 0x00)
/* RFC 7427 appendix A.3: no parameters. */
#define DER_ECDSA(last_) \
	DER(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last_)
/* RFC 7427 appendix A.4, RFC 4055 section 3.1: the hash, MGF1 with it, and the salt length. */
#define DER_PSS(hash_, salt_) \
	DER(0x30, 0x41, OID_PKCS1(0x0a), 0x30, 0x34, \
	    0xa0, 0x0f, 0x30, 0x0d, OID_SHA2(hash_), 0x05, 0x00, \
	    0xa1, 0x1c, 0x30, 0x1a, OID_PKCS1(0x08), 0x30, 0x0d, OID_SHA2(hash_), 0x05, 0x00, \
	    0xa2, 0x03, 0x02, 0x01, salt_)
/* RFC 8420 section 2. */
#define DER_EDDSA(last_) DER(0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, last_)
/* The identifiers of liboqs 0.9 and strongSwan 6.0 beta, and of RFC 9881; no parameters. */
#define DER_DILITHIUM(set_, last_) \
	DER(0x30, 0x0d, 0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x02, 0x82, 0x0b, 0x07, set_, \
	    last_)
#define DER_FALCON(last_) DER(0x30, 0x07, 0x06, 0x05, 0x2b, 0xce, 0x0f, 0x03, last_)
#define DER_ML_DSA(last_) \
	DER(0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, last_)

#define IMPL(...) &(const struct sign_impl){__VA_ARGS__}
/* The last bytes of all these object identifiers step along with the hash number. */
#define PSS(bits_, salt_, hash_, min_, max_) \
	{"RSA_EMSA_PSS_SHA2_" #bits_ "_SALT_" #salt_, "RSA", METHOD_RFC7427, hash_, min_, max_, \
	 true, DER_PSS((hash_) - 1, salt_), \
	 IMPL(.digest = "SHA2-" #bits_, .padding = RSA_PKCS1_PSS_PADDING)}
#define PKCS1(bits_, hash_, max_) \
	{"RSA_EMSA_PKCS1_SHA2_" #bits_, "RSA", METHOD_RFC7427, hash_, RSA_MIN_BITS, max_, false, \
	 DER_PKCS1(0x09 + (hash_)), IMPL(.digest = "SHA2-" #bits_, .padding = RSA_PKCS1_PADDING)}
#define ECDSA(bits_, hash_, max_) \
	{"ECDSA_WITH_SHA" #bits_ "_DER", "ECDSA", METHOD_RFC7427, hash_, 192, max_, false, \
	 DER_ECDSA(hash_), IMPL(.digest = "SHA2-" #bits_)}
#define EDDSA(name_, bits_, oid_) \
	{name_, name_, METHOD_RFC7427, 5, bits_, bits_, false, DER_EDDSA(oid_),                    \
	 IMPL(.digest = NULL)}
/* Post-quantum: the size is that of the public key. */
#define PURE(name_, key_, bytes_, ...) \
	{name_, key_, METHOD_RFC7427, 5, 8 * (bytes_), 8 * (bytes_), false, __VA_ARGS__, \
	 IMPL(.digest = NULL)}
#define LEGACY_ECDSA(method_, bits_, digest_, hash_, curve_) \
	{"ECDSA-" #bits_ " signature", "ECDSA", method_, hash_, bits_, bits_, false, {NULL, 0}, \
	 IMPL(.digest = digest_, .curve = curve_, .raw = ((bits_) + 7) / 8)}

/*
 * The order is the choice: sign_choose() takes the first row that the key's size fits and whose
 * hash the peer knows. So each key gets the hash of its own strength (RSA up to 3072 bits
 * SHA2-256, up to 7680 SHA2-384; an ECDSA curve the hash of its length), or else the next stronger
 * one; only if the peer knows none of these, the strongest of the weaker ones. To verify, any hash
 * of the peer's choice goes with any size of key.
 */
static const struct sign_scheme rows[] = {
	PSS(256, 32, 2, RSA_MIN_BITS, 3072),
	PSS(384, 48, 3, RSA_MIN_BITS, 7680),
	PSS(512, 64, 4, 1040, RSA_MAX_BITS), /* two hashes and some bytes must fit */
	PKCS1(256, 2, 3072),
	PKCS1(384, 3, 7680),
	PKCS1(512, 4, RSA_MAX_BITS),
	{"RSA_EMSA_PKCS1_SHA1", "RSA", METHOD_RFC7427, 1, RSA_MIN_BITS, RSA_MAX_BITS, false,
	 DER_PKCS1(0x05),
	 IMPL(.digest = "SHA1", .padding = RSA_PKCS1_PADDING, .verify_only = true)},
	ECDSA(256, 2, 256),
	ECDSA(384, 3, 384),
	ECDSA(512, 4, 521),
	EDDSA("ED25519", 256, 0x70),
	EDDSA("ED448", 456, 0x71),
	PURE("DILITHIUM_2", "Dilithium2", 1312, DER_DILITHIUM(4, 4)),
	PURE("DILITHIUM_3", "Dilithium3", 1952, DER_DILITHIUM(6, 5)),
	PURE("DILITHIUM_5", "Dilithium5", 2592, DER_DILITHIUM(8, 7)),
	PURE("FALCON_512", "Falcon512", 897, DER_FALCON(1)),
	PURE("FALCON_1024", "Falcon1024", 1793, DER_FALCON(4)),
	PURE("ML_DSA_44", "ML_DSA_44", 1312, DER_ML_DSA(0x11)),
	PURE("ML_DSA_65", "ML_DSA_65", 1952, DER_ML_DSA(0x12)),
	PURE("ML_DSA_87", "ML_DSA_87", 2592, DER_ML_DSA(0x13)),

	/* RFC 7296 section 3.8 and RFC 4754, for peers that do not know RFC 7427. */
	{"RSA signature", "RSA", 1, 1, RSA_MIN_BITS, RSA_MAX_BITS, false, {NULL, 0},
	 IMPL(.digest = "SHA1", .padding = RSA_PKCS1_PADDING)},
	LEGACY_ECDSA(9, 256, "SHA2-256", 2, SN_X9_62_prime256v1),
	LEGACY_ECDSA(10, 384, "SHA2-384", 3, SN_secp384r1),
	LEGACY_ECDSA(11, 521, "SHA2-512", 4, SN_secp521r1),
};
/* clang-format on */

static const struct sign_impl *impl_of(const struct sign_scheme *scheme)
{
	return scheme->impl;
}

const struct sign_scheme *sign_at(size_t index)
{
	return index < COUNT(rows) ? &rows[index] : NULL;
}

const char *sign_key_type(EVP_PKEY *key)
{
	/* Where the name that users know is not OpenSSL's. */
	static const struct {
		const char *openssl, *ours;
	} names[] = {
		{"EC", "ECDSA"},
		{"ML-DSA-44", "ML_DSA_44"},
		{"ML-DSA-65", "ML_DSA_65"},
		{"ML-DSA-87", "ML_DSA_87"},
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (EVP_PKEY_is_a(key, names[i].openssl))
			return names[i].ours;
	}
	return EVP_PKEY_get0_type_name(key);
}

/* EVP_MD name of an AlgorithmIdentifier as our rows spell it, or NULL. */
static const char *digest_of(const X509_ALGOR *alg)
{
	if (alg->parameter && ASN1_TYPE_get(alg->parameter) != V_ASN1_NULL)
		return NULL;
	switch (OBJ_obj2nid(alg->algorithm)) {
	case NID_sha256:
		return "SHA2-256";
	case NID_sha384:
		return "SHA2-384";
	case NID_sha512:
		return "SHA2-512";
	default:
		return NULL;
	}
}

/* Hash of the MGF1 that a mask generation AlgorithmIdentifier names, or NULL. */
static const char *mgf1_digest_of(const X509_ALGOR *mgf)
{
	const char *digest = NULL;
	X509_ALGOR *hash;

	if (OBJ_obj2nid(mgf->algorithm) != NID_mgf1 || !mgf->parameter)
		return NULL;
	hash = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR), mgf->parameter);
	if (hash)
		digest = digest_of(hash);
	X509_ALGOR_free(hash);
	return digest;
}

/* The row that decoded PSS parameters describe, or NULL. Absent fields are defaults: SHA-1. */
static const struct sign_scheme *find_pss(const RSA_PSS_PARAMS *pss)
{
	const char *hash = pss->hashAlgorithm ? digest_of(pss->hashAlgorithm) : NULL;
	const char *mgf = pss->maskGenAlgorithm ? mgf1_digest_of(pss->maskGenAlgorithm) : NULL;
	long salt = pss->saltLength ? ASN1_INTEGER_get(pss->saltLength) : 20;

	if (!hash || !mgf || strcmp(hash, mgf) != 0)
		return NULL;
	if (pss->trailerField && ASN1_INTEGER_get(pss->trailerField) != 1)
		return NULL;
	for (size_t i = 0; i < COUNT(rows); i++) {
		/* The salt is as long as the hash: the last byte of our own encoding. */
		if (rows[i].pss && strcmp(impl_of(&rows[i])->digest, hash) == 0 &&
		    rows[i].algid.ptr[rows[i].algid.len - 1] == salt)
			return &rows[i];
	}
	return NULL;
}

/*
 * RFC 4055 section 2.1 has receivers accept hash identifiers with and without NULL parameters, and
 * the trailer field may be spelled out: so PSS is compared by meaning, not by bytes.
 */
static const struct sign_scheme *find_pss_algid(struct view algid)
{
	const unsigned char *pos = algid.ptr;
	const struct sign_scheme *found = NULL;
	RSA_PSS_PARAMS *pss = NULL;
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &pos, (long)algid.len);

	if (alg && pos == algid.ptr + algid.len && OBJ_obj2nid(alg->algorithm) == NID_rsassaPss &&
	    alg->parameter)
		pss = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), alg->parameter);
	if (pss)
		found = find_pss(pss);
	RSA_PSS_PARAMS_free(pss);
	X509_ALGOR_free(alg);
	ERR_clear_error();
	return found;
}

const struct sign_scheme *sign_find_algid(struct view algid)
{
	/* The one-byte length of the AUTH payload bounds it. */
	if (algid.len == 0 || algid.len > UINT8_MAX)
		return NULL;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (view_equal(rows[i].algid, algid))
			return &rows[i];
	}
	return find_pss_algid(algid);
}

const struct sign_scheme *sign_find_method(uint8_t auth_method)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].auth_method == auth_method && auth_method != METHOD_RFC7427)
			return &rows[i];
	}
	return NULL;
}

/* Whether the key is of the scheme's type, on its curve, and no smaller than it takes. */
static bool key_fits(const struct sign_scheme *scheme, EVP_PKEY *key)
{
	const char *type = sign_key_type(key);
	const char *curve = impl_of(scheme)->curve;
	char group[64];
	size_t len;

	if (!type || strcmp(type, scheme->key_type) != 0 ||
	    EVP_PKEY_get_bits(key) < (int)scheme->min_bits)
		return false;
	return !curve || (EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
			  strcmp(group, curve) == 0);
}

static bool may_use(const struct sign_scheme *s, EVP_PKEY *key, const struct sign_choice *c)
{
	return !impl_of(s)->verify_only && key_fits(s, key) &&
	       (!c->allow || c->allow(c->ctx, s, (unsigned)EVP_PKEY_get_bits(key)));
}

static const struct sign_scheme *choose(EVP_PKEY *key, const struct sign_choice *c, bool pss)
{
	const struct sign_scheme *weaker = NULL;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct sign_scheme *s = &rows[i];

		if (s->pss != pss || !may_use(s, key, c))
			continue;
		if (c->peer_hashes == 0 && s->auth_method != METHOD_RFC7427)
			return s;
		if (s->auth_method != METHOD_RFC7427 ||
		    !(c->peer_hashes & SIGN_HASH_BIT(s->ike_hash)))
			continue;
		if (EVP_PKEY_get_bits(key) <= (int)s->max_bits)
			return s;
		weaker = s;
	}
	return weaker;
}

const struct sign_scheme *sign_choose_of(EVP_PKEY *key, const struct sign_choice *c)
{
	const struct sign_scheme *found = choose(key, c, c->prefer_pss);

	if (!found && (c->prefer_pss || c->allow))
		found = choose(key, c, !c->prefer_pss);
	return found;
}

const struct sign_scheme *sign_choose(EVP_PKEY *key, unsigned peer_hashes, bool prefer_pss)
{
	return sign_choose_of(
		key, &(struct sign_choice){.peer_hashes = peer_hashes, .prefer_pss = prefer_pss});
}

/* A context ready to sign (or verify) with the scheme's hash and padding; NULL on failure. */
static EVP_MD_CTX *start(const struct sign_scheme *scheme, EVP_PKEY *key, bool verify)
{
	const struct sign_impl *impl = impl_of(scheme);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	int ok;

	if (!ctx)
		return NULL;
	if (verify)
		ok = EVP_DigestVerifyInit_ex(ctx, &pctx, impl->digest, NULL, NULL, key, NULL);
	else
		ok = EVP_DigestSignInit_ex(ctx, &pctx, impl->digest, NULL, NULL, key, NULL);
	if (ok == 1 && impl->padding)
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx, impl->padding);
	if (ok == 1 && scheme->pss)
		ok = EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
	if (ok == 1)
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

/* DER ECDSA-Sig-Value to r | s, each of `half` bytes (RFC 4754 section 3). */
static int raw_from_der(struct view der, size_t half, struct wbuf *out)
{
	const unsigned char *pos = der.ptr;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &pos, (long)der.len);
	uint8_t *raw = wbuf_space(out, 2 * half);
	bool ok = sig && raw && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)half) > 0 &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, (int)half) > 0;

	ECDSA_SIG_free(sig);
	return ok ? 0 : E_CRYPTO;
}

/* The reverse; *out is to be freed with OPENSSL_free(). */
static int der_from_raw(struct view raw, unsigned char **out, size_t *out_len)
{
	int half = (int)(raw.len / 2), len = -1;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw.ptr, half, NULL), *s = BN_bin2bn(raw.ptr + half, half, NULL);

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL; /* the signature owns them now */
		len = i2d_ECDSA_SIG(sig, out);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	if (len <= 0)
		return E_NOMEM;
	*out_len = (size_t)len;
	return 0;
}

int sign_create(const struct sign_scheme *scheme, EVP_PKEY *key, struct view tbs, struct wbuf *out)
{
	size_t before = out->len, len = 0;
	EVP_MD_CTX *ctx = NULL;
	struct wbuf sig;
	int err = E_CRYPTO;

	if (impl_of(scheme)->verify_only || !key_fits(scheme, key))
		return E_UNSUPPORTED;
	wbuf_init(&sig, 0);
	ctx = start(scheme, key, false);
	if (!ctx || EVP_DigestSign(ctx, NULL, &len, tbs.ptr, tbs.len) != 1)
		goto done;
	if (!wbuf_space(&sig, len)) {
		err = wbuf_err(&sig);
		goto done;
	}
	if (EVP_DigestSign(ctx, sig.data, &len, tbs.ptr, tbs.len) != 1)
		goto done;
	wbuf_truncate(&sig, len);
	err = 0;
	if (impl_of(scheme)->raw)
		err = raw_from_der(wbuf_view(&sig), impl_of(scheme)->raw, out);
	else
		wbuf_add(out, wbuf_view(&sig));
	if (err == 0)
		err = wbuf_err(out);
	if (err)
		wbuf_truncate(out, before);
done:
	wbuf_done(&sig);
	EVP_MD_CTX_free(ctx);
	if (err)
		ERR_clear_error();
	return err;
}

int sign_verify(const struct sign_scheme *scheme, EVP_PKEY *key, struct view tbs, struct view sig)
{
	size_t half = impl_of(scheme)->raw, len = sig.len;
	unsigned char *der = NULL;
	EVP_MD_CTX *ctx;
	int err = 0;

	if (!key_fits(scheme, key))
		return E_UNSUPPORTED;
	if (half) {
		if (sig.len != 2 * half)
			return E_AUTH;
		err = der_from_raw(sig, &der, &len);
		if (err)
			return err;
	}
	ctx = start(scheme, key, true);
	if (!ctx)
		err = E_CRYPTO;
	else if (EVP_DigestVerify(ctx, der ? der : sig.ptr, len, tbs.ptr, tbs.len) != 1)
		err = E_AUTH;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	if (err)
		ERR_clear_error();
	return err;
}
