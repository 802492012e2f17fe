/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/svg.h"

#include <stdio.h>
#include <string.h>

#include "conf/node.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/screen.h"
#include "tools/ctl/trace.h"

/* Pixels. */
#define WIDTH	 920
#define LEFT	 170 /* the rails */
#define RIGHT	 750
#define MIDDLE	 460
#define BOX	 230 /* of a host */
#define HEAD	 134 /* heading and boxes */
#define RUNG	 84
#define FOOT	 70
#define NAME_MAX 30 /* characters of a name in a box */
#define SQUARE	 7  /* a packet */
#define SQUARES	 40 /* shown at most */

static const char style[] =
	"<style>\n"
	"text{font:13px system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2937}\n"
	".h{font-size:17px;font-weight:600}\n"
	".n{font-weight:600}\n"
	".d{fill:#6b7280}\n"
	".m{font-family:ui-monospace,'DejaVu Sans Mono',Consolas,monospace;font-size:12px}\n"
	".k{fill:#4338ca;font-weight:600}\n"
	".r{text-anchor:end}\n"
	".c{text-anchor:middle}\n"
	".box{fill:#eef2ff;stroke:#4f46e5;stroke-width:1.5}\n"
	".rail{stroke:#9ca3af;stroke-width:1.5}\n"
	".out{stroke:#0f766e;fill:#0f766e}\n"
	".in{stroke:#b45309;fill:#b45309}\n"
	".again{fill:#dc2626;stroke:#dc2626}\n"
	".band{fill:#f9fafb}\n"
	"line{stroke-width:1.5}\n"
	"</style>\n";

void svg_escape(const char *text, struct wbuf *out)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text);

	while (left > 0) {
		size_t len = screen_utf8(p, left);

		/* U+FFFE and U+FFFF are no characters of XML. */
		if (len == 0 || screen_is_control(p, len) ||
		    (len == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe))
			wbuf_str(out, "\xef\xbf\xbd");
		else if (*p == '&')
			wbuf_str(out, "&amp;");
		else if (*p == '<')
			wbuf_str(out, "&lt;");
		else if (*p == '>')
			wbuf_str(out, "&gt;");
		else if (*p == '"')
			wbuf_str(out, "&quot;");
		else if (*p == '\'')
			wbuf_str(out, "&#39;");
		else
			wbuf_bytes(out, p, len);
		len = len ? len : 1;
		p += len;
		left -= len;
	}
}

/* A text element: class, place and an escaped text of up to max characters. */
struct label {
	const char *class;
	unsigned x, y;
	size_t max; /* 0: any number */
};

static void put_label(struct svg *g, const struct label *l, const char *text)
{
	const struct screen any = {.unicode = true};
	struct wbuf cut;

	wbuf_init(&cut, 0);
	screen_put(&any, text, l->max ? l->max : SIZE_MAX, &cut);
	wbuf_u8(&cut, 0);
	wbuf_fmt(&g->body, "<text class=\"%s\" x=\"%u\" y=\"%u\">", l->class, l->x, l->y);
	svg_escape(wbuf_err(&cut) ? "" : (const char *)cut.data, &g->body);
	wbuf_str(&g->body, "</text>\n");
	wbuf_done(&cut);
}

/* What has been written into w, as a string; "" if that has failed. */
static const char *string_of(struct wbuf *w)
{
	wbuf_u8(w, 0);
	return wbuf_err(w) ? "" : (const char *)w->data;
}

/* ---- hosts ---------------------------------------------------------------------------------- */

static void put_host(struct svg *g, const struct conf_node *sa, const char *side, unsigned x)
{
	char key[16], address[96];
	const char *id, *host;

	snprintf(key, sizeof(key), "%s-id", side);
	id = ctl_text(sa, key);
	snprintf(key, sizeof(key), "%s-host", side);
	host = ctl_text(sa, key);
	snprintf(key, sizeof(key), "%s-port", side);
	snprintf(address, sizeof(address), "%.60s[%.12s]", host, ctl_text(sa, key));
	wbuf_fmt(&g->body,
		 "<rect class=\"box\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"50\" rx=\"6\"/>\n",
		 x - BOX / 2, g->y + 56, BOX);
	put_label(g, &(struct label){"n c", x, g->y + 77, NAME_MAX}, id);
	put_label(g, &(struct label){"m d c", x, g->y + 96, NAME_MAX}, address);
}

