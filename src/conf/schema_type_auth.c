/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conn.h"

/* The `auth` option: a class, an EAP method, and constraints on keys and signatures. */

#define WORD_MAX 48

static const char *const key_words[] = {"rsa",	      "rsa/pss",    "rsa/pkcs1", "ecdsa",
					"ed25519",    "ed448",	    "pubkey",	 "dilithium2",
					"dilithium3", "dilithium5", "falcon512", "falcon1024",
					"mldsa44",    "mldsa65",    "mldsa87"};
static const char *const hash_words[] = {"sha1", "sha256", "sha384", "sha512", "identity"};
/* What strongSwan knows beside them. */
static const char *const other_words[] = {"bliss",    "md5",	  "sha224",  "sha3_224",
					  "sha3_256", "sha3_384", "sha3_512"};
static const char *const eap_words[] = {
	"identity", "md5",	"mschapv2", "gtc",	 "tls",	      "ttls",
	"peap",	    "sim",	"aka",	    "aka-prime", "dynamic",   "radius",
	"tnc",	    "sim-pcsc", "sim-file", "aka-3gpp",	 "aka-3gpp2", "simaka-sql"};
static const char *const class_words[] = {"pubkey", "psk",   "eap",	"any",	 "xauth",
					  "rsa",    "ecdsa", "ed25519", "ed448", "ike:pubkey"};
static const char no_eap[] = "EAP is not supported yet, expected pubkey, psk or any";

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

static int refuse_word(const char *what, const char *word, const char *const *words, size_t n,
		       char **out_why)
{
	const char *near = str_nearest(word, words, n);

	if (near)
		return schema_why(out_why, "unknown %s '%s', did you mean '%s'?", what, word, near);
	return schema_why(out_why, "unknown %s '%s'", what, word);
}

/* Constraints while they are read: the key type a number is for, and whether "ike:" was seen. */
struct constraints {
	const char *key;
	bool key_added;
	bool ike;
	struct strs *out;
};

static int add_constraint(struct constraints *c, const char *word, const char *bits)
{
	char text[WORD_MAX * 2 + 8];

	snprintf(text, sizeof(text), "%s%s%s%s", c->ike ? "ike:" : "", word, bits ? "-" : "",
		 bits ? bits : "");
	return strs_add(c->out, text);
}

/* The key type alone, unless one of its sizes was named. */
static int flush_key(struct constraints *c)
{
	int err = 0;

	if (c->key && !c->key_added && strcmp(c->key, "pubkey") != 0)
		err = add_constraint(c, c->key, NULL);
	c->key = NULL;
	return err;
}

static int add_word(struct constraints *c, const char *word, char **out_why)
{
	int err;

	if (strncmp(word, "ike:", 4) == 0) {
		err = flush_key(c);
		if (err)
			return err;
		c->ike = true;
		word += 4;
	}
	for (size_t i = 0; i < COUNT(key_words); i++) {
		if (strcmp(word, key_words[i]) == 0) {
			err = flush_key(c);
			c->key = key_words[i];
			c->key_added = false;
			return err;
		}
	}
	if (*word && word[strspn(word, "0123456789")] == '\0') {
		if (!c->key || strcmp(c->key, "pubkey") == 0)
			return schema_why(out_why,
					  "the key size %s needs a key type before it, "
					  "as in rsa-3072",
					  word);
		c->key_added = true;
		return add_constraint(c, c->key, word);
	}
	if (one_of(word, other_words, COUNT(other_words)))
		return schema_why(out_why, "signatures with %s are not supported", word);
	if (!one_of(word, hash_words, COUNT(hash_words)))
		return refuse_word("key type or hash", word, hash_words, COUNT(hash_words),
				   out_why);
	err = flush_key(c);
	return err ? err : add_constraint(c, word, NULL);
}

