/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once: no crash, no leak, and never a result that lacks a part. */
#include "check.h"

#include "conf/conn.h"
#include "conf/settings.h"

/* Linked with --wrap: the allocation after `left` others fails; negative: none does. */
static long left = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, n, size);
}

static const char good[] =
	"base { mobike = no\n remote { id = moon\n certs = a, b } }\n"
	"connections { c : base {\n vips = 0.0.0.0, ::\n proposals = aes256-sha256-x25519, "
	"default\n"
	" local { auth = psk\n cert { file = /x } }\n"
	" children { n { local_ts = 10.0.0.0/8, dynamic\n reqid = 5 }\n m { } } } }\n"
	"pools { p { addrs = 10.0.0.0/8\n dns = ::1, 10.0.0.1 } }\n"
	"secrets { ike { secret = 0x4142\n id = a\n id-2 = b } }\n"
	"authorities { a { cacert = x\n crl_uris = y, z } }\n";

static const char bad[] = "connections { c : x { propsals = 1\n vips = x\n proposals = x\n x { }\n"
			  " local { auth = x } } }\nx y { z }\npols { }\na = \"";
static const char later[] = "connections { c { remote { auth = eap-tls:rsa-3072-sha256\n"
			    " groups = a, b\n pubkeys = x, y }\n remote-2 { round = 1 }\n"
			    " ppk_id = x\n proposals = aes256-sha256-x25519-ke1_ecp384\n"
			    " children { n { updown = \"/x y\"\n mark_in = 1/2 } } } }\n";

/* Parse and build all of a text; 0 if everything could be built. */
static int build_all(const char *text, struct conf_errors *errs)
{
	struct conf_node *root;
	struct conf_conn *c = NULL;
	struct conf_pool p = {0};
	struct conf_secret s = {0};
	int err = conf_parse_alone("t.conf", view_str(text), errs, &root);

	if (err) {
		assert_null(root);
		return err;
	}
	err = conf_conn_build(conf_node_section(root, "connections")->sections[0], errs, &c);
	assert_int_equal(err == 0, c != NULL);
	conf_conn_put(c);
	if (!err && conf_node_section(root, "pools")) {
		err = conf_pool_build(conf_node_section(root, "pools")->sections[0], errs, &p);
		assert_int_equal(err == 0, p.name != NULL);
		conf_pool_done(&p);
	}
	if (!err && conf_node_section(root, "secrets")) {
		err = conf_secret_build(conf_node_section(root, "secrets")->sections[0], errs, &s);
		assert_int_equal(err == 0, s.name != NULL);
		conf_secret_done(&s);
	}
	conf_check_swanctl(root, errs);
	conf_node_free(root);
	return err;
}

static void test_good(void **state)
{
	struct conf_errors errs = {0};
	long n = -1;
	int err;

	(void)state;
	do {
		conf_errors_done(&errs);
		left = ++n;
		err = build_all(good, &errs);
		/* only in the check, whose failures cost no result, may it have failed unseen */
		if (left < 0 && err != 0)
			assert_int_equal(err, E_NOMEM);
	} while (left < 0);
	left = -1;
	assert_true(n > 100);
	check_errors(&errs, "");
	assert_int_equal(err, 0);
}

static void check_bad(const char *text)
{
	struct conf_errors errs = {0};
	long n = -1;
	int err;

	do {
		conf_errors_done(&errs);
		left = ++n;
		err = build_all(text, &errs);
		assert_true(err == E_NOMEM || err == E_CONFIG);
	} while (left < 0);
	left = -1;
	assert_int_equal(err, E_CONFIG);
	conf_errors_done(&errs);
}

static void test_bad(void **state)
{
	(void)state;
	check_bad(bad);
	check_bad(later);
}

static void test_settings(void **state)
{
	static const char text[] = "charon { port = x\n prot = 2\n filelog { f { ikee = 1 } } }\n"
				   "charn { }\n";
	struct conf_errors errs = {0};
	struct conf_node *root;
	struct settings *s;
	long n = -1;
	int err;

	(void)state;
	do {
		conf_errors_done(&errs);
		left = ++n;
		err = conf_parse_alone("t.conf", view_str(text), &errs, &root);
		if (!err)
			err = settings_from_tree(root, &errs, &s);
		assert_true(err == E_NOMEM || err == E_CONFIG);
		if (err == E_CONFIG)
			settings_free(s);
	} while (left < 0);
	left = -1;
	assert_int_equal(err, E_CONFIG);
	assert_int_equal(errs.count, 4);
	conf_errors_done(&errs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests_name("conf/oom", tests, NULL, NULL);
}
