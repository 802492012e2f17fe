/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VICI_SERVER_H
#define VICI_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/*
 * The vici server without input or output: bytes of clients go in, bytes for clients come out, and
 * one hook says that server_run() has something to do. All calls come from one thread, but for what
 * the hook's contract says. A client never blocks anything: its output waits in a queue, and a
 * client that does not read is closed when its queue is full.
 */

#define SERVER_MAX_CLIENTS 64
/*
 * Unread bytes: of events (a client that only listens), and with the answers to its own requests.
 */
#define SERVER_MAX_EVENTS  (4u << 20)
#define SERVER_MAX_ANSWERS (64u << 20)
/* Input of a client whose request is still being worked on. */
#define SERVER_MAX_INPUT (1u << 20)
/* Log lines of other threads that wait for server_run(). */
#define SERVER_MAX_LINES 1024

enum server_event {
	SERVER_EV_LOG,
	SERVER_EV_CONTROL_LOG,
	SERVER_EV_LIST_SA,
	SERVER_EV_LIST_POLICY,
	SERVER_EV_LIST_CONN,
	SERVER_EV_LIST_CERT,
	SERVER_EV_LIST_AUTHORITY,
	SERVER_EV_IKE_UPDOWN,
	SERVER_EV_IKE_REKEY,
	SERVER_EV_IKE_UPDATE,
	SERVER_EV_CHILD_UPDOWN,
	SERVER_EV_CHILD_REKEY,
	SERVER_EV_ALERT,
	SERVER_EV_TRACE_SA,
	SERVER_N_EVENTS
};

struct conf_node;
struct server;
struct server_client;
struct server_call; /* a request that is being answered */

struct server_command {
	const char *name;
	/*
	 * Write the reply's message to server_call_reply(); it is sent when run returns, unless run
	 * has called server_call_later().
	 */
	void (*run)(struct server_call *call);
};

struct server_params {
	const struct server_command *commands;
	size_t n_commands;
	void *context;	 /* for the commands */
	struct log *log; /* may be NULL; outlives the server */
	/* server_run() has something to do. Called from any thread, also while a log line is being
	 * written, so it may neither log nor call the server. */
	void (*wake)(void *ctx);
	void *wake_ctx;
	/* Milliseconds of a monotonic clock, for server_call_expire(). */
	uint64_t (*now)(void *ctx);
	void *now_ctx;
};

int server_new(const struct server_params *params, struct server **out) ERR_MUST_CHECK;
/* Frees all clients too (their calls are cancelled). NULL is fine. */
void server_free(struct server *s);
/* Work on what has come in and what is due, and deliver log lines of other threads. Not from within
 * a command. */
void server_run(struct server *s);
/* Milliseconds until server_run() is due for a call that expires; UINT64_MAX if none does. */
uint64_t server_wait(const struct server *s);

/* A client has connected; user is the caller's. E_FULL beyond SERVER_MAX_CLIENTS. */
int server_client_new(struct server *s, void *user, struct server_client **out) ERR_MUST_CHECK;
/* It has gone: a call of its own is cancelled. */
void server_client_free(struct server_client *c);
void *server_client_user(const struct server_client *c);
/* Next client after `c`, or the first one for NULL; NULL at the end. */
struct server_client *server_client_next(const struct server *s, const struct server_client *c);
/* Bytes from a client: kept until server_run(). */
void server_client_input(struct server_client *c, struct view bytes);
/*
 * Take the bytes to be sent, for the caller to free(); *out_len is 0 if there are none. They count
 * as unread until server_client_sent(). E_NOMEM.
 */
int server_client_take(struct server_client *c, uint8_t **out, size_t *out_len) ERR_MUST_CHECK;
void server_client_sent(struct server_client *c, size_t len);
/* Why the connection must be closed, or NULL as long as it need not. */
const char *server_client_failure(const struct server_client *c);

/* ---- for commands --------------------------------------------------------------------------- */

void *server_call_context(const struct server_call *call);
/* The request's message; belongs to the call. */
const struct conf_node *server_call_request(const struct server_call *call);
struct wbuf *server_call_reply(struct server_call *call);
/* Whether the client that asked has registered the event. */
bool server_call_listens(const struct server_call *call, enum server_event event);
/* Send it an event, if it has registered for that. */
void server_call_stream(struct server_call *call, enum server_event event, struct view message);

/*
 * The answer comes by server_call_done(). If the client goes away first, cancel(state) is called
 * and the call is gone.
 */
void server_call_later(struct server_call *call, void (*cancel)(void *state), void *state);
/* Call expired(state) after this many milliseconds, unless the call has ended; it must end it. */
void server_call_expire(struct server_call *call, uint64_t after_ms, void (*expired)(void *state));
/* Send the reply of a call that was put off, and end it. Within server_run() or anywhere else. */
void server_call_done(struct server_call *call);
/*
 * Stream log lines up to `level` to the caller as control-log events, as far as `about` says that
 * they are about this call; until the call ends. Only if the client has registered for them.
 */
void server_call_watch_log(struct server_call *call, int level,
			   bool (*about)(void *ctx, const struct log_line *line), void *ctx);

/* ---- events --------------------------------------------------------------------------------- */

/* Whether anybody has registered. */
bool server_event_wanted(const struct server *s, enum server_event event);
/* Send to all who have. */
void server_event_raise(struct server *s, enum server_event event, struct view message);
/* "ike-updown" */
const char *server_event_name(enum server_event event);

#endif
