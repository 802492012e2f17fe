/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pair.h"

/* IKE_SA_INIT: retries, the cookie gate, the limits, and half-open SAs. */

static struct ike_stats stats(const struct lab_host *h)
{
	struct ike_stats s;

	ike_get_stats(h->ike, &s);
	return s;
}

/* An IKE_SA_INIT request as carol would send it; its SPI can be changed. */
static struct secret init_request(struct pair *p)
{
	struct secret bytes;
	const struct lab_packet *sent;

	p->carol->down = true; /* the lab drops it, the capture has it */
	lab_initiate(p->carol, "home", "net");
	lab_settle(p->lab);
	sent = lab_sent(p->carol, IKE_SA_INIT, false, 0);
	assert_non_null(sent);
	assert_int_equal(secret_copy(&bytes, secret_view(&sent->bytes)), 0);
	return bytes;
}

static void inject_from(struct pair *p, struct secret *bytes, const char *addr, uint8_t spi)
{
	struct addr src;

	assert_int_equal(addr_parse(&src, addr), 0);
	src.port = 500;
	bytes->data[0] = spi;
	lab_inject(p->moon, &src, 500, secret_view(bytes));
	while (p->lab->jobs)
		lab_run(p->lab, 0);
}

static void test_other_method(void **state)
{
	(void)state;
	struct pair p = pair_up(
		&(struct pair_params){.proposals = "aes128gcm16-prfsha256-ecp256-modp2048-x25519",
				      .moon_proposals = "aes128gcm16-prfsha256-x25519"});

	lab_assert_logged(p.moon,
			  "key exchange method ECP_256 unacceptable, requesting CURVE_25519");
	lab_assert_logged(p.carol, "peer didn't accept key exchange method ECP_256, it requested "
				   "CURVE_25519");
	assert_int_equal(lab_count_sent(p.carol, IKE_SA_INIT, false), 2);
	assert_int_equal(stats(p.moon).half_open, 0);
	pair_down(&p);
}

/* A message without protection that only somebody on the path could have sent. */
static void forge_plain(struct pair *p, struct wire_hdr *hdr, uint16_t notify, struct view data)
{
	const struct lab_packet *sent = lab_sent(p->carol, IKE_SA_INIT, false, 0);
	struct wire_writer w;
	struct wbuf b;

	hdr->next = PAYLOAD_NOTIFY;
	hdr->length = (uint32_t)(IKE_HDR_LEN + 8 + data.len);
	wbuf_init(&b, 0);
	wire_hdr_encode(hdr, &b);
	wire_writer_init(&w, &b);
	wire_put_notify(&w, notify, data);
	lab_inject(p->carol, &sent->dst, hdr->spi_r ? 4500 : 500, wbuf_view(&b));
	wbuf_done(&b);
}

static void refuse_with(struct pair *p, uint16_t notify, struct view data)
{
	struct wire_hdr hdr = lab_sent(p->carol, IKE_SA_INIT, false, 0)->hdr;

	hdr.flags = IKE_FLAG_RESPONSE;
	forge_plain(p, &hdr, notify, data);
}

/* carol has asked, and moon cannot answer yet. */
static struct lab_result *ask(struct pair *p)
{
	struct lab_result *r;

	p->moon->down = true;
	r = lab_initiate(p->carol, "home", "net");
	lab_settle(p->lab);
	return r;
}

/* An error is not believed at once, but soon enough, and without asking again. */
static void assert_refused(struct pair *p, const struct lab_result *r, int err, const char *why)
{
	lab_run(p->lab, 1990);
	assert_false(r->done);
	lab_run(p->lab, 20);
	lab_assert_result(r, err, why);
	assert_int_equal(lab_count_logged(p->carol, "retransmit 1"), 0);
	p->moon->down = false;
}

static void test_method_not_offered(void **state)
{
	static const uint8_t modp2048[] = {0, 14};

	(void)state;
	for (size_t len = 1; len <= 2; len++) {
		struct pair p = pair_new(&(struct pair_params){0});
		struct lab_result *r = ask(&p);

		refuse_with(&p, N_INVALID_KE_PAYLOAD, view_make(modp2048, len));
		assert_refused(&p, r, len == 2 ? E_NOPROPOSAL : E_MALFORMED,
			       len == 2 ? "method that 'proposals' does not offer"
					: "INVALID_KE_PAYLOAD names no method");
		pair_down(&p);
	}
}

