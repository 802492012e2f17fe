/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/canned.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "vici/client.h"
#include "vici/server.h"
#include "vici/transport.h"

/* Real sockets: the blocking client in a thread, the server on a loop. */

struct net {
	uv_loop_t loop;
	char dir[64], path[80], uri[96];
	struct transport *transport;
	struct server *server;
	bool closed;
};

static void run_echo(struct server_call *call)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	codec_text(&w, "k", "v");
	server_call_stream(call, SERVER_EV_LIST_SA, wbuf_view(&w));
	codec_text(server_call_reply(call), "echo",
		   conf_node_text(server_call_request(call), "text"));
	wbuf_done(&w);
}

/* Answers after a while. */
static void on_expired(void *state)
{
	struct server_call *call = state;

	codec_text(server_call_reply(call), "echo", "late");
	server_call_done(call);
}

static void on_cancel(void *state)
{
	(void)state;
}

static void run_late(struct server_call *call)
{
	server_call_later(call, on_cancel, call);
	server_call_expire(call, 20, on_expired);
}

static const struct server_command commands[] = {{"echo", run_echo}, {"late", run_late}};

static uint64_t now(void *ctx)
{
	(void)ctx;
	return uv_hrtime() / 1000000;
}

static int start(struct net *n, const char *uri, char **out_why)
{
	struct transport_params params = {.loop = &n->loop, .uri = uri};

	return transport_new(&params, &n->transport, out_why);
}

static void serve(struct net *n)
{
	struct server_params params = {
		.commands = commands,
		.n_commands = sizeof(commands) / sizeof(commands[0]),
		.wake = transport_wake,
		.wake_ctx = n->transport,
		.now = now,
	};

	assert_int_equal(server_new(&params, &n->server), 0);
	transport_serve(n->transport, n->server);
}

static void on_transport_closed(void *ctx)
{
	((struct net *)ctx)->closed = true;
}

static void stop(struct net *n)
{
	transport_close(n->transport, on_transport_closed, n);
	server_free(n->server);
	n->server = NULL;
	uv_run(&n->loop, UV_RUN_DEFAULT);
	assert_true(n->closed);
}

static int set_up(void **state)
{
	struct net *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	snprintf(n->dir, sizeof(n->dir), "/tmp/test-vici-XXXXXX");
	assert_non_null(mkdtemp(n->dir));
	snprintf(n->path, sizeof(n->path), "%s/vici", n->dir);
	snprintf(n->uri, sizeof(n->uri), "unix://%s", n->path);
	assert_int_equal(uv_loop_init(&n->loop), 0);
	*state = n;
	return 0;
}

static int tear_down(void **state)
{
	struct net *n = *state;

	uv_run(&n->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&n->loop), 0);
	unlink(n->path);
	rmdir(n->dir);
	free(n);
	return 0;
}

/* ---- talking -------------------------------------------------------------------------------- */

/* What the thread saw; cmocka's checks belong to the main thread. */
struct talk {
	struct net *net;
	uv_async_t over;
	int connected, registered, unknown_event, echoed, unknown, late;
	unsigned events;
	char reply[64];
};

static void count_event(void *ctx, const char *name, struct view message)
{
	(void)message;
	((struct talk *)ctx)->events += strcmp(name, "list-sa") == 0;
}

static int request(struct client *c, struct talk *t, const char *command)
{
	struct client_request r = {
		.command = command,
		.message = view_make("\x03\x04text\x00\x02hi", 10),
		.event = count_event,
		.ctx = t,
	};
	struct conf_node *node;
	struct wbuf reply;
	int rc;

	wbuf_init(&reply, 0);
	rc = client_request(c, &r, &reply);
	if (rc == 0)
		rc = codec_to_node(wbuf_view(&reply), &node);
	if (rc == 0) {
		snprintf(t->reply, sizeof(t->reply), "%s", conf_node_text(node, "echo"));
		conf_node_free(node);
	}
	wbuf_done(&reply);
	return rc;
}

