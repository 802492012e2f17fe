/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VICI_TRANSPORT_H
#define VICI_TRANSPORT_H

#include "base/err.h"
#include "vici/server.h"

/* The sockets of a vici server, on a libuv loop. */

struct transport;
struct uv_loop_s;

struct transport_params {
	struct uv_loop_s *loop;
	const char *uri; /* "unix:///path", or "tcp://127.0.0.1:port" (loopback only) */
	struct log *log;
};

/*
 * Listen. A Unix socket gets mode 0660; a stale one (nobody answers on it) is replaced. E_BUSY:
 * another daemon answers there. E_CONFIG: not a URI of these forms, or TCP beyond loopback. E_IO.
 * *out_why (to free) says what was found and which option decides it.
 */
int transport_new(const struct transport_params *params, struct transport **out,
		  char **out_why) ERR_MUST_CHECK;
/* The server whose clients these are: before the loop runs. */
void transport_serve(struct transport *t, struct server *server);
/* For server_params.wake, with the transport as its context. */
void transport_wake(void *transport);
/*
 * Stop listening, remove the Unix socket and close all clients. The server is the caller's again,
 * who frees it before the loop runs on. closed(ctx) is called from the loop when nothing is left
 * of the transport; closed may be NULL.
 */
void transport_close(struct transport *t, void (*closed)(void *ctx), void *ctx);

#endif
