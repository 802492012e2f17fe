/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "ike/command.h"
#include "lab_forge.h"
#include "pair.h"
#include "seeds.h"

/* An IKE SA is set up anew, so that the peer proves who it is once more (RFC 7296 section 2.8.3,
 * RFC 4478): before the old one goes, or after. */

#define TWO	 "other { remote_ts = 10.2.0.0/24\nesp_proposals = aes128gcm16 }\n"
#define TWO_MOON "other { local_ts = 10.2.0.0/24\nesp_proposals = aes128gcm16 }\n"
#define EVERY	 "reauth_time = 1000s\nrand_time = 0\nover_time = 100s\n"
#define BACK	 "remote_addrs = 192.168.0.3\n" /* moon knows whom to call */

static void break_first(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.make_before_break = moon->settings.make_before_break = false;
}

/* Both modes, of a carol and a moon with two children. */
static struct pair up(bool breaks, const struct pair_params *more)
{
	struct pair_params params = *more;
	struct pair p;
	struct lab_result *r;

	params.carol_children = TWO;
	params.moon_children = TWO_MOON;
	params.prepare = breaks ? break_first : NULL;
	p = pair_up(&params);
	r = lab_initiate(p.carol, "home", "other");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 2);
	return p;
}

static int reauth(struct lab_host *h, const char *ike)
{
	unsigned matches;

	return ike_rekey(h->ike, h->lab->now,
			 &(struct ike_rekey_params){.ike = ike, .reauth = true}, &matches);
}

/* Somewhere there is always an SA, with both children. */
static void must_have(struct lab *lab)
{
	for (int i = 0; i < 2; i++) {
		if (!lab_count_sas(&lab->hosts[i], IKE_S_ESTABLISHED) ||
		    lab->hosts[i].ipsec.n_sas < 2)
			lab_assert_pair(&lab->hosts[0], &lab->hosts[1], 99, 99);
	}
}

/* ---- the timer ---- */

static void test_timer(void **state)
{
	(void)state;
	for (int breaks = 0; breaks < 2; breaks++) {
		struct pair p = up(
			breaks, &(struct pair_params){.carol_conn = EVERY, .pool = "10.3.0.0/24"});
		struct addr vip = p.carol->ipsec.vips[0];

		lab_assert_logged(p.carol, "scheduling reauthentication in 1000s");
		lab_assert_logged(p.carol, "maximum IKE_SA lifetime 1100s");
		lab_assert_not_logged(p.carol, "scheduling rekeying");
		for (unsigned i = 1; i <= 3; i++) {
			lab_run(p.lab, 1000000);
			lab_run(p.lab, 2000);
			lab_assert_pair(p.carol, p.moon, 1, 2);
			assert_int_equal(p.carol->ike_up, 1 + i);
			assert_int_equal(p.carol->ike_down, i);
			assert_int_equal(p.carol->child_up, 2 + 2 * i);
			/* The same address, and only once. */
			assert_int_equal(p.carol->ipsec.n_vips, 1);
			assert_true(addr_equal(&p.carol->ipsec.vips[0], &vip));
			assert_int_equal(lab_leases(p.moon), 1);
		}
		lab_assert_logged(p.carol, "reauthenticating IKE_SA home\\[1\\]");
		pair_down(&p);
	}
}

/* Before the old SA goes all children are there by the new one. */
static void test_seamless(void **state)
{
	static const char *const unique[] = {"", "unique = never\n", "unique = replace\n",
					     "unique = keep\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(unique) / sizeof(unique[0]); i++) {
		struct pair p = up(false, &(struct pair_params){.carol_conn = unique[i],
								.moon_conn = unique[i],
								.pool = "10.3.0.0/24"});

		lab_clear_log(p.carol);
		lab_clear_log(p.moon);
		p.lab->after = must_have;
		assert_int_equal(reauth(p.carol, "home"), 0);
		lab_settle(p.lab);
		lab_assert_pair(p.carol, p.moon, 1, 2);
		lab_assert_not_logged(p.carol, "N\\(INIT_CONTACT\\)");
		lab_run(p.lab, 30000);
		p.lab->after = NULL;
		lab_assert_not_logged(p.moon, "duplicate");
		lab_assert_logged(p.moon, "reassigning online lease to 'carol'");
		lab_assert_pair(p.carol, p.moon, 1, 2);
		assert_int_equal(lab_leases(p.moon), 1);
		pair_down(&p);
	}
}

