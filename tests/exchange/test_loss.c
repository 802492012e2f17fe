/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab_pki.h"
#include "pair.h"
#include "seeds.h"

/*
 * A wire that loses, doubles and reorders: the SA comes up all the same, both ends agree about it,
 * and nothing is left over. LAB_SEEDS and LAB_FIRST_SEED say how many seeds to run, and from which.
 */

#define SEEDS	  300
#define HOUR_MS	  3600000
#define TIMERS_MS 45000 /* half-open and closed SAs are gone after this */

struct weather {
	unsigned loss, twice, jitter;
	uint64_t job_delay;
	bool backwards, certs;
	const char *carol, *moon; /* proposals */
	unsigned share;		  /* one of so many of the seeds is enough */
};

static void set(struct lab *lab, const struct weather *w)
{
	lab->loss = w->loss;
	lab->twice = w->twice;
	lab->jitter = w->jitter;
	lab->job_delay = w->job_delay;
	lab->jobs_backwards = w->backwards;
}

static size_t sent, lost;

static unsigned count_dropped(const struct lab *lab)
{
	unsigned n = 0;

	for (size_t i = 0; i < lab->n_capture; i++)
		n += lab->capture[i].dropped;
	return n;
}

static void run_seed(void *ctx, uint64_t seed)
{
	const struct weather *w = ctx;
	static const struct weather calm;
	const struct pair_params params = {
		.seed = seed,
		.certs = w->certs,
		.proposals = w->carol,
		.moon_proposals = w->moon,
		.pool = "10.3.0.0/24",
		.carol_conn = "keyingtries = 0\n",
	};
	struct pair p = pair_new(&params);
	struct lab_result *r;

	set(p.lab, w);
	r = lab_initiate(p.carol, "home", "net");
	lab_await(p.lab, r, HOUR_MS);
	lab_assert_result(r, 0, NULL);
	lost += count_dropped(p.lab);
	sent += p.lab->n_capture;
	set(p.lab, &calm);
	p.lab->delay = LAB_DELAY;
	lab_run(p.lab, TIMERS_MS);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(lab_leases(p.moon), 1);
	pair_down(&p);
}

static void run(const struct weather *w)
{
	uint64_t n = (seeds_count(SEEDS) + w->share - 1) / w->share;

	sent = lost = 0;
	seeds_run(n, run_seed, (void *)w);
	print_message(
		"%llu seeds: %zu of %zu datagrams lost, %u %% doubled, reordered within %u ms\n",
		(unsigned long long)n, lost, sent, w->twice, w->jitter);
	/* The wire was as bad as it was told to be. */
	if (n >= 50)
		assert_in_range(100 * lost / sent, w->loss ? w->loss - 5 : 0, w->loss + 5);
}

static void test_loss(void **state)
{
	(void)state;
	run(&(struct weather){.loss = 30, .share = 1});
}

static void test_loss_of_certificates(void **state)
{
	(void)state;
	run(&(struct weather){.loss = 30, .certs = true, .job_delay = 7, .share = 4});
}

static void test_doubled_and_reordered(void **state)
{
	(void)state;
	run(&(struct weather){.twice = 50, .jitter = 9000, .share = 2});
}

static void test_everything(void **state)
{
	(void)state;
	run(&(struct weather){.loss = 30, .twice = 30, .jitter = 6000, .share = 1});
}

/* The first message names a method that moon refuses; refusals come late and more than once. */
static void test_other_method(void **state)
{
	(void)state;
	run(&(struct weather){
		.loss = 30,
		.twice = 30,
		.jitter = 6000,
		.carol = "aes128gcm16-prfsha256-ecp256-x25519",
		.moon = "aes128gcm16-prfsha256-x25519",
		.share = 1,
	});
}

/* Two more key exchanges, each with a round of its own. */
static void test_intermediate(void **state)
{
	(void)state;
	run(&(struct weather){
		.loss = 30,
		.twice = 30,
		.jitter = 6000,
		.carol = "aes128gcm16-prfsha256-x25519-ke1_ecp256-ke2_x448",
		.share = 4,
	});
}

static void test_slow_jobs(void **state)
{
	(void)state;
	run(&(struct weather){.loss = 30,
			      .twice = 30,
			      .jitter = 500,
			      .job_delay = 5000,
			      .backwards = true,
			      .share = 2});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_loss, seeds_name),
		cmocka_unit_test_teardown(test_loss_of_certificates, seeds_name),
		cmocka_unit_test_teardown(test_doubled_and_reordered, seeds_name),
		cmocka_unit_test_teardown(test_everything, seeds_name),
		cmocka_unit_test_teardown(test_other_method, seeds_name),
		cmocka_unit_test_teardown(test_intermediate, seeds_name),
		cmocka_unit_test_teardown(test_slow_jobs, seeds_name),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
