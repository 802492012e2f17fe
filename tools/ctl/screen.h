/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What may be drawn with. All-false is a pipe: plain ASCII. */
struct screen {
	bool unicode; /* a terminal that takes UTF-8 */
	bool colour;  /* a terminal, and NO_COLOR (no-color.org) is not set */
};

enum screen_glyph {
	SCREEN_RAIL,	/* "|" */
	SCREEN_LINE,	/* "-" */
	SCREEN_TUNNEL,	/* "=" */
	SCREEN_RIGHT,	/* ">" */
	SCREEN_LEFT,	/* "<" */
	SCREEN_CORNERS, /* "+" four times: upper left, upper right, lower left, lower right */
	SCREEN_JOINTS = SCREEN_CORNERS + 4, /* "|" twice: where a tunnel ends on a box's side */
	SCREEN_N_GLYPHS = SCREEN_JOINTS + 2
};

enum screen_colour { SCREEN_PLAIN, SCREEN_BOLD, SCREEN_DIM, SCREEN_GREEN, SCREEN_YELLOW };

/* What standard output is. */
struct screen screen_of_stdout(void);

/* A glyph, n times. */
void screen_draw(const struct screen *s, enum screen_glyph g, size_t n, struct wbuf *out);
/* What follows has this colour, until SCREEN_PLAIN. */
void screen_paint(const struct screen *s, enum screen_colour colour, struct wbuf *out);
/* n blanks. */
void screen_blank(size_t n, struct wbuf *out);
/*
 * A text that may be a stranger's, made harmless: what is no UTF-8, moves the cursor or turns the
 * direction of writing is a '?', as is everything beyond ASCII where there is no unicode. Of more
 * than max columns the end is cut off and ".." in its place. Returns the columns used (one a
 * character).
 */
size_t screen_put(const struct screen *s, const char *text, size_t max, struct wbuf *out);
/* The columns that would be used. */
size_t screen_width(const char *text, size_t max);

/* Bytes of the UTF-8 character that `left` bytes begin with (RFC 3629); 0 if it is none. */
size_t screen_utf8(const uint8_t *p, size_t left);
/* Whether that character is one that no text of a name needs: a control or a bidi character. */
bool screen_is_control(const uint8_t *p, size_t len);

#endif
