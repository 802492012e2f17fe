/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_NODE_H
#define CONF_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/*
 * The tree that configuration is before anyone interprets it: sections with keys, from a file (with
 * positions) or from a vici message (without). Order is kept.
 */
struct conf_pos {
	const char *file; /* owned by the tree's root; NULL when not from a file */
	unsigned line, column;
};

struct conf_value {
	char *key;
	struct conf_pos pos; /* of the key */
	bool is_list;	     /* a vici list; a key/value has exactly one item */
	size_t count;
	struct {
		char *data; /* NUL-terminated after len bytes */
		size_t len; /* the bytes may be binary (certificates by vici) */
	} * items;
};

struct conf_node {
	char *name;
	struct conf_pos pos;
	struct conf_node *parent;
	size_t n_values, n_sections;
	struct conf_value *values;
	struct conf_node **sections;
	bool inherited_from;	   /* some section names it after its ':' */
	unsigned char inheritance; /* inherit.c's, as is first_ref */
	size_t first_ref;	   /* 1 + its index; 0 for none */
	struct strs files;	   /* of a root: what conf_pos.file points into */
};

/* A new section; linked into parent if given (which then owns it). E_NOMEM: NULL. */
struct conf_node *conf_node_new(struct conf_node *parent, const char *name, struct conf_pos pos);
/* Values are wiped: there may be secrets among them. */
void conf_node_free(struct conf_node *root);
/* Add an item to key (made if not there). list: a vici list item; else the value replaces an
 * earlier one. */
int conf_node_add(struct conf_node *n, const char *key, struct view item, bool list,
		  struct conf_pos pos) ERR_MUST_CHECK;
/* Leave key without an item, so that it does not inherit one either; prune removes such keys. */
int conf_node_unset(struct conf_node *n, const char *key, struct conf_pos pos) ERR_MUST_CHECK;
void conf_node_prune(struct conf_node *root);
const struct conf_value *conf_node_value(const struct conf_node *n, const char *key);
struct conf_node *conf_node_section(const struct conf_node *n, const char *name);
/* Text of a dotted path ("charon.filelog.stderr.default"), or NULL. */
const char *conf_node_text(const struct conf_node *root, const char *path);

/* Errors of one load, all of them, each "FILE:LINE:COL: what" (or without a position for vici). */
struct conf_errors {
	size_t count;
	struct conf_error {
		struct conf_pos pos; /* its file is one of `files` */
		char *text;	     /* without the position */
		size_t order;	     /* in which they were added */
	} * items;
	struct strs files; /* copies: errors outlive the tree */
};

/* So many are kept, and one that says that there are more. */
#define CONF_ERRORS_MAX 1000

/* Out of memory: the error is lost; whoever adds it fails all the same. */
void conf_error_add(struct conf_errors *e, struct conf_pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "swanctl.conf:12:9: unknown option ..." into out; the path is shown as the user gave it. */
void conf_error_text(const struct conf_error *e, struct wbuf *out);
/* In the order of their positions, file by file; those without one as they were added. */
void conf_error_sort(struct conf_errors *e);
void conf_errors_done(struct conf_errors *e);

/*
 * Parse a file in strongswan.conf syntax: sections, comments, quoted strings (over several lines if
 * need be), include with globs (relative to the including file), inheritance "name : a, b.c { }".
 * Names have no dots; a later value of a key replaces an earlier one, "key =" takes it away. Syntax
 * errors go to errs, and parsing goes on where it can. Returns 0 with a tree even if there were
 * errors; E_IO or E_NOTFOUND (also in errs) if the file itself cannot be read, or E_NOMEM.
 */
int conf_parse_file(const char *path, struct conf_errors *errs,
		    struct conf_node **out) ERR_MUST_CHECK;
/* The same from memory; name is shown as the file; includes are relative to the work directory. */
int conf_parse_text(const char *name, struct view text, struct conf_errors *errs,
		    struct conf_node **out) ERR_MUST_CHECK;
/* The same for a text that must not make us open files: include is an error. */
int conf_parse_alone(const char *name, struct view text, struct conf_errors *errs,
		     struct conf_node **out) ERR_MUST_CHECK;

#endif
