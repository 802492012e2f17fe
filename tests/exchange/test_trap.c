/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pair.h"

/* Traps: packets that start their child, once, and again when it has gone. */

#define SEEDS 60

static const struct pair_params with_trap = {.carol_child = "start_action = trap\n"};

static struct ts packet_ts(const char *text)
{
	struct ts ts;

	assert_int_equal(ts_parse(&ts, text), 0);
	return ts;
}

/* A packet of carol's to host and port. */
static void packet(struct pair *p, const char *dst)
{
	struct ts src = packet_ts("192.168.0.3/32[tcp/1025]"), to = packet_ts(dst);
	const struct lab_policy *trap = lab_ipsec_policy(&p->carol->ipsec, "net");

	assert_non_null(trap);
	ike_datapath_acquire(p->carol->ike, p->lab->now, trap->p.reqid, &src, &to);
}

static void unload(struct pair *p)
{
	assert_int_equal(ike_unload_conn(p->carol->ike, p->lab->now, "home"), 0);
	assert_int_equal(p->carol->ipsec.n_policies, 0);
}

static void test_packet_starts_child(void **state)
{
	const struct lab_policy *trap;

	(void)state;
	struct pair p = pair_new(&with_trap);

	trap = lab_ipsec_policy(&p.carol->ipsec, "net");
	assert_non_null(trap);
	assert_int_equal(trap->p.kind, IPSEC_POLICY_TRAP);
	assert_int_equal(trap->ts_local.count, 1);
	lab_run(p.lab, 1000);
	assert_int_equal(lab_count_sent(p.carol, IKE_SA_INIT, false), 0);
	packet(&p, "10.1.0.7/32[tcp/80]");
	packet(&p, "10.1.0.7/32[tcp/80]"); /* it is being worked on */
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(lab_count_sent(p.carol, IKE_SA_INIT, false), 1);
	assert_int_equal(p.carol->ipsec.sas[0].p.reqid, trap->p.reqid);
	/* The SA is there: a packet that came late does nothing. */
	packet(&p, "10.1.0.7/32[tcp/80]");
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(lab_count_logged(p.carol, "creating acquire job for policy "
						   "192.168.0.3/32\\[tcp/1025\\] === "
						   "10.1.0.7/32\\[tcp/80\\] with reqid \\{1\\}"),
			 1);
	pair_down(&p);
}

/* moon says what she was offered. */
static void test_packet_goes_first(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_child = "start_action = trap\n",
						       .carol_ts = "10.1.0.0/16,10.2.0.0/16",
						       .moon_ts = "10.9.0.0/16"});

	packet(&p, "10.2.0.7/32[tcp/8080]");
	lab_settle(p.lab);
	lab_assert_logged(p.moon, "traffic selectors 10.2.0.7/32\\[tcp/8080\\] 10.1.0.0/16 "
				  "10.2.0.0/16 === 192.168.0.3/32\\[tcp/1025\\] "
				  "192.168.0.3/32 unacceptable");
	pair_down(&p);
}

static void test_again_when_it_has_gone(void **state)
{
	(void)state;
	struct pair p = pair_new(&with_trap);
	struct lab_result *r;

	for (unsigned i = 0; i < 3; i++) {
		packet(&p, "10.1.0.7/32[tcp/80]");
		lab_settle(p.lab);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		assert_int_equal(p.carol->child_up, i + 1);
		r = lab_terminate(i % 2 ? p.moon : p.carol,
				  &(struct ike_terminate_params){.child = "net"});
		lab_settle(p.lab);
		lab_assert_result(r, 0, NULL);
		assert_int_equal(p.carol->ipsec.n_sas, 0);
		assert_int_equal(p.carol->ipsec.n_policies, 1);
	}
	assert_int_equal(lab_count_sent(p.carol, IKE_SA_INIT, false), 1);
	pair_down(&p);
}

