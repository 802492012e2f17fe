/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/wire/bytes.h"

#include "tests/unit/wire/echo.h"
#include "wire/payload.h"

/* Bodies of payloads, against octets laid out by hand from RFC 7296 section 3. */

static struct wire_msg msg;
static struct wire_msg again;

/* Decode a chain of one payload of this body; the bytes live until the next call. */
static int decode(uint8_t type, const char *body_hex)
{
	static struct bytes chain;
	struct bytes body = bytes_hex(body_hex);
	struct wbuf w;

	bytes_done(&chain);
	wbuf_init(&w, 0);
	wbuf_u16(&w, 0);
	wbuf_u16(&w, (uint16_t)(body.len + 4));
	wbuf_add(&w, bytes_view(&body));
	chain = bytes_copy(wbuf_view(&w));
	wbuf_done(&w);
	bytes_done(&body);
	msg.count = 0;
	return wire_msg_decode_inner(type, bytes_view(&chain), &msg);
}

/* What was decoded last, written again, is this body. */
static void assert_encodes(const char *body_hex)
{
	struct bytes want = bytes_hex(body_hex);
	struct wire_writer w;
	struct wbuf buf;

	wbuf_init(&buf, 0);
	wire_writer_init(&w, &buf);
	assert_true(echo_payloads(&msg, 0, &w));
	assert_int_equal(wbuf_err(&buf), 0);
	assert_int_equal(buf.len, want.len + 4);
	assert_memory_equal(buf.data + 4, want.data, want.len);
	again.count = 0;
	assert_int_equal(wire_msg_decode_inner(w.first, wbuf_view(&buf), &again), 0);
	assert_int_equal(again.count, msg.count);
	wbuf_done(&buf);
	bytes_done(&want);
}

static void test_ke(void **state)
{
	(void)state;
	assert_int_equal(decode(PAYLOAD_KE, "001f ffff 0102030405"), 0);
	assert_int_equal(msg.p[0].u.ke.method, 31);
	assert_int_equal(msg.p[0].u.ke.data.len, 5);
	assert_encodes("001f 0000 0102030405");
	assert_int_equal(decode(PAYLOAD_KE, "001f 0000"), 0);
	assert_int_equal(msg.p[0].u.ke.data.len, 0);
	assert_int_equal(decode(PAYLOAD_KE, "001f 00"), E_SHORT);
}

static void test_id(void **state)
{
	(void)state;
	assert_int_equal(decode(PAYLOAD_IDI, "02 aabbcc 6d6f6f6e"), 0);
	assert_int_equal(msg.p[0].u.id.type, ID_FQDN);
	assert_view_equal(msg.p[0].u.id.data, view_str("moon"));
	assert_encodes("02 000000 6d6f6f6e");
	assert_int_equal(decode(PAYLOAD_IDR, "01 000000 c0a80002"), 0);
	assert_int_equal(msg.p[0].body.len, 8); /* the body is what AUTH covers */
	assert_encodes("01 000000 c0a80002");
	assert_int_equal(decode(PAYLOAD_IDR, "01 0000"), E_SHORT);
}

static void test_cert(void **state)
{
	(void)state;
	assert_int_equal(decode(PAYLOAD_CERT, "04 3082"), 0);
	assert_int_equal(msg.p[0].u.cert.encoding, CERT_X509_SIGNATURE);
	assert_int_equal(msg.p[0].u.cert.data.len, 2);
	assert_encodes("04 3082");
	assert_int_equal(decode(PAYLOAD_CERTREQ, "04"), 0);
	assert_encodes("04");
	assert_int_equal(decode(PAYLOAD_CERTREQ, ""), E_SHORT);
}

static void test_auth(void **state)
{
	(void)state;
	assert_int_equal(decode(PAYLOAD_AUTH, "0e 010203 0c30"), 0);
	assert_int_equal(msg.p[0].u.auth.method, AUTH_DIGITAL_SIGNATURE);
	assert_int_equal(msg.p[0].u.auth.data.len, 2);
	assert_encodes("0e 000000 0c30");
	assert_int_equal(decode(PAYLOAD_AUTH, "0e 0000"), E_SHORT);
}

