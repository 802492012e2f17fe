/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/show_ladder.h"

#include <stdio.h>
#include <string.h>

#include "conf/node.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/trace.h"

#define MARGIN 10 /* columns for the time on the left */
#define INNER  57 /* between the rails */
#define HOST   28 /* of a name above a rail */

/* A time, right-justified. */
static void put_time(uint64_t us, size_t width, struct wbuf *out)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	trace_put_time(us, &w);
	wbuf_fmt(out, "%*.*s", (int)width, (int)w.len, (const char *)w.data);
	wbuf_done(&w);
}

/* Text of up to max columns, to the left or right edge of max columns. */
static void put_justified(const struct screen *s, const char *text, size_t max, bool right,
			  struct wbuf *out)
{
	size_t n = screen_width(text, max);

	if (right)
		screen_blank(max - n, out);
	screen_put(s, text, max, out);
	if (!right)
		screen_blank(max - n, out);
}

/* ---- the ladder ----------------------------------------------------------------------------- */

static void put_host_line(const struct screen *s, const char *left, const char *right,
			  struct wbuf *out)
{
	screen_blank(MARGIN, out);
	put_justified(s, left, HOST, false, out);
	screen_blank(INNER + 2 - 2 * HOST, out);
	put_justified(s, right, HOST, true, out);
	wbuf_u8(out, '\n');
}

static void put_hosts(const struct screen *s, const struct conf_node *sa, struct wbuf *out)
{
	char left[80], right[80];

	screen_paint(s, SCREEN_BOLD, out);
	put_host_line(s, ctl_text(sa, "local-id"), ctl_text(sa, "remote-id"), out);
	screen_paint(s, SCREEN_PLAIN, out);
	snprintf(left, sizeof(left), "%s[%s]", ctl_text(sa, "local-host"),
		 ctl_text(sa, "local-port"));
	snprintf(right, sizeof(right), "%s[%s]", ctl_text(sa, "remote-host"),
		 ctl_text(sa, "remote-port"));
	put_host_line(s, left, right, out);
}

static void put_rails(const struct screen *s, struct wbuf *out)
{
	screen_blank(MARGIN, out);
	screen_draw(s, SCREEN_RAIL, 1, out);
	screen_blank(INNER, out);
	screen_draw(s, SCREEN_RAIL, 1, out);
	wbuf_u8(out, '\n');
}

/* "| IKE_INTERMEDIATE 1          KYBER_L3 |" */
static void put_title(const struct screen *s, const struct trace_rung *r, struct wbuf *out)
{
	struct wbuf methods;
	char title[64];
	size_t used;

	snprintf(title, sizeof(title), "%.40s %.12s", r->exchange, r->msgid);
	wbuf_init(&methods, 0);
	trace_put_methods(r, &methods);
	wbuf_u8(&methods, 0);
	screen_blank(MARGIN, out);
	screen_draw(s, SCREEN_RAIL, 1, out);
	wbuf_u8(out, ' ');
	screen_paint(s, SCREEN_BOLD, out);
	used = screen_put(s, title, INNER / 2, out);
	screen_paint(s, SCREEN_PLAIN, out);
	wbuf_u8(out, ' ');
	put_justified(s, wbuf_err(&methods) ? "" : (const char *)methods.data, INNER - used - 3,
		      true, out);
	wbuf_u8(out, ' ');
	screen_draw(s, SCREEN_RAIL, 1, out);
	wbuf_u8(out, '\n');
	wbuf_done(&methods);
}

/* "|---------- 1264 bytes in 1 packet --------->|" */
static void put_arrow(const struct screen *s, const struct trace_message *m, bool to_right,
		      struct wbuf *out)
{
	unsigned long again = trace_again(m);
	char label[128] = "not complete";
	size_t len, before;

	if (m->bytes)
		snprintf(label, sizeof(label), "%lu bytes in %lu packet%s", m->bytes, m->packets,
			 m->packets == 1 ? "" : "s");
	if (again)
		snprintf(label + strlen(label), sizeof(label) - strlen(label), ", %lu %s", again,
			 to_right ? "sent again" : "came again");
	len = strlen(label);
	before = (INNER - 1 - len - 2) / 2;
	screen_draw(s, SCREEN_RAIL, 1, out);
	screen_paint(s, again || !m->bytes ? SCREEN_YELLOW : SCREEN_GREEN, out);
	if (!to_right)
		screen_draw(s, SCREEN_LEFT, 1, out);
	screen_draw(s, SCREEN_LINE, before, out);
	screen_paint(s, SCREEN_PLAIN, out);
	wbuf_fmt(out, " %s ", label);
	screen_paint(s, again || !m->bytes ? SCREEN_YELLOW : SCREEN_GREEN, out);
	screen_draw(s, SCREEN_LINE, INNER - 1 - len - 2 - before, out);
	if (to_right)
		screen_draw(s, SCREEN_RIGHT, 1, out);
	screen_paint(s, SCREEN_PLAIN, out);
	screen_draw(s, SCREEN_RAIL, 1, out);
}

