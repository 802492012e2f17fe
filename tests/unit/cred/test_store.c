/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gen.h"

static void add_cert(struct cred_store *s, const struct gen *g, enum cred_flag flag)
{
	assert_int_equal(cred_add_cert(s, g->cert->der, flag, NULL), 0);
}

static void add_key(struct cred_store *s, const struct gen *g)
{
	struct keyref *k;

	assert_int_equal(keyref_from_pkey(g->key, &k), 0);
	assert_int_equal(cred_add_key(s, k), 0);
	keyref_put(k);
}

static bool count_one(void *ctx, const struct cred_cert_info *info)
{
	size_t *n = ctx;

	n[0]++;
	n[1] += info->has_key;
	n[2] += info->flag == CRED_CA;
	return true;
}

static bool stop_at_once(void *ctx, const struct cred_cert_info *info)
{
	(void)info;
	++*(size_t *)ctx;
	return false;
}

static void test_certs(void **state)
{
	struct cred_store *s = cred_new();
	struct gen ca = gen_ca("CN=ca", NULL), leaf = gen_leaf("CN=x", "DNS:x.example", &ca);
	size_t n[3] = {0}, visits = 0;
	struct cert *a, *b;
	(void)state;

	assert_int_equal(cred_add_cert(s, ca.cert->der, CRED_NONE, &a), 0);
	assert_false(cred_is_anchor(s, ca.cert));
	assert_null(cred_find_ca(s, ca.cert->spki_sha1));
	/* once more, now as a CA: the same entry, promoted, and never back */
	assert_int_equal(cred_add_cert(s, ca.cert->der, CRED_CA, &b), 0);
	assert_ptr_equal(a, b);
	cert_put(b);
	add_cert(s, &ca, CRED_NONE);
	assert_true(cred_is_anchor(s, ca.cert));
	b = cred_find_ca(s, ca.cert->spki_sha1);
	assert_ptr_equal(a, b);
	cert_put(b);
	cert_put(a);

	assert_int_equal(cred_add_cert(s, leaf.cert->der, CRED_CA, &a), E_CONFIG);
	assert_null(a);
	assert_int_equal(cred_add_cert(s, view_str("junk"), CRED_NONE, &a), E_MALFORMED);
	assert_null(a);
	add_cert(s, &leaf, CRED_NONE);
	add_key(s, &leaf);
	cred_each_cert(s, count_one, n);
	assert_int_equal(n[0], 2);
	assert_int_equal(n[1], 1);
	assert_int_equal(n[2], 1);
	cred_each_cert(s, stop_at_once, &visits);
	assert_int_equal(visits, 1);

	a = cred_find_issuer(s, leaf.cert);
	assert_true(view_equal(a->der, ca.cert->der));
	cert_put(a);
	a = cred_find_issuer(s, ca.cert);
	assert_true(view_equal(a->der, ca.cert->der));
	cert_put(a);
	cred_clear(s);
	assert_null(cred_find_issuer(s, leaf.cert));
	cred_free(s);
	cred_free(NULL);
	gen_done(&leaf);
	gen_done(&ca);
}

/* A certificate is there, and an anchor, as long as somebody has loaded or holds it so. */
static void test_holders(void **state)
{
	struct cred_store *s = cred_new();
	struct gen ca = gen_ca("CN=ca", NULL);
	struct cert *held;
	(void)state;

	assert_int_equal(cred_hold_cert(s, ca.cert->der, CRED_CA, &held), 0);
	assert_true(cred_is_anchor(s, ca.cert));
	cred_clear(s);
	assert_true(cred_is_anchor(s, ca.cert));
	assert_int_equal(cred_hold_cert(s, ca.cert->der, CRED_CA, NULL), 0);
	cred_release_cert(s, held, CRED_CA);
	assert_true(cred_is_anchor(s, ca.cert));
	/* still there for the one, but not trusted by the other any more */
	assert_int_equal(cred_hold_cert(s, ca.cert->der, CRED_NONE, NULL), 0);
	cred_release_cert(s, held, CRED_CA);
	assert_false(cred_is_anchor(s, ca.cert));
	assert_null(cred_find_ca(s, ca.cert->spki_sha1));
	/* loaded beside: release leaves that, clear leaves the holder's */
	add_cert(s, &ca, CRED_CA);
	assert_true(cred_is_anchor(s, ca.cert));
	cred_clear(s);
	assert_false(cred_is_anchor(s, ca.cert));
	add_cert(s, &ca, CRED_CA);
	cred_release_cert(s, held, CRED_NONE);
	assert_true(cred_is_anchor(s, ca.cert));
	cred_clear(s);
	assert_int_equal(cred_hold_cert(s, ca.cert->der, CRED_CA, NULL), 0);
	cred_release_cert(s, held, CRED_CA);
	assert_null(cred_find_issuer(s, ca.cert));
	/* more than was held */
	cred_release_cert(s, held, CRED_CA);
	cert_put(held);
	cred_free(s);
	gen_done(&ca);
}

