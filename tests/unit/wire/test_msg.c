/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/wire/bytes.h"

#include "tests/unit/wire/echo.h"

/* Structure of messages: header, chain of payloads, envelopes, limits, and the writer. */

static struct wire_msg msg;

#define SPIS "1111111111111111 2222222222222222 "
/* A header: payload type, exchange, flags, message id, length. */
#define HDR(next, length) SPIS next "20 22 08 00000000 " length

/* For verdicts: the views into the bytes are gone on return. */
static int decode(const char *hex)
{
	struct bytes b = bytes_hex(hex);
	int err = wire_msg_decode(bytes_view(&b), &msg);

	bytes_done(&b);
	return err;
}

static void test_header(void **state)
{
	struct bytes b = bytes_hex(SPIS "29 21 25 28 01020304 0000001c");
	struct wire_hdr hdr;
	struct wbuf w;

	(void)state;
	assert_int_equal(wire_hdr_decode(bytes_view(&b), &hdr), 0);
	assert_int_equal(hdr.spi_i, 0x1111111111111111);
	assert_int_equal(hdr.spi_r, 0x2222222222222222);
	assert_int_equal(hdr.next, PAYLOAD_NOTIFY);
	assert_int_equal(hdr.version, 0x21);
	assert_int_equal(hdr.exchange, IKE_INFORMATIONAL);
	assert_int_equal(hdr.flags, IKE_FLAG_INITIATOR | IKE_FLAG_RESPONSE);
	assert_int_equal(hdr.msgid, 0x01020304);
	assert_int_equal(hdr.length, IKE_HDR_LEN);
	wbuf_init(&w, 0);
	wire_hdr_encode(&hdr, &w);
	assert_view_equal(wbuf_view(&w), bytes_view(&b));
	wbuf_done(&w);
	bytes_done(&b);
}

static void test_header_length(void **state)
{
	(void)state;
	assert_int_equal(decode(HDR("00", "0000001c")), 0);
	assert_int_equal(decode(HDR("00", "0000001b")), E_MALFORMED);
	assert_int_equal(decode(HDR("00", "00000000")), E_MALFORMED);
	assert_int_equal(decode(HDR("00", "0000001d")), E_SHORT);
	assert_int_equal(decode(HDR("00", "ffffffff")), E_SHORT);
	assert_int_equal(decode(HDR("00", "0000001c") "00"), E_TRAILING);
	assert_int_equal(decode(HDR("00", "0000001d") "00"), E_TRAILING);
	assert_int_equal(decode(""), E_SHORT);
}

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(decode(SPIS "00 2f 22 08 00000000 0000001c"), 0); /* minor: ignored */
	assert_int_equal(decode(SPIS "00 30 22 08 00000007 0000001c"), E_UNSUPPORTED);
	assert_int_equal(msg.hdr.msgid, 7); /* the reply needs it */
	assert_int_equal(decode(SPIS "00 10 22 08 00000000 0000001c"), E_UNSUPPORTED);
}

static void test_unknown_payloads(void **state)
{
	struct bytes b;
	struct wbuf w;

	(void)state;
	/* An unknown one that is not critical is kept; the bit of a known one is ignored. */
	b = bytes_hex(HDR("c8", "0000002a") "2b 00 0006 abcd 00 80 0008 01020304");
	assert_int_equal(wire_msg_decode(bytes_view(&b), &msg), 0);
	assert_int_equal(msg.count, 2);
	assert_int_equal(msg.p[0].type, 200);
	assert_int_equal(msg.p[0].u.data.len, 2);
	assert_int_equal(msg.p[1].type, PAYLOAD_VENDOR);
	assert_true(msg.p[1].critical);
	wbuf_init(&w, 0);
	wire_msg_summary(&msg, &w);
	assert_text(&w, "IKE_SA_INIT request 0 [ UNKN(200) V ]");
	wbuf_done(&w);
	bytes_done(&b);

	assert_int_equal(decode(HDR("2b", "00000028") "c8 00 0006 abcd 00 80 0006 0102"),
			 E_CRITICAL);
	assert_int_equal(msg.critical_type, 200);
	assert_int_equal(msg.count, 0);
	assert_int_equal(msg.hdr.spi_i, 0x1111111111111111);
	/* Types of IKEv1 and of groups are unknown, too. */
	assert_int_equal(decode(HDR("01", "00000020") "00 80 0004"), E_CRITICAL);
	assert_int_equal(decode(HDR("31", "00000020") "00 80 0004"), E_CRITICAL);
	assert_int_equal(msg.critical_type, 49);
	assert_int_equal(decode(HDR("31", "00000020") "00 7f 0004"), 0);
	assert_int_equal(msg.critical_type, 0);
}

