/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/scripts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "conf/node.h"
#include "daemon/process.h"

#define LINE_MAX_LEN 4096 /* bytes; a longer line is printed in pieces */

struct scripts {
	uv_loop_t *loop;
	struct log *log;
	struct strs names, commands; /* of this run */
	size_t next;
	struct process *running;
	struct scripts_job job; /* without its section */
	bool busy;
};

static void run_next(struct scripts *s);

/* ---- output ---------------------------------------------------------------------------------- */

/* Lines of scripts are the daemon's own: thread 00. */
static void print_line(struct log *log, const char *name, struct view line)
{
	log_set_thread(0);
	log_print(log, NULL, LOG_DMN, LOG_CTRL, "%s: %.*s", name, (int)line.len,
		  (const char *)line.ptr);
	log_set_thread(1);
}

void scripts_relog_end(struct log *log, const char *name, struct wbuf *pending)
{
	if (wbuf_view(pending).len)
		print_line(log, name, wbuf_view(pending));
	wbuf_reset(pending);
}

void scripts_relog(struct log *log, const char *name, struct wbuf *pending, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		const uint8_t c = bytes.ptr[i];

		if (c == '\n') {
			scripts_relog_end(log, name, pending);
			continue;
		}
		if (wbuf_view(pending).len == LINE_MAX_LEN)
			scripts_relog_end(log, name, pending);
		/* Nothing a script prints may steer a terminal or end the line for the log. */
		if (c != '\r')
			wbuf_u8(pending, c < ' ' && c != '\t' ? '?' : c);
	}
}

/* ---- processes ------------------------------------------------------------------------------- */

char *scripts_path(const char *exe, const char *old)
{
	const char *slash = exe ? strrchr(exe, '/') : NULL;
	int dir_len = slash ? (int)(slash - exe) : 0;
	char tools[PATH_MAX], *path;
	bool in_tree;

	if (!old || !*old)
		old = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	if (dir_len == 0)
		return strdup(old);
	/* A daemon that runs from where it was built has its swanctl two rooms away. */
	snprintf(tools, sizeof(tools), "%.*s/../../tools/ctl", dir_len, exe);
	in_tree = access(tools, X_OK) == 0;
	if (asprintf(&path, "%s%s%.*s:%s", in_tree ? tools : "", in_tree ? ":" : "", dir_len, exe,
		     old) < 0)
		return NULL;
	return path;
}

static void on_ended(void *ctx)
{
	struct scripts *s = ctx;

	s->running = NULL;
	run_next(s);
}

/* A libuv error, after which nothing is left of the script. */
static int start_script(struct scripts *s, const char *name, const char *command)
{
	const struct process_params params = {
		.loop = s->loop,
		.log = s->log,
		.kind = s->job.kind,
		.name = name,
		.command = command,
		.done = on_ended,
		.ctx = s,
	};

	return process_start(&params, &s->running);
}

static void finish(struct scripts *s)
{
	strs_done(&s->names);
	strs_done(&s->commands);
	s->busy = false;
	if (s->job.done)
		s->job.done(s->job.ctx);
}

static void run_next(struct scripts *s)
{
	while (s->next < s->names.count) {
		const char *name = s->names.items[s->next];
		const char *command = s->commands.items[s->next++];
		int rc;

		log_set_thread(0);
		log_print(s->log, NULL, LOG_DMN, LOG_CTRL, "executing %s script '%s' (%s)",
			  s->job.kind, name, command);
		rc = start_script(s, name, command);
		if (rc)
			log_print(s->log, NULL, LOG_DMN, LOG_AUDIT,
				  "executing %s script '%s' failed: %s", s->job.kind, name,
				  uv_strerror(rc));
		log_set_thread(1);
		if (!rc)
			return;
	}
	finish(s);
}

/* ---- the list -------------------------------------------------------------------------------- */

int scripts_new(struct uv_loop_s *loop, struct log *log, struct scripts **out)
{
	struct scripts *s = calloc(1, sizeof(*s));

	if (!s)
		return E_NOMEM;
	s->loop = loop;
	s->log = log;
	*out = s;
	return 0;
}

void scripts_cancel(struct scripts *s)
{
	/* Nobody waits for it: we are about to end ourselves. */
	if (s->running) {
		process_forget(s->running, true);
		s->running = NULL;
	}
	strs_done(&s->names);
	strs_done(&s->commands);
	s->busy = false;
}

void scripts_free(struct scripts *s)
{
	if (!s)
		return;
	scripts_cancel(s);
	free(s);
}

bool scripts_busy(const struct scripts *s)
{
	return s->busy;
}

int scripts_run(struct scripts *s, const struct scripts_job *job)
{
	int err = 0;

	if (s->busy)
		return E_BUSY;
	for (size_t i = 0; job->section && i < job->section->n_values && !err; i++) {
		const struct conf_value *v = &job->section->values[i];

		if (v->count != 1 || v->items[0].len == 0)
			continue;
		err = strs_add(&s->names, v->key);
		if (!err)
			err = strs_add(&s->commands, v->items[0].data);
	}
	if (err) {
		strs_done(&s->names);
		strs_done(&s->commands);
		return err;
	}
	s->job = *job;
	s->job.section = NULL;
	s->next = 0;
	s->busy = true;
	run_next(s);
	return 0;
}
