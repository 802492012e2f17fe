/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/constraint.h"

#include <stdlib.h>
#include <string.h>

#define IKE_PREFIX "ike:"

enum padding { ANY_PADDING, PKCS1, PSS };

static const struct key_word {
	const char *word, *type;
	enum padding padding;
} keys[] = {
	{"rsa/pss", "RSA", PSS},
	{"rsa/pkcs1", "RSA", PKCS1},
	{"rsa", "RSA", ANY_PADDING},
	{"ecdsa", "ECDSA", ANY_PADDING},
	{"ed25519", "ED25519", ANY_PADDING},
	{"ed448", "ED448", ANY_PADDING},
	{"dilithium2", "Dilithium2", ANY_PADDING},
	{"dilithium3", "Dilithium3", ANY_PADDING},
	{"dilithium5", "Dilithium5", ANY_PADDING},
	{"falcon512", "Falcon512", ANY_PADDING},
	{"falcon1024", "Falcon1024", ANY_PADDING},
	{"mldsa44", "ML_DSA_44", ANY_PADDING},
	{"mldsa65", "ML_DSA_65", ANY_PADDING},
	{"mldsa87", "ML_DSA_87", ANY_PADDING},
};

static const struct {
	const char *word;
	unsigned hash; /* of RFC 7427 and RFC 8420 */
} hashes[] = {{"sha1", 1}, {"sha256", 2}, {"sha384", 3}, {"sha512", 4}, {"identity", 5}};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* "rsa-3072": its row and its number; NULL if the word is a hash. */
static const struct key_word *find_key(const char *word, unsigned *out_bits)
{
	size_t len = strcspn(word, "-");

	*out_bits = word[len] ? (unsigned)strtoul(word + len + 1, NULL, 10) : 0;
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (strlen(keys[i].word) == len && strncmp(keys[i].word, word, len) == 0)
			return &keys[i];
	}
	return NULL;
}

static bool is_hash(const char *word, unsigned hash)
{
	for (size_t i = 0; i < COUNT(hashes); i++) {
		if (strcmp(hashes[i].word, word) == 0)
			return hashes[i].hash == hash;
	}
	return false;
}

static bool is_ike(const char *word)
{
	return strncmp(word, IKE_PREFIX, strlen(IKE_PREFIX)) == 0;
}

static bool has_ike(const struct strs *words)
{
	for (size_t i = 0; i < words->count; i++) {
		if (is_ike(words->items[i]))
			return true;
	}
	return false;
}

/* What is looked at, and what the words so far say of it. */
struct look {
	const char *type;
	unsigned bits, hash;
	enum padding padding;	      /* ANY_PADDING: it is not asked for */
	bool keys_named, key_fits;    /* key types were named; this one is allowed */
	bool hashes_named, hash_fits; /* the same of hashes */
	const struct key_word *group; /* the key type that the next hashes are for */
	bool group_has_hash, group_is_ours;
};

/* A key type without hashes of its own leaves them free. */
static void end_group(struct look *l)
{
	if (l->group && l->group_is_ours && !l->group_has_hash)
		l->hash_fits = true;
}

static void see_key(struct look *l, const struct key_word *k, unsigned bits)
{
	if (!l->group || strcmp(l->group->type, k->type) != 0 || l->group_has_hash) {
		end_group(l);
		l->group_has_hash = false;
	}
	l->group = k;
	l->group_is_ours = strcmp(k->type, l->type) == 0 &&
			   (k->padding == ANY_PADDING || l->padding == ANY_PADDING ||
			    k->padding == l->padding);
	l->keys_named = true;
	if (l->group_is_ours && l->bits >= bits)
		l->key_fits = true;
}

static void see_words(struct look *l, const struct strs *words, bool ike)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];
		const struct key_word *k;
		unsigned bits;

		if (is_ike(word) != ike)
			continue;
		word += ike ? strlen(IKE_PREFIX) : 0;
		k = find_key(word, &bits);
		if (k) {
			see_key(l, k, bits);
			continue;
		}
		l->hashes_named = l->group_has_hash = true;
		if ((!l->group || l->group_is_ours) && is_hash(word, l->hash))
			l->hash_fits = true;
	}
	end_group(l);
}

bool constraint_allows(const struct strs *words, const struct constraint_signature *s)
{
	bool ike = has_ike(words);
	struct look l = {.type = s->scheme->key_type,
			 .bits = s->bits,
			 .hash = s->scheme->ike_hash,
			 .padding = s->scheme->pss ? PSS : PKCS1};

	if (!ike && !s->inherit)
		return true;
	see_words(&l, words, ike);
	return (!l.keys_named || l.key_fits) && (!l.hashes_named || l.hash_fits);
}

bool constraint_allows_cert(const struct strs *words, const char *key_type, unsigned hash)
{
	struct look l = {.type = key_type, .hash = hash};

	see_words(&l, words, false);
	return !l.hashes_named || l.hash_fits;
}

unsigned constraint_min_bits(const struct strs *words, const char *key_type)
{
	unsigned least = 0, bits;

	for (size_t i = 0; i < words->count; i++) {
		const struct key_word *k =
			is_ike(words->items[i]) ? NULL : find_key(words->items[i], &bits);

		if (k && bits && strcmp(k->type, key_type) == 0 && (!least || bits < least))
			least = bits;
	}
	return least;
}

void constraint_text(const struct strs *words, struct wbuf *out)
{
	for (size_t i = 0; i < words->count; i++)
		wbuf_fmt(out, "%s%s", i ? "-" : "", words->items[i]);
}
