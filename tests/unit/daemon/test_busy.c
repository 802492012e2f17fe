/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/busy.h"

static void test_longest(void **state)
{
	uint64_t longest = 0;

	(void)state;
	busy_end(busy_begin() - 5000, &longest);
	assert_true(longest >= 5000);
	longest = UINT64_MAX / 2;
	busy_end(busy_begin() - 5000, &longest);
	assert_int_equal(longest, UINT64_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_longest)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
