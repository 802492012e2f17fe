/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ike/sa.h"
#include "ike/state.h"
#include "lab_forge.h"
#include "lab_pki.h"
#include "pair.h"

/* Several rounds of authentication (RFC 4739): certificates first, then shared keys, and so on. */

#define CAROL_2		"local-2 { round = 2\n auth = psk\n id = carol-user\n}\n"
#define MOON_OF_CAROL_2 "remote-2 { round = 2\n auth = psk\n id = carol-user\n}\n"
#define MOON_2		"local-2 { round = 2\n auth = psk\n id = moon-user\n}\n"
#define CAROL_OF_MOON_2 "remote-2 { round = 2\n auth = psk\n id = moon-user\n}\n"

static const struct pair_params both = {.certs = true,
					.pool = "10.3.0.0/24",
					.carol_conn = CAROL_2 CAROL_OF_MOON_2,
					.moon_conn = MOON_2 MOON_OF_CAROL_2};

static void test_both(void **state)
{
	(void)state;
	struct pair p = pair_up(&both);

	lab_assert_logged(p.moon, "authentication of 'carol.example.org' with .* successful");
	lab_assert_logged(p.moon, "authentication of 'carol-user' with pre-shared key successful");
	lab_assert_logged(p.carol, "authentication of 'moon.example.org' with .* successful");
	lab_assert_logged(p.carol, "authentication of 'moon-user' with pre-shared key successful");
	lab_assert_logged(p.moon, "IKE_SA .* established between .*moon-user.*carol-user");
	assert_int_equal(lab_count_sent(p.carol, IKE_AUTH, false), 2);
	pair_down(&p);
}

static void test_initiator_only(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.certs = true, .carol_conn = CAROL_2, .moon_conn = MOON_OF_CAROL_2});

	assert_int_equal(lab_count_sent(p.carol, IKE_AUTH, false), 2);
	pair_down(&p);
}

/* carol has said all and sends an empty request for moon's second round. */
static void test_responder_only(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.certs = true, .carol_conn = CAROL_OF_MOON_2, .moon_conn = MOON_2});

	assert_int_equal(lab_count_sent(p.carol, IKE_AUTH, false), 2);
	lab_assert_logged(p.carol, "generating IKE_AUTH request 2 \\[ \\]");
	pair_down(&p);
}

/* Four rounds of carol's by two kinds of keys, one of moon's. */
static void test_many(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.certs = true,
		.carol_conn = CAROL_2 "local-3 { round = 3\n auth = psk\n id = third }\n"
				      "local-4 { round = 4\n certs = carol\n"
				      "id = carol.example.org }\n",
		.moon_conn = MOON_OF_CAROL_2 "remote-3 { round = 3\n auth = psk\n id = third }\n"
					     "remote-4 { round = 4\n id = \"*.example.org\" }\n"});

	assert_int_equal(lab_count_sent(p.carol, IKE_AUTH, false), 4);
	pair_down(&p);
}

/* IntAuth (RFC 9242) is in the octets of every round, with the id of the first IKE_AUTH. */
static void test_after_intermediate(void **state)
{
	struct pair_params params = both;

	(void)state;
	params.proposals = "aes128gcm16-prfsha256-x25519-ke1_ecp256";
	struct pair p = pair_up(&params);

	assert_int_equal(lab_count_sent(p.carol, IKE_INTERMEDIATE, false), 1);
	pair_down(&p);
}

static void nothing_is_up(struct pair *p, struct lab_result *r, int err)
{
	lab_settle(p->lab);
	lab_assert_result(r, err, NULL);
	assert_int_equal(p->carol->ike_up + p->moon->ike_up, 0);
	assert_int_equal(p->carol->child_up + p->moon->child_up, 0);
	assert_int_equal(lab_leases(p->moon), 0);
	pair_down(p);
}

static void test_missing_round(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){
		.certs = true, .pool = "10.3.0.0/24", .moon_conn = MOON_OF_CAROL_2});
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_logged(p.moon, "insufficient authentication rounds .the peer did 1, its remote "
				  "sections want 2");
	nothing_is_up(&p, r, E_AUTH);
}

static void test_missing_round_of_responder(void **state)
{
	(void)state;
	struct pair p =
		pair_new(&(struct pair_params){.certs = true, .carol_conn = CAROL_OF_MOON_2});
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_logged(p.carol, "insufficient authentication rounds");
	lab_assert_result(r, E_AUTH, NULL);
	assert_int_equal(p.carol->ike_up, 0);
	assert_int_equal(p.moon->ipsec.n_sas, 0);
	pair_down(&p);
}

