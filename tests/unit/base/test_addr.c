/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

#include <arpa/inet.h>

#include "base/addr.h"

static struct addr parse(const char *text)
{
	struct addr a;

	if (addr_parse(&a, text))
		fail_msg("'%s' is refused", text);
	return a;
}

static struct addr_range parse_range(const char *text)
{
	struct addr_range r;

	if (addr_range_parse(&r, text))
		fail_msg("'%s' is refused", text);
	return r;
}

static void test_text(void **state)
{
	static const char *const bad[] = {"",		"1.2.3",	"1.2.3.4.5", "256.1.1.1",
					  "1.2.3.4 ",	"fe80::1%eth0", "host",	     "::g",
					  "1.2.3.4/32", "%any"};
	char buf[ADDR_TEXT_MAX];
	struct addr a = parse("192.0.2.1");

	(void)state;
	assert_int_equal(a.family, AF_INET);
	assert_int_equal(addr_view(&a).len, 4);
	assert_string_equal(addr_text(&a, buf), "192.0.2.1");
	a.port = 500;
	assert_string_equal(addr_text_port(&a, buf), "192.0.2.1[500]");
	a = parse("2001:DB8:0:0::1");
	assert_int_equal(a.family, AF_INET6);
	assert_int_equal(addr_view(&a).len, 16);
	assert_string_equal(addr_text(&a, buf), "2001:db8::1");
	a = parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	a.port = 65535;
	assert_string_equal(addr_text_port(&a, buf),
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff[65535]");
	a = (struct addr){0};
	assert_string_equal(addr_text(&a, buf), "%any");
	assert_string_equal(addr_text_port(&a, buf), "%any[0]");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (addr_parse(&a, bad[i]) != E_MALFORMED)
			fail_msg("'%s' is taken", bad[i]);
		assert_int_equal(a.family, 0);
	}
}

static void test_bytes(void **state)
{
	struct addr a;

	(void)state;
	assert_int_equal(addr_from_bytes(&a, view_make("\xc0\x00\x02\x01", 4), 4500), 0);
	assert_true(addr_equal(&a, &(struct addr){AF_INET, 0, {192, 0, 2, 1}}));
	assert_false(addr_equal_port(&a, &(struct addr){AF_INET, 0, {192, 0, 2, 1}}));
	assert_true(addr_equal_port(&a, &(struct addr){AF_INET, 4500, {192, 0, 2, 1}}));
	assert_int_equal(addr_from_bytes(&a, view_make("0123456789abcdef", 16), 0), 0);
	assert_int_equal(a.family, AF_INET6);
	assert_int_equal(addr_from_bytes(&a, view_make("0123456789abcdef", 15), 0), E_MALFORMED);
	assert_int_equal(addr_from_bytes(&a, view_make(NULL, 0), 0), E_MALFORMED);
	assert_int_equal(addr_len(AF_INET), 4);
	assert_int_equal(addr_len(AF_INET6), 16);
	assert_int_equal(addr_len(AF_UNIX), 0);
}

static void test_sockaddr(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1", "0.0.0.0", "::"};
	struct sockaddr_storage ss;
	struct addr a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		a = parse(texts[i]);
		a.port = 4500;
		assert_int_equal(addr_to_sockaddr(&a, &ss), a.family == AF_INET
								    ? sizeof(struct sockaddr_in)
								    : sizeof(struct sockaddr_in6));
		assert_int_equal(addr_from_sockaddr(&b, (struct sockaddr *)&ss), 0);
		assert_true(addr_equal_port(&a, &b));
	}
	a = parse("::ffff:192.0.2.7");
	a.port = 7;
	addr_to_sockaddr(&a, &ss);
	assert_int_equal(addr_from_sockaddr(&b, (struct sockaddr *)&ss), 0);
	a = parse("192.0.2.7");
	a.port = 7;
	assert_true(addr_equal_port(&a, &b));
	ss.ss_family = AF_UNIX;
	assert_int_equal(addr_from_sockaddr(&b, (struct sockaddr *)&ss), E_MALFORMED);
}

static void test_any(void **state)
{
	struct addr a = {0}, b = parse("0.0.0.0"), c = parse("::"), d = parse("::1");

	(void)state;
	assert_true(addr_is_any(&a) && addr_is_any(&b) && addr_is_any(&c));
	assert_false(addr_is_any(&d));
	assert_false(addr_equal(&b, &c));
}