static bool count_key(void *ctx, const struct keyref *k)
{
	(void)k;
	++*(size_t *)ctx;
	return true;
}

static void test_keys(void **state)
{
	struct cred_store *s = cred_new();
	struct gen a = gen_ca("CN=a", NULL), b = gen_ca("CN=b", NULL);
	struct keyref *k;
	size_t n = 0;
	(void)state;

	add_key(s, &a);
	add_key(s, &a);
	add_key(s, &b);
	cred_each_key(s, count_key, &n);
	assert_int_equal(n, 2);
	k = cred_find_key(s, a.cert);
	assert_memory_equal(keyref_id(k), a.cert->subject_key, 20);
	assert_int_equal(cred_remove_key(s, keyref_id(k)), 0);
	assert_int_equal(cred_remove_key(s, keyref_id(k)), E_NOTFOUND);
	keyref_put(k);
	assert_null(cred_find_key(s, a.cert));
	cred_free(s);
	gen_done(&a);
	gen_done(&b);
}

static struct cert *own_cert(struct cred_store *s, const char *id_text, const struct gen *ca)
{
	struct id id;
	struct cert *c;

	assert_int_equal(id_parse(id_text, &id), 0);
	c = cred_find_own_cert(s, &id, ca ? ca->cert->spki_sha1 : NULL, ca ? 1 : 0);
	id_done(&id);
	return c;
}

static void expect_own(struct cred_store *s, const char *id, const struct gen *ca,
		       const struct gen *expected)
{
	struct cert *c = own_cert(s, id, ca);

	assert_non_null(c);
	assert_true(view_equal(c->der, expected->cert->der));
	cert_put(c);
}

static void test_own_cert(void **state)
{
	struct cred_store *s = cred_new();
	struct gen root_a = gen_ca("CN=root a", NULL), root_b = gen_ca("CN=root b", NULL);
	struct gen middle = gen_ca("CN=middle", &root_b);
	struct gen under_a = gen_leaf("CN=moon a", "DNS:moon.example", &root_a);
	struct gen under_b = gen_leaf("CN=moon b", "DNS:moon.example", &middle);
	struct gen later = gen_make(&(struct gen_params){
		.subject = "CN=moon later",
		.issuer = &root_a,
		.not_after = GEN_NOT_AFTER + 1000,
		.ext = {"subjectAltName=DNS:moon.example", "authorityKeyIdentifier=keyid"},
	});
	struct gen keyless = gen_leaf("CN=sun", "DNS:sun.example", &root_a);
	(void)state;

	add_cert(s, &root_a, CRED_CA);
	add_cert(s, &root_b, CRED_CA);
	add_cert(s, &middle, CRED_NONE);
	add_cert(s, &under_a, CRED_NONE);
	add_cert(s, &under_b, CRED_NONE);
	add_cert(s, &keyless, CRED_NONE);
	add_key(s, &under_a);
	add_key(s, &under_b);
	assert_null(own_cert(s, "sun.example", NULL));
	assert_null(own_cert(s, "venus.example", NULL));
	expect_own(s, "moon.example", &root_a, &under_a);
	expect_own(s, "moon.example", &root_b, &under_b);
	expect_own(s, "moon.example", &middle, &under_b);
	expect_own(s, "CN=moon b", &root_a, &under_b);
	add_cert(s, &later, CRED_NONE);
	add_key(s, &later);
	expect_own(s, "moon.example", NULL, &later);
	expect_own(s, "moon.example", &root_a, &later);
	expect_own(s, "moon.example", &root_b, &under_b);
	cred_free(s);
	gen_done(&keyless);
	gen_done(&later);
	gen_done(&under_b);
	gen_done(&under_a);
	gen_done(&middle);
	gen_done(&root_b);
	gen_done(&root_a);
}

static void add_secret(struct cred_store *s, const char *unique_id, const char *data,
		       const char *owner_a, const char *owner_b)
{
	const char *owners[] = {owner_a, owner_b};
	struct cred_secret_params params = {
		.type = CRED_IKE,
		.unique_id = unique_id,
		.data = view_str(data),
		.owners = owners,
		.n_owners = (owner_a != NULL) + (owner_b != NULL),
	};

	assert_int_equal(cred_add_secret(s, &params), 0);
}

static void expect_these(struct cred_store *s, const char *me_text, const char *other_text,
			 bool proves_other, const char *expected)
{
	struct id me, other;
	char found[64] = "";
	size_t len = 0;
	struct secret x;

	assert_int_equal(id_parse(me_text, &me), 0);
	assert_int_equal(id_parse(other_text, &other), 0);
	for (unsigned n = 0;
	     cred_find_secret(s,
			      &(struct cred_secret_query){CRED_IKE, &me, &other, n, proves_other},
			      &x) == 0;
	     n++) {
		len += (size_t)snprintf(found + len, sizeof(found) - len, "%.*s", (int)x.len,
					(const char *)x.data);
		secret_done(&x);
		assert_true(n < 10);
	}
	assert_string_equal(found, expected);
	id_done(&me);
	id_done(&other);
}

