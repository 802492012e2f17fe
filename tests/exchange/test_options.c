/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pair.h"

/* Options of strongswan.conf that change what the engine does. */

static void only_initiate(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.initiator_only = moon->settings.initiator_only = true;
}

static void test_initiator_only(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = only_initiate});
	struct ike_settings s = p.moon->settings;
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	assert_int_equal(p.moon->sent, 0);
	lab_assert_logged(p.moon, "ignoring IKE_SA setup from 192.168.0.3: charon.initiator_only");
	s.initiator_only = false;
	ike_set_settings(p.moon->ike, &s);
	lab_await(p.lab, r, 10000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void hide_packets(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.ignore_acquire_ts = true;
}

/* moon says what she was offered: not the packet. */
static void test_ignore_acquire_ts(void **state)
{
	struct ts src, dst;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_child = "start_action = trap\n",
						       .moon_ts = "10.9.0.0/16",
						       .prepare = hide_packets});

	assert_int_equal(ts_parse(&src, "192.168.0.3/32[tcp/1025]"), 0);
	assert_int_equal(ts_parse(&dst, "10.1.0.7/32[tcp/80]"), 0);
	ike_datapath_acquire(p.carol->ike, p.lab->now,
			     lab_ipsec_policy(&p.carol->ipsec, "net")->p.reqid, &src, &dst);
	lab_settle(p.lab);
	lab_assert_logged(p.moon, "traffic selectors 10.1.0.0/16 === 192.168.0.3/32 unacceptable");
	pair_down(&p);
}

static void sleep_behind_nat(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->natted = true;
	assert_int_equal(addr_parse(&carol->lab->nat_public, "203.0.113.1"), 0);
	carol->settings.keep_alive_ms = 20000;
	carol->settings.keep_alive_margin_ms = 5000;
}

/* carol sleeps: a little too long, and much too long. */
static void test_keep_alive_dpd_margin(void **state)
{
	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.prepare = sleep_behind_nat, .pool = "10.3.0.0/24"});

	lab_run(p.lab, 10000);
	p.carol->down = true;
	lab_run(p.lab, 14000);
	p.carol->down = false;
	lab_run(p.lab, 1000);
	assert_int_equal(p.carol->keepalives, 1);
	lab_assert_not_logged(p.carol, "sending DPD request");
	p.carol->down = true;
	lab_run(p.lab, 60000);
	p.carol->down = false;
	lab_run(p.lab, 1000);
	assert_int_equal(p.carol->keepalives, 1);
	assert_int_equal(lab_count_logged(p.carol, "sending DPD request"), 1);
	lab_run(p.lab, 20000);
	assert_int_equal(p.carol->keepalives, 2);
	pair_down(&p);
}

static void retry(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.retry_initiate_ms = 60000;
}

static void test_retry_initiate_interval(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = retry});

	lab_load(p.carol, "connections { lost {\nremote_addrs = nobody.invalid\n"
			  "local { auth = psk }\nremote { auth = psk }\nchildren { lost { } }\n} "
			  "}\n");
	r = lab_initiate(p.carol, "lost", "lost");
	lab_run(p.lab, 150000);
	assert_int_equal(lab_count_logged(p.carol, "trying again in 60 s"), 3);
	assert_false(r->done);
	lab_terminate(p.carol, &(struct ike_terminate_params){.ike = "lost"});
	lab_assert_result(r, E_CANCELED, "terminated");
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initiator_only),
		cmocka_unit_test(test_ignore_acquire_ts),
		cmocka_unit_test(test_keep_alive_dpd_margin),
		cmocka_unit_test(test_retry_initiate_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