static void test_chain(void **state)
{
	(void)state;
	assert_int_equal(decode(HDR("2b", "0000001c")), E_SHORT); /* no payload at all */
	assert_int_equal(decode(HDR("2b", "0000001f") "000000"), E_SHORT);
	assert_int_equal(decode(HDR("2b", "00000020") "00 00 0003"), E_MALFORMED);
	assert_int_equal(decode(HDR("2b", "00000020") "00 00 0005"), E_SHORT);
	assert_int_equal(decode(HDR("2b", "00000020") "2b 00 0004"), E_SHORT);
	assert_int_equal(decode(HDR("2b", "00000021") "00 00 0004 00"), E_TRAILING);
	assert_int_equal(decode(HDR("00", "00000020") "00 00 0004"), E_TRAILING);
}

static void test_single_instances(void **state)
{
	static const char *const bodies[] = {
		"22 00 0008 00130000",
		"23 00 0008 02000000",
		"24 00 0008 02000000",
		"27 00 0008 02000000",
		"2c 00 0008 00000000",
		"2d 00 0008 00000000",
		"2f 00 0008 01000000",
		"30 00 0008 03010004",
		"28 00 0014 000102030405060708090a0b0c0d0e0f",
		"21 00 0014 00 00 0010 01 01 00 01 00 00 0008 01 00 0001",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct bytes b = bytes_hex(bodies[i]);
		uint8_t type = b.data[0];
		struct wbuf w;

		wbuf_init(&w, 0);
		wbuf_add(&w, bytes_view(&b));
		wbuf_patch_u8(&w, 0, PAYLOAD_NONE);
		msg.count = 0;
		assert_int_equal(wire_msg_decode_inner(type, wbuf_view(&w), &msg), 0);
		/* ... again, of the same type ... */
		assert_int_equal(wire_msg_decode_inner(type, wbuf_view(&w), &msg), E_MALFORMED);
		assert_int_equal(msg.count, 1);
		/* ... also within one chain */
		wbuf_add(&w, bytes_view(&b));
		wbuf_patch_u8(&w, 0, type);
		wbuf_patch_u8(&w, b.len, PAYLOAD_NONE);
		msg.count = 0;
		assert_int_equal(wire_msg_decode_inner(type, wbuf_view(&w), &msg), E_MALFORMED);
		assert_int_equal(msg.count, 0);
		wbuf_done(&w);
		bytes_done(&b);
	}
}

/* n payloads of a type, each with this body. */
static int decode_many(uint8_t type, unsigned n, const char *body_hex)
{
	struct bytes body = bytes_hex(body_hex), chain;
	struct wbuf w;
	int err;

	wbuf_init(&w, 0);
	for (unsigned i = 0; i < n; i++) {
		wbuf_u8(&w, i + 1 < n ? type : PAYLOAD_NONE);
		wbuf_u8(&w, 0);
		wbuf_u16(&w, (uint16_t)(body.len + 4));
		wbuf_add(&w, bytes_view(&body));
	}
	chain = bytes_copy(wbuf_view(&w));
	msg.count = 0;
	err = wire_msg_decode_inner(type, bytes_view(&chain), &msg);
	wbuf_done(&w);
	bytes_done(&chain);
	bytes_done(&body);
	return err;
}

