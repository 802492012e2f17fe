/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/node.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/inherit.h"
#include "conf/lexer.h"

#define PARSE_SECTIONS_MAX 32 /* depth of sections */
#define PARSE_INCLUDES_MAX 10 /* depth of files */
#define PARSE_FILE_MAX	   (16u << 20)
#define PARSE_SHOWN_MAX	   40 /* bytes of a word that an error repeats */

/* Files that are open, innermost first: one that includes itself is found by its inode. */
struct open_file {
	const struct open_file *outer;
	dev_t dev;
	ino_t ino;
	unsigned depth;
};

struct parse {
	struct conf_node *root;
	struct conf_errors *errs;
	struct inherit inherit;
	bool no_includes;
	unsigned discarding; /* within sections that go nowhere, after an error */
	int err;	     /* E_NOMEM: give up */
};

/* One file while it is parsed. */
struct input {
	struct parse *p;
	struct lexer lexer;
	const struct open_file *file;
};

static void parse_body(struct input *in, struct conf_node *node, unsigned depth);

static int shown_len(struct view v)
{
	return v.len > PARSE_SHOWN_MAX ? PARSE_SHOWN_MAX : (int)v.len;
}

/* A token as an error names it. */
static const char *show(const struct lexer_token *t, char buf[PARSE_SHOWN_MAX + 8])
{
	switch (t->kind) {
	case LEXER_END:
		return "the end of the file";
	case LEXER_NEWLINE:
		return "the end of the line";
	default:
		break;
	}
	if (t->kind == LEXER_BAD && t->text.ptr[0] != '"')
		snprintf(buf, PARSE_SHOWN_MAX + 8, "byte 0x%02x", t->text.ptr[0]);
	else
		snprintf(buf, PARSE_SHOWN_MAX + 8, "'%.*s'", shown_len(t->text),
			 (const char *)t->text.ptr);
	return buf;
}

/* The line is not understood. If it opens a section, that is read all the same, to nowhere. */
static void discard_line(struct input *in, unsigned depth)
{
	struct lexer before;
	struct lexer_token t;
	struct conf_node *nowhere;

	do {
		before = in->lexer;
		lexer_next(&in->lexer, &t);
	} while (t.kind != LEXER_NEWLINE && t.kind != LEXER_END && t.kind != LEXER_OPEN &&
		 t.kind != LEXER_CLOSE);
	if (t.kind != LEXER_OPEN) {
		in->lexer = before;
		return;
	}
	nowhere = conf_node_new(NULL, "", t.pos);
	if (!nowhere) {
		in->p->err = E_NOMEM;
		return;
	}
	nowhere->pos = t.pos;
	in->p->discarding++;
	parse_body(in, nowhere, depth + 1);
	in->p->discarding--;
	conf_node_free(nowhere);
}

/* Too deep to go on: find the end of the section by counting braces. */
static void skip_section(struct input *in)
{
	struct lexer_token t;
	unsigned open = 1;

	do {
		lexer_next(&in->lexer, &t);
		if (t.kind == LEXER_OPEN)
			open++;
		else if (t.kind == LEXER_CLOSE)
			open--;
	} while (open > 0 && t.kind != LEXER_END);
}

static void parse_value(struct input *in, struct conf_node *node, const char *key,
			struct conf_pos pos)
{
	struct wbuf value;
	bool given;
	int err;

	wbuf_init(&value, 0);
	given = lexer_value(&in->lexer, &value);
	err = wbuf_err(&value);
	if (!err && given)
		err = conf_node_add(node, key, wbuf_view(&value), false, pos);
	else if (!err)
		err = conf_node_unset(node, key, pos);
	wbuf_done(&value);
	if (err)
		in->p->err = err;
}

static void parse_section(struct input *in, struct conf_node *node, unsigned depth)
{
	if (depth < PARSE_SECTIONS_MAX) {
		parse_body(in, node, depth + 1);
		return;
	}
	conf_error_add(in->p->errs, node->pos, "section '%s' is nested deeper than %d sections",
		       node->name, PARSE_SECTIONS_MAX);
	skip_section(in);
}

