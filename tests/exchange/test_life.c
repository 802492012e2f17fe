/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pair.h"

/* Time: retransmission, giving up, liveness, lifetimes, and starting anew. */

static struct ike_stats stats(const struct lab_host *h)
{
	struct ike_stats s;

	ike_get_stats(h->ike, &s);
	return s;
}

/* ---- retransmission ---- */

/* When carol sent her requests, after the first, in ms. */
static void assert_sent_at(const struct lab_host *carol, uint8_t exchange, const uint64_t *ms,
			   unsigned n)
{
	const struct lab_packet *first = lab_sent(carol, exchange, false, 0);

	assert_int_equal(lab_count_sent(carol, exchange, false), n);
	for (unsigned i = 0; i < n; i++) {
		const struct lab_packet *p = lab_sent(carol, exchange, false, i);

		assert_int_equal(p->at - first->at, ms[i]);
		assert_true(view_equal(secret_view(&p->bytes), secret_view(&first->bytes)));
	}
}

/* 4.0 s, and each pause 1.8 times the one before: 4, 7.2, 12.96, 23.328, 41.9904, 75.58272. */
static const uint64_t pauses[] = {0, 4000, 11200, 24160, 47488, 89478};

static void test_retransmission(void **state)
{
	struct lab_result *r;
	struct pair p;
	char line[80];

	(void)state;
	p = pair_new(&(struct pair_params){0});
	p.moon->down = true;
	r = lab_initiate(p.carol, "home", "net");
	lab_run(p.lab, 165059);
	assert_false(r->done);
	lab_run(p.lab, 2);
	lab_assert_result(r, E_TIMEOUT, "peer not responding");
	assert_sent_at(p.carol, IKE_SA_INIT, pauses, 6);
	for (int i = 1; i <= 5; i++) {
		snprintf(line, sizeof(line), "\\[IKE\\] retransmit %d of request with message ID 0",
			 i);
		assert_int_equal(lab_count_logged(p.carol, line), 1);
	}
	lab_assert_logged(p.carol, "\\[IKE\\] giving up after 5 retransmits");
	lab_assert_logged(p.carol, "\\[IKE\\] establishing IKE_SA failed, peer not responding");
	pair_down(&p);
}

static void test_retransmission_of_protected(void **state)
{
	struct lab_result *r;
	struct pair p;

	(void)state;
	p = pair_up(&(struct pair_params){0});
	p.moon->down = true;
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.child = "net"});
	lab_run(p.lab, 166000);
	assert_sent_at(p.carol, IKE_INFORMATIONAL, pauses, 6);
	assert_true(r->done);
	assert_int_equal(stats(p.carol).sas, 0);
	lab_assert_logged(p.carol, "giving up after 5 retransmits");
	/* moon has not heard of it. */
	p.moon->down = false;
	assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 1);
	r = lab_terminate(p.moon, &(struct ike_terminate_params){.ike = "rw", .force = true});
	lab_assert_result(r, 0, NULL);
	pair_down(&p);
}

static void other_timers(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.retransmit_tries = 3;
	carol->settings.retransmit_timeout_ms = 1000;
	carol->settings.retransmit_base = 3;
	carol->settings.retransmit_limit_ms = 5000;
}

static void test_retransmission_settings(void **state)
{
	static const uint64_t at[] = {0, 1000, 4000, 9000};
	struct lab_result *r;
	struct pair p;

	(void)state;
	p = pair_new(&(struct pair_params){.prepare = other_timers});
	p.moon->down = true;
	r = lab_initiate(p.carol, "home", "net");
	lab_run(p.lab, 14100);
	lab_assert_result(r, E_TIMEOUT, NULL);
	assert_sent_at(p.carol, IKE_SA_INIT, at, 4);
	pair_down(&p);
}

static void with_jitter(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.retransmit_jitter = 20;
}

static void test_jitter(void **state)
{
	const struct lab_packet *first, *second;
	unsigned different = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct pair p =
			pair_new(&(struct pair_params){.prepare = with_jitter, .seed = seed});

		p.moon->down = true;
		lab_initiate(p.carol, "home", "net");
		lab_run(p.lab, 4000);
		first = lab_sent(p.carol, IKE_SA_INIT, false, 0);
		second = lab_sent(p.carol, IKE_SA_INIT, false, 1);
		assert_non_null(second);
		assert_in_range(second->at - first->at, 3200, 4000);
		different += second->at - first->at != 4000;
		p.moon->down = false;
		pair_down(&p);
	}
	assert_true(different > 5);
}

