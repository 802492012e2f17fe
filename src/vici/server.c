/* SPDX-License-Identifier: Apache-2.0 */
#include "vici/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "conf/node.h"
#include "vici/codec.h"

struct server_call {
	struct server_client *client;
	struct conf_node *request;
	struct wbuf reply;
	bool later;
	void (*cancel)(void *state);
	void *state;
	uint64_t deadline; /* UINT64_MAX: none */
	void (*expired)(void *state);
	int log_level; /* LOG_SILENT: no log wanted */
	bool (*about)(void *ctx, const struct log_line *line);
	void *about_ctx;
};

struct server_client {
	struct list link;
	struct server *server;
	void *user;
	uint32_t events; /* bits by enum server_event */
	struct wbuf in, out;
	size_t in_flight; /* bytes taken and not yet sent */
	struct server_call *call;
	const char *failure;
};

/* A log line of another thread, waiting to be delivered in the server's own. */
struct held_line {
	struct list link;
	struct log_line line;
	char text[]; /* and the tag's name after it */
};

struct server {
	struct server_params params;
	struct list clients;
	unsigned n_clients;
	struct log_sink sink;
	int sink_level;
	pthread_t thread;
	pthread_mutex_t lock; /* held, n_held, n_lost */
	struct list held;
	unsigned n_held, n_lost;
};

static const char *const event_names[SERVER_N_EVENTS] = {
	"log",		"control-log",	  "list-sa",	"list-policy", "list-conn",
	"list-cert",	"list-authority", "ike-updown", "ike-rekey",   "ike-update",
	"child-updown", "child-rekey",	  "alert",	"trace-sa",
};

static void wake(const struct server *s)
{
	if (s->params.wake)
		s->params.wake(s->params.wake_ctx);
}

static struct server_client *client_of(struct list *link)
{
	return list_entry(link, struct server_client, link);
}

/* ---- output --------------------------------------------------------------------------------- */

/* The caller logs nothing here: a log line may be what is being sent. */
static void fail(struct server_client *c, const char *why)
{
	if (c->failure)
		return;
	c->failure = why;
	wbuf_reset(&c->in);
	wbuf_reset(&c->out);
	wake(c->server);
}

static void send_packet(struct server_client *c, enum codec_type type, const char *name,
			struct view message)
{
	bool event = type == CODEC_EVENT && !c->call;
	size_t limit = event ? SERVER_MAX_EVENTS : SERVER_MAX_ANSWERS;
	size_t begun;

	if (c->failure)
		return;
	if (c->out.len + c->in_flight + message.len > limit) {
		fail(c, event ? "it does not read its events" : "it does not read its answers");
		return;
	}
	begun = codec_packet_begin(&c->out, type, name);
	wbuf_add(&c->out, message);
	codec_packet_end(&c->out, begun);
	if (wbuf_err(&c->out))
		fail(c, "no memory for its answers");
	wake(c->server);
}

int server_client_take(struct server_client *c, uint8_t **out, size_t *out_len)
{
	int rc;

	*out_len = 0;
	if (c->out.len == 0)
		return 0;
	rc = wbuf_steal(&c->out, out, out_len);
	if (rc) {
		fail(c, "no memory for its answers");
		return rc;
	}
	wbuf_init(&c->out, SERVER_MAX_ANSWERS + CODEC_MAX_PACKET);
	c->in_flight += *out_len;
	return 0;
}

void server_client_sent(struct server_client *c, size_t len)
{
	c->in_flight -= len;
}

const char *server_client_failure(const struct server_client *c)
{
	return c->failure;
}

/* ---- log lines ------------------------------------------------------------------------------ */

static void line_message(struct wbuf *w, const struct log_line *line, bool control)
{
	wbuf_init(w, CODEC_MAX_MESSAGE);
	codec_text(w, "group", log_group_name(line->group));
	codec_fmt(w, "level", "%d", line->level);
	if (!control)
		codec_fmt(w, "thread", "%u", line->thread);
	if (line->tag.name) {
		codec_text(w, "ikesa-name", line->tag.name);
		codec_fmt(w, "ikesa-uniqueid", "%u", line->tag.uid);
	}
	codec_text(w, "msg", line->text);
}

