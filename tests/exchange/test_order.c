/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab_forge.h"
#include "pair.h"

/* Peers without manners: wrong order, wrong numbers, replays, and authentic nonsense. */

static bool drop_auth_of(void *ctx, struct lab_packet *p)
{
	return p->from == ctx && p->hdr.exchange == IKE_AUTH;
}

/* Both have keys, and nobody has authenticated. */
static struct pair before_auth(struct lab_result **out)
{
	struct pair p = pair_new(&(struct pair_params){0});

	p.lab->drop = drop_auth_of;
	p.lab->drop_ctx = p.carol;
	*out = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	assert_int_equal(lab_count_sent(p.carol, IKE_AUTH, false), 1);
	lab_clear_log(p.carol);
	lab_clear_log(p.moon);
	return p;
}

/* How many datagrams `to` sends because of a forged one. */
static unsigned answers(struct lab_host *from, struct lab_host *to, const struct forge *f)
{
	unsigned before = to->sent;

	lab_forge(from, to, f);
	return to->sent - before;
}

/* Payloads of a forged message; wbuf_done() at the end. */
static struct forge with(struct wbuf *b, const struct wire_writer *w, uint8_t exchange, uint32_t id)
{
	assert_int_equal(wbuf_err(b), 0);
	return (struct forge){
		.exchange = exchange, .msgid = id, .first = w->first, .plain = wbuf_view(b)};
}

/* Neither side waits for the other any more. */
static void drop_both(struct pair *p)
{
	p->lab->drop = NULL;
	lab_terminate(p->carol, &(struct ike_terminate_params){.ike = "home", .force = true});
	lab_terminate(p->moon, &(struct ike_terminate_params){.ike = "rw", .force = true});
	pair_down(p);
}

static void test_before_authentication(void **state)
{
	static const uint8_t exchanges[] = {IKE_INFORMATIONAL, IKE_CREATE_CHILD_SA,
					    IKE_INTERMEDIATE, IKE_FOLLOWUP_KE, 99};
	struct lab_result *r;

	(void)state;
	struct pair p = before_auth(&r);

	for (size_t i = 0; i < sizeof(exchanges); i++) {
		for (uint32_t id = 0; id < 3; id++) {
			struct forge f = {.exchange = exchanges[i], .msgid = id};

			assert_int_equal(answers(p.carol, p.moon, &f), 0);
			assert_int_equal(answers(p.moon, p.carol, &f), 0);
			f.response = true;
			assert_int_equal(answers(p.carol, p.moon, &f), 0);
			assert_int_equal(answers(p.moon, p.carol, &f), 0);
		}
	}
	lab_assert_logged(p.moon,
			  "INFORMATIONAL request is not allowed in state CONNECTING, ignored");
	lab_assert_logged(p.moon, "CREATE_CHILD_SA request is not allowed in state CONNECTING");
	/* None of it stood in the way of what comes in order. */
	p.lab->drop = NULL;
	lab_run(p.lab, 4100);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* DELETE before authentication would let anybody end anybody's handshake. */
static void test_delete_before_authentication(void **state)
{
	struct lab_result *r;
	struct wire_writer w;
	struct forge f;
	struct wbuf b;

	(void)state;
	struct pair p = before_auth(&r);

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_delete(&w, &(struct wire_delete){.protocol = PROTO_IKE});
	f = with(&b, &w, IKE_INFORMATIONAL, 1);
	assert_int_equal(answers(p.carol, p.moon, &f), 0);
	f.msgid = 0;
	assert_int_equal(answers(p.moon, p.carol, &f), 0);
	wbuf_done(&b);
	p.lab->drop = NULL;
	lab_run(p.lab, 4100);
	lab_assert_result(r, 0, NULL);
	pair_down(&p);
}

/* ---- numbers ---- */

static void test_ids_out_of_window(void **state)
{
	static const uint32_t ids[] = {0, 1, 3, 4, 100, 0x7fffffff, 0xffffffff};

	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});

	lab_clear_log(p.moon);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char line[80];

		assert_int_equal(
			answers(p.carol, p.moon,
				&(struct forge){.exchange = IKE_INFORMATIONAL, .msgid = ids[i]}),
			0);
		snprintf(line, sizeof(line), "received message ID %u, expected 2, ignored", ids[i]);
		/* 1 is that of IKE_AUTH, whose reply is kept: other bytes earn no answer. */
		assert_int_equal(lab_count_logged(p.moon, line), ids[i] != 1);
	}
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void replay(struct pair *p, const struct lab_packet *sent, unsigned expected)
{
	unsigned before = p->moon->sent;
	struct secret bytes;

	assert_non_null(sent);
	assert_int_equal(secret_copy(&bytes, secret_view(&sent->bytes)), 0);
	lab_inject(p->moon, &(struct addr){AF_INET, 4500, {192, 168, 0, 3}}, 4500,
		   secret_view(&bytes));
	assert_int_equal(p->moon->sent - before, expected);
	secret_done(&bytes);
	lab_settle(p->lab);
}

