/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/canned.h"

#include "tools/ctl/screen.h"
#include "tools/ctl/show_ladder.h"
#include "tools/ctl/show_status.h"
#include "tools/ctl/svg.h"

/* The pictures of `cygnet status` and `cygnet trace`. */

/* A name that wants to be markup, to move the cursor, to write from right to left, and is no
 * UTF-8. */
#define EVIL \
	"</text><script x=\"'\">&amp;\x1b[2J\x9b\xc2\x9b\x07\r\xe2\x80\xae\xef\xbb\xbfM\xc3\xbc\xff"

static const struct screen pipe_screen, utf8_screen = {true, false}, colours = {true, true};

static struct conf_node *load(const char *file)
{
	struct wbuf message = canned_message(file);
	struct conf_node *node;

	assert_int_equal(codec_to_node(wbuf_view(&message), &node), 0);
	wbuf_done(&message);
	return node;
}

static void check_status(const char *message, const char *text)
{
	struct conf_node *event = load(message);
	struct wbuf out;

	wbuf_init(&out, 0);
	show_status(&pipe_screen, event, &out);
	canned_expect(text, &out);
	wbuf_done(&out);
	conf_node_free(event);
}

static void test_status(void **state)
{
	(void)state;
	check_status("list-sas-carol.pretty", "status-carol.txt");
	check_status("list-sas-windows.pretty", "status-windows.txt");
	check_status("trace-carol.pretty", "status-trace.txt");
}

static void draw(const struct screen *s, const char *file, struct wbuf *out)
{
	struct conf_node *event = load(file);

	wbuf_init(out, 0);
	show_ladder(s, event->sections[0], out);
	wbuf_u8(out, 0);
	assert_int_equal(wbuf_err(out), 0);
	conf_node_free(event);
}

static void test_ladder(void **state)
{
	struct wbuf out;

	(void)state;
	draw(&pipe_screen, "trace-carol.pretty", &out);
	wbuf_truncate(&out, out.len - 1);
	canned_expect("trace-carol.txt", &out);
	wbuf_done(&out);
}

/* The same in other characters: every line is as wide as before. */
static void test_terminal(void **state)
{
	struct wbuf plain, drawn, painted;
	char *a, *b, *rest_a, *rest_b;

	(void)state;
	draw(&pipe_screen, "trace-carol.pretty", &plain);
	draw(&utf8_screen, "trace-carol.pretty", &drawn);
	draw(&colours, "trace-carol.pretty", &painted);
	assert_non_null(strstr((char *)drawn.data, "\u2500\u25b6\u2502"));
	assert_null(strchr((char *)drawn.data, '\033'));
	assert_non_null(strstr((char *)painted.data, "\033[1mIKE_AUTH 4\033[0m"));
	rest_a = (char *)plain.data;
	rest_b = (char *)drawn.data;
	while ((a = strsep(&rest_a, "\n")) && (b = strsep(&rest_b, "\n"))) {
		assert_int_equal(screen_width(a, SIZE_MAX), screen_width(b, SIZE_MAX));
		assert_true(screen_width(a, SIZE_MAX) <= 80);
	}
	assert_true(!rest_a && !rest_b);
	wbuf_done(&plain);
	wbuf_done(&drawn);
	wbuf_done(&painted);
}

/* ---- strangers ------------------------------------------------------------------------------ */

/* An SA whose names are all a peer's worst, at an exchange that has not ended. */
static struct conf_node *evil_event(void)
{
	static const char *const keys[] = {"local-id",	 "remote-id", "remote-eap-id", "local-host",
					   "local-port", "uniqueid",  "state"};
	struct conf_node *node;
	struct wbuf w;

	wbuf_init(&w, 0);
	codec_section(&w, "rw");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		codec_text(&w, keys[i], i < 3 ? EVIL EVIL : "4500");
	codec_section(&w, "exchanges");
	codec_section(&w, "1");
	codec_text(&w, "exchange", "IKE_SA_INIT");
	codec_text(&w, "message-id", "0");
	codec_text(&w, "asked-by", "remote");
	codec_text(&w, "ke", EVIL EVIL EVIL);
	codec_text(&w, "request-bytes", "4294967295");
	codec_text(&w, "request-packets", "65535");
	codec_text(&w, "request-seen", "65535");
	codec_section_end(&w);
	codec_section_end(&w);
	codec_section_end(&w);
	assert_int_equal(codec_to_node(wbuf_view(&w), &node), 0);
	wbuf_done(&w);
	return node;
}

static void expect_tame(const struct wbuf *out, bool ascii)
{
	for (size_t i = 0, n; i < out->len; i += n) {
		const uint8_t *p = out->data + i;

		n = screen_utf8(p, out->len - i);
		assert_true(n == 1 || (n > 1 && !ascii));
		assert_true(*p == '\n' || !screen_is_control(p, n));
	}
}

