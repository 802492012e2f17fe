/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy of a file name that lives as long as the errors do; NULL for none. */
static const char *intern_file(struct conf_errors *e, const char *file)
{
	if (!file)
		return NULL;
	for (size_t i = 0; i < e->files.count; i++) {
		if (strcmp(e->files.items[i], file) == 0)
			return e->files.items[i];
	}
	return strs_add(&e->files, file) == 0 ? e->files.items[e->files.count - 1] : NULL;
}

void conf_error_add(struct conf_errors *e, struct conf_pos pos, const char *fmt, ...)
{
	struct conf_error *items;
	char *text = NULL;
	va_list ap;
	int len;

	if (e->count > CONF_ERRORS_MAX)
		return;
	if (e->count == CONF_ERRORS_MAX)
		fmt = "too many errors, further ones are not shown";
	items = realloc(e->items, (e->count + 1) * sizeof(*items));
	if (!items)
		return;
	e->items = items;
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	pos.file = intern_file(e, pos.file);
	e->items[e->count] = (struct conf_error){.pos = pos, .text = text, .order = e->count};
	e->count++;
}

void conf_error_text(const struct conf_error *e, struct wbuf *out)
{
	if (e->pos.file && e->pos.line)
		wbuf_fmt(out, "%s:%u:%u: ", e->pos.file, e->pos.line, e->pos.column);
	else if (e->pos.file)
		wbuf_fmt(out, "%s: ", e->pos.file);
	wbuf_str(out, e->text);
}

static size_t rank_file(const struct conf_errors *e, const char *file)
{
	size_t rank = 0;

	while (rank < e->files.count && e->files.items[rank] != file)
		rank++;
	return rank;
}

static int compare(const void *a, const void *b, void *errs)
{
	const struct conf_error *x = a, *y = b;
	size_t rank_x = rank_file(errs, x->pos.file), rank_y = rank_file(errs, y->pos.file);

	if (rank_x != rank_y)
		return rank_x < rank_y ? -1 : 1;
	if (x->pos.line != y->pos.line)
		return x->pos.line < y->pos.line ? -1 : 1;
	if (x->pos.column != y->pos.column)
		return x->pos.column < y->pos.column ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void conf_error_sort(struct conf_errors *e)
{
	if (e->count > 1)
		qsort_r(e->items, e->count, sizeof(*e->items), compare, e);
}

void conf_errors_done(struct conf_errors *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->items[i].text);
	free(e->items);
	strs_done(&e->files);
	*e = (struct conf_errors){0};
}
