/* SPDX-License-Identifier: Apache-2.0 */
#include "net/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <cmocka.h>

static void test_source(void **state)
{
	struct addr remote, source, none = {0};

	(void)state;
	assert_int_equal(addr_parse(&remote, "127.0.0.5"), 0);
	assert_int_equal(route_source(&remote, 0, &source), 0);
	assert_int_equal(source.family, AF_INET);
	assert_int_equal(source.port, 0);
	assert_int_equal(source.ip[0], 127);
	assert_int_equal(route_source(&none, 0, &source), E_NOTFOUND);
}

/* Every address it lists is one that a socket can be bound to, which route_source() proves. */
static void test_local_addrs(void **state)
{
	struct route_addrs l;

	(void)state;
	assert_int_equal(route_local_addrs(NULL, &l), 0);
	for (size_t i = 0; i < l.count; i++) {
		struct addr source;

		assert_false(addr_is_any(&l.items[i]));
		assert_int_equal(l.items[i].port, 0);
		assert_int_equal(route_source(&l.items[i], 0, &source), 0);
		assert_true(addr_equal(&source, &l.items[i]));
		assert_int_not_equal(l.items[i].ip[0], l.items[i].family == AF_INET ? 127 : 0);
	}
	route_addrs_done(&l);
	assert_int_equal(l.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_local_addrs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
