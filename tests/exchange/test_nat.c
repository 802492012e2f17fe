/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pair.h"

/* NAT between the hosts: detection, port 4500, keepalives, mappings that change. */

#define PUBLIC "203.0.113.1"

static void behind_nat(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->natted = true;
	assert_int_equal(addr_parse(&carol->lab->nat_public, PUBLIC), 0);
}

static const struct pair_params natted = {.prepare = behind_nat, .pool = "10.3.0.0/24"};

static void test_initiator_behind_nat(void **state)
{
	(void)state;
	struct pair p = pair_up(&natted);
	const struct lab_sa *sa = &p.moon->ipsec.sas[0];

	lab_assert_logged(p.carol, "\\[IKE\\] local host is behind NAT, sending keep alives");
	lab_assert_logged(p.moon, "\\[IKE\\] remote host is behind NAT");
	lab_assert_not_logged(p.carol, "remote host is behind NAT");
	lab_assert_logged(p.carol, "sending packet: from 192.168.0.3\\[4500\\] to "
				   "192.168.0.2\\[4500\\]");
	/* Ports 500 and 4500 got public ports of their own; ESP goes to the latter. */
	assert_true(sa->p.encap);
	assert_int_equal(sa->p.local.port, 4500);
	assert_int_equal(sa->p.remote.port, LAB_NAT_PORT + 1);
	assert_true(p.carol->ipsec.sas[0].p.encap);
	assert_int_equal(p.carol->ipsec.sas[0].p.remote.port, 4500);
	pair_down(&p);
}

static void test_keepalives(void **state)
{
	(void)state;
	struct pair p = pair_up(&natted);

	lab_run(p.lab, 19900);
	assert_int_equal(p.carol->keepalives, 0);
	lab_run(p.lab, 200);
	assert_int_equal(p.carol->keepalives, 1);
	lab_assert_logged(p.carol, "\\[IKE\\] sending keep alive to 192.168.0.2\\[4500\\]");
	lab_run(p.lab, 60000);
	assert_int_equal(p.carol->keepalives, 4);
	assert_int_equal(p.moon->keepalives, 0);
	pair_down(&p);
}

static void no_keepalives(struct lab_host *carol, struct lab_host *moon)
{
	behind_nat(carol, moon);
	carol->settings.keep_alive_ms = 0;
}

static void test_keepalives_off(void **state)
{
	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.prepare = no_keepalives, .pool = "10.3.0.0/24"});

	lab_run(p.lab, 100000);
	assert_int_equal(p.carol->keepalives, 0);
	pair_down(&p);
}

/* Without a NAT, and without MOBIKE, there is no reason to leave port 500. */
static void test_no_nat(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_conn = "mobike = no\n"});

	lab_assert_not_logged(p.carol, "behind NAT|\\[4500\\]");
	assert_false(p.carol->ipsec.sas[0].p.encap);
	lab_run(p.lab, 60000);
	assert_int_equal(p.carol->keepalives + p.moon->keepalives, 0);
	pair_down(&p);
}

static void needs_encap(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->ipsec.needs_encap = true;
}

static void both_need_encap(struct lab_host *carol, struct lab_host *moon)
{
	carol->ipsec.needs_encap = moon->ipsec.needs_encap = true;
}

static void moon_needs_encap(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->ipsec.needs_encap = true;
}

/* A datapath that knows ESP in UDP only makes the peer believe in a NAT. */
static void test_faked_nat(void **state)
{
	void (*const who[])(struct lab_host *, struct lab_host *) = {needs_encap, moon_needs_encap,
								     both_need_encap};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct pair p = pair_up(
			&(struct pair_params){.prepare = who[i], .carol_conn = "mobike = no\n"});

		assert_true(p.carol->ipsec.sas[0].p.encap);
		assert_true(p.moon->ipsec.sas[0].p.encap);
		assert_int_equal(p.carol->ipsec.sas[0].p.remote.port, 4500);
		assert_int_equal(p.moon->ipsec.sas[0].p.remote.port, 4500);
		/* Who fakes it knows better than to keep a mapping alive. */
		if (i == 0) {
			lab_assert_logged(p.moon, "remote host is behind NAT");
			lab_assert_not_logged(p.carol, "behind NAT");
		}
		pair_down(&p);
	}
}