/* ---- keyingtries ---- */

static void test_keyingtries(void **state)
{
	struct lab_result *r;
	struct pair p;

	(void)state;
	p = pair_new(&(struct pair_params){.carol_conn = "keyingtries = 3\n"});
	p.moon->down = true;
	r = lab_initiate(p.carol, "home", "net");
	lab_run(p.lab, 3 * 165061);
	lab_assert_result(r, E_TIMEOUT, "peer not responding");
	assert_int_equal(lab_count_sent(p.carol, IKE_SA_INIT, false), 18);
	lab_assert_logged(p.carol, "peer not responding, trying again \\(2/3\\)");
	lab_assert_logged(p.carol, "peer not responding, trying again \\(3/3\\)");
	/* Each time another SPI and nonce. */
	assert_true(lab_sent(p.carol, IKE_SA_INIT, false, 0)->hdr.spi_i !=
		    lab_sent(p.carol, IKE_SA_INIT, false, 6)->hdr.spi_i);
	pair_down(&p);
}

static bool drop_auth(void *ctx, struct lab_packet *p)
{
	return p->hdr.exchange == IKE_AUTH && p->from == ctx;
}

/* The second try works; moon's half-made SA of the first one goes by itself. */
static void test_second_try(void **state)
{
	struct lab_result *r;
	struct pair p;

	(void)state;
	p = pair_new(
		&(struct pair_params){.carol_conn = "keyingtries = 0\n", .pool = "10.3.0.0/24"});
	p.lab->drop = drop_auth;
	p.lab->drop_ctx = p.carol;
	r = lab_initiate(p.carol, "home", "net");
	lab_run(p.lab, 164000);
	assert_false(r->done);
	p.lab->drop = NULL;
	lab_run(p.lab, 2000);
	lab_assert_result(r, 0, NULL);
	lab_assert_logged(p.carol, "peer not responding, trying again \\(2\\)");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* moon's reply is lost each time: she thinks the SA is up; the second try replaces it. */
static void test_second_try_replaces(void **state)
{
	struct lab_result *r;
	struct pair p;

	(void)state;
	p = pair_new(
		&(struct pair_params){.carol_conn = "keyingtries = 0\n", .pool = "10.3.0.0/24"});
	p.lab->drop = drop_auth;
	p.lab->drop_ctx = p.moon;
	r = lab_initiate(p.carol, "home", "net");
	lab_run(p.lab, 164000);
	assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 1);
	assert_int_equal(lab_count_logged(p.moon, "received retransmit of request with ID 1"), 5);
	p.lab->drop = NULL;
	lab_run(p.lab, 2000);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(lab_leases(p.moon), 1);
	pair_down(&p);
}

/* ---- the cached reply ---- */

/* The first reply of each exchange is lost. */
static bool drop_first_replies(void *ctx, struct lab_packet *p)
{
	uint64_t *seen = ctx, bit = 1ull << p->hdr.exchange;
	bool first = (p->hdr.flags & IKE_FLAG_RESPONSE) && !(*seen & bit);

	if (first)
		*seen |= bit;
	return first;
}

/* The same bytes come again, and nothing is computed twice. */
static void test_cached_replies(void **state)
{
	static const uint8_t exchanges[] = {IKE_SA_INIT, IKE_AUTH, IKE_INFORMATIONAL};
	const struct lab_packet *a, *b;
	struct lab_result *r;
	uint64_t seen = 0;
	struct pair p;

	(void)state;
	p = pair_new(&(struct pair_params){.pool = "10.3.0.0/24"});
	p.lab->drop = drop_first_replies;
	p.lab->drop_ctx = &seen;
	r = lab_initiate(p.carol, "home", "net");
	lab_run(p.lab, 9000);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(p.moon->ipsec.installs, 1);
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.ike = "home"});
	lab_run(p.lab, 5000);
	lab_assert_result(r, 0, NULL);
	for (size_t i = 0; i < sizeof(exchanges); i++) {
		a = lab_sent(p.moon, exchanges[i], true, 0);
		b = lab_sent(p.moon, exchanges[i], true, 1);
		assert_non_null(b);
		assert_true(view_equal(secret_view(&a->bytes), secret_view(&b->bytes)));
	}
	lab_assert_logged(p.moon,
			  "received retransmit of request with ID 2, retransmitting response");
	pair_down(&p);
}