static void test_replays(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24"});

	/* The last request gets its reply again, nothing is done again. */
	for (int i = 0; i < 3; i++)
		replay(&p, lab_sent(p.carol, IKE_AUTH, false, 0), 1);
	assert_int_equal(p.moon->ipsec.installs, 1);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.child = "net"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	/* Then it is too old, and the delete is the last one. */
	replay(&p, lab_sent(p.carol, IKE_AUTH, false, 0), 0);
	replay(&p, lab_sent(p.carol, IKE_INFORMATIONAL, false, 0), 1);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	replay(&p, lab_sent(p.carol, IKE_INFORMATIONAL, false, 0), 0);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	/* The reply to IKE_AUTH, which nobody waits for any more. */
	lab_inject(p.carol, &p.moon->addr, 4500,
		   secret_view(&lab_sent(p.moon, IKE_AUTH, true, 0)->bytes));
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* A request that comes back to who sent it. */
static void test_reflection(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});
	const struct lab_packet *sent = lab_sent(p.carol, IKE_AUTH, false, 0);
	unsigned before = p.carol->sent;

	lab_inject(p.carol, &sent->dst, 4500, secret_view(&sent->bytes));
	sent = lab_sent(p.carol, IKE_SA_INIT, false, 0);
	lab_inject(p.carol, &sent->dst, 500, secret_view(&sent->bytes));
	lab_settle(p.lab);
	/* carol has a connection for nobody, so the latter is refused at most. */
	assert_in_range(p.carol->sent - before, 0, 1);
	lab_run(p.lab, 31000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void test_unwanted_responses(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});
	struct lab_result *r;

	for (uint32_t id = 0; id < 4; id++)
		lab_forge(p.moon, p.carol,
			  &(struct forge){
				  .exchange = IKE_INFORMATIONAL, .response = true, .msgid = id});
	lab_assert_pair(p.carol, p.moon, 1, 1);
	/* One with the right number and another exchange. */
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.child = "net"});
	lab_forge(p.moon, p.carol,
		  &(struct forge){.exchange = IKE_CREATE_CHILD_SA, .response = true, .msgid = 2});
	assert_false(r->done);
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	pair_down(&p);
}

/* ---- authentic nonsense ---- */

/* A request whose only payload is of this type, with this body. */
static unsigned send_payload(struct pair *p, uint8_t exchange, uint8_t type, bool critical,
			     struct view body)
{
	struct wbuf b;
	unsigned n;

	wbuf_init(&b, 0);
	wbuf_u8(&b, PAYLOAD_NONE);
	wbuf_u8(&b, critical ? 0x80 : 0);
	wbuf_u16(&b, (uint16_t)(4 + body.len));
	wbuf_add(&b, body);
	n = answers(
		p->carol, p->moon,
		&(struct forge){
			.exchange = exchange, .msgid = 2, .first = type, .plain = wbuf_view(&b)});
	wbuf_done(&b);
	return n;
}