static void *talk_in_thread(void *ctx)
{
	struct talk *t = ctx;
	struct client *c;

	t->connected = client_connect(t->net->uri, &c);
	if (t->connected == 0) {
		t->registered = client_register(c, "list-sa");
		t->unknown_event = client_register(c, "no-such-event");
		t->echoed = request(c, t, "echo");
		t->unknown = request(c, t, "no-such-command");
		t->late = request(c, t, "late");
		client_close(c);
	}
	uv_async_send(&t->over);
	return NULL;
}

static void on_over(uv_async_t *over)
{
	uv_close((uv_handle_t *)over, NULL);
	uv_stop(over->loop);
}

static void test_talk(void **state)
{
	struct net *n = *state;
	struct talk t = {.net = n};
	struct stat st;
	pthread_t thread;
	char *why;

	assert_int_equal(start(n, n->uri, &why), 0);
	serve(n);
	assert_int_equal(stat(n->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(uv_async_init(&n->loop, &t.over, on_over), 0);
	assert_int_equal(pthread_create(&thread, NULL, talk_in_thread, &t), 0);
	uv_run(&n->loop, UV_RUN_DEFAULT);
	pthread_join(thread, NULL);
	assert_int_equal(t.connected, 0);
	assert_int_equal(t.registered, 0);
	assert_int_equal(t.unknown_event, E_UNSUPPORTED);
	assert_int_equal(t.echoed, 0);
	assert_int_equal(t.events, 1);
	assert_int_equal(t.unknown, E_UNSUPPORTED);
	assert_int_equal(t.late, 0);
	assert_string_equal(t.reply, "late");
	stop(n);
	assert_int_equal(stat(n->path, &st), -1);
}

/* ---- where to listen ------------------------------------------------------------------------ */

static void test_stale_socket(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct net *n = *state;
	char *why;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", n->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	assert_int_equal(start(n, n->uri, &why), 0);
	stop(n);
}

static void test_answered_socket(void **state)
{
	struct transport *first;
	struct net *n = *state;
	struct stat st;
	char *why;

	assert_int_equal(start(n, n->uri, &why), 0);
	first = n->transport;
	assert_int_equal(start(n, n->uri, &why), E_BUSY);
	assert_non_null(strstr(why, "another daemon answers on"));
	free(why);
	/* The first one is untouched. */
	assert_int_equal(stat(n->path, &st), 0);
	n->transport = first;
	stop(n);
}

static void test_file_in_the_way(void **state)
{
	struct net *n = *state;
	struct stat st;
	FILE *f = fopen(n->path, "w");
	char *why;

	assert_non_null(f);
	fclose(f);
	assert_int_equal(start(n, n->uri, &why), E_IO);
	assert_non_null(strstr(why, "is not a socket"));
	free(why);
	assert_int_equal(stat(n->path, &st), 0);
}

static void test_bad_uris(void **state)
{
	static const char *const uris[] = {
		"/var/run/charon.vici", "unix://relative",     "tcp://192.0.2.1:4502",
		"tcp://0.0.0.0:4502",	"tcp://[::]:4502",     "tcp://127.0.0.1",
		"tcp://127.0.0.1:x",	"tcp://example.org:1", "http://127.0.0.1:1",
	};
	struct net *n = *state;
	char *why;

	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		assert_int_equal(start(n, uris[i], &why), E_CONFIG);
		assert_non_null(strstr(why, "charon.plugins.vici.socket"));
		free(why);
	}
}

static void test_loopback(void **state)
{
	struct net *n = *state;
	char *why;

	assert_int_equal(start(n, "tcp://127.0.0.1:0", &why), 0);
	stop(n);
}

static void test_nobody_there(void **state)
{
	struct net *n = *state;
	struct client *c;

	assert_int_equal(client_connect(n->uri, &c), E_NOTFOUND);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(client_connect("nonsense", &c), E_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(talk),	TEST(stale_socket), TEST(answered_socket), TEST(file_in_the_way),
		TEST(bad_uris), TEST(loopback),	    TEST(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