/* All secrets for me and other, best first, as one string. */
static void expect_secrets(struct cred_store *s, const char *me_text, const char *other_text,
			   const char *expected)
{
	expect_these(s, me_text, other_text, false, expected);
}

static bool count_id(void *ctx, const char *unique_id)
{
	assert_non_null(unique_id);
	++*(size_t *)ctx;
	return true;
}

static void test_secrets(void **state)
{
	struct cred_store *s = cred_new();
	const char *bad_owner = "CN=";
	struct secret x;
	size_t n = 0;
	(void)state;

	add_secret(s, NULL, "0", NULL, NULL);
	add_secret(s, "me", "M", "moon.example", NULL);
	add_secret(s, "other", "O", "carol@example", "dave@example");
	add_secret(s, "wild", "W", "*@example", NULL);
	add_secret(s, "both", "B", "moon.example", "carol@example");
	add_secret(s, "any", "A", "%any", NULL);
	expect_secrets(s, "moon.example", "carol@example", "BAOWM0");
	expect_secrets(s, "moon.example", "dave@example", "AOWMB0");
	expect_secrets(s, "moon.example", "eve@elsewhere", "AMB0");
	expect_secrets(s, "sun.example", "eve@elsewhere", "A0");
	expect_secrets(s, "%any", "carol@example", "OBWA0");
	expect_secrets(s, "%any", "%any", "0");
	/* What carol and moon share proves nothing of the others; what is everybody's does. */
	expect_these(s, "moon.example", "carol@example", true, "BAOWM0");
	expect_these(s, "moon.example", "dave@example", true, "AOWM0");
	expect_these(s, "moon.example", "eve@elsewhere", true, "AM0");

	add_secret(s, "both", "b", "moon.example", "carol@example");
	expect_secrets(s, "moon.example", "carol@example", "bAOWM0");
	cred_each_secret(s, count_id, &n);
	assert_int_equal(n, 5);
	assert_int_equal(cred_remove_secret(s, "any"), 0);
	assert_int_equal(cred_remove_secret(s, "any"), E_NOTFOUND);
	expect_secrets(s, "moon.example", "carol@example", "bOWM0");
	assert_int_equal(cred_find_secret(s, &(struct cred_secret_query){.type = CRED_EAP}, &x),
			 E_NOTFOUND);
	assert_int_equal(cred_find_secret(s, &(struct cred_secret_query){.type = CRED_IKE}, &x), 0);
	secret_done(&x);
	assert_int_equal(cred_add_secret(s, &(struct cred_secret_params){.owners = &bad_owner,
									 .n_owners = 1}),
			 E_MALFORMED);
	cred_free(s);
}

struct race {
	struct cred_store *store;
	const struct gen *ca, *leaf;
};

static void *look_up(void *arg)
{
	struct race *r = arg;
	uintptr_t hits = 0;

	/* Until something was found at least: the store is empty at times. */
	for (int i = 0; i < 300 || hits == 0; i++) {
		struct cert *issuer = cred_find_issuer(r->store, r->leaf->cert);
		struct cert *own = cred_find_own_cert(r->store, &r->leaf->cert->subject, NULL, 0);
		struct keyref *k = cred_find_key(r->store, r->leaf->cert);
		struct secret x;

		if (cred_find_secret(r->store, &(struct cred_secret_query){.type = CRED_IKE}, &x) ==
		    0) {
			hits += x.len == 4;
			secret_done(&x);
		}
		hits += issuer && issuer->ca;
		hits += own && cert_key(own);
		cert_put(issuer);
		cert_put(own);
		keyref_put(k);
	}
	return (void *)hits;
}

/* Look-ups keep what they found while the store is cleared and loaded again. */
static void test_threads(void **state)
{
	struct gen ca = gen_ca("CN=ca", NULL), leaf = gen_leaf("CN=x", NULL, &ca);
	struct race r = {cred_new(), &ca, &leaf};
	pthread_t threads[3];
	void *hits;
	(void)state;

	add_cert(r.store, &ca, CRED_CA);
	add_secret(r.store, "x", "data", NULL, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_up, &r), 0);
	for (int i = 0; i < 100; i++) {
		if (i % 3 == 0)
			cred_clear(r.store);
		add_cert(r.store, &ca, CRED_CA);
		add_cert(r.store, &leaf, CRED_NONE);
		add_key(r.store, &leaf);
		add_secret(r.store, "x", "data", NULL, NULL);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &hits);
		assert_true((uintptr_t)hits > 0);
	}
	cred_free(r.store);
	gen_done(&leaf);
	gen_done(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certs),	cmocka_unit_test(test_holders),
		cmocka_unit_test(test_keys),	cmocka_unit_test(test_own_cert),
		cmocka_unit_test(test_secrets), cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