/* ---- exchanges ------------------------------------------------------------------------------ */

/* A square a packet, those that came again in another colour, above the arrow's middle. */
static void put_squares(struct svg *g, const struct trace_message *m, unsigned y, const char *class)
{
	unsigned long again = trace_again(m), all = m->packets + again;
	unsigned long shown = all < SQUARES ? all : SQUARES;
	unsigned x = MIDDLE - (unsigned)(shown * (SQUARE + 3) - 3) / 2;

	for (unsigned long i = 0; i < shown; i++) {
		wbuf_fmt(&g->body,
			 "<rect class=\"%s\" stroke=\"none\" x=\"%u\" y=\"%u\" width=\"%u\" "
			 "height=\"%u\" rx=\"1\"/>\n",
			 i < m->packets ? class : "again", x, y - SQUARE / 2, SQUARE, SQUARE);
		x += SQUARE + 3;
	}
}

static void put_arrow(struct svg *g, const struct trace_message *m, bool to_right, unsigned y)
{
	const char *class = to_right ? "out" : "in";
	unsigned tip = to_right ? RIGHT - 2 : LEFT + 2;
	unsigned back = to_right ? tip - 10 : tip + 10;
	unsigned long again = trace_again(m);
	char text[120] = "not complete";

	wbuf_fmt(&g->body, "<line class=\"%s\" x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\"/>\n", class,
		 LEFT + 2, y, RIGHT - 2, y);
	wbuf_fmt(&g->body, "<path class=\"%s\" d=\"M%u %uL%u %uL%u %uZ\"/>\n", class, tip, y, back,
		 y - 4, back, y + 4);
	if (m->bytes)
		snprintf(text, sizeof(text), "%lu bytes, %lu packet%s", m->bytes, m->packets,
			 m->packets == 1 ? "" : "s");
	if (again)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %lu again", again);
	put_label(g,
		  &(struct label){to_right ? "m" : "m r", to_right ? LEFT + 14 : RIGHT - 14, y - 6,
				  0},
		  text);
	put_squares(g, m, y, class);
}

static void put_time(struct svg *g, const struct label *l, uint64_t us)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	trace_put_time(us, &w);
	put_label(g, l, string_of(&w));
	wbuf_done(&w);
}

static void put_rung(struct svg *g, const struct trace_rung *r)
{
	unsigned y = g->y;
	struct wbuf methods;
	char title[80];

	snprintf(title, sizeof(title), "%.40s %.12s", r->exchange, r->msgid);
	wbuf_init(&methods, 0);
	trace_put_methods(r, &methods);
	wbuf_fmt(&g->body, "<rect class=\"band\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"22\"/>\n",
		 LEFT + 1, y, RIGHT - LEFT - 2);
	put_label(g, &(struct label){"n", LEFT + 14, y + 16, 0}, title);
	put_label(g, &(struct label){"k r", RIGHT - 14, y + 16, 60}, string_of(&methods));
	wbuf_done(&methods);
	put_arrow(g, &r->request, r->ours, y + 44);
	put_time(g, &(struct label){"m d r", LEFT - 12, y + 48, 0}, r->at);
	put_arrow(g, &r->response, !r->ours, y + 70);
	if (r->done) {
		put_time(g, &(struct label){"m d r", LEFT - 12, y + 74, 0}, r->at + r->took);
		put_time(g, &(struct label){"m n", RIGHT + 14, y + 61, 0}, r->took);
	}
	g->y += RUNG;
}

static void put_way(struct wbuf *w, const char *what, unsigned long bytes, unsigned long packets,
		    unsigned long again)
{
	wbuf_fmt(w, "%s %lu bytes in %lu packet%s", what, bytes, packets, packets == 1 ? "" : "s");
	if (again)
		wbuf_fmt(w, " and %lu again", again);
}

