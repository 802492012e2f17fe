/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/wire/bytes.h"

#include "wire/ike.h"
#include "wire/msg.h"

/* The lines that users know from strongSwan's log, and the names in them. */

static struct wire_msg msg;

struct script {
	uint8_t exchange;
	uint8_t flags;
	uint32_t msgid;
	uint16_t steps[20]; /* payload types and NOTIFY(...); ends with 0 */
	const char *summary;
};

#define NOTIFY(type) (0x8000u | (type)) /* all types in scripts are below 0x8000 */

static void put(struct wire_writer *w, uint16_t step)
{
	static const struct proposals sa = {
		.count = 1, .p[0] = {.number = 1, .protocol = PROTO_IKE, .count = 1}};
	static const struct wire_id id = {.type = ID_FQDN, .data = {(const uint8_t *)"a", 1}};
	static const struct wire_delete ike = {.protocol = PROTO_IKE};
	static const struct ts_list none;

	if (step & 0x8000) {
		wire_put_notify(w, step & 0x7fff, view_make(NULL, 0));
		return;
	}
	switch (step) {
	case PAYLOAD_SA:
		wire_put_sa(w, &sa);
		break;
	case PAYLOAD_KE:
		wire_put_ke(w, 31, view_str("key"));
		break;
	case PAYLOAD_NONCE:
		wire_put_nonce(w, view_str("0123456789abcdef"));
		break;
	case PAYLOAD_IDI:
	case PAYLOAD_IDR:
		wire_put_id(w, (uint8_t)step, &id);
		break;
	case PAYLOAD_CERT:
	case PAYLOAD_CERTREQ:
		wire_put_cert(w, (uint8_t)step, CERT_X509_SIGNATURE, view_str("c"));
		break;
	case PAYLOAD_AUTH:
		wire_put_auth(w, AUTH_SHARED_KEY, view_str("mac"));
		break;
	case PAYLOAD_TSI:
	case PAYLOAD_TSR:
		wire_put_ts(w, (uint8_t)step, &none);
		break;
	case PAYLOAD_DELETE:
		wire_put_delete(w, &ike);
		break;
	case PAYLOAD_CP:
		wire_put_cp(w, &(struct wire_cp){.type = CP_REQUEST,
						 .count = 2,
						 .attr = {{.type = CP_INTERNAL_IP4_ADDRESS},
							  {.type = CP_INTERNAL_IP4_DNS}}});
		break;
	default:
		assert_int_equal(step, PAYLOAD_VENDOR);
		wire_put_vendor(w, view_str("v"));
	}
}

