/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every row, and that docs/ has its line. After a change of rows,
 *     test_conf_schema --print swanctl | strongswan
 * prints the tables for the documentation.
 */
#include "check.h"

#include <stdio.h>

#include "conf/conn.h"
#include "conf/schema_strongswan.h"
#include "conf/schema_swanctl.h"

static const struct schema_table *const strongswan_tables[] = {&schema_strongswan, NULL};

static const char *state_text(const struct schema_row *row)
{
	switch (row->state) {
	case SCHEMA_WORKS:
		return "works";
	case SCHEMA_LATER:
		return "not yet";
	case SCHEMA_IGNORED:
		return "ignored";
	case SCHEMA_REFUSED:
		return "refused";
	}
	return "?";
}

static void add_escaped(struct wbuf *w, const char *text)
{
	for (; *text; text++) {
		if (*text == '|' || *text == '<')
			wbuf_u8(w, '\\');
		wbuf_u8(w, (uint8_t)*text);
	}
}

/* Words that one may know, but not give. */
static void add_refused_words(struct wbuf *w, const struct schema_row *row)
{
	const char *sep = "; refused: ";

	for (const struct schema_word *word = row->words; word && word->word; word++) {
		if (!word->refused)
			continue;
		wbuf_str(w, sep);
		add_escaped(w, word->word);
		sep = ", ";
	}
}

static void add_row(struct wbuf *w, const struct schema_row *row)
{
	wbuf_fmt(w, "| `%s` | ", row->name);
	if (row->def)
		wbuf_fmt(w, "`%s`", row->def);
	wbuf_fmt(w, " | %s | ", state_text(row));
	add_escaped(w, row->meaning);
	if (row->why) {
		wbuf_str(w, ": ");
		add_escaped(w, row->why);
	}
	add_refused_words(w, row);
	wbuf_str(w, " |\n");
}

/* The whole table as it stands in the documentation, below a heading with its path. */
static void add_table(struct wbuf *w, const struct schema_table *t)
{
	if (*t->path)
		wbuf_fmt(w, "### `%s`\n\n", t->path);
	wbuf_str(w, "| option | default | state | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < t->n_rows; i++)
		add_row(w, &t->rows[i]);
}

static int print_tables(const char *which)
{
	const struct schema_table *const *t =
		strcmp(which, "swanctl") == 0 ? schema_swanctl_tables : strongswan_tables;
	struct wbuf w;

	wbuf_init(&w, 0);
	for (; *t; t++) {
		add_table(&w, *t);
		wbuf_str(&w, t[1] ? "\n" : "");
	}
	fwrite(w.data, 1, w.len, stdout);
	wbuf_done(&w);
	return 0;
}

static char *read_doc(const char *name)
{
	char path[512];
	struct wbuf w;
	char *text;
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "%s/docs/%s", TEST_ROOT, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("cannot open %s", path);
	wbuf_init(&w, 0);
	while ((c = getc(f)) != EOF)
		wbuf_u8(&w, (uint8_t)c);
	fclose(f);
	text = str_from_view(wbuf_view(&w));
	assert_non_null(text);
	wbuf_done(&w);
	return text;
}

static void check_doc(const char *name, const struct schema_table *const *tables)
{
	char *doc = read_doc(name);

	for (; *tables; tables++) {
		struct wbuf w;
		const char *line, *end;

		wbuf_init(&w, 0);
		add_table(&w, *tables);
		wbuf_u8(&w, '\0');
		/* line by line, to name the one that is missing */
		for (line = (char *)w.data; *line; line = end + 1) {
			char *one;

			end = strchr(line, '\n');
			one = str_from_view(view_make(line, (size_t)(end - line) + 1));
			if (!strstr(doc, one))
				fail_msg("docs/%s lacks: %s", name, one);
			free(one);
		}
		/* and as a whole, so that nothing is left of what was removed */
		if (!strstr(doc, (char *)w.data))
			fail_msg("docs/%s: the table of '%s' is not that of the schema", name,
				 (*tables)->path);
		wbuf_done(&w);
	}
	free(doc);
}

static void test_swanctl_doc(void **state)
{
	(void)state;
	check_doc("swanctl.conf.md", schema_swanctl_tables);
}

static void test_strongswan_doc(void **state)
{
	(void)state;
	check_doc("strongswan.conf.md", strongswan_tables);
}

static int check_one(const struct schema_row *row, const char *text, struct conf_errors *errs)
{
	struct conf_node *n = conf_node_new(NULL, "", (struct conf_pos){0});
	uint64_t num = 0;
	int err;

	assert_int_equal(conf_node_add(n, "k", view_str(text), false, n->pos), 0);
	err = schema_check(row, conf_node_value(n, "k"), "x", errs, &num);
	conf_node_free(n);
	return err;
}

/* Some value of the row's type that is not its default. */
static const char *other_value(const struct schema_row *row)
{
	const struct schema_type *t = row->type;

	if (t == &schema_type_bool)
		return strcmp(row->def, "yes") == 0 ? "no" : "yes";
	if (t == &schema_type_enum)
		return row->words[1].word;
	return t == &schema_type_seconds ? "7s" : "7";
}

/* Apply one option of a table of its own, into a field that may be of any of the structs. */
static int apply_one(const struct schema_row *row, const char *text, struct conf_errors *errs)
{
	const struct schema_table t = {.path = "x", .rows = row, .n_rows = 1};
	struct conf_node *n = conf_node_new(NULL, "x", (struct conf_pos){0});
	union {
		struct conf_conn conn;
		struct conf_child child;
		struct conf_auth auth;
	} base = {0};
	int err;

	assert_int_equal(conf_node_add(n, row->name, view_str(text), false,
				       (struct conf_pos){.file = "t.conf", .line = 3, .column = 4}),
			 0);
	err = schema_apply(&t, n, "connections.home", errs, &base);
	schema_done(&t, &base);
	conf_node_free(n);
	return err;
}

/* What is not there yet takes its default, given explicitly, and refuses all else by name. */
static void check_later(const struct schema_row *row)
{
	struct conf_errors errs = {0};
	char expected[256];

	snprintf(expected, sizeof(expected),
		 "t.conf:3:4: option '%s' in connections.home is not supported yet%s%s\n",
		 row->name, row->why ? ": " : "", row->why ? row->why : "");
	assert_int_equal(apply_one(row, other_value(row), &errs), E_CONFIG);
	check_errors(&errs, expected);
	assert_int_equal(apply_one(row, row->def && !row->derived ? row->def : "", &errs),
			 row->derived ? E_CONFIG : 0);
	conf_errors_done(&errs);
	if (row->derived)
		assert_int_equal(apply_one(row, "0", &errs), 0);
	check_errors(&errs, "");
}

/* The same of settings, which are checked and not stored. */
static void check_later_setting(const struct schema_row *row)
{
	struct conf_errors errs = {0};
	char expected[256];

	snprintf(expected, sizeof(expected), "option 'k' in x is not supported yet%s%s\n",
		 row->why ? ": " : "", row->why ? row->why : "");
	assert_int_equal(check_one(row, other_value(row), &errs), E_CONFIG);
	check_errors(&errs, expected);
	assert_int_equal(check_one(row, row->def ? row->def : "", &errs), 0);
	check_errors(&errs, "");
}

static void test_later(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct schema_table *const *t = schema_swanctl_tables; *t; t++) {
		for (size_t i = 0; i < (*t)->n_rows; i++) {
			if ((*t)->rows[i].state != SCHEMA_LATER)
				continue;
			check_later(&(*t)->rows[i]);
			n++;
		}
	}
	assert_true(n > 0);
	for (size_t i = 0; i < schema_strongswan.n_rows; i++) {
		if (schema_strongswan.rows[i].state == SCHEMA_LATER)
			check_later_setting(&schema_strongswan.rows[i]);
	}
}

