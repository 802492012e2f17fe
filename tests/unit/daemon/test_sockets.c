/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sockets.h"

#include "lines.h"

static enum sockets_kind sort(const char *bytes, size_t len, struct view *out)
{
	*out = view_make(bytes, len);
	return sockets_sort(out);
}

static void test_sort(void **state)
{
	struct view v;

	(void)state;
	/* RFC 3948 section 2: keepalive, marker, ESP. */
	assert_int_equal(sort("\xff", 1, &v), SOCKETS_NOISE);
	assert_int_equal(sort("", 0, &v), SOCKETS_NOISE);
	assert_int_equal(sort("\0\0\0", 3, &v), SOCKETS_NOISE);
	assert_int_equal(sort("\0\0\0\1esp", 7, &v), SOCKETS_ESP);
	assert_int_equal(v.len, 7);
	assert_int_equal(sort("\xff\xff\xff\xff", 4, &v), SOCKETS_ESP);
	assert_int_equal(sort("\0\0\0\0ike", 7, &v), SOCKETS_IKE);
	assert_int_equal(v.len, 3);
	assert_memory_equal(v.ptr, "ike", 3);
	assert_int_equal(sort("\0\0\0\0", 4, &v), SOCKETS_IKE);
	assert_int_equal(v.len, 0);
}

struct got {
	unsigned count;
	uint8_t data[16];
	size_t len;
};

static void take(void *ctx, struct view data, const struct addr *local, const struct addr *remote)
{
	struct got *g = ctx;

	(void)local;
	(void)remote;
	assert_true(data.len <= sizeof(g->data));
	memcpy(g->data, data.ptr, data.len);
	g->len = data.len;
	g->count++;
}

static void receive(struct udp *u, const char *want, size_t len)
{
	struct got g = {0};

	for (int i = 0; i < 200 && !g.count; i++) {
		assert_true(udp_recv(u, take, &g) >= 0);
		usleep(1000);
	}
	assert_int_equal(g.count, 1);
	assert_int_equal(g.len, len);
	assert_memory_equal(g.data, want, len);
}

static struct udp *open_loopback(void)
{
	const struct udp_params params = {.family = AF_INET, .share = UDP_ALONE, .buffer = 65536};
	struct udp *u = NULL;

	assert_int_equal(udp_open(&params, &u), 0);
	return u;
}

/* On the NAT-T port and only there the marker comes first. */
static void test_send(void **state)
{
	struct sockets s = {.packet = malloc(65535)};
	struct udp *peer = open_loopback();
	struct addr local, remote;
	struct udp *list[SOCKETS_MAX];

	(void)state;
	s.ike[0] = open_loopback();
	s.natt[0] = open_loopback();
	s.port = udp_port(s.ike[0]);
	s.port_natt = udp_port(s.natt[0]);
	assert_int_equal(sockets_list(&s, list), 2);
	assert_false(sockets_is_natt(&s, s.ike[0]));
	assert_true(sockets_is_natt(&s, s.natt[0]));
	assert_int_equal(addr_parse(&local, "127.0.0.1"), 0);
	remote = local;
	remote.port = udp_port(peer);
	local.port = s.port;
	assert_int_equal(sockets_send(&s, &local, &remote, view_str("ike")), 0);
	receive(peer, "ike", 3);
	local.port = s.port_natt;
	assert_int_equal(sockets_send(&s, &local, &remote, view_str("ike")), 0);
	receive(peer, "\0\0\0\0ike", 7);
	assert_int_equal(sockets_keepalive(&s, &local, &remote), 0);
	receive(peer, "\xff", 1);
	assert_int_equal(addr_parse(&remote, "::1"), 0);
	assert_int_equal(sockets_send(&s, &local, &remote, view_str("ike")), E_UNSUPPORTED);
	assert_int_equal(sockets_keepalive(&s, &local, &remote), E_UNSUPPORTED);
	udp_free(peer);
	sockets_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