static void test_too_many(void **state)
{
	(void)state;
	struct pair p = pair_new(
		&(struct pair_params){.certs = true, .pool = "10.3.0.0/24", .carol_conn = CAROL_2});
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_logged(p.moon, "the peer wants to authenticate in more rounds than its 1 remote "
				  "section");
	nothing_is_up(&p, r, E_AUTH);
}

static void test_too_many_of_responder(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.certs = true, .moon_conn = MOON_2});
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_logged(p.carol, "too many authentication rounds");
	nothing_is_up(&p, r, E_AUTH);
}

/* The last of several rounds fails: the ones before it count for nothing. */
static void test_wrong_secret_at_last(void **state)
{
	struct pair_params params = both;

	(void)state;
	params.carol_psk = "another";
	struct pair p = pair_new(&params);
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_logged(p.moon, "authentication of 'carol.example.org' with .* successful");
	lab_assert_logged(p.moon, "but MAC mismatched");
	nothing_is_up(&p, r, E_AUTH);
}

static void test_wrong_identity_at_last(void **state)
{
	(void)state;
	struct pair p = pair_new(
		&(struct pair_params){.certs = true,
				      .carol_conn = "local-2 { round = 2\n auth = psk\n id = "
						    "dave\n}\n",
				      .moon_conn = MOON_OF_CAROL_2});
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_logged(p.moon, "the peer is 'dave' in round 2, remote-2.id wants 'carol-user'");
	nothing_is_up(&p, r, E_AUTH);
}

static void no_rounds(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.multiple_authentication = false;
}

static void test_turned_off(void **state)
{
	struct pair_params params = both;

	(void)state;
	params.prepare = no_rounds;
	struct pair p = pair_new(&params);
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_logged(p.moon, "insufficient authentication rounds");
	nothing_is_up(&p, r, E_AUTH);
}

/* Two connections begin alike; the second round tells which one it is. */
static void test_second_round_decides(void **state)
{
	(void)state;
	struct pair p = pair_new(
		&(struct pair_params){.certs = true,
				      .carol_conn = CAROL_2,
				      .moon_conn = "remote-2 { round = 2\n auth = psk\n id = "
						   "bob\n}\n"});

	lab_load(p.moon, "connections { second {\nlocal_addrs = 192.168.0.2\n"
			 "proposals = aes128gcm16-prfsha256-x25519\n"
			 "local { certs = moon\n id = moon.example.org\n}\n" MOON_OF_CAROL_2
			 "remote { auth = pubkey }\n"
			 "children { net { local_ts = 10.1.0.0/16\n"
			 "esp_proposals = aes128gcm16\n} } } }\n");
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_logged(p.moon, "switching to peer config 'second'");
	lab_assert_logged(p.moon, "IKE_SA second.* established");
	pair_down(&p);
}

/* ---- between the rounds ---- */

static unsigned auths;

/* carol's second IKE_AUTH request is lost. */
static bool drop_second(void *ctx, struct lab_packet *p)
{
	return p->from == ctx && p->hdr.exchange == IKE_AUTH && p->hdr.msgid > 1;
}

static struct pair between(struct lab_result **out)
{
	struct pair p = pair_new(&both);

	p.lab->drop = drop_second;
	p.lab->drop_ctx = p.carol;
	*out = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	assert_int_equal(lab_count_sas(p.moon, IKE_S_CONNECTING), 1);
	lab_assert_logged(p.moon, "authentication of 'carol.example.org' with .* successful");
	return p;
}

