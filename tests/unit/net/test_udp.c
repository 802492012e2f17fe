/* SPDX-License-Identifier: Apache-2.0 */
#include "net/udp.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#define MANY 200

struct got {
	unsigned count;
	uint8_t data[MANY][8];
	size_t len[MANY];
	struct addr local, remote;
};

static void on_datagram(void *ctx, struct view data, const struct addr *local,
			const struct addr *remote)
{
	struct got *g = ctx;

	assert_true(g->count < MANY);
	g->len[g->count] = data.len;
	memcpy(g->data[g->count], data.ptr, data.len < 8 ? data.len : 8);
	g->count++;
	g->local = *local;
	g->remote = *remote;
}

/* Read until `count` datagrams are there, or nothing comes for a second. */
static void receive(struct udp *u, unsigned count, struct got *g)
{
	memset(g, 0, sizeof(*g));
	while (g->count < count) {
		struct pollfd p = {udp_fd(u), POLLIN, 0};

		if (poll(&p, 1, 1000) <= 0)
			return;
		assert_true(udp_recv(u, on_datagram, g) >= 0);
	}
}

static struct udp *open_or_skip(uint8_t family, uint16_t port, enum udp_share share)
{
	const struct udp_params p = {.family = family, .port = port, .share = share};
	struct udp *u;
	int err = udp_open(&p, &u);

	if (err == E_UNSUPPORTED && family == AF_INET6)
		skip();
	assert_int_equal(err, 0);
	assert_int_not_equal(udp_port(u), 0);
	assert_int_equal(udp_family(u), family);
	return u;
}

static struct addr loopback(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	a.port = port;
	return a;
}

static void check_batch(uint8_t family, const char *from, const char *to)
{
	struct udp *a = open_or_skip(family, 0, UDP_ALONE);
	struct udp *b = open_or_skip(family, 0, UDP_ALONE);
	const struct addr src = loopback(from, udp_port(a)), dst = loopback(to, udp_port(b));
	static struct got g;

	for (uint8_t i = 0; i < 150; i++)
		assert_int_equal(udp_send(a, &src, &dst, view_make(&i, 1)), 0);
	receive(b, 150, &g);
	assert_int_equal(g.count, 150);
	for (unsigned i = 0; i < g.count; i++) {
		assert_int_equal(g.len[i], 1);
		assert_int_equal(g.data[i][0], i);
	}
	assert_true(addr_equal_port(&g.local, &dst));
	assert_true(addr_equal_port(&g.remote, &src));
	assert_int_equal(udp_recv(b, on_datagram, &g), 0);
	udp_free(a);
	udp_free(b);
}

static void test_batch_v4(void **state)
{
	(void)state;
	check_batch(AF_INET, "127.0.0.3", "127.0.0.2"); /* the chosen source is really used */
}

static void test_batch_v6(void **state)
{
	(void)state;
	check_batch(AF_INET6, "::1", "::1");
}

static void test_big_datagram(void **state)
{
	struct udp *a = open_or_skip(AF_INET, 0, UDP_ALONE);
	const struct addr self = loopback("127.0.0.1", udp_port(a));
	static uint8_t big[65508];
	static struct got g;

	(void)state;
	assert_int_equal(udp_send(a, NULL, &self, view_make(big, 65507)), 0);
	receive(a, 1, &g);
	assert_int_equal(g.count, 1);
	assert_int_equal(g.len[0], 65507);
	assert_int_equal(udp_send(a, NULL, &self, view_make(big, 65508)), E_LIMIT);
	assert_true(udp_rcvbuf(a) >= 65536);
	udp_free(a);
}

static void test_errors(void **state)
{
	struct udp *a = open_or_skip(AF_INET, 0, UDP_ALONE), *b;
	const struct udp_params again = {.family = AF_INET, .port = udp_port(a)};
	const struct udp_params join = {.family = AF_INET, .port = udp_port(a), .share = UDP_JOIN};
	const struct addr foreign = loopback("192.0.2.1", 0), to = loopback("127.0.0.1", 9);
	const struct addr v6 = loopback("::1", 9);

	(void)state;
	assert_int_equal(udp_open(&again, &b), E_BUSY);
	assert_int_equal(udp_open(&join, &b), E_BUSY);
	assert_int_equal(udp_send(a, &foreign, &to, view_str("x")), E_NOTFOUND);
	assert_int_equal(udp_send(a, NULL, &v6, view_str("x")), E_NOTFOUND);
	udp_free(a);
	udp_free(NULL);
}

