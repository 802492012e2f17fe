/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/wire/bytes.h"

#include "wire/ts.h"

static struct ts_list list;

static int decode(const char *hex)
{
	struct bytes b = bytes_hex(hex);
	int err = ts_decode(bytes_view(&b), &list);

	bytes_done(&b);
	return err;
}

static struct ts parse(const char *text)
{
	struct ts t;

	if (ts_parse(&t, text))
		fail_msg("'%s' is refused", text);
	return t;
}

#define V4 "07 06 0010 0050 0050 0a010000 0a0100ff "
#define V6 "08 00 0028 0000 ffff 20010db8000000000000000000000000 20010db80000000000000000000000ff "

static void test_golden(void **state)
{
	struct wbuf w;

	(void)state;
	assert_int_equal(decode("02 aabbcc " V4 V6), 0);
	assert_int_equal(list.count, 2);
	wbuf_init(&w, 0);
	ts_list_text(&list, &w);
	assert_text(&w, "10.1.0.0/24[tcp/80] 2001:db8::/120");
	ts_encode(&list, &w);
	assert_written(&w, "02 000000 " V4 V6);
	wbuf_done(&w);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *hex;
		int err;
	} cases[] = {
		{"00 000000", 0},
		{"00 0000", E_SHORT},
		{"01 000000", E_SHORT},
		{"02 000000 " V4, E_SHORT},
		{"01 000000 " V4 V4, E_TRAILING},
		{"01 000000 " V4 "00", E_TRAILING},
		{"01 000000 07 00 0003", E_MALFORMED},
		{"01 000000 07 00 000f 0000 ffff 0a010000 0a0100", E_SHORT},
		{"01 000000 07 00 0011 0000 ffff 0a010000 0a0100ff 00", E_TRAILING},
		{"01 000000 07 00 0010 0000 ffff 0a010001 0a010000", E_MALFORMED}, /* backwards */
		{"01 000000 07 00 0010 0051 0050 0a010000 0a0100ff", E_MALFORMED},
		{"01 000000 07 00 0010 ffff 0000 0a010000 0a0100ff", 0}, /* OPAQUE */
		{"01 000000 08 00 0010 0000 ffff 0a010000 0a0100ff", E_SHORT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(decode(cases[i].hex), cases[i].err);
		if (cases[i].err)
			assert_int_equal(list.count, 0);
	}
}

static void test_unknown_type_skipped(void **state)
{
	(void)state;
	assert_int_equal(decode("03 000000 0a 00 0008 01020304 " V4 "09 00 0004"), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.t[0].protocol, 6);
	assert_int_equal(decode("01 000000 0a 00 0009 01020304"), E_SHORT);
}

static void test_limits(void **state)
{
	struct wbuf w;

	(void)state;
	for (unsigned n = TS_MAX; n <= TS_MAX + 1; n++) {
		wbuf_init(&w, 0);
		wbuf_u32(&w, n << 24);
		for (unsigned i = 0; i < n; i++) {
			wbuf_u32(&w, 0x07000010);
			wbuf_u32(&w, 0x0000ffff);
			wbuf_u64(&w, 0x0a0000010a000002);
		}
		assert_int_equal(ts_decode(wbuf_view(&w), &list), n <= TS_MAX ? 0 : E_LIMIT);
		assert_int_equal(list.count, n <= TS_MAX ? n : 0);
		wbuf_done(&w);
	}
	/* A selector without a family cannot be written. */
	wbuf_init(&w, 0);
	list = (struct ts_list){.count = 1};
	ts_encode(&list, &w);
	assert_int_equal(wbuf_err(&w), E_MALFORMED);
	wbuf_done(&w);
}

