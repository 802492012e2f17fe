/* SPDX-License-Identifier: Apache-2.0 */
#include "vici/transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/str.h"

#define READ_SIZE 65536
#define BACKLOG	  32

union stream {
	uv_handle_t handle;
	uv_stream_t stream;
	uv_pipe_t pipe;
	uv_tcp_t tcp;
};

struct transport {
	struct server *server;
	struct log *log;
	uv_loop_t *loop;
	union stream listener;
	bool tcp;
	char *path; /* of a Unix socket that we have bound */
	uv_async_t async;
	uv_timer_t timer; /* for server_wait() */
	unsigned handles; /* open or closing ones that point here */
	void (*closed)(void *ctx);
	void *closed_ctx;
	uint8_t input[READ_SIZE]; /* one read at a time: libuv fills it and hands it over at once */
};

/* One connection; the handle comes first, so that the one is the other. */
struct peer {
	union stream stream;
	struct transport *transport;
	struct server_client *client; /* NULL while it is being closed */
};

struct write {
	uv_write_t req;
	struct peer *peer;
	uint8_t *data;
	size_t len;
};

/* ---- closing -------------------------------------------------------------------------------- */

static void drop_handle(struct transport *t)
{
	void (*closed)(void *ctx) = t->closed;
	void *ctx = t->closed_ctx;

	if (--t->handles)
		return;
	free(t->path);
	free(t);
	if (closed)
		closed(ctx);
}

static void on_closed(uv_handle_t *handle)
{
	drop_handle(handle->data);
}

static void on_peer_closed(uv_handle_t *handle)
{
	struct peer *p = handle->data;

	drop_handle(p->transport);
	free(p);
}

static void close_peer(struct peer *p)
{
	if (p->client)
		server_client_free(p->client);
	p->client = NULL;
	if (!uv_is_closing(&p->stream.handle))
		uv_close(&p->stream.handle, on_peer_closed);
}

/* ---- clients -------------------------------------------------------------------------------- */

static void on_written(uv_write_t *req, int status)
{
	struct write *w = (struct write *)req;

	if (w->peer->client && status == 0)
		server_client_sent(w->peer->client, w->len);
	explicit_bzero(w->data, w->len);
	free(w->data);
	free(w);
}

static void flush(struct peer *p)
{
	struct write *w = calloc(1, sizeof(*w));
	uv_buf_t buf;

	if (!w || server_client_take(p->client, &w->data, &w->len) || w->len == 0) {
		free(w);
		return;
	}
	w->peer = p;
	buf = uv_buf_init((char *)w->data, (unsigned)w->len);
	if (uv_write(&w->req, &p->stream.stream, &buf, 1, on_written)) {
		free(w->data);
		free(w);
		close_peer(p);
	}
}

static void pump(struct transport *t);

static void on_timer(uv_timer_t *timer)
{
	pump(timer->data);
}

static void pump(struct transport *t)
{
	struct server_client *c, *next;
	uint64_t wait;

	if (!t->server)
		return;
	server_run(t->server);
	for (c = server_client_next(t->server, NULL); c; c = next) {
		struct peer *p = server_client_user(c);
		const char *why = server_client_failure(c);

		next = server_client_next(t->server, c);
		if (why) {
			log_print(t->log, NULL, LOG_CFG, LOG_CTRL, "vici client disconnected: %s",
				  why);
			close_peer(p);
		} else {
			flush(p);
		}
	}
	wait = server_wait(t->server);
	if (wait == UINT64_MAX)
		uv_timer_stop(&t->timer);
	else
		uv_timer_start(&t->timer, on_timer, wait + 1, 0);
}

static void on_async(uv_async_t *async)
{
	pump(async->data);
}

void transport_wake(void *transport)
{
	struct transport *t = transport;

	uv_async_send(&t->async);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct peer *p = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)p->transport->input, READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct peer *p = stream->data;

	if (n < 0) {
		close_peer(p);
		return;
	}
	if (n == 0 || !p->client)
		return;
	server_client_input(p->client, view_make(buf->base, (size_t)n));
	/* Requests may hold secrets. */
	explicit_bzero(buf->base, (size_t)n);
	pump(p->transport);
}

static int init_stream(struct transport *t, union stream *s)
{
	return t->tcp ? uv_tcp_init(t->loop, &s->tcp) : uv_pipe_init(t->loop, &s->pipe, 0);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct transport *t = listener->data;
	struct peer *p;
	int rc;

	if (status < 0 || !t->server)
		return;
	p = calloc(1, sizeof(*p));
	if (!p)
		return;
	if (init_stream(t, &p->stream)) {
		free(p);
		return;
	}
	p->transport = t;
	p->stream.handle.data = p;
	t->handles++;
	rc = uv_accept(listener, &p->stream.stream) ? E_IO : 0;
	if (rc == 0)
		rc = server_client_new(t->server, p, &p->client);
	if (rc == 0 && uv_read_start(&p->stream.stream, on_alloc, on_read))
		rc = E_IO;
	if (rc == 0)
		return;
	log_print(t->log, NULL, LOG_CFG, LOG_CTRL,
		  "vici client refused: %s (at most %d clients at a time)", err_text(rc),
		  SERVER_MAX_CLIENTS);
	close_peer(p);
}

/* ---- listening ------------------------------------------------------------------------------ */

static int why(char **out_why, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int why(char **out_why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(out_why, fmt, ap) < 0)
		*out_why = NULL;
	va_end(ap);
	return err;
}