static void test_seeds(void **state)
{
	static const struct script scripts[] = {
		{IKE_SA_INIT,
		 IKE_FLAG_INITIATOR,
		 0,
		 {PAYLOAD_SA, PAYLOAD_KE, PAYLOAD_NONCE, NOTIFY(N_NAT_DETECTION_SOURCE_IP),
		  NOTIFY(N_NAT_DETECTION_DESTINATION_IP), NOTIFY(N_FRAGMENTATION_SUPPORTED),
		  NOTIFY(N_SIGNATURE_HASH_ALGORITHMS), NOTIFY(N_REDIRECT_SUPPORTED),
		  NOTIFY(N_INTERMEDIATE_EXCHANGE_SUPPORTED), PAYLOAD_VENDOR},
		 "IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) "
		 "N(HASH_ALG) "
		 "N(REDIR_SUP) N(IKE_INT_SUP) V ]"},
		{IKE_SA_INIT,
		 IKE_FLAG_RESPONSE,
		 0,
		 {PAYLOAD_SA, PAYLOAD_KE, PAYLOAD_NONCE, NOTIFY(N_NAT_DETECTION_SOURCE_IP),
		  NOTIFY(N_NAT_DETECTION_DESTINATION_IP), PAYLOAD_CERTREQ,
		  NOTIFY(N_FRAGMENTATION_SUPPORTED), NOTIFY(N_SIGNATURE_HASH_ALGORITHMS),
		  NOTIFY(N_CHILDLESS_IKEV2_SUPPORTED), NOTIFY(N_INTERMEDIATE_EXCHANGE_SUPPORTED),
		  NOTIFY(N_MULTIPLE_AUTH_SUPPORTED), PAYLOAD_VENDOR},
		 "IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ N(FRAG_SUP) "
		 "N(HASH_ALG) N(CHDLESS_SUP) N(IKE_INT_SUP) N(MULT_AUTH) V ]"},
		{IKE_AUTH,
		 IKE_FLAG_INITIATOR,
		 4,
		 {PAYLOAD_IDI, PAYLOAD_CERT, NOTIFY(N_INITIAL_CONTACT), PAYLOAD_CERTREQ,
		  PAYLOAD_IDR, PAYLOAD_AUTH, PAYLOAD_CP, PAYLOAD_SA, PAYLOAD_TSI, PAYLOAD_TSR,
		  NOTIFY(N_MOBIKE_SUPPORTED), NOTIFY(N_NO_ADDITIONAL_ADDRESSES),
		  NOTIFY(N_MULTIPLE_AUTH_SUPPORTED), NOTIFY(N_EAP_ONLY_AUTHENTICATION),
		  NOTIFY(N_MESSAGE_ID_SYNC_SUPPORTED)},
		 "IKE_AUTH request 4 [ IDi CERT N(INIT_CONTACT) CERTREQ IDr AUTH CPRQ(ADDR DNS) SA "
		 "TSi "
		 "TSr N(MOBIKE_SUP) N(NO_ADD_ADDR) N(MULT_AUTH) N(EAP_ONLY) N(MSG_ID_SYN_SUP) ]"},
		{IKE_CREATE_CHILD_SA,
		 IKE_FLAG_INITIATOR,
		 8,
		 {NOTIFY(N_REKEY_SA), PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_KE, PAYLOAD_TSI,
		  PAYLOAD_TSR},
		 "CREATE_CHILD_SA request 8 [ N(REKEY_SA) SA No KE TSi TSr ]"},
		{IKE_FOLLOWUP_KE,
		 IKE_FLAG_RESPONSE,
		 10,
		 {PAYLOAD_KE, NOTIFY(N_ADDITIONAL_KEY_EXCHANGE)},
		 "IKE_FOLLOWUP_KE response 10 [ KE N(ADD_KE) ]"},
		{IKE_INTERMEDIATE,
		 IKE_FLAG_RESPONSE,
		 3,
		 {PAYLOAD_KE},
		 "IKE_INTERMEDIATE response 3 [ KE ]"},
		{IKE_INFORMATIONAL,
		 IKE_FLAG_INITIATOR,
		 12,
		 {PAYLOAD_DELETE},
		 "INFORMATIONAL request 12 [ D ]"},
		{IKE_INFORMATIONAL,
		 IKE_FLAG_RESPONSE | IKE_FLAG_INITIATOR,
		 9,
		 {0},
		 "INFORMATIONAL response 9 [ ]"},
	};
	struct wire_writer w;
	struct wbuf buf, text;

	(void)state;
	wbuf_init(&buf, 0);
	wbuf_init(&text, 0);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		wire_writer_init(&w, &buf);
		for (const uint16_t *step = scripts[i].steps; *step; step++)
			put(&w, *step);
		msg.hdr = (struct wire_hdr){.exchange = scripts[i].exchange,
					    .flags = scripts[i].flags,
					    .msgid = scripts[i].msgid};
		msg.count = 0;
		assert_int_equal(wbuf_err(&buf), 0);
		assert_int_equal(wire_msg_decode_inner(w.first, wbuf_view(&buf), &msg), 0);
		wire_msg_summary(&msg, &text);
		assert_text(&text, scripts[i].summary);
		wbuf_reset(&buf);
	}
	wbuf_done(&buf);
	wbuf_done(&text);
}

/* One payload, given as its chain in hex. */
static void check_one(uint8_t type, const char *hex, const char *summary)
{
	struct bytes b = bytes_hex(hex);
	struct wbuf w;

	wbuf_init(&w, 0);
	msg.hdr = (struct wire_hdr){.exchange = IKE_AUTH, .msgid = 1};
	msg.count = 0;
	assert_int_equal(wire_msg_decode_inner(type, bytes_view(&b), &msg), 0);
	wire_msg_summary(&msg, &w);
	assert_text(&w, summary);
	wbuf_done(&w);
	bytes_done(&b);
}

