/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_LOAD_H
#define CTL_LOAD_H

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/node.h"

/* Reading /etc/swanctl and giving it to the daemon: what the load verbs share. */

struct ctl;

struct load {
	struct ctl *ctl;
	char dir[PATH_MAX];	   /* /etc/swanctl */
	struct conf_node *root;	   /* of swanctl.conf */
	struct conf_errors syntax; /* what the parser found */
	bool checked;		   /* all errors of all sections have been told */
	bool failed;		   /* something was wrong: CTL_BAD_CONFIG in the end */
	unsigned changes;	   /* that a dry run has told of */
	bool keeps_sas;		   /* a connection among them that is there already */
};

/*
 * A whole load verb: read the file, tell the parser's errors (with check also those of all
 * sections), and run the parts up to a NULL. Nothing is done if the file cannot be read. Returns an
 * exit status.
 */
int load_run(struct ctl *ctl, bool check, void (*const *parts)(struct load *l));
/* Tell errors, unless they have been told by load_check(); empties the list. */
void load_tell(struct load *l, struct conf_errors *errs);
/* Whether a section lost something to a syntax error. */
bool load_is_broken(const struct load *l, const struct conf_node *section);

/*
 * Bytes of a file named in the configuration, relative to the subdirectory, or given in place as
 * 0xHEX or 0sBASE64. An error is added at the value's position and returned.
 */
struct load_blob {
	const struct conf_value *value; /* for its name and position */
	const char *text;
	const char *subdir; /* "x509"; "" for the configuration directory itself */
};
int load_read_blob(struct load *l, const struct load_blob *blob, struct conf_errors *errs,
		   struct wbuf *out) ERR_MUST_CHECK;
/* A whole file, as far as vici can carry it. E_IO with errno, E_LIMIT. */
int load_read_file(const char *path, struct wbuf *out) ERR_MUST_CHECK;

/* "a, b" as a vici list of its trimmed parts. */
void load_put_list(struct wbuf *w, const char *key, const char *text);

/* Named sections that the daemon holds: connections, pools, authorities. */
struct load_kind {
	const char *section;		 /* "connections": of the file, and in the summary */
	const char *word;		 /* "connection" */
	const char *load, *get, *unload; /* commands */
	const char *list;		 /* of get's answer; NULL: its sections are the names */
	/* Whether it is right; errors are added. */
	int (*check)(const struct conf_node *node, struct conf_errors *errs);
	/* Write what stands in the section. Errors are added. */
	int (*put)(struct load *l, const struct conf_node *node, struct conf_errors *errs,
		   struct wbuf *w);
};

/*
 * Load what the file has, unload what it no longer has, and print a line for each and a summary.
 * Nothing is unloaded while the file has syntax errors: the name may only have got lost.
 */
void load_sections(struct load *l, const struct load_kind *kind);

/* Tell of a change in a dry run: "+ connections.home". */
void load_tell_change(struct load *l, const char *line);
/* Secrets and keys that would be loaded anew or go, by name only. */
void load_creds_diff(struct load *l);

/* The parts of load-all. */
void load_conns_part(struct load *l);
void load_pools_part(struct load *l);
void load_authorities_part(struct load *l);
void load_creds_part(struct load *l);

#endif
