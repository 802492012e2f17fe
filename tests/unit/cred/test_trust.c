/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>

#include "base/str.h"
#include "cred/store.h"
#include "provider/provider.h"
#include "gen.h"

#define BASIC_CA  "basicConstraints=critical,CA:TRUE"
#define SKI	  "subjectKeyIdentifier=hash"
#define AKI	  "authorityKeyIdentifier=keyid"
#define MOON_NAME "C=CH, O=Cyber, CN=moon.strongswan.org"
#define MOON_ALT  "DNS:moon.strongswan.org"

/* A root that everybody trusts, and what a test makes below it. */
struct fixture {
	struct cred_store *store;
	struct gen root;
	struct log_notes notes;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->store = cred_new();
	f->root = gen_ca("C=CH, O=Cyber, CN=Cyber Root CA", NULL);
	*state = f;
	return cred_add_cert(f->store, f->root.cert->der, CRED_CA, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	cred_free(f->store);
	gen_done(&f->root);
	log_notes_done(&f->notes);
	free(f);
	return 0;
}

/* The notes as one text, a line each. */
static char *notes_text(struct fixture *f)
{
	struct wbuf w;
	char *text;

	wbuf_init(&w, 0);
	for (size_t i = 0; i < f->notes.count; i++) {
		assert_int_equal(f->notes.items[i].group, LOG_CFG);
		assert_int_equal(f->notes.items[i].level, LOG_CTRL);
		wbuf_fmt(&w, "%s\n", f->notes.items[i].text);
	}
	text = str_from_view(wbuf_view(&w));
	wbuf_done(&w);
	return text;
}

/* Check leaf (and what the peer sent with it) for an identity, with params' constraints. */
static int check(struct fixture *f, struct cert *const *chain, size_t n_chain, const char *id_text,
		 struct trust_params params)
{
	struct id id;
	struct cert *out = (struct cert *)f;
	int err;

