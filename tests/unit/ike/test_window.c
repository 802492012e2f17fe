/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ike/ladder.h"
#include "ike/natd.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/window.h"
#include "wire/ike.h"

/* The window of one, the cached reply, and NAT detection, on an SA without an engine behind it. */

static unsigned sent;

static void on_send(void *ctx, const struct addr *local, const struct addr *remote,
		    struct view message)
{
	(void)ctx;
	(void)local;
	(void)remote;
	assert_int_not_equal(message.len, 0);
	sent++;
}

static int on_random(void *ctx, uint8_t *out, size_t len)
{
	memset(out, ++*(uint8_t *)ctx, len);
	return 0;
}

static struct ike *engine(void)
{
	static struct ike ike;
	static uint8_t counter;

	ike.hooks.send = on_send;
	ike.hooks.random = on_random;
	ike.hooks.ctx = &counter;
	return &ike;
}

static struct view datagram(const char *text)
{
	return view_str(text);
}

static struct ike_sa sa_expecting(uint32_t id)
{
	struct ike_sa sa = {.ike = engine(), .state = IKE_S_ESTABLISHED};

	sa.in.expected = id;
	return sa;
}

static enum window_verdict judge(struct ike_sa *sa, uint32_t id, const char *bytes,
				 unsigned fragment)
{
	const struct wire_hdr hdr = {.msgid = id, .exchange = IKE_INFORMATIONAL};
	enum window_verdict v = window_judge(sa, &hdr, datagram(bytes), fragment);

	if (v == WINDOW_AGAIN)
		window_reply_again(sa, &sa->local, &sa->remote);
	return v;
}

static void test_expected_only(void **state)
{
	static const uint32_t wrong[] = {0, 3, 4, 6, 7, 100, 0x80000005, 0xffffffff};
	struct ike_sa sa = sa_expecting(5);

	(void)state;
	assert_int_equal(judge(&sa, 5, "a", 1), WINDOW_NEW);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(judge(&sa, wrong[i], "a", 1), WINDOW_IGNORE);
	sa.in.busy = true;
	assert_int_equal(judge(&sa, 5, "a", 1), WINDOW_IGNORE);
}

static void test_cached_reply(void **state)
{
	struct ike_sa sa = sa_expecting(5);

	(void)state;
	window_begin(&sa, &(struct wire_hdr){.msgid = 5, .exchange = IKE_INFORMATIONAL},
		     datagram("request"), 1);
	assert_int_equal(sa.in.exchange, IKE_INFORMATIONAL);
	/* No reply yet. */
	sa.in.expected = 6;
	assert_int_equal(judge(&sa, 5, "request", 1), WINDOW_IGNORE);
	assert_int_equal(protect_packets_add(&sa.in.reply.packets, view_str("re")), 0);
	assert_int_equal(protect_packets_add(&sa.in.reply.packets, view_str("ply")), 0);
	sent = 0;
	assert_int_equal(judge(&sa, 5, "request", 1), WINDOW_AGAIN);
	assert_int_equal(sent, 2);
	/* Other bytes, or another fragment than the first, earn nothing. */
	assert_int_equal(judge(&sa, 5, "reqvest", 1), WINDOW_IGNORE);
	assert_int_equal(judge(&sa, 5, "request", 2), WINDOW_IGNORE);
	assert_int_equal(judge(&sa, 4, "request", 1), WINDOW_IGNORE);
	assert_int_equal(sent, 2);
	protect_packets_done(&sa.in.reply.packets);
}

/* Later fragments do not change what the request is known by. */
static void test_fragments(void **state)
{
	struct ike_sa sa = sa_expecting(1);
	const struct wire_hdr hdr = {.msgid = 1, .exchange = IKE_AUTH};

	(void)state;
	window_begin(&sa, &hdr, datagram("two"), 2);
	window_begin(&sa, &hdr, datagram("one"), 1);
	window_begin(&sa, &hdr, datagram("three"), 3);
	sa.in.expected = 2;
	assert_int_equal(protect_packets_add(&sa.in.reply.packets, view_str("reply")), 0);
	sent = 0;
	assert_int_equal(judge(&sa, 1, "three", 3), WINDOW_IGNORE);
	assert_int_equal(judge(&sa, 1, "two", 2), WINDOW_IGNORE);
	assert_int_equal(judge(&sa, 1, "one", 1), WINDOW_AGAIN);
	assert_int_equal(sent, 1);
	protect_packets_done(&sa.in.reply.packets);
	ladder_leave(&sa);
}

/* ---- NAT detection ---- */

struct natd_case {
	const char *local, *remote; /* of the sender */
	uint16_t port;
	const char *seen_local, *seen_remote; /* by the receiver */
	uint16_t seen_port;		      /* of the sender */
	bool fake, nat_local, nat_remote;     /* what the receiver finds */
};

