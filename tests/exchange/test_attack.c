/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ike/sa.h"
#include "ike/state.h"
#include "pair.h"

/* What one peer, or one change of the configuration, must not do to the SAs of others. */

static bool drop_auth_of(void *ctx, struct lab_packet *p)
{
	return p->from == ctx && p->hdr.exchange == IKE_AUTH;
}

static void no_reuse(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.reuse_ikesa = false;
}

static unsigned half_open(const struct lab_host *h)
{
	struct ike_stats s;

	ike_get_stats(h->ike, &s);
	return s.half_open;
}

/* A child that is set up again on its own IKE_SA leaves one alone that has just begun. */
static void test_restart_spares_half_open(void **state)
{
	(void)state;
	struct pair p = pair_up(
		&(struct pair_params){.moon_child = "close_action = start\n", .prepare = no_reuse});
	struct lab_result *second, *r;

	p.lab->drop = drop_auth_of;
	p.lab->drop_ctx = p.carol;
	second = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	assert_int_equal(half_open(p.moon), 1);
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.child = "net"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	assert_int_equal(half_open(p.moon), 1);
	p.lab->drop = NULL;
	lab_await(p.lab, second, 10000);
	lab_assert_result(second, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 2, 2);
	pair_down(&p);
}

/* An IKE_SA keeps the connection it was authenticated by: another dpd_delay, or another identity
 * that the peer must have, is for a new one. */
static void test_changed_connection(void **state)
{
	static const struct pair_params params = {.carol_conn = "dpd_delay = 30s\n",
						  .carol_children =
							  "second { remote_ts = "
							  "10.1.7.0/24\n"
							  "esp_proposals = aes128gcm16 }\n"};
	struct pair_params changed = params;
	struct lab_result *r;

	(void)state;
	struct pair p = pair_up(&params);

	changed.carol_conn = NULL;
	pair_reload(&p, &changed);
	r = lab_initiate(p.carol, "home", "second");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 2, 2);
	lab_run(p.lab, 100000);
	assert_true(lab_count_logged(p.carol, "sending DPD request") >= 3);
	changed.carol_expects = "sun";
	pair_reload(&p, &changed);
	r = lab_initiate(p.carol, "home", "second");
	lab_settle(p.lab);
	lab_assert_result(r, E_AUTH, NULL);
	lab_assert_pair(p.carol, p.moon, 2, 2);
	pair_down(&p);
}

/* INITIAL_CONTACT is for the only IKE_SA of two identities, by whichever connection. */
static void test_initial_contact_of_two_connections(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});

	lab_load(p.carol, "connections { work {\nremote_addrs = 192.168.0.2\n"
			  "proposals = aes128gcm16-prfsha256-x25519\n"
			  "local { auth = psk\nid = carol\n}\nremote { auth = psk\nid = moon\n}\n"
			  "children { other {\nremote_ts = 10.1.0.0/16\n"
			  "esp_proposals = aes128gcm16\n} }\n} }\n");
	r = lab_initiate(p.carol, "work", "other");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_not_logged(p.moon, "destroying duplicate IKE_SA");
	lab_assert_pair(p.carol, p.moon, 2, 2);
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.ike = "work"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	pair_down(&p);
}

/* A secret that moon shares with carol does not make her dave. */
static void test_secret_of_another(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_id = "dave", .carol_psk = "carol's"});

	lab_load(p.moon, "secrets { ike-1 {\nid-1 = moon\nid-2 = carol\nsecret = \"carol's\"\n}\n"
			 "ike-2 {\nid-1 = moon\nid-2 = dave\nsecret = \"dave's\"\n} }\n");
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, E_AUTH, "received AUTHENTICATION_FAILED notify error");
	lab_assert_logged(p.moon, "tried 1 shared key for 'moon' - 'dave', but MAC mismatched");
	assert_int_equal(p.moon->ike_up, 0);
	pair_down(&p);
}

/* Strangers who fail are kept for their retransmissions, but not with all they sent. */
static void test_closed_sa_is_small(void **state)
{
	const struct ike_sa *sa;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_psk = "guess"});

	lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	assert_int_equal(p.moon->ike->n_sas, 1);
	sa = list_entry(p.moon->ike->sas.next, struct ike_sa, link);
	assert_int_equal(sa->state, IKE_S_DESTROYING);
	assert_int_equal(sa->in.reply.packets.count, 1);
	assert_null(sa->hs);
	assert_null(sa->seal_in);
	assert_null(sa->seal_out);
	assert_int_equal(sa->keys.d.len, 0);
	assert_int_equal(sa->in.plain.len, 0);
	pair_down(&p);
}

static void behind_nat(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->natted = true;
	assert_int_equal(addr_parse(&carol->lab->nat_public, "203.0.113.1"), 0);
}

/* charon.keep_alive = 0 at a reload, while an SA sends them. */
static void test_keepalives_turned_off(void **state)
{
	struct ike_settings s;

	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.prepare = behind_nat, .pool = "10.3.0.0/24"});

	lab_run(p.lab, 25000);
	assert_int_equal(p.carol->keepalives, 1);
	s = p.carol->settings;
	s.keep_alive_ms = 0;
	ike_set_settings(p.carol->ike, &s);
	lab_run(p.lab, 60000);
	assert_true(p.carol->keepalives <= 2);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restart_spares_half_open),
		cmocka_unit_test(test_changed_connection),
		cmocka_unit_test(test_initial_contact_of_two_connections),
		cmocka_unit_test(test_secret_of_another),
		cmocka_unit_test(test_closed_sa_is_small),
		cmocka_unit_test(test_keepalives_turned_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
