/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/screen.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The locale's first word counts (POSIX: LC_ALL, then the category, then LANG). */
static bool is_utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]), *dot;

		if (!value || !*value)
			continue;
		dot = strchr(value, '.');
		return dot &&
		       (strncasecmp(dot, ".UTF-8", 6) == 0 || strncasecmp(dot, ".UTF8", 5) == 0);
	}
	return false;
}

struct screen screen_of_stdout(void)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	bool terminal = isatty(STDOUT_FILENO) == 1;
	bool clever = terminal && term && strcmp(term, "dumb") != 0;

	return (struct screen){
		.unicode = terminal && is_utf8_locale(),
		.colour = clever && !(no_color && *no_color),
	};
}

void screen_draw(const struct screen *s, enum screen_glyph g, size_t n, struct wbuf *out)
{
	static const char *const glyphs[SCREEN_N_GLYPHS][2] = {
		[SCREEN_RAIL] = {"|", "\u2502"},	[SCREEN_LINE] = {"-", "\u2500"},
		[SCREEN_TUNNEL] = {"=", "\u2550"},	[SCREEN_RIGHT] = {">", "\u25b6"},
		[SCREEN_LEFT] = {"<", "\u25c0"},	[SCREEN_CORNERS] = {"+", "\u250c"},
		[SCREEN_CORNERS + 1] = {"+", "\u2510"}, [SCREEN_CORNERS + 2] = {"+", "\u2514"},
		[SCREEN_CORNERS + 3] = {"+", "\u2518"}, [SCREEN_JOINTS] = {"|", "\u255e"},
		[SCREEN_JOINTS + 1] = {"|", "\u2561"},
	};

	while (n-- > 0)
		wbuf_str(out, glyphs[g][s->unicode]);
}

void screen_paint(const struct screen *s, enum screen_colour colour, struct wbuf *out)
{
	static const char *const codes[] = {
		[SCREEN_PLAIN] = "\033[0m",  [SCREEN_BOLD] = "\033[1m",	   [SCREEN_DIM] = "\033[2m",
		[SCREEN_GREEN] = "\033[32m", [SCREEN_YELLOW] = "\033[33m",
	};

	if (s->colour)
		wbuf_str(out, codes[colour]);
}

void screen_blank(size_t n, struct wbuf *out)
{
	wbuf_fmt(out, "%*s", (int)n, "");
}

/* ---- text of strangers ---------------------------------------------------------------------- */

size_t screen_utf8(const uint8_t *p, size_t left)
{
	static const struct {
		uint8_t first_min, first_max, second_min, second_max, length;
	} rows[] = {
		{0x00, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = rows[i].length;

		if (p[0] < rows[i].first_min || p[0] > rows[i].first_max)
			continue;
		if (n > left || (n > 1 && (p[1] < rows[i].second_min || p[1] > rows[i].second_max)))
			return 0;
		for (size_t k = 2; k < n; k++) {
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		}
		return n;
	}
	return 0;
}

bool screen_is_control(const uint8_t *p, size_t len)
{
	if (len == 1)
		return p[0] < 0x20 || p[0] == 0x7f;
	if (len == 2) /* U+0080..U+009F, U+00AD, U+061C */
		return (p[0] == 0xc2 && (p[1] < 0xa0 || p[1] == 0xad)) ||
		       (p[0] == 0xd8 && p[1] == 0x9c);
	if (len == 3 && p[0] == 0xe2) /* U+200B..U+200F, U+2028..U+202E, U+2060..U+206F */
		return (p[1] == 0x80 && p[2] >= 0x8b && (p[2] <= 0x8f || p[2] >= 0xa8) &&
			p[2] <= 0xae) ||
		       (p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xaf);
	return len == 3 && p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf; /* U+FEFF */
}

/* Columns of all of it. */
static size_t columns(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), n = 0;

	while (left > 0) {
		size_t len = screen_utf8(p, left);

		len = len ? len : 1;
		p += len;
		left -= len;
		n++;
	}
	return n;
}

size_t screen_width(const char *text, size_t max)
{
	size_t n = columns(text);

	return n < max ? n : max;
}

size_t screen_put(const struct screen *s, const char *text, size_t max, struct wbuf *out)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), all = columns(text), n = 0;
	size_t keep = all <= max ? all : max < 2 ? 0 : max - 2;

	for (; n < keep; n++) {
		size_t len = screen_utf8(p, left);

		if (len == 0 || screen_is_control(p, len) || (len > 1 && !s->unicode))
			wbuf_u8(out, '?');
		else
			wbuf_bytes(out, p, len);
		len = len ? len : 1;
		p += len;
		left -= len;
	}
	for (; n < all && n < max; n++)
		wbuf_u8(out, '.');
	return n;
}
