/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_SCRIPTS_H
#define DAEMON_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * The commands of charon.start-scripts and charon.stop-scripts: each by /bin/sh, one after another,
 * while the loop runs (they talk to the daemon); what they print goes to the log as "NAME: LINE".
 */

struct conf_node;
struct log;
struct scripts;
struct uv_loop_s;

int scripts_new(struct uv_loop_s *loop, struct log *log, struct scripts **out) ERR_MUST_CHECK;
/* After scripts_cancel(); the loop frees the rest when it runs next. NULL is fine. */
void scripts_free(struct scripts *s);

struct scripts_job {
	const struct conf_node *section; /* its values are copied; NULL: none */
	const char *kind;		 /* "start" or "stop", for the log */
	void (*done)(void *ctx);	 /* when all have ended, also at once; not if cancelled */
	void *ctx;
};
/* Run all scripts of a section. E_BUSY while others run; E_NOMEM. */
int scripts_run(struct scripts *s, const struct scripts_job *job) ERR_MUST_CHECK;
bool scripts_busy(const struct scripts *s);
/* SIGTERM to the script that runs; forget it and those that wait: for the daemon's end. */
void scripts_cancel(struct scripts *s);

/*
 * PATH for scripts: where the daemon's own programs are comes first. exe is the path of the daemon,
 * old the PATH so far (may be NULL). For the caller to free; NULL if out of memory.
 */
char *scripts_path(const char *exe, const char *old);

/* Print what a script has written, line by line; an unfinished line stays in pending. */
void scripts_relog(struct log *log, const char *name, struct wbuf *pending, struct view bytes);
/* Print that rest. */
void scripts_relog_end(struct log *log, const char *name, struct wbuf *pending);

#endif