static void test_limits(void **state)
{
	static const struct {
		uint8_t type;
		unsigned most;
		const char *body;
	} cases[] = {
		{PAYLOAD_NOTIFY, 20, "00004000"}, {PAYLOAD_DELETE, 20, "01000000"},
		{PAYLOAD_VENDOR, 20, "00"},	  {PAYLOAD_CERTREQ, 20, "04"},
		{PAYLOAD_CERT, 8, "04"},	  {200, WIRE_MAX_PAYLOADS, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(decode_many(cases[i].type, cases[i].most, cases[i].body), 0);
		assert_int_equal(msg.count, cases[i].most);
		assert_int_equal(decode_many(cases[i].type, cases[i].most + 1, cases[i].body),
				 E_LIMIT);
		assert_int_equal(msg.count, 0);
	}
}

static void test_envelopes(void **state)
{
	struct bytes b;

	(void)state;
	b = bytes_hex(HDR("35", "0000002a") "23 00 000e 0002 0003 aabbccddeeff");
	assert_int_equal(wire_msg_decode(bytes_view(&b), &msg), 0);
	assert_int_equal(msg.p[0].u.frag.skf.number, 2);
	assert_int_equal(msg.p[0].u.frag.skf.total, 3);
	assert_int_equal(msg.p[0].u.frag.data.len, 6);
	assert_int_equal(msg.p[0].next, PAYLOAD_IDI);
	bytes_done(&b);
	/* Fragment numbers: RFC 7383 section 2.6. */
	assert_int_equal(decode(HDR("35", "00000024") "00 00 0008 0000 0001"), E_MALFORMED);
	assert_int_equal(decode(HDR("35", "00000024") "00 00 0008 0000 0000"), E_MALFORMED);
	assert_int_equal(decode(HDR("35", "00000024") "00 00 0008 0003 0002"), E_MALFORMED);
	assert_int_equal(decode(HDR("35", "00000024") "00 00 0008 ffff ffff"), 0);
	assert_int_equal(decode(HDR("35", "00000023") "00 00 0007 0001 00"), E_SHORT);
	/* Nothing may follow an envelope, whatever it says is next. */
	assert_int_equal(decode(HDR("2e", "00000020") "2b 00 0004"), 0);
	assert_int_equal(decode(HDR("2e", "00000024") "2b 00 0004 00 00 0004"), E_TRAILING);
	/* And there is none inside another. */
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_SK, view_str("\0\0\0\4"), &msg),
			 E_MALFORMED);
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_SKF, view_make(NULL, 0), &msg), E_MALFORMED);
}

static void test_inner_appends_or_leaves(void **state)
{
	struct bytes outer = bytes_hex(HDR("29", "00000028") "2e 00 0008 00004000 29 00 0004");
	struct bytes good = bytes_hex("2c 00 000c 0300400b 00000001 00 00 0008 00000000");
	struct bytes bad = bytes_hex("2c 00 000c 0300400b 00000001 c8 00 0008 00000000 00 80 0004");

	(void)state;
	assert_int_equal(wire_msg_decode(bytes_view(&outer), &msg), 0);
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_NOTIFY, bytes_view(&bad), &msg), E_CRITICAL);
	assert_int_equal(msg.critical_type, 200);
	assert_int_equal(msg.count, 2);
	assert_false(msg.has_tsi);
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_NOTIFY, bytes_view(&good), &msg), 0);
	assert_int_equal(msg.critical_type, 0);
	assert_int_equal(msg.count, 4);
	assert_true(msg.has_tsi);
	assert_false(msg.has_tsr || msg.has_sa || msg.has_cp);
	bytes_done(&outer);
	bytes_done(&good);
	bytes_done(&bad);
	/* An empty INFORMATIONAL has nothing inside. */
	assert_int_equal(decode(SPIS "2e 20 25 08 00000001 00000020 00 00 0004"), 0);
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_NONE, view_make(NULL, 0), &msg), 0);
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_NONE, view_str("x"), &msg), E_TRAILING);
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_IDI, view_make(NULL, 0), &msg), E_SHORT);
}

