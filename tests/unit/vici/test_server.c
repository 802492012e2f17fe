/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/memclient.h"

#include <pthread.h>

#include "base/log.h"

/* The server in memory: clients are buffers, the clock is a variable. */

struct fake {
	struct log *log;
	struct server *server;
	uint64_t now;
	unsigned wakes;
	struct server_call *held; /* of the command "hold" */
	unsigned cancelled, expired;
};

static void fake_wake(void *ctx)
{
	struct fake *f = ctx;

	/* Any thread may come here. */
	__atomic_add_fetch(&f->wakes, 1, __ATOMIC_RELAXED);
}

static uint64_t fake_now(void *ctx)
{
	return ((struct fake *)ctx)->now;
}

/* ---- commands ------------------------------------------------------------------------------- */

static void run_echo(struct server_call *call)
{
	codec_text(server_call_reply(call), "echo",
		   conf_node_text(server_call_request(call), "text"));
}

static void on_cancel(void *state)
{
	struct fake *f = state;

	f->held = NULL;
	f->cancelled++;
}

static void run_hold(struct server_call *call)
{
	struct fake *f = server_call_context(call);

	f->held = call;
	server_call_later(call, on_cancel, f);
}

static void release(struct fake *f)
{
	struct server_call *call = f->held;

	f->held = NULL;
	codec_text(server_call_reply(call), "success", "yes");
	server_call_done(call);
}

static void on_expired(void *state)
{
	struct fake *f = state;

	f->expired++;
	release(f);
}

static void run_expire(struct server_call *call)
{
	run_hold(call);
	server_call_expire(call, 1000, on_expired);
}

static void run_stream(struct server_call *call)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	codec_text(&w, "k", "v");
	for (int i = 0; i < 3; i++)
		server_call_stream(call, SERVER_EV_LIST_SA, wbuf_view(&w));
	wbuf_done(&w);
}

static void run_large(struct server_call *call)
{
	static const char value[60000];

	for (char key[2] = "a"; key[0] <= 'j'; key[0]++)
		codec_value(server_call_reply(call), key, view_make(value, sizeof(value)));
}

static bool is_mine(void *ctx, const struct log_line *line)
{
	(void)ctx;
	return line->tag.uid == 7;
}

static void run_watch(struct server_call *call)
{
	run_hold(call);
	server_call_watch_log(call, LOG_CTRL, is_mine, NULL);
}

static const struct server_command commands[] = {
	{"echo", run_echo},	{"hold", run_hold},   {"expire", run_expire},
	{"stream", run_stream}, {"large", run_large}, {"watch", run_watch},
};

/* ---- set-up --------------------------------------------------------------------------------- */

static int set_up(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct server_params params = {
		.commands = commands,
		.n_commands = sizeof(commands) / sizeof(commands[0]),
		.context = f,
		.wake = fake_wake,
		.wake_ctx = f,
		.now = fake_now,
		.now_ctx = f,
	};

	assert_non_null(f);
	f->log = params.log = log_new();
	assert_int_equal(server_new(&params, &f->server), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fake *f = *state;

	server_free(f->server);
	log_free(f->log);
	free(f);
	return 0;
}

static struct server_client *connect_client(struct fake *f)
{
	struct server_client *c;

	assert_int_equal(server_client_new(f->server, f, &c), 0);
	return c;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void test_request(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	struct memclient_received r;

	memclient_send_request(c, "echo", "hello");
	assert_true(f->wakes > 0);
	server_run(f->server);
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_CMD_RESPONSE, "echo", "hello");
	memclient_expect_end(&r);
}

/* Bytes may come one by one. */
static void test_dribble(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	struct memclient_received r;
	struct wbuf w;
	size_t begun;

	wbuf_init(&w, 0);
	begun = codec_packet_begin(&w, CODEC_CMD_REQUEST, "echo");
	codec_text(&w, "text", "drop by drop");
	codec_packet_end(&w, begun);
	for (size_t i = 0; i < w.len; i++) {
		r = memclient_receive(c);
		memclient_expect_end(&r);
		server_client_input(c, view_make(w.data + i, 1));
		server_run(f->server);
	}
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_CMD_RESPONSE, "echo", "drop by drop");
	memclient_expect_end(&r);
	wbuf_done(&w);
}