static void test_range_text(void **state)
{
	static const struct {
		const char *in, *out;
	} good[] = {
		{"10.1.0.0/24", "10.1.0.0/24"},
		{"10.1.0.77/24", "10.1.0.0/24"},
		{"10.3.0.1", "10.3.0.1/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"255.255.255.255/1", "128.0.0.0/1"},
		{"10.0.0.0-10.0.0.255", "10.0.0.0/24"},
		{"10.0.0.1-10.0.0.255", "10.0.0.1..10.0.0.255"},
		{"10.0.0.0-10.0.0.254", "10.0.0.0..10.0.0.254"},
		{"10.0.0.5-10.0.0.5", "10.0.0.5/32"},
		{"0.0.0.0-255.255.255.255", "0.0.0.0/0"},
		{"::/0", "::/0"},
		{"2001:db8::ffff/113", "2001:db8::8000/113"},
		{"fec1::1", "fec1::1/128"},
		{"fec1::1-fec1::3", "fec1::1..fec1::3"},
	};
	static const char *const bad[] = {
		"",
		"/24",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/ 8",
		"10.0.0.0/8x",
		"10.0.0.0/+8",
		"::/129",
		"::/99999999999999999999",
		"10.0.0.2-10.0.0.1",
		"10.0.0.1-",
		"-10.0.0.1",
		"10.0.0.1-::1",
		"10.0.0.0/8-10.0.0.0/16",
		"10.0.0.1-10.0.0.2-10.0.0.3",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	char buf[ADDR_RANGE_MAX];
	struct addr_range r = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (addr_range_parse(&r, bad[i]) != E_MALFORMED)
			fail_msg("'%s' is taken", bad[i]);
		assert_int_equal(r.family, 0);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		r = parse_range(good[i].in);
		assert_string_equal(addr_range_text(&r, buf), good[i].out);
	}
	r = parse_range("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff1-"
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
	assert_int_equal(strlen(addr_range_text(&r, buf)), 2 * 39 + 2);
}

static void test_subnets(void **state)
{
	struct addr a = parse("192.168.255.255"), b = parse("ffff::");
	struct addr_range r;
	unsigned bits = 99;

	(void)state;
	for (unsigned n = 0; n <= 32; n++) {
		assert_int_equal(addr_range_from_subnet(&r, &a, n), 0);
		assert_true(addr_range_is_subnet(&r, &bits));
		assert_int_equal(bits, n);
		assert_true(addr_range_has(&r, &a));
	}
	for (unsigned n = 0; n <= 128; n++) {
		assert_int_equal(addr_range_from_subnet(&r, &b, n), 0);
		assert_true(addr_range_is_subnet(&r, &bits));
		assert_int_equal(bits, n);
	}
	assert_int_equal(addr_range_from_subnet(&r, &a, 33), E_MALFORMED);
	assert_int_equal(addr_range_from_subnet(&r, &b, 129), E_MALFORMED);
	assert_int_equal(addr_range_from_subnet(&r, &(struct addr){0}, 0), E_MALFORMED);
	r = parse_range("10.0.0.1-10.0.0.2");
	bits = 99;
	assert_false(addr_range_is_subnet(&r, &bits));
	r = (struct addr_range){0};
	assert_false(addr_range_is_subnet(&r, &bits));
	assert_int_equal(bits, 99);
}

static void test_has(void **state)
{
	struct addr_range r = parse_range("10.0.0.5-10.0.1.4");
	static const struct {
		const char *text;
		bool in;
	} cases[] = {
		{"10.0.0.4", false}, {"10.0.0.5", true},  {"10.0.0.255", true}, {"10.0.1.0", true},
		{"10.0.1.4", true},  {"10.0.1.5", false}, {"::", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr a = parse(cases[i].text);

		assert_int_equal(addr_range_has(&r, &a), cases[i].in);
	}
}

static void test_meet(void **state)
{
	static const struct {
		const char *a, *b, *common; /* NULL: none */
	} cases[] = {
		{"10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"},
		{"10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"},
		{"10.0.0.0-10.0.0.9", "10.0.0.9-10.0.0.20", "10.0.0.9"},
		{"10.0.0.0-10.0.0.8", "10.0.0.9-10.0.0.20", NULL},
		{"10.0.1.0-10.0.2.0", "10.0.1.128-10.0.3.0", "10.0.1.128-10.0.2.0"},
		{"10.0.0.0/8", "11.0.0.0/8", NULL},
		{"0.0.0.0/0", "::/0", NULL},
		{"2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::/48"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr_range a = parse_range(cases[i].a), b = parse_range(cases[i].b);
		struct addr_range ab = {.family = 99}, ba, want;
		bool meet = cases[i].common;

		assert_int_equal(addr_range_meet(&a, &b, &ab), meet);
		assert_int_equal(addr_range_meet(&b, &a, &ba), meet);
		if (!meet) {
			assert_int_equal(ab.family, 99);
			continue;
		}
		want = parse_range(cases[i].common);
		assert_true(addr_range_equal(&ab, &want) && addr_range_equal(&ba, &want));
		assert_int_equal(addr_range_contains(&a, &b), addr_range_equal(&b, &want));
		assert_int_equal(addr_range_contains(&b, &a), addr_range_equal(&a, &want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	   cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_sockaddr),   cmocka_unit_test(test_any),
		cmocka_unit_test(test_range_text), cmocka_unit_test(test_subnets),
		cmocka_unit_test(test_has),	   cmocka_unit_test(test_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
