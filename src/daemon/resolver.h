/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_RESOLVER_H
#define DAEMON_RESOLVER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * DNS servers that peers assign: handed to resolvconf(8) where there is one, else written into
 * /etc/resolv.conf, and taken out again.
 */

struct addr;
struct log;
struct resolver;
struct uv_loop_s;

struct resolver_params {
	struct uv_loop_s *loop;
	struct log *log;
	const char *file;	/* "/etc/resolv.conf"; copied, as the next two */
	const char *resolvconf; /* path of the program, or NULL: edit the file */
	const char *interface;	/* whose servers they are, for resolvconf */
};

/* Lines of ours that a killed daemon left in the file go. E_NOMEM. */
int resolver_new(const struct resolver_params *params, struct resolver **out) ERR_MUST_CHECK;
/* Add a server, or take it away; counted. What goes wrong is logged. */
void resolver_change(struct resolver *r, const struct addr *server, bool add);
/* Take all servers away; the loop frees when resolvconf, if any, has ended. NULL is fine. */
void resolver_free(struct resolver *r);

/* The text of resolv.conf with these servers (texts) first and without older lines of ours. */
struct strs;
void resolver_edit(struct view old, const struct strs *servers, struct wbuf *out);

#endif