/* It asks for a cookie, and then for another, without end. */
static void test_cookies_without_end(void **state)
{
	uint8_t cookie[4] = {0};
	struct lab_result *r;
	struct pair p;

	(void)state;
	p = pair_new(&(struct pair_params){0});
	r = ask(&p);
	for (cookie[0] = 1; cookie[0] < 100; cookie[0]++)
		refuse_with(&p, N_COOKIE, view_make(cookie, sizeof(cookie)));
	assert_int_equal(lab_count_sent(p.carol, IKE_SA_INIT, false), 6);
	assert_refused(&p, r, E_LIMIT, "the peer keeps asking for another first message");
	pair_down(&p);
}

/* ---- what nobody has signed ---- */

static const uint16_t errors[] = {N_UNSUPPORTED_CRITICAL_PAYLOAD, N_INVALID_IKE_SPI,
				  N_INVALID_MAJOR_VERSION,	  N_INVALID_SYNTAX,
				  N_INVALID_MESSAGE_ID,		  N_NO_PROPOSAL_CHOSEN,
				  N_INVALID_KE_PAYLOAD,		  N_AUTHENTICATION_FAILED,
				  N_INTERNAL_ADDRESS_FAILURE,	  8000};
#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

/* A peer that answers nothing else: the first error is what the user is told. */
static void test_error(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});
	struct lab_result *r = ask(&p);
	unsigned alerts = p.carol->alerts;

	refuse_with(&p, N_NO_PROPOSAL_CHOSEN, (struct view){0});
	lab_assert_logged(p.carol, "received NO_PROPOSAL_CHOSEN notify error"); /* at once */
	lab_assert_logged(p.carol, "compare 'proposals' on both sides");
	lab_run(p.lab, 1000);
	refuse_with(&p, N_INVALID_SYNTAX, (struct view){0});
	assert_int_equal(p.carol->alerts, alerts);
	lab_run(p.lab, 990);
	assert_false(r->done);
	lab_run(p.lab, 20);
	lab_assert_result(r, E_NOPROPOSAL, "received NO_PROPOSAL_CHOSEN notify error");
	assert_int_equal(p.carol->alerts, alerts + 1);
	p.moon->down = false;
	pair_down(&p);
}

static void forge_errors(struct pair *p)
{
	for (size_t i = 0; i < N_ERRORS; i++)
		refuse_with(p, errors[i], (struct view){0});
}

/* Somebody on the way answers faster than moon, with each error there is: her answer wins, also
 * when it asks for another method. */
static void test_forged_errors(void **state)
{
	static const char *const proposals[] = {"aes128gcm16-prfsha256-x25519",
						"aes128gcm16-prfsha256-ecp256-x25519"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(&(struct pair_params){.proposals = proposals[i],
							       .moon_proposals = proposals[0]});
		struct lab_result *r;

		lab_hold(p.carol);
		r = lab_initiate(p.carol, "home", "net");
		lab_settle(p.lab);
		forge_errors(&p);
		lab_run(p.lab, 1900);
		assert_false(r->done);
		lab_release(p.carol);
		lab_settle(p.lab);
		lab_assert_result(r, 0, NULL);
		lab_run(p.lab, 10000); /* the timer has gone too */
		lab_assert_pair(p.carol, p.moon, 1, 1);
		pair_down(&p);
	}
}

/* A whole answer that cannot be true: no SPI, another method, no nonce. */
static void test_forged_answer(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});
	const struct lab_packet *sent;
	struct secret forged;
	struct lab_result *r;

	lab_hold(p.moon);
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	sent = lab_sent(p.moon, IKE_SA_INIT, true, 0);
	assert_int_equal(secret_copy(&forged, secret_view(&sent->bytes)), 0);
	/* Its last transform is the key exchange: x25519 is 31. */
	for (size_t i = IKE_HDR_LEN; i < forged.len - 8; i++) {
		if (forged.data[i] == TRANSFORM_KE && forged.data[i + 3] == 31) {
			forged.data[i + 3] = 19;
			break;
		}
	}
	lab_inject(p.carol, &sent->src, 500, secret_view(&forged));
	lab_assert_logged(p.carol, "the peer chose a proposal that was not offered");
	for (size_t i = 8; i < 16; i++)
		forged.data[i] = 0;
	lab_inject(p.carol, &sent->src, 500, secret_view(&forged));
	lab_assert_logged(p.carol, "IKE_SA_INIT response lacks SA, KE or Nonce");
	assert_false(r->done);
	lab_release(p.moon);
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	secret_done(&forged);
	pair_down(&p);
}

