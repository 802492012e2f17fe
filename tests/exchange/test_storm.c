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
 * Lives made up from a seed: for some minutes both hosts are asked for all sorts of things at odd
 * moments, often at once, over a wire that loses, doubles and reorders, with keys that live for two
 * minutes. Whatever happened: once the wire is good again both agree on every SA, a tunnel can be
 * had, and after the end nothing is left. LAB_SEEDS and LAB_FIRST_SEED choose the seeds.
 */

#define SEEDS	    1000
#define MAX_ACTIONS 16
#define MAX_GAP_MS  20000
#define CALM_MS	    900000 /* everybody has given up on what was lost, and noticed who is gone */
#define STEP_MS	    500
#define QUIET_STEPS 1200 /* within so many steps there is a moment in which nothing is under way */
#define END_MS	    60000

struct life {
	struct pair pair;
	uint64_t random;
};

static unsigned pick(struct life *l, unsigned n)
{
	return (unsigned)(lab_random(&l->random) % n);
}

static struct lab_host *either(struct life *l)
{
	return pick(l, 2) ? l->pair.carol : l->pair.moon;
}

static const char *conn_of(const struct life *l, const struct lab_host *h)
{
	return h == l->pair.carol ? "home" : "rw";
}

/* ---- what may be asked ---- */

/* The unique id of a random CHILD_SA or IKE_SA of the host, 0 if it has none. */
struct draw {
	struct life *life;
	unsigned seen;
	uint32_t ike, child;
};

static bool draw_ike(void *ctx, const struct ike_sa_info *sa)
{
	struct draw *d = ctx;

	if (pick(d->life, ++d->seen) == 0)
		d->ike = sa->uid;
	return true;
}

static bool draw_child(void *ctx, const struct ike_sa_info *sa)
{
	struct draw *d = ctx;

	for (size_t i = 0; i < sa->n_children; i++) {
		if (pick(d->life, ++d->seen) == 0)
			d->child = sa->children[i].uid;
	}
	return true;
}

static struct draw draw(struct life *l, struct lab_host *h,
			bool (*fn)(void *, const struct ike_sa_info *))
{
	struct draw d = {.life = l};

	ike_each_sa(h->ike, h->lab->now, fn, &d);
	return d;
}

static void initiate(struct life *l, struct lab_host *h)
{
	static const char *const children[] = {"net", "net", "host"};

	lab_initiate(h, conn_of(l, h), children[pick(l, 3)]);
}

static void end_child(struct life *l, struct lab_host *h)
{
	uint32_t uid = draw(l, h, draw_child).child;

	if (uid)
		lab_terminate(h, &(struct ike_terminate_params){.child_id = uid});
}

static void end_ike(struct life *l, struct lab_host *h)
{
	uint32_t uid = draw(l, h, draw_ike).ike;

	if (uid)
		lab_terminate(
			h, &(struct ike_terminate_params){.ike_id = uid, .force = pick(l, 4) == 0});
}

static void rekey_child(struct life *l, struct lab_host *h)
{
	struct ike_rekey_params p = {.child_id = draw(l, h, draw_child).child};
	unsigned matches;

	if (p.child_id)
		(void)!ike_rekey(h->ike, h->lab->now, &p, &matches);
}

static void rekey_ike(struct life *l, struct lab_host *h)
{
	struct ike_rekey_params p = {.ike_id = draw(l, h, draw_ike).ike};
	unsigned matches;

	if (p.ike_id)
		(void)!ike_rekey(h->ike, h->lab->now, &p, &matches);
}

static void go_away(struct life *l, struct lab_host *h)
{
	h->down = true;
	lab_run(l->pair.lab, pick(l, 60) * 1000);
	h->down = false;
}

static void change_weather(struct life *l, struct lab_host *h)
{
	static const unsigned jitters[] = {0, 0, 30, 3000};
	static const uint64_t delays[] = {0, 0, 5, 2000};
	struct lab *lab = h->lab;

	lab->loss = pick(l, 3) ? pick(l, 35) : 0;
	lab->twice = pick(l, 40);
	lab->jitter = jitters[pick(l, 4)];
	lab->job_delay = delays[pick(l, 4)];
	lab->jobs_backwards = pick(l, 2);
}

