/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_LEXER_H
#define CONF_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "conf/node.h"

/* Words of a file in strongswan.conf syntax. A copy of a struct lexer is a place to go back to. */
enum lexer_kind {
	LEXER_NAME,
	LEXER_OPEN,    /* { */
	LEXER_CLOSE,   /* } */
	LEXER_COLON,   /* : */
	LEXER_COMMA,   /* , */
	LEXER_EQUALS,  /* = */
	LEXER_DOT,     /* . */
	LEXER_NEWLINE, /* with the comment before it, if any */
	LEXER_END,
	LEXER_BAD, /* a byte that nothing begins with */
};

struct lexer_token {
	enum lexer_kind kind;
	struct conf_pos pos;
	struct view text; /* in the input */
};

struct lexer {
	const char *next, *end;
	struct conf_pos pos; /* of *next; columns count characters, from 1 */
	struct conf_errors *errs;
};

/* Read text, which outlives the lexer as does file; a byte order mark is skipped. */
void lexer_init(struct lexer *l, const char *file, struct view text, struct conf_errors *errs);
/* The next token, as outside of values. */
void lexer_next(struct lexer *l, struct lexer_token *out);
/*
 * The value after '=' or include: to the end of the line, a comment or '}', words and strings
 * joined by single blanks, appended to out. Whether there was any; errors go to errs.
 */
bool lexer_value(struct lexer *l, struct wbuf *out);
/* The byte after blanks, '\0' at the end; nothing is consumed. */
char lexer_peek(const struct lexer *l);
/* Go on before the next end of line. */
void lexer_skip_line(struct lexer *l);

#endif