static void put_rung(const struct screen *s, const struct trace_rung *r, struct wbuf *out)
{
	put_rails(s, out);
	put_title(s, r, out);
	put_time(r->at, MARGIN - 1, out);
	wbuf_u8(out, ' ');
	put_arrow(s, &r->request, r->ours, out);
	wbuf_u8(out, '\n');
	if (!r->done) {
		screen_blank(MARGIN, out);
		put_arrow(s, &r->response, !r->ours, out);
		wbuf_u8(out, '\n');
		return;
	}
	put_time(r->at + r->took, MARGIN - 1, out);
	wbuf_u8(out, ' ');
	put_arrow(s, &r->response, !r->ours, out);
	screen_paint(s, SCREEN_BOLD, out);
	put_time(r->took, 10, out);
	screen_paint(s, SCREEN_PLAIN, out);
	wbuf_u8(out, '\n');
}

static void put_way(const char *what, unsigned long bytes, unsigned long packets,
		    unsigned long again, struct wbuf *out)
{
	screen_blank(MARGIN, out);
	wbuf_fmt(out, "%-8s %6lu bytes in %3lu packet%s", what, bytes, packets,
		 packets == 1 ? "" : "s");
	if (again)
		wbuf_fmt(out, ", and %lu again", again);
	wbuf_u8(out, '\n');
}

static void put_sum(const struct conf_node *ladder, struct wbuf *out)
{
	struct trace_sum sum;

	trace_add_up(ladder, &sum);
	screen_blank(MARGIN, out);
	wbuf_fmt(out, "%zu exchange%s in ", sum.exchanges, sum.exchanges == 1 ? "" : "s");
	trace_put_time(sum.us, out);
	wbuf_str(out, ", of it ");
	trace_put_time(sum.waiting, out);
	wbuf_str(out, sum.ours ? " until the answers came\n" : " from requests to answers\n");
	put_way("sent", sum.sent.bytes, sum.sent.packets, sum.sent.again, out);
	put_way("received", sum.received.bytes, sum.received.packets, sum.received.again, out);
}

/* One ladder under its heading; nothing if it has no exchanges. */
static void put_ladder(const struct screen *s, const struct conf_node *sa,
		       const struct conf_node *ladder, const char *heading, struct wbuf *out)
{
	if (!ladder || ladder->n_sections == 0)
		return;
	screen_paint(s, SCREEN_BOLD, out);
	screen_put(s, heading, 79, out);
	screen_paint(s, SCREEN_PLAIN, out);
	wbuf_str(out, "\n\n");
	put_hosts(s, sa, out);
	for (size_t i = 0; i < ladder->n_sections; i++) {
		struct trace_rung r;

		trace_read(ladder->sections[i], &r);
		put_rung(s, &r, out);
	}
	put_rails(s, out);
	put_sum(ladder, out);
}

void show_ladder(const struct screen *s, const struct conf_node *sa, struct wbuf *out)
{
	const struct conf_node *children = conf_node_section(sa, "child-sas");
	const struct conf_node *rekeyed = conf_node_section(sa, "rekey-exchanges");
	char heading[160];

	snprintf(heading, sizeof(heading), "IKE_SA %.80s[%.12s] %.20s%s", sa->name,
		 ctl_text(sa, "uniqueid"), rekeyed ? "" : ctl_text(sa, "state"),
		 rekeyed ? "as it was set up" : "");
	put_ladder(s, sa, conf_node_section(sa, "exchanges"), heading, out);
	if (rekeyed) {
		snprintf(heading, sizeof(heading), "IKE_SA %.80s[%.12s] %.20s, rekeyed", sa->name,
			 ctl_text(sa, "uniqueid"), ctl_text(sa, "state"));
		wbuf_u8(out, '\n');
		put_ladder(s, sa, rekeyed, heading, out);
	}
	for (size_t i = 0; children && i < children->n_sections; i++) {
		const struct conf_node *c = children->sections[i];
		const struct conf_node *ladder = conf_node_section(c, "exchanges");

		if (!ladder)
			continue; /* IKE_AUTH has made it */
		snprintf(heading, sizeof(heading), "CHILD_SA %.80s{%.12s} %.20s",
			 ctl_text(c, "name"), ctl_text(c, "uniqueid"), ctl_text(c, "state"));
		wbuf_u8(out, '\n');
		put_ladder(s, sa, ladder, heading, out);
	}
}

/* ---- a line each ---------------------------------------------------------------------------- */

void show_ladder_lines(const struct screen *s, const struct conf_node *ladder, struct wbuf *out)
{
	for (size_t i = 0; ladder && i < ladder->n_sections; i++) {
		struct trace_rung r;
		struct wbuf methods;

		trace_read(ladder->sections[i], &r);
		wbuf_init(&methods, 0);
		trace_put_methods(&r, &methods);
		wbuf_u8(&methods, 0);
		wbuf_fmt(out, "    %3.12s  ", r.msgid);
		put_justified(s, r.exchange, 16, false, out);
		wbuf_fmt(out, "  %5lu -> %5lu bytes ", r.request.bytes, r.response.bytes);
		if (r.done)
			put_time(r.took, 9, out);
		else
			wbuf_str(out, "  waiting");
		wbuf_str(out, "  ");
		screen_put(s, wbuf_err(&methods) ? "" : (const char *)methods.data, 70, out);
		wbuf_u8(out, '\n');
		wbuf_done(&methods);
	}
}