/* ---- liveness ---- */

static void test_dpd(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_conn = "dpd_delay = 30s\n"});

	lab_run(p.lab, 29900);
	assert_int_equal(lab_count_logged(p.carol, "sending DPD request"), 0);
	lab_run(p.lab, 200);
	assert_int_equal(lab_count_logged(p.carol, "sending DPD request"), 1);
	lab_assert_logged(p.moon, "parsed INFORMATIONAL request 2 \\[ \\]");
	lab_assert_logged(p.carol, "parsed INFORMATIONAL response 2 \\[ \\]");
	lab_run(p.lab, 300000);
	assert_in_range(lab_count_logged(p.carol, "sending DPD request"), 10, 11);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* Traffic proves as much. */
static void test_no_dpd_with_traffic(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_conn = "dpd_delay = 30s\n"});

	for (int i = 0; i < 20; i++) {
		p.carol->ipsec.sas[0].stats.in.last_use = p.lab->now;
		lab_run(p.lab, 10000);
	}
	lab_assert_not_logged(p.carol, "sending DPD request");
	lab_run(p.lab, 40000);
	lab_assert_logged(p.carol, "sending DPD request");
	pair_down(&p);
}

static void test_dpd_unanswered(void **state)
{
	(void)state;
	struct pair p = pair_up(
		&(struct pair_params){.carol_conn = "dpd_delay = 30s\n", .pool = "10.3.0.0/24"});
	struct lab_result *r;

	p.moon->down = true;
	lab_run(p.lab, 30100 + 165061);
	lab_assert_logged(p.carol, "giving up after 5 retransmits");
	assert_int_equal(stats(p.carol).sas, 0);
	assert_int_equal(p.carol->ipsec.n_vips, 0);
	p.moon->down = false;
	r = lab_terminate(p.moon, &(struct ike_terminate_params){.ike = "rw", .force = true});
	lab_assert_result(r, 0, NULL);
	pair_down(&p);
}

static void test_dpd_restart(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_conn = "dpd_delay = 30s\n",
						      .carol_child = "dpd_action = restart\n",
						      .pool = "10.3.0.0/24"});

	p.moon->down = true;
	lab_run(p.lab, 30100 + 165061);
	assert_int_equal(lab_count_sas(p.carol, IKE_S_CONNECTING), 1);
	p.moon->down = false;
	lab_run(p.lab, 30000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(lab_leases(p.moon), 1);
	pair_down(&p);
}

/* ---- lifetimes of the IKE_SA ---- */

static bool swallow_create_child(void *ctx, struct lab_packet *q)
{
	return q->from == ctx && q->hdr.exchange == IKE_CREATE_CHILD_SA &&
	       !(q->hdr.flags & IKE_FLAG_RESPONSE);
}

/* moon refuses to rekey as long as her own request hangs. */
static void test_lifetime(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.carol_conn = "rekey_time = 100s\nover_time = 20s\nrand_time = 0s\n"});

	p.lab->drop = swallow_create_child;
	p.lab->drop_ctx = p.moon;
	lab_run(p.lab, 90000);
	lab_rekey(p.moon, NULL, "net");
	lab_assert_logged(p.carol, "scheduling rekeying in 100s");
	lab_assert_logged(p.carol, "maximum IKE_SA lifetime 120s");
	lab_run(p.lab, 29900);
	lab_assert_logged(p.carol, "the peer is busy, trying again");
	assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 1);
	lab_run(p.lab, 200);
	lab_assert_logged(p.carol, "IKE_SA home\\[1\\] reached its lifetime, deleting");
	lab_assert_logged(p.moon, "received DELETE for IKE_SA rw\\[1\\]");
	/* Who made it sets it up anew. */
	lab_run(p.lab, 5000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.carol, "IKE_SA home\\[[2-9]\\] established");
	pair_down(&p);
}

