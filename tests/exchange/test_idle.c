/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pair.h"

/* children.inactivity, and what becomes of the IKE SA then. */

static void test_idle_child_goes(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_child = "inactivity = 60s\n"});

	lab_run(p.lab, 59000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_run(p.lab, 2000);
	lab_assert_logged(p.carol, "deleting CHILD_SA after 60 seconds of inactivity");
	assert_int_equal(p.carol->ipsec.n_sas, 0);
	assert_int_equal(p.moon->ipsec.n_sas, 0);
	assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 1);
	pair_down(&p);
}

/* A packet in either direction begins the time anew. */
static void test_traffic_counts(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_child = "inactivity = 60s\n"});

	for (unsigned i = 0; i < 10; i++) {
		struct ipsec_stats *s = &p.carol->ipsec.sas[0].stats;

		lab_run(p.lab, 55000);
		*(i % 2 ? &s->in.last_use : &s->out.last_use) = p.lab->now;
	}
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_run(p.lab, 59000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_run(p.lab, 2000);
	assert_int_equal(p.carol->ipsec.n_sas, 0);
	pair_down(&p);
}

/* Rekeying is no traffic. */
static void test_rekeyed(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.carol_child = "inactivity = 60s\nrekey_time = 25s\nlife_time = 100s\n"
			       "rand_time = 0s\n"});

	lab_run(p.lab, 58000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_true(lab_count_logged(p.carol, "CHILD_SA net\\{[0-9]+\\} established|"
					      "inbound CHILD_SA net\\{[0-9]+\\} established") > 2);
	lab_run(p.lab, 4000);
	lab_assert_logged(p.carol, "deleting CHILD_SA after 60 seconds of inactivity");
	lab_run(p.lab, 20000);
	assert_int_equal(p.carol->ipsec.n_sas, 0);
	pair_down(&p);
}

static void close_ike(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.inactivity_close_ike = true;
}

static void test_close_ike(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.carol_child = "inactivity = 60s\n",
		.carol_children = "other {\nremote_ts = 10.1.0.0/16\nesp_proposals = aes128gcm16\n"
				  "inactivity = 100s\n}\n",
		.prepare = close_ike});

	r = lab_initiate(p.carol, "home", "other");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_run(p.lab, 62000);
	/* There was another child. */
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_run(p.lab, 40000);
	lab_assert_logged(p.carol, "deleting IKE_SA after 100 seconds of CHILD_SA inactivity");
	assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 0);
	pair_down(&p);
}

#define SEEDS	  100
#define MINUTE_MS 60000

/*
 * A wire that loses, doubles and reorders: the child goes on both sides. Where a message never
 * arrives its sender gives the IKE SA up, and the other finds out by itself.
 */
static bool run_seed(uint64_t seed)
{
	struct pair p = pair_up(&(struct pair_params){.seed = seed,
						      .carol_child = "inactivity = 60s\n",
						      .carol_conn = "dpd_delay = 120s\n",
						      .moon_conn = "dpd_delay = 120s\n"});
	bool given_up;

	p.lab->loss = p.lab->twice = 30;
	p.lab->jitter = 6000;
	for (unsigned s = 0; s < 300 && p.carol->ipsec.n_sas; s++)
		lab_run(p.lab, 1000);
	p.lab->loss = p.lab->twice = p.lab->jitter = 0;
	lab_run(p.lab, 10 * MINUTE_MS);
	lab_assert_logged(p.carol, "deleting CHILD_SA after 60 seconds of inactivity");
	given_up = lab_count_sas(p.carol, IKE_S_ESTABLISHED) == 0;
	if (!lab_is_pair(p.carol, p.moon, !given_up, 0))
		print_error("the seed was %llu\n", (unsigned long long)seed);
	lab_assert_pair(p.carol, p.moon, !given_up, 0);
	pair_down(&p);
	return given_up;
}

static void test_loss(void **state)
{
	unsigned given_up = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		given_up += run_seed(seed);
	print_message("%d seeds, IKE SAs given up: %u\n", SEEDS, given_up);
	assert_true(given_up < SEEDS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_child_goes),
		cmocka_unit_test(test_traffic_counts),
		cmocka_unit_test(test_rekeyed),
		cmocka_unit_test(test_close_ike),
		cmocka_unit_test(test_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
