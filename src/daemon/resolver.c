/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/str.h"

#define OURS	 "# by cygnet"
#define FILE_MAX (64u << 10) /* bytes of a resolv.conf */

struct resolver {
	uv_loop_t *loop;
	struct log *log;
	char *file, *resolvconf, *interface;
	struct strs servers; /* texts in order of arrival; one that came twice is in it twice */
	bool running, again, closing;
	uv_process_t process;
};

/* ---- the file -------------------------------------------------------------------------------- */

static void add_servers(const struct strs *servers, const char *mark, struct wbuf *out)
{
	for (size_t i = 0; i < servers->count; i++) {
		bool seen = false;

		for (size_t j = 0; j < i && !seen; j++)
			seen = strcmp(servers->items[i], servers->items[j]) == 0;
		if (!seen)
			wbuf_fmt(out, "nameserver %s%s\n", servers->items[i], mark);
	}
}

static bool ends_with(struct view line, const char *end)
{
	size_t len = strlen(end);

	return line.len >= len && memcmp(line.ptr + line.len - len, end, len) == 0;
}

void resolver_edit(struct view old, const struct strs *servers, struct wbuf *out)
{
	add_servers(servers, "   " OURS, out);
	while (old.len) {
		const uint8_t *nl = memchr(old.ptr, '\n', old.len);
		size_t len = nl ? (size_t)(nl - old.ptr) : old.len;
		size_t whole = nl ? len + 1 : len;

		if (!ends_with(view_make(old.ptr, len), OURS))
			wbuf_bytes(out, old.ptr, whole);
		old = view_make(old.ptr + whole, old.len - whole);
	}
}

/* In place: the file may be mounted there, or be somebody's link. */
static int rewrite(int fd, const struct strs *servers)
{
	uint8_t *old = malloc(FILE_MAX);
	struct wbuf w;
	struct view text;
	ssize_t n = old ? pread(fd, old, FILE_MAX, 0) : -1;
	int err = 0;

	wbuf_init(&w, 0);
	if (n < 0 || n == FILE_MAX)
		err = E_IO;
	else
		resolver_edit(view_make(old, (size_t)n), servers, &w);
	text = wbuf_view(&w);
	if (!err && (size_t)n == text.len && (n == 0 || memcmp(old, text.ptr, text.len) == 0))
		text.len = 0; /* nothing changed */
	else if (!err && (pwrite(fd, text.ptr, text.len, 0) != (ssize_t)text.len ||
			  ftruncate(fd, (off_t)text.len) != 0))
		err = E_IO;
	wbuf_done(&w);
	free(old);
	return err;
}

static void update_file(struct resolver *r)
{
	int flags = O_RDWR | O_CLOEXEC | (r->servers.count ? O_CREAT : 0);
	int fd = open(r->file, flags, 0644);

	/* Without servers there may be nothing to do, and no right to do it. */
	if (fd < 0 && r->servers.count == 0)
		return;
	if (fd < 0 || rewrite(fd, &r->servers) != 0)
		log_print(r->log, NULL, LOG_CFG, LOG_CTRL,
			  "changing DNS servers in %s (charon.plugins.resolve.file) failed: %s",
			  r->file, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* ---- resolvconf ------------------------------------------------------------------------------ */

static void update(struct resolver *r);

static void release(struct resolver *r)
{
	strs_done(&r->servers);
	free(r->file);
	free(r->resolvconf);
	free(r->interface);
	free(r);
}

static void on_closed(uv_handle_t *handle)
{
	struct resolver *r = handle->data;

	r->running = false;
	if (r->again)
		update(r);
	if (r->closing && !r->running)
		release(r);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct resolver *r = process->data;

	if (status || signal)
		log_print(r->log, NULL, LOG_CFG, LOG_CTRL,
			  "%s for %s failed with status %d, signal %d", r->resolvconf, r->interface,
			  (int)status, signal);
	uv_close((uv_handle_t *)process, on_closed);
}

/* A pipe that holds the text, for reading; -1 on failure. A pipe takes 64 KiB without a reader. */
static int text_pipe(const struct strs *servers)
{
	struct view text;
	struct wbuf w;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	wbuf_init(&w, 4096);
	add_servers(servers, "", &w);
	text = wbuf_view(&w);
	if (write(fds[1], text.ptr, text.len) != (ssize_t)text.len) {
		close(fds[0]);
		fds[0] = -1;
	}
	close(fds[1]);
	wbuf_done(&w);
	return fds[0];
}

static void run_resolvconf(struct resolver *r)
{
	char *args[] = {r->resolvconf, (char *)(r->servers.count ? "-a" : "-d"), r->interface,
			NULL};
	uv_stdio_container_t stdio[3] = {
		{.flags = UV_INHERIT_FD},
		{.flags = UV_IGNORE},
		{.flags = UV_IGNORE},
	};
	uv_process_options_t options = {
		.file = args[0],
		.args = args,
		.exit_cb = on_ended,
		.stdio = stdio,
		.stdio_count = 3,
	};
	int rc;

	stdio[0].data.fd = text_pipe(&r->servers);
	if (stdio[0].data.fd < 0)
		return;
	r->running = true;
	r->again = false;
	r->process.data = r;
	rc = uv_spawn(r->loop, &r->process, &options);
	close(stdio[0].data.fd);
	if (rc == 0)
		return;
	log_print(r->log, NULL, LOG_CFG, LOG_CTRL,
		  "running %s (charon.plugins.resolve.resolvconf.path) failed: %s", r->resolvconf,
		  uv_strerror(rc));
	uv_close((uv_handle_t *)&r->process, on_closed);
}

static void update(struct resolver *r)
{
	if (!r->resolvconf)
		update_file(r);
	else if (r->running)
		r->again = true;
	else
		run_resolvconf(r);
}

/* ---- servers --------------------------------------------------------------------------------- */

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

int resolver_new(const struct resolver_params *params, struct resolver **out)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return E_NOMEM;
	r->loop = params->loop;
	r->log = params->log;
	r->file = copy(params->file);
	r->resolvconf = copy(params->resolvconf);
	r->interface = copy(params->interface);
	if (!r->file || !r->interface || (params->resolvconf && !r->resolvconf)) {
		release(r);
		return E_NOMEM;
	}
	if (r->resolvconf)
		log_print(r->log, NULL, LOG_CFG, LOG_CTRL, "install DNS servers with '%s'",
			  r->resolvconf);
	else
		log_print(r->log, NULL, LOG_CFG, LOG_CTRL, "install DNS servers in '%s'", r->file);
	if (!r->resolvconf)
		update_file(r);
	*out = r;
	return 0;
}

static void remove_one(struct strs *l, const char *text)
{
	size_t i = 0;

	while (i < l->count && strcmp(l->items[i], text) != 0)
		i++;
	if (i == l->count)
		return;
	free(l->items[i]);
	l->count--;
	memmove(&l->items[i], &l->items[i + 1], (l->count - i) * sizeof(*l->items));
}

void resolver_change(struct resolver *r, const struct addr *server, bool add)
{
	char text[ADDR_TEXT_MAX];

	addr_text(server, text);
	if (!add)
		remove_one(&r->servers, text);
	else if (strs_add(&r->servers, text) != 0)
		return;
	log_print(r->log, NULL, LOG_CFG, LOG_CTRL, "%s DNS server %s",
		  add ? "installing" : "removing", text);
	update(r);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	r->closing = true;
	if (r->servers.count) {
		strs_done(&r->servers);
		update(r);
	}
	if (!r->running)
		release(r);
}
