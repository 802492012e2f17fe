/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_INHERIT_H
#define CONF_INHERIT_H

#include <stddef.h>

#include "base/err.h"
#include "conf/node.h"

/* "name : a, b.c { }": what sections inherit, gathered while parsing and resolved at the end. */
struct inherit_ref {
	struct conf_node *node;
	struct conf_pos pos;
	char *path;  /* dotted, from the root */
	size_t next; /* of the same node: 1 + its index; 0 for none */
};

struct inherit {
	struct inherit_ref *refs;
	size_t count;
	size_t n_bytes; /* of all files: limits what may be copied */
};

/* path is copied. */
int inherit_add(struct inherit *in, struct conf_node *node, struct view path,
		struct conf_pos pos) ERR_MUST_CHECK;
/*
 * Copy into each section what it inherits and has not itself, earlier references first. Errors:
 * unknown sections, sections that inherit from themselves. E_NOMEM only.
 */
int inherit_resolve(struct inherit *in, struct conf_node *root,
		    struct conf_errors *errs) ERR_MUST_CHECK;
void inherit_done(struct inherit *in);

#endif