static void test_strangers(void **state)
{
	const struct screen screens[] = {pipe_screen, utf8_screen};
	struct conf_node *event = evil_event();
	struct wbuf out;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		wbuf_init(&out, 0);
		show_status(&screens[i], event, &out);
		show_ladder(&screens[i], event->sections[0], &out);
		assert_int_equal(wbuf_err(&out), 0);
		expect_tame(&out, i == 0);
		wbuf_u8(&out, 0);
		assert_non_null(strstr((char *)out.data, "not complete"));
		wbuf_done(&out);
	}
	conf_node_free(event);
}

static void test_cut(void **state)
{
	static const struct {
		const char *text, *want;
		size_t max;
	} cases[] = {{"carol", "carol", 5},
		     {"carol", "ca..", 4},
		     {"carol", ".", 1},
		     {"carol", "", 0},
		     {"M\u00fcller", "M\u00fc..", 4},
		     {"", "", 3}};
	struct wbuf out;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n;

		wbuf_init(&out, 0);
		n = screen_put(&utf8_screen, cases[i].text, cases[i].max, &out);
		assert_int_equal(n, screen_width(cases[i].text, cases[i].max));
		wbuf_u8(&out, 0);
		assert_string_equal((char *)out.data, cases[i].want);
		wbuf_done(&out);
	}
}

/* ---- SVG ------------------------------------------------------------------------------------ */

/* Elements are closed in order, attributes quoted, and no '<' or '&' stands alone. */
static void expect_well_formed(const char *xml)
{
	char open[16][16];
	size_t depth = 0, roots = 0;
	const char *p = strstr(xml, "?>");

	assert_non_null(p);
	for (p += 2; *p; p++) {
		const char *end;
		char name[16];

		if (*p == '&')
			assert_true(strncmp(p, "&lt;", 4) == 0 || strncmp(p, "&gt;", 4) == 0 ||
				    strncmp(p, "&amp;", 5) == 0 || strncmp(p, "&quot;", 6) == 0 ||
				    strncmp(p, "&#39;", 5) == 0);
		if (*p != '<') {
			assert_true(*p != '>');
			continue;
		}
		end = strchr(p, '>');
		assert_non_null(end);
		assert_null(memchr(p + 1, '<', (size_t)(end - p - 1)));
		assert_int_equal(sscanf(p + 1 + (p[1] == '/'), "%15[a-z]", name), 1);
		if (p[1] == '/') {
			assert_true(depth > 0);
			assert_string_equal(open[--depth], name);
		} else if (end[-1] != '/') {
			roots += depth == 0;
			assert_true(depth < 16);
			snprintf(open[depth++], sizeof(open[0]), "%s", name);
		}
		p = end;
	}
	assert_true(depth == 0 && roots == 1);
}

static void check_svg(const struct conf_node *event, struct wbuf *out)
{
	struct svg g;

	svg_init(&g);
	svg_add_sa(&g, event->sections[0]);
	wbuf_init(out, 0);
	svg_finish(&g, out);
	assert_int_equal(wbuf_err(out), 0);
	expect_tame(out, false);
	wbuf_u8(out, 0);
	expect_well_formed((char *)out->data);
	svg_done(&g);
}

static void test_svg(void **state)
{
	static const char *const words[] = {
		">carol@strongswan.org</text>",	     ">192.168.0.2[4500]</text>",
		">9088 bytes, 7 packets</text>",     ">3168 bytes, 3 packets, 3 again</text>",
		">DILITHIUM_5 / DILITHIUM_5</text>", ">CHILD_SA host{2}</text>",
		">15728 bytes, 12 packets</text>",   ">67.4 ms</text>"};
	struct conf_node *event = load("trace-carol.pretty");
	unsigned squares = 0;
	struct wbuf out;

	(void)state;
	check_svg(event, &out);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(strstr((char *)out.data, words[i]));
	for (const char *p = (char *)out.data; (p = strstr(p, "<rect class=\"again\"")); p++)
		squares++;
	assert_int_equal(squares, 5);
	wbuf_done(&out);
	conf_node_free(event);
}

static void test_svg_of_strangers(void **state)
{
	struct conf_node *event = evil_event();
	struct wbuf out;

	(void)state;
	check_svg(event, &out);
	assert_null(strstr((char *)out.data, "<script"));
	assert_non_null(strstr((char *)out.data, "&lt;script x=&quot;&#39;&quot;"));
	wbuf_done(&out);
	conf_node_free(event);
	wbuf_init(&out, 0);
	svg_escape("\x01\xef\xbf\xbe\xff<", &out);
	wbuf_u8(&out, 0);
	assert_string_equal((char *)out.data, "\ufffd\ufffd\ufffd&lt;");
	wbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_ladder),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_svg),
		cmocka_unit_test(test_svg_of_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
