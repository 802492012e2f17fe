/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pair.h"
#include "seeds.h"

/*
 * Exchanges that cross (RFC 7296 sections 2.8.1, 2.8.2, 2.25; RFC 9370 section 2.2.4). Both sides
 * begin at once and what they send is held; then it is delivered in every order there is, message
 * by message, and with several seeds so that either side's nonces win. In the end both have the
 * same, nothing is left over, and at no time there was a packet that could not have been received.
 * Then the same over a wire that loses, doubles and reorders. LAB_SEEDS and LAB_FIRST_SEED say
 * which seeds of those are run.
 */

#define SCRIPT	6 /* deliveries whose order is chosen: 2^SCRIPT orders */
#define ROUNDS	3 /* seeds of each order */
#define SEEDS	40
#define WAIT_MS 400000 /* all retries, and the last timers of what was replaced */

enum act { NOTHING, REKEY_CHILD, REKEY_IKE, DELETE_CHILD, DELETE_IKE, CREATE_CHILD };

struct scenario {
	enum act carol, moon;
	unsigned n_ike, n_children; /* in the end */
	bool followup;		    /* with IKE_FOLLOWUP_KE rounds */
	bool flows;		    /* packets must flow all the time */
	const char *either;	    /* a line that must come at some time, if not NULL */
};

#define SECOND(ts)                                                             \
	"second {\n" ts " = 10.2.0.0/16\nesp_proposals = aes128gcm16-x25519\n" \
	"rekey_time = 0\n}\n"
#define STILL "rekey_time = 0\n"

static struct pair begin(const struct scenario *s, uint64_t seed)
{
	return pair_up(&(struct pair_params){
		.seed = seed,
		.proposals = s->followup ? "aes128gcm16-prfsha256-x25519-ke1_ecp256-ke2_x448"
					 : "aes128gcm16-prfsha256-x25519",
		.esp = s->followup ? "aes128gcm16-x25519-ke1_ecp256" : "aes128gcm16-x25519",
		.carol_conn = STILL,
		.moon_conn = STILL,
		.carol_child = STILL,
		.moon_child = STILL,
		.carol_children = SECOND("remote_ts"),
		.moon_children = SECOND("local_ts"),
	});
}

static void act(struct lab_host *h, enum act what)
{
	const char *ike = h->name[0] == 'c' ? "home" : "rw";

	switch (what) {
	case NOTHING:
		break;
	case REKEY_CHILD:
		lab_rekey(h, NULL, "net");
		break;
	case REKEY_IKE:
		lab_rekey(h, ike, NULL);
		break;
	case DELETE_CHILD:
		lab_terminate(h, &(struct ike_terminate_params){.child = "net"});
		break;
	case DELETE_IKE:
		lab_terminate(h, &(struct ike_terminate_params){.ike = ike});
		break;
	case CREATE_CHILD:
		lab_initiate(h, ike, "second");
		break;
	}
}

static void must_flow(struct lab *lab)
{
	struct lab_host *a = &lab->hosts[0], *b = &lab->hosts[1];

	if (!lab_ipsec_reaches(&a->ipsec, &b->ipsec) || !lab_ipsec_reaches(&b->ipsec, &a->ipsec))
		lab_assert_pair(a, b, 99, 99); /* shows the logs */
}

static bool has_held(const struct lab_host *h)
{
	const struct lab *lab = h->lab;

	for (size_t i = 0; i < lab->n_queue; i++) {
		if (lab->queue[i].from == h && lab->queue[i].held)
			return true;
	}
	return false;
}

static void deliver(struct lab_host *h)
{
	if (has_held(h))
		lab_release_one(h, 0);
	lab_run(h->lab, 1);
}

/* Everything has come to rest as it should. */
static void check(struct pair *p, const struct scenario *s)
{
	lab_run(p->lab, WAIT_MS);
	lab_assert_pair(p->carol, p->moon, s->n_ike, s->n_children);
	p->lab->after = NULL;
	for (int i = 0; i < 2; i++) {
		struct lab_host *h = i ? p->moon : p->carol;

		for (const struct lab_result *r = h->results; r; r = r->next)
			assert_true(r->done || r->call);
	}
	pair_down(p);
}

/* What to name when a test ends early. */
static struct {
	const char *how;
	uint64_t number, seed;
} now;

static int name_it(void **state)
{
	(void)state;
	if (now.how)
		print_error("%s %llu, seed %llu\n", now.how, (unsigned long long)now.number,
			    (unsigned long long)now.seed);
	now.how = NULL;
	return 0;
}

/* Deliveries in the order that the bits of `order` say; returns whether `either` was logged. */
static bool run_order(const struct scenario *s, unsigned order, uint64_t seed)
{
	struct pair p = begin(s, seed);
	bool seen;

	lab_clear_log(p.carol);
	lab_clear_log(p.moon);
	lab_hold(p.carol);
	lab_hold(p.moon);
	p.lab->after = s->flows ? must_flow : NULL;
	act(p.carol, s->carol);
	act(p.moon, s->moon);
	lab_run(p.lab, 1); /* their key exchange jobs */
	for (unsigned i = 0; i < SCRIPT; i++)
		deliver(order >> i & 1 ? p.moon : p.carol);
	lab_release(p.carol);
	lab_release(p.moon);
	lab_run(p.lab, WAIT_MS);
	seen = s->either &&
	       (lab_count_logged(p.carol, s->either) || lab_count_logged(p.moon, s->either));
	check(&p, s);
	return seen;
}

