/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/settings.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/schema_strongswan.h"

#define SETTINGS_PATH_MAX 256

struct slot {
	uint64_t number;
	const char *text; /* in the tree, or the row's default */
};

struct settings {
	struct conf_node *root;
	bool found;
	struct slot *slots; /* one for each row */
};

/* One walk over the tree. */
struct walk {
	struct settings *s;
	struct conf_errors *errs;
	int err;
};

static const struct schema_row *find_row(const char *path)
{
	for (size_t i = 0; i < schema_strongswan.n_rows; i++) {
		if (strcmp(schema_strongswan.rows[i].name, path) == 0)
			return &schema_strongswan.rows[i];
	}
	assert(!"setting without a row");
	return NULL;
}

static void fill_defaults(struct settings *s)
{
	for (size_t i = 0; i < schema_strongswan.n_rows; i++) {
		const struct schema_row *row = &schema_strongswan.rows[i];
		struct slot *slot = &s->slots[i];

		slot->text = row->def;
		if (row->def && row->type->scalar &&
		    row->type->scalar(row, row->def, &slot->number) < 0)
			assert(!"default that its own type refuses");
	}
}

static bool join_path(char out[SETTINGS_PATH_MAX], const char *path, const char *name)
{
	int len = snprintf(out, SETTINGS_PATH_MAX, "%s.%s", path, name);

	return len > 0 && len < SETTINGS_PATH_MAX;
}

/* The first part of a path, unless it is there already. */
static int add_candidate(const char *part, struct strs *out)
{
	char name[SETTINGS_PATH_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(part, "."), part);
	return strs_has(out, name) ? 0 : strs_add(out, name);
}

static int add_groups(struct strs *out)
{
	int err = 0;

	for (unsigned i = 0; i < LOG_N_GROUPS && !err; i++) {
		const char *upper = log_group_name(i);
		char name[8] = {0};

		for (size_t j = 0; j < sizeof(name) - 1 && upper[j]; j++)
			name[j] = (char)tolower((unsigned char)upper[j]);
		err = add_candidate(name, out);
	}
	return err;
}

static int add_plugins(struct strs *out)
{
	const char *at = schema_strongswan_plugins;
	int err = 0;

	for (size_t n; !err && (n = strcspn(at, " ")) != 0; at += n + (at[n] == ' '))
		err = strs_add_view(out, view_make(at, n));
	return err;
}

/* What a part of a row's name stands for. */
static int add_part(const char *part, struct strs *out)
{
	if (*part != '<')
		return add_candidate(part, out);
	return strncmp(part, "<plugin>", 8) == 0 ? add_plugins(out) : add_groups(out);
}

/* Names that could stand where `name` does in the section at `path`. */
static int add_candidates(const char *path, struct strs *out)
{
	char sibling[SETTINGS_PATH_MAX];

	for (size_t i = 0; i < schema_strongswan.n_rows; i++) {
		const char *part = schema_strongswan.rows[i].name;

		/* The part of the row's name that is as deep as the key. */
		for (const char *p = path; part && p;
		     p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL)
			part = strchr(part, '.') ? strchr(part, '.') + 1 : NULL;
		if (!part || *part == '*' || strncmp(part, "<name>", 6) == 0)
			continue;
		snprintf(sibling, sizeof(sibling), "%.*s",
			 (int)(part - 1 - schema_strongswan.rows[i].name),
			 schema_strongswan.rows[i].name);
		if (schema_strongswan_matches(sibling, path) && add_part(part, out) < 0)
			return E_NOMEM;
	}
	return 0;
}

static void unknown(struct walk *w, const char *what, const char *path, const char *name,
		    struct conf_pos pos)
{
	struct strs known = {0};
	int err = add_candidates(path, &known);

	schema_report_unknown(
		w->errs,
		&(struct schema_unknown){
			.pos = pos, .what = what, .name = name, .path = path, .known = &known});
	strs_done(&known);
	if (w->err != E_NOMEM)
		w->err = err ? err : E_CONFIG;
}

static void check_value(struct walk *w, const char *path, const struct conf_value *v)
{
	char full[SETTINGS_PATH_MAX];
	const struct schema_row *row = schema_strongswan.rows;
	const struct schema_row *end = row + schema_strongswan.n_rows;
	struct slot *slot;
	int err;

	if (!join_path(full, path, v->key))
		row = end;
	while (row < end && !schema_strongswan_matches(row->name, full))
		row++;
	if (row == end) {
		unknown(w, "option", path, v->key, v->pos);
		return;
	}
	if (!row->type)
		return;
	slot = &w->s->slots[row - schema_strongswan.rows];
	err = schema_check(row, v, path, w->errs, &slot->number);
	if (!err)
		slot->text = v->items[0].data;
	else if (w->err != E_NOMEM)
		w->err = err;
}

/* Whether some row is below the section at this path. */
static bool leads_somewhere(const char *path)
{
	for (size_t i = 0; i < schema_strongswan.n_rows; i++) {
		const char *name = schema_strongswan.rows[i].name;
		const char *dot = name;
		char prefix[SETTINGS_PATH_MAX];

		while ((dot = strchr(dot, '.'))) {
			snprintf(prefix, sizeof(prefix), "%.*s", (int)(dot - name), name);
			if (schema_strongswan_matches(prefix, path) ||
			    (strcmp(dot, ".**") == 0 && schema_strongswan_matches(name, path)))
				return true;
			dot++;
		}
	}
	return false;
}

