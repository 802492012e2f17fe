/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VICI_LOADED_H
#define VICI_LOADED_H

#include "base/err.h"
#include "base/list.h"
#include "conf/node.h"

/* The sections of connections, pools and authorities as clients sent them: what a dry run of a load
 * is compared with. There are no secrets among them. */
struct loaded {
	struct list sections;
};

void loaded_init(struct loaded *l);
void loaded_done(struct loaded *l);
/* Keep a copy of a section ("connections", ...) that is in force now. Without memory for it nothing
 * is kept, and a dry run says that it is new. */
void loaded_put(struct loaded *l, const char *part, const struct conf_node *node);
void loaded_remove(struct loaded *l, const char *part, const char *name);
/* Borrowed, or NULL. */
const struct conf_node *loaded_find(const struct loaded *l, const char *part, const char *name);

#endif
