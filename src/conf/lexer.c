/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/lexer.h"

#include <string.h>

static bool at_end(const struct lexer *l)
{
	return l->next == l->end;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One byte further. The later bytes of a UTF-8 character do not count as columns. */
static void advance(struct lexer *l)
{
	unsigned char c = (unsigned char)*l->next++;

	if (c == '\n') {
		l->pos.line++;
		l->pos.column = 1;
	} else if (c < 0x80 || c >= 0xc0) {
		l->pos.column++;
	}
}

static void skip_blanks(struct lexer *l)
{
	while (!at_end(l) && is_blank(*l->next))
		advance(l);
}

void lexer_init(struct lexer *l, const char *file, struct view text, struct conf_errors *errs)
{
	static const char bom[] = "\xef\xbb\xbf";

	*l = (struct lexer){.next = (const char *)text.ptr,
			    .end = (const char *)text.ptr + text.len,
			    .pos = {.file = file, .line = 1, .column = 1},
			    .errs = errs};
	if (text.len >= 3 && memcmp(text.ptr, bom, 3) == 0)
		l->next += 3;
}

void lexer_skip_line(struct lexer *l)
{
	while (!at_end(l) && *l->next != '\n')
		advance(l);
}

char lexer_peek(const struct lexer *l)
{
	struct lexer ahead = *l;

	skip_blanks(&ahead);
	return at_end(&ahead) ? '\0' : *ahead.next;
}

static bool is_name_byte(char c)
{
	unsigned char u = (unsigned char)c;

	return u > 0x20 && u != 0x7f && !strchr(".,:{}=\"#", c);
}

static enum lexer_kind kind_of(char c)
{
	switch (c) {
	case '{':
		return LEXER_OPEN;
	case '}':
		return LEXER_CLOSE;
	case ':':
		return LEXER_COLON;
	case ',':
		return LEXER_COMMA;
	case '=':
		return LEXER_EQUALS;
	case '.':
		return LEXER_DOT;
	case '\n':
		return LEXER_NEWLINE;
	default:
		return is_name_byte(c) ? LEXER_NAME : LEXER_BAD;
	}
}

void lexer_next(struct lexer *l, struct lexer_token *out)
{
	const char *start;

	skip_blanks(l);
	if (!at_end(l) && *l->next == '#')
		lexer_skip_line(l);
	start = l->next;
	out->pos = l->pos;
	out->kind = at_end(l) ? LEXER_END : kind_of(*start);
	if (out->kind == LEXER_NAME) {
		while (!at_end(l) && is_name_byte(*l->next))
			advance(l);
	} else if (out->kind != LEXER_END) {
		advance(l);
	}
	out->text = view_make(start, (size_t)(l->next - start));
}

/* What stands after a backslash in a string; a line end is skipped altogether. */
static void add_escape(struct lexer *l, struct wbuf *out)
{
	static const char from[] = "ntr", to[] = "\n\t\r";
	char c = *l->next;
	const char *found = c ? strchr(from, c) : NULL;

	if (c == '\r' && l->end - l->next > 1 && l->next[1] == '\n')
		advance(l);
	else if (c != '\n')
		wbuf_u8(out, (uint8_t)(found ? to[found - from] : c));
	advance(l);
}

/* A string, from its opening quote. It may go over lines. */
static bool add_string(struct lexer *l, struct wbuf *out)
{
	advance(l);
	while (!at_end(l) && *l->next != '"') {
		if (*l->next != '\\') {
			wbuf_u8(out, (uint8_t)*l->next);
			advance(l);
			continue;
		}
		advance(l);
		if (!at_end(l))
			add_escape(l, out);
	}
	if (at_end(l))
		return false;
	advance(l);
	return true;
}

static void add_word(struct lexer *l, struct wbuf *out)
{
	while (!at_end(l) && !is_blank(*l->next) && !strchr("\n#}\"", *l->next)) {
		wbuf_u8(out, (uint8_t)*l->next);
		advance(l);
	}
}

/* The string never ends: say where it began, and go on after that line. */
static void unterminated(struct lexer *l, const struct lexer *opening, struct wbuf *out, size_t len)
{
	conf_error_add(l->errs, opening->pos, "unterminated string, expected '\"' at its end");
	*l = *opening;
	lexer_skip_line(l);
	wbuf_truncate(out, len);
}

bool lexer_value(struct lexer *l, struct wbuf *out)
{
	struct lexer start = *l;
	size_t before = out->len;
	bool any = false;

	for (;;) {
		struct lexer opening;

		skip_blanks(l);
		/* A NUL byte is in strchr's set too: it must not end the value. */
		if (at_end(l) || (*l->next && strchr("\n#}", *l->next)))
			break;
		if (any)
			wbuf_u8(out, ' ');
		any = true;
		opening = *l;
		if (*l->next == '\0') {
			conf_error_add(l->errs, l->pos, "NUL byte in a value");
			advance(l);
		} else if (*l->next != '"') {
			add_word(l, out);
		} else if (!add_string(l, out)) {
			unterminated(l, &opening, out, before);
			return true;
		}
	}
	if (out->len > before && memchr(out->data + before, '\0', out->len - before))
		conf_error_add(l->errs, start.pos, "NUL byte in a string");
	return any;
}