static void test_unknown(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	struct memclient_received r;

	memclient_send_request(c, "no-such-command", "");
	memclient_send_register(c, "no-such-event");
	memclient_send_bytes(c, CODEC_EVENT_UNREGISTER, "log", view_str(NULL));
	memclient_send_register(c, "log");
	memclient_send_bytes(c, CODEC_EVENT_UNREGISTER, "log", view_str(NULL));
	server_run(f->server);
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_CMD_UNKNOWN, NULL, NULL);
	memclient_expect(&r, CODEC_EVENT_UNKNOWN, NULL, NULL);
	memclient_expect(&r, CODEC_EVENT_UNKNOWN, NULL, NULL);
	memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
	memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
	memclient_expect_end(&r);
	assert_null(server_client_failure(c));
}

/* A message that cannot be read is answered; the connection goes on. */
static void test_malformed_message(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	struct memclient_received r;

	memclient_send_bytes(c, CODEC_CMD_REQUEST, "echo", view_make("\x02", 1));
	memclient_send_request(c, "echo", "still here");
	server_run(f->server);
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_CMD_RESPONSE, "success", "no");
	memclient_expect(&r, CODEC_CMD_RESPONSE, "echo", "still here");
	memclient_expect_end(&r);
}

static void expect_failure(struct fake *f, const void *bytes, size_t len)
{
	struct server_client *c = connect_client(f);
	struct memclient_received r;

	server_client_input(c, view_make(bytes, len));
	server_run(f->server);
	assert_non_null(server_client_failure(c));
	r = memclient_receive(c);
	memclient_expect_end(&r);
	server_client_free(c);
}

static void test_malformed_packets(void **state)
{
	struct fake *f = *state;

	expect_failure(f, "\0\0\0\0", 4);     /* empty packet */
	expect_failure(f, "\0\x08\0\x01", 4); /* a byte more than allowed */
	expect_failure(f, "\xff\xff\xff\xff", 4);
	expect_failure(f, "\0\0\0\x01\x09", 5);	     /* unknown type */
	expect_failure(f, "\0\0\0\x02\0\0", 6);	     /* command without a name */
	expect_failure(f, "\0\0\0\x03\0\x09x", 7);   /* name longer than the packet */
	expect_failure(f, "\0\0\0\x01\x01", 5);	     /* a response */
	expect_failure(f, "\0\0\0\x03\x07\x01x", 7); /* an event */
}

/* The second request waits until the first is answered, and then is answered too. */
static void test_two_requests_at_once(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	struct memclient_received r;

	memclient_send_request(c, "hold", "");
	memclient_send_request(c, "echo", "second");
	server_run(f->server);
	assert_non_null(f->held);
	r = memclient_receive(c);
	memclient_expect_end(&r);
	release(f);
	server_run(f->server);
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_CMD_RESPONSE, "success", "yes");
	memclient_expect(&r, CODEC_CMD_RESPONSE, "echo", "second");
	memclient_expect_end(&r);
}

/* One who waits does not keep another waiting. */
static void test_clients_do_not_wait_for_each_other(void **state)
{
	struct fake *f = *state;
	struct server_client *a = connect_client(f), *b = connect_client(f);
	struct memclient_received r;

	memclient_send_request(a, "hold", "");
	memclient_send_request(b, "echo", "b");
	server_run(f->server);
	r = memclient_receive(b);
	memclient_expect(&r, CODEC_CMD_RESPONSE, "echo", "b");
	memclient_expect_end(&r);
	release(f);
}

static void test_disconnect_cancels(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);

	memclient_send_request(c, "hold", "");
	server_run(f->server);
	assert_non_null(f->held);
	server_client_free(c);
	assert_int_equal(f->cancelled, 1);
	assert_null(f->held);
	server_run(f->server);
}

static void test_expiry(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	struct memclient_received r;

	f->now = 5000;
	assert_int_equal(server_wait(f->server), UINT64_MAX);
	memclient_send_request(c, "expire", "");
	server_run(f->server);
	assert_int_equal(server_wait(f->server), 1000);
	f->now = 5999;
	server_run(f->server);
	assert_int_equal(f->expired, 0);
	assert_int_equal(server_wait(f->server), 1);
	f->now = 6000;
	server_run(f->server);
	assert_int_equal(f->expired, 1);
	assert_int_equal(server_wait(f->server), UINT64_MAX);
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_CMD_RESPONSE, "success", "yes");
	memclient_expect_end(&r);
}

