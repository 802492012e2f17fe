/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/canned.h"

#include "base/str.h"

/* The wire format: golden bytes, truncation, nesting, doubles. */

/* Hex digits, blanks between them. */
static struct wbuf unhex(const char *hex)
{
	char digits[512];
	struct wbuf w;
	size_t n = 0;

	for (; *hex; hex++) {
		assert_true(n < sizeof(digits) - 1);
		if (*hex != ' ')
			digits[n++] = *hex;
	}
	digits[n] = '\0';
	wbuf_init(&w, 0);
	assert_int_equal(str_unhex(digits, &w), 0);
	return w;
}

static int check_hex(const char *hex)
{
	struct wbuf w = unhex(hex);
	int rc = codec_check(wbuf_view(&w));

	wbuf_done(&w);
	return rc;
}

/* The example of the protocol's description: key1 = value1, a section with a list and a section. */
static void write_example(struct wbuf *w)
{
	codec_text(w, "key1", "value1");
	codec_section(w, "section1");
	codec_section(w, "sub-section");
	codec_text(w, "key2", "value2");
	codec_section_end(w);
	codec_list(w, "list1");
	codec_item(w, view_str("item1"));
	codec_item(w, view_str("item2"));
	codec_list_end(w);
	codec_section_end(w);
}

static const char example[] = "03046b657931000676616c756531"
			      "010873656374696f6e31"
			      "010b7375622d73656374696f6e"
			      "03046b657932000676616c756532"
			      "02"
			      "04056c697374310500056974656d310500056974656d3206"
			      "02";

static void test_golden_bytes(void **state)
{
	struct wbuf w, want = unhex(example);

	(void)state;
	wbuf_init(&w, 0);
	write_example(&w);
	assert_int_equal(wbuf_err(&w), 0);
	assert_true(view_equal(wbuf_view(&w), wbuf_view(&want)));
	wbuf_done(&w);
	wbuf_done(&want);
}

static void test_tree(void **state)
{
	struct wbuf w = unhex(example);
	const struct conf_value *list;
	struct conf_node *root, *section;

	(void)state;
	assert_int_equal(codec_to_node(wbuf_view(&w), &root), 0);
	assert_string_equal(conf_node_text(root, "key1"), "value1");
	section = conf_node_section(root, "section1");
	assert_non_null(section);
	assert_string_equal(conf_node_text(section, "sub-section.key2"), "value2");
	list = conf_node_value(section, "list1");
	assert_non_null(list);
	assert_true(list->is_list);
	assert_int_equal(list->count, 2);
	assert_string_equal(list->items[1].data, "item2");
	assert_false(conf_node_value(root, "key1")->is_list);
	conf_node_free(root);
	wbuf_done(&w);
}

static void test_binary_values(void **state)
{
	struct conf_node *root;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	codec_value(&w, "data", view_make("a\0b", 3));
	assert_int_equal(codec_to_node(wbuf_view(&w), &root), 0);
	assert_int_equal(conf_node_value(root, "data")->items[0].len, 3);
	assert_memory_equal(conf_node_value(root, "data")->items[0].data, "a\0b", 4);
	conf_node_free(root);
	wbuf_done(&w);
}

/* Every shorter message is refused, unless it ends between two elements of the outermost level. */
static void test_truncation(void **state)
{
	struct wbuf w = unhex(example);
	struct conf_node *root = NULL;

	(void)state;
	for (size_t len = 0; len < w.len; len++) {
		struct view cut = view_make(w.data, len);
		int rc = codec_check(cut);

		if (len == 0 || len == 14)
			assert_int_equal(rc, 0);
		else
			assert_int_equal(rc, E_SHORT);
		if (rc)
			assert_int_equal(codec_to_node(cut, &root), rc);
		assert_null(root);
	}
	wbuf_done(&w);
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(check_hex("02"), E_MALFORMED);			 /* end of no section */
	assert_int_equal(check_hex("06"), E_MALFORMED);			 /* end of no list */
	assert_int_equal(check_hex("050001 61"), E_MALFORMED);		 /* item of no list */
	assert_int_equal(check_hex("040161 040162 06 06"), E_MALFORMED); /* list in a list */
	assert_int_equal(check_hex("040161 010162 02 06"), E_MALFORMED); /* section in a list */
	assert_int_equal(check_hex("040161 0301620000 06"), E_MALFORMED);
	assert_int_equal(check_hex("040161"), E_SHORT);
	assert_int_equal(check_hex("010161"), E_SHORT);
	assert_int_equal(check_hex("07"), E_MALFORMED);
	assert_int_equal(check_hex("00"), E_MALFORMED);
	assert_int_equal(check_hex("03026100 0000"), E_MALFORMED); /* NUL in a name */
	assert_int_equal(check_hex("0100 02"), 0); /* strongSwan has nameless ones */
}