	assert_int_equal(id_parse(id_text, &id), 0);
	params.chain = chain;
	params.n_chain = n_chain;
	params.id = &id;
	params.now = params.now ? params.now : GEN_NOW;
	log_notes_done(&f->notes);
	err = trust_check(f->store, &params, &f->notes, &out);
	if (err)
		assert_null(out);
	else if (n_chain)
		assert_ptr_equal(out, chain[0]);
	else
		assert_non_null(out);
	cert_put(out);
	id_done(&id);
	assert_int_equal(ERR_peek_error(), 0);
	return err;
}

static void expect_notes(struct fixture *f, const char *expected)
{
	char *text = notes_text(f);

	assert_string_equal(text, expected);
	free(text);
}

static void expect_note_part(struct fixture *f, const char *part)
{
	char *text = notes_text(f);

	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
	free(text);
}

/* A leaf directly below the root, with up to three extensions, is refused like this. */
static void expect_refusal(struct fixture *f, const struct gen_params *leaf, int err,
			   const char *note)
{
	struct gen g = gen_make(leaf);

	assert_int_equal(check(f, &g.cert, 1, MOON_NAME, (struct trust_params){0}), err);
	expect_note_part(f, note);
	gen_done(&g);
}

static void test_trusted(void **state)
{
	struct fixture *f = *state;
	struct gen moon = gen_leaf(MOON_NAME, MOON_ALT, &f->root);

	assert_int_equal(check(f, &moon.cert, 1, "moon.strongswan.org", (struct trust_params){0}),
			 0);
	expect_notes(f, "  using certificate \"C=CH, O=Cyber, CN=moon.strongswan.org\"\n"
			"  using trusted ca certificate \"C=CH, O=Cyber, CN=Cyber Root CA\"\n"
			"  reached self-signed root ca with a path length of 0\n"
			"checking certificate status of \"C=CH, O=Cyber, CN=moon.strongswan.org\"\n"
			"certificate status is not available\n");
	assert_int_equal(check(f, &moon.cert, 1, MOON_NAME, (struct trust_params){0}), 0);
	gen_done(&moon);
}

static void test_key_kinds(void **state)
{
	static const char *const kinds[] = {"RSA:2048", "P-384", "P-521", "ED25519", "ED448"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct gen g = gen_make(&(struct gen_params){
			.subject = MOON_NAME, .issuer = &f->root, .key = kinds[i]});

		assert_int_equal(check(f, &g.cert, 1, MOON_NAME, (struct trust_params){0}), 0);
		gen_done(&g);
	}
}

static void test_identity(void **state)
{
	struct fixture *f = *state;
	struct gen moon = gen_leaf(MOON_NAME, MOON_ALT, &f->root);
	static const char *const others[] = {"sun.strongswan.org", "*.strongswan.org", "%any",
					     "C=CH, O=Cyber, CN=*", "192.0.2.1"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(check(f, &moon.cert, 1, others[i], (struct trust_params){0}),
				 E_AUTH);
	assert_int_equal(check(f, &moon.cert, 1, "sun.strongswan.org", (struct trust_params){0}),
			 E_AUTH);
	expect_note_part(f, "certificate \"" MOON_NAME "\" does not contain the identity "
			    "'sun.strongswan.org' (it has: dns:moon.strongswan.org, "
			    "subject \"" MOON_NAME "\"); remote.id decides\n");
	gen_done(&moon);
}

static void test_untrusted(void **state)
{
	struct fixture *f = *state;
	struct gen other = gen_ca("CN=Other CA", NULL);
	struct gen fake = gen_ca("C=CH, O=Cyber, CN=Cyber Root CA", NULL);
	struct gen under_other = gen_leaf(MOON_NAME, NULL, &other);
	struct gen under_fake = gen_leaf(MOON_NAME, NULL, &fake);
	struct gen self = gen_ca(MOON_NAME, NULL);
	struct cert *with_ca[] = {under_other.cert, other.cert};

	assert_int_equal(check(f, &under_other.cert, 1, MOON_NAME, (struct trust_params){0}),
			 E_UNTRUSTED);
	expect_note_part(f, "no issuer certificate found for \"" MOON_NAME
			    "\": its issuer is \"CN=Other CA\", which is "
			    "no trusted CA here: put that CA certificate into x509ca "
			    "(swanctl --load-creds)\n");
	/* a root the peer sends is no anchor, nor is one that was loaded as a plain certificate */
	assert_int_equal(check(f, with_ca, 2, MOON_NAME, (struct trust_params){0}), E_UNTRUSTED);
	assert_int_equal(cred_add_cert(f->store, other.cert->der, CRED_NONE, NULL), 0);
	assert_int_equal(check(f, &under_other.cert, 1, MOON_NAME, (struct trust_params){0}),
			 E_UNTRUSTED);
	expect_note_part(f, "which is no trusted CA here");
	assert_int_equal(check(f, &under_fake.cert, 1, MOON_NAME, (struct trust_params){0}),
			 E_UNTRUSTED);
	expect_note_part(f, "a CA of this name is loaded, but with another key");
	assert_int_equal(check(f, &self.cert, 1, MOON_NAME, (struct trust_params){0}), E_UNTRUSTED);
	expect_note_part(f, "it is self-signed, and not one of remote.certs");
	gen_done(&self);
	gen_done(&under_fake);
	gen_done(&under_other);
	gen_done(&fake);
	gen_done(&other);
}

/* The signature does not verify: bits of it flipped, names and key ids as they should be. */
static void test_forged(void **state)
{
	struct fixture *f = *state;
	struct gen moon = gen_make(&(struct gen_params){.subject = MOON_NAME, .issuer = &f->root});
	size_t len = moon.cert->der.len;
	uint8_t *copy = malloc(len);
	struct cert *forged;

	memcpy(copy, moon.cert->der.ptr, len);
	copy[len - 1] ^= 1;
	assert_int_equal(cert_parse(view_make(copy, len), &forged), 0);
	assert_int_equal(check(f, &forged, 1, MOON_NAME, (struct trust_params){0}), E_UNTRUSTED);
	expect_note_part(f, "its signature is not that of its issuer");
	cert_put(forged);
	free(copy);
	gen_done(&moon);
}

static void test_times(void **state)
{
	struct fixture *f = *state;
	struct gen moon = gen_leaf(MOON_NAME, NULL, &f->root);
	struct gen old_ca = gen_make(&(struct gen_params){
		.subject = "CN=old", .not_after = GEN_NOW - 1, .ext = {BASIC_CA, SKI}});
	struct gen under_old = gen_leaf(MOON_NAME, NULL, &old_ca);

	assert_int_equal(check(f, &moon.cert, 1, MOON_NAME,
			       (struct trust_params){.now = GEN_NOT_AFTER + 36000}),
			 E_EXPIRED);
	expect_note_part(f, "certificate \"" MOON_NAME
			    "\" has expired (valid to Jan 01 00:00:00 2027 UTC, "
			    "now Jan 01 10:00:00 2027 UTC)");
	assert_int_equal(check(f, &moon.cert, 1, MOON_NAME,
			       (struct trust_params){.now = GEN_NOT_BEFORE - 1}),
			 E_EXPIRED);
	expect_note_part(f, "is not valid yet (valid from Jan 01 00:00:00 2026 UTC, "
			    "now Dec 31 23:59:59 2025 UTC)");
	assert_int_equal(cred_add_cert(f->store, old_ca.cert->der, CRED_CA, NULL), 0);
	assert_int_equal(check(f, &under_old.cert, 1, MOON_NAME, (struct trust_params){0}),
			 E_EXPIRED);
	expect_note_part(f, "certificate \"CN=old\" has expired (valid to");
	gen_done(&under_old);
	gen_done(&old_ca);
	gen_done(&moon);
}

static void test_intermediate(void **state)
{
	struct fixture *f = *state;
	struct gen middle = gen_ca("CN=Middle", &f->root);
	struct gen moon = gen_leaf(MOON_NAME, NULL, &middle);
	struct cert *chain[] = {moon.cert, middle.cert};

	assert_int_equal(check(f, chain, 1, MOON_NAME, (struct trust_params){0}), E_UNTRUSTED);
	assert_int_equal(check(f, chain, 2, MOON_NAME, (struct trust_params){0}), 0);
	expect_notes(f, "  using certificate \"C=CH, O=Cyber, CN=moon.strongswan.org\"\n"
			"  using untrusted intermediate certificate \"CN=Middle\"\n"
			"  using trusted ca certificate \"C=CH, O=Cyber, CN=Cyber Root CA\"\n"
			"  reached self-signed root ca with a path length of 1\n"
			"checking certificate status of \"C=CH, O=Cyber, CN=moon.strongswan.org\"\n"
			"certificate status is not available\n"
			"checking certificate status of \"CN=Middle\"\n"
			"certificate status is not available\n");
	/* known here without being an anchor: only the root makes it trusted */
	assert_int_equal(cred_add_cert(f->store, middle.cert->der, CRED_NONE, NULL), 0);
	assert_int_equal(check(f, chain, 1, MOON_NAME, (struct trust_params){0}), 0);
	expect_note_part(f, "  using untrusted intermediate certificate \"CN=Middle\"\n");
	/* an anchor itself, with and without its root */
	assert_int_equal(cred_add_cert(f->store, middle.cert->der, CRED_CA, NULL), 0);
	assert_int_equal(check(f, chain, 1, MOON_NAME, (struct trust_params){0}), 0);
	expect_note_part(f, "  using trusted intermediate ca certificate \"CN=Middle\"\n"
			    "  using trusted ca certificate");
	cred_clear(f->store);
	assert_int_equal(cred_add_cert(f->store, middle.cert->der, CRED_CA, NULL), 0);
	assert_int_equal(check(f, chain, 1, MOON_NAME, (struct trust_params){0}), 0);
	expect_note_part(f, "  using trusted intermediate ca certificate \"CN=Middle\"\n"
			    "  reached trusted intermediate ca with a path length of 0\n");
	gen_done(&moon);
	gen_done(&middle);
}

static void test_bad_intermediate(void **state)
{
	static const struct {
		const char *ext, *note;
	} rows[] = {
		{NULL, "it is no CA (its basicConstraints do not say CA)"},
		{"basicConstraints=CA:FALSE", "it is no CA"},
		{"keyUsage=keyCertSign", "it is no CA"},
		{"basicConstraints=CA:TRUE,pathlen:0", NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gen middle = gen_make(&(struct gen_params){
			.subject = "CN=Middle", .issuer = &f->root, .ext = {rows[i].ext}});
		struct gen moon =
			gen_make(&(struct gen_params){.subject = MOON_NAME, .issuer = &middle});
		struct cert *chain[] = {moon.cert, middle.cert};

		assert_int_equal(check(f, chain, 2, MOON_NAME, (struct trust_params){0}),
				 rows[i].note ? E_UNTRUSTED : 0);
		expect_note_part(f, rows[i].note ? rows[i].note : "path length of 1");
		gen_done(&moon);
		gen_done(&middle);
	}
}

static void test_path_length(void **state)
{
	struct fixture *f = *state;
	struct gen upper = gen_make(
		&(struct gen_params){.subject = "CN=Upper",
				     .issuer = &f->root,
				     .ext = {"basicConstraints=critical,CA:TRUE,pathlen:0", SKI}});
	struct gen lower = gen_ca("CN=Lower", &upper);
	struct gen moon = gen_leaf(MOON_NAME, NULL, &lower);
	struct cert *chain[] = {moon.cert, lower.cert, upper.cert};

	assert_int_equal(check(f, chain, 3, MOON_NAME, (struct trust_params){0}), E_UNTRUSTED);
	expect_note_part(f, "there are more CAs below it than its basicConstraints pathlen allows");
	gen_done(&moon);
	gen_done(&lower);
	gen_done(&upper);
}

static void test_ca_may_not_sign(void **state)
{
	struct fixture *f = *state;
	struct gen middle = gen_make(
		&(struct gen_params){.subject = "CN=Middle",
				     .issuer = &f->root,
				     .ext = {BASIC_CA, "keyUsage=critical,digitalSignature", SKI}});
	struct gen moon = gen_leaf(MOON_NAME, NULL, &middle);
	struct cert *chain[] = {moon.cert, middle.cert};

	assert_int_equal(check(f, chain, 2, MOON_NAME, (struct trust_params){0}), E_UNTRUSTED);
	gen_done(&moon);
	gen_done(&middle);
}

static void test_leaf_refused(void **state)
{
	struct fixture *f = *state;
	struct gen_params leaf = {.subject = MOON_NAME, .issuer = &f->root};

	leaf.ext[0] = "keyUsage=critical,keyEncipherment";
	expect_refusal(f, &leaf, E_UNTRUSTED,
		       "its keyUsage has neither digitalSignature nor nonRepudiation");
	leaf.ext[0] = "1.2.3.4.5=critical,DER:0500";
	expect_refusal(f, &leaf, E_UNTRUSTED,
		       "it has a critical extension that is not understood here");
	leaf.ext[0] = NULL;
	leaf.digest = "SHA1";
	expect_refusal(f, &leaf, E_UNTRUSTED, "it is signed with too weak a hash");
	leaf.digest = NULL;
	leaf.key = "RSA:768";
	expect_refusal(f, &leaf, E_UNTRUSTED, "its key is too weak");
}

static void test_key_usage_allowed(void **state)
{
	static const char *const usages[] = {"keyUsage=critical,digitalSignature",
					     "keyUsage=nonRepudiation",
					     "keyUsage=digitalSignature,keyEncipherment"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		struct gen g = gen_make(&(struct gen_params){
			.subject = MOON_NAME, .issuer = &f->root, .ext = {usages[i]}});

		assert_int_equal(check(f, &g.cert, 1, MOON_NAME, (struct trust_params){0}), 0);
		gen_done(&g);
	}
}

static void test_name_constraints(void **state)
{
	static const struct {
		const char *constraint, *alt, *note;
	} rows[] = {
		{"nameConstraints=critical,permitted;DNS:example", "DNS:moon.example", NULL},
		{"nameConstraints=critical,permitted;DNS:example", "DNS:moon.test",
		 "not among those its CA may issue"},
		{"nameConstraints=critical,excluded;email:example", "email:carol@example",
		 "one that its CA may not issue"},
		{"nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0", "IP:192.0.2.1",
		 "not among those its CA may issue"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gen middle =
			gen_make(&(struct gen_params){.subject = "CN=Middle",
						      .issuer = &f->root,
						      .ext = {BASIC_CA, SKI, rows[i].constraint}});
		struct gen moon = gen_leaf(MOON_NAME, rows[i].alt, &middle);
		struct cert *chain[] = {moon.cert, middle.cert};

		assert_int_equal(check(f, chain, 2, MOON_NAME, (struct trust_params){0}),
				 rows[i].note ? E_UNTRUSTED : 0);
		if (rows[i].note)
			expect_note_part(f, rows[i].note);
		gen_done(&moon);
		gen_done(&middle);
	}
}

static void test_cacerts(void **state)
{
	struct fixture *f = *state;
	struct gen middle = gen_ca("CN=Middle", &f->root), other = gen_ca("CN=Other", NULL);
	struct gen moon = gen_leaf(MOON_NAME, NULL, &middle);
	struct cert *chain[] = {moon.cert, middle.cert};

	assert_int_equal(check(f, chain, 2, MOON_NAME,
			       (struct trust_params){.cacerts = &middle.cert, .n_cacerts = 1}),
			 0);
	assert_int_equal(check(f, chain, 2, MOON_NAME,
			       (struct trust_params){.cacerts = &f->root.cert, .n_cacerts = 1}),
			 0);
	assert_int_equal(check(f, chain, 2, MOON_NAME,
			       (struct trust_params){.cacerts = &other.cert, .n_cacerts = 1}),
			 E_CONFIG);
	expect_note_part(f, "certificate \"" MOON_NAME "\" is not issued under remote.cacerts, "
			    "which wants \"CN=Other\"\n");
	assert_int_equal(check(f, chain, 2, MOON_NAME, (struct trust_params){.ca_id = "CN=middle"}),
			 0);
	assert_int_equal(
		check(f, chain, 2, MOON_NAME, (struct trust_params){.ca_id = "C=CH, O=*, CN=*"}),
		0);
	assert_int_equal(check(f, chain, 2, MOON_NAME, (struct trust_params){.ca_id = "CN=Other"}),
			 E_CONFIG);
	expect_note_part(f, "is not issued under \"CN=Other\", which remote.ca_id wants\n");
	/* the end entity is no CA of its own path */
	assert_int_equal(check(f, chain, 2, MOON_NAME, (struct trust_params){.ca_id = MOON_NAME}),
			 E_CONFIG);
	assert_int_equal(check(f, chain, 2, MOON_NAME, (struct trust_params){.ca_id = "moon"}),
			 E_CONFIG);
	expect_note_part(f, "remote.ca_id 'moon' is not the Distinguished Name of a CA\n");
	gen_done(&moon);
	gen_done(&other);
	gen_done(&middle);
}

static void test_pinned(void **state)
{
	struct fixture *f = *state;
	struct gen moon = gen_leaf(MOON_NAME, NULL, &f->root);
	struct gen self = gen_make(&(struct gen_params){.subject = MOON_NAME});
	struct cert *both[] = {moon.cert, self.cert};
	struct trust_params pins = {.pinned = both, .n_pinned = 2};

	assert_int_equal(check(f, &moon.cert, 1, MOON_NAME, pins), 0);
	assert_int_equal(check(f, &self.cert, 1, MOON_NAME, pins), 0);
	expect_notes(f, "  using certificate \"C=CH, O=Cyber, CN=moon.strongswan.org\"\n"
			"  using trusted certificate \"C=CH, O=Cyber, CN=moon.strongswan.org\"\n");
	assert_int_equal(check(f, &self.cert, 1, "CN=x", pins), E_AUTH);
	pins.now = GEN_NOT_AFTER + 1;
	assert_int_equal(check(f, &self.cert, 1, MOON_NAME, pins), E_EXPIRED);
	pins.now = 0;
	pins.pinned = &self.cert;
	pins.n_pinned = 1;
	assert_int_equal(check(f, &moon.cert, 1, MOON_NAME, pins), E_CONFIG);
	expect_note_part(f, "is none of those that remote.certs allows\n");
	/* pinned, but not under the CAs that are wanted */
	pins.cacerts = &f->root.cert;
	pins.n_cacerts = 1;
	assert_int_equal(check(f, &self.cert, 1, MOON_NAME, pins), E_CONFIG);
	gen_done(&self);
	gen_done(&moon);
}

static void test_strength(void **state)
{
	struct fixture *f = *state;
	struct gen rsa = gen_make(
		&(struct gen_params){.subject = MOON_NAME, .issuer = &f->root, .key = "RSA:2048"});
	struct gen ec = gen_make(
		&(struct gen_params){.subject = MOON_NAME, .issuer = &f->root, .key = "P-384"});

	assert_int_equal(
		check(f, &rsa.cert, 1, MOON_NAME, (struct trust_params){.min_bits_rsa = 2048}), 0);
	assert_int_equal(
		check(f, &rsa.cert, 1, MOON_NAME, (struct trust_params){.min_bits_rsa = 3072}),
		E_CONFIG);
	expect_note_part(f, "has a key of 2048 bits, but remote.auth wants rsa-3072 or better\n");
	/* the root has P-256 */
	assert_int_equal(
		check(f, &ec.cert, 1, MOON_NAME, (struct trust_params){.min_bits_ecdsa = 256}), 0);
	assert_int_equal(
		check(f, &ec.cert, 1, MOON_NAME, (struct trust_params){.min_bits_ecdsa = 384}),
		E_CONFIG);
	expect_note_part(f, "Root CA\" has a key of 256 bits");
	gen_done(&ec);
	gen_done(&rsa);
}

/* A scheme that hashes by itself is not too weak; but another key's signature is none. */
static void test_post_quantum(void **state)
{
	static const struct {
		const char *kind, *subject;
	} ca[] = {{"Falcon1024", "CN=F"}, {"Dilithium2", "CN=D"}, {"ML-DSA-65", "CN=M"}};
	struct fixture *f = *state;

	for (size_t i = 0; i < 3; i++) {
		struct gen root = gen_make(&(struct gen_params){
			.subject = ca[i].subject, .key = ca[i].kind, .ext = {BASIC_CA, SKI}});
		struct gen moon = gen_make(&(struct gen_params){
			.subject = MOON_NAME, .issuer = &root, .key = "Dilithium5"});
		struct gen again = gen_make(&(struct gen_params){
			.subject = ca[i].subject, .key = ca[i].kind, .ext = {BASIC_CA}});
		struct gen forged = gen_make(&(struct gen_params){
			.subject = MOON_NAME, .issuer = &again, .key = "Dilithium5"});

		assert_int_equal(cred_add_cert(f->store, root.cert->der, CRED_CA, NULL), 0);
		assert_int_equal(check(f, &moon.cert, 1, MOON_NAME, (struct trust_params){0}), 0);
		assert_int_equal(check(f, &forged.cert, 1, MOON_NAME, (struct trust_params){0}),
				 E_UNTRUSTED);
		expect_note_part(f, "its signature is not that of its issuer");
		gen_done(&forged);
		gen_done(&again);
		gen_done(&moon);
		gen_done(&root);
	}
}

static void test_known(void **state)
{
	struct fixture *f = *state;
	struct gen other = gen_ca("CN=Other", NULL);
	struct gen wrong = gen_leaf("CN=moon, O=wrong", MOON_ALT, &other);
	struct gen moon = gen_leaf(MOON_NAME, MOON_ALT, &f->root);

	assert_int_equal(check(f, NULL, 0, "moon.strongswan.org", (struct trust_params){0}),
			 E_UNTRUSTED);
	expect_notes(f, "no certificate for 'moon.strongswan.org' was received, and none is "
			"loaded: let the peer send it (send_cert), or put it into x509\n");
	assert_int_equal(cred_add_cert(f->store, wrong.cert->der, CRED_NONE, NULL), 0);
	assert_int_equal(check(f, NULL, 0, "moon.strongswan.org", (struct trust_params){0}),
			 E_UNTRUSTED);
	expect_note_part(f, "its issuer is \"CN=Other\"");
	assert_int_equal(cred_add_cert(f->store, moon.cert->der, CRED_NONE, NULL), 0);
	assert_int_equal(check(f, NULL, 0, "moon.strongswan.org", (struct trust_params){0}), 0);
	expect_note_part(f, "  using certificate \"" MOON_NAME "\"\n");
	assert_int_equal(check(f, NULL, 0, "*.strongswan.org", (struct trust_params){0}),
			 E_UNTRUSTED);
	gen_done(&moon);
	gen_done(&wrong);
	gen_done(&other);
}

/* A certificate whose key no provider knows, and one below a CA with such a key. */
static void test_unknown_key(void **state)
{
	struct fixture *f = *state;
	struct gen g = gen_make(
		&(struct gen_params){.subject = MOON_NAME, .issuer = &f->root, .key = "ED25519"});
	size_t len = g.cert->der.len;
	uint8_t *copy = malloc(len), *oid;
	struct cert *c;

	memcpy(copy, g.cert->der.ptr, len);
	oid = memmem(copy, len, "\x06\x03\x2b\x65\x70", 5);
	assert_non_null(oid);
	oid[4] = 0x05;
	assert_int_equal(cert_parse(view_make(copy, len), &c), 0);
	assert_int_equal(check(f, &c, 1, MOON_NAME, (struct trust_params){0}), E_UNTRUSTED);
	expect_note_part(f,
			 "its public key (1.3.101.5) is of a kind that no loaded provider knows");
	cert_put(c);
	free(copy);
	gen_done(&g);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_trusted),	     TEST(test_key_kinds),
		TEST(test_identity),	     TEST(test_untrusted),
		TEST(test_forged),	     TEST(test_times),
		TEST(test_intermediate),     TEST(test_bad_intermediate),
		TEST(test_path_length),	     TEST(test_ca_may_not_sign),
		TEST(test_leaf_refused),     TEST(test_key_usage_allowed),
		TEST(test_name_constraints), TEST(test_cacerts),
		TEST(test_pinned),	     TEST(test_strength),
		TEST(test_post_quantum),     TEST(test_known),
		TEST(test_unknown_key),
	};

	return provider_load() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