/* A stream goes only to the client that asked, and only if it has registered. */
static void test_stream(void **state)
{
	struct fake *f = *state;
	struct server_client *asks = connect_client(f), *listens = connect_client(f);
	struct memclient_received r;

	memclient_send_register(listens, "list-sa");
	memclient_send_request(asks, "stream", "");
	memclient_send_register(asks, "list-sa");
	memclient_send_request(asks, "stream", "");
	server_run(f->server);
	r = memclient_receive(listens);
	memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
	memclient_expect_end(&r);
	r = memclient_receive(asks);
	memclient_expect(&r, CODEC_CMD_RESPONSE, NULL, NULL);
	memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
	for (int i = 0; i < 3; i++)
		memclient_expect(&r, CODEC_EVENT, "k", "v");
	memclient_expect(&r, CODEC_CMD_RESPONSE, NULL, NULL);
	memclient_expect_end(&r);
}

static void test_answer_too_large(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	struct memclient_received r;

	memclient_send_request(c, "large", "");
	server_run(f->server);
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_CMD_RESPONSE, "success", "no");
	memclient_expect_end(&r);
	assert_null(server_client_failure(c));
}

static void test_many_clients(void **state)
{
	struct server_client *c[SERVER_MAX_CLIENTS], *more;
	struct fake *f = *state;
	struct memclient_received r;

	for (int i = 0; i < SERVER_MAX_CLIENTS; i++) {
		c[i] = connect_client(f);
		memclient_send_register(c[i], "alert");
	}
	assert_int_equal(server_client_new(f->server, f, &more), E_FULL);
	server_run(f->server);
	assert_true(server_event_wanted(f->server, SERVER_EV_ALERT));
	server_event_raise(f->server, SERVER_EV_ALERT, view_make("\x03\x01k\x00\x01v", 6));
	for (int i = 0; i < SERVER_MAX_CLIENTS; i++) {
		r = memclient_receive(c[i]);
		memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
		memclient_expect(&r, CODEC_EVENT, "k", "v");
		memclient_expect_end(&r);
		server_client_free(c[i]);
	}
	assert_false(server_event_wanted(f->server, SERVER_EV_ALERT));
	(void)connect_client(f);
}

/* A listener that reads nothing is closed in the end; one that reads gets everything. */
static void test_slow_client(void **state)
{
	static const char text[10000];
	struct fake *f = *state;
	struct server_client *slow = connect_client(f), *good = connect_client(f);
	unsigned raised = 0, got = 0;
	struct codec_packet packet;
	struct memclient_received r;
	struct wbuf w;

	memclient_send_register(slow, "alert");
	memclient_send_register(good, "alert");
	server_run(f->server);
	r = memclient_receive(good);
	memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
	memclient_expect_end(&r);
	wbuf_init(&w, 0);
	codec_value(&w, "text", view_make(text, sizeof(text)));
	while (!server_client_failure(slow)) {
		server_event_raise(f->server, SERVER_EV_ALERT, wbuf_view(&w));
		raised++;
		assert_true(raised * sizeof(text) < 2 * SERVER_MAX_EVENTS);
		r = memclient_receive(good);
		while (memclient_next_packet(&r, &packet))
			got++;
		wbuf_done(&r.bytes);
	}
	assert_int_equal(got, raised);
	assert_true(raised * sizeof(text) > SERVER_MAX_EVENTS / 2);
	assert_null(server_client_failure(good));
	/* Nothing is kept for it any more. */
	r = memclient_receive(slow);
	memclient_expect_end(&r);
	wbuf_done(&w);
}

/* Bytes on their way count, too. */
static void test_slow_client_in_flight(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	static const char text[60000];
	uint8_t *data;
	struct wbuf w;
	size_t len;

	memclient_send_register(c, "alert");
	server_run(f->server);
	wbuf_init(&w, 0);
	codec_value(&w, "text", view_make(text, sizeof(text)));
	for (int i = 0; i < 100 && !server_client_failure(c); i++) {
		server_event_raise(f->server, SERVER_EV_ALERT, wbuf_view(&w));
		if (server_client_failure(c))
			break;
		assert_int_equal(server_client_take(c, &data, &len), 0);
		free(data);
	}
	assert_non_null(server_client_failure(c));
	wbuf_done(&w);
}

