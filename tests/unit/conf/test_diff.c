/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conf/check.h"

#include <stdio.h>

#include "conf/diff.h"

static void check_diff(const char *part, const char *old, const char *new, const char *expected)
{
	struct conf_errors errs = {0};
	struct conf_node *a = old ? check_parse(old, &errs) : NULL;
	struct conf_node *b = new ? check_parse(new, &errs) : NULL;
	struct strs lines = {0};
	struct wbuf w;

	check_errors(&errs, "");
	assert_int_equal(
		diff_sections(part, a ? a->sections[0] : NULL, b ? b->sections[0] : NULL, &lines),
		0);
	wbuf_init(&w, 0);
	for (size_t i = 0; i < lines.count; i++)
		wbuf_fmt(&w, "%s\n", lines.items[i]);
	wbuf_u8(&w, '\0');
	assert_string_equal((char *)w.data, expected);
	wbuf_done(&w);
	strs_done(&lines);
	conf_node_free(a);
	conf_node_free(b);
}

static void test_whole(void **state)
{
	(void)state;
	check_diff("connections", NULL, "home { }", "+ connections.home\n");
	check_diff("pools", "p { addrs = 10.0.0.0/8\n }", NULL, "- pools.p\n");
	check_diff("authorities", "a { }", "a { }", "");
	check_diff("authorities", NULL, NULL, "");
}

/* What means the same is no change. */
static void test_same(void **state)
{
	(void)state;
	check_diff("connections",
		   "home { rekey_time = 4h\n proposals = aes256-sha256-x25519 , default\n"
		   " mobike = yes\n }",
		   "home { rekey_time = 14400\n proposals = aes256-sha256-x25519,default\n }", "");
	check_diff("connections", "c { children { n { rekey_bytes = 1k\n } } }",
		   "c { children { n { rekey_bytes = 1024\n mode = TUNNEL\n } } }", "");
}

static void test_values(void **state)
{
	(void)state;
	check_diff("connections",
		   "home { rekey_time = 4h\n unique = replace\n local { auth = psk\n id = a\n } }",
		   "home { rekey_time = 30m\n mobike = no\n local { auth = psk\n id = b\n }\n"
		   " remote { auth = psk\n } }",
		   "~ connections.home.rekey_time: 4h -> 30m\n"
		   "~ connections.home.unique: replace -> no (default)\n"
		   "~ connections.home.mobike: yes (default) -> no\n"
		   "~ connections.home.local.id: a -> b\n"
		   "+ connections.home.remote\n");
	check_diff("pools", "p { addrs = 10.0.0.0/24\n dns = 10.1.0.1\n }",
		   "p { addrs = 10.0.1.0/24\n dns = 10.1.0.1, 10.1.0.2\n }",
		   "~ pools.p.addrs: 10.0.0.0/24 -> 10.0.1.0/24\n"
		   "~ pools.p.dns: 10.1.0.1 -> 10.1.0.1, 10.1.0.2\n");
}

static void test_children(void **state)
{
	(void)state;
	check_diff("connections", "c { children { a { remote_ts = 10.0.0.0/8\n } b { } } }",
		   "c { children { a { remote_ts = 10.0.0.0/9\n } d { } } }",
		   "~ connections.c.children.a.remote_ts: 10.0.0.0/8 -> 10.0.0.0/9\n"
		   "- connections.c.children.b\n"
		   "+ connections.c.children.d\n");
	check_diff("connections", "c { }", "c { children { d { } } }",
		   "+ connections.c.children.d\n");
	check_diff("connections", "c { children { d { } } }", "c { }",
		   "- connections.c.children.d\n");
}

/* Files come by content, which nobody wants to read. */
static void test_content(void **state)
{
	char old[700], new[700], same[700];

	(void)state;
	snprintf(old, sizeof(old), "c { local { certs = \"%0300d\"\n } }", 1);
	snprintf(new, sizeof(new), "c { local { certs = \"%0400d\"\n } }", 2);
	snprintf(same, sizeof(same), "c { local { certs = \"%0300d\"\n } }", 3);
	check_diff("connections", old, new,
		   "~ connections.c.local.certs: 300 bytes -> 400 bytes (other content)\n");
	check_diff("connections", old, same,
		   "~ connections.c.local.certs: 300 bytes -> 300 bytes (other content)\n");
	check_diff("connections", old, "c { local { } }",
		   "~ connections.c.local.certs: 300 bytes -> not set\n");
	check_diff("connections", old, old, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	cmocka_unit_test(test_same),
		cmocka_unit_test(test_values),	cmocka_unit_test(test_children),
		cmocka_unit_test(test_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
