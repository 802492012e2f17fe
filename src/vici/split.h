/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VICI_SPLIT_H
#define VICI_SPLIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "vici/server.h"

/*
 * An event of a section with a section of many in it: list-sa with its CHILD SAs. What does not fit
 * into one message follows in further ones with the same beginning, so that nothing is left out.
 */
struct split {
	struct server_call *call;
	enum server_event event;
	struct wbuf
		head; /* for the caller to write: up to where the items begin, two sections deep */
	struct wbuf item; /* for the caller to write, then split_add() */
	struct wbuf body;
	bool sent;
};

void split_init(struct split *s, struct server_call *call, enum server_event event);
/* Take what is in s->item, and empty it. An item that is too large even alone is left out. */
void split_add(struct split *s);
/* Send the rest, which is all there is if there were no items, and free. */
void split_done(struct split *s);

#endif
