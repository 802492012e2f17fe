/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

#include "base/secret.h"

static void test_life(void **state)
{
	static const uint8_t zero[16];
	struct secret s, t = {0};

	(void)state;
	assert_int_equal(secret_alloc(&s, 16), 0);
	assert_int_equal(s.len, 16);
	assert_memory_equal(s.data, zero, 16);
	secret_done(&s);
	assert_null(s.data);
	assert_int_equal(s.len, 0);
	secret_done(&s);

	assert_int_equal(secret_copy(&s, view_str("key")), 0);
	assert_true(secret_equal(secret_view(&s), view_str("key")));
	assert_int_equal(secret_copy(&t, view_str("old")), 0);
	secret_move(&t, &s);
	assert_null(s.data);
	assert_true(secret_equal(secret_view(&t), view_str("key")));
	secret_move(&t, &t);
	assert_true(secret_equal(secret_view(&t), view_str("key")));
	secret_done(&t);

	assert_int_equal(secret_copy(&s, view_make(NULL, 0)), 0);
	assert_int_equal(s.len, 0);
	assert_null(s.data);
}

/* AddressSanitizer would rather abort than let an allocation fail. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_no_memory(void **state)
{
	struct secret s = {(uint8_t *)"x", 1};

	(void)state;
	assert_int_equal(secret_alloc(&s, SIZE_MAX / 2), E_NOMEM);
	assert_null(s.data);
	assert_int_equal(s.len, 0);
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(secret_equal(view_str(""), view_make(NULL, 0)));
	assert_true(secret_equal(view_str("abc"), view_str("abc")));
	assert_false(secret_equal(view_str("abc"), view_str("abd")));
	assert_false(secret_equal(view_str("abc"), view_str("bbc")));
	assert_false(secret_equal(view_str("abc"), view_str("ab")));
}

static void test_wipe(void **state)
{
	char s[] = "abcdef";

	(void)state;
	secret_wipe(s + 1, 3);
	assert_memory_equal(s, "a\0\0\0ef", 7);
	secret_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