/* What the peer closes is not started again where the new SA has it. */
static void test_close_action(void **state)
{
	(void)state;
	struct pair p = up(false, &(struct pair_params){.moon_conn = BACK,
							.moon_child = "close_action = start\n"});

	assert_int_equal(reauth(p.carol, "home"), 0);
	lab_settle(p.lab);
	lab_run(p.lab, 30000);
	lab_assert_pair(p.carol, p.moon, 1, 2);
	assert_int_equal(lab_count_sent(p.moon, IKE_SA_INIT, false), 0);
	lab_free(p.lab);
}

/* ---- the other role ---- */

/* The responder knows whom to call: it does it. */
static void test_by_responder(void **state)
{
	(void)state;
	for (int breaks = 0; breaks < 2; breaks++) {
		struct pair p = up(breaks, &(struct pair_params){.moon_conn = BACK EVERY});

		lab_assert_logged(p.moon, "scheduling reauthentication in 1000s");
		lab_assert_not_logged(p.moon, "N\\(AUTH_LFT\\)");
		if (!breaks)
			p.lab->after = must_have;
		lab_run(p.lab, 1002000);
		p.lab->after = NULL;
		lab_assert_logged(p.moon, "initiating IKE_SA rw\\[2\\] to 192.168.0.3");
		lab_assert_pair(p.carol, p.moon, 1, 2);
		pair_down(&p);
	}
}

/* It does not, or carol has an address of its pool: it tells carol. */
static void test_auth_lifetime(void **state)
{
	static const struct pair_params ways[] = {
		{.moon_conn = EVERY},
		{.moon_conn = EVERY BACK, .pool = "10.3.0.0/24"},
		{.moon_conn = EVERY, .certs = true, .pool = "10.3.0.0/24"},
		{.moon_conn = EVERY "rekey_time = 300s\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct pair p = up(i & 1, &ways[i]);

		lab_assert_logged(p.moon, "generating IKE_AUTH response 1 .*N\\(AUTH_LFT\\)");
		lab_assert_logged(p.carol, "received AUTH_LIFETIME of 1000s, scheduling "
					   "reauthentication in 900s");
		assert_int_equal(reauth(p.moon, "rw"), E_UNSUPPORTED);
		lab_run(p.lab, 905000);
		lab_assert_logged(p.carol, "reauthenticating IKE_SA home");
		lab_run(p.lab, 10000);
		lab_assert_pair(p.carol, p.moon, 1, 2);
		lab_assert_not_logged(p.moon, "reached its lifetime");
		pair_down(&p);
	}
}

/* One that has a time of its own, which is earlier. */
static void test_auth_lifetime_later(void **state)
{
	(void)state;
	struct pair p = up(false, &(struct pair_params){.carol_conn = "reauth_time = 500s\n"
								      "rand_time = 0\n",
							.moon_conn = EVERY});

	lab_assert_logged(p.carol, "received AUTH_LIFETIME of 1000s, reauthentication already "
				   "scheduled in 500s");
	lab_run(p.lab, 502000);
	assert_int_equal(p.carol->ike_up, 2);
	lab_assert_pair(p.carol, p.moon, 1, 2);
	pair_down(&p);
}

/* A carol who does nothing is put out. */
static bool drop_lifetime(void *ctx, struct lab_packet *p)
{
	(void)ctx;
	return p->hdr.exchange == IKE_SA_INIT;
}

static void test_peer_does_nothing(void **state)
{
	(void)state;
	struct pair p = up(false, &(struct pair_params){.moon_conn = EVERY});

	p.lab->drop = drop_lifetime;
	lab_run(p.lab, 1000000);
	lab_run(p.lab, 10000);
	lab_assert_logged(p.moon, "only the peer can reauthenticate IKE_SA rw\\[1\\]");
	lab_assert_logged(p.moon, "IKE_SA rw\\[1\\] will time out in 100s");
	lab_run(p.lab, 100000);
	lab_assert_logged(p.moon, "reached its lifetime");
	assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 0);
	p.lab->drop = NULL;
	lab_run(p.lab, 400000);
	lab_free(p.lab);
}