/* One "a.b.c" after ':' or ','; the token after it goes to *next. */
static int parse_ref(struct input *in, struct conf_node *node, struct lexer_token *next)
{
	struct lexer_token t;
	struct conf_pos pos;
	struct wbuf path;
	int err = E_CONFIG;

	wbuf_init(&path, 0);
	lexer_next(&in->lexer, &t);
	pos = t.pos;
	while (t.kind == LEXER_NAME) {
		wbuf_add(&path, t.text);
		lexer_next(&in->lexer, next);
		if (next->kind != LEXER_DOT) {
			err = wbuf_err(&path);
			break;
		}
		wbuf_u8(&path, '.');
		lexer_next(&in->lexer, &t);
	}
	if (!err && !in->p->discarding)
		err = inherit_add(&in->p->inherit, node, wbuf_view(&path), pos);
	if (err == E_CONFIG)
		*next = t;
	wbuf_done(&path);
	return err;
}

static void skip_newlines(struct input *in, struct lexer_token *t)
{
	while (t->kind == LEXER_NEWLINE)
		lexer_next(&in->lexer, t);
}

static void parse_refs(struct input *in, struct conf_node *node, unsigned depth)
{
	char shown[PARSE_SHOWN_MAX + 8];
	struct lexer_token t;
	struct lexer before;
	int err;

	do {
		before = in->lexer;
		err = parse_ref(in, node, &t);
	} while (!err && t.kind == LEXER_COMMA);
	if (err == E_CONFIG) {
		conf_error_add(in->p->errs, t.pos,
			       "unexpected %s after '%s :', expected the name of a section",
			       show(&t, shown), node->name);
		in->lexer = before;
		discard_line(in, depth);
		return;
	}
	if (err) {
		in->p->err = err;
		return;
	}
	before = in->lexer;
	skip_newlines(in, &t);
	if (t.kind == LEXER_OPEN) {
		parse_section(in, node, depth);
		return;
	}
	conf_error_add(in->p->errs, t.pos, "unexpected %s, expected '{' to open section '%s'",
		       show(&t, shown), node->name);
	in->lexer = before;
	discard_line(in, depth);
}

/* What a name is, tells what comes after it; a line end may come before '{'. */
static enum lexer_kind parse_kind(struct input *in, struct lexer_token *t)
{
	struct lexer before = in->lexer, after;

	lexer_next(&in->lexer, t);
	if (t->kind == LEXER_NEWLINE) {
		struct lexer_token ahead = *t;

		after = before;
		skip_newlines(in, &ahead);
		if (ahead.kind == LEXER_OPEN)
			*t = ahead;
		else
			in->lexer = after;
	} else if (t->kind != LEXER_EQUALS && t->kind != LEXER_OPEN && t->kind != LEXER_COLON) {
		in->lexer = before;
	}
	return t->kind;
}

static void unexpected(struct input *in, const struct lexer_token *name,
		       const struct lexer_token *t, unsigned depth)
{
	int len = shown_len(name->text);
	const char *text = (const char *)name->text.ptr;
	char shown[PARSE_SHOWN_MAX + 8];

	if (t->kind == LEXER_DOT)
		conf_error_add(in->p->errs, t->pos,
			       "unexpected '.' after '%.*s', names have no dots", len, text);
	else if (t->kind == LEXER_NEWLINE || t->kind == LEXER_END || t->kind == LEXER_CLOSE)
		conf_error_add(in->p->errs, name->pos,
			       "missing '=' after '%.*s', expected '%.*s = value' or a section "
			       "'%.*s { }'",
			       len, text, len, text, len, text);
	else
		conf_error_add(in->p->errs, t->pos,
			       "unexpected %s after '%.*s', expected '=', '{' or ':'",
			       show(t, shown), len, text);
	discard_line(in, depth);
}

/* A section of that name: the one that is there already, or a new one. */
static struct conf_node *section_of(struct input *in, struct conf_node *parent, const char *name,
				    struct conf_pos pos)
{
	struct conf_node *node = conf_node_section(parent, name);

	if (!node)
		node = conf_node_new(parent, name, pos);
	if (!node)
		in->p->err = E_NOMEM;
	return node;
}

static void parse_setting(struct input *in, struct conf_node *parent,
			  const struct lexer_token *name_token, unsigned depth)
{
	char *name = str_from_view(name_token->text);
	struct conf_node *node;
	struct lexer_token t;

	if (!name) {
		in->p->err = E_NOMEM;
		return;
	}
	switch (parse_kind(in, &t)) {
	case LEXER_EQUALS:
		parse_value(in, parent, name, name_token->pos);
		break;
	case LEXER_OPEN:
		node = section_of(in, parent, name, name_token->pos);
		if (node)
			parse_section(in, node, depth);
		break;
	case LEXER_COLON:
		node = section_of(in, parent, name, name_token->pos);
		if (node)
			parse_refs(in, node, depth);
		break;
	default:
		unexpected(in, name_token, &t, depth);
		break;
	}
	free(name);
}

