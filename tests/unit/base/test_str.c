/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

#include "base/str.h"

static void test_list(void **state)
{
	struct strs a = {0}, b = {0};

	(void)state;
	assert_true(strs_equal(&a, &b));
	assert_int_equal(strs_add(&a, "one"), 0);
	assert_int_equal(strs_add_view(&a, view_make("twofold", 3)), 0);
	assert_true(strs_has(&a, "two"));
	assert_false(strs_has(&a, "twofold"));
	assert_false(strs_equal(&a, &b));
	assert_int_equal(strs_add(&b, "one"), 0);
	assert_int_equal(strs_add(&b, "three"), 0);
	assert_false(strs_equal(&a, &b));
	strs_done(&b);
	assert_int_equal(b.count, 0);
	assert_int_equal(strs_add(&b, "one"), 0);
	assert_int_equal(strs_add(&b, "two"), 0);
	assert_true(strs_equal(&a, &b));
	strs_done(&a);
	strs_done(&b);
}

static void check_hex(const char *in, size_t len, const char *sep, const char *want)
{
	char *got = str_hex(view_make(in, len), sep);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void test_hex(void **state)
{
	(void)state;
	check_hex("\x00\xff\x1a", 3, "", "00ff1a");
	check_hex("\x00\xff\x1a", 3, ":", "00:ff:1a");
	check_hex("\x0a", 1, ":", "0a");
	check_hex(NULL, 0, ":", "");
}

static void test_unhex(void **state)
{
	static const char *const bad[] = {"a",	    "ag",    "aa:",  ":aa",
					  "aa::bb", "aa bb", "0x00", "a:a"};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	assert_int_equal(str_unhex("61:62C", &w), E_MALFORMED);
	wbuf_reset(&w);
	assert_int_equal(str_unhex("61:624A:4b", &w), 0);
	check_text(&w, "abJK");
	assert_int_equal(str_unhex("", &w), 0);
	check_text(&w, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(str_unhex(bad[i], &w), E_MALFORMED);
	wbuf_done(&w);
	wbuf_init(&w, 1);
	assert_int_equal(str_unhex("6162", &w), E_LIMIT);
	wbuf_done(&w);
}

static void test_unbase64(void **state)
{
	/* RFC 4648 section 10, with and without padding */
	static const struct {
		const char *in, *out;
	} good[] = {
		{"", ""},
		{"Zg==", "f"},
		{"Zm8=", "fo"},
		{"Zm9v", "foo"},
		{"Zm9vYg==", "foob"},
		{"Zm9vYmE=", "fooba"},
		{"Zm9vYmFy", "foobar"},
		{"Zg", "f"},
		{"Zm8", "fo"},
		{"Zm9vYg", "foob"},
		{"Pz8/Pz4+", "?\?\?\?>>"},
	};
	static const char *const bad[] = {"Z", "Zm9vY", "Z===",	    "Zm9v=", "Zm8==", "Zg=",
					  "=", "====",	"Zg==Zg==", "Zm9-",  "Zm 9",  "Zm9v\n"};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(str_unbase64(good[i].in, &w), 0);
		check_text(&w, good[i].out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (str_unbase64(bad[i], &w) != E_MALFORMED)
			fail_msg("'%s' is taken", bad[i]);
	}
	wbuf_done(&w);
}

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned max, want;
	} cases[] = {
		{"", "", 3, 0},
		{"abc", "abc", 3, 0},
		{"abc", "", 3, 3},
		{"", "abcd", 3, 4},
		{"propsals", "proposals", 3, 1},
		{"proposalss", "proposals", 3, 1},
		{"abcd", "abdc", 3, 1},
		{"kitten", "sitting", 9, 3},
		{"kitten", "sitting", 2, 3},
		{"kitten", "sitting", 1, 2},
	};
	char word[66];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(str_distance(cases[i].a, cases[i].b, cases[i].max), cases[i].want);
		if (cases[i].want <= cases[i].max)
			assert_int_equal(str_distance(cases[i].b, cases[i].a, cases[i].max),
					 cases[i].want);
	}
	memset(word, 'x', sizeof(word));
	word[64] = '\0';
	assert_int_equal(str_distance(word, word, 2), 0);
	word[64] = 'x';
	word[65] = '\0';
	assert_int_equal(str_distance(word, word, 2), 3); /* too long to compare */
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"proposals", "pools", "version", "vips", "a"};
	const size_t n = sizeof(words) / sizeof(words[0]);

	(void)state;
	assert_ptr_equal(str_nearest("propsals", words, n), words[0]);
	assert_ptr_equal(str_nearest("pool", words, n), words[1]);
	assert_ptr_equal(str_nearest("vips", words, n), words[3]);
	assert_null(str_nearest("charon", words, n));
	assert_null(str_nearest("b", words, n)); /* all letters differ */
	assert_null(str_nearest("pool", words, 0));
}

static void test_number(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(str_u64("0", 10, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(str_u64("0010", 10, &v), 0);
	assert_int_equal(v, 10);
	assert_int_equal(str_u64("18446744073709551615", UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	v = 7;
	assert_int_equal(str_u64("11", 10, &v), E_LIMIT);
	assert_int_equal(str_u64("18446744073709551616", UINT64_MAX, &v), E_LIMIT);
	assert_int_equal(str_u64("99999999999999999999999", UINT64_MAX, &v), E_LIMIT);
	assert_int_equal(str_u64("", 10, &v), E_MALFORMED);
	assert_int_equal(str_u64("-1", 10, &v), E_MALFORMED);
	assert_int_equal(str_u64("+1", 10, &v), E_MALFORMED);
	assert_int_equal(str_u64(" 1", 10, &v), E_MALFORMED);
	assert_int_equal(str_u64("1x", 10, &v), E_MALFORMED);
	assert_int_equal(v, 7);
}

static void test_from_view(void **state)
{
	char *s = str_from_view(view_make("abc", 2));

	(void)state;
	assert_string_equal(s, "ab");
	free(s);
	s = str_from_view(view_make(NULL, 0));
	assert_string_equal(s, "");
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),	 cmocka_unit_test(test_hex),
		cmocka_unit_test(test_unhex),	 cmocka_unit_test(test_unbase64),
		cmocka_unit_test(test_distance), cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_number),	 cmocka_unit_test(test_from_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