/* Both reach it at about the same time. */
static void test_lifetime_of_both(void **state)
{
	static const char *const conf = "rekey_time = 100s\nover_time = 20s\nrand_time = 0s\n";

	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_conn = conf, .moon_conn = conf});

	p.lab->delay = 100;
	lab_run(p.lab, 126000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	p.lab->delay = LAB_DELAY;
	pair_down(&p);
}

/* ---- one SA a peer ---- */

/* carol has forgotten everything: INITIAL_CONTACT lets moon forget, too. */
static void test_initial_contact(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24"});
	struct lab_result *r;

	r = lab_terminate(p.carol, &(struct ike_terminate_params){.ike = "home", .force = true});
	lab_assert_result(r, 0, NULL);
	p.lab->queue[0].bytes.data[IKE_HDR_LEN + 10] ^= 1; /* the DELETE is not understood */
	lab_settle(p.lab);
	assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 1);
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_logged(p.carol, "N\\(INIT_CONTACT\\)");
	lab_assert_logged(p.moon, "destroying duplicate IKE_SA for peer 'carol', received "
				  "INITIAL_CONTACT");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(lab_leases(p.moon), 1);
	pair_down(&p);
}

static void own_ike_sas(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.reuse_ikesa = false;
}

static struct pair twice(const char *carol_conn, const char *moon_conn, struct lab_result **out)
{
	struct pair p = pair_up(&(struct pair_params){.carol_conn = carol_conn,
						      .moon_conn = moon_conn,
						      .pool = "10.3.0.0/24",
						      .prepare = own_ike_sas});

	*out = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	return p;
}

static void test_unique_replace(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = twice("unique = never\n", "unique = replace\n", &r);

	lab_assert_result(r, 0, NULL);
	lab_assert_not_logged(p.carol, "N\\(INIT_CONTACT\\)");
	/* She might have been about to delete the old one herself: a reauthentication. */
	lab_assert_pair(p.carol, p.moon, 2, 2);
	lab_run(p.lab, 12000);
	lab_assert_logged(p.moon, "destroying duplicate IKE_SA for peer 'carol', unique = replace");
	assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 1);
	assert_int_equal(lab_leases(p.moon), 1);
	lab_assert_logged(p.carol, "received DELETE for IKE_SA home.1.");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void test_unique_keep(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = twice("unique = never\n", "unique = keep\n", &r);

	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 2, 2);
	lab_run(p.lab, 12000);
	lab_assert_logged(p.moon, "destroying duplicate IKE_SA for peer 'carol', unique = keep");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.carol, "received DELETE for IKE_SA home.2.");
	pair_down(&p);
}

static void test_close_action(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_child = "close_action = start\n",
						      .pool = "10.3.0.0/24"});
	struct lab_result *r;

	r = lab_terminate(p.moon, &(struct ike_terminate_params){.child = "net"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(p.carol->child_up, 2);
	r = lab_terminate(p.moon, &(struct ike_terminate_params){.ike = "rw"});
	lab_settle(p.lab);
	lab_run(p.lab, 20000);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(p.carol->ike_up, 2);
	pair_down(&p);
}

static void test_unique_never(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = twice("unique = never\n", "unique = never\n", &r);

	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 2, 2);
	/* The pool knows carol: a second address for a second SA. */
	assert_int_equal(lab_leases(p.moon), 2);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retransmission),
		cmocka_unit_test(test_retransmission_of_protected),
		cmocka_unit_test(test_retransmission_settings),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_keyingtries),
		cmocka_unit_test(test_second_try),
		cmocka_unit_test(test_second_try_replaces),
		cmocka_unit_test(test_cached_replies),
		cmocka_unit_test(test_dpd),
		cmocka_unit_test(test_no_dpd_with_traffic),
		cmocka_unit_test(test_dpd_unanswered),
		cmocka_unit_test(test_dpd_restart),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_lifetime_of_both),
		cmocka_unit_test(test_initial_contact),
		cmocka_unit_test(test_unique_replace),
		cmocka_unit_test(test_unique_keep),
		cmocka_unit_test(test_unique_never),
		cmocka_unit_test(test_close_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