static void inform(struct lab_host *from, struct lab_host *to, const char *bytes, size_t len)
{
	struct wire_writer w;
	struct wbuf b;

	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	wire_put_notify(&w, N_AUTH_LIFETIME, view_make(bytes, len));
	lab_forge(from, to,
		  &(struct forge){.exchange = IKE_INFORMATIONAL,
				  .msgid = lab_next_id(from),
				  .first = w.first,
				  .plain = wbuf_view(&b)});
	wbuf_done(&b);
	lab_settle(from->lab);
}

static void test_informational(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *line;
		uint64_t after; /* ms; 0: never */
	} cases[] = {
		{"\0\0\0\x64", 4, "of 100s, scheduling reauthentication in 70s", 70000},
		{"\0\0\0\0", 4, "of 0s, scheduling reauthentication in 5s", 5000},
		{"\xff\xff\xff\xff", 4, "of 4294967295s, scheduling", 0},
		{"\0\0\0", 3, "received malformed AUTH_LIFETIME", 0},
		{"\0\0\0\1\0", 5, "received malformed AUTH_LIFETIME", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair p = pair_up(&(struct pair_params){0});

		inform(p.moon, p.carol, cases[i].bytes, cases[i].len);
		lab_assert_logged(p.carol, cases[i].line);
		lab_run(p.lab, cases[i].after ? cases[i].after - 1000 : 100000);
		assert_int_equal(p.carol->ike_up, 1);
		lab_run(p.lab, 1000);
		lab_settle(p.lab);
		assert_int_equal(p.carol->ike_up, cases[i].after ? 2 : 1);
		lab_free(p.lab);
	}
}

/* It is the responder's to say. */
static void test_informational_by_initiator(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.moon_conn = BACK});

	inform(p.carol, p.moon, "\0\0\0\1", 4);
	lab_run(p.lab, 20000);
	lab_assert_not_logged(p.moon, "AUTH_LIFETIME|reauthenticating");
	lab_free(p.lab);
}

/* ---- what else is going on ---- */

/* Rekeying does not put it off. */
static void test_rekeyed(void **state)
{
	(void)state;
	for (int breaks = 0; breaks < 2; breaks++) {
		struct pair p =
			up(breaks, &(struct pair_params){.carol_conn = EVERY "rekey_time = 300s\n",
							 .pool = "10.3.0.0/24"});

		lab_run(p.lab, 990000);
		assert_int_equal(p.carol->ike_rekeyed, 3);
		assert_int_equal(p.carol->ike_up, 1);
		lab_run(p.lab, 20000);
		assert_int_equal(p.carol->ike_up, 2);
		lab_assert_pair(p.carol, p.moon, 1, 2);
		assert_int_equal(lab_leases(p.moon), 1);
		pair_down(&p);
	}
}

enum crossing { BOTH, REKEY, REKEY_FIRST, REKEY_OURS, CHILD, N_CROSSINGS };

static void cross(struct pair *p, enum crossing what)
{
	if (what == REKEY_FIRST)
		lab_rekey(p->moon, "rw", NULL);
	if (what == REKEY_OURS)
		lab_rekey(p->carol, "home", NULL);
	assert_int_equal(reauth(p->carol, "home"), 0);
	if (what == BOTH)
		assert_int_equal(reauth(p->moon, "rw"), 0);
	else if (what == REKEY)
		lab_rekey(p->moon, "rw", NULL);
	else if (what == CHILD)
		lab_rekey(p->moon, NULL, "net");
}

static void test_crossing(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * N_CROSSINGS; i++) {
		struct pair p = up(i & 1, &(struct pair_params){.moon_conn = BACK});

		cross(&p, (enum crossing)(i / 2));
		lab_settle(p.lab);
		lab_run(p.lab, 90000);
		lab_assert_pair(p.carol, p.moon, 1, 2);
		assert_true(p.carol->ike_up >= 2);
		pair_down(&p);
	}
}