static const struct {
	unsigned weight;
	void (*act)(struct life *, struct lab_host *);
} actions[] = {
	{4, initiate}, {3, rekey_child}, {2, rekey_ike},      {2, end_child},
	{1, end_ike},  {1, go_away},	 {2, change_weather},
};

#define N_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static void act(struct life *l)
{
	unsigned total = 0, drawn;
	size_t i = 0;

	for (size_t k = 0; k < N_ACTIONS; k++)
		total += actions[k].weight;
	for (drawn = pick(l, total); drawn >= actions[i].weight; i++)
		drawn -= actions[i].weight;
	actions[i].act(l, either(l));
}

/* ---- a life ---- */

#define TIMES                                                                \
	"dpd_delay = 30s\nrekey_time = 5m\nover_time = 1m\nrand_time = 1m\n" \
	"keyingtries = 3\n"
#define CHILD_TIMES "rekey_time = 2m\nlife_time = 4m\nrand_time = 1m\n"

static struct pair_params params_of(struct life *l)
{
	static const char *const ike[] = {
		NULL,
		"aes128gcm16-prfsha256-x25519-ke1_ecp256",
		"aes128gcm16-prfsha256-x25519-ke1_ecp256-ke2_x448",
	};
	static const char *const esp[] = {
		NULL,
		"aes128gcm16-x25519",
		"aes128gcm16-x25519-ke1_ecp256",
	};
	static const char *const unique[] = {
		TIMES,
		TIMES "unique = replace\n",
		TIMES "unique = never\n",
	};

	return (struct pair_params){
		.proposals = ike[pick(l, 4) % 3],
		.esp = esp[pick(l, 3)],
		.certs = pick(l, 16) == 0,
		.carol_conn = unique[pick(l, 6) % 3],
		.moon_conn = pick(l, 2) ? TIMES "remote_addrs = 192.168.0.3\n"
					: TIMES "remote_addrs = 192.168.0.3\nunique = replace\n",
		.carol_child = CHILD_TIMES,
		.moon_child = CHILD_TIMES,
		.carol_children = "host { remote_ts = 10.2.0.1\n" CHILD_TIMES "}\n",
		.moon_children = "host { local_ts = 10.2.0.1\n" CHILD_TIMES "}\n",
	};
}

static void calm_down(struct lab *lab)
{
	lab->loss = lab->twice = lab->jitter = 0;
	lab->job_delay = 0;
	lab_run(lab, CALM_MS);
}

/* There is a moment soon in which both hosts see the same and nothing is under way. */
static void assert_agree(struct pair *p)
{
	for (unsigned i = 0; i < QUIET_STEPS; i++) {
		if (lab_agree(p->carol, p->moon))
			return;
		lab_run(p->lab, STEP_MS);
	}
	lab_assert_agree(p->carol, p->moon);
}

static void end_all(struct life *l, struct lab_host *h)
{
	lab_terminate(h, &(struct ike_terminate_params){.ike = conn_of(l, h)});
	lab_settle(l->pair.lab);
}

static void live(void *ctx, uint64_t seed)
{
	struct life l = {.random = seed};
	struct pair_params params = params_of(&l);
	struct lab_result *r;
	unsigned n;

	(void)ctx;
	params.seed = lab_random(&l.random);
	l.pair = pair_new(&params);
	change_weather(&l, l.pair.carol);
	lab_initiate(l.pair.carol, "home", "net");
	for (n = 4 + pick(&l, MAX_ACTIONS - 3); n > 0; n--) {
		/* One in three comes together with the one before. */
		lab_run(l.pair.lab, pick(&l, 3) ? pick(&l, MAX_GAP_MS) : 0);
		act(&l);
	}
	calm_down(l.pair.lab);
	assert_agree(&l.pair);
	r = lab_initiate(l.pair.carol, "home", "net");
	lab_await(l.pair.lab, r, CALM_MS);
	lab_assert_result(r, 0, NULL);
	assert_agree(&l.pair);
	end_all(&l, l.pair.carol);
	end_all(&l, l.pair.moon);
	lab_run(l.pair.lab, END_MS);
	lab_assert_empty(l.pair.lab);
	lab_free(l.pair.lab);
}

/* ---- many ---- */

static void test_lives(void **state)
{
	uint64_t n = seeds_count(SEEDS);

	(void)state;
	seeds_run(n, live, NULL);
	print_message("%llu seeds\n", (unsigned long long)n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_lives, seeds_name),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
