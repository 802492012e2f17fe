/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/scripts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "conf/node.h"

#define LINE_MAX_LEN 4096 /* bytes; a longer line is printed in pieces */
#define READ_SIZE    4096

extern char **environ;

/*
 * The script that runs. It ends in two steps that may come in either order: the process goes, and
 * its pipe is read to the end. A child that it left in the background keeps the pipe: what is in
 * the pipe when the script has gone is all that counts.
 */
struct script {
	struct scripts *owner;
	uv_process_t process;
	uv_poll_t output;
	int fd;
	unsigned handles;
	char *name;
	struct wbuf pending;
	struct log *log;
};

struct scripts {
	uv_loop_t *loop;
	struct log *log;
	struct strs names, commands; /* of this run */
	size_t next;
	struct script *running;
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

/* False at the end of the pipe. */
static bool read_output(struct script *r)
{
	uint8_t buf[READ_SIZE];
	ssize_t n;

	while ((n = read(r->fd, buf, sizeof(buf))) > 0)
		scripts_relog(r->log, r->name, &r->pending, view_make(buf, (size_t)n));
	return n < 0 && errno == EAGAIN;
}

static void on_output(uv_poll_t *poll, int status, int events)
{
	struct script *r = poll->data;

	(void)events;
	if (status < 0 || !read_output(r))
		uv_poll_stop(poll);
}

/* ---- processes ------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct script *r = handle->data;

	if (--r->handles)
		return;
	close(r->fd);
	wbuf_done(&r->pending);
	free(r->name);
	free(r);
}

static void close_script(struct script *r)
{
	uv_close((uv_handle_t *)&r->output, on_closed);
	uv_close((uv_handle_t *)&r->process, on_closed);
}

static void say(const struct scripts *s, const char *name, const char *what, int number)
{
	log_set_thread(0);
	log_print(s->log, NULL, LOG_DMN, LOG_AUDIT, "%s script '%s' %s %d", s->job.kind, name, what,
		  number);
	log_set_thread(1);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct script *r = process->data;
	struct scripts *s = r->owner;

	(void)read_output(r);
	scripts_relog_end(r->log, r->name, &r->pending);
	if (signal)
		say(s, r->name, "was ended by signal", signal);
	else if (status)
		say(s, r->name, "failed with exit status", (int)status);
	close_script(r);
	s->running = NULL;
	run_next(s);
}

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

/* The environment with our PATH: pointers to free, "PATH=..." is the first. NULL: out of memory. */
static char **script_environment(void)
{
	char exe[PATH_MAX], **env, *path, *assignment = NULL;
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	size_t n = 0, out = 1;

	exe[len > 0 ? len : 0] = '\0';
	while (environ[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	path = scripts_path(exe, getenv("PATH"));
	if (!env || !path || asprintf(&assignment, "PATH=%s", path) < 0) {
		free(env);
		free(path);
		return NULL;
	}
	free(path);
	env[0] = assignment;
	for (size_t i = 0; i < n; i++) {
		/* The service manager listens to us alone. */
		if (strncmp(environ[i], "PATH=", 5) != 0 &&
		    strncmp(environ[i], "NOTIFY_SOCKET=", 14) != 0)
			env[out++] = environ[i];
	}
	return env;
}

static int spawn(struct scripts *s, struct script *r, const char *command, int write_end)
{
	char *args[] = {(char *)"/bin/sh", (char *)"-c", (char *)command, NULL};
	uv_stdio_container_t stdio[3] = {
		{.flags = UV_IGNORE},
		{.flags = UV_INHERIT_FD, .data.fd = write_end},
		{.flags = UV_INHERIT_FD, .data.fd = write_end},
	};
	uv_process_options_t options = {
		.file = args[0],
		.args = args,
		.exit_cb = on_ended,
		.stdio = stdio,
		.stdio_count = 3,
		/* A group of its own, to be ended as a whole. */
		.flags = UV_PROCESS_DETACHED,
	};
	int rc;

	options.env = script_environment();
	if (!options.env)
		return UV_ENOMEM;
	rc = uv_spawn(s->loop, &r->process, &options);
	free(options.env[0]);
	free(options.env);
	return rc;
}

/* A libuv error, after which nothing is left of the script. */
static int start_script(struct scripts *s, const char *name, const char *command)
{
	struct script *r = calloc(1, sizeof(*r));
	int fds[2], rc;

	if (!r)
		return UV_ENOMEM;
	r->name = strdup(name);
	if (!r->name || pipe2(fds, O_CLOEXEC) != 0) {
		rc = r->name ? -errno : UV_ENOMEM;
		free(r->name);
		free(r);
		return rc;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	r->fd = fds[0];
	r->log = s->log;
	r->owner = s;
	wbuf_init(&r->pending, 2 * LINE_MAX_LEN);
	uv_poll_init(s->loop, &r->output, r->fd);
	r->output.data = r->process.data = r;
	r->handles = 2;
	rc = spawn(s, r, command, fds[1]);
	close(fds[1]);
	if (rc) {
		close_script(r);
		return rc;
	}
	uv_poll_start(&r->output, UV_READABLE, on_output);
	s->running = r;
	return 0;
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
		kill(-s->running->process.pid, SIGTERM);
		close_script(s->running);
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