static void test_forced_by_option(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_conn = "encap = yes\nmobike = no\n"});

	assert_true(p.carol->ipsec.sas[0].p.encap);
	assert_true(p.moon->ipsec.sas[0].p.encap);
	lab_assert_logged(p.moon, "remote host is behind NAT");
	pair_down(&p);
}

/* The NAT forgets: carol's next request comes from another port, and moon follows. */
static void test_mapping_changes(void **state)
{
	(void)state;
	struct pair p = pair_up(&natted);
	struct lab_result *r;

	p.lab->mapped[1].port = 1; /* the old public port leads nowhere */
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.child = "net"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_logged(p.moon, "sending packet: from 192.168.0.2\\[4500\\] to "
				  "203.0.113.1\\[20002\\]");
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

/* ESP is seen first. */
static void test_mapping_seen_by_the_datapath(void **state)
{
	(void)state;
	struct pair p = pair_up(&natted);
	struct addr fresh = p.lab->nat_public;
	struct lab_result *r;

	p.lab->mapped[2] = p.lab->mapped[1];
	p.lab->mapped[1].port = 1;
	p.lab->n_mapped = 3;
	fresh.port = LAB_NAT_PORT + 2;
	ike_datapath_mapping(p.moon->ike, p.lab->now, p.moon->ipsec.sas[0].handle, &fresh);
	lab_assert_logged(p.moon, "NAT mappings of CHILD_SA net\\{1\\} changed from "
				  "203.0.113.1\\[20001\\] to 203.0.113.1\\[20002\\]");
	assert_int_equal(p.moon->ipsec.sas[0].p.remote.port, LAB_NAT_PORT + 2);
	assert_int_equal(p.moon->ipsec.updates, 1);
	/* The same once more changes nothing; of an unknown SA neither. */
	ike_datapath_mapping(p.moon->ike, p.lab->now, p.moon->ipsec.sas[0].handle, &fresh);
	ike_datapath_mapping(p.moon->ike, p.lab->now, 12345, &fresh);
	assert_int_equal(p.moon->ipsec.updates, 1);
	/* moon reaches carol there. */
	r = lab_terminate(p.moon, &(struct ike_terminate_params){.child = "net"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	pair_down(&p);
}

/* carol, who is behind no NAT, does not follow what anybody may send from anywhere. */
static void test_no_mapping_without_nat(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24"});
	struct addr other = p.lab->hosts[0].addr;

	other.port = 1234;
	ike_datapath_mapping(p.moon->ike, p.lab->now, p.moon->ipsec.sas[0].handle, &other);
	assert_int_equal(p.moon->ipsec.updates, 0);
	pair_down(&p);
}

/* Nor does moon when somebody else forwards what carol sent: the answer goes back the way that the
 * request came (RFC 7296 section 2.11), and that is all. */
static void test_forwarded_request(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24"});
	struct addr other;
	struct lab_result *r =
		lab_terminate(p.carol, &(struct ike_terminate_params){.child = "net"});

	assert_int_equal(addr_parse(&other, "198.51.100.7"), 0);
	other.port = 4500;
	assert_int_equal(p.lab->n_queue, 1);
	p.lab->queue[0].src = other;
	lab_settle(p.lab);
	assert_int_equal(lab_count_logged(p.moon, "sending packet: .* to 198.51.100.7"), 1);
	lab_await(p.lab, r, 60000); /* carol asks again */
	lab_assert_result(r, 0, NULL);
	assert_int_equal(lab_count_logged(p.moon, "sending packet: .* to 198.51.100.7"), 1);
	assert_int_equal(p.moon->ike_updates, 0);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initiator_behind_nat),
		cmocka_unit_test(test_keepalives),
		cmocka_unit_test(test_keepalives_off),
		cmocka_unit_test(test_no_nat),
		cmocka_unit_test(test_faked_nat),
		cmocka_unit_test(test_forced_by_option),
		cmocka_unit_test(test_mapping_changes),
		cmocka_unit_test(test_mapping_seen_by_the_datapath),
		cmocka_unit_test(test_no_mapping_without_nat),
		cmocka_unit_test(test_forwarded_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