static void send_line(struct server_client *c, const struct log_line *line, bool control)
{
	struct wbuf w;

	line_message(&w, line, control);
	/* A line that is too long for a vici value is left out. */
	if (wbuf_err(&w) == 0)
		send_packet(c, CODEC_EVENT,
			    event_names[control ? SERVER_EV_CONTROL_LOG : SERVER_EV_LOG],
			    wbuf_view(&w));
	wbuf_done(&w);
}

static void deliver_line(struct server *s, const struct log_line *line)
{
	list_foreach(it, &s->clients) {
		struct server_client *c = client_of(it);
		struct server_call *call = c->call;

		if (c->events & 1u << SERVER_EV_LOG && line->level <= LOG_CTRL)
			send_line(c, line, false);
		if (call && call->about && line->level <= call->log_level &&
		    call->about(call->about_ctx, line))
			send_line(c, line, true);
	}
}

static void hold_line(struct server *s, const struct log_line *line)
{
	size_t text_len = strlen(line->text) + 1;
	size_t name_len = line->tag.name ? strlen(line->tag.name) + 1 : 0;
	struct held_line *held = malloc(sizeof(*held) + text_len + name_len);

	pthread_mutex_lock(&s->lock);
	if (!held || s->n_held == SERVER_MAX_LINES) {
		s->n_lost++;
		free(held);
	} else {
		held->line = *line;
		memcpy(held->text, line->text, text_len);
		held->line.text = held->text;
		if (name_len) {
			memcpy(held->text + text_len, line->tag.name, name_len);
			held->line.tag.name = held->text + text_len;
		}
		list_append(&s->held, &held->link);
		s->n_held++;
	}
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

static void sink_write(struct log_sink *sink, const struct log_line *line)
{
	struct server *s = list_entry(sink, struct server, sink);

	if (pthread_equal(pthread_self(), s->thread))
		deliver_line(s, line);
	else
		hold_line(s, line);
}

static void release_lines(struct server *s)
{
	struct list lines;
	unsigned lost;

	list_init(&lines);
	pthread_mutex_lock(&s->lock);
	list_foreach_safe(it, &s->held) {
		list_remove(it);
		list_append(&lines, it);
	}
	lost = s->n_lost;
	s->n_held = s->n_lost = 0;
	pthread_mutex_unlock(&s->lock);
	list_foreach_safe(it, &lines) {
		struct held_line *held = list_entry(it, struct held_line, link);

		deliver_line(s, &held->line);
		free(held);
	}
	if (lost)
		log_print(s->params.log, NULL, LOG_CFG, LOG_CTRL,
			  "vici clients did not get %u log lines: they came too fast", lost);
}

/* The log asks before it formats a line; nobody listening costs nothing. */
static void update_level(struct server *s)
{
	int level = LOG_SILENT;

	list_foreach(it, &s->clients) {
		struct server_client *c = client_of(it);

		if (c->events & 1u << SERVER_EV_LOG && level < LOG_CTRL)
			level = LOG_CTRL;
		if (c->call && c->call->about && level < c->call->log_level)
			level = c->call->log_level;
	}
	if (level == s->sink_level || !s->params.log)
		return;
	/* Out of the log while it changes: other threads read the levels under the log's lock. */
	log_remove_sink(s->params.log, &s->sink);
	log_sink_set_all(&s->sink, level);
	log_add_sink(s->params.log, &s->sink);
	s->sink_level = level;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void call_free(struct server_call *call)
{
	struct server_client *c = call->client;

	c->call = NULL;
	if (call->about)
		update_level(c->server);
	conf_node_free(call->request);
	wbuf_done(&call->reply);
	free(call);
}

static void refuse(struct wbuf *reply, const char *why)
{
	wbuf_reset(reply);
	codec_text(reply, "success", "no");
	codec_text(reply, "errmsg", why);
}

void server_call_done(struct server_call *call)
{
	struct server_client *c = call->client;

	release_lines(c->server);
	if (wbuf_err(&call->reply) == E_LIMIT)
		refuse(&call->reply, "the answer is too large for a vici message");
	if (wbuf_err(&call->reply))
		fail(c, "no memory for its answers");
	send_packet(c, CODEC_CMD_RESPONSE, NULL, wbuf_view(&call->reply));
	call_free(call);
	/* The next request of this client may be waiting. */
	wake(c->server);
}

void server_call_later(struct server_call *call, void (*cancel)(void *state), void *state)
{
	call->later = true;
	call->cancel = cancel;
	call->state = state;
}

void server_call_expire(struct server_call *call, uint64_t after_ms, void (*expired)(void *state))
{
	const struct server_params *params = &call->client->server->params;

	call->deadline = params->now(params->now_ctx) + after_ms;
	call->expired = expired;
	/* Whoever runs the server asks server_wait() again. */
	wake(call->client->server);
}

void *server_call_context(const struct server_call *call)
{
	return call->client->server->params.context;
}

const struct conf_node *server_call_request(const struct server_call *call)
{
	return call->request;
}

struct wbuf *server_call_reply(struct server_call *call)
{
	return &call->reply;
}

bool server_call_listens(const struct server_call *call, enum server_event event)
{
	return call->client->events & 1u << event;
}

void server_call_stream(struct server_call *call, enum server_event event, struct view message)
{
	if (server_call_listens(call, event))
		send_packet(call->client, CODEC_EVENT, event_names[event], message);
}

void server_call_watch_log(struct server_call *call, int level,
			   bool (*about)(void *ctx, const struct log_line *line), void *ctx)
{
	if (about && !server_call_listens(call, SERVER_EV_CONTROL_LOG))
		return;
	call->log_level = level;
	call->about = about;
	call->about_ctx = ctx;
	update_level(call->client->server);
}

static const struct server_command *find_command(const struct server *s, const char *name)
{
	for (size_t i = 0; i < s->params.n_commands; i++) {
		if (strcmp(s->params.commands[i].name, name) == 0)
			return &s->params.commands[i];
	}
	return NULL;
}

static void run_command(struct server_client *c, const struct codec_packet *packet)
{
	const struct server_command *command = find_command(c->server, packet->name);
	struct server_call *call;
	int rc;

	if (!command) {
		send_packet(c, CODEC_CMD_UNKNOWN, NULL, view_str(NULL));
		return;
	}
	call = calloc(1, sizeof(*call));
	if (!call) {
		fail(c, "no memory for its request");
		return;
	}
	call->client = c;
	call->deadline = UINT64_MAX;
	call->log_level = LOG_SILENT;
	wbuf_init(&call->reply, CODEC_MAX_MESSAGE);
	c->call = call;
	rc = codec_to_node(packet->message, &call->request);
	if (rc) {
		char why[128];

		snprintf(why, sizeof(why), "malformed vici message for '%.40s': %s", packet->name,
			 err_text(rc));
		refuse(&call->reply, why);
	} else {
		command->run(call);
		/* The call may be over already, and another one cannot have begun. */
		if (c->call != call)
			return;
	}
	if (!call->later)
		server_call_done(call);
}

/* ---- input ---------------------------------------------------------------------------------- */

static int find_event(const char *name)
{
	for (int i = 0; i < SERVER_N_EVENTS; i++) {
		if (strcmp(event_names[i], name) == 0)
			return i;
	}
	return -1;
}

static void change_events(struct server_client *c, const struct codec_packet *packet)
{
	int event = find_event(packet->name);
	uint32_t bit = event < 0 ? 0 : 1u << event;
	bool add = packet->type == CODEC_EVENT_REGISTER;

	if (!bit || (!add && !(c->events & bit))) {
		send_packet(c, CODEC_EVENT_UNKNOWN, NULL, view_str(NULL));
		return;
	}
	c->events = add ? c->events | bit : c->events & ~bit;
	send_packet(c, CODEC_EVENT_CONFIRM, NULL, view_str(NULL));
	update_level(c->server);
}

static void take_packet(struct server_client *c, struct view bytes)
{
	struct codec_packet packet;

	if (codec_packet_read(bytes, &packet)) {
		fail(c, "it sent a malformed packet");
		return;
	}
	switch (packet.type) {
	case CODEC_CMD_REQUEST:
		run_command(c, &packet);
		break;
	case CODEC_EVENT_REGISTER:
	case CODEC_EVENT_UNREGISTER:
		change_events(c, &packet);
		break;
	default:
		fail(c, "it sent a packet that only a server sends");
		break;
	}
}

/* Whether there was a whole packet, and no call stands in its way. */
static bool take_input(struct server_client *c)
{
	struct view packet;
	struct rbuf r;
	uint32_t len;

	if (c->call || c->failure)
		return false;
	rbuf_init(&r, wbuf_view(&c->in));
	if (rbuf_u32(&r, &len))
		return false;
	if (len == 0 || len > CODEC_MAX_PACKET) {
		fail(c, "it sent a packet of a length that is not allowed");
		return false;
	}
	if (rbuf_view(&r, len, &packet))
		return false;
	take_packet(c, packet);
	if (!c->failure) {
		struct view rest = rbuf_rest(&r);

		memmove(c->in.data, rest.ptr, rest.len);
		wbuf_truncate(&c->in, rest.len);
	}
	return true;
}

void server_client_input(struct server_client *c, struct view bytes)
{
	if (c->failure || bytes.len == 0)
		return;
	wbuf_add(&c->in, bytes);
	if (wbuf_err(&c->in))
		fail(c, "it sends more than it waits for");
	wake(c->server);
}

static void expire_calls(struct server *s)
{
	uint64_t now = s->params.now(s->params.now_ctx);

	list_foreach(it, &s->clients) {
		struct server_call *call = client_of(it)->call;

		if (call && call->deadline <= now) {
			call->deadline = UINT64_MAX;
			call->expired(call->state);
		}
	}
}

uint64_t server_wait(const struct server *s)
{
	uint64_t now = s->params.now(s->params.now_ctx), first = UINT64_MAX;

	list_foreach(it, &s->clients) {
		const struct server_call *call = client_of(it)->call;

		if (call && call->deadline < first)
			first = call->deadline;
	}
	if (first == UINT64_MAX)
		return UINT64_MAX;
	return first > now ? first - now : 0;
}

void server_run(struct server *s)
{
	release_lines(s);
	expire_calls(s);
	list_foreach(it, &s->clients) {
		while (take_input(client_of(it)))
			;
	}
}

/* ---- clients and the server ----------------------------------------------------------------- */

int server_client_new(struct server *s, void *user, struct server_client **out)
{
	struct server_client *c;

	if (s->n_clients >= SERVER_MAX_CLIENTS)
		return E_FULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return E_NOMEM;
	c->server = s;
	c->user = user;
	wbuf_init(&c->in, SERVER_MAX_INPUT);
	wbuf_init(&c->out, SERVER_MAX_ANSWERS + CODEC_MAX_PACKET);
	list_append(&s->clients, &c->link);
	s->n_clients++;
	*out = c;
	return 0;
}

void server_client_free(struct server_client *c)
{
	struct server_call *call = c->call;

	if (call && call->cancel)
		call->cancel(call->state);
	if (call)
		call_free(call);
	list_remove(&c->link);
	c->server->n_clients--;
	update_level(c->server);
	wbuf_done(&c->in);
	wbuf_done(&c->out);
	free(c);
}

void *server_client_user(const struct server_client *c)
{
	return c->user;
}

struct server_client *server_client_next(const struct server *s, const struct server_client *c)
{
	struct list *next = c ? c->link.next : s->clients.next;

	return next == &s->clients ? NULL : client_of(next);
}

int server_new(const struct server_params *params, struct server **out)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return E_NOMEM;
	s->params = *params;
	s->thread = pthread_self();
	pthread_mutex_init(&s->lock, NULL);
	list_init(&s->clients);
	list_init(&s->held);
	s->sink.write = sink_write;
	s->sink_level = LOG_SILENT;
	log_sink_set_all(&s->sink, LOG_SILENT);
	if (params->log)
		log_add_sink(params->log, &s->sink);
	*out = s;
	return 0;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	while (!list_empty(&s->clients))
		server_client_free(client_of(s->clients.next));
	if (s->params.log)
		log_remove_sink(s->params.log, &s->sink);
	list_foreach_safe(it, &s->held)
		free(list_entry(it, struct held_line, link));
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- events --------------------------------------------------------------------------------- */

bool server_event_wanted(const struct server *s, enum server_event event)
{
	list_foreach(it, &s->clients) {
		if (client_of(it)->events & 1u << event)
			return true;
	}
	return false;
}

void server_event_raise(struct server *s, enum server_event event, struct view message)
{
	list_foreach(it, &s->clients) {
		struct server_client *c = client_of(it);

		if (c->events & 1u << event)
			send_packet(c, CODEC_EVENT, event_names[event], message);
	}
}

const char *server_event_name(enum server_event event)
{
	return (unsigned)event < SERVER_N_EVENTS ? event_names[event] : "unknown";
}