/* In bad weather; what was asked for may come to nothing, but both agree about it. */
static void run_weather(const struct scenario *s, uint64_t seed)
{
	struct pair p = begin(s, seed);
	struct lab *lab = p.lab;

	lab->after = s->flows ? must_flow : NULL;
	lab->loss = 20;
	lab->twice = 20;
	lab->jitter = 3000;
	lab->job_delay = seed % 3 * 40;
	act(p.carol, s->carol);
	lab_run(lab, seed % 5 * 15);
	act(p.moon, s->moon);
	lab_run(lab, 60000);
	lab->loss = lab->twice = lab->jitter = 0;
	lab->job_delay = 0;
	check(&p, s);
}

static void run(const struct scenario *s)
{
	uint64_t first = seeds_first(), n = seeds_count(SEEDS);
	bool seen = false;

	now.how = "order";
	for (unsigned order = 0; order < 1u << SCRIPT; order++) {
		for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
			now.number = order;
			now.seed = seed;
			seen |= run_order(s, order, seed);
		}
	}
	assert_int_equal(seen, s->either != NULL);
	now.how = "weather";
	for (uint64_t i = 0; i < n; i++) {
		now.seed = first + i;
		run_weather(s, first + i);
	}
	now.how = NULL;
}

/* ---- both do the same ---- */

static void test_rekey_child_twice(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_CHILD, REKEY_CHILD, 1, 1, false, true,
			       "CHILD_SA rekey collision lost"});
	run(&(struct scenario){REKEY_CHILD, REKEY_CHILD, 1, 1, false, true,
			       "CHILD_SA rekey collision won"});
}

static void test_rekey_child_twice_followup(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_CHILD, REKEY_CHILD, 1, 1, true, true,
			       "CHILD_SA rekey collision lost"});
}

static void test_rekey_ike_twice(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_IKE, REKEY_IKE, 1, 1, false, true,
			       "IKE_SA rekey collision lost"});
	run(&(struct scenario){REKEY_IKE, REKEY_IKE, 1, 1, false, true,
			       "deleting redundant IKE_SA"});
}

static void test_rekey_ike_twice_followup(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_IKE, REKEY_IKE, 1, 1, true, true,
			       "IKE_SA rekey collision lost"});
}

static void test_delete_child_twice(void **state)
{
	(void)state;
	run(&(struct scenario){DELETE_CHILD, DELETE_CHILD, 1, 0, false, false, NULL});
}

static void test_delete_ike_twice(void **state)
{
	(void)state;
	run(&(struct scenario){DELETE_IKE, DELETE_IKE, 0, 0, false, false, NULL});
}

/* ---- one rekeys, the other deletes ---- */

static void test_rekey_child_delete_child(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_CHILD, DELETE_CHILD, 1, 0, false, false, NULL});
	run(&(struct scenario){DELETE_CHILD, REKEY_CHILD, 1, 0, false, false, NULL});
	run(&(struct scenario){REKEY_CHILD, DELETE_CHILD, 1, 0, true, false, NULL});
}

static void test_rekey_child_delete_ike(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_CHILD, DELETE_IKE, 0, 0, false, false, NULL});
	run(&(struct scenario){REKEY_CHILD, DELETE_IKE, 0, 0, true, false, NULL});
}

static void test_rekey_ike_delete_ike(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_IKE, DELETE_IKE, 0, 0, false, false, NULL});
	run(&(struct scenario){DELETE_IKE, REKEY_IKE, 0, 0, true, false, NULL});
}

static void test_rekey_ike_delete_child(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_IKE, DELETE_CHILD, 1, 0, false, false, NULL});
	run(&(struct scenario){DELETE_CHILD, REKEY_IKE, 1, 0, true, false, NULL});
}

/* ---- the IKE SA is rekeyed, a child is made or rekeyed ---- */

static void test_rekey_ike_rekey_child(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_IKE, REKEY_CHILD, 1, 1, false, true,
			       "the peer is busy, trying again"});
	run(&(struct scenario){REKEY_CHILD, REKEY_IKE, 1, 1, true, true,
			       "the peer is busy, trying again"});
}

static void test_rekey_ike_create_child(void **state)
{
	(void)state;
	run(&(struct scenario){REKEY_IKE, CREATE_CHILD, 1, 2, false, false,
			       "the peer is busy, trying again"});
	run(&(struct scenario){CREATE_CHILD, REKEY_IKE, 1, 2, true, false,
			       "the peer is busy, trying again"});
}

static void test_create_child_delete_ike(void **state)
{
	(void)state;
	run(&(struct scenario){CREATE_CHILD, DELETE_IKE, 0, 0, false, false, NULL});
	run(&(struct scenario){CREATE_CHILD, DELETE_IKE, 0, 0, true, false, NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_rekey_child_twice, name_it),
		cmocka_unit_test_teardown(test_rekey_child_twice_followup, name_it),
		cmocka_unit_test_teardown(test_rekey_ike_twice, name_it),
		cmocka_unit_test_teardown(test_rekey_ike_twice_followup, name_it),
		cmocka_unit_test_teardown(test_delete_child_twice, name_it),
		cmocka_unit_test_teardown(test_delete_ike_twice, name_it),
		cmocka_unit_test_teardown(test_rekey_child_delete_child, name_it),
		cmocka_unit_test_teardown(test_rekey_child_delete_ike, name_it),
		cmocka_unit_test_teardown(test_rekey_ike_delete_ike, name_it),
		cmocka_unit_test_teardown(test_rekey_ike_delete_child, name_it),
		cmocka_unit_test_teardown(test_rekey_ike_rekey_child, name_it),
		cmocka_unit_test_teardown(test_rekey_ike_create_child, name_it),
		cmocka_unit_test_teardown(test_create_child_delete_ike, name_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