static void check_section(struct walk *w, const char *path, const struct conf_node *node)
{
	char full[SETTINGS_PATH_MAX];

	for (size_t i = 0; i < node->n_values; i++)
		check_value(w, path, &node->values[i]);
	for (size_t i = 0; i < node->n_sections; i++) {
		const struct conf_node *sub = node->sections[i];

		if (join_path(full, path, sub->name) && leads_somewhere(full))
			check_section(w, full, sub);
		else
			unknown(w, "section", path, sub->name, sub->pos);
	}
}

static bool is_foreign(const char *name)
{
	for (const char *const *s = schema_strongswan_foreign; *s; s++) {
		if (strcmp(*s, name) == 0)
			return true;
	}
	return false;
}

static void unknown_top(struct walk *w, const char *what, const char *name, struct conf_pos pos)
{
	struct strs known = {0};
	int err = strs_add(&known, "charon");

	for (const char *const *s = schema_strongswan_foreign; *s && !err; s++)
		err = strs_add(&known, *s);
	schema_report_unknown(
		w->errs,
		&(struct schema_unknown){
			.pos = pos, .what = what, .name = name, .path = "", .known = &known});
	strs_done(&known);
	if (w->err != E_NOMEM)
		w->err = err ? err : E_CONFIG;
}

static void follow_default(struct settings *s, const char *path, const char *other)
{
	const struct schema_row *row = find_row(path);
	struct slot *slot = &s->slots[row - schema_strongswan.rows];

	if (slot->text == row->def)
		*slot = s->slots[find_row(other) - schema_strongswan.rows];
}

static void check_tree(struct walk *w)
{
	const struct conf_node *root = w->s->root;

	for (size_t i = 0; i < root->n_values; i++)
		unknown_top(w, "option", root->values[i].key, root->values[i].pos);
	for (size_t i = 0; i < root->n_sections; i++) {
		const struct conf_node *node = root->sections[i];

		if (strcmp(node->name, "charon") == 0)
			check_section(w, "charon", node);
		else if (!node->inherited_from && !is_foreign(node->name))
			unknown_top(w, "section", node->name, node->pos);
	}
}

int settings_from_tree(struct conf_node *root, struct conf_errors *errs, struct settings **out)
{
	struct settings *s = calloc(1, sizeof(*s));
	struct walk w = {.s = s, .errs = errs};

	*out = NULL;
	if (!s) {
		conf_node_free(root);
		return E_NOMEM;
	}
	s->root = root;
	s->found = true;
	s->slots = calloc(schema_strongswan.n_rows, sizeof(*s->slots));
	if (!s->slots) {
		settings_free(s);
		return E_NOMEM;
	}
	fill_defaults(s);
	check_tree(&w);
	conf_error_sort(errs);
	follow_default(s, "charon.fragment_size_v4", "charon.fragment_size");
	follow_default(s, "charon.fragment_size_v6", "charon.fragment_size");
	if (w.err == E_NOMEM)
		settings_free(s);
	else
		*out = s;
	return w.err;
}

int settings_load(const char *path, struct conf_errors *errs, struct settings **out)
{
	struct conf_errors parse_errs = {0};
	struct conf_node *root = NULL;
	size_t n_before = errs->count;
	int parsed = path ? conf_parse_file(path, &parse_errs, &root) : E_NOTFOUND;
	int err;

	*out = NULL;
	if (parsed != E_NOTFOUND) {
		for (size_t i = 0; i < parse_errs.count; i++)
			conf_error_add(errs, parse_errs.items[i].pos, "%s",
				       parse_errs.items[i].text);
	}
	conf_errors_done(&parse_errs);
	if (parsed == E_NOMEM)
		return E_NOMEM;
	if (!root)
		root = conf_node_new(NULL, "", (struct conf_pos){0});
	if (!root)
		return E_NOMEM;
	err = settings_from_tree(root, errs, out);
	if (*out)
		(*out)->found = parsed != E_NOTFOUND;
	if (!err && errs->count > n_before)
		err = E_CONFIG;
	return err;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	conf_node_free(s->root);
	free(s->slots);
	free(s);
}

bool settings_found(const struct settings *s)
{
	return s->found;
}

static const struct slot *slot_of(const struct settings *s, const struct schema_row *row)
{
	return &s->slots[row - schema_strongswan.rows];
}

bool settings_bool(const struct settings *s, const char *path)
{
	const struct schema_row *row = find_row(path);

	assert(row->type == &schema_type_bool);
	return slot_of(s, row)->number;
}

uint64_t settings_u64(const struct settings *s, const char *path)
{
	const struct schema_row *row = find_row(path);

	assert(row->type == &schema_type_number || row->type == &schema_type_seconds ||
	       row->type == &schema_type_enum);
	return slot_of(s, row)->number;
}

double settings_seconds(const struct settings *s, const char *path)
{
	const struct schema_row *row = find_row(path);
	double number = (double)slot_of(s, row)->number;

	assert(row->type == &schema_type_real || row->type == &schema_type_seconds);
	return row->type == &schema_type_real ? number / 1e6 : number;
}

const char *settings_text(const struct settings *s, const char *path)
{
	const char *text = slot_of(s, find_row(path))->text;

	return text && *text ? text : NULL;
}

const struct conf_node *settings_root(const struct settings *s)
{
	return s->root;
}