/* Files */

static int read_fd(int fd, struct wbuf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return E_IO;
		wbuf_bytes(out, chunk, (size_t)n);
		if (wbuf_err(out) == E_LIMIT)
			errno = EFBIG;
		if (wbuf_err(out))
			return wbuf_err(out) == E_LIMIT ? E_IO : wbuf_err(out);
	}
	return 0;
}

/* The whole file and who it is; errno tells why not. */
static int read_file(const char *path, struct wbuf *out, struct open_file *out_file)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err = 0;

	if (fd < 0)
		return errno == ENOENT ? E_NOTFOUND : E_IO;
	if (fstat(fd, &st) < 0) {
		err = E_IO;
	} else if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		err = E_IO;
	} else {
		out_file->dev = st.st_dev;
		out_file->ino = st.st_ino;
		err = read_fd(fd, out);
	}
	if (close(fd) < 0 && !err)
		err = E_IO;
	return err;
}

static bool is_open(const struct open_file *outer, const struct open_file *file)
{
	for (; outer; outer = outer->outer) {
		if (outer->dev == file->dev && outer->ino == file->ino)
			return true;
	}
	return false;
}

/* Keep the name with the tree, which positions point into. */
static const char *keep_name(struct parse *p, const char *name)
{
	p->err = strs_add(&p->root->files, name);
	return p->err ? NULL : p->root->files.items[p->root->files.count - 1];
}

static void include_file(struct input *in, struct conf_node *node, const char *path,
			 struct conf_pos pos)
{
	struct open_file file = {.outer = in->file, .depth = in->file ? in->file->depth + 1 : 1};
	struct input inner = {.p = in->p, .file = &file};
	const char *name;
	struct wbuf text;
	int err;

	wbuf_init(&text, PARSE_FILE_MAX);
	err = read_file(path, &text, &file);
	if (err == E_NOMEM) {
		in->p->err = err;
	} else if (err) {
		conf_error_add(in->p->errs, pos, "cannot read included file '%s': %s", path,
			       strerror(errno));
	} else if (is_open(in->file, &file)) {
		conf_error_add(in->p->errs, pos, "file '%s' includes itself", path);
	} else if (file.depth > PARSE_INCLUDES_MAX) {
		conf_error_add(in->p->errs, pos, "file '%s' is included deeper than %d files", path,
			       PARSE_INCLUDES_MAX);
	} else if ((name = keep_name(in->p, path))) {
		in->p->inherit.n_bytes += text.len;
		lexer_init(&inner.lexer, name, wbuf_view(&text), in->p->errs);
		parse_body(&inner, node, 0);
	}
	wbuf_done(&text);
}

/* The pattern from the directory of the including file, whose own name is not a pattern. */
static void absolute_pattern(const struct input *in, const char *pattern, struct wbuf *out)
{
	const char *file = in->file ? in->lexer.pos.file : NULL;
	const char *slash = file ? strrchr(file, '/') : NULL;

	for (; slash && *pattern != '/' && file <= slash; file++) {
		if (strchr("*?[]\\", *file))
			wbuf_u8(out, '\\');
		wbuf_u8(out, (uint8_t)*file);
	}
	wbuf_str(out, pattern);
	wbuf_u8(out, '\0');
}

static void include_pattern(struct input *in, struct conf_node *node, const char *pattern,
			    struct conf_pos pos)
{
	struct wbuf full;
	glob_t found;
	int rc;

	wbuf_init(&full, 0);
	absolute_pattern(in, pattern, &full);
	if (wbuf_err(&full)) {
		in->p->err = wbuf_err(&full);
		wbuf_done(&full);
		return;
	}
	rc = glob((char *)full.data, 0, NULL, &found);
	if (rc == GLOB_NOSPACE)
		in->p->err = E_NOMEM;
	for (size_t i = 0; rc == 0 && i < found.gl_pathc && !in->p->err; i++)
		include_file(in, node, found.gl_pathv[i], pos);
	if (rc == 0)
		globfree(&found);
	wbuf_done(&full);
}

