/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab_pki.h"
#include "pair.h"

/* An IKE_SA that is terminated while IKE_AUTH is out: the peer may have it, but not keep it. */

static const struct ike_terminate_params home = {.ike = "home"};

/* carol's IKE_AUTH is on its way, and nothing of what moon says will arrive. */
static struct lab_result *begin(struct pair *p)
{
	struct lab_result *r = lab_initiate(p->carol, "home", "net");

	for (unsigned i = 0; !lab_sent(p->carol, IKE_AUTH, false, 0); i++) {
		assert_true(i < 1000);
		lab_run(p->lab, 1);
	}
	lab_hold(p->moon);
	return r;
}

/* carol has never had it, moon no longer has it. */
static void assert_ended(struct pair *p, const struct lab_result *up)
{
	lab_assert_result(up, E_CANCELED, "terminated");
	assert_int_equal(p->carol->ike_up + p->carol->child_up, 0);
	assert_int_equal(p->moon->ike_up, p->moon->ike_down);
	assert_int_equal(lab_leases(p->moon), 0);
	assert_int_equal(lab_count_sas(p->moon, IKE_S_ESTABLISHED), 0);
	pair_down(p);
}

static void test_answer_comes(void **state)
{
	(void)state;
	for (int certs = 0; certs < 2; certs++) {
		struct pair p =
			pair_new(&(struct pair_params){.certs = certs, .pool = "10.3.0.0/24"});
		struct lab_result *up = begin(&p), *down, *second;

		second = lab_initiate(p.carol, "home", "net"); /* it waits for the first */
		down = lab_terminate(p.carol, &home);
		lab_assert_result(up, E_CANCELED, "terminated"); /* at once */
		lab_assert_result(second, E_CANCELED, "terminated");
		lab_settle(p.lab);
		assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 1);
		assert_false(down->done);
		p.lab->job_delay = 50;
		lab_release(p.moon);
		lab_settle(p.lab);
		lab_assert_result(down, 0, NULL);
		lab_assert_logged(p.moon, "received DELETE for IKE_SA rw\\[1\\]");
		assert_ended(&p, up);
	}
}

/* While the signature in the answer is being verified. */
static void test_during_verification(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.certs = true});
	struct lab_result *up = begin(&p), *down;

	lab_settle(p.lab);
	p.lab->job_delay = 1000;
	lab_release(p.moon);
	lab_run(p.lab, 100);
	assert_non_null(p.lab->jobs);
	down = lab_terminate(p.carol, &home);
	lab_settle(p.lab);
	lab_assert_result(down, 0, NULL);
	assert_ended(&p, up);
}

static bool lose_two(void *ctx, struct lab_packet *p)
{
	unsigned *n = ctx;

	return p->hdr.exchange == IKE_INFORMATIONAL && (*n)++ < 2;
}

static void test_delete_is_lost(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});
	struct lab_result *up = begin(&p), *down = lab_terminate(p.carol, &home);
	unsigned n = 0;

	p.lab->drop = lose_two;
	p.lab->drop_ctx = &n;
	lab_release(p.moon);
	lab_await(p.lab, down, 30000);
	lab_assert_result(down, 0, NULL);
	p.lab->drop = NULL;
	assert_ended(&p, up);
}

/* No answer: as long as any request is waited for, unless somebody asks again. */
static void test_no_answer(void **state)
{
	(void)state;
	for (int again = 0; again < 2; again++) {
		struct pair p = pair_new(&(struct pair_params){.carol_conn = "keyingtries = 3\n"});
		struct lab_result *up, *down;

		up = begin(&p);
		p.moon->down = true;
		down = lab_terminate(p.carol, &home);
		lab_run(p.lab, 60000);
		assert_false(down->done);
		if (again)
			lab_assert_result(lab_terminate(p.carol, &home), 0, NULL);
		lab_await(p.lab, down, again ? 0 : 200000);
		lab_assert_result(down, again ? 0 : E_TIMEOUT, NULL);
		assert_int_equal(lab_count_sent(p.carol, IKE_SA_INIT, false), 1);
		p.moon->down = false;
		lab_release(p.moon);
		lab_run(p.lab, 60000);
		assert_ended(&p, up);
	}
}

/* The peer does not take us: so much the better. */
static void test_refused(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_psk = "another"});
	struct lab_result *up = begin(&p), *down = lab_terminate(p.carol, &home);

	lab_release(p.moon);
	lab_settle(p.lab);
	lab_assert_result(down, 0, NULL);
	lab_assert_logged(p.carol, "received AUTHENTICATION_FAILED notify");
	assert_ended(&p, up);
}

/* With force, and at the end of the daemon, nothing is waited for, but the peer is told. */
static void test_at_once(void **state)
{
	(void)state;
	for (int shutdown = 0; shutdown < 2; shutdown++) {
		struct pair p = pair_new(&(struct pair_params){.pool = "10.3.0.0/24"});
		struct lab_result *up = begin(&p);

		lab_settle(p.lab);
		if (shutdown)
			ike_shutdown(p.carol->ike, p.lab->now);
		else
			lab_assert_result(lab_terminate(p.carol,
							&(struct ike_terminate_params){
								.ike = "home", .force = true}),
					  0, NULL);
		lab_assert_result(up, E_CANCELED, NULL);
		lab_settle(p.lab);
		lab_assert_logged(p.moon, "received DELETE for IKE_SA rw\\[1\\]");
		assert_int_equal(lab_leases(p.moon), 0);
		pair_down(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_comes),   cmocka_unit_test(test_during_verification),
		cmocka_unit_test(test_delete_is_lost), cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_refused),	       cmocka_unit_test(test_at_once),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