/* Bare errors with the right SPIs while IKE_INTERMEDIATE or IKE_AUTH is in flight. */
static void forge_later(struct pair *p, uint8_t exchange)
{
	const struct lab_packet *sent = lab_sent(p->carol, exchange, false, 0);

	assert_non_null(sent);
	for (size_t i = 0; i < N_ERRORS; i++) {
		static const uint8_t exchanges[] = {IKE_SA_INIT, IKE_INTERMEDIATE, IKE_AUTH,
						    IKE_INFORMATIONAL};

		for (size_t j = 0; j < sizeof(exchanges); j++) {
			struct wire_hdr hdr = sent->hdr;

			hdr.exchange = exchanges[j];
			hdr.flags = IKE_FLAG_RESPONSE;
			forge_plain(p, &hdr, errors[i], (struct view){0});
			hdr.flags = 0;
			hdr.msgid = 0;
			forge_plain(p, &hdr, errors[i], (struct view){0});
		}
	}
}

static void test_forged_later(void **state)
{
	static const uint8_t exchanges[] = {IKE_INTERMEDIATE, IKE_AUTH};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(&(struct pair_params){
			.proposals = "aes128gcm16-prfsha256-x25519-ke1_ecp256"});
		struct lab_result *r = lab_initiate(p.carol, "home", "net");

		while (!lab_sent(p.carol, exchanges[i], false, 0))
			lab_run(p.lab, 1);
		forge_later(&p, exchanges[i]);
		assert_false(r->done);
		lab_settle(p.lab);
		lab_assert_result(r, 0, NULL);
		lab_run(p.lab, 10000);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		pair_down(&p);
	}
}

/* ---- cookies ---- */

static void want_cookies(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.cookie_threshold = 1;
}

static void test_cookie(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = want_cookies});
	struct secret first = init_request(&p);

	p.carol->down = false;
	inject_from(&p, &first, "192.168.0.9", 1);
	assert_int_equal(stats(p.moon).half_open, 1);
	lab_run(p.lab, 40000); /* carol begins with a retransmission */
	lab_assert_result(p.carol->results, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.moon, "generating IKE_SA_INIT response 0 \\[ N\\(COOKIE\\) \\]");
	lab_assert_logged(p.carol, "generating IKE_SA_INIT request 0 \\[ N\\(COOKIE\\) SA KE No");
	lab_assert_not_logged(p.moon, "found cookie, but content invalid");
	secret_done(&first);
	pair_down(&p);
}

/* A cookie is good for one nonce, SPI and address only; a refusal keeps no state. */
static void test_cookie_of_another(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = want_cookies});
	struct secret first = init_request(&p), with;
	const struct lab_packet *sent;

	p.carol->down = false;
	inject_from(&p, &first, "192.168.0.9", 1);
	lab_run(p.lab, 8000);
	sent = lab_sent(p.carol, IKE_SA_INIT, false, 2);
	assert_non_null(sent);
	assert_int_equal(sent->bytes.data[16], PAYLOAD_NOTIFY); /* it begins with the cookie */
	assert_int_equal(secret_copy(&with, secret_view(&sent->bytes)), 0);
	assert_int_equal(stats(p.moon).sas, 2);
	inject_from(&p, &with, "192.168.0.10", with.data[0]);
	assert_int_equal(lab_count_logged(p.moon, "found cookie, but content invalid"), 1);
	inject_from(&p, &with, "192.168.0.3", (uint8_t)(with.data[0] + 1));
	assert_int_equal(lab_count_logged(p.moon, "found cookie, but content invalid"), 2);
	assert_int_equal(stats(p.moon).sas, 2);
	secret_done(&first);
	secret_done(&with);
	pair_down(&p);
}

static void cookies_by_address(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.cookie_threshold_ip = 2;
	moon->settings.block_threshold = 0;
}

static void test_cookie_threshold_of_one_address(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = cookies_by_address});
	struct secret first = init_request(&p);

	for (uint8_t i = 1; i <= 4; i++)
		inject_from(&p, &first, "192.168.0.9", i);
	assert_int_equal(stats(p.moon).half_open, 2);
	assert_int_equal(lab_count_logged(p.moon, "response 0 \\[ N\\(COOKIE\\) \\]"), 2);
	p.carol->down = false;
	secret_done(&first);
	pair_down(&p);
}

/* ---- limits ---- */

static void block(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.cookie_threshold_ip = 0;
	moon->settings.block_threshold = 3;
}

