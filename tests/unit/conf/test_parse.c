/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The value at a path, "(unset)" if there is none. */
#define check_text(root, path, expected)                                  \
	do {                                                              \
		const char *text_ = conf_node_text(root, path);           \
		assert_string_equal(text_ ? text_ : "(unset)", expected); \
	} while (0)

static const struct {
	const char *text, *path, *expected;
} values[] = {
	{"a = b", "a", "b"},
	{"a=b", "a", "b"},
	{"a = b   c  # note\n", "a", "b c"},
	{"a = b#c\n", "a", "b"},
	{"# note\n\n  a = b\n", "a", "b"},
	{"a = \"b   c\"  \"d\" e # note\n", "a", "b   c d e"},
	{"a = x\"b   c\"y\n", "a", "x b   c y"},
	{"a = \"b\\n\\t\\r\\q\\\"\\\\x\"", "a", "b\n\t\rq\"\\x"},
	{"a = \"b\\\nc\"", "a", "bc"},
	{"a = \"b\\\r\nc\"", "a", "bc"},
	{"a = \"b\n c\"", "a", "b\n c"},
	{"a = \"x # y } z\"", "a", "x # y } z"},
	{"a = C=CH, O=x{y: z\n", "a", "C=CH, O=x{y: z"},
	{"a = b\\nc\n", "a", "b\\nc"},
	{"a =\n", "a", "(unset)"},
	{"a = \"\"\n", "a", ""},
	{"a = 1\na = 2\n", "a", "2"},
	{"a = 1\na =\n", "a", "(unset)"},
	{"a = b\r\nc = d\r\n", "a", "b"},
	{"\xef\xbb\xbf"
	 "a = b\n",
	 "a", "b"},
	{"s { a = b } t { c = d }\n", "t.c", "d"},
	{"s { a = b }\n", "s.a", "b"},
	{"s\n\n# note\n{ a = b }\n", "s.a", "b"},
	{"s{t{a=b}}\n", "s.t.a", "b"},
	{"s { a = b c = d }\n", "s.a", "b c = d"},
	{"s { a = 1\n b = 2 }\ns { a = 3 }\n", "s.a", "3"},
	{"s { a = 1\n b = 2 }\ns { a = 3 }\n", "s.b", "2"},
	{"include = 3\n", "include", "3"},
	{"include { a = 1 }\n", "include.a", "1"},
	{"gr\xc3\xbc\xc3\x9f"
	 "e = w\xc3\xb6rter\n",
	 "gr\xc3\xbc\xc3\x9f"
	 "e",
	 "w\xc3\xb6rter"},
	{"a-b_c/d|e = 1\n", "a-b_c/d|e", "1"},
	/* inheritance */
	{"s : x { }\nx { k = v }\n", "s.k", "v"},
	{"s:x{}\nx{k=v}\n", "s.k", "v"},
	{"s : x\n{ }\nx { k = v }\n", "s.k", "v"},
	{"s : a.b { }\na { b { k = v } }\n", "s.k", "v"},
	{"s : x { k = own }\nx { k = v }\n", "s.k", "own"},
	{"s : x { k = }\nx { k = v }\n", "s.k", "(unset)"},
	{"s : x, y { }\nx { k = 1 }\ny { k = 2 }\n", "s.k", "1"},
	{"s : x, y { }\nx { k = 1 }\ny { l = 2 }\n", "s.l", "2"},
	{"s : x, y { }\nx { k = }\ny { k = 2 }\n", "s.k", "(unset)"},
	{"s : x { }\ns : y { }\nx { k = 1 }\ny { l = 2 }\n", "s.l", "2"},
	{"s : x { t { a = 1 } }\nx { t { a = 2\n b = 3 } }\n", "s.t.a", "1"},
	{"s : x { t { a = 1 } }\nx { t { a = 2\n b = 3 } }\n", "s.t.b", "3"},
	{"s : x { }\nx : y { }\ny : z { }\nz { k = v }\n", "s.k", "v"},
	{"s : x { }\nx { t : y { } }\ny { k = v }\n", "s.t.k", "v"},
	/* what a section names itself goes before what its parent inherits */
	{"s : x { t : y { } }\nx { t { k = x } }\ny { k = y }\n", "s.t.k", "y"},
	{"s : x.t { }\nx : y { }\ny { t { k = v } }\n", "s.k", "v"},
	{"c { a : c.b { }\n b { k = v } }\n", "c.a.k", "v"},
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct conf_errors errs = {0};
		struct conf_node *root = check_parse(values[i].text, &errs);

		check_errors(&errs, "");
		check_text(root, values[i].path, values[i].expected);
		conf_node_free(root);
	}
}