static void test_unknown_payloads(void **state)
{
	static const uint8_t body[] = {1, 2, 3};

	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});

	assert_int_equal(send_payload(&p, IKE_INFORMATIONAL, 200, false, view_make(body, 3)), 1);
	lab_assert_logged(p.moon, "generating INFORMATIONAL response 2 \\[ \\]");
	drop_both(&p);
	p = pair_up(&(struct pair_params){0});
	assert_int_equal(send_payload(&p, IKE_INFORMATIONAL, 200, true, view_make(body, 3)), 1);
	lab_assert_logged(p.moon, "generating INFORMATIONAL response 2 \\[ N\\(CRIT\\) \\]");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	drop_both(&p);
}

static void test_malformed(void **state)
{
	static const uint8_t body[] = {1, 2, 3};

	(void)state;
	/* A DELETE that is cut, and a payload that has no place there: this SA is over. */
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24"});

	assert_int_equal(
		send_payload(&p, IKE_INFORMATIONAL, PAYLOAD_DELETE, false, view_make(body, 3)), 1);
	lab_assert_logged(p.moon, "generating INFORMATIONAL response 2 \\[ N\\(INVAL_SYN\\) \\]");
	assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 0);
	assert_int_equal(lab_leases(p.moon), 0);
	drop_both(&p);
	p = pair_up(&(struct pair_params){0});
	assert_int_equal(
		send_payload(&p, IKE_INFORMATIONAL, PAYLOAD_NONCE, false, view_make(body, 3)), 1);
	lab_assert_logged(p.moon, "generating INFORMATIONAL response 2 \\[ N\\(INVAL_SYN\\) \\]");
	drop_both(&p);
}

static void test_without_protection(void **state)
{
	uint8_t raw[IKE_HDR_LEN] = {0};

	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});
	const struct lab_packet *sent = lab_sent(p.carol, IKE_AUTH, false, 0);
	unsigned before = p.moon->sent;

	memcpy(raw, sent->bytes.data, IKE_HDR_LEN);
	raw[16] = PAYLOAD_NONE;
	raw[18] = IKE_INFORMATIONAL;
	raw[23] = 2;
	raw[26] = 0;
	raw[27] = IKE_HDR_LEN;
	lab_inject(p.moon, &sent->src, 4500, view_make(raw, sizeof(raw)));
	assert_int_equal(p.moon->sent, before);
	lab_assert_logged(p.moon, "INFORMATIONAL without protection ignored");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* ---- CREATE_CHILD_SA ---- */

enum { NO_TS = 1, SHORT_NONCE = 2, REKEY = 4, OF_IKE = 8, NO_SPI = 16, ZERO_SPI = 32 };

static void put_request(struct wire_writer *w, unsigned flaws)
{
	static const uint8_t nonce[32] = {1}, spi[4] = {0xde, 0xad, 0, 1};
	struct proposals *sa = calloc(1, sizeof(*sa));
	struct ts_list ts = {0};
	struct ts t;

	assert_non_null(sa);
	sa->count = 1;
	sa->p[0] = (struct proposal){.number = 1, .protocol = PROTO_ESP, .spi_len = 4};
	if (!(flaws & ZERO_SPI))
		memcpy(sa->p[0].spi, spi, 4);
	if (flaws & OF_IKE) {
		sa->p[0].protocol = PROTO_IKE;
		sa->p[0].spi_len = 8;
	}
	if (flaws & NO_SPI)
		sa->p[0].spi_len = 0;
	assert_int_equal(proposal_add(&sa->p[0], TRANSFORM_ENCR, 20, 128), 0);
	assert_int_equal(proposal_add(&sa->p[0], TRANSFORM_ESN, 0, 0), 0);
	if (flaws & REKEY)
		wire_put_notify_spi(
			w, &(struct wire_notify){PROTO_ESP, N_REKEY_SA, view_make(spi, 4), {0}});
	wire_put_sa(w, sa);
	wire_put_nonce(w, view_make(nonce, flaws & SHORT_NONCE ? 15 : 32));
	assert_int_equal(ts_parse(&t, "192.168.0.3/32"), 0);
	assert_int_equal(ts_add(&ts, &t), 0);
	if (!(flaws & NO_TS))
		wire_put_ts(w, PAYLOAD_TSI, &ts);
	assert_int_equal(ts_parse(&t, "10.1.0.0/16"), 0);
	ts.count = 0;
	assert_int_equal(ts_add(&ts, &t), 0);
	if (!(flaws & NO_TS))
		wire_put_ts(w, PAYLOAD_TSR, &ts);
	free(sa);
}