static void test_flood_while_waiting(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	static char text[60000];

	memset(text, 'x', sizeof(text) - 1);
	memclient_send_request(c, "hold", "");
	server_run(f->server);
	for (int i = 0; i < 30 && !server_client_failure(c); i++) {
		memclient_send_request(c, "echo", text);
		server_run(f->server);
	}
	assert_non_null(server_client_failure(c));
	server_client_free(c);
	assert_int_equal(f->cancelled, 1);
}

/* ---- log ------------------------------------------------------------------------------------ */

static void test_log_event(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	const struct log_tag tag = {"home", 3};
	struct memclient_received r;

	assert_false(log_wants(f->log, LOG_IKE, LOG_AUDIT));
	memclient_send_register(c, "log");
	server_run(f->server);
	assert_true(log_wants(f->log, LOG_IKE, LOG_CTRL));
	assert_false(log_wants(f->log, LOG_IKE, LOG_DETAIL));
	log_print(f->log, &tag, LOG_IKE, LOG_CTRL, "hello");
	log_print(f->log, NULL, LOG_CFG, LOG_DETAIL, "not for vici");
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
	memclient_expect(&r, CODEC_EVENT, "msg", "hello");
	memclient_expect_end(&r);
	server_client_free(c);
	assert_false(log_wants(f->log, LOG_IKE, LOG_AUDIT));
}

/* Lines about the call go to the one who asked, before the answer; then no more. */
static void test_control_log(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	const struct log_tag mine = {"home", 7}, other = {"work", 8};
	struct memclient_received r;

	memclient_send_register(c, "control-log");
	memclient_send_request(c, "watch", "");
	server_run(f->server);
	log_print(f->log, &mine, LOG_IKE, LOG_CTRL, "mine");
	log_print(f->log, &other, LOG_IKE, LOG_CTRL, "not mine");
	release(f);
	log_print(f->log, &mine, LOG_IKE, LOG_CTRL, "too late");
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
	memclient_expect(&r, CODEC_EVENT, "msg", "mine");
	memclient_expect(&r, CODEC_CMD_RESPONSE, "success", "yes");
	memclient_expect_end(&r);
	assert_false(log_wants(f->log, LOG_IKE, LOG_AUDIT));
}

static void *log_in_thread(void *ctx)
{
	struct fake *f = ctx;

	log_set_thread(5);
	log_print(f->log, &(struct log_tag){"home", 1}, LOG_ESP, LOG_CTRL, "from a worker");
	return NULL;
}

/* Another thread only leaves its line; server_run() delivers it. */
static void test_log_of_another_thread(void **state)
{
	struct fake *f = *state;
	struct server_client *c = connect_client(f);
	struct memclient_received r;
	pthread_t thread;
	unsigned wakes;

	memclient_send_register(c, "log");
	server_run(f->server);
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_EVENT_CONFIRM, NULL, NULL);
	memclient_expect_end(&r);
	wakes = f->wakes;
	assert_int_equal(pthread_create(&thread, NULL, log_in_thread, f), 0);
	pthread_join(thread, NULL);
	assert_true(f->wakes > wakes);
	r = memclient_receive(c);
	memclient_expect_end(&r);
	server_run(f->server);
	r = memclient_receive(c);
	memclient_expect(&r, CODEC_EVENT, "thread", "5");
	memclient_expect_end(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request),
		TEST(dribble),
		TEST(unknown),
		TEST(malformed_message),
		TEST(malformed_packets),
		TEST(two_requests_at_once),
		TEST(clients_do_not_wait_for_each_other),
		TEST(disconnect_cancels),
		TEST(expiry),
		TEST(stream),
		TEST(answer_too_large),
		TEST(many_clients),
		TEST(slow_client),
		TEST(slow_client_in_flight),
		TEST(flood_while_waiting),
		TEST(log_event),
		TEST(control_log),
		TEST(log_of_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
