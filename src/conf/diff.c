/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/diff.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "conf/conn.h"
#include "conf/schema_swanctl.h"

#define SHOWN_MAX 200 /* bytes of a value that are worth a line */

/* What a section of a table is, by its name. */
static const struct schema_table *table_of(const struct schema_table *parent, const char *name)
{
	if (parent != &schema_swanctl_conn)
		return NULL;
	if (strncmp(name, "local", 5) == 0)
		return &schema_swanctl_local;
	return strncmp(name, "remote", 6) == 0 ? &schema_swanctl_remote : NULL;
}

static const struct schema_table *part_table(const char *part)
{
	if (strcmp(part, "connections") == 0)
		return &schema_swanctl_conn;
	return strcmp(part, "pools") == 0 ? &schema_swanctl_pool : &schema_swanctl_authority;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool is_blob(const struct conf_value *v)
{
	for (size_t i = 0; v && i < v->count; i++) {
		if (v->items[i].len > SHOWN_MAX || strlen(v->items[i].data) != v->items[i].len)
			return true;
	}
	return false;
}

static bool same_bytes(const struct conf_value *a, const struct conf_value *b)
{
	if (!a || !b || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!view_equal(view_make(a->items[i].data, a->items[i].len),
				view_make(b->items[i].data, b->items[i].len)))
			return false;
	}
	return true;
}

/* The items without what is of no meaning between them; the default if there is no value. */
static int plain_text(const struct schema_row *row, const struct conf_value *v, struct wbuf *out)
{
	struct strs items = {0};
	int err = 0;

	if (!v) {
		wbuf_str(out, row && row->def ? row->def : "");
	} else {
		err = schema_items(v, &items);
		for (size_t i = 0; i < items.count; i++)
			wbuf_fmt(out, "%s%s", i ? ", " : "", items.items[i]);
	}
	strs_done(&items);
	wbuf_u8(out, '\0');
	return err ? err : wbuf_err(out);
}

static bool same_meaning(const struct schema_row *row, const char *a, const char *b)
{
	uint64_t one, two;

	if (strcmp(a, b) == 0)
		return true;
	return row && row->type && row->type->scalar && row->type->scalar(row, a, &one) == 0 &&
	       row->type->scalar(row, b, &two) == 0 && one == two;
}

static void show(const struct conf_value *v, const char *text, bool blob, struct wbuf *out)
{
	if (!v && !*text) {
		wbuf_str(out, "not set");
	} else if (!blob || !v) {
		wbuf_fmt(out, "%s%s", text, v ? "" : " (default)");
	} else {
		for (size_t i = 0; i < v->count; i++)
			wbuf_fmt(out, "%s%zu bytes", i ? ", " : "", v->items[i].len);
	}
}

struct change {
	const char *path;
	const struct schema_row *row;
	const char *key;
	const struct conf_value *old, *new;
};

static int add_change(const struct change *c, const char *old, const char *new, struct strs *out)
{
	bool blob = is_blob(c->old) || is_blob(c->new);
	struct wbuf w;
	int err;

	wbuf_init(&w, 0);
	wbuf_fmt(&w, "~ %s.%s: ", c->path, c->key);
	show(c->old, old, blob, &w);
	wbuf_str(&w, " -> ");
	show(c->new, new, blob, &w);
	if (blob && c->old && c->new)
		wbuf_str(&w, " (other content)");
	err = wbuf_err(&w);
	if (!err)
		err = strs_add_view(out, wbuf_view(&w));
	wbuf_done(&w);
	return err;
}

static int compare_value(const struct change *c, struct strs *out)
{
	struct wbuf old, new;
	int err;

	if (same_bytes(c->old, c->new))
		return 0;
	wbuf_init(&old, 0);
	wbuf_init(&new, 0);
	err = plain_text(c->row, c->old, &old);
	if (!err)
		err = plain_text(c->row, c->new, &new);
	if (!err && !same_meaning(c->row, (char *)old.data, (char *)new.data))
		err = add_change(c, (char *)old.data, (char *)new.data, out);
	wbuf_done(&old);
	wbuf_done(&new);
	return err;
}

