/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/canned.h"

#include "tools/ctl/dump.h"
#include "tools/ctl/show.h"
#include "tools/ctl/show_cert.h"

/* The control program's output, compared with strongSwan's byte for byte. */

typedef void show_fn(const struct conf_node *message, struct wbuf *out);

static const struct golden {
	const char *name;
	const char *label;
	show_fn *show;
} goldens[] = {
	{"list-sas-carol", "list-sa event", show_sa},
	{"list-sas-windows", "list-sa event", show_sa},
	{"list-conns-moon", "list-conn event", show_conn},
	{"list-conns-windows", "list-conn event", show_conn},
	{"list-conns-full", "list-conn event", show_conn},
	{"list-pools-windows", "get-pools reply", show_pools},
	{"list-algs", "get-algorithms reply", show_algorithms},
	{"list-authorities", "list-authority event", show_authority},
	{"stats", "stats reply", show_stats},
};

#define N_GOLDENS (sizeof(goldens) / sizeof(goldens[0]))

static void check_show(const char *message_file, show_fn *show, const char *text_file)
{
	struct wbuf message = canned_message(message_file), out;
	struct conf_node *node;

	assert_int_equal(codec_to_node(wbuf_view(&message), &node), 0);
	wbuf_init(&out, 0);
	show(node, &out);
	assert_int_equal(wbuf_err(&out), 0);
	canned_expect(text_file, &out);
	conf_node_free(node);
	wbuf_done(&out);
	wbuf_done(&message);
}

static void test_text(void **state)
{
	char message[128], text[128];

	(void)state;
	for (size_t i = 0; i < N_GOLDENS; i++) {
		snprintf(message, sizeof(message), "%s.pretty", goldens[i].name);
		snprintf(text, sizeof(text), "%s.txt", goldens[i].name);
		check_show(message, goldens[i].show, text);
	}
}

static void test_pretty(void **state)
{
	char name[128];

	(void)state;
	for (size_t i = 0; i < N_GOLDENS; i++) {
		struct wbuf message, out;

		snprintf(name, sizeof(name), "%s.pretty", goldens[i].name);
		message = canned_message(name);
		wbuf_init(&out, 0);
		assert_int_equal(dump_pretty(goldens[i].label, wbuf_view(&message), &out), 0);
		canned_expect(name, &out);
		wbuf_done(&out);
		wbuf_done(&message);
	}
}

static void test_raw(void **state)
{
	struct wbuf w, out;

	(void)state;
	wbuf_init(&w, 0);
	codec_section(&w, "rw");
	codec_text(&w, "k", "v w");
	codec_list(&w, "empty");
	codec_list_end(&w);
	codec_list(&w, "l");
	codec_item(&w, view_str("a"));
	codec_item(&w, view_str("b"));
	codec_list_end(&w);
	codec_section(&w, "");
	codec_section_end(&w);
	codec_section_end(&w);
	codec_value(&w, "bin", view_make("\x00\xff", 2));
	codec_text(&w, "escape", "\x1b[31m");
	wbuf_init(&out, 0);
	assert_int_equal(dump_raw("x event", wbuf_view(&w), &out), 0);
	wbuf_u8(&out, 0);
	assert_string_equal((char *)out.data, "x event {rw {k=v w empty=[] l=[a b]  {}} "
					      "bin=0x00ff escape=0x1b5b33316d}\n");
	wbuf_done(&out);
	wbuf_done(&w);
}

static void test_log_lines(void **state)
{
	struct conf_node *node;
	struct wbuf w, out;

	(void)state;
	wbuf_init(&w, 0);
	codec_text(&w, "group", "IKE");
	codec_text(&w, "thread", "7");
	codec_text(&w, "msg", "first\nsecond");
	assert_int_equal(codec_to_node(wbuf_view(&w), &node), 0);
	wbuf_init(&out, 0);
	show_log(node, &out);
	show_control_log(node, &out);
	wbuf_u8(&out, 0);
	assert_string_equal((char *)out.data,
			    "07[IKE] first\n07[IKE] second\n[IKE] first\n[IKE] second\n");
	conf_node_free(node);
	wbuf_done(&out);
	wbuf_done(&w);
}

/* ---- certificates --------------------------------------------------------------------------- */

static void check_cert(const char *type, const char *der, bool has_privkey, const char *text)
{
	struct wbuf data = canned_read(der), out;
	struct show_cert_params params = {
		.type = type,
		.data = wbuf_view(&data),
		.has_privkey = has_privkey,
		.utc = true,
		.now = 1795287841, /* when the vectors were made */
	};

	wbuf_init(&out, 0);
	assert_int_equal(show_cert_text(&params, &out), 0);
	canned_expect(text, &out);
	wbuf_done(&out);
	wbuf_done(&data);
}

static void test_certs(void **state)
{
	(void)state;
	check_cert("X509", "moon.der", true, "moon.txt");
	check_cert("X509", "ca.der", false, "ca.txt");
	check_cert("X509_CRL", "ca.crl", false, "crl.txt");
	check_cert("PUBKEY", "moon-pub.der", true, "pubkey.txt");
}