/* A default is a value of its type; a refused option takes it, and nothing else. */
static void check_row(const struct schema_row *row)
{
	struct conf_errors errs = {0};

	assert_non_null(row->meaning);
	if (row->state != SCHEMA_LATER)
		assert_int_equal(row->why != NULL, row->state != SCHEMA_WORKS);
	if (!row->type)
		return;
	if (row->def && !row->derived && check_one(row, row->def, &errs) != 0)
		fail_msg("%s does not take its default: %s", row->name, check_take_errors(&errs));
	if (row->state == SCHEMA_REFUSED) {
		if (!row->def)
			assert_int_equal(check_one(row, "", &errs), 0);
		if (check_one(row, "zz", &errs) != E_CONFIG)
			fail_msg("%s is not refused", row->name);
		assert_int_equal(errs.count, 1);
	}
	conf_errors_done(&errs);
}

static void test_rows(void **state)
{
	(void)state;
	for (const struct schema_table *const *t = schema_swanctl_tables; *t; t++) {
		for (size_t i = 0; i < (*t)->n_rows; i++) {
			check_row(&(*t)->rows[i]);
			assert_ptr_equal(schema_find(*t, (*t)->rows[i].name), &(*t)->rows[i]);
		}
	}
	for (size_t i = 0; i < schema_strongswan.n_rows; i++)
		check_row(&schema_strongswan.rows[i]);
}

/* A yes/no that may not be given is not taken for what it is not. */
static void test_refused_bool(void **state)
{
	const struct schema_row *row = schema_find(&schema_swanctl_child, "ipcomp");
	struct conf_errors errs = {0};

	(void)state;
	assert_int_equal(check_one(row, "disabled", &errs), 0);
	assert_int_equal(check_one(row, "1", &errs), E_CONFIG);
	check_errors(&errs, "option 'k = 1' in x is not supported: IPComp is not implemented\n");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	       cmocka_unit_test(test_later),
		cmocka_unit_test(test_refused_bool),   cmocka_unit_test(test_swanctl_doc),
		cmocka_unit_test(test_strongswan_doc),
	};

	if (argc == 3 && strcmp(argv[1], "--print") == 0)
		return print_tables(argv[2]);
	return cmocka_run_group_tests_name("conf/schema", tests, NULL, NULL);
}
