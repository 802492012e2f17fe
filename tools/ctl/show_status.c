/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/show_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/node.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/show.h"
#include "tools/ctl/show_ladder.h"
#include "tools/ctl/trace.h"

#define NAME	 30 /* columns of an identity in a box, at most */
#define PICTURE	 76 /* from the left side of one box to the right side of the other */
#define SELECTOR 26

static bool has(const struct conf_node *n, const char *key)
{
	return conf_node_value(n, key) != NULL;
}

static bool says_yes(const struct conf_node *n, const char *key)
{
	return strcmp(ctl_text(n, key), "yes") == 0;
}

/* "1d 2h", "3m 20s", "15s": two units at most. */
static void put_span(const char *seconds, struct wbuf *out)
{
	static const struct {
		unsigned long seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	unsigned long left = strtoul(seconds, NULL, 10);
	int shown = 0;

	for (size_t i = 0; i < 4 && shown < 2; i++) {
		unsigned long n = left / units[i].seconds;

		if (n == 0 && !(i == 3 && shown == 0))
			continue;
		wbuf_fmt(out, "%s%lu%c", shown ? " " : "", n, units[i].unit);
		left %= units[i].seconds;
		shown++;
	}
}

/* "168 B", "1.2 MiB" */
static void put_bytes(const char *bytes, struct wbuf *out)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	unsigned long long n = strtoull(bytes, NULL, 10);
	double scaled = (double)n / 1024;
	size_t i = 0;

	if (n < 1024) {
		wbuf_fmt(out, "%llu B", n);
		return;
	}
	while (scaled >= 1024 && i < 4) {
		scaled /= 1024;
		i++;
	}
	wbuf_fmt(out, "%.1f %s", scaled, units[i]);
}

/* ---- the picture ---------------------------------------------------------------------------- */

/* What stands in a box. */
struct host {
	const char *id;
	char address[96], vips[96];
	size_t width;
};

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void fill_host(const struct conf_node *sa, const char *side, struct host *out)
{
	char key[16];
	const struct conf_value *v;
	const char *host;

	*out = (struct host){.id = ""};
	snprintf(key, sizeof(key), "%s-id", side);
	out->id = ctl_text(sa, key);
	snprintf(key, sizeof(key), "%s-host", side);
	host = ctl_text(sa, key);
	snprintf(key, sizeof(key), "%s-port", side);
	snprintf(out->address, sizeof(out->address), "%.60s[%.12s]", host, ctl_text(sa, key));
	snprintf(key, sizeof(key), "%s-vips", side);
	v = conf_node_value(sa, key);
	for (size_t i = 0, at = 0; v && i < v->count && at < sizeof(out->vips); i++)
		at += (size_t)snprintf(out->vips + at, sizeof(out->vips) - at, "%s%.46s",
				       i ? " " : "virtual ", v->items[i].data);
	out->width = larger(screen_width(out->id, NAME), larger(screen_width(out->address, NAME),
								screen_width(out->vips, NAME)));
}

/* "| text   |"; tunnel: where that meets the box, -1 on its right side, 1 on its left. */
static void put_box_line(const struct screen *s, const struct host *h, const char *text, int tunnel,
			 struct wbuf *out)
{
	screen_draw(s, tunnel == 1 ? SCREEN_JOINTS + 1 : SCREEN_RAIL, 1, out);
	wbuf_u8(out, ' ');
	screen_blank(h->width - screen_put(s, text, h->width, out), out);
	wbuf_u8(out, ' ');
	screen_draw(s, tunnel == -1 ? SCREEN_JOINTS : SCREEN_RAIL, 1, out);
}

static void put_box_edge(const struct screen *s, const struct host *h, enum screen_glyph left,
			 struct wbuf *out)
{
	screen_draw(s, left, 1, out);
	screen_draw(s, SCREEN_LINE, h->width + 2, out);
	screen_draw(s, left + 1, 1, out);
}

static void put_hosts(const struct screen *s, const struct host *l, const struct host *r,
		      struct wbuf *out)
{
	size_t between = PICTURE - (l->width + 4) - (r->width + 4);