/* ---- sections ------------------------------------------------------------------------------- */

static int add_line(char mark, const char *path, struct strs *out)
{
	struct wbuf w;
	int err;

	wbuf_init(&w, 0);
	wbuf_fmt(&w, "%c %s", mark, path);
	err = wbuf_err(&w);
	if (!err)
		err = strs_add_view(out, wbuf_view(&w));
	wbuf_done(&w);
	return err;
}

static int compare_values(const struct schema_table *t, const char *path,
			  const struct conf_node *old, const struct conf_node *new,
			  struct strs *out)
{
	struct change c = {.path = path};
	int err = 0;

	for (size_t i = 0; i < old->n_values && !err; i++) {
		c.old = &old->values[i];
		c.key = c.old->key;
		c.new = conf_node_value(new, c.key);
		c.row = t ? schema_find(t, c.key) : NULL;
		err = compare_value(&c, out);
	}
	for (size_t i = 0; i < new->n_values && !err; i++) {
		c.new = &new->values[i];
		c.key = c.new->key;
		c.old = NULL;
		c.row = t ? schema_find(t, c.key) : NULL;
		if (!conf_node_value(old, c.key))
			err = compare_value(&c, out);
	}
	return err;
}

#define PATH_LEN 1024

static int compare(const struct schema_table *t, const char *path, const struct conf_node *old,
		   const struct conf_node *new, struct strs *out);

static int compare_sub(const struct schema_table *t, const char *path, const struct conf_node *old,
		       const struct conf_node *new, struct strs *out)
{
	/* cppcheck-suppress nullPointer ; one of the two is there */
	const char *name = new ? new->name : old->name;
	bool children = t == &schema_swanctl_conn && strcmp(name, "children") == 0;
	static const struct conf_node none;
	char below[PATH_LEN];
	int err = 0;

	snprintf(below, sizeof(below), "%s.%s", path, name);
	if (!children)
		return compare(table_of(t, name), below, old, new, out);
	/* Each child is a thing of its own, with or without the section around them. */
	old = old ? old : &none;
	new = new ? new : &none;
	for (size_t i = 0; i < old->n_sections && !err; i++) {
		char child[2 * PATH_LEN];

		snprintf(child, sizeof(child), "%s.%s", below, old->sections[i]->name);
		err = compare(&schema_swanctl_child, child, old->sections[i],
			      conf_node_section(new, old->sections[i]->name), out);
	}
	for (size_t i = 0; i < new->n_sections && !err; i++) {
		char child[2 * PATH_LEN];

		snprintf(child, sizeof(child), "%s.%s", below, new->sections[i]->name);
		if (!conf_node_section(old, new->sections[i]->name))
			err = add_line('+', child, out);
	}
	return err;
}

/* The schema bounds the depth: what is loaded has been checked against it. */
static int compare(const struct schema_table *t, const char *path, const struct conf_node *old,
		   const struct conf_node *new, struct strs *out)
{
	int err;

	if (!old || !new)
		return add_line(old ? '-' : '+', path, out);
	err = compare_values(t, path, old, new, out);
	for (size_t i = 0; i < old->n_sections && !err; i++)
		err = compare_sub(t, path, old->sections[i],
				  conf_node_section(new, old->sections[i]->name), out);
	for (size_t i = 0; i < new->n_sections && !err; i++) {
		if (!conf_node_section(old, new->sections[i]->name))
			err = compare_sub(t, path, NULL, new->sections[i], out);
	}
	return err;
}

int diff_sections(const char *part, const struct conf_node *old, const struct conf_node *new,
		  struct strs *out)
{
	char path[PATH_LEN];

	if (!old && !new)
		return 0;
	snprintf(path, sizeof(path), "%s.%s", part, new ? new->name : old->name);
	return compare(part_table(part), path, old, new, out);
}