static void create_child(unsigned flaws, const char *reply)
{
	struct pair p = pair_up(&(struct pair_params){0});
	struct wire_writer w;
	struct wbuf b;
	struct forge f;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	put_request(&w, flaws);
	f = with(&b, &w, IKE_CREATE_CHILD_SA, 2);
	assert_int_equal(answers(p.carol, p.moon, &f), 1);
	wbuf_done(&b);
	lab_assert_logged(p.moon, reply);
	/* What cannot be decoded ends the SA (RFC 7296 section 2.21.3), the others do not. */
	assert_int_equal(p.moon->ipsec.n_sas, flaws & (SHORT_NONCE | NO_SPI) ? 0 : flaws ? 1 : 2);
	assert_int_equal(p.moon->ipsec.n_spis, 0);
	drop_both(&p);
}

static void test_create_child(void **state)
{
	(void)state;
	create_child(0, "generating CREATE_CHILD_SA response 2 \\[ SA No TSi TSr \\]");
	create_child(NO_TS, "generating CREATE_CHILD_SA response 2 \\[ N\\(INVAL_SYN\\) \\]");
	create_child(SHORT_NONCE, "generating CREATE_CHILD_SA response 2 \\[ N\\(INVAL_SYN\\) \\]");
	create_child(REKEY, "generating CREATE_CHILD_SA response 2 \\[ N\\(");
	create_child(OF_IKE, "generating CREATE_CHILD_SA response 2 \\[ N\\(");
	create_child(NO_SPI, "generating CREATE_CHILD_SA response 2 \\[ N\\(INVAL_SYN\\) \\]");
	create_child(ZERO_SPI, "generating CREATE_CHILD_SA response 2 \\[ N\\(NO_PROP\\) \\]");
}

/* ---- DELETE ---- */

static void delete_spis(struct pair *p, uint32_t id, uint8_t protocol, const uint32_t *spis,
			uint16_t n)
{
	struct wire_writer w;
	struct wbuf b, list;
	struct forge f;

	wbuf_init(&b, 0);
	wbuf_init(&list, 0);
	wire_writer_init(&w, &b);
	for (uint16_t i = 0; i < n; i++)
		wbuf_u32(&list, spis[i]);
	wire_put_delete(&w, &(struct wire_delete){protocol, 4, n, wbuf_view(&list)});
	f = with(&b, &w, IKE_INFORMATIONAL, id);
	assert_int_equal(answers(p->carol, p->moon, &f), 1);
	wbuf_done(&b);
	wbuf_done(&list);
}

static void test_odd_deletes(void **state)
{
	uint32_t spis[3] = {0, 0xdeadbeef, 0};

	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});

	delete_spis(&p, 2, PROTO_ESP, spis, 0);
	delete_spis(&p, 3, PROTO_ESP, spis, 2);
	lab_assert_logged(p.moon, "received DELETE for unknown ESP CHILD_SA with SPI deadbeef");
	lab_assert_logged(p.moon, "received DELETE for unknown ESP CHILD_SA with SPI 00000000");
	/* moon's inbound SPI is not what carol may name. */
	spis[0] = p.moon->ipsec.sas[0].p.spi_in;
	delete_spis(&p, 4, PROTO_ESP, spis, 1);
	spis[0] = spis[1] = spis[2] = p.carol->ipsec.sas[0].p.spi_in;
	delete_spis(&p, 5, PROTO_AH, spis, 1);
	assert_int_equal(p.moon->ipsec.n_sas, 1);
	/* The right one, three times in one message. */
	delete_spis(&p, 6, PROTO_ESP, spis, 3);
	assert_int_equal(p.moon->ipsec.n_sas, 0);
	drop_both(&p);
}