static void test_text(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{"10.1.0.0/24", "10.1.0.0/24"},
		{"10.1.0.7/24", "10.1.0.0/24"},
		{"10.3.0.1", "10.3.0.1/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"::/0", "::/0"},
		{"10.1.0.1-10.1.0.9", "10.1.0.1..10.1.0.9"},
		{"10.3.0.1/32[tcp/80]", "10.3.0.1/32[tcp/80]"},
		{"10.3.0.1/32[tcp/http]", "10.3.0.1/32[tcp/80]"},
		{"10.3.0.1/32[TCP]", "10.3.0.1/32[tcp]"},
		{"fec1::1[udp/1000-2000]", "fec1::1/128[udp/1000-2000]"},
		{"10.1.0.1-10.1.0.2[gre]", "10.1.0.1..10.1.0.2[gre]"},
		{"10.0.0.0/8[47/any]", "10.0.0.0/8[gre]"},
		{"10.0.0.0/8[sctp/opaque]", "10.0.0.0/8[sctp/OPAQUE]"},
		{"10.0.0.0/8[sctp/OPAQUE]", "10.0.0.0/8[sctp/OPAQUE]"},
		{"10.0.0.0/8[253]", "10.0.0.0/8[253]"},
		{"10.0.0.0/8[any]", "10.0.0.0/8"},
		{"10.0.0.0/8[any/any]", "10.0.0.0/8"},
		{"10.0.0.0/8[]", "10.0.0.0/8"},
		{"10.0.0.0/8[/53]", "10.0.0.0/8[/53]"},
		{"10.0.0.0/8[icmp]", "10.0.0.0/8[icmp]"},
		{"10.0.0.0/8[icmp/8]", "10.0.0.0/8[icmp/8]"},
		{"10.0.0.0/8[icmp/769]", "10.0.0.0/8[icmp/3(1)]"},
		{"10.0.0.0/8[icmp/8-10]", "10.0.0.0/8[icmp/8-10]"},
		{"::/0[ipv6-icmp]", "::/0[ipv6-icmp]"},
		{"::/0[icmpv6/128]", "::/0[ipv6-icmp/128]"},
	};
	char buf[TS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ts t = parse(cases[i].in);

		assert_string_equal(ts_text(&t, buf), cases[i].out);
	}
}

static void test_text_longest(void **state)
{
	struct ts t = parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff1-"
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe[mobility-header/10000-20000]");
	char buf[TS_TEXT_MAX];

	(void)state;
	assert_string_equal(ts_text(&t, buf),
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff1.."
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe[mobility-header/10000-20000]");
	t = (struct ts){0};
	assert_string_equal(ts_text(&t, buf), "?..?[/0]");
}

static void test_parse_refuses(void **state)
{
	static const char *const cases[] = {
		"",
		"dynamic",
		"10.1.0.0/33",
		"10.1.0.0/24[",
		"10.1.0.0/24]",
		"10.1.0.0/24[tcp",
		"10.1.0.0/24[tcp]x",
		"10.1.0.0/24[256]",
		"10.1.0.0/24[-1]",
		"10.1.0.0/24[nosuch]",
		"10.1.0.0/24[tcp/65536]",
		"10.1.0.0/24[tcp/2-1]",
		"10.1.0.0/24[tcp/1-]",
		"10.1.0.0/24[tcp/-1]",
		"10.1.0.0/24[tcp/nosuchservice]",
		"10.1.0.0/24[tcp/1-2-3]",
		"10.1.0.0/24 [tcp]",
		"[tcp]",
		"10.1.0.0/24[tcp/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]",
	};
	struct ts t = {.protocol = 99};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (ts_parse(&t, cases[i]) != E_MALFORMED)
			fail_msg("'%s' is taken", cases[i]);
		assert_int_equal(t.protocol, 99);
	}
}

static void test_suffix(void **state)
{
	struct addr a;
	struct ts t;

	(void)state;
	assert_int_equal(addr_parse(&a, "192.0.2.1"), 0);
	t = ts_from_addr(&a);
	assert_int_equal(ts_parse_suffix(&t, "[udp/53]"), 0);
	assert_true(ts_equal(&t, &(struct ts){
					 .range = ts_from_addr(&a).range,
					 .protocol = 17,
					 .port_first = 53,
					 .port_last = 53,
				 }));
	assert_int_equal(ts_parse_suffix(&t, "udp"), E_MALFORMED);
	assert_int_equal(t.port_first, 53);
	assert_int_equal(ts_parse_suffix(&t, ""), 0);
	assert_int_equal(t.protocol, 0);
	assert_int_equal(t.port_last, 65535);
	t = ts_from_addr(&(struct addr){0});
	assert_int_equal(t.range.family, 0);
}