/* One side breaks, the other makes; one begins a little later. */
static void test_both(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 4 * 40; i++) {
		struct pair p = up(i & 1, &(struct pair_params){.seed = 1 + i, .moon_conn = BACK});
		struct lab_host *first = i / 4 & 1 ? p.carol : p.moon;
		struct lab_host *second = i / 4 & 1 ? p.moon : p.carol;
		unsigned matches;

		if (i & 2) {
			struct ike_settings s = p.moon->settings;

			s.make_before_break = !s.make_before_break;
			ike_set_settings(p.moon->ike, &s);
		}
		(void)reauth(first, first == p.carol ? "home" : "rw");
		lab_run(p.lab, i / 8 * 3);
		/* What the first one has made is not meant. */
		assert_true(ike_rekey(second->ike, p.lab->now,
				      &(struct ike_rekey_params){.ike_id = 1, .reauth = true},
				      &matches) <= 0);
		lab_run(p.lab, 90000);
		lab_assert_pair(p.carol, p.moon, 1, 2);
		pair_down(&p);
	}
}

/* Who wants it gone gets it gone. */
static void test_terminated(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 2 * 12; i++) {
		struct pair p = up(i & 1, &(struct pair_params){.pool = "10.3.0.0/24"});
		struct lab_result *r;

		assert_int_equal(reauth(p.carol, "home"), 0);
		lab_run(p.lab, i / 2 * 8);
		r = lab_terminate(p.carol, &(struct ike_terminate_params){.ike_id = 1});
		if (r->call == E_NOTFOUND) { /* too late: another one is on its way */
			lab_run(p.lab, 1000);
			r = lab_terminate(p.carol, &(struct ike_terminate_params){.ike = "home"});
		}
		lab_run(p.lab, 90000);
		lab_assert_result(r, 0, NULL);
		assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 0);
		pair_down(&p);
	}
}

/* The new one does not come up: the old one stays, and it is tried again. */
static void test_no_new_one(void **state)
{
	(void)state;
	struct pair p = up(false, &(struct pair_params){.carol_conn = EVERY});

	lab_run(p.lab, 999000);
	p.lab->drop = drop_lifetime;
	lab_run(p.lab, 20000);
	assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 1);
	p.lab->drop = NULL;
	lab_run(p.lab, 60000);
	lab_assert_pair(p.carol, p.moon, 1, 2);
	assert_int_equal(p.carol->ike_up, 2);
	pair_down(&p);
}

/* ---- weather ---- */

static void run_seed(void *ctx, uint64_t seed)
{
	struct pair p =
		up(seed & 1, &(struct pair_params){.seed = seed,
						   .carol_conn = EVERY "keyingtries = 0\n",
						   .moon_conn = seed & 2 ? BACK EVERY : "",
						   .pool = seed & 4 ? "10.3.0.0/24" : NULL});

	(void)ctx;
	p.lab->loss = p.lab->twice = 20;
	p.lab->jitter = 3000;
	if (seed & 8)
		(void)reauth(p.carol, "home");
	lab_run(p.lab, 1100000);
	p.lab->loss = p.lab->twice = p.lab->jitter = 0;
	lab_run(p.lab, 300000);
	lab_assert_agree(p.carol, p.moon);
	assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 1);
	assert_int_equal(lab_leases(p.moon), seed & 4 ? 1 : 0);
	pair_down(&p);
}

static void test_weather(void **state)
{
	(void)state;
	seeds_run(seeds_count(160), run_seed, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_seamless),
		cmocka_unit_test(test_close_action),
		cmocka_unit_test(test_by_responder),
		cmocka_unit_test(test_auth_lifetime),
		cmocka_unit_test(test_auth_lifetime_later),
		cmocka_unit_test(test_peer_does_nothing),
		cmocka_unit_test(test_informational),
		cmocka_unit_test(test_informational_by_initiator),
		cmocka_unit_test(test_rekeyed),
		cmocka_unit_test(test_crossing),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_terminated),
		cmocka_unit_test(test_no_new_one),
		cmocka_unit_test_teardown(test_weather, seeds_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