static void test_find(void **state)
{
	struct bytes b = bytes_hex("29 00 0008 00004000 2b 00 0008 00004021 29 00 0005 aa "
				   "29 00 0008 00003fff 00 00 0008 0000000e");
	const struct wire_payload *p;
	const struct wire_notify *n;

	(void)state;
	msg.count = 0;
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_NOTIFY, bytes_view(&b), &msg), 0);
	p = wire_msg_find(&msg, PAYLOAD_NOTIFY);
	for (unsigned i = 0; i < 4; i++, p = wire_msg_next(&msg, p))
		assert_ptr_equal(p, &msg.p[i < 2 ? i : i + 1]);
	assert_null(p);
	assert_null(wire_msg_next(&msg, wire_msg_find(&msg, PAYLOAD_VENDOR)));
	assert_null(wire_msg_find(&msg, PAYLOAD_SA));
	assert_ptr_equal(wire_msg_notify(&msg, 0x4021), &msg.p[1].u.notify);
	assert_null(wire_msg_notify(&msg, N_COOKIE));
	n = wire_msg_error(&msg);
	assert_non_null(n);
	assert_int_equal(n->type, 0x3fff);
	msg.count = 3;
	assert_null(wire_msg_error(&msg));
	bytes_done(&b);
}

static void test_writer(void **state)
{
	struct wire_writer w;
	struct wbuf buf;
	struct wire_sk_marks m;

	(void)state;
	wbuf_init(&buf, 0);
	wbuf_u32(&buf, 0xdeadbeef); /* a chain starts wherever the buffer is */
	wire_writer_init(&w, &buf);
	assert_int_equal(w.first, PAYLOAD_NONE);
	wire_put_notify(&w, N_COOKIE, view_str("ab"));
	wire_put_vendor(&w, view_str("v"));
	assert_int_equal(w.first, PAYLOAD_NOTIFY);
	m = wire_begin_sk(&w, PAYLOAD_IDI, NULL);
	wbuf_u16(&buf, 0x7777);
	wbuf_patch_len16(&buf, m.at_len, m.at_payload);
	assert_written(&buf, "deadbeef 2b 00 000a 00004006 6162 2e 00 0005 76 23 00 0006 7777");

	wire_writer_init(&w, &buf);
	m = wire_begin_sk(&w, PAYLOAD_NONE, &(struct wire_skf){.number = 2, .total = 300});
	wbuf_patch_len16(&buf, m.at_len, m.at_payload);
	assert_int_equal(w.first, PAYLOAD_SKF);
	assert_written(&buf, "00 00 0008 0002 012c");
	wbuf_done(&buf);
}

static void test_writer_limits(void **state)
{
	static const uint8_t big[65536];
	struct wire_writer w;
	struct wbuf buf;

	(void)state;
	wbuf_init(&buf, 0);
	wire_writer_init(&w, &buf);
	wire_put_vendor(&w, view_make(big, 65531));
	assert_int_equal(wbuf_err(&buf), 0);
	wire_put_vendor(&w, view_make(big, 65532)); /* does not fit the length field */
	assert_int_equal(wbuf_err(&buf), E_LIMIT);
	wire_put_vendor(&w, view_str("v")); /* sticks, and does no harm */
	assert_int_equal(wbuf_err(&buf), E_LIMIT);
	wbuf_reset(&buf);
	wire_writer_init(&w, &buf);
	wire_put_notify_spi(&w, &(struct wire_notify){.spi = view_make(big, 256)});
	assert_int_equal(wbuf_err(&buf), E_LIMIT);
	wbuf_done(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_length),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_unknown_payloads),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_single_instances),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_inner_appends_or_leaves),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_writer_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