static void test_meet(void **state)
{
	static const struct {
		const char *a, *b, *common; /* NULL: none */
	} cases[] = {
		{"10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"},
		{"10.0.0.0/8", "11.0.0.0/8", NULL},
		{"10.0.0.0/8", "::/0", NULL},
		{"10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.20", "10.0.0.5-10.0.0.9"},
		{"10.0.0.0/8[tcp]", "10.0.0.0/8", "10.0.0.0/8[tcp]"},
		{"10.0.0.0/8[tcp]", "10.0.0.0/8[udp]", NULL},
		{"10.0.0.0/8[tcp/80]", "10.0.0.0/8[tcp]", "10.0.0.0/8[tcp/80]"},
		{"10.0.0.0/8[tcp/80-90]", "10.0.0.0/8[tcp/85-99]", "10.0.0.0/8[tcp/85-90]"},
		{"10.0.0.0/8[tcp/80-90]", "10.0.0.0/8[tcp/91]", NULL},
		{"10.0.0.0/8[tcp/opaque]", "10.0.0.0/8", "10.0.0.0/8[tcp/opaque]"},
		{"10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/opaque]"},
		{"10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/80]", NULL},
		{"10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/0]", NULL},
		{"10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/65535]", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ts a = parse(cases[i].a), b = parse(cases[i].b), ab, ba, want;
		bool meet = cases[i].common;

		assert_int_equal(ts_meet(&a, &b, &ab), meet);
		assert_int_equal(ts_meet(&b, &a, &ba), meet);
		if (!meet)
			continue;
		want = parse(cases[i].common);
		assert_true(ts_equal(&ab, &want) && ts_equal(&ba, &want));
		assert_true(ts_contains(&a, &ab) && ts_contains(&b, &ab));
		assert_int_equal(ts_contains(&a, &b), ts_equal(&b, &want));
		assert_int_equal(ts_contains(&b, &a), ts_equal(&a, &want));
	}
}

static void fill(struct ts_list *l, const char *const *texts)
{
	for (l->count = 0; *texts; texts++) {
		struct ts t = parse(*texts);

		assert_int_equal(ts_add(l, &t), 0);
	}
}

static void test_narrow(void **state)
{
	static const struct {
		const char *ours[4], *theirs[4];
		const char *result;
	} cases[] = {
		{{"10.1.0.0/16"}, {"0.0.0.0/0"}, "10.1.0.0/16"},
		{{"0.0.0.0/0"}, {"10.1.0.0/24", "10.2.0.0/24"}, "10.1.0.0/24 10.2.0.0/24"},
		{{"10.1.0.0/24", "10.2.0.0/24"},
		 {"10.2.0.0/16", "10.1.0.0/16"},
		 "10.2.0.0/24 10.1.0.0/24"},
		/* the packet's own selector first (section 2.9): covered by the wider one */
		{{"10.0.0.0/8"}, {"10.1.0.1[tcp/80]", "10.1.0.0/16"}, "10.1.0.0/16"},
		{{"10.0.0.0/8", "10.0.0.0/8"}, {"10.1.0.0/16", "10.1.0.0/16"}, "10.1.0.0/16"},
		{{"10.0.0.0/8[tcp]"}, {"10.1.0.0/16", "::/0"}, "10.1.0.0/16[tcp]"},
		{{"10.0.0.0/8"}, {"11.0.0.0/8"}, NULL},
		{{"10.0.0.0/8"}, {NULL}, NULL},
	};
	struct ts_list ours, theirs, got;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fill(&ours, cases[i].ours);
		fill(&theirs, cases[i].theirs);
		assert_int_equal(ts_narrow(&ours, &theirs, &got), cases[i].result ? 0 : E_TS);
		ts_list_text(&got, &w);
		assert_text(&w, cases[i].result ? cases[i].result : "");
	}
	wbuf_done(&w);
}

static void test_narrow_limit(void **state)
{
	struct ts_list ours = {0}, theirs = {0}, got;

	(void)state;
	/* 9 rows by 9 columns of a grid meet in 81 places. */
	for (unsigned i = 0; i < 9; i++) {
		struct ts t = parse("10.0.0.0/8[tcp]");

		t.port_first = (uint16_t)(10 * i);
		t.port_last = (uint16_t)(10 * i + 1);
		assert_int_equal(ts_add(&ours, &t), 0);
		t = parse("10.0.0.0/24");
		t.range.first[2] = t.range.last[2] = (uint8_t)(2 * i);
		assert_int_equal(ts_add(&theirs, &t), 0);
	}
	assert_int_equal(ts_narrow(&ours, &theirs, &got), E_LIMIT);
	assert_int_equal(got.count, 0);
	ours.count = 7;
	assert_int_equal(ts_narrow(&ours, &theirs, &got), 0);
	assert_int_equal(got.count, 63);
}

static void test_lists(void **state)
{
	struct ts_list a = {0}, b;
	struct ts t = parse("10.0.0.0/8");

	(void)state;
	while (a.count < TS_MAX)
		assert_int_equal(ts_add(&a, &t), 0);
	assert_int_equal(ts_add(&a, &t), E_LIMIT);
	assert_int_equal(a.count, TS_MAX);
	b = a;
	assert_true(ts_list_equal(&a, &b));
	b.t[TS_MAX - 1].protocol = 6;
	assert_false(ts_list_equal(&a, &b));
	b = a;
	b.count--;
	assert_false(ts_list_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_unknown_type_skipped),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_longest),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_suffix),
		cmocka_unit_test(test_meet),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_narrow_limit),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
