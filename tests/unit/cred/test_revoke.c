/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/revoke.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>

#include "base/str.h"
#include "cred/crl.h"
#include "cred/store.h"
#include "cred/trust.h"
#include "gen.h"

#define MOON "moon.strongswan.org"

/* A root that everybody trusts, a certificate of it, and another one. */
struct fixture {
	struct cred_store *store;
	struct gen root, moon, sun;
	struct log_notes notes;
	enum trust_fault fault;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->store = cred_new();
	f->root = gen_ca("C=CH, O=Cyber, CN=Cyber Root CA", NULL);
	f->moon = gen_leaf("C=CH, O=Cyber, CN=" MOON, "DNS:" MOON, &f->root);
	f->sun = gen_leaf("C=CH, O=Cyber, CN=sun", NULL, &f->root);
	*state = f;
	return cred_add_cert(f->store, f->root.cert->der, CRED_CA, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	cred_free(f->store);
	gen_done(&f->sun);
	gen_done(&f->moon);
	gen_done(&f->root);
	log_notes_done(&f->notes);
	free(f);
	return 0;
}

static void add(struct fixture *f, struct gen_crl_params params)
{
	struct crl *crl;

	if (!params.issuer)
		params.issuer = &f->root;
	assert_int_equal(cred_add_crl(f->store, gen_crl(&params), &crl), 0);
	crl_put(crl);
}

static int check(struct fixture *f, const struct gen *g, enum trust_revocation revocation)
{
	struct trust_params params = {.chain = &g->cert,
				      .n_chain = 1,
				      .now = GEN_NOW,
				      .revocation = revocation,
				      .out_fault = &f->fault};
	struct cert *out;
	struct id id;
	int err;

	assert_int_equal(id_parse(MOON, &id), 0);
	params.id = &id;
	f->fault = TRUST_FAULT_NONE;
	log_notes_done(&f->notes);
	err = trust_check(f->store, &params, &f->notes, &out);
	cert_put(out);
	id_done(&id);
	assert_int_equal(ERR_peek_error(), 0);
	return err;
}

static bool has_note(const struct fixture *f, const char *part)
{
	for (size_t i = 0; i < f->notes.count; i++) {
		if (strstr(f->notes.items[i].text, part))
			return true;
	}
	return false;
}

static unsigned count_crls(struct fixture *f)
{
	unsigned n = cred_flush_crls(f->store);

	assert_int_equal(cred_flush_crls(f->store), 0);
	return n;
}

static void test_revoked(void **state)
{
	struct fixture *f = *state;

	add(f, (struct gen_crl_params){.revoked = {&f->sun, &f->moon}, .reason = 1});
	assert_int_equal(check(f, &f->moon, TRUST_RELAXED), E_REVOKED);
	assert_int_equal(f->fault, TRUST_FAULT_REVOKED);
	assert_true(has_note(f, "  crl correctly signed by \"C=CH, O=Cyber, CN=Cyber Root CA\""));
	assert_true(has_note(f, "certificate was revoked on Jan 01 00:00:00 UTC 2026, reason: key "
				"compromise"));
	cred_flush_crls(f->store);
	assert_int_equal(check(f, &f->moon, TRUST_RELAXED), 0);
	assert_true(has_note(f, "certificate status is not available"));
}

static void test_good(void **state)
{
	struct fixture *f = *state;

	add(f, (struct gen_crl_params){.revoked = {&f->sun}});
	assert_int_equal(check(f, &f->moon, TRUST_STRICT), 0);
	assert_true(has_note(f, "  crl is valid: until Jan 01 00:00:00 UTC 2027"));
	assert_true(has_note(f, "certificate status is good"));
}

/* A list revokes as long as nobody knows better, but it does not vouch when it is out of date. */
static void test_stale(void **state)
{
	struct fixture *f = *state;

	add(f, (struct gen_crl_params){.revoked = {&f->sun}, .next_update = GEN_NOW - 1});
	assert_int_equal(check(f, &f->moon, TRUST_RELAXED), 0);
	assert_true(has_note(f, "certificate status is unknown, crl is stale"));
	assert_int_equal(check(f, &f->moon, TRUST_IFURI), 0);
	assert_int_equal(check(f, &f->moon, TRUST_STRICT), E_CONFIG);
	assert_int_equal(f->fault, TRUST_FAULT_STATUS);
	assert_true(has_note(f, "out of date"));
	add(f, (struct gen_crl_params){
		       .number = 2, .revoked = {&f->moon}, .next_update = GEN_NOW - 1});
	assert_int_equal(check(f, &f->moon, TRUST_RELAXED), E_REVOKED);
}

static void test_not_yet(void **state)
{
	struct fixture *f = *state;

	add(f, (struct gen_crl_params){.this_update = GEN_NOW + 1});
	assert_int_equal(check(f, &f->moon, TRUST_STRICT), E_CONFIG);
	assert_true(has_note(f, "  crl is not valid before"));
}

static void test_strict_without(void **state)
{
	struct fixture *f = *state;
	struct gen pinned = gen_make(&(struct gen_params){.subject = "C=CH, CN=alone",
							  .ext = {"subjectAltName=DNS:" MOON}});

	assert_int_equal(check(f, &f->moon, TRUST_STRICT), E_CONFIG);
	assert_true(has_note(f, "remote.revocation = strict wants one: put a CRL of its issuer "
				"into x509crl"));
	assert_int_equal(check(f, &pinned, TRUST_STRICT), E_UNTRUSTED);
	assert_int_equal(f->fault, TRUST_FAULT_ROOT);
	gen_done(&pinned);
}

static void test_ifuri(void **state)
{
	struct fixture *f = *state;
	struct gen g = gen_make(&(struct gen_params){
		.subject = "C=CH, CN=uri",
		.issuer = &f->root,
		.ext = {"subjectAltName=DNS:" MOON,
			"crlDistributionPoints=URI:http://crl.example.org/a.crl"}});

	assert_int_equal(check(f, &f->moon, TRUST_IFURI), 0);
	assert_int_equal(check(f, &g, TRUST_IFURI), E_CONFIG);
	assert_true(has_note(f, "remote.revocation = ifuri"));
	add(f, (struct gen_crl_params){0});
	assert_int_equal(check(f, &g, TRUST_IFURI), 0);
	gen_done(&g);
}

/* Somebody else's list, and one of a CA that may not issue lists. */
static void test_ignored(void **state)
{
	struct fixture *f = *state;
	struct gen ca = gen_make(&(struct gen_params){.subject = "C=CH, CN=no lists",
						      .issuer = &f->root,
						      .ext = {"basicConstraints=critical,CA:TRUE",
							      "keyUsage=critical,keyCertSign",
							      "subjectKeyIdentifier=hash"}});
	struct gen leaf = gen_leaf("C=CH, CN=leaf", "DNS:" MOON, &ca);

	add(f, (struct gen_crl_params){.revoked = {&f->moon}, .signer = &f->sun});
	assert_int_equal(check(f, &f->moon, TRUST_RELAXED), 0);
	assert_true(has_note(f, "  crl is ignored: its signature is not that of"));
	assert_int_equal(cred_add_cert(f->store, ca.cert->der, CRED_NONE, NULL), 0);
	add(f, (struct gen_crl_params){.issuer = &ca, .revoked = {&leaf}});
	assert_int_equal(check(f, &leaf, TRUST_RELAXED), 0);
	assert_true(has_note(f, "lacks cRLSign"));
	gen_done(&leaf);
	gen_done(&ca);
}

/* The CA between is revoked, so what it issued is not trusted. */
static void test_revoked_ca(void **state)
{
	struct fixture *f = *state;
	struct gen ca = gen_ca("C=CH, CN=between", &f->root);
	struct gen leaf = gen_leaf("C=CH, CN=leaf", "DNS:" MOON, &ca);

	assert_int_equal(cred_add_cert(f->store, ca.cert->der, CRED_NONE, NULL), 0);
	add(f, (struct gen_crl_params){.issuer = &ca});
	assert_int_equal(check(f, &leaf, TRUST_RELAXED), 0);
	assert_int_equal(check(f, &leaf, TRUST_STRICT), E_CONFIG);
	add(f, (struct gen_crl_params){.revoked = {&ca}});
	assert_int_equal(check(f, &leaf, TRUST_RELAXED), E_REVOKED);
	gen_done(&leaf);
	gen_done(&ca);
}

static void test_newer_wins(void **state)
{
	struct fixture *f = *state;

	add(f, (struct gen_crl_params){.number = 5, .revoked = {&f->moon}});
	add(f, (struct gen_crl_params){.number = 4});
	assert_int_equal(check(f, &f->moon, TRUST_RELAXED), E_REVOKED);
	add(f, (struct gen_crl_params){.number = 6});
	assert_int_equal(check(f, &f->moon, TRUST_STRICT), 0);
	add(f, (struct gen_crl_params){.number = 6});
	assert_int_equal(count_crls(f), 1);
}

/* A list of some certificates only revokes, but what it does not list is not good for that. */
static void test_partial(void **state)
{
	struct fixture *f = *state;

	add(f, (struct gen_crl_params){.ext = "issuingDistributionPoint=critical,onlyuser:TRUE"});
	assert_int_equal(check(f, &f->moon, TRUST_RELAXED), 0);
	assert_int_equal(check(f, &f->moon, TRUST_STRICT), E_CONFIG);
	add(f, (struct gen_crl_params){.number = 1,
				       .revoked = {&f->moon},
				       .ext = "issuingDistributionPoint=critical,onlyuser:TRUE"});
	assert_int_equal(check(f, &f->moon, TRUST_RELAXED), E_REVOKED);
}

static void test_parse(void **state)
{
	struct fixture *f = *state;
	struct gen_crl_params params = {.issuer = &f->root};
	struct crl *crl;
	struct view der;

	assert_int_equal(crl_parse(f->moon.cert->der, &crl), E_MALFORMED);
	assert_int_equal(crl_parse(view_make(NULL, 0), &crl), E_MALFORMED);
	der = gen_crl(&params);
	assert_int_equal(crl_parse(view_make(der.ptr, der.len - 1), &crl), E_MALFORMED);
	assert_null(crl);
	params.ext = "issuingDistributionPoint=critical,indirectCRL:TRUE";
	assert_int_equal(crl_parse(gen_crl(&params), &crl), E_UNSUPPORTED);
	params.ext = "1.2.3.4=critical,DER:0500";
	assert_int_equal(crl_parse(gen_crl(&params), &crl), E_UNSUPPORTED);
	params.ext = "1.2.3.4=DER:0500";
	assert_int_equal(crl_parse(gen_crl(&params), &crl), 0);
	crl_put(crl);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_revoked), TEST(test_good),	       TEST(test_stale),
		TEST(test_not_yet), TEST(test_strict_without), TEST(test_ifuri),
		TEST(test_ignored), TEST(test_revoked_ca),     TEST(test_newer_wins),
		TEST(test_partial), TEST(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