static void test_details(void **state)
{
	(void)state;
	check_one(PAYLOAD_EAP, "00 00 0009 01 01 0005 01", "IKE_AUTH request 1 [ EAP/REQ/ID ]");
	check_one(PAYLOAD_EAP, "00 00 000a 02 01 0006 0d 00", "IKE_AUTH request 1 [ EAP/RES/TLS ]");
	check_one(PAYLOAD_EAP, "00 00 0009 02 01 0005 63", "IKE_AUTH request 1 [ EAP/RES/(99) ]");
	check_one(PAYLOAD_EAP, "00 00 0008 03 01 0004", "IKE_AUTH request 1 [ EAP/SUCC ]");
	check_one(PAYLOAD_EAP, "00 00 0008 04 01 0004", "IKE_AUTH request 1 [ EAP/FAIL ]");
	check_one(PAYLOAD_EAP, "00 00 0008 09 01 0004", "IKE_AUTH request 1 [ EAP/(9) ]");
	check_one(PAYLOAD_CP, "00 00 0014 02 000000 0001 0000 0008 0000 0003 0000",
		  "IKE_AUTH request 1 [ CPRP(ADDR ADDR6 DNS) ]");
	check_one(
		PAYLOAD_CP,
		"00 00 0024 01 000000 0001 0000 0003 0000 0004 0000 5ba0 0000 0008 0000 000a 0000 "
		"5ba1 0000",
		"IKE_AUTH request 1 [ CPRQ(ADDR DNS NBNS SRV ADDR6 DNS6 SRV6) ]");
	check_one(PAYLOAD_CP, "00 00 0008 04 000000", "IKE_AUTH request 1 [ CPA() ]");
	check_one(PAYLOAD_CP, "00 00 000c 03 000000 7000 0000",
		  "IKE_AUTH request 1 [ CPS((28672)) ]");
	check_one(PAYLOAD_CP, "00 00 0008 09 000000", "IKE_AUTH request 1 [ CP() ]");
	check_one(PAYLOAD_NOTIFY, "00 00 0008 00 00 a000", "IKE_AUTH request 1 [ N((40960)) ]");
	check_one(PAYLOAD_NOTIFY, "00 00 000c 00 00 3039 00003627",
		  "IKE_AUTH request 1 [ N(MS_STATUS(13863)) ]");
	check_one(PAYLOAD_NOTIFY, "00 00 000a 00 00 3039 3627",
		  "IKE_AUTH request 1 [ N(MS_STATUS) ]");
	check_one(200, "00 00 0004", "IKE_AUTH request 1 [ UNKN(200) ]");
	check_one(50, "00 00 0004", "IKE_AUTH request 1 [ IDg ]");
}

static void check_outer(const char *hex, const char *summary)
{
	struct bytes b = bytes_hex(hex);
	struct wbuf w;

	wbuf_init(&w, 0);
	assert_int_equal(wire_msg_decode(bytes_view(&b), &msg), 0);
	wire_msg_summary(&msg, &w);
	assert_text(&w, summary);
	wbuf_done(&w);
	bytes_done(&b);
}

static void test_envelopes(void **state)
{
	struct bytes inner = bytes_hex("00 00 0008 01000000");
	struct wbuf w;

	(void)state;
	check_outer("00000000000000010000000000000002 35 20 23 08 00000001 00000024 "
		    "23 00 0008 0001 0003",
		    "IKE_AUTH request 1 [ EF(1/3) ]");
	check_outer("00000000000000010000000000000002 35 20 23 08 00000001 00000024 "
		    "00 00 0008 0003 0003",
		    "IKE_AUTH request 1 [ EF(3/3) ]");
	check_outer("00000000000000010000000000000002 2e 20 25 28 00000009 00000020 00 00 0004",
		    "INFORMATIONAL response 9 [ ]");
	check_outer("00000000000000010000000000000002 2e 20 f7 28 ffffffff 00000020 2a 00 0004",
		    "UNKNOWN response 4294967295 [ E ]");
	assert_int_equal(wire_msg_decode_inner(PAYLOAD_DELETE, bytes_view(&inner), &msg), 0);
	wbuf_init(&w, 0);
	wire_msg_summary(&msg, &w);
	assert_text(&w, "UNKNOWN response 4294967295 [ D ]");
	wbuf_done(&w);
	bytes_done(&inner);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(ike_exchange_name(IKE_SESSION_RESUME), "IKE_SESSION_RESUME");
	assert_string_equal(ike_exchange_name(33), "UNKNOWN");
	assert_string_equal(ike_payload_name(PAYLOAD_NONCE), "No");
	assert_null(ike_payload_name(PAYLOAD_NONE));
	assert_string_equal(ike_notify_short(N_NO_PROPOSAL_CHOSEN), "NO_PROP");
	assert_string_equal(ike_notify_name(N_NO_PROPOSAL_CHOSEN), "NO_PROPOSAL_CHOSEN");
	assert_string_equal(ike_notify_name(N_FRAGMENTATION_SUPPORTED),
			    "IKEV2_FRAGMENTATION_SUPPORTED");
	assert_null(ike_notify_short(40960));
	assert_null(ike_notify_name(40960));
	assert_string_equal(ike_cp_attr_name(CP_INTERNAL_IP6_SUBNET), "SUBNET6");
	assert_null(ike_cp_attr_name(0));
	assert_string_equal(ike_protocol_name(PROTO_ESP), "ESP");
	assert_string_equal(ike_protocol_name(PROTO_AH), "AH");
	assert_string_equal(ike_protocol_name(PROTO_IKE), "IKE");
	assert_string_equal(ike_protocol_name(PROTO_NONE), "UNKNOWN");
	assert_string_equal(ike_protocol_name(255), "UNKNOWN");
	assert_true(ike_notify_is_error(N_TS_UNACCEPTABLE));
	assert_true(ike_notify_is_error(16383));
	assert_false(ike_notify_is_error(N_INITIAL_CONTACT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