static int parse_constraints(const char *text, struct strs *out, char **out_why)
{
	struct constraints c = {.out = out};
	char word[WORD_MAX];
	int err = 0;

	while (!err) {
		size_t len = strcspn(text, "-");

		if (len >= sizeof(word))
			return E_CONFIG;
		memcpy(word, text, len);
		word[len] = '\0';
		err = add_word(&c, word, out_why);
		if (!text[len])
			break;
		text += len + 1;
	}
	return err ? err : flush_key(&c);
}

/* "eap", "eap-tls", "eap-tls:ecdsa-384-sha384", "eap-7-42" (type and vendor) */
static int parse_eap(const char *text, struct conf_auth *auth, char **out_why)
{
	size_t len = strcspn(text, ":");

	auth->cls = CONF_AUTH_EAP;
	if (len > 0 && text[0] != '-')
		return E_CONFIG;
	if (len > 1) {
		auth->eap_method = str_from_view(view_make(text + 1, len - 1));
		if (!auth->eap_method)
			return E_NOMEM;
		if (auth->eap_method[strspn(auth->eap_method, "0123456789-")] != '\0' &&
		    !one_of(auth->eap_method, eap_words, COUNT(eap_words)))
			return refuse_word("EAP method", auth->eap_method, eap_words,
					   COUNT(eap_words), out_why);
	}
	return text[len] ? parse_constraints(text + len + 1, &auth->sig_allowed, out_why) : 0;
}

/* What is well-formed but cannot be done: the fields are filled, for the day when it can. */
static int refuse_missing(const struct conf_auth *auth, char **out_why)
{
	return auth->cls == CONF_AUTH_EAP ? schema_why(out_why, "%s", no_eap) : 0;
}

static int store_auth(const struct schema_row *row, const struct conf_value *v, void *base,
		      char **out_why)
{
	struct conf_auth *auth = base;
	const char *text;
	char first[WORD_MAX];
	int err;

	(void)row;
	if (v->is_list || v->count != 1 || strlen(v->items[0].data) != v->items[0].len)
		return E_CONFIG;
	text = v->items[0].data;
	if (strcmp(text, "psk") == 0 || strcmp(text, "any") == 0) {
		auth->cls = *text == 'p' ? CONF_AUTH_PSK : CONF_AUTH_ANY;
		return 0;
	}
	if (strncmp(text, "eap", 3) == 0) {
		err = parse_eap(text + 3, auth, out_why);
		return err ? err : refuse_missing(auth, out_why);
	}
	if (strncmp(text, "xauth", 5) == 0)
		return schema_why(out_why, "XAuth is of IKEv1, which is not supported; expected "
					   "pubkey, psk or any");
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(text, "-"), text);
	if (!one_of(strncmp(first, "ike:", 4) == 0 ? first + 4 : first, key_words,
		    COUNT(key_words)))
		return refuse_word("method", first, class_words, COUNT(class_words), out_why);
	auth->cls = CONF_AUTH_PUBKEY;
	return parse_constraints(text, &auth->sig_allowed, out_why);
}

static bool equal_auth(const struct schema_row *row, const void *a, const void *b)
{
	const struct conf_auth *x = a, *y = b;

	(void)row;
	if (x->cls != y->cls || !strs_equal(&x->sig_allowed, &y->sig_allowed))
		return false;
	if (!x->eap_method || !y->eap_method)
		return x->eap_method == y->eap_method;
	return strcmp(x->eap_method, y->eap_method) == 0;
}

static void done_auth(const struct schema_row *row, void *base)
{
	struct conf_auth *auth = base;

	(void)row;
	free(auth->eap_method);
	auth->eap_method = NULL;
	strs_done(&auth->sig_allowed);
	auth->cls = CONF_AUTH_ANY;
}

const struct schema_type schema_type_auth = {.name = "method",
					     .expected = "pubkey, psk or any",
					     .store = store_auth,
					     .equal = equal_auth,
					     .done = done_auth};