	wbuf_str(out, "  ");
	put_box_edge(s, l, SCREEN_CORNERS, out);
	screen_blank(between, out);
	put_box_edge(s, r, SCREEN_CORNERS, out);
	wbuf_str(out, "\n  ");
	put_box_line(s, l, l->id, 0, out);
	screen_blank(between, out);
	put_box_line(s, r, r->id, 0, out);
	wbuf_str(out, "\n  ");
	put_box_line(s, l, l->address, -1, out);
	screen_paint(s, SCREEN_GREEN, out);
	screen_draw(s, SCREEN_TUNNEL, between, out);
	screen_paint(s, SCREEN_PLAIN, out);
	put_box_line(s, r, r->address, 1, out);
	if (*l->vips || *r->vips) {
		wbuf_str(out, "\n  ");
		put_box_line(s, l, l->vips, 0, out);
		screen_blank(between, out);
		put_box_line(s, r, r->vips, 0, out);
	}
	wbuf_str(out, "\n  ");
	put_box_edge(s, l, SCREEN_CORNERS + 2, out);
	screen_blank(between, out);
	put_box_edge(s, r, SCREEN_CORNERS + 2, out);
	wbuf_u8(out, '\n');
}

/* "10.3.0.1/32 ========== net{1} ========== 10.1.0.0/24", below the boxes. */
static void put_child_line(const struct screen *s, const struct conf_node *c, struct wbuf *out)
{
	const struct conf_value *local = conf_node_value(c, "local-ts");
	const struct conf_value *remote = conf_node_value(c, "remote-ts");
	size_t n = larger(local ? local->count : 0, remote ? remote->count : 0);
	char name[80];

	snprintf(name, sizeof(name), " %.60s{%.12s} ", ctl_text(c, "name"),
		 ctl_text(c, "uniqueid"));
	for (size_t i = 0; i < n; i++) {
		const char *l = local && i < local->count ? local->items[i].data : "";
		const char *r = remote && i < remote->count ? remote->items[i].data : "";
		size_t wide = i ? 0 : screen_width(name, PICTURE - 2 * SELECTOR - 8);
		size_t line =
			PICTURE - 4 - screen_width(l, SELECTOR) - screen_width(r, SELECTOR) - 2;

		wbuf_str(out, "    ");
		screen_put(s, l, SELECTOR, out);
		wbuf_u8(out, ' ');
		/* Further selectors stand below the first ones. */
		for (unsigned half = 0; half < 2; half++) {
			size_t columns = half ? line - wide - (line - wide) / 2 : (line - wide) / 2;

			if (i)
				screen_blank(columns, out);
			else
				screen_draw(s, SCREEN_TUNNEL, columns, out);
			if (half == 0)
				screen_put(s, name, wide, out);
		}
		wbuf_u8(out, ' ');
		screen_put(s, r, SELECTOR, out);
		wbuf_u8(out, '\n');
	}
}

/* ---- words ---------------------------------------------------------------------------------- */

/* "home[1] ESTABLISHED for 15s, post-quantum, rekeying in 28m 34s" */
static void put_heading(const struct screen *s, const struct conf_node *sa, struct wbuf *out)
{
	screen_paint(s, SCREEN_BOLD, out);
	screen_put(s, sa->name, 60, out);
	wbuf_fmt(out, "[%s]", ctl_text(sa, "uniqueid"));
	screen_paint(s, SCREEN_PLAIN, out);
	wbuf_fmt(out, " %s", ctl_text(sa, "state"));
	if (has(sa, "established")) {
		wbuf_str(out, " for ");
		put_span(ctl_text(sa, "established"), out);
	}
	if (has(sa, "post-quantum"))
		wbuf_str(out, says_yes(sa, "post-quantum") ? ", post-quantum" : ", classical");
	if (has(sa, "rekey-time")) {
		wbuf_str(out, ", rekeying in ");
		put_span(ctl_text(sa, "rekey-time"), out);
	}
	if (has(sa, "reauth-time")) {
		wbuf_str(out, ", reauthentication in ");
		put_span(ctl_text(sa, "reauth-time"), out);
	}
	wbuf_u8(out, '\n');
}

