/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "crypto/alg.h"
#include "wire/ike.h"

#define SUITE_WORD_MAX	   64
#define SUITE_KEYWORDS_MAX 256

/* The order in which transforms stand in a proposal and in its text. */
static const uint8_t suite_order[] = {
	TRANSFORM_ENCR,	      TRANSFORM_INTEG,	    TRANSFORM_PRF,	  TRANSFORM_KE,
	TRANSFORM_ESN,	      TRANSFORM_ADDKE1,	    TRANSFORM_ADDKE1 + 1, TRANSFORM_ADDKE1 + 2,
	TRANSFORM_ADDKE1 + 3, TRANSFORM_ADDKE1 + 4, TRANSFORM_ADDKE1 + 5, TRANSFORM_ADDKE7,
};

#define SUITE_N_ORDER (sizeof(suite_order) / sizeof(suite_order[0]))

enum { ESN_NO = 0, ESN_YES = 1, KE_NONE = 0 };

/* Set *out_why and return E_CONFIG; E_NOMEM if there is no room for the text. */
static int __attribute__((format(printf, 2, 3))) refuse(char **out_why, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*out_why = str_from_view(view_str(text));
	return *out_why ? E_CONFIG : E_NOMEM;
}

static int refuse_word(const char *word, uint8_t protocol, char **out_why)
{
	const char *known[SUITE_KEYWORDS_MAX] = {"esn", "noesn"};
	const char *near;
	const struct alg_keyword *k;
	size_t n = protocol == PROTO_ESP ? 2 : 0;

	for (size_t i = 0; n < SUITE_KEYWORDS_MAX && (k = alg_keyword_at(i)); i++)
		known[n++] = k->word;
	near = str_nearest(word, known, n);
	if (near)
		return refuse(out_why, "unknown algorithm '%s', did you mean '%s'?", word, near);
	return refuse(out_why, "unknown algorithm '%s'", word);
}

static bool is_aead(const struct transform *t)
{
	const struct alg *alg = alg_find(t->type, t->id);

	return alg && alg->u.encr.aead;
}

static unsigned count_type(const struct proposal *p, uint8_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->count; i++)
		n += p->t[i].type == type;
	return n;
}

static void remove_type(struct proposal *p, uint8_t type)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < p->count; i++) {
		if (p->t[i].type != type)
			p->t[n++] = p->t[i];
	}
	p->count = n;
}

/* Stable: within a type the order is the user's preference. */
static void sort_types(struct proposal *p)
{
	struct transform sorted[PROPOSAL_MAX_TRANSFORMS] = {0};
	uint16_t n = 0;

	for (size_t o = 0; o < SUITE_N_ORDER; o++) {
		for (uint16_t i = 0; i < p->count; i++) {
			if (p->t[i].type == suite_order[o])
				sorted[n++] = p->t[i];
		}
	}
	memcpy(p->t, sorted, n * sizeof(sorted[0]));
	p->count = n;
}

/* One word of a proposal; keN_ in front makes a key exchange the additional one number N. */
static int add_word(struct proposal *p, const char *word, char **out_why)
{
	const struct alg_keyword *k;
	uint8_t ke_type = TRANSFORM_KE;
	const char *name = word;
	int err;

	if (p->protocol == PROTO_ESP && strcasecmp(word, "noesn") == 0)
		return proposal_add(p, TRANSFORM_ESN, ESN_NO, 0);
	if (p->protocol == PROTO_ESP && strcasecmp(word, "esn") == 0)
		return proposal_add(p, TRANSFORM_ESN, ESN_YES, 0);
	if (strncasecmp(word, "ke", 2) == 0 && word[2] >= '1' && word[2] <= '7' && word[3] == '_') {
		ke_type = (uint8_t)(TRANSFORM_ADDKE1 + (word[2] - '1'));
		name = word + 4;
		if (strcasecmp(name, "none") == 0)
			return proposal_add(p, ke_type, KE_NONE, 0);
	}
	k = alg_keyword_find(name);
	if (!k)
		return refuse_word(name, p->protocol, out_why);
	if (ke_type != TRANSFORM_KE && k->type != ALG_KE)
		return refuse(out_why, "'%s' is not a key exchange method", name);
	if (p->protocol == PROTO_ESP && k->type == ALG_PRF)
		return refuse(out_why, "'%s' is a PRF, which ESP has no use for", word);
	if (p->protocol == PROTO_IKE && k->type == ALG_ESN)
		return refuse(out_why, "'%s' is for ESP only", word);
	err = proposal_add(p, k->type == ALG_KE ? ke_type : k->type, k->id, k->key_bits);
	if (err == E_LIMIT)
		return refuse(out_why, "more than %d algorithms", PROPOSAL_MAX_TRANSFORMS);
	return err;
}