static const struct {
	const char *text, *errors;
} broken[] = {
	{"a\n", "t.conf:1:1: missing '=' after 'a', expected 'a = value' or a section 'a { }'\n"},
	{"s { a }\nb = 1\n",
	 "t.conf:1:5: missing '=' after 'a', expected 'a = value' or a section 'a { }'\n"},
	{"a b = c\nd = 1\n", "t.conf:1:3: unexpected 'b' after 'a', expected '=', '{' or ':'\n"},
	{"a.b = c\n", "t.conf:1:2: unexpected '.' after 'a', names have no dots\n"},
	{"\t\xc3\xa4 \xc3\xb6 = 1\n",
	 "t.conf:1:4: unexpected '\xc3\xb6' after '\xc3\xa4', expected '=', '{' or ':'\n"},
	{"= 1\n", "t.conf:1:1: unexpected '=', expected the name of a setting or section\n"},
	{"{ a = 1 }\n", "t.conf:1:1: unexpected '{', expected the name of a setting or section\n"},
	{"a = 1\n}\nb = 2\n", "t.conf:2:1: unexpected '}', no section is open here\n"},
	{"a = 1\n  s {\n b = 2\n",
	 "t.conf:2:3: section 's' is not closed, expected '}' before the end of the file\n"},
	{"s { t {\n}\n",
	 "t.conf:1:1: section 's' is not closed, expected '}' before the end of the file\n"},
	{"a = \"b\nc = 1\n", "t.conf:1:5: unterminated string, expected '\"' at its end\n"},
	{"\"a b\" = c\n",
	 "t.conf:1:1: unexpected '\"', expected the name of a setting or section\n"},
	{"a \x01 b\n", "t.conf:1:3: unexpected byte 0x01 after 'a', expected '=', '{' or ':'\n"},
	{"s : { }\n", "t.conf:1:5: unexpected '{' after 's :', expected the name of a section\n"},
	{"s : x, { }\nx { }\n",
	 "t.conf:1:8: unexpected '{' after 's :', expected the name of a section\n"},
	{"s : x. { }\nx { }\n",
	 "t.conf:1:8: unexpected '{' after 's :', expected the name of a section\n"},
	{"s : x y { }\nx { }\n", "t.conf:1:7: unexpected 'y', expected '{' to open section 's'\n"},
	{"s : x", "t.conf:1:6: unexpected the end of the file, expected '{' to open section 's'\n"
		  "t.conf:1:5: section 'x', which 's' inherits from, is not defined\n"},
	{"s : nope { }\n", "t.conf:1:5: section 'nope', which 's' inherits from, is not defined\n"},
	{"s : s { }\n", "t.conf:1:5: section 's' inherits from itself through 's'\n"},
	{"s : x { }\nx : s { }\n", "t.conf:2:5: section 'x' inherits from itself through 's'\n"},
	{"s { t : s { } }\n", "t.conf:1:9: section 't' inherits from itself through 's'\n"},
	{"include \n", "t.conf:1:1: missing '=' after 'include', expected 'include = value' or a "
		       "section 'include { }'\n"},
	{"include \"\"\n", "t.conf:1:1: include without a file name\n"},
	{"include x.conf\n", "t.conf:1:1: include is not allowed here\n"},
	/* what a broken line opens is read to its end */
	{"x y { a = 1\n b c = 2\n}\nd e = 1\n",
	 "t.conf:1:3: unexpected 'y' after 'x', expected '=', '{' or ':'\n"
	 "t.conf:2:4: unexpected 'c' after 'b', expected '=', '{' or ':'\n"
	 "t.conf:4:3: unexpected 'e' after 'd', expected '=', '{' or ':'\n"},
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct conf_errors errs = {0};
		struct conf_node *root = check_parse(broken[i].text, &errs);

		check_errors(&errs, broken[i].errors);
		conf_node_free(root);
	}
}

