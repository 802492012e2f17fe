/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "conf/value.h"

static void test_bool(void **state)
{
	static const char *const yes[] = {"yes", "true", "enabled", "1", "YES", "True"};
	static const char *const no[] = {"no", "false", "disabled", "0", "No"};
	static const char *const neither[] = {"", "2", "y", "on", "yes "};
	bool b;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		b = false;
		assert_int_equal(value_bool(yes[i], &b), 0);
		assert_true(b);
	}
	for (size_t i = 0; i < 5; i++) {
		b = true;
		assert_int_equal(value_bool(no[i], &b), 0);
		assert_false(b);
	}
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(value_bool(neither[i], &b), E_CONFIG);
}

static const struct {
	const char *text;
	uint64_t seconds, bytes; /* UINT64_MAX: refused */
} scaled[] = {
	{"0", 0, 0},
	{"42", 42, 42},
	{"3s", 3, UINT64_MAX},
	{"5m", 300, 5 << 20},
	{"4h", 14400, UINT64_MAX},
	{"1d", 86400, UINT64_MAX},
	{"2k", UINT64_MAX, 2048},
	{"2K", UINT64_MAX, 2048},
	{"3g", UINT64_MAX, 3ull << 30},
	{"", UINT64_MAX, UINT64_MAX},
	{"s", UINT64_MAX, UINT64_MAX},
	{"3x", UINT64_MAX, UINT64_MAX},
	{"3ss", UINT64_MAX, UINT64_MAX},
	{"-3", UINT64_MAX, UINT64_MAX},
	{"3 s", UINT64_MAX, UINT64_MAX},
	{"4294967295s", UINT32_MAX, UINT64_MAX},
	{"4294967296s", UINT64_MAX, UINT64_MAX},
	{"49710d", 4294944000, UINT64_MAX},
	{"49711d", UINT64_MAX, UINT64_MAX},
	{"18446744073709551614", UINT64_MAX, UINT64_MAX - 1},
	{"18446744073709551615", UINT64_MAX, UINT64_MAX},
	{"18446744073709551616", UINT64_MAX, UINT64_MAX},
	{"18446744073709551614m", UINT64_MAX, UINT64_MAX},
	{"99999999999999999999999999", UINT64_MAX, UINT64_MAX},
};

static void test_scaled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scaled) / sizeof(scaled[0]); i++) {
		uint64_t v = UINT64_MAX;
		int err = value_seconds(scaled[i].text, &v);

		assert_int_equal(err, scaled[i].seconds == UINT64_MAX ? E_CONFIG : 0);
		assert_int_equal(v, scaled[i].seconds);
		v = UINT64_MAX;
		err = value_bytes(scaled[i].text, &v);
		assert_int_equal(err, scaled[i].bytes == UINT64_MAX ? E_CONFIG : 0);
		assert_int_equal(v, scaled[i].bytes);
	}
}

static void test_level(void **state)
{
	int level = 9;

	(void)state;
	assert_int_equal(value_level("-1", &level), 0);
	assert_int_equal(level, -1);
	assert_int_equal(value_level("4", &level), 0);
	assert_int_equal(level, 4);
	assert_int_equal(value_level("5", &level), E_CONFIG);
	assert_int_equal(value_level("", &level), E_CONFIG);
	assert_int_equal(value_level("11", &level), E_CONFIG);
	assert_int_equal(level, 4);
}

static void check_secret(const char *text, const char *expected)
{
	struct secret s;

	assert_int_equal(value_secret(text, &s), 0);
	assert_int_equal(s.len, strlen(expected));
	assert_memory_equal(s.data, expected, s.len);
	secret_done(&s);
}

static void test_secret(void **state)
{
	static const char *const bad[] = {"0x1", "0xzz", "0sA", "0s=a", "0s????"};
	struct secret s;

	(void)state;
	check_secret("plain text", "plain text");
	check_secret("0", "0");
	check_secret("0x414243", "ABC");
	check_secret("0x41:42", "AB");
	check_secret("0sQUJD", "ABC");
	check_secret("0sQUI=", "AB");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(value_secret(bad[i], &s), E_CONFIG);
		assert_null(s.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bool),
		cmocka_unit_test(test_scaled),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests_name("conf/value", tests, NULL, NULL);
}
