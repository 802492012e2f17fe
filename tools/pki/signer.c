/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/signer.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/sign.h"
#include "tools/pki/pki.h"

/* As strongSwan chooses: a digest of about the key's strength. */
static const EVP_MD *default_digest(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);
	bool rsa = EVP_PKEY_is_a(key, "RSA");

	if (bits <= (rsa ? 3072 : 256))
		return EVP_sha256();
	return bits <= (rsa ? 7680 : 384) ? EVP_sha384() : EVP_sha512();
}

static int choose_digest(const struct opts *o, struct signer *out)
{
	static const char *const words[] = {"md5",	"sha1",	    "sha224",	"sha256",
					    "sha384",	"sha512",   "sha3_224", "sha3_256",
					    "sha3_384", "sha3_512", NULL};
	static const EVP_MD *(*const digests[])(void) = {
		EVP_md5,    EVP_sha1,	  EVP_sha224,	EVP_sha256,   EVP_sha384,
		EVP_sha512, EVP_sha3_224, EVP_sha3_256, EVP_sha3_384, EVP_sha3_512,
	};
	bool takes = EVP_PKEY_is_a(out->key, "RSA") || EVP_PKEY_is_a(out->key, "EC");
	const char *given = opts_text(o, "digest");
	size_t i;

	if (!given) {
		out->digest = takes ? default_digest(out->key) : NULL;
		return 0;
	}
	if (opts_word("digest", given, words, &i))
		return E_CONFIG;
	if (!takes) {
		pki_fail("--digest %s: %s keys hash by themselves, leave the option out", given,
			 sign_key_type(out->key));
		return E_CONFIG;
	}
	out->digest = digests[i]();
	return 0;
}

int signer_init(const struct opts *o, EVP_PKEY *key, struct signer *out)
{
	static const char *const paddings[] = {"pkcs1", "pss", NULL};
	size_t padding = 0;
	int rc;

	*out = (struct signer){key, NULL, false};
	rc = opts_choice(o, "rsa-padding", paddings, &padding);
	out->pss = padding == 1 && EVP_PKEY_is_a(key, "RSA");
	return rc ? rc : choose_digest(o, out);
}

/* The salt is as long as the digest (RFC 8017 section 9.1, note 4). */
static EVP_MD_CTX *start(const struct signer *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params;

	if (ctx && EVP_DigestSignInit(ctx, &params, s->digest, NULL, s->key) == 1 &&
	    (!s->pss || (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) == 1 &&
			 EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_DIGEST) == 1)))
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

static int finish(const struct signer *s, EVP_MD_CTX *ctx, int len)
{
	EVP_MD_CTX_free(ctx);
	if (len > 0)
		return 0;
	pki_fail_openssl("signing with the %s key failed", sign_key_type(s->key));
	return E_CRYPTO;
}

int signer_sign_cert(const struct signer *s, X509 *cert)
{
	EVP_MD_CTX *ctx = start(s);

	return finish(s, ctx, ctx ? X509_sign_ctx(cert, ctx) : 0);
}

int signer_sign_crl(const struct signer *s, X509_CRL *crl)
{
	EVP_MD_CTX *ctx = start(s);

	return finish(s, ctx, ctx ? X509_CRL_sign_ctx(crl, ctx) : 0);
}

int signer_sign_request(const struct signer *s, X509_REQ *request)
{
	EVP_MD_CTX *ctx = start(s);

	return finish(s, ctx, ctx ? X509_REQ_sign_ctx(request, ctx) : 0);
}
