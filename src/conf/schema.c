/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/conn.h"

#define SHOWN_MAX  80 /* bytes of a value that an error repeats */
#define LISTED_MAX 12 /* names that an error lists when none is near */

/* Where a value is, for the errors about it. */
struct place {
	const struct schema_row *row;
	const struct conf_value *value;
	const char *path;
	struct conf_errors *errs;
};

int schema_why(char **out_why, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(out_why, fmt, ap);
	va_end(ap);
	if (len >= 0)
		return E_CONFIG;
	*out_why = NULL;
	return E_NOMEM;
}

bool schema_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, name, len - 1) == 0;
	return strcmp(pattern, name) == 0;
}

const struct schema_row *schema_find(const struct schema_table *t, const char *key)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		if (schema_matches(t->rows[i].name, key))
			return &t->rows[i];
	}
	return NULL;
}

void schema_report_unknown(struct conf_errors *errs, const struct schema_unknown *u)
{
	const char *near;
	struct wbuf hint;

	if (errs->count > CONF_ERRORS_MAX)
		return;
	near = str_nearest(u->name, (const char *const *)u->known->items, u->known->count);
	wbuf_init(&hint, 0);
	if (near) {
		wbuf_fmt(&hint, ", did you mean '%s'?", near);
	} else if (u->known->count > 0 && u->known->count <= LISTED_MAX) {
		wbuf_str(&hint, u->known->count > 1 ? ", expected one of " : ", expected ");
		for (size_t i = 0; i < u->known->count; i++)
			wbuf_fmt(&hint, "%s%s", i > 0 ? ", " : "", u->known->items[i]);
	}
	wbuf_u8(&hint, '\0');
	conf_error_add(errs, u->pos, "unknown %s '%s'%s%s%s", u->what, u->name,
		       *u->path ? " in " : "", u->path,
		       wbuf_err(&hint) == 0 ? (char *)hint.data : "");
	wbuf_done(&hint);
}

/* A name to suggest for a pattern: without its '*'. */
static int add_known(struct strs *known, const char *pattern)
{
	return strs_add_view(known, view_make(pattern, strcspn(pattern, "*")));
}

static int unknown_option(const struct schema_table *t, const struct place *at)
{
	struct strs known = {0};
	int err = E_CONFIG;

	for (size_t i = 0; i < t->n_rows && err == E_CONFIG; i++) {
		if (add_known(&known, t->rows[i].name) < 0)
			err = E_NOMEM;
	}
	schema_report_unknown(at->errs, &(struct schema_unknown){.pos = at->value->pos,
								 .what = "option",
								 .name = at->value->key,
								 .path = at->path,
								 .known = &known});
	strs_done(&known);
	return err;
}

static int unknown_section(const struct schema_table *t, const struct conf_node *sub,
			   const char *path, struct conf_errors *errs)
{
	struct strs known = {0};
	int err = E_CONFIG;

	for (size_t i = 0; t->sections[i] && err == E_CONFIG; i++) {
		if (add_known(&known, t->sections[i]) < 0)
			err = E_NOMEM;
	}
	schema_report_unknown(errs, &(struct schema_unknown){.pos = sub->pos,
							     .what = "section",
							     .name = sub->name,
							     .path = path,
							     .known = &known});
	strs_done(&known);
	return err;
}