static void test_doubles(void **state)
{
	(void)state;
	assert_int_equal(check_hex("0301610000 0301610000"), E_EXISTS);
	assert_int_equal(check_hex("0301610000 040161 06"), E_EXISTS);
	assert_int_equal(check_hex("010161 02 010161 02"), E_EXISTS);
	/* The same name in different sections is fine. */
	assert_int_equal(check_hex("010161 0301610000 02 010162 0301610000 02"), 0);
	assert_int_equal(check_hex("010161 010161 010161 02 02 02"), 0);
}

static int check_nested(unsigned depth)
{
	struct wbuf w;
	int rc;

	wbuf_init(&w, 0);
	for (unsigned i = 0; i < depth; i++)
		codec_section(&w, "s");
	for (unsigned i = 0; i < depth; i++)
		codec_section_end(&w);
	rc = codec_check(wbuf_view(&w));
	wbuf_done(&w);
	return rc;
}

static int check_many_keys(unsigned n)
{
	char key[16];
	struct wbuf w;
	int rc;

	wbuf_init(&w, 0);
	for (unsigned i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%u", i);
		codec_text(&w, key, "");
	}
	rc = codec_check(wbuf_view(&w));
	wbuf_done(&w);
	return rc;
}

static void test_limits(void **state)
{
	struct wbuf w;

	(void)state;
	assert_int_equal(check_nested(CODEC_MAX_DEPTH), 0);
	assert_int_equal(check_nested(CODEC_MAX_DEPTH + 1), E_LIMIT);
	assert_int_equal(check_many_keys(CODEC_MAX_KEYS), 0);
	assert_int_equal(check_many_keys(CODEC_MAX_KEYS + 1), E_LIMIT);
	wbuf_init(&w, 0);
	assert_non_null(wbuf_space(&w, CODEC_MAX_PACKET + 1));
	assert_int_equal(codec_check(wbuf_view(&w)), E_LIMIT);
	wbuf_done(&w);
}

static void test_writer_limits(void **state)
{
	char name[CODEC_MAX_NAME + 2];
	struct wbuf w;
	size_t begun;
	char *value;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	wbuf_init(&w, 0);
	codec_section(&w, name + 1);
	assert_int_equal(wbuf_err(&w), 0);
	codec_section(&w, name);
	assert_int_equal(wbuf_err(&w), E_LIMIT);
	wbuf_done(&w);

	wbuf_init(&w, 0);
	value = calloc(1, CODEC_MAX_VALUE + 1);
	assert_non_null(value);
	codec_value(&w, "k", view_make(value, CODEC_MAX_VALUE));
	assert_int_equal(wbuf_err(&w), 0);
	codec_value(&w, "k", view_make(value, CODEC_MAX_VALUE + 1));
	assert_int_equal(wbuf_err(&w), E_LIMIT);
	free(value);
	wbuf_done(&w);

	wbuf_init(&w, 0);
	begun = codec_packet_begin(&w, CODEC_CMD_RESPONSE, NULL);
	assert_non_null(wbuf_space(&w, CODEC_MAX_PACKET));
	codec_packet_end(&w, begun);
	assert_int_equal(wbuf_err(&w), E_LIMIT);
	wbuf_done(&w);
}

static void test_packets(void **state)
{
	struct codec_packet packet;
	struct wbuf w, want = unhex("0000000f 00 07 76657273696f6e 03 01 61 0001 62");
	size_t begun;

	(void)state;
	wbuf_init(&w, 0);
	begun = codec_packet_begin(&w, CODEC_CMD_REQUEST, "version");
	codec_text(&w, "a", "b");
	codec_packet_end(&w, begun);
	assert_int_equal(wbuf_err(&w), 0);
	assert_true(view_equal(wbuf_view(&w), wbuf_view(&want)));
	assert_int_equal(codec_packet_read(view_make(w.data + 4, w.len - 4), &packet), 0);
	assert_int_equal(packet.type, CODEC_CMD_REQUEST);
	assert_string_equal(packet.name, "version");
	assert_int_equal(packet.message.len, 6);
	/* Cut anywhere within type and name. */
	for (size_t len = 0; len < 9; len++)
		assert_int_equal(codec_packet_read(view_make(w.data + 4, len), &packet), E_SHORT);
	assert_int_equal(codec_packet_read(view_make("\x08", 1), &packet), E_MALFORMED);
	assert_int_equal(codec_packet_read(view_make("\x00\x00", 2), &packet), E_MALFORMED);
	assert_int_equal(codec_packet_read(view_make("\x01", 1), &packet), 0);
	assert_string_equal(packet.name, "");
	wbuf_done(&w);
	wbuf_done(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_bytes),  cmocka_unit_test(test_tree),
		cmocka_unit_test(test_binary_values), cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_order),	      cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_limits),	      cmocka_unit_test(test_writer_limits),
		cmocka_unit_test(test_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