/* A refused datagram must not disturb the ones that come afterwards. */
static void test_refused(void **state)
{
	struct udp *a = open_or_skip(AF_INET, 0, UDP_ALONE);
	struct udp *closed = open_or_skip(AF_INET, 0, UDP_ALONE);
	const struct addr self = loopback("127.0.0.1", udp_port(a));
	const struct addr nobody = loopback("127.0.0.1", udp_port(closed));
	static struct got g;

	(void)state;
	udp_free(closed);
	for (int i = 0; i < 3; i++)
		assert_int_equal(udp_send(a, NULL, &nobody, view_str("x")), 0);
	assert_int_equal(udp_send(a, NULL, &self, view_str("y")), 0);
	receive(a, 1, &g);
	assert_int_equal(g.count, 1);
	udp_free(a);
}

static void check_steering(uint8_t family, const char *self)
{
	static const uint8_t ike[8] = {0, 0, 0, 0, 1, 2, 3, 4};
	static const uint8_t esp[8] = {0xc0, 0, 0, 1, 0, 0, 0, 1};
	static const uint8_t esp_low[8] = {0, 0, 0, 1}; /* one bit from the marker */
	static const uint8_t keepalive = 0xff;
	struct udp *first = open_or_skip(family, 0, UDP_SHARED);
	struct udp *second = open_or_skip(family, udp_port(first), UDP_JOIN);
	struct addr to = loopback(self, udp_port(first));
	static struct got g;

	assert_int_equal(udp_steer_esp(second), 0);
	/* From many ports, so that a hash over the addresses could not pass for the program. */
	for (int i = 0; i < 32; i++) {
		struct udp *peer = open_or_skip(family, 0, UDP_ALONE);

		assert_int_equal(udp_send(peer, NULL, &to, view_make(ike, 8)), 0);
		assert_int_equal(udp_send(peer, NULL, &to, view_make(esp, 8)), 0);
		assert_int_equal(udp_send(peer, NULL, &to, view_make(esp_low, 8)), 0);
		assert_int_equal(udp_send(peer, NULL, &to, view_make(&keepalive, 1)), 0);
		assert_int_equal(udp_send(peer, NULL, &to, view_make(ike, 3)), 0);
		udp_free(peer);
	}
	receive(first, 96, &g);
	assert_int_equal(g.count, 96);
	for (unsigned i = 0; i < g.count; i++)
		assert_true(g.len[i] < 4 || memcmp(g.data[i], ike, 4) == 0);
	receive(second, 64, &g);
	assert_int_equal(g.count, 64);
	for (unsigned i = 0; i < g.count; i++)
		assert_true(g.len[i] == 8 && memcmp(g.data[i], ike, 4) != 0);
	/* Alone again, the first gets everything. */
	udp_free(second);
	assert_int_equal(udp_send(first, NULL, &to, view_make(esp, 8)), 0);
	receive(first, 1, &g);
	assert_int_equal(g.count, 1);
	udp_free(first);
}

static void test_steering_v4(void **state)
{
	(void)state;
	check_steering(AF_INET, "127.0.0.1");
}

static void test_steering_v6(void **state)
{
	(void)state;
	check_steering(AF_INET6, "::1");
}

/* A second daemon must not slip into the group. */
static void test_shared_is_exclusive(void **state)
{
	struct udp *first = open_or_skip(AF_INET, 0, UDP_SHARED), *other;
	const struct udp_params p = {
		.family = AF_INET, .port = udp_port(first), .share = UDP_SHARED};

	(void)state;
	assert_int_equal(udp_open(&p, &other), E_BUSY);
	udp_free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch_v4),     cmocka_unit_test(test_batch_v6),
		cmocka_unit_test(test_big_datagram), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_refused),	     cmocka_unit_test(test_steering_v4),
		cmocka_unit_test(test_steering_v6),  cmocka_unit_test(test_shared_is_exclusive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
