/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/str.h"
#include "daemon/scripts.h"

#define PENDING_MAX \
	8192 /* bytes of a line that is not complete yet, as scripts_relog() keeps them */
#define READ_SIZE 4096

extern char **environ;

/*
 * It ends in two steps that may come in either order: the process goes, and its pipe is read to the
 * end. A child that it left in the background keeps the pipe: what is in the pipe when the process
 * has gone is all that counts.
 */
struct process {
	uv_process_t process;
	uv_poll_t output;
	uv_timer_t patience;
	int fd;
	unsigned handles;
	char *name;
	const char *kind;
	uint64_t timeout_ms;
	struct wbuf pending;
	struct log *log;
	void (*done)(void *ctx);
	void *ctx;
};

/* False at the end of the pipe. */
static bool read_output(struct process *p)
{
	uint8_t buf[READ_SIZE];
	ssize_t n;

	while ((n = read(p->fd, buf, sizeof(buf))) > 0)
		scripts_relog(p->log, p->name, &p->pending, view_make(buf, (size_t)n));
	return n < 0 && errno == EAGAIN;
}

static void on_output(uv_poll_t *poll, int status, int events)
{
	struct process *p = poll->data;

	(void)events;
	if (status < 0 || !read_output(p))
		uv_poll_stop(poll);
}

static void on_closed(uv_handle_t *handle)
{
	struct process *p = handle->data;

	if (--p->handles)
		return;
	close(p->fd);
	wbuf_done(&p->pending);
	free(p->name);
	free(p);
}

static void close_handles(struct process *p)
{
	uv_close((uv_handle_t *)&p->output, on_closed);
	uv_close((uv_handle_t *)&p->process, on_closed);
	uv_close((uv_handle_t *)&p->patience, on_closed);
}

static void say(const struct process *p, const char *what, int number)
{
	log_set_thread(0);
	log_print(p->log, NULL, LOG_DMN, LOG_AUDIT, "%s script '%s' %s %d", p->kind, p->name, what,
		  number);
	log_set_thread(1);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct process *p = process->data;
	void (*done)(void *) = p->done;
	void *ctx = p->ctx;

	(void)read_output(p);
	scripts_relog_end(p->log, p->name, &p->pending);
	if (signal)
		say(p, "was ended by signal", signal);
	else if (status)
		say(p, "failed with exit status", (int)status);
	close_handles(p);
	done(ctx);
}

static void on_late(uv_timer_t *timer)
{
	struct process *p = timer->data;

	log_set_thread(0);
	log_print(p->log, NULL, LOG_DMN, LOG_AUDIT,
		  "%s script '%s' takes longer than %u s: ending it", p->kind, p->name,
		  (unsigned)(p->timeout_ms / 1000));
	log_set_thread(1);
	kill(-p->process.pid, SIGKILL);
}

/* The environment with our PATH and `more`: pointers to free, "PATH=..." is the first and the only
 * text to free. NULL: out of memory. */
static char **make_environment(const struct strs *more)
{
	char exe[PATH_MAX], **env, *path, *assignment = NULL;
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const size_t n_more = more ? more->count : 0;
	size_t n = 0, out = 1;

	exe[len > 0 ? len : 0] = '\0';
	while (environ[n])
		n++;
	env = calloc(n + n_more + 2, sizeof(*env));
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
	for (size_t i = 0; i < n_more; i++)
		env[out++] = more->items[i];
	return env;
}

static int spawn(struct process *p, const struct process_params *params, int write_end)
{
	char *args[] = {(char *)"/bin/sh", (char *)"-c", (char *)params->command, NULL};
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

	options.env = make_environment(params->env);
	if (!options.env)
		return UV_ENOMEM;
	rc = uv_spawn(params->loop, &p->process, &options);
	free(options.env[0]);
	free(options.env);
	return rc;
}

int process_start(const struct process_params *params, struct process **out)
{
	struct process *p = calloc(1, sizeof(*p));
	int fds[2], rc;

	if (!p)
		return UV_ENOMEM;
	p->name = strdup(params->name);
	if (!p->name || pipe2(fds, O_CLOEXEC) != 0) {
		rc = p->name ? -errno : UV_ENOMEM;
		free(p->name);
		free(p);
		return rc;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	p->fd = fds[0];
	p->log = params->log;
	p->kind = params->kind;
	p->done = params->done;
	p->ctx = params->ctx;
	p->timeout_ms = params->timeout_ms;
	wbuf_init(&p->pending, PENDING_MAX);
	uv_poll_init(params->loop, &p->output, p->fd);
	uv_timer_init(params->loop, &p->patience);
	p->output.data = p->process.data = p->patience.data = p;
	p->handles = 3;
	rc = spawn(p, params, fds[1]);
	close(fds[1]);
	if (rc) {
		close_handles(p);
		return rc;
	}
	uv_poll_start(&p->output, UV_READABLE, on_output);
	if (p->timeout_ms)
		uv_timer_start(&p->patience, on_late, p->timeout_ms, 0);
	*out = p;
	return 0;
}

void process_forget(struct process *p, bool end)
{
	if (end)
		kill(-p->process.pid, SIGTERM);
	close_handles(p);
}
