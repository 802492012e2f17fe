/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/node.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/show_ladder.h"
#include "tools/ctl/svg.h"
#include "tools/ctl/verb.h"

static unsigned long number(const struct conf_node *n, const char *which, const char *what)
{
	char key[32];

	snprintf(key, sizeof(key), "%s-%s", which, what);
	return strtoul(ctl_text(n, key), NULL, 10);
}

static void read_message(const struct conf_node *n, const char *which, struct trace_message *out)
{
	char key[32];

	snprintf(key, sizeof(key), "%s-auth", which);
	*out = (struct trace_message){
		.bytes = number(n, which, "bytes"),
		.packets = number(n, which, "packets"),
		.seen = number(n, which, "seen"),
		.auth = ctl_text(n, key),
	};
}

void trace_read(const struct conf_node *section, struct trace_rung *out)
{
	*out = (struct trace_rung){
		.exchange = ctl_text(section, "exchange"),
		.msgid = ctl_text(section, "message-id"),
		.ke = ctl_text(section, "ke"),
		.notify = ctl_text(section, "notify"),
		.ours = strcmp(ctl_text(section, "asked-by"), "local") == 0,
		.done = *ctl_text(section, "took-us") != '\0',
		.at = strtoull(ctl_text(section, "at-us"), NULL, 10),
		.took = strtoull(ctl_text(section, "took-us"), NULL, 10),
	};
	read_message(section, "request", &out->request);
	read_message(section, "response", &out->response);
}

unsigned long trace_again(const struct trace_message *m)
{
	return m->bytes && m->seen > m->packets ? m->seen - m->packets : 0;
}

void trace_add_up(const struct conf_node *ladder, struct trace_sum *out)
{
	*out = (struct trace_sum){.ours = true};
	for (size_t i = 0; ladder && i < ladder->n_sections; i++) {
		const struct trace_message *sent, *received;
		struct trace_rung r;

		trace_read(ladder->sections[i], &r);
		sent = r.ours ? &r.request : &r.response;
		received = r.ours ? &r.response : &r.request;
		out->exchanges++;
		out->ours &= r.ours;
		out->us = r.at + r.took > out->us ? r.at + r.took : out->us;
		out->waiting += r.took;
		out->sent.bytes += sent->bytes;
		out->sent.packets += sent->packets;
		out->sent.again += trace_again(sent);
		out->received.bytes += received->bytes;
		out->received.packets += received->packets;
		out->received.again += trace_again(received);
	}
}

void trace_put_methods(const struct trace_rung *r, struct wbuf *out)
{
	const struct trace_message *local = r->ours ? &r->request : &r->response;
	const struct trace_message *remote = r->ours ? &r->response : &r->request;

	if (*local->auth || *remote->auth)
		wbuf_fmt(out, "%s / %s", *local->auth ? local->auth : "-",
			 *remote->auth ? remote->auth : "-");
	else
		wbuf_str(out, *r->notify ? r->notify : r->ke);
}

void trace_put_time(uint64_t us, struct wbuf *out)
{
	if (us < 1000000)
		wbuf_fmt(out, "%.1f ms", (double)us / 1000);
	else
		wbuf_fmt(out, "%.2f s", (double)us / 1000000);
}

/* ---- the verb ------------------------------------------------------------------------------- */

struct trace {
	struct screen screen;
	struct svg svg;
	bool to_svg;
	size_t shown;
};

static void on_sa(struct ctl *ctl, const struct conf_node *event, void *ctx)
{
	struct trace *t = ctx;
	struct wbuf w;

	(void)ctl;
	wbuf_init(&w, 0);
	for (size_t i = 0; i < event->n_sections; i++, t->shown++) {
		if (t->to_svg) {
			svg_add_sa(&t->svg, event->sections[i]);
			continue;
		}
		if (t->shown)
			wbuf_u8(&w, '\n');
		show_ladder(&t->screen, event->sections[i], &w);
	}
	ctl_print(&w);
	wbuf_done(&w);
}

static int write_file(const struct ctl *ctl, const char *path, struct view content)
{
	FILE *f = fopen(path, "w");
	bool good = f && fwrite(content.ptr, 1, content.len, f) == content.len;

	good = f && fclose(f) == 0 && good;
	if (!good)
		fprintf(stderr, "%s: writing %s failed: %s\n", ctl->program, path, strerror(errno));
	return good ? CTL_OK : CTL_FAILED;
}

static int finish(const struct ctl *ctl, struct trace *t)
{
	struct wbuf w;
	int rc;

	if (t->shown == 0) {
		if (ctl->format == CTL_TEXT)
			fprintf(stderr, "%s: no IKE_SA %s\n", ctl->program,
				ctl_option(ctl, "child") || ctl_option(ctl, "ike") ? "matches"
										   : "is there");
		return ctl->format == CTL_TEXT ? CTL_FAILED : CTL_OK;
	}
	if (!t->to_svg)
		return CTL_OK;
	wbuf_init(&w, 0);
	svg_finish(&t->svg, &w);
	rc = wbuf_err(&w);
	if (rc)
		fprintf(stderr, "%s: %s\n", ctl->program, err_text(rc));
	rc = rc ? CTL_FAILED : write_file(ctl, ctl_option(ctl, "svg"), wbuf_view(&w));
	wbuf_done(&w);
	return rc;
}

int trace_run(struct ctl *ctl)
{
	static const char *const names[] = {"ike", "ike-id", "child", "child-id", NULL};
	struct trace t = {.screen = screen_of_stdout(), .to_svg = ctl_option(ctl, "svg") != NULL};
	const struct ctl_request request = {
		.command = "trace", .event = "trace-sa", .on_event = on_sa, .ctx = &t};
	int rc;

	if (t.to_svg && ctl->format != CTL_TEXT) {
		fprintf(stderr, "%s: --svg writes a picture: leave --json, --raw or --pretty out\n",
			ctl->program);
		return CTL_USAGE;
	}
	svg_init(&t.svg);
	rc = ctl_call_options(ctl, &request, names);
	if (rc == CTL_OK)
		rc = finish(ctl, &t);
	svg_done(&t.svg);
	return rc;
}