/* After an error the rest of the file still counts. */
static void test_goes_on(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root = check_parse("a b\ns { x\n y = 1 }\nz = \"open\nlast = 2\n", &errs);

	(void)state;
	assert_int_equal(errs.count, 3);
	check_text(root, "s.y", "1");
	check_text(root, "last", "2");
	conf_errors_done(&errs);
	conf_node_free(root);
}

static void test_nul(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root;
	static const char text[] = "a = x\0y\nb = \"\0\"\n";

	(void)state;
	assert_int_equal(
		conf_parse_alone("t.conf", view_make(text, sizeof(text) - 1), &errs, &root), 0);
	check_errors(&errs, "t.conf:1:6: NUL byte in a value\nt.conf:2:4: NUL byte in a string\n");
	conf_node_free(root);
}

static void test_positions(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root =
		check_parse("s {\n\tk = \"a\nb\"\n\t  l = 1 }\nt : s {\n}\n", &errs);
	const struct conf_value *v = conf_node_value(conf_node_section(root, "s"), "k");

	(void)state;
	check_errors(&errs, "");
	assert_int_equal(v->pos.line, 2);
	assert_int_equal(v->pos.column, 2);
	v = conf_node_value(conf_node_section(root, "s"), "l");
	assert_int_equal(v->pos.line, 4);
	assert_int_equal(v->pos.column, 4);
	/* what is inherited is where it was written */
	v = conf_node_value(conf_node_section(root, "t"), "l");
	assert_int_equal(v->pos.line, 4);
	assert_true(conf_node_section(root, "s")->inherited_from);
	assert_false(conf_node_section(root, "t")->inherited_from);
	conf_node_free(root);
}

/* Own sections come first, then inherited ones in the order of the references. */
static void test_order(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root =
		check_parse("s : x, y { own { } }\nx { b { }\n own { } }\ny { a { } }\n", &errs);
	const struct conf_node *s = conf_node_section(root, "s");

	(void)state;
	check_errors(&errs, "");
	assert_int_equal(s->n_sections, 3);
	assert_string_equal(s->sections[0]->name, "own");
	assert_string_equal(s->sections[1]->name, "b");
	assert_string_equal(s->sections[2]->name, "a");
	conf_node_free(root);
}

static void test_depth(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	for (int i = 0; i < 5000; i++)
		wbuf_str(&w, "s{");
	for (int i = 0; i < 5000; i++)
		wbuf_str(&w, "}");
	wbuf_str(&w, "\na = 1\n");
	assert_int_equal(conf_parse_alone("t.conf", wbuf_view(&w), &errs, &root), 0);
	check_errors(&errs, "t.conf:1:65: section 's' is nested deeper than 32 sections\n");
	check_text(root, "a", "1");
	conf_node_free(root);
	wbuf_done(&w);
}

/* Sections that double at each step must not eat the memory. */
static void test_doubling(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	wbuf_str(&w, "s0 { k = v }\n");
	for (int i = 1; i < 40; i++)
		wbuf_fmt(&w, "s%d { a : s%d { }\n b : s%d { } }\n", i, i - 1, i - 1);
	assert_int_equal(conf_parse_alone("t.conf", wbuf_view(&w), &errs, &root), 0);
	assert_int_equal(errs.count, 1);
	assert_int_equal(strncmp(errs.items[0].text, "sections inherit too much: more than ", 37),
			 0);
	conf_errors_done(&errs);
	conf_node_free(root);
	wbuf_done(&w);
}

static void test_many_errors(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	for (int i = 0; i < 3 * CONF_ERRORS_MAX; i++)
		wbuf_str(&w, "x\n");
	assert_int_equal(conf_parse_alone("t.conf", wbuf_view(&w), &errs, &root), 0);
	assert_int_equal(errs.count, CONF_ERRORS_MAX + 1);
	assert_string_equal(errs.items[CONF_ERRORS_MAX].text,
			    "too many errors, further ones are not shown");
	conf_errors_done(&errs);
	conf_node_free(root);
	wbuf_done(&w);
}

/* Files */