/* Nobody answers: packets do not start one attempt after the other. */
static void test_failure_is_held(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_child = "start_action = trap\n",
						       .moon_ts = "10.9.0.0/16"});

	packet(&p, "10.1.0.7/32[tcp/80]");
	lab_settle(p.lab);
	lab_assert_logged(p.carol, "received TS_UNACCEPTABLE notify, no CHILD_SA built");
	lab_clear_log(p.carol);
	for (unsigned ms = 0; ms < 4900; ms += 100) {
		packet(&p, "10.1.0.7/32[tcp/80]");
		lab_run(p.lab, 100);
	}
	lab_assert_not_logged(p.carol, "creating acquire job");
	lab_run(p.lab, 200);
	packet(&p, "10.1.0.7/32[tcp/80]");
	lab_settle(p.lab);
	assert_int_equal(lab_count_logged(p.carol, "creating acquire job"), 1);
	pair_down(&p);
}

static void test_unload_while_pending(void **state)
{
	(void)state;
	struct pair p = pair_new(&with_trap);

	packet(&p, "10.1.0.7/32[tcp/80]");
	unload(&p);
	lab_settle(p.lab);
	/* What was begun goes on. */
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void test_reload(void **state)
{
	struct pair_params other = with_trap;
	uint32_t handle;

	(void)state;
	struct pair p = pair_new(&with_trap);

	handle = lab_ipsec_policy(&p.carol->ipsec, "net")->handle;
	other.carol_children = "more {\nremote_ts = 10.7.0.0/16\n}\n";
	pair_reload(&p, &other);
	assert_int_equal(lab_ipsec_policy(&p.carol->ipsec, "net")->handle, handle);
	other.carol_child = "start_action = trap|start\n";
	pair_reload(&p, &other);
	assert_int_not_equal(lab_ipsec_policy(&p.carol->ipsec, "net")->handle, handle);
	assert_int_equal(p.carol->ipsec.n_policies, 1);
	other.carol_child = "";
	pair_reload(&p, &other);
	assert_int_equal(p.carol->ipsec.n_policies, 0);
	lab_settle(p.lab);
	pair_down(&p);
}

static void test_trap_and_start(void **state)
{
	(void)state;
	struct pair p =
		pair_new(&(struct pair_params){.carol_child = "start_action = trap|start\n"});

	assert_int_equal(p.carol->ipsec.n_policies, 1);
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* close_action and dpd_action leave a trap where there was none. */
static void test_close_action(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_child = "close_action = trap\n"});

	assert_int_equal(p.carol->ipsec.n_policies, 0);
	lab_terminate(p.moon, &(struct ike_terminate_params){.child = "net"});
	lab_settle(p.lab);
	assert_int_equal(p.carol->ipsec.n_policies, 1);
	packet(&p, "10.1.0.7/32[tcp/80]");
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_terminate(p.moon, &(struct ike_terminate_params){.ike = "rw"});
	lab_settle(p.lab);
	assert_int_equal(p.carol->ipsec.n_policies, 1);
	pair_down(&p);
}

static void test_dpd_action(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_conn = "dpd_delay = 30s\n",
						      .carol_child = "dpd_action = trap\n"});
	struct lab_result *r;

	p.moon->down = true;
	lab_run(p.lab, 30100 + 165061);
	assert_int_equal(p.carol->ipsec.n_policies, 1);
	assert_int_equal(lab_count_sas(p.carol, IKE_S_CONNECTING), 0);
	p.moon->down = false;
	r = lab_terminate(p.moon, &(struct ike_terminate_params){.ike = "rw", .force = true});
	lab_assert_result(r, 0, NULL);
	packet(&p, "10.1.0.7/32[tcp/80]");
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

struct seen {
	unsigned n;
	char text[256];
};