static void test_block_threshold(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = block});
	struct secret first = init_request(&p);

	for (uint8_t i = 1; i <= 5; i++)
		inject_from(&p, &first, "192.168.0.9", i);
	assert_int_equal(stats(p.moon).half_open, 3);
	assert_int_equal(lab_count_logged(p.moon, "ignoring IKE_SA setup from 192.168.0.9, peer "
						  "too aggressive \\(block_threshold 3\\)"),
			 2);
	/* Others are not concerned. */
	inject_from(&p, &first, "192.168.0.8", 6);
	assert_int_equal(stats(p.moon).half_open, 4);
	/* And when they have timed out, neither is it. */
	lab_run(p.lab, 31000);
	assert_int_equal(stats(p.moon).half_open, 0);
	inject_from(&p, &first, "192.168.0.9", 7);
	assert_int_equal(stats(p.moon).half_open, 1);
	p.carol->down = false;
	secret_done(&first);
	pair_down(&p);
}

static void no_protection(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.dos_protection = false;
}

static void test_no_dos_protection(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = no_protection});
	struct secret first = init_request(&p);

	for (uint8_t i = 1; i <= 50; i++)
		inject_from(&p, &first, "192.168.0.9", i);
	assert_int_equal(stats(p.moon).half_open, 50);
	p.carol->down = false;
	secret_done(&first);
	pair_down(&p);
}

static void few(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.init_limit_half_open = 2;
	moon->settings.cookie_threshold = 0;
}

static void test_init_limit_half_open(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = few});
	struct secret first = init_request(&p);

	inject_from(&p, &first, "192.168.0.7", 1);
	inject_from(&p, &first, "192.168.0.8", 2);
	inject_from(&p, &first, "192.168.0.9", 3);
	assert_int_equal(stats(p.moon).half_open, 2);
	lab_assert_logged(p.moon,
			  "ignoring IKE_SA setup from 192.168.0.9, init_limit_half_open of 2 "
			  "reached");
	p.carol->down = false;
	secret_done(&first);
	pair_down(&p);
}

static void one(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.ikesa_limit = 1;
}

static void test_ikesa_limit(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.prepare = one});
	const struct lab_packet *sent = lab_sent(p.carol, IKE_SA_INIT, false, 0);
	struct secret first;

	assert_int_equal(secret_copy(&first, secret_view(&sent->bytes)), 0);
	inject_from(&p, &first, "192.168.0.9", 1);
	lab_assert_logged(p.moon, "ignoring IKE_SA setup from 192.168.0.9, ikesa_limit of 1 SAs "
				  "reached");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	secret_done(&first);
	pair_down(&p);
}

/* ---- half-open SAs ---- */

static void test_half_open_timeout(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});
	struct secret first = init_request(&p);

	inject_from(&p, &first, "192.168.0.9", 1);
	lab_run(p.lab, 29990);
	assert_int_equal(stats(p.moon).half_open, 1);
	lab_run(p.lab, 20);
	assert_int_equal(stats(p.moon).half_open, 0);
	assert_int_equal(stats(p.moon).sas, 0);
	lab_assert_logged(p.moon,
			  "\\[JOB\\] deleting half open IKE_SA with 192.168.0.9 after timeout");
	p.carol->down = false;
	secret_done(&first);
	pair_down(&p);
}

/* The reply was lost: the same request again gets the very same bytes, and makes no other SA. */
static void test_same_reply(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});
	struct secret first = init_request(&p);
	const struct lab_packet *a, *b;

	inject_from(&p, &first, "192.168.0.3", first.data[0]);
	lab_run(p.lab, 500);
	inject_from(&p, &first, "192.168.0.3", first.data[0]);
	assert_int_equal(stats(p.moon).half_open, 1);
	a = lab_sent(p.moon, IKE_SA_INIT, true, 0);
	b = lab_sent(p.moon, IKE_SA_INIT, true, 1);
	assert_non_null(b);
	assert_true(view_equal(secret_view(&a->bytes), secret_view(&b->bytes)));
	lab_assert_logged(p.moon,
			  "received retransmit of request with ID 0, retransmitting response");
	p.carol->down = false;
	secret_done(&first);
	pair_down(&p);
}

