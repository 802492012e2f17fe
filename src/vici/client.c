/* SPDX-License-Identifier: Apache-2.0 */
#include "vici/client.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vici/codec.h"

struct client {
	int fd;
	struct wbuf in;		    /* one packet */
	struct codec_packet packet; /* the same, taken apart */
};

/* ---- connecting ----------------------------------------------------------------------------- */

static int connect_unix(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if ((size_t)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static int connect_any(const struct addrinfo *list)
{
	int fd = -1, err = EHOSTUNREACH;

	for (; list && fd < 0; list = list->ai_next) {
		fd = socket(list->ai_family, list->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen)) {
			err = errno;
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		errno = err;
	return fd;
}

static int connect_tcp(const char *rest)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	const char *colon = strrchr(rest, ':');
	char host[256];
	int fd;

	if (!colon || colon == rest || (size_t)(colon - rest) >= sizeof(host)) {
		errno = EINVAL;
		return -1;
	}
	if (rest[0] == '[' && colon[-1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)(colon - rest - 2), rest + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)(colon - rest), rest);
	if (getaddrinfo(host, colon + 1, &hints, &list)) {
		errno = EHOSTUNREACH;
		return -1;
	}
	fd = connect_any(list);
	freeaddrinfo(list);
	return fd;
}

int client_connect(const char *uri, struct client **out)
{
	struct client *c;
	int fd;

	if (strncmp(uri, "unix://", 7) == 0)
		fd = connect_unix(uri + 7);
	else if (strncmp(uri, "tcp://", 6) == 0)
		fd = connect_tcp(uri + 6);
	else
		return E_CONFIG;
	if (fd < 0)
		return errno == ENOENT || errno == ECONNREFUSED ? E_NOTFOUND : E_IO;
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return E_NOMEM;
	}
	c->fd = fd;
	wbuf_init(&c->in, CODEC_MAX_PACKET);
	*out = c;
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	close(c->fd);
	wbuf_done(&c->in);
	free(c);
}

/* ---- packets -------------------------------------------------------------------------------- */

static int send_all(int fd, struct view v)
{
	while (v.len) {
		ssize_t n = send(fd, v.ptr, v.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return E_IO;
		v.ptr += n;
		v.len -= (size_t)n;
	}
	return 0;
}

static int receive_all(int fd, uint8_t *to, size_t len)
{
	while (len) {
		ssize_t n = recv(fd, to, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = 0;
		if (n <= 0)
			return E_IO;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_packet(struct client *c, enum codec_type type, const char *name, struct view body)
{
	struct wbuf w;
	size_t begun;
	int rc;

	wbuf_init(&w, CODEC_MAX_PACKET + sizeof(uint32_t));
	begun = codec_packet_begin(&w, type, name);
	wbuf_add(&w, body);
	codec_packet_end(&w, begun);
	rc = wbuf_err(&w);
	if (rc == 0)
		rc = send_all(c->fd, wbuf_view(&w));
	wbuf_done(&w);
	return rc;
}

static int receive_packet(struct client *c)
{
	uint8_t head[4], *space;
	struct rbuf r;
	uint32_t len;
	int rc;

	rc = receive_all(c->fd, head, sizeof(head));
	if (rc)
		return rc;
	rbuf_init(&r, view_make(head, sizeof(head)));
	rc = rbuf_u32(&r, &len);
	if (rc)
		return rc;
	wbuf_reset(&c->in);
	space = wbuf_space(&c->in, len);
	if (!space)
		return wbuf_err(&c->in);
	rc = receive_all(c->fd, space, len);
	return rc ? rc : codec_packet_read(wbuf_view(&c->in), &c->packet);
}

/* Wait for a packet that is no event, handing on events on the way. */
static int receive_answer(struct client *c, const struct client_request *request)
{
	for (;;) {
		int rc = receive_packet(c);

		if (rc || c->packet.type != CODEC_EVENT)
			return rc;
		if (request && request->event)
			request->event(request->ctx, c->packet.name, c->packet.message);
	}
}

static int change_event(struct client *c, enum codec_type type, const char *event)
{
	int rc = send_packet(c, type, event, view_str(NULL));

	if (rc == 0)
		rc = receive_answer(c, NULL);
	if (rc)
		return rc;
	return c->packet.type == CODEC_EVENT_CONFIRM   ? 0
	       : c->packet.type == CODEC_EVENT_UNKNOWN ? E_UNSUPPORTED
						       : E_MALFORMED;
}

int client_register(struct client *c, const char *event)
{
	return change_event(c, CODEC_EVENT_REGISTER, event);
}

int client_unregister(struct client *c, const char *event)
{
	return change_event(c, CODEC_EVENT_UNREGISTER, event);
}

int client_request(struct client *c, const struct client_request *request, struct wbuf *reply)
{
	int rc = send_packet(c, CODEC_CMD_REQUEST, request->command, request->message);

	if (rc == 0)
		rc = receive_answer(c, request);
	if (rc)
		return rc;
	if (c->packet.type == CODEC_CMD_UNKNOWN)
		return E_UNSUPPORTED;
	if (c->packet.type != CODEC_CMD_RESPONSE)
		return E_MALFORMED;
	wbuf_add(reply, c->packet.message);
	return wbuf_err(reply);
}

int client_next_event(struct client *c, const char **out_name, struct wbuf *out)
{
	int rc = receive_packet(c);

	if (rc)
		return rc;
	if (c->packet.type != CODEC_EVENT)
		return E_MALFORMED;
	wbuf_add(out, c->packet.message);
	*out_name = c->packet.name;
	return wbuf_err(out);
}
