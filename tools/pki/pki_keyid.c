/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "tools/pki/infile.h"
#include "tools/pki/keykind.h"
#include "tools/pki/pki.h"
#include "tools/pki/printer.h"

static const struct opt_row rows[] = {
	{"in", 'i', OPT_MAY, "file", "what has the key, default: standard input"},
	{"keyid", 'x', OPT_MAY, "hex", "is not there"},
	{"type", 't', OPT_MAY, "priv|pub|pkcs10|x509|" KEYKIND_WORDS,
	 "what --in is, default: priv"},
	{"id", 'I', OPT_MAY, "all|spk|spki", "which identifier, default: all"},
	{"format", 'f', OPT_MAY, "pretty|hex|base64|bin", "how it is written, default: pretty"},
	{NULL, 0, OPT_MAY, NULL, NULL},
};

static const char *const captions[] = {"subjkey (SHA-1 of subjectPublicKey):",
				       "keyid (SHA-1 of subjectPublicKeyInfo):"};

static int compute(EVP_PKEY *key, uint8_t ids[2][SHA_DIGEST_LENGTH])
{
	X509_PUBKEY *spki = NULL;
	const unsigned char *bits;
	unsigned char *der = NULL;
	int bits_len, len = -1;

	if (X509_PUBKEY_set(&spki, key) == 1 &&
	    X509_PUBKEY_get0_param(NULL, &bits, &bits_len, NULL, spki) == 1) {
		SHA1(bits, (size_t)bits_len, ids[0]);
		len = i2d_X509_PUBKEY(spki, &der);
	}
	if (len > 0)
		SHA1(der, (size_t)len, ids[1]);
	OPENSSL_free(der);
	X509_PUBKEY_free(spki);
	return len > 0 ? PKI_OK : pki_fail_openssl("the key has no encoding");
}

static int run(const struct opts *o)
{
	static const char *const which[] = {"all", "spk", "spki", NULL};
	size_t id = 0, format = 0;
	uint8_t ids[2][SHA_DIGEST_LENGTH];
	EVP_PKEY *key;
	int status;

	if (opts_choice(o, "id", which, &id) ||
	    opts_choice(o, "format", printer_formats, &format) ||
	    infile_given_public(o, "priv", &key))
		return PKI_FAILED;
	status = compute(key, ids);
	EVP_PKEY_free(key);
	for (size_t i = 0; status == PKI_OK && i < 2; i++) {
		if (id == 0 || id == i + 1)
			printer_bytes(view_make(ids[i], SHA_DIGEST_LENGTH), format, captions[i]);
	}
	return status;
}

const struct pki_command pki_keyid_command = {"keyid", 'k', "calculate the identifiers of a key",
					      rows, run};