/* ---- IKE_AUTH ---- */

/* moon opens what carol sent, and gets a part of it. */
static void auth_without(uint8_t missing, const char *reply)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));
	struct lab_result *r;
	struct pair p = before_auth(&r);
	uint8_t first;
	struct secret plain = lab_open(p.moon, lab_sent(p.carol, IKE_AUTH, false, 0), &first);
	struct wbuf b;
	struct forge f = {.exchange = IKE_AUTH, .msgid = 1};
	size_t next_at = SIZE_MAX;

	assert_non_null(msg);
	assert_int_equal(wire_msg_decode_inner(first, secret_view(&plain), msg), 0);
	wbuf_init(&b, 0);
	for (unsigned i = 0; i < msg->count; i++) {
		if (msg->p[i].type == missing)
			continue;
		if (next_at == SIZE_MAX)
			f.first = msg->p[i].type;
		else
			wbuf_patch_u8(&b, next_at, msg->p[i].type);
		next_at = b.len;
		wbuf_u8(&b, PAYLOAD_NONE);
		wbuf_u8(&b, 0);
		wbuf_u16(&b, (uint16_t)(4 + msg->p[i].body.len));
		wbuf_add(&b, msg->p[i].body);
	}
	f.plain = wbuf_view(&b);
	assert_int_equal(answers(p.carol, p.moon, &f), 1);
	lab_assert_logged(p.moon, reply);
	wbuf_done(&b);
	secret_done(&plain);
	free(msg);
	drop_both(&p);
}

static void test_incomplete_auth(void **state)
{
	(void)state;
	auth_without(PAYLOAD_IDI, "generating IKE_AUTH response 1 \\[ N\\(INVAL_SYN\\) \\]");
	auth_without(PAYLOAD_AUTH, "generating IKE_AUTH response 1 \\[ N\\(AUTH_FAILED\\) \\]");
	auth_without(PAYLOAD_TSI, "generating IKE_AUTH response 1 \\[ IDr AUTH .*N\\(");
	auth_without(PAYLOAD_SA, "generating IKE_AUTH response 1 \\[ IDr AUTH ");
	auth_without(PAYLOAD_IDR, "generating IKE_AUTH response 1 \\[ IDr AUTH .*SA TSi TSr");
}

/* Two IKE_AUTH: the second one finds the SA established. */
static void test_auth_twice(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});
	uint8_t first;
	struct secret plain = lab_open(p.moon, lab_sent(p.carol, IKE_AUTH, false, 0), &first);

	assert_int_equal(answers(p.carol, p.moon,
				 &(struct forge){.exchange = IKE_AUTH,
						 .msgid = 2,
						 .first = first,
						 .plain = secret_view(&plain)}),
			 0);
	lab_assert_logged(p.moon, "IKE_AUTH request is not allowed in state ESTABLISHED, ignored");
	assert_int_equal(answers(p.moon, p.carol,
				 &(struct forge){.exchange = IKE_AUTH,
						 .first = first,
						 .plain = secret_view(&plain)}),
			 0);
	secret_done(&plain);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* The responder answers IKE_AUTH with nothing in it. */
static void test_empty_auth_response(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = before_auth(&r);

	p.moon->down = true;
	lab_forge(p.moon, p.carol,
		  &(struct forge){.exchange = IKE_AUTH, .response = true, .msgid = 1});
	assert_true(r->done);
	assert_int_equal(r->err, E_AUTH);
	p.moon->down = false;
	drop_both(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_authentication),
		cmocka_unit_test(test_delete_before_authentication),
		cmocka_unit_test(test_ids_out_of_window),
		cmocka_unit_test(test_replays),
		cmocka_unit_test(test_reflection),
		cmocka_unit_test(test_unwanted_responses),
		cmocka_unit_test(test_unknown_payloads),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_without_protection),
		cmocka_unit_test(test_create_child),
		cmocka_unit_test(test_odd_deletes),
		cmocka_unit_test(test_incomplete_auth),
		cmocka_unit_test(test_auth_twice),
		cmocka_unit_test(test_empty_auth_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
