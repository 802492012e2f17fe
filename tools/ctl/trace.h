/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_TRACE_H
#define CTL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct conf_node;

/* The exchanges of `trace-sa`, as the pictures need them. Texts are borrowed from the event. */

struct trace_message {
	unsigned long bytes, packets, seen; /* bytes 0: it has not come whole yet */
	const char *auth;		    /* "" for none */
};

struct trace_rung {
	const char *exchange, *msgid;
	const char *ke, *notify; /* "" for none */
	bool ours;		 /* the request */
	bool done;
	uint64_t at, took; /* us: since the first exchange began; until the response was whole */
	struct trace_message request, response;
};

/* All exchanges of a ladder together. */
struct trace_sum {
	size_t exchanges;
	uint64_t us;	  /* from the first request to the last response */
	uint64_t waiting; /* us of that between requests and their responses */
	struct {
		unsigned long bytes, packets, again;
	} sent, received;
	bool ours; /* all requests are */
};

/* One of the sections of "exchanges" or "rekey-exchanges". */
void trace_read(const struct conf_node *section, struct trace_rung *out);
/* ladder: that section; NULL has no exchanges. */
void trace_add_up(const struct conf_node *ladder, struct trace_sum *out);
/* Packets beyond those that the message takes: sent or received once more. */
unsigned long trace_again(const struct trace_message *m);
/* "KYBER_L3", "DILITHIUM_5 / DILITHIUM_5" (this host's first), "INVALID_KE_PAYLOAD", or "". */
void trace_put_methods(const struct trace_rung *r, struct wbuf *out);
/* "1.3 ms", "2.41 s" */
void trace_put_time(uint64_t us, struct wbuf *out);

#endif