/* The value as an error shows it: printable and not too long. */
static const char *show(const struct conf_value *v, char buf[SHOWN_MAX + 8])
{
	size_t n = 0;

	for (size_t i = 0; i < v->count && n < SHOWN_MAX; i++) {
		if (i > 0)
			buf[n++] = ',';
		for (size_t j = 0; j < v->items[i].len && n < SHOWN_MAX; j++) {
			unsigned char c = (unsigned char)v->items[i].data[j];

			buf[n++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
		}
	}
	memcpy(buf + n, "...", 4);
	if (n < SHOWN_MAX)
		buf[n] = '\0';
	return buf;
}

/* Whether an earlier word means the same: errors name one word a meaning. */
static bool is_synonym(const struct schema_word *words, const struct schema_word *w)
{
	for (; words < w; words++) {
		if (words->value == w->value && !words->refused)
			return true;
	}
	return false;
}

static void expected_words(const struct schema_word *words, struct wbuf *out)
{
	const char *first = NULL;
	struct wbuf more;

	wbuf_init(&more, 0);
	for (const struct schema_word *w = words; w->word; w++) {
		if (w->refused || is_synonym(words, w))
			continue;
		if (first)
			wbuf_fmt(&more, ", %s", w->word);
		else
			first = w->word;
	}
	wbuf_fmt(out, "%s%s", more.len ? "one of " : "", first);
	wbuf_add(out, wbuf_view(&more));
	wbuf_done(&more);
}

static int bad_value(const struct place *at, const char *why)
{
	const struct schema_row *row = at->row;
	char shown[SHOWN_MAX + 8];
	struct wbuf w;

	wbuf_init(&w, 0);
	if (why) {
		wbuf_str(&w, why);
	} else {
		wbuf_str(&w, "expected ");
		if (row->type->expected)
			wbuf_str(&w, row->type->expected);
		else if (row->words)
			expected_words(row->words, &w);
		else
			wbuf_fmt(&w, "a number from %llu to %llu", (unsigned long long)row->min,
				 (unsigned long long)row->max);
	}
	wbuf_u8(&w, '\0');
	if (wbuf_err(&w) == 0 && row->type == &schema_type_secret)
		conf_error_add(at->errs, at->value->pos, "invalid value for %s in %s: %s",
			       at->value->key, at->path, (char *)w.data);
	else if (wbuf_err(&w) == 0)
		conf_error_add(at->errs, at->value->pos, "invalid value '%s' for %s in %s: %s",
			       show(at->value, shown), at->value->key, at->path, (char *)w.data);
	wbuf_done(&w);
	return E_CONFIG;
}

static int refused_value(const struct place *at, const char *why)
{
	char shown[SHOWN_MAX + 8];

	if (at->row->type == &schema_type_secret)
		conf_error_add(at->errs, at->value->pos, "option '%s' in %s is not supported: %s",
			       at->value->key, at->path, why);
	else
		conf_error_add(at->errs, at->value->pos,
			       "option '%s = %s' in %s is not supported: %s", at->value->key,
			       show(at->value, shown), at->path, why);
	return E_CONFIG;
}

static int later_value(const struct place *at)
{
	const char *why = at->row->why;

	conf_error_add(at->errs, at->value->pos, "option '%s' in %s is not supported yet%s%s",
		       at->value->key, at->path, why ? ": " : "", why ? why : "");
	return E_CONFIG;
}

/* Another value than the default: an error if the option is not there. */
static int check_state(const struct place *at)
{
	if (at->row->state == SCHEMA_REFUSED)
		return refused_value(at, at->row->why);
	return at->row->state == SCHEMA_LATER ? later_value(at) : 0;
}

/* The one text of a value, or NULL if it is a list or binary. */
static const char *single_text(const struct conf_value *v)
{
	if (v->is_list || v->count != 1 || strlen(v->items[0].data) != v->items[0].len)
		return NULL;
	return v->items[0].data;
}

static bool is_default(const struct schema_row *row, const char *text)
{
	uint64_t value, def;

	if (!text)
		return false;
	if (!row->def)
		return *text == '\0';
	if (!row->type->scalar)
		return strcasecmp(text, row->def) == 0;
	/* A default that is put in words follows from other options: 0 asks for nothing. */
	if (row->type->scalar(row, row->def, &def) < 0)
		def = 0;
	return row->type->scalar(row, text, &value) == 0 && value == def;
}

static const char *refused_word(const struct schema_row *row, const char *text)
{
	for (const struct schema_word *w = row->words; w && w->word; w++) {
		if (strcasecmp(w->word, text) == 0)
			return w->refused;
	}
	return NULL;
}

/* *out is set if the text is of the type, even if the value may not be given. */
static int check_scalar(const struct place *at, uint64_t *out)
{
	const struct schema_row *row = at->row;
	const char *text = single_text(at->value);

	if (!text || row->type->scalar(row, text, out) < 0)
		return bad_value(at, NULL);
	if (refused_word(row, text))
		return refused_value(at, refused_word(row, text));
	return is_default(row, text) ? 0 : check_state(at);
}

int schema_check(const struct schema_row *row, const struct conf_value *v, const char *path,
		 struct conf_errors *errs, uint64_t *out_num)
{
	struct place at = {.row = row, .value = v, .path = path, .errs = errs};
	uint64_t num = 0;
	int err;

	if (row->type->scalar) {
		err = check_scalar(&at, &num);
		if (!err)
			*out_num = num;
		return err;
	}
	if (!single_text(v))
		return bad_value(&at, NULL);
	return is_default(row, v->items[0].data) ? 0 : check_state(&at);
}

/* Fields of 1, 2, 4 or 8 bytes; bool is one of them. */
static void put_scalar(const struct schema_row *row, uint64_t num, void *base)
{
	void *field = (char *)base + row->offset;

	switch (row->size) {
	case 1:
		*(uint8_t *)field = (uint8_t)num;
		break;
	case 2:
		*(uint16_t *)field = (uint16_t)num;
		break;
	case 4:
		*(uint32_t *)field = (uint32_t)num;
		break;
	default:
		*(uint64_t *)field = num;
		break;
	}
}

/* All of its fields are: no text, no items, no mark. */
static bool is_empty(const struct schema_row *row, const void *base)
{
	const char *field = (const char *)base + row->offset;

	for (size_t i = 0; i < row->size; i++) {
		if (field[i])
			return false;
	}
	return true;
}

static int apply_other(const struct place *at, void *base)
{
	const struct schema_row *row = at->row;
	char *why = NULL;
	struct strs scratch = {0};
	void *into = row->check_only ? &scratch : base;
	int err;

	if (row->state == SCHEMA_REFUSED)
		return is_default(row, single_text(at->value)) ? 0 : refused_value(at, row->why);
	if (row->name[strlen(row->name) - 1] != '*')
		row->type->done(row, into);
	err = row->type->store(row, at->value, into, &why);
	if (err == E_CONFIG)
		bad_value(at, why);
	free(why);
	/* What such options have by default is nothing at all. */
	if (!err && row->state == SCHEMA_LATER && !is_empty(row, into))
		err = later_value(at);
	if (row->check_only)
		row->type->done(row, into);
	return err;
}

static int apply_value(const struct place *at, void *base)
{
	uint64_t num = 0;
	int err;

	if (!at->row->type->scalar)
		return apply_other(at, base);
	err = check_scalar(at, &num);
	if (!at->row->check_only && (!err || at->row->state == SCHEMA_LATER))
		put_scalar(at->row, num, base);
	return err;
}

static int apply_default(const struct schema_row *row, void *base)
{
	struct conf_value v = {.key = (char *)row->name, .count = 1};
	uint64_t num = CONF_UNSET;
	char *why = NULL;
	int err = 0;

	if (row->check_only || row->state == SCHEMA_REFUSED || !row->def)
		return 0;
	if (!row->type->scalar) {
		__typeof__(*v.items) item = {.data = (char *)row->def, .len = strlen(row->def)};

		v.items = (void *)&item;
		err = row->type->store(row, &v, base, &why);
		free(why);
		return err;
	}
	if (!row->derived)
		err = row->type->scalar(row, row->def, &num);
	if (!err)
		put_scalar(row, num, base);
	return err;
}

/* The first real failure counts, but running out of memory more than a bad value. */
static int worse(int have, int err)
{
	return have == E_NOMEM || err == 0 ? have : err;
}

int schema_apply(const struct schema_table *t, const struct conf_node *node, const char *path,
		 struct conf_errors *errs, void *base)
{
	int err = 0;

	for (size_t i = 0; i < t->n_rows; i++)
		err = worse(err, apply_default(&t->rows[i], base));
	for (size_t i = 0; i < node->n_values; i++) {
		struct place at = {.value = &node->values[i], .path = path, .errs = errs};

		at.row = schema_find(t, at.value->key);
		err = worse(err, at.row ? apply_value(&at, base) : unknown_option(t, &at));
	}
	for (size_t i = 0; i < node->n_sections; i++) {
		const struct conf_node *sub = node->sections[i];
		const char *const *s = t->sections;

		while (*s && !schema_matches(*s, sub->name))
			s++;
		if (!*s)
			err = worse(err, unknown_section(t, sub, path, errs));
	}
	return err;
}

void schema_done(const struct schema_table *t, void *base)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct schema_row *row = &t->rows[i];

		if (!row->check_only && row->state != SCHEMA_REFUSED && row->type->done)
			row->type->done(row, base);
	}
}

bool schema_equal(const struct schema_table *t, const void *a, const void *b)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct schema_row *row = &t->rows[i];

		if (row->check_only || row->state == SCHEMA_REFUSED)
			continue;
		if (row->type->equal) {
			if (!row->type->equal(row, a, b))
				return false;
		} else if (memcmp((const char *)a + row->offset, (const char *)b + row->offset,
				  row->size) != 0) {
			return false;
		}
	}
	return true;
}

static struct view trim(const char *text, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", *text)) {
		text++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	return view_make(text, len);
}

int schema_items(const struct conf_value *v, struct strs *out)
{
	for (size_t i = 0; i < v->count; i++) {
		const char *text = v->items[i].data;
		const char *end = text + v->items[i].len;

		while (text <= end) {
			const char *comma =
				v->is_list ? NULL : memchr(text, ',', (size_t)(end - text));
			const char *stop = comma ? comma : end;
			struct view item = trim(text, (size_t)(stop - text));
			int err = item.len ? strs_add_view(out, item) : 0;

			if (err)
				return err;
			text = stop + 1;
		}
	}
	return 0;
}
