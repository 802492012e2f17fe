/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>

#include "tools/pki/keykind.h"
#include "tools/pki/outfile.h"
#include "tools/pki/pki.h"

#define RSA_MIN 1024
#define RSA_MAX 16384

static const struct opt_row rows[] = {
	{"type", 't', OPT_MAY, KEYKIND_WORDS, "kind of key, default: rsa"},
	{"size", 's', OPT_MAY, "bits", "default: rsa 2048, ecdsa 384; of other kinds there is one"},
	{"safe-primes", 'p', OPT_MAY, NULL, "is not there"},
	{"shares", 'n', OPT_MAY, "n", "is not there"},
	{"threshold", 'l', OPT_MAY, "l", "is not there"},
	{"outform", 'f', OPT_MAY, "der|pem", "encoding of the private key, default: der"},
	{NULL, 0, OPT_MAY, NULL, NULL},
};

static const char *curve_of(uint64_t size)
{
	return size == 256 ? "P-256" : size == 384 ? "P-384" : size == 521 ? "P-521" : NULL;
}

/* EVP_PKEY_Q_keygen() has a list of its own of the kinds it knows. */
static EVP_PKEY *generate_plain(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) == 1)
		(void)EVP_PKEY_generate(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* NULL: the size is none of the kind, or (said) OpenSSL fails. */
static EVP_PKEY *generate(const struct keykind *kind, uint64_t size)
{
	const char *curve;
	EVP_PKEY *key;

	switch (kind->size) {
	case 2048:
		if (size < RSA_MIN || size > RSA_MAX) {
			pki_fail("--size %llu: an RSA key has %d to %d bits",
				 (unsigned long long)size, RSA_MIN, RSA_MAX);
			return NULL;
		}
		key = EVP_RSA_gen((size_t)size);
		break;
	case 384:
		curve = curve_of(size);
		if (!curve) {
			pki_fail("--size %llu: an ECDSA key has 256, 384 or 521 bits",
				 (unsigned long long)size);
			return NULL;
		}
		key = EVP_EC_gen(curve);
		break;
	default:
		key = generate_plain(kind->name);
		break;
	}
	if (!key)
		pki_fail_openssl("--type %s: no key could be made", kind->word);
	return key;
}

static int refuse(const struct opts *o)
{
	static const char *const absent[] = {"safe-primes", "shares", "threshold"};

	for (int i = 0; i < 3; i++) {
		if (opts_has(o, absent[i]))
			return pki_fail("--%s is not there: leave it out", absent[i]);
	}
	return PKI_OK;
}

static int run(const struct opts *o)
{
	const char *word = opts_has(o, "type") ? opts_text(o, "type") : "rsa", *near;
	const struct keykind *kind = keykind_find(word);
	uint64_t size = kind ? kind->size : 0;
	EVP_PKEY *key;
	int status;

	if (!kind) {
		near = keykind_nearest(word);
		return near ? pki_fail("--type %s is unknown; did you mean %s?", word, near)
			    : pki_fail("--type %s is unknown: expected %s", word, KEYKIND_WORDS);
	}
	if (opts_number(o, "size", RSA_MAX, &size) || refuse(o) || outfile_check(o))
		return PKI_FAILED;
	if (opts_has(o, "size") && kind->size == 0)
		return pki_fail("--size: keys of --type %s have one size, leave it out", word);
	key = generate(kind, size);
	status = key ? outfile_private(o, key) : PKI_FAILED;
	EVP_PKEY_free(key);
	return status;
}

const struct pki_command pki_gen_command = {"gen", 'g', "generate a private key", rows, run};