/* What has keys but has not authenticated in all rounds gets nothing, whatever it sends. */
static void test_nothing_between(void **state)
{
	static const uint8_t exchanges[] = {IKE_CREATE_CHILD_SA, IKE_INFORMATIONAL, IKE_FOLLOWUP_KE,
					    IKE_INTERMEDIATE};
	static const uint8_t nonce[36] = {0, 0, 0, 36};
	struct lab_result *r;
	unsigned sent;

	(void)state;
	struct pair p = between(&r);

	sent = p.moon->sent;
	for (size_t i = 0; i < sizeof(exchanges); i++) {
		lab_forge(p.carol, p.moon,
			  &(struct forge){.exchange = exchanges[i],
					  .msgid = 2,
					  .first = PAYLOAD_NONCE,
					  .plain = view_make(nonce, sizeof(nonce))});
		lab_forge(p.carol, p.moon, &(struct forge){.exchange = exchanges[i], .msgid = 2});
	}
	lab_settle(p.lab);
	assert_int_equal(p.moon->sent, sent);
	lab_assert_logged(p.moon, "CREATE_CHILD_SA request is not allowed in state CONNECTING");
	assert_int_equal(p.moon->ipsec.n_sas + p.moon->ipsec.n_spis, 0);
	/* And the honest one goes on. */
	p.lab->drop = NULL;
	lab_await(p.lab, r, 10000);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* A second round without identity and AUTH is none. */
static void test_empty_second_round(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = between(&r);

	lab_forge(p.carol, p.moon, &(struct forge){.exchange = IKE_AUTH, .msgid = 2});
	lab_settle(p.lab);
	assert_int_equal(p.moon->ike_up, 0);
	assert_int_equal(p.moon->ipsec.n_sas, 0);
	assert_int_equal(lab_count_sas(p.moon, IKE_S_CONNECTING), 0);
	lab_run(p.lab, 300000);
	lab_assert_result(r, E_AUTH, "INVALID_SYNTAX");
	pair_down(&p);
}

/* moon, not carol, has another round, and carol authenticates once more without being asked. */
static void test_unasked_round(void **state)
{
	static const uint8_t id[] = {0, 0, 0, 13, 2, 0, 0, 0, 'c', 'a', 'r', 'o', 'l'};

	(void)state;
	struct pair p = pair_new(&(struct pair_params){
		.certs = true, .carol_conn = CAROL_OF_MOON_2, .moon_conn = MOON_2});
	struct lab_result *r;

	p.lab->drop = drop_second;
	p.lab->drop_ctx = p.carol;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_forge(p.carol, p.moon,
		  &(struct forge){.exchange = IKE_AUTH,
				  .msgid = 2,
				  .first = PAYLOAD_IDI,
				  .plain = view_make(id, sizeof(id))});
	lab_run(p.lab, 300000);
	lab_assert_result(r, E_AUTH, "INVALID_SYNTAX");
	assert_int_equal(p.moon->ike_up, 0);
	pair_down(&p);
}

/* A peer that stops after its first round does not stay. */
static void test_half_open_between(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = between(&r);

	lab_run(p.lab, 31000);
	lab_assert_logged(p.moon, "deleting half open IKE_SA");
	assert_int_equal(p.moon->ike->n_sas, 0);
	lab_run(p.lab, 300000);
	lab_assert_result(r, E_TIMEOUT, NULL);
	pair_down(&p);
}

/* ---- bad wires ---- */

static void test_loss(void **state)
{
	struct pair_params params = both;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct lab_result *r;

		params.seed = seed;
		params.carol_conn = "keyingtries = 0\n" CAROL_2 CAROL_OF_MOON_2;
		struct pair p = pair_new(&params);

		p.lab->loss = 25;
		p.lab->twice = 20;
		p.lab->jitter = 50;
		p.lab->job_delay = seed % 7;
		r = lab_initiate(p.carol, "home", "net");
		lab_await(p.lab, r, 3600000);
		lab_assert_result(r, 0, NULL);
		p.lab->loss = p.lab->twice = p.lab->jitter = 0;
		lab_run(p.lab, 400000);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		assert_int_equal(lab_leases(p.moon), 1);
		pair_down(&p);
	}
}

/* MULTIPLE_AUTH_SUPPORTED is taken out of moon's IKE_SA_INIT: AUTH covers that message. */
static bool strip_multi_auth(void *ctx, struct lab_packet *p)
{
	static const uint8_t notify[] = {0, 0, 0x40, 0x14}; /* no protocol, no SPI, 16404 */

	if (p->from != ctx || p->hdr.exchange != IKE_SA_INIT)
		return false;
	for (size_t i = 28; i + 4 <= p->bytes.len; i++) {
		if (view_equal(view_make(p->bytes.data + i, 4), view_make(notify, 4))) {
			p->bytes.data[i + 2] = 0x7f; /* a status nobody knows */
			auths++;
		}
	}
	return false;
}

static void test_stripped_notify(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.certs = true, .carol_conn = CAROL_2});
	struct lab_result *r;

	p.lab->drop = strip_multi_auth;
	p.lab->drop_ctx = p.moon;
	auths = 0;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	assert_int_equal(auths, 1);
	lab_assert_logged(p.carol, "signature of the peer does not verify");
	lab_assert_result(r, E_AUTH, NULL);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_initiator_only),
		cmocka_unit_test(test_responder_only),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_after_intermediate),
		cmocka_unit_test(test_missing_round),
		cmocka_unit_test(test_missing_round_of_responder),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_many_of_responder),
		cmocka_unit_test(test_wrong_secret_at_last),
		cmocka_unit_test(test_wrong_identity_at_last),
		cmocka_unit_test(test_turned_off),
		cmocka_unit_test(test_second_round_decides),
		cmocka_unit_test(test_nothing_between),
		cmocka_unit_test(test_empty_second_round),
		cmocka_unit_test(test_unasked_round),
		cmocka_unit_test(test_half_open_between),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_stripped_notify),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return rc;
}