static void parse_include(struct input *in, struct conf_node *node, struct conf_pos pos)
{
	struct wbuf pattern;
	bool given;

	wbuf_init(&pattern, 0);
	given = lexer_value(&in->lexer, &pattern);
	wbuf_u8(&pattern, '\0');
	if (wbuf_err(&pattern))
		in->p->err = wbuf_err(&pattern);
	else if (!given || pattern.len == 1)
		conf_error_add(in->p->errs, pos, "include without a file name");
	else if (in->p->no_includes)
		conf_error_add(in->p->errs, pos, "include is not allowed here");
	else if (!in->p->discarding)
		include_pattern(in, node, (char *)pattern.data, pos);
	wbuf_done(&pattern);
}

/* "include" is a directive unless it is used as the name of a setting. */
static bool is_include(const struct input *in, const struct lexer_token *t)
{
	return view_equal(t->text, view_str("include")) && in->lexer.next < in->lexer.end &&
	       strchr(" \t", *in->lexer.next) && lexer_peek(&in->lexer) != '\0' &&
	       !strchr("={:\n", lexer_peek(&in->lexer));
}

/* Settings up to the '}' of the section, or at depth 0 to the end of the file. */
static void parse_body(struct input *in, struct conf_node *node, unsigned depth)
{
	char shown[PARSE_SHOWN_MAX + 8];
	struct lexer_token t;
	struct lexer before;

	while (!in->p->err) {
		before = in->lexer;
		lexer_next(&in->lexer, &t);
		switch (t.kind) {
		case LEXER_NEWLINE:
			break;
		case LEXER_NAME:
			if (is_include(in, &t))
				parse_include(in, node, t.pos);
			else
				parse_setting(in, node, &t, depth);
			break;
		case LEXER_END:
			if (depth > 0)
				conf_error_add(in->p->errs, node->pos,
					       "section '%s' is not closed, expected '}' before "
					       "the end of the file",
					       node->name);
			return;
		case LEXER_CLOSE:
			if (depth > 0)
				return;
			conf_error_add(in->p->errs, t.pos,
				       "unexpected '}', no section is open here");
			break;
		default:
			conf_error_add(in->p->errs, t.pos,
				       "unexpected %s, expected the name of a setting or section",
				       show(&t, shown));
			if (t.kind == LEXER_OPEN)
				in->lexer = before;
			discard_line(in, depth);
			break;
		}
	}
}

/* Parse the text of the outermost file, then finish the tree. */
static int parse_tree(struct input *in, const char *name, struct view text, struct conf_node **out)
{
	struct parse *p = in->p;
	const char *file;

	*out = NULL;
	p->root = conf_node_new(NULL, "", (struct conf_pos){0});
	if (!p->root)
		return E_NOMEM;
	file = keep_name(p, name);
	p->root->pos.file = file;
	if (!p->err) {
		p->inherit.n_bytes = text.len;
		lexer_init(&in->lexer, file, text, p->errs);
		parse_body(in, p->root, 0);
	}
	if (!p->err)
		p->err = inherit_resolve(&p->inherit, p->root, p->errs);
	inherit_done(&p->inherit);
	if (p->err) {
		conf_node_free(p->root);
		return p->err;
	}
	conf_node_prune(p->root);
	*out = p->root;
	return 0;
}

int conf_parse_file(const char *path, struct conf_errors *errs, struct conf_node **out)
{
	struct parse p = {.errs = errs};
	struct open_file file = {.depth = 0};
	struct input in = {.p = &p, .file = &file};
	struct wbuf text;
	int err;

	*out = NULL;
	wbuf_init(&text, PARSE_FILE_MAX);
	err = read_file(path, &text, &file);
	if (err == E_IO || err == E_NOTFOUND)
		conf_error_add(errs, (struct conf_pos){.file = path}, "cannot read the file: %s",
			       strerror(errno));
	if (!err)
		err = parse_tree(&in, path, wbuf_view(&text), out);
	wbuf_done(&text);
	return err;
}

int conf_parse_text(const char *name, struct view text, struct conf_errors *errs,
		    struct conf_node **out)
{
	struct parse p = {.errs = errs};
	struct input in = {.p = &p};

	return parse_tree(&in, name, text, out);
}

int conf_parse_alone(const char *name, struct view text, struct conf_errors *errs,
		     struct conf_node **out)
{
	struct parse p = {.errs = errs, .no_includes = true};
	struct input in = {.p = &p};

	return parse_tree(&in, name, text, out);
}