static const struct natd_case natd_cases[] = {
	{"192.0.2.1", "192.0.2.2", 500, "192.0.2.2", "192.0.2.1", 500, false, false, false},
	{"10.0.0.1", "192.0.2.2", 500, "192.0.2.2", "192.0.2.1", 500, false, false, true},
	{"192.0.2.1", "192.0.2.2", 500, "192.0.2.2", "192.0.2.1", 1024, false, false, true},
	{"192.0.2.1", "192.0.2.2", 500, "10.0.0.2", "192.0.2.1", 500, false, true, false},
	{"10.0.0.1", "192.0.2.2", 500, "10.0.0.2", "192.0.2.1", 7, false, true, true},
	{"192.0.2.1", "192.0.2.2", 500, "192.0.2.2", "192.0.2.1", 500, true, false, true},
	{"2001:db8::1", "2001:db8::2", 500, "2001:db8::2", "2001:db8::1", 500, false, false, false},
	{"2001:db8::1", "2001:db8::2", 500, "2001:db8::2", "2001:db8::9", 500, false, false, true},
};

static struct addr endpoint(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	a.port = port;
	return a;
}

/* What the sender puts, decoded as the receiver sees it. */
static void exchange(const struct natd_case *c, struct wire_msg *msg, struct wbuf *b)
{
	struct ike_sa sender = {.ike = engine(), .spi_i = 0x1122334455667788};
	struct wire_writer w;

	sender.local = endpoint(c->local, c->port);
	sender.remote = endpoint(c->remote, 500);
	wire_writer_init(&w, b);
	sender.nat_fake = c->fake;
	natd_put(&sender, &sender.local, &sender.remote, &w);
	msg->hdr = (struct wire_hdr){.spi_i = sender.spi_i};
	msg->count = 0;
	assert_int_equal(wire_msg_decode_inner(w.first, wbuf_view(b), msg), 0);
	assert_int_equal(msg->count, 2);
}

static void test_natd(void **state)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));

	(void)state;
	assert_non_null(msg);
	for (size_t i = 0; i < sizeof(natd_cases) / sizeof(natd_cases[0]); i++) {
		const struct natd_case *c = &natd_cases[i];
		struct ike_sa receiver = {.ike = engine()};
		struct addr local = endpoint(c->seen_local, 500);
		struct addr remote = endpoint(c->seen_remote, c->seen_port);
		struct wbuf b;

		wbuf_init(&b, 0);
		exchange(c, msg, &b);
		natd_check(&receiver, msg, &local, &remote);
		assert_true(receiver.peer_natt);
		assert_int_equal(receiver.nat_local, c->nat_local);
		assert_int_equal(receiver.nat_remote, c->nat_remote);
		/* Another SPI makes other hashes. */
		msg->hdr.spi_r = 1;
		natd_check(&receiver, msg, &local, &remote);
		assert_true(receiver.nat_local && receiver.nat_remote);
		wbuf_done(&b);
	}
	free(msg);
}

/* A peer that sends only one kind, or none, does not know NAT traversal. */
static void test_natd_absent(void **state)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));
	struct addr local = endpoint("192.0.2.2", 500), remote = endpoint("192.0.2.1", 500);
	struct ike_sa receiver = {.ike = engine()};
	struct wbuf b;

	(void)state;
	assert_non_null(msg);
	natd_check(&receiver, msg, &local, &remote);
	assert_false(receiver.peer_natt);
	wbuf_init(&b, 0);
	exchange(&natd_cases[1], msg, &b);
	msg->count = 1;
	natd_check(&receiver, msg, &local, &remote);
	assert_false(receiver.peer_natt || receiver.nat_local || receiver.nat_remote);
	wbuf_done(&b);
	free(msg);
}

/* Several source hashes, one for each address the peer might use (section 2.23). */
static void test_natd_many_sources(void **state)
{
	struct ike_sa sender = {.ike = engine(), .spi_i = 5}, receiver = {.ike = engine()};
	struct wire_msg *msg = calloc(1, sizeof(*msg));
	struct addr local = endpoint("192.0.2.2", 500), remote = endpoint("192.0.2.1", 500);
	struct wire_writer w;
	struct wbuf b;

	(void)state;
	assert_non_null(msg);
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	sender.remote = local;
	for (int i = 0; i < 4; i++) {
		sender.local = i == 2 ? remote : endpoint("198.51.100.1", (uint16_t)(500 + i));
		natd_put(&sender, &sender.local, &sender.remote, &w);
	}
	msg->hdr.spi_i = 5;
	assert_int_equal(wire_msg_decode_inner(w.first, wbuf_view(&b), msg), 0);
	natd_check(&receiver, msg, &local, &remote);
	assert_true(receiver.peer_natt);
	assert_false(receiver.nat_local || receiver.nat_remote);
	wbuf_done(&b);
	free(msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expected_only), cmocka_unit_test(test_cached_reply),
		cmocka_unit_test(test_fragments),     cmocka_unit_test(test_natd),
		cmocka_unit_test(test_natd_absent),   cmocka_unit_test(test_natd_many_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