static char dir[] = "/tmp/test-conf-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"main.conf",     "b.conf",	     "a.conf", "c d.conf",
					    "[x]/main.conf", "[x]/sub.conf", "[x]"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (remove(names[i]) < 0)
			return -1;
	}
	return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static void test_include(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root;

	(void)state;
	write_file("a.conf", "k = a\nonly = 1\n");
	write_file("b.conf", "k = b\nt : base { }\n");
	write_file("c d.conf", "blank = yes\n");
	write_file("main.conf",
		   "k = 0\nbase { x = 1 }\ns { include [ab].conf }\n"
		   "include \"c d.conf\" # note\ninclude none*.conf\ninclude none.conf\n"
		   "late = 1\n");
	assert_int_equal(conf_parse_file("main.conf", &errs, &root), 0);
	check_errors(&errs, "");
	check_text(root, "s.k", "b");
	check_text(root, "s.only", "1");
	check_text(root, "s.t.x", "1");
	check_text(root, "blank", "yes");
	check_text(root, "late", "1");
	assert_string_equal(conf_node_value(conf_node_section(root, "s"), "only")->pos.file,
			    "a.conf");
	conf_node_free(root);
}

/* Relative to the including file, even if its directory looks like a pattern. */
static void test_include_relative(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root;

	(void)state;
	assert_int_equal(mkdir("[x]", 0700), 0);
	write_file("[x]/main.conf", "include su?.conf\n");
	write_file("[x]/sub.conf", "k = v\nbad\n");
	assert_int_equal(conf_parse_file("[x]/main.conf", &errs, &root), 0);
	check_errors(&errs,
		     "[x]/sub.conf:2:1: missing '=' after 'bad', expected 'bad = value' or a "
		     "section 'bad { }'\n");
	check_text(root, "k", "v");
	conf_node_free(root);
}

static void test_include_errors(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root;

	(void)state;
	write_file("main.conf", "s {\n include main.conf\n include .\n}\nk = 1\n");
	assert_int_equal(conf_parse_file("main.conf", &errs, &root), 0);
	check_errors(&errs, "main.conf:2:2: file 'main.conf' includes itself\n"
			    "main.conf:3:2: cannot read included file '.': Is a directory\n");
	check_text(root, "k", "1");
	conf_node_free(root);
	assert_int_equal(conf_parse_file("none.conf", &errs, &root), E_NOTFOUND);
	assert_null(root);
	check_errors(&errs, "none.conf: cannot read the file: No such file or directory\n");
	assert_int_equal(conf_parse_file(".", &errs, &root), E_IO);
	check_errors(&errs, ".: cannot read the file: Is a directory\n");
}

/* The pattern in text without a file is relative to the working directory. */
static void test_include_from_text(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root;

	(void)state;
	write_file("a.conf", "k = a\n");
	assert_int_equal(conf_parse_text("t", view_str("include a.conf\n"), &errs, &root), 0);
	check_errors(&errs, "");
	check_text(root, "k", "a");
	conf_node_free(root);
}

/* What vici builds: lists, binary items. */
static void test_tree(void **state)
{
	struct conf_node *root = conf_node_new(NULL, "", (struct conf_pos){0});
	struct conf_node *s = conf_node_new(root, "s", (struct conf_pos){0});
	const struct conf_value *v;

	(void)state;
	assert_non_null(s);
	assert_int_equal(conf_node_add(s, "l", view_make("a\0b", 3), true, s->pos), 0);
	assert_int_equal(conf_node_add(s, "l", view_str("c"), true, s->pos), 0);
	assert_int_equal(conf_node_add(s, "k", view_str("1"), false, s->pos), 0);
	assert_int_equal(conf_node_add(s, "k", view_str("2"), false, s->pos), 0);
	v = conf_node_value(s, "l");
	assert_true(v->is_list);
	assert_int_equal(v->count, 2);
	assert_int_equal(v->items[0].len, 3);
	assert_memory_equal(v->items[0].data, "a\0b", 4);
	v = conf_node_value(s, "k");
	assert_int_equal(v->count, 1);
	check_text(root, "s.k", "2");
	assert_null(conf_node_text(root, "s.x"));
	assert_null(conf_node_text(root, "x.k"));
	assert_null(conf_node_text(root, "s.k.x"));
	conf_node_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_doubling),
		cmocka_unit_test(test_many_errors),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_include_relative),
		cmocka_unit_test(test_include_errors),
		cmocka_unit_test(test_include_from_text),
		cmocka_unit_test(test_tree),
	};

	return cmocka_run_group_tests_name("conf/parse", tests, make_dir, remove_dir);
}
