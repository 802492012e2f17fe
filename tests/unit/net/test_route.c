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

/* A loopback address may leave by any interface; what is not ours cannot be used at all. */
static void test_usable(void **state)
{
	struct addr lo, other;

	(void)state;
	assert_int_equal(addr_parse(&lo, "127.0.0.1"), 0);
	assert_int_equal(addr_parse(&other, "192.0.2.77"), 0);
	assert_true(route_usable(&lo, &lo, 0));
	assert_false(route_usable(&other, &lo, 0));
	assert_int_equal(addr_parse(&other, "2001:db8::77"), 0);
	assert_false(route_usable(&lo, &other, 0));
}

static void test_filter(void **state)
{
	const struct route_filter all = {0}, use = {.use = "eth0, wlan0", .ignore = "eth0"};
	const struct route_filter ignore = {.ignore = "eth0,lo", .skip = "ipsec0"};

	(void)state;
	assert_true(route_counts(&all, "eth0"));
	assert_true(route_counts(&use, "eth0") && route_counts(&use, "wlan0"));
	assert_false(route_counts(&use, "eth") || route_counts(&use, "eth01"));
	assert_false(route_counts(&use, ""));
	assert_true(route_counts(&ignore, "eth1"));
	assert_false(route_counts(&ignore, "eth0") || route_counts(&ignore, "lo"));
	assert_false(route_counts(&ignore, "ipsec0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_local_addrs),
		cmocka_unit_test(test_usable),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
