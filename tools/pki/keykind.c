/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/keykind.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct keykind kinds[] = {
	{"rsa", "RSA", 2048},
	{"ecdsa", "EC", 384},
	{"ed25519", "ED25519", 0},
	{"ed448", "ED448", 0},
	{"dilithium2", "Dilithium2", 0},
	{"dilithium3", "Dilithium3", 0},
	{"dilithium5", "Dilithium5", 0},
	{"falcon512", "Falcon512", 0},
	{"falcon1024", "Falcon1024", 0},
	{"mldsa44", "ML-DSA-44", 0},
	{"mldsa65", "ML-DSA-65", 0},
	{"mldsa87", "ML-DSA-87", 0},
};

const struct keykind *keykind_find(const char *word)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strcmp(kinds[i].word, word) == 0)
			return &kinds[i];
	}
	return NULL;
}

bool keykind_is(const struct keykind *kind, const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, kind->name);
}

const char *keykind_nearest(const char *word)
{
	const char *words[COUNT(kinds)];

	for (size_t i = 0; i < COUNT(kinds); i++)
		words[i] = kinds[i].word;
	return str_nearest(word, words, COUNT(kinds));
}