static void test_nonce(void **state)
{
	static const struct {
		size_t len;
		int err;
	} cases[] = {{0, E_MALFORMED}, {15, E_MALFORMED}, {16, 0}, {256, 0}, {257, E_MALFORMED}};
	char hex[2 * 257 + 1];

	(void)state;
	memset(hex, '7', sizeof(hex));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hex[2 * cases[i].len] = '\0';
		assert_int_equal(decode(PAYLOAD_NONCE, hex), cases[i].err);
		if (cases[i].err == 0)
			assert_encodes(hex);
		hex[2 * cases[i].len] = '7';
	}
}

static void test_notify(void **state)
{
	(void)state;
	assert_int_equal(decode(PAYLOAD_NOTIFY, "03 04 4009 cafebabe 01"), 0);
	assert_int_equal(msg.p[0].u.notify.protocol, PROTO_ESP);
	assert_int_equal(msg.p[0].u.notify.type, N_REKEY_SA);
	assert_int_equal(msg.p[0].u.notify.spi.len, 4);
	assert_int_equal(msg.p[0].u.notify.data.len, 1);
	assert_encodes("03 04 4009 cafebabe 01");
	assert_int_equal(decode(PAYLOAD_NOTIFY, "00 00 4006"), 0);
	assert_encodes("00 00 4006");
	assert_int_equal(decode(PAYLOAD_NOTIFY, "03 05 4009 cafebabe"), E_SHORT);
	assert_int_equal(decode(PAYLOAD_NOTIFY, "03 ff 4009"), E_SHORT);
	assert_int_equal(decode(PAYLOAD_NOTIFY, "00 00 40"), E_SHORT);
}

static void test_delete(void **state)
{
	(void)state;
	assert_int_equal(decode(PAYLOAD_DELETE, "01 00 0000"), 0);
	assert_int_equal(msg.p[0].u.del.count, 0);
	assert_encodes("01 00 0000");
	assert_int_equal(decode(PAYLOAD_DELETE, "03 04 0002 00000001 00000002"), 0);
	assert_int_equal(msg.p[0].u.del.count, 2);
	assert_int_equal(msg.p[0].u.del.spis.len, 8);
	assert_encodes("03 04 0002 00000001 00000002");
	assert_int_equal(decode(PAYLOAD_DELETE, "02 04 0000"), 0);
	assert_int_equal(decode(PAYLOAD_DELETE, "03 04 0002 00000001 000000"), E_SHORT);
	assert_int_equal(decode(PAYLOAD_DELETE, "03 04 0001 00000001 00"), E_TRAILING);
	assert_int_equal(decode(PAYLOAD_DELETE, "03 04 ffff 00000001"), E_SHORT);
	assert_int_equal(decode(PAYLOAD_DELETE, "03 00 ffff"), E_MALFORMED);
	assert_int_equal(decode(PAYLOAD_DELETE, "03 08 0001 0000000000000001"), E_MALFORMED);
	assert_int_equal(decode(PAYLOAD_DELETE, "01 08 0001 0000000000000001"), E_MALFORMED);
	assert_int_equal(decode(PAYLOAD_DELETE, "01 00 0001"), E_MALFORMED);
	assert_int_equal(decode(PAYLOAD_DELETE, "04 04 0001 00000001"), E_MALFORMED);
	assert_int_equal(decode(PAYLOAD_DELETE, "03 04 00"), E_SHORT);
}

static void test_cp(void **state)
{
	(void)state;
	assert_int_equal(decode(PAYLOAD_CP, "01 010203 8001 0000 0003 0004 0a010001"), 0);
	assert_true(msg.has_cp);
	assert_int_equal(msg.cp.type, CP_REQUEST);
	assert_int_equal(msg.cp.count, 2);
	assert_int_equal(msg.cp.attr[0].type, CP_INTERNAL_IP4_ADDRESS); /* reserved bit ignored */
	assert_int_equal(msg.cp.attr[0].value.len, 0);
	assert_int_equal(msg.cp.attr[1].type, CP_INTERNAL_IP4_DNS);
	assert_int_equal(msg.cp.attr[1].value.len, 4);
	assert_encodes("01 000000 0001 0000 0003 0004 0a010001");
	assert_int_equal(decode(PAYLOAD_CP, "02 000000"), 0);
	assert_int_equal(msg.cp.count, 0);
	assert_int_equal(decode(PAYLOAD_CP, "02 0000"), E_SHORT);
	assert_int_equal(decode(PAYLOAD_CP, "02 000000 0001 00"), E_SHORT);
	assert_int_equal(decode(PAYLOAD_CP, "02 000000 0001 0005 0a010001"), E_SHORT);
	assert_false(msg.has_cp);
}

