/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pair.h"

/* IKE SAs without a child in IKE_AUTH (RFC 6023), childless = allow, prefer, force, never. */

enum outcome { IN_AUTH, AFTER, NO_IKE };

static void try_child(const char *carol, const char *moon, enum outcome expected)
{
	char carol_conn[64], moon_conn[64];
	struct lab_result *r;

	snprintf(carol_conn, sizeof(carol_conn), "childless = %s\n", carol);
	snprintf(moon_conn, sizeof(moon_conn), "childless = %s\n", moon);
	struct pair p = pair_new(&(struct pair_params){.carol_conn = carol_conn,
						       .moon_conn = moon_conn,
						       .esp = "aes128gcm16-x25519",
						       .pool = "10.3.0.0/24"});

	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	assert_true(r->done);
	if (expected == NO_IKE) {
		assert_int_not_equal(r->err, 0);
		assert_int_equal(p.carol->ike_up + p.moon->ike_up, 0);
	} else {
		lab_assert_result(r, 0, NULL);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		/* Only a child of its own exchange has a key exchange of its own. */
		assert_int_equal(lab_count_sent(p.carol, IKE_CREATE_CHILD_SA, false),
				 expected == AFTER);
		if (expected == AFTER)
			lab_assert_logged(p.carol, "selected proposal: ESP:.*/CURVE_25519");
	}
	pair_down(&p);
}

static void test_child(void **state)
{
	static const char *const responder[] = {"allow", "prefer", "force", "never"};
	static const struct {
		const char *initiator;
		enum outcome with[4];
	} rows[] = {
		{"allow", {IN_AUTH, IN_AUTH, NO_IKE, IN_AUTH}},
		{"prefer", {AFTER, AFTER, AFTER, IN_AUTH}},
		{"force", {AFTER, AFTER, AFTER, NO_IKE}},
		{"never", {IN_AUTH, IN_AUTH, NO_IKE, IN_AUTH}},
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < 4; j++)
			try_child(rows[i].initiator, responder[j], rows[i].with[j]);
	}
}

/* An IKE SA that is initiated alone: the responder must take it. */
static void test_ike_alone(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){.pool = "10.3.0.0/24"});

	r = lab_initiate(p.carol, "home", NULL);
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	assert_int_equal(p.carol->ipsec.n_vips, 1);
	pair_down(&p);
}

static void test_ike_alone_refused(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){.moon_conn = "childless = never\n"});

	r = lab_initiate(p.carol, "home", NULL);
	lab_settle(p.lab);
	lab_assert_result(r, E_UNSUPPORTED, NULL);
	lab_assert_logged(p.carol, "peer does not support childless IKE_SA initiation");
	assert_int_equal(p.moon->ike_up, 0);
	pair_down(&p);
}

/* The child that comes later is refused: whoever asked is told, the IKE SA stays. */
static void test_child_refused(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_conn = "childless = force\n",
						       .moon_conn = "childless = force\n",
						       .esp = "aes128gcm16",
						       .moon_esp = "aes256gcm16"});

	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, E_NOPROPOSAL, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

static void test_loss(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct lab_result *r;
		struct pair p = pair_new(
			&(struct pair_params){.seed = seed,
					      .carol_conn = "childless = force\nkeyingtries = 0\n",
					      .moon_conn = "childless = force\n",
					      .esp = "aes128gcm16-x25519",
					      .pool = "10.3.0.0/24"});

		p.lab->loss = 25;
		p.lab->twice = 20;
		p.lab->jitter = 50;
		r = lab_initiate(p.carol, "home", "net");
		lab_await(p.lab, r, 3600000);
		lab_assert_result(r, 0, NULL);
		p.lab->loss = p.lab->twice = p.lab->jitter = 0;
		lab_run(p.lab, 400000);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		pair_down(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_ike_alone),
		cmocka_unit_test(test_ike_alone_refused),
		cmocka_unit_test(test_child_refused),
		cmocka_unit_test(test_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