/* While the key exchange is being computed, more of the same must not begin it again. */
static void test_retransmission_during_the_job(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});
	struct secret first = init_request(&p);
	struct addr src = p.carol->addr;

	src.port = 500;
	p.lab->job_delay = 3000;
	for (int i = 0; i < 3; i++)
		lab_inject(p.moon, &src, 500, secret_view(&first));
	assert_int_equal(stats(p.moon).jobs, 1);
	assert_int_equal(stats(p.moon).half_open, 1);
	p.carol->down = false;
	lab_run(p.lab, 5000);
	assert_int_equal(lab_count_sent(p.moon, IKE_SA_INIT, true), 1);
	p.lab->job_delay = 0;
	secret_done(&first);
	pair_down(&p);
}

/* ---- what is no request at all ---- */

static unsigned answers(struct pair *p, struct secret *bytes)
{
	unsigned before = p->moon->sent;

	inject_from(p, bytes, "192.168.0.9", bytes->data[0]);
	return p->moon->sent - before;
}

static void test_odd_headers(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});
	struct secret m = init_request(&p);

	m.data[8] = 1; /* a responder's SPI */
	assert_int_equal(answers(&p, &m), 0);
	m.data[8] = 0;
	m.data[19] = IKE_FLAG_RESPONSE | IKE_FLAG_INITIATOR;
	assert_int_equal(answers(&p, &m), 0);
	m.data[19] = 0; /* of the responder of an SA, who cannot begin one */
	assert_int_equal(answers(&p, &m), 0);
	m.data[19] = IKE_FLAG_INITIATOR;
	m.data[18] = IKE_AUTH;
	assert_int_equal(answers(&p, &m), 0);
	m.data[18] = IKE_SA_INIT;
	m.data[17] = 0x30; /* version 3.0 */
	assert_int_equal(answers(&p, &m), 1);
	lab_assert_logged(p.moon, "generating IKE_SA_INIT response 0 \\[ N\\(INVAL_MAJOR\\) \\]");
	m.data[17] = 0x21; /* a later minor version is the same to us */
	m.data[23] = 1;	   /* message ID 1 */
	assert_int_equal(answers(&p, &m), 1);
	lab_assert_logged(p.moon, "generating IKE_SA_INIT response 1 \\[ N\\(INVAL_SYN\\) \\]");
	assert_int_equal(stats(p.moon).sas, 0);
	m.data[23] = 0;
	assert_int_equal(answers(&p, &m), 1);
	assert_int_equal(stats(p.moon).sas, 1);
	p.carol->down = false;
	secret_done(&m);
	pair_down(&p);
}

static void silence(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.half_open_timeout_ms = 1000;
}

/* Whatever comes after a shutdown began is not answered; jobs that come back find nobody. */
static void test_shutdown(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = silence});
	struct lab_result *r;

	p.lab->job_delay = 50;
	r = lab_initiate(p.carol, "home", "net");
	assert_int_equal(stats(p.carol).jobs, 1);
	ike_shutdown(p.carol->ike, p.lab->now);
	lab_assert_result(r, E_CANCELED, "the daemon is shutting down");
	assert_false(ike_is_idle(p.carol->ike));
	assert_int_equal(lab_initiate(p.carol, "home", "net")->call, E_STATE);
	lab_settle(p.lab);
	assert_true(ike_is_idle(p.carol->ike));
	assert_int_equal(p.carol->sent, 0);
	lab_assert_empty(p.lab);
	lab_free(p.lab);
}

static void test_shutdown_of_an_established(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24"});

	ike_shutdown(p.moon->ike, p.lab->now);
	assert_true(ike_is_idle(p.moon->ike));
	lab_assert_logged(p.moon, "sending DELETE for IKE_SA rw\\[1\\]");
	lab_settle(p.lab);
	lab_assert_logged(p.carol, "received DELETE for IKE_SA home\\[1\\]");
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_method),
		cmocka_unit_test(test_method_not_offered),
		cmocka_unit_test(test_cookies_without_end),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_forged_errors),
		cmocka_unit_test(test_forged_answer),
		cmocka_unit_test(test_forged_later),
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_cookie_of_another),
		cmocka_unit_test(test_cookie_threshold_of_one_address),
		cmocka_unit_test(test_block_threshold),
		cmocka_unit_test(test_no_dos_protection),
		cmocka_unit_test(test_init_limit_half_open),
		cmocka_unit_test(test_ikesa_limit),
		cmocka_unit_test(test_half_open_timeout),
		cmocka_unit_test(test_same_reply),
		cmocka_unit_test(test_retransmission_during_the_job),
		cmocka_unit_test(test_odd_headers),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_shutdown_of_an_established),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