static int split_words(struct proposal *p, const char *text, char **out_why)
{
	char word[SUITE_WORD_MAX];

	for (;;) {
		size_t len = strcspn(text, "-");
		int err;

		if (len == 0)
			return refuse(out_why, "an algorithm is missing around '-'");
		if (len >= sizeof(word))
			return refuse(out_why, "unknown algorithm '%.*s...'", 32, text);
		memcpy(word, text, len);
		word[len] = '\0';
		err = add_word(p, word, out_why);
		if (err)
			return err;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

static int add_default_prfs(struct proposal *p)
{
	static const char *const words[] = {"prfsha256", "prfsha384", "prfsha512"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct alg_keyword *k = alg_keyword_find(words[i]);
		int err = k ? proposal_add(p, k->type, k->id, 0) : 0;

		if (err)
			return err;
	}
	return 0;
}

static int add_prfs(struct proposal *p, char **out_why)
{
	if (proposal_has_type(p, TRANSFORM_PRF))
		return 0;
	for (unsigned i = 0, n = p->count; i < n; i++) {
		uint16_t prf = p->t[i].type == TRANSFORM_INTEG ? alg_prf_for_integ(p->t[i].id) : 0;
		int err = prf ? proposal_add(p, TRANSFORM_PRF, prf, 0) : 0;

		if (err)
			return err;
	}
	if (proposal_has_type(p, TRANSFORM_PRF))
		return 0;
	if (proposal_has_type(p, TRANSFORM_INTEG))
		return refuse(out_why, "no PRF goes with this integrity algorithm, name one "
				       "such as prfsha256");
	return add_default_prfs(p);
}

static bool is_ke(const struct transform *t)
{
	return t->type == TRANSFORM_KE || t->type >= TRANSFORM_ADDKE1;
}

/* Two key exchanges that leave no choice but the same method (RFC 9370 section 2.2.1). */
static const struct transform *find_repeated(const struct proposal *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct transform *t = &p->t[i];

		if (!is_ke(t) || t->id == KE_NONE || count_type(p, t->type) > 1)
			continue;
		for (unsigned j = 0; j < i; j++) {
			if (is_ke(&p->t[j]) && p->t[j].id == t->id &&
			    count_type(p, p->t[j].type) == 1)
				return t;
		}
	}
	return NULL;
}

/* What a proposal must have, and what is added when it was not named (RFC 7296 section 3.3.3). */
static int complete(struct proposal *p, char **out_why)
{
	unsigned n_encr = count_type(p, TRANSFORM_ENCR), n_aead = 0;
	const struct transform *repeated = find_repeated(p);
	char name[32];
	int err;

	for (unsigned i = 0; i < p->count; i++)
		n_aead += p->t[i].type == TRANSFORM_ENCR && is_aead(&p->t[i]);
	if (n_encr == 0)
		return refuse(out_why, "an encryption algorithm is missing, such as aes256");
	if (n_aead > 0 && n_aead < n_encr)
		return refuse(out_why, "AEAD and other encryption algorithms cannot be in one "
				       "proposal, make two, separated by a comma");
	if (n_aead == 0 && !proposal_has_type(p, TRANSFORM_INTEG))
		return refuse(out_why, "an integrity algorithm is missing, such as sha256");
	if (repeated)
		return refuse(out_why, "%s is there twice, each key exchange needs another method",
			      alg_name(repeated->type, repeated->id, name));
	if (p->protocol == PROTO_IKE) {
		err = add_prfs(p, out_why);
		if (err)
			return err;
		if (!proposal_has_type(p, TRANSFORM_KE))
			return refuse(out_why, "a key exchange method is missing, such as x25519");
	} else if (!proposal_has_type(p, TRANSFORM_ESN)) {
		err = proposal_add(p, TRANSFORM_ESN, ESN_NO, 0);
		if (err)
			return err;
	}
	if (n_aead > 0)
		remove_type(p, TRANSFORM_INTEG);
	sort_types(p);
	return 0;
}

int suite_parse(uint8_t protocol, const char *text, struct proposal *out, char **out_why)
{
	struct proposal p = {.protocol = protocol};
	int err;

	*out_why = NULL;
	err = split_words(&p, text, out_why);
	if (!err)
		err = complete(&p, out_why);
	if (err == E_LIMIT)
		err = refuse(out_why, "more than %d algorithms", PROPOSAL_MAX_TRANSFORMS);
	if (err)
		p = (struct proposal){0};
	*out = p;
	return err;
}

/* Those of the words that this build has: a default must not fail for one that is missing. */
static void append_default(uint8_t protocol, const char *const *words, const char *additional,
			   struct proposals *out)
{
	const struct alg_keyword *k = additional ? alg_keyword_find(additional) : NULL;
	struct proposal p = {.protocol = protocol};
	char *why = NULL;

	if (out->count >= PROPOSALS_MAX || (additional && !k) ||
	    (k && proposal_add(&p, TRANSFORM_ADDKE1, k->id, 0) < 0))
		return;
	for (; *words; words++) {
		k = alg_keyword_find(*words);
		if (k && proposal_add(&p, k->type, k->id, k->key_bits) < 0)
			return;
	}
	if (complete(&p, &why) == 0) {
		p.number = (uint8_t)(out->count + 1);
		out->p[out->count++] = p;
	}
	free(why);
}

void suite_defaults(uint8_t protocol, struct proposals *out)
{
	static const char *const ike_aead[] = {"aes256gcm16",	   "aes192gcm16", "aes128gcm16",
					       "chacha20poly1305", "prfsha256",	  "prfsha384",
					       "prfsha512",	   "x25519",	  "x448",
					       "ecp256",	   "ecp384",	  "ecp521",
					       "modp3072",	   "modp4096",	  "modp6144",
					       "modp8192",	   "modp2048",	  NULL};
	static const char *const ike_cbc[] = {
		"aes256",   "aes192",	"aes128",   "sha256",	"sha384", "sha512",
		"x25519",   "x448",	"ecp256",   "ecp384",	"ecp521", "modp3072",
		"modp4096", "modp6144", "modp8192", "modp2048", NULL};
	/* Who knows ML-KEM knows the elliptic curves: these may be short. */
	static const char *const hybrid_aead[] = {
		"aes256gcm16", "aes128gcm16", "chacha20poly1305", "prfsha256", "prfsha384",
		"prfsha512",   "x25519",      "ecp256",		  "ecp384",    NULL};
	static const char *const hybrid_cbc[] = {"aes256", "aes128", "sha256", "sha384", "sha512",
						 "x25519", "ecp256", "ecp384", NULL};
	static const char *const esp_aead[] = {"aes256gcm16", "aes192gcm16", "aes128gcm16",
					       "chacha20poly1305", NULL};
	static const char *const esp_cbc[] = {"aes256", "aes192", "aes128", "sha256",
					      "sha384", "sha512", NULL};

	if (protocol == PROTO_IKE) {
		append_default(protocol, hybrid_aead, "mlkem768", out);
		append_default(protocol, hybrid_cbc, "mlkem768", out);
	}
	append_default(protocol, protocol == PROTO_IKE ? ike_aead : esp_aead, NULL, out);
	append_default(protocol, protocol == PROTO_IKE ? ike_cbc : esp_cbc, NULL, out);
}

static bool is_post_quantum(const struct transform *t)
{
	const struct alg *alg = t->id == KE_NONE ? NULL : alg_find(TRANSFORM_KE, t->id);

	return alg && alg->u.ke.post_quantum;
}

bool suite_is_post_quantum(const struct proposal *p, bool some)
{
	for (unsigned type = TRANSFORM_KE; type <= TRANSFORM_ADDKE7; type++) {
		unsigned all = 0, yes = 0;

		if (type > TRANSFORM_KE && type < TRANSFORM_ADDKE1)
			continue;
		for (unsigned i = 0; i < p->count; i++) {
			all += p->t[i].type == type;
			yes += p->t[i].type == type && is_post_quantum(&p->t[i]);
		}
		if (yes && (some || yes == all))
			return true;
	}
	return false;
}

static void transform_text(const struct transform *t, struct wbuf *out)
{
	char buf[32];

	if (t->type == TRANSFORM_ESN) {
		if (t->id > ESN_YES)
			wbuf_fmt(out, "EXT_SEQ_%u", t->id);
		else
			wbuf_str(out, t->id == ESN_YES ? "EXT_SEQ" : "NO_EXT_SEQ");
		return;
	}
	if (t->type >= TRANSFORM_ADDKE1 && t->type <= TRANSFORM_ADDKE7)
		wbuf_fmt(out, "KE%d_", t->type - TRANSFORM_ADDKE1 + 1);
	if (t->id == KE_NONE && (t->type == TRANSFORM_KE || t->type >= TRANSFORM_ADDKE1))
		wbuf_str(out, "NONE");
	else
		wbuf_str(out, alg_name(t->type, t->id, buf));
	if (t->key_bits)
		wbuf_fmt(out, "_%u", t->key_bits);
}

void suite_text(const struct proposal *p, struct wbuf *out)
{
	const char *sep = ":";

	wbuf_str(out, ike_protocol_name(p->protocol));
	for (size_t o = 0; o < SUITE_N_ORDER; o++) {
		for (unsigned i = 0; i < p->count; i++) {
			if (p->t[i].type != suite_order[o])
				continue;
			wbuf_str(out, sep);
			transform_text(&p->t[i], out);
			sep = "/";
		}
	}
	if (*sep == ':')
		wbuf_str(out, sep);
}

void suite_list_text(const struct proposals *l, struct wbuf *out)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (i > 0)
			wbuf_str(out, ", ");
		suite_text(&l->p[i], out);
	}
}
