/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pair.h"

/* mode = transport: who agrees to it, and the addresses in it behind a NAT. */

#define PUBLIC	  "203.0.113.1"
#define TRANSPORT "mode = transport\n"
#define REFUSED	  "the peer does not want transport mode for 'net', or not between two hosts"

static const struct pair_params hosts = {
	.carol_ts = "dynamic",
	.moon_ts = "dynamic",
	.carol_child = TRANSPORT,
	.moon_child = TRANSPORT,
};

/* The SA pair that is installed; there is only one. */
static const struct ipsec_sa_params *only(const struct lab_host *h)
{
	assert_int_equal(h->ipsec.n_sas, 1);
	for (size_t i = 0; i < LAB_SA_MAX; i++)
		if (h->ipsec.sas[i].handle)
			return &h->ipsec.sas[i].p;
	return NULL;
}

static void assert_mode(const struct pair *p, enum ipsec_mode mode)
{
	assert_int_equal(only(p->carol)->mode, mode);
	assert_int_equal(only(p->moon)->mode, mode);
}

static void assert_ts(const struct lab_host *h, const char *local, const char *remote)
{
	const struct ipsec_sa_params *p = only(h);
	struct ts ts;

	assert_int_equal(ts_parse(&ts, local), 0);
	assert_int_equal(p->ts_local->count, 1);
	assert_true(addr_range_equal(&p->ts_local->t[0].range, &ts.range));
	assert_int_equal(ts_parse(&ts, remote), 0);
	assert_int_equal(p->ts_remote->count, 1);
	assert_true(addr_range_equal(&p->ts_remote->t[0].range, &ts.range));
}

/* Both ask for it as initiator and grant it as responder: of the first child, and of rekeyed. */
static void test_both_roles(void **state)
{
	(void)state;
	struct pair p = pair_up(&hosts);
	struct lab_host *const who[] = {p.carol, p.moon, p.carol};

	assert_mode(&p, IPSEC_TRANSPORT);
	assert_ts(p.carol, "192.168.0.3/32", "192.168.0.2/32");
	for (size_t i = 0; i < 3; i++) {
		lab_rekey(who[i], who[i] == p.carol ? "home" : "rw", "net");
		lab_run(p.lab, 60000); /* the old one goes after a delay */
		lab_assert_pair(p.carol, p.moon, 1, 1);
		assert_int_equal(p.carol->ipsec.installs, i + 2);
		assert_mode(&p, IPSEC_TRANSPORT);
	}
	pair_down(&p);
}

/* A side that is not configured for it gets what it wants: tunnel mode, in both roles. */
static void test_only_one_wants_it(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pair_params params = hosts;

		*(i ? &params.carol_child : &params.moon_child) = "mode = tunnel\n";
		struct pair p = pair_up(&params);

		assert_mode(&p, IPSEC_TUNNEL);
		lab_assert_logged(i ? p.moon : p.carol, REFUSED);
		lab_assert_not_logged(i ? p.carol : p.moon, REFUSED);
		pair_down(&p);
	}
}

/* Networks need a tunnel, whatever both sides want. */
static void test_networks(void **state)
{
	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.carol_child = TRANSPORT, .moon_child = TRANSPORT});

	assert_mode(&p, IPSEC_TUNNEL);
	lab_assert_logged(p.carol, REFUSED);
	pair_down(&p);
}

static void carol_behind_nat(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->natted = true;
	assert_int_equal(addr_parse(&carol->lab->nat_public, PUBLIC), 0);
}

static void up_behind_nat(struct pair *p)
{
	struct lab_result *r = lab_initiate(p->carol, "home", "net");

	lab_settle(p->lab);
	lab_assert_result(r, 0, NULL);
}

/*
 * carol's selector is her inner address, which moon does not know: she puts the NAT's in its place
 * for herself, and in the answer carol's own again (RFC 7296 section 2.23.1).
 */
static void test_initiator_behind_nat(void **state)
{
	(void)state;
	struct pair_params params = hosts;

	params.prepare = carol_behind_nat;
	struct pair p = pair_new(&params);

	up_behind_nat(&p);
	for (int i = 0; i < 2; i++) {
		assert_mode(&p, IPSEC_TRANSPORT);
		assert_true(only(p.carol)->encap && only(p.moon)->encap);
		assert_ts(p.carol, "192.168.0.3/32", "192.168.0.2/32");
		assert_ts(p.moon, "192.168.0.2/32", PUBLIC "/32");
		lab_rekey(p.carol, "home", "net");
		lab_run(p.lab, 60000);
	}
	assert_int_equal(p.carol->ipsec.installs, 3);
	pair_down(&p);
}

static void moon_behind_nat(struct lab_host *carol, struct lab_host *moon)
{
	struct lab *lab = carol->lab;

	moon->natted = true;
	assert_int_equal(addr_parse(&lab->nat_public, PUBLIC), 0);
	/* The router forwards a port. */
	lab->mapped[lab->n_mapped] = moon->addr;
	lab->mapped[lab->n_mapped++].port = 4500;
}

/* The other way round: carol names moon by the NAT's address. */
static void test_responder_behind_nat(void **state)
{
	(void)state;
	struct pair_params params = hosts;

	params.prepare = moon_behind_nat;
	params.carol_conn = "remote_addrs = " PUBLIC "\nremote_port = 20000\n";
	struct pair p = pair_new(&params);

	up_behind_nat(&p);
	assert_mode(&p, IPSEC_TRANSPORT);
	assert_ts(p.carol, "192.168.0.3/32", PUBLIC "/32");
	assert_ts(p.moon, "192.168.0.2/32", "192.168.0.3/32");
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_roles),
		cmocka_unit_test(test_only_one_wants_it),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_initiator_behind_nat),
		cmocka_unit_test(test_responder_behind_nat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