static bool note(void *ctx, const struct ike_policy_info *i)
{
	struct seen *s = ctx;
	static const char *const kinds[] = {"trap", "pass", "drop"};
	size_t len = strlen(s->text);

	s->n++;
	snprintf(s->text + len, sizeof(s->text) - len, "%s/%s %s %u;", i->conn, i->child,
		 kinds[i->kind], i->reqid);
	return true;
}

static void test_commands(void **state)
{
	struct seen seen = {0};
	char *why;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){
		.carol_children = "lan {\nmode = pass\nlocal_ts = 10.0.0.0/8\n"
				  "remote_ts = 10.0.0.0/8\n}\nrest {\nmode = drop\n}\n"});
	struct ike *ike = p.carol->ike;

	assert_int_equal(ike_install(ike, p.lab->now, "home", "none", &why), E_NOTFOUND);
	assert_int_equal(ike_install(ike, p.lab->now, "home", "net", &why), 0);
	assert_int_equal(ike_install(ike, p.lab->now, NULL, "net", &why), 0);
	ike_each_policy(ike, note, &seen);
	assert_string_equal(seen.text, "home/lan pass 0;home/rest drop 0;home/net trap 1;");
	assert_int_equal(ike_uninstall(ike, p.lab->now, "home", "net"), 0);
	assert_int_equal(ike_uninstall(ike, p.lab->now, "home", "net"), E_NOTFOUND);
	assert_int_equal(ike_uninstall(ike, p.lab->now, NULL, "lan"), 0);
	assert_int_equal(p.carol->ipsec.n_policies, 1);
	p.carol->ipsec.fail_policy = E_IO;
	assert_int_equal(ike_install(ike, p.lab->now, "home", "net", &why), E_IO);
	assert_non_null(why);
	free(why);
	/* A shunt is no child: nobody can start it, or answer with it. */
	lab_assert_result(lab_initiate(p.carol, "home", "rest"), E_CONFIG, NULL);
	pair_down(&p);
}

static void test_nobody_to_call(void **state)
{
	char *why = NULL;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){.moon_child = "start_action = trap\n"});

	assert_int_equal(p.moon->ipsec.n_policies, 0);
	lab_assert_logged(p.moon, "installing trap policy 'net' failed: remote_addrs names nobody");
	assert_int_equal(ike_install(p.moon->ike, 0, "rw", "net", &why), E_CONFIG);
	free(why);
	pair_down(&p);
}

/* Not 0 while a seed runs: the one to name when the test ends early. */
static uint64_t seed;

static int name_seed(void **state)
{
	(void)state;
	if (seed)
		print_error("the seed was %llu\n", (unsigned long long)seed);
	seed = 0;
	return 0;
}

/* Packets keep coming on a bad wire: one SA, and one trap. */
static void test_loss(void **state)
{
	(void)state;
	for (seed = 1; seed <= SEEDS; seed++) {
		struct pair_params params = with_trap;

		params.seed = seed;
		params.carol_conn = "keyingtries = 0\n";
		struct pair p = pair_new(&params);

		p.lab->loss = 30;
		p.lab->twice = 30;
		p.lab->jitter = 3000;
		for (unsigned i = 0; i < 3600 && p.carol->child_up == 0; i++) {
			packet(&p, "10.1.0.7/32[tcp/80]");
			lab_run(p.lab, 1000);
		}
		p.lab->loss = p.lab->twice = p.lab->jitter = 0;
		lab_run(p.lab, 45000);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		assert_int_equal(p.carol->ipsec.n_policies, 1);
		pair_down(&p);
	}
	seed = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet_starts_child),
		cmocka_unit_test(test_packet_goes_first),
		cmocka_unit_test(test_again_when_it_has_gone),
		cmocka_unit_test(test_failure_is_held),
		cmocka_unit_test(test_unload_while_pending),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_trap_and_start),
		cmocka_unit_test(test_close_action),
		cmocka_unit_test(test_dpd_action),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_nobody_to_call),
		cmocka_unit_test_teardown(test_loss, name_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