/* What the boxes have no room for. */
static void put_long_names(const struct screen *s, const struct conf_node *sa, struct wbuf *out)
{
	static const char *const vips[] = {"local-vips", "remote-vips"};

	static const char *const rows[][2] = {
		{"local-id", "local"}, {"remote-id", "remote"}, {"remote-eap-id", "EAP identity"}};

	for (size_t i = 0; i < 3; i++) {
		const char *id = ctl_text(sa, rows[i][0]);

		if (*id == '\0' || (i < 2 && screen_width(id, SIZE_MAX) <= NAME))
			continue;
		wbuf_fmt(out, "    %s ", rows[i][1]);
		screen_put(s, id, SIZE_MAX, out);
		wbuf_u8(out, '\n');
	}
	for (size_t i = 0; i < 2; i++) {
		const struct conf_value *v = conf_node_value(sa, vips[i]);

		if (!v || v->count < 2)
			continue;
		wbuf_str(out, "    virtual");
		show_items(v, " ", out);
		wbuf_u8(out, '\n');
	}
}

static void put_flow(const struct conf_node *c, const char *word, const char *way, struct wbuf *out)
{
	char bytes[12], packets[16];
	const char *n;

	snprintf(bytes, sizeof(bytes), "bytes-%s", way);
	snprintf(packets, sizeof(packets), "packets-%s", way);
	n = ctl_text(c, packets);
	wbuf_fmt(out, "%s ", word);
	put_bytes(ctl_text(c, bytes), out);
	wbuf_fmt(out, " in %s packet%s", n, strcmp(n, "1") == 0 ? "" : "s");
}

static void put_drops(const struct conf_node *c, struct wbuf *out)
{
	static const char *const keys[][2] = {
		{"dropped-policy-in", "received outside the selectors"},
		{"dropped-policy-out", "to be sent outside the selectors"},
		{"dropped-replay", "replayed or too old"},
		{"dropped-auth", "not authentic"},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (has(c, keys[i][0]))
			wbuf_fmt(out, "        dropped %s packets: %s\n", ctl_text(c, keys[i][0]),
				 keys[i][1]);
	}
}

static void put_child(const struct screen *s, const struct conf_node *c, struct wbuf *out)
{
	wbuf_str(out, "    ");
	screen_put(s, ctl_text(c, "name"), 60, out);
	wbuf_fmt(out, "{%s} %s", ctl_text(c, "uniqueid"), ctl_text(c, "state"));
	if (has(c, "spi-in")) {
		wbuf_fmt(out, ", %s%s, ", ctl_text(c, "protocol"),
			 says_yes(c, "encap") ? " in UDP" : "");
		show_sa_child_suite(c, out);
		wbuf_str(out, "\n        ");
		put_flow(c, "received", "in", out);
		wbuf_str(out, ", ");
		put_flow(c, "sent", "out", out);
	}
	wbuf_u8(out, '\n');
	put_drops(c, out);
	show_ladder_lines(s, conf_node_section(c, "exchanges"), out);
}

static void put_sa(const struct screen *s, const struct conf_node *sa, struct wbuf *out)
{
	const struct conf_node *children = conf_node_section(sa, "child-sas");
	const struct conf_node *rekeyed = conf_node_section(sa, "rekey-exchanges");
	struct host local, remote;

	put_heading(s, sa, out);
	fill_host(sa, "local", &local);
	fill_host(sa, "remote", &remote);
	put_hosts(s, &local, &remote, out);
	for (size_t i = 0; children && i < children->n_sections; i++)
		put_child_line(s, children->sections[i], out);
	put_long_names(s, sa, out);
	if (has(sa, "encr-alg")) {
		wbuf_str(out, "    ");
		show_sa_suite(sa, out);
		wbuf_u8(out, '\n');
	}
	show_ladder_lines(s, rekeyed ? rekeyed : conf_node_section(sa, "exchanges"), out);
	for (size_t i = 0; children && i < children->n_sections; i++)
		put_child(s, children->sections[i], out);
}

void show_status(const struct screen *s, const struct conf_node *event, struct wbuf *out)
{
	for (size_t i = 0; i < event->n_sections; i++)
		put_sa(s, event->sections[i], out);
}
