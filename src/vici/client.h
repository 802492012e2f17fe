/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VICI_CLIENT_H
#define VICI_CLIENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* A small blocking vici client: one request at a time, events in between. */

#define CLIENT_DEFAULT_URI "unix:///var/run/charon.vici"

struct client;

/*
 * Connect to "unix:///path" or "tcp://host:port". E_CONFIG: not such a URI. E_NOTFOUND: nobody
 * answers there; E_IO: anything else. errno says more about the last two.
 */
int client_connect(const char *uri, struct client **out) ERR_MUST_CHECK;
/* Disconnect; NULL is fine. */
void client_close(struct client *c);

/* Ask for an event, or not any more. E_UNSUPPORTED: the daemon does not know it. */
int client_register(struct client *c, const char *event) ERR_MUST_CHECK;
int client_unregister(struct client *c, const char *event) ERR_MUST_CHECK;

struct client_request {
	const char *command;
	struct view message;
	/* Called for each event that comes before the answer; may be NULL. */
	void (*event)(void *ctx, const char *name, struct view message);
	void *ctx;
};

/*
 * Send and wait for the answer's message, appended to reply. E_UNSUPPORTED: the daemon does not
 * know the command; E_LIMIT: the message is too long for vici; E_IO (errno 0: the daemon hung up).
 */
int client_request(struct client *c, const struct client_request *request,
		   struct wbuf *reply) ERR_MUST_CHECK;
/* Wait for an event: its name (borrowed until the next call) and its message, appended. E_IO. */
int client_next_event(struct client *c, const char **out_name, struct wbuf *out) ERR_MUST_CHECK;

#endif