static void test_validity(void **state)
{
	static const struct {
		int64_t now;
		const char *text;
	} rows[] = {
		{1795286386 - 86400, "not before Nov 21 18:39:46 UTC 2026, not valid yet (valid in "
				     "24 hours)\n"},
		{1795286386 + 86400 * 1461LL, "expired (24 hours ago)\n"},
		{1795286386 + 86400 * 1459LL + 7000, "ok (expires in 22 hours)\n"},
	};
	struct wbuf data = canned_read("moon.der"), out;
	struct show_cert_params params = {.type = "X509", .data = wbuf_view(&data), .utc = true};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		params.now = rows[i].now;
		wbuf_init(&out, 0);
		assert_int_equal(show_cert_text(&params, &out), 0);
		wbuf_u8(&out, 0);
		if (!strstr((char *)out.data, rows[i].text))
			fail_msg("expected \"%s\" in\n%s", rows[i].text, out.data);
		wbuf_done(&out);
	}
	wbuf_done(&data);
}

static void test_bad_certs(void **state)
{
	struct wbuf data = canned_read("moon.der"), out;
	struct show_cert_params params = {.type = "X509", .data = {data.data, data.len - 1}};

	(void)state;
	wbuf_init(&out, 0);
	assert_int_equal(show_cert_text(&params, &out), E_MALFORMED);
	params.type = "X509_CRL";
	assert_int_equal(show_cert_text(&params, &out), E_MALFORMED);
	params.type = "PUBKEY";
	assert_int_equal(show_cert_text(&params, &out), E_MALFORMED);
	params.type = "X509_AC";
	assert_int_equal(show_cert_text(&params, &out), E_UNSUPPORTED);
	wbuf_done(&out);
	wbuf_done(&data);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* A reader of RFC 8259 that only says yes or no; returns the rest, or NULL. */
static const char *json_value(const char *p);

static const char *json_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p == '\\') {
			p++;
			if (*p == 'u') {
				if (strspn(p + 1, "0123456789abcdefABCDEF") < 4)
					return NULL;
				p += 4;
			} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
				return NULL;
			}
		}
		p++;
	}
	return p + 1;
}

static const char *json_members(const char *p, char close)
{
	if (*++p == close)
		return p + 1;
	for (;;) {
		if (close == '}') {
			p = json_string(p);
			if (!p || *p++ != ':')
				return NULL;
		}
		p = json_value(p);
		if (!p)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

static const char *json_value(const char *p)
{
	if (*p == '{')
		return json_members(p, '}');
	if (*p == '[')
		return json_members(p, ']');
	if (*p == '"')
		return json_string(p);
	if (*p == '0')
		return p + 1;
	return *p >= '1' && *p <= '9' ? p + strspn(p, "0123456789") : NULL;
}

static void assert_json(struct wbuf *w)
{
	const char *end;

	wbuf_u8(w, 0);
	end = json_value((char *)w->data);
	if (!end || *end)
		fail_msg("not JSON: %s", w->data);
	wbuf_truncate(w, w->len - 1);
}

static void test_json_is_valid(void **state)
{
	char name[128];

	(void)state;
	for (size_t i = 0; i < N_GOLDENS; i++) {
		struct wbuf message, out;

		snprintf(name, sizeof(name), "%s.pretty", goldens[i].name);
		message = canned_message(name);
		wbuf_init(&out, 0);
		assert_int_equal(dump_json(wbuf_view(&message), &out), 0);
		assert_json(&out);
		wbuf_done(&out);
		wbuf_done(&message);
	}
}

static void test_json_values(void **state)
{
	struct wbuf w, out;

	(void)state;
	wbuf_init(&w, 0);
	codec_text(&w, "bytes-in", "184467440737095");
	codec_text(&w, "packets-in", "007");
	codec_text(&w, "spi-in", "12345678");
	codec_text(&w, "quote\"", "a\\b\"c\n\x01\x7f");
	codec_value(&w, "bin", view_make("\xff\x00", 2));
	codec_text(&w, "utf8", "Zürich");
	codec_value(&w, "surrogate", view_make("\xed\xa0\x80", 3));
	codec_value(&w, "overlong", view_make("\xc0\xaf", 2));
	wbuf_init(&out, 0);
	assert_int_equal(dump_json(wbuf_view(&w), &out), 0);
	assert_json(&out);
	wbuf_u8(&out, 0);
	assert_string_equal((char *)out.data,
			    "{\"bytes-in\":184467440737095,\"packets-in\":\"007\","
			    "\"spi-in\":\"12345678\","
			    "\"quote\\\"\":\"a\\\\b\\\"c\\n\\u0001\\u007f\",\"bin\":\"0xff00\","
			    "\"utf8\":\"Zürich\",\"surrogate\":\"0xeda080\","
			    "\"overlong\":\"0xc0af\"}");
	wbuf_done(&out);
	wbuf_done(&w);
}

static void test_json_of_certs(void **state)
{
	struct wbuf data = canned_read("moon.der"), out;
	struct show_cert_params params = {.type = "X509", .data = wbuf_view(&data)};

	(void)state;
	wbuf_init(&out, 0);
	wbuf_u8(&out, '{');
	assert_int_equal(show_cert_json(&params, &out), 0);
	wbuf_str(&out, "\"end\":0}");
	assert_json(&out);
	wbuf_u8(&out, 0);
	assert_non_null(strstr((char *)out.data, "\"not-before\":1795286386,"));
	assert_non_null(
		strstr((char *)out.data, "\"subject\":\"C=CH, O=Cyber, CN=moon.strongswan.org\","));
	wbuf_done(&out);
	wbuf_done(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	    cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_raw),	    cmocka_unit_test(test_log_lines),
		cmocka_unit_test(test_certs),	    cmocka_unit_test(test_validity),
		cmocka_unit_test(test_bad_certs),   cmocka_unit_test(test_json_is_valid),
		cmocka_unit_test(test_json_values), cmocka_unit_test(test_json_of_certs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