static void put_sum(struct svg *g, const struct conf_node *ladder)
{
	struct trace_sum sum;
	struct wbuf w;

	trace_add_up(ladder, &sum);
	wbuf_init(&w, 0);
	wbuf_fmt(&w, "%zu exchange%s in ", sum.exchanges, sum.exchanges == 1 ? "" : "s");
	trace_put_time(sum.us, &w);
	wbuf_str(&w, ", of it ");
	trace_put_time(sum.waiting, &w);
	wbuf_str(&w, sum.ours ? " until the answers came" : " from requests to answers");
	put_label(g, &(struct label){"c", MIDDLE, g->y + 24, 0}, string_of(&w));
	wbuf_reset(&w);
	put_way(&w, "sent", sum.sent.bytes, sum.sent.packets, sum.sent.again);
	put_way(&w, ", received", sum.received.bytes, sum.received.packets, sum.received.again);
	put_label(g, &(struct label){"c d", MIDDLE, g->y + 44, 0}, string_of(&w));
	wbuf_done(&w);
}

static void put_ladder(struct svg *g, const struct conf_node *sa, const struct conf_node *ladder,
		       const char *heading)
{
	unsigned top = g->y + 106;

	if (!ladder || ladder->n_sections == 0)
		return;
	put_label(g, &(struct label){"h c", MIDDLE, g->y + 34, 90}, heading);
	for (unsigned x = LEFT; x <= RIGHT; x += RIGHT - LEFT)
		wbuf_fmt(&g->body,
			 "<line class=\"rail\" x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%zu\"/>\n", x,
			 top, x, g->y + HEAD + ladder->n_sections * RUNG + 4);
	put_host(g, sa, "local", LEFT);
	put_host(g, sa, "remote", RIGHT);
	g->y += HEAD - 12;
	for (size_t i = 0; i < ladder->n_sections; i++) {
		struct trace_rung r;

		trace_read(ladder->sections[i], &r);
		put_rung(g, &r);
	}
	g->y += 12;
	put_sum(g, ladder);
	g->y += FOOT;
}

void svg_add_sa(struct svg *g, const struct conf_node *sa)
{
	const struct conf_node *children = conf_node_section(sa, "child-sas");
	const struct conf_node *rekeyed = conf_node_section(sa, "rekey-exchanges");
	char heading[160];

	snprintf(heading, sizeof(heading), "IKE_SA %.80s[%.12s]%s", sa->name,
		 ctl_text(sa, "uniqueid"), rekeyed ? ", as it was set up" : "");
	put_ladder(g, sa, conf_node_section(sa, "exchanges"), heading);
	snprintf(heading, sizeof(heading), "IKE_SA %.80s[%.12s], rekeyed", sa->name,
		 ctl_text(sa, "uniqueid"));
	put_ladder(g, sa, rekeyed, heading);
	for (size_t i = 0; children && i < children->n_sections; i++) {
		const struct conf_node *c = children->sections[i];

		snprintf(heading, sizeof(heading), "CHILD_SA %.80s{%.12s}", ctl_text(c, "name"),
			 ctl_text(c, "uniqueid"));
		put_ladder(g, sa, conf_node_section(c, "exchanges"), heading);
	}
}

void svg_init(struct svg *g)
{
	wbuf_init(&g->body, 0);
	g->y = 0;
}

void svg_finish(const struct svg *g, struct wbuf *out)
{
	wbuf_fmt(out,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		 "viewBox=\"0 0 %u %u\">\n<title>IKEv2 exchanges</title>\n%s"
		 "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		 WIDTH, g->y, WIDTH, g->y, style);
	if (wbuf_err(&g->body))
		wbuf_fail(out, g->body.err);
	else
		wbuf_add(out, wbuf_view(&g->body));
	wbuf_str(out, "</svg>\n");
}

void svg_done(struct svg *g)
{
	wbuf_done(&g->body);
}