/* Remove a socket on which nobody answers. */
static int clear_stale(const char *path, char **out_why)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	int fd, busy;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : why(out_why, E_IO, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return why(out_why, E_IO,
			   "%s is there and is not a socket: remove it, or set "
			   "charon.plugins.vici.socket",
			   path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return why(out_why, E_IO, "socket: %s", strerror(errno));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	busy = connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 || errno == EAGAIN;
	close(fd);
	if (busy)
		return why(out_why, E_BUSY,
			   "another daemon answers on %s: stop it, or give this "
			   "one another charon.plugins.vici.socket",
			   path);
	if (unlink(path) && errno != ENOENT)
		return why(out_why, E_IO, "removing the stale socket %s: %s", path,
			   strerror(errno));
	return 0;
}

static int listen_unix(struct transport *t, const char *path, char **out_why)
{
	mode_t mask;
	int rc;

	if (path[0] != '/' || strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return why(out_why, E_CONFIG,
			   "charon.plugins.vici.socket: expected an absolute "
			   "path of at most 107 bytes after unix://, not '%s'",
			   path);
	rc = clear_stale(path, out_why);
	if (rc)
		return rc;
	/* 0660 from the first moment on. */
	mask = umask(0117);
	rc = uv_pipe_bind(&t->listener.pipe, path);
	umask(mask);
	if (rc)
		return why(out_why, E_IO, "binding %s (charon.plugins.vici.socket): %s", path,
			   uv_strerror(rc));
	t->path = strdup(path);
	return t->path ? 0 : E_NOMEM;
}

static int listen_tcp(struct transport *t, const char *rest, char **out_why)
{
	const char *colon = strrchr(rest, ':');
	struct sockaddr_storage ss;
	struct addr a;
	uint64_t port;
	char host[64];
	bool loopback;
	int rc;

	if (!colon || (size_t)(colon - rest) >= sizeof(host) ||
	    str_u64(colon + 1, UINT16_MAX, &port))
		return why(out_why, E_CONFIG,
			   "charon.plugins.vici.socket: expected "
			   "tcp://127.0.0.1:port, not 'tcp://%s'",
			   rest);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - rest), rest);
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof(host), "127.0.0.1");
	if (strcmp(host, "[::1]") == 0)
		snprintf(host, sizeof(host), "::1");
	if (addr_parse(&a, host))
		return why(out_why, E_CONFIG, "charon.plugins.vici.socket: '%s' is no address",
			   host);
	loopback = a.family == AF_INET ? a.ip[0] == 127 : strcmp(host, "::1") == 0;
	if (!loopback)
		return why(out_why, E_CONFIG,
			   "charon.plugins.vici.socket: tcp://%s is refused: "
			   "vici has no authentication, so only loopback addresses are allowed",
			   rest);
	a.port = (uint16_t)port;
	addr_to_sockaddr(&a, &ss);
	rc = uv_tcp_bind(&t->listener.tcp, (struct sockaddr *)&ss, 0);
	return rc ? why(out_why, E_IO, "binding tcp://%s: %s", rest, uv_strerror(rc)) : 0;
}

static int listen_uri(struct transport *t, const char *uri, char **out_why)
{
	int rc;

	if (strncmp(uri, "unix://", 7) == 0)
		rc = listen_unix(t, uri + 7, out_why);
	else if (t->tcp)
		rc = listen_tcp(t, uri + 6, out_why);
	else
		rc = why(out_why, E_CONFIG,
			 "charon.plugins.vici.socket: expected unix:///path or "
			 "tcp://127.0.0.1:port, not '%s'",
			 uri);
	if (rc)
		return rc;
	rc = uv_listen(&t->listener.stream, BACKLOG, on_connection);
	return rc ? why(out_why, E_IO, "listening on %s: %s", uri, uv_strerror(rc)) : 0;
}

int transport_new(const struct transport_params *params, struct transport **out, char **out_why)
{
	struct transport *t = calloc(1, sizeof(*t));
	int rc;

	*out_why = NULL;
	if (!t)
		return E_NOMEM;
	t->loop = params->loop;
	t->log = params->log;
	t->tcp = strncmp(params->uri, "tcp://", 6) == 0;
	if (uv_async_init(t->loop, &t->async, on_async)) {
		free(t);
		return E_IO;
	}
	/* This and the timer only fill in the handle. */
	(void)init_stream(t, &t->listener);
	t->listener.handle.data = t;
	uv_timer_init(t->loop, &t->timer);
	t->timer.data = t->async.data = t;
	t->handles = 3;
	rc = listen_uri(t, params->uri, out_why);
	if (rc) {
		/* The loop frees it when it runs next. */
		transport_close(t, NULL, NULL);
		return rc;
	}
	*out = t;
	return 0;
}

void transport_serve(struct transport *t, struct server *server)
{
	t->server = server;
}

void transport_close(struct transport *t, void (*closed)(void *ctx), void *ctx)
{
	struct server_client *c;

	t->closed = closed;
	t->closed_ctx = ctx;
	if (t->server) {
		while ((c = server_client_next(t->server, NULL)) != NULL)
			close_peer(server_client_user(c));
	}
	t->server = NULL;
	if (t->path)
		unlink(t->path);
	uv_close((uv_handle_t *)&t->async, on_closed);
	uv_close((uv_handle_t *)&t->timer, on_closed);
	uv_close(&t->listener.handle, on_closed);
}
