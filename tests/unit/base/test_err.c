/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

#include <limits.h>

#include "base/err.h"

static void test_texts(void **state)
{
	(void)state;
	for (int err = 0; err >= E_REVOKED; err--) {
		assert_string_not_equal(err_text(err), "unknown error");
		assert_true(strlen(err_text(err)) > 3);
	}
	assert_string_equal(err_text(E_SHORT), "input too short");
	assert_string_equal(err_text(E_REVOKED - 1), "unknown error");
	assert_string_equal(err_text(1), "unknown error");
	assert_string_equal(err_text(INT_MIN), "unknown error");
	assert_string_equal(err_text(INT_MAX), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