static void test_cp_limit(void **state)
{
	struct wbuf w;
	struct wire_cp cp;

	(void)state;
	wbuf_init(&w, 0);
	wbuf_u32(&w, 0x01000000);
	for (unsigned i = 0; i < WIRE_MAX_CP_ATTRS; i++)
		wbuf_u32(&w, 0x00010000);
	assert_int_equal(payload_cp_decode(wbuf_view(&w), &cp), 0);
	assert_int_equal(cp.count, WIRE_MAX_CP_ATTRS);
	wbuf_u32(&w, 0x00010000);
	assert_int_equal(payload_cp_decode(wbuf_view(&w), &cp), E_LIMIT);
	assert_int_equal(cp.count, 0);
	wbuf_done(&w);
}

static void test_eap(void **state)
{
	struct bytes b = bytes_hex("02 07 0009 01 6d6f6f6e");
	struct payload_eap eap;

	(void)state;
	assert_int_equal(payload_eap_decode(bytes_view(&b), &eap), 0);
	assert_int_equal(eap.code, PAYLOAD_EAP_RESPONSE);
	assert_int_equal(eap.identifier, 7);
	assert_int_equal(eap.type, 1);
	assert_view_equal(eap.data, view_str("moon"));
	bytes_done(&b);

	assert_int_equal(decode(PAYLOAD_EAP, "01 07 0005 01"), 0);
	assert_encodes("01 07 0005 01");
	assert_int_equal(decode(PAYLOAD_EAP, "03 07 0004"), 0);
	assert_encodes("03 07 0004");
	assert_int_equal(decode(PAYLOAD_EAP, "01 07 0004"), E_SHORT);	 /* no type */
	assert_int_equal(decode(PAYLOAD_EAP, "01 07 0006 01"), E_SHORT); /* its length, ours */
	assert_int_equal(decode(PAYLOAD_EAP, "01 07 0004 01"), E_TRAILING);
	assert_int_equal(decode(PAYLOAD_EAP, "03 07 0005 00"), E_TRAILING);
	assert_int_equal(decode(PAYLOAD_EAP, "03 07 00"), E_SHORT);
}

static void test_vendor(void **state)
{
	(void)state;
	assert_int_equal(decode(PAYLOAD_VENDOR, "882fe56d6fd20dbc2251613b2ebe5beb"), 0);
	assert_encodes("882fe56d6fd20dbc2251613b2ebe5beb");
	assert_int_equal(decode(PAYLOAD_VENDOR, ""), 0);
	assert_encodes("");
}

static void test_head(void **state)
{
	struct bytes b = bytes_hex("aa bb 0006 0102 03");
	struct payload_head head = {0};
	struct wbuf w;
	struct rbuf r;
	size_t at;

	(void)state;
	rbuf_init(&r, bytes_view(&b));
	assert_int_equal(payload_head_decode(&r, &head), 0);
	assert_int_equal(head.first, 0xaa);
	assert_int_equal(head.second, 0xbb);
	assert_int_equal(head.rest.len, 2);
	assert_int_equal(rbuf_left(&r), 1);
	/* A failure leaves the cursor where it was. */
	assert_int_equal(payload_head_decode(&r, &head), E_SHORT);
	assert_int_equal(rbuf_left(&r), 1);
	bytes_done(&b);
	wbuf_init(&w, 0);
	at = payload_head_begin(&w, 1, 2);
	wbuf_u8(&w, 3);
	payload_head_end(&w, at);
	assert_written(&w, "01 02 0005 03");
	wbuf_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ke),	 cmocka_unit_test(test_id),
		cmocka_unit_test(test_cert),	 cmocka_unit_test(test_auth),
		cmocka_unit_test(test_nonce),	 cmocka_unit_test(test_notify),
		cmocka_unit_test(test_delete),	 cmocka_unit_test(test_cp),
		cmocka_unit_test(test_cp_limit), cmocka_unit_test(test_eap),
		cmocka_unit_test(test_vendor),	 cmocka_unit_test(test_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
