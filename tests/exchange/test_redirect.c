/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab_forge.h"
#include "pair.h"
#include "seeds.h"

/* Clients that are sent to another gateway (RFC 5685), and peers with several addresses. */

#define SUN "192.168.0.4"

/* carol and moon, and sun, who answers as moon would. What an attempt has left behind that carol
 * gave up she finds by DPD: while carol has an SA with moon there is no INITIAL_CONTACT. */
struct trio {
	struct pair p;
	struct lab_host *sun;
};

static struct trio trio_new(const struct pair_params *params)
{
	struct trio t = {.p = pair_new(params)};

	t.sun = lab_add(t.p.lab, "sun", SUN);
	lab_start(t.sun);
	lab_load(t.sun, "connections { rw {\nlocal_addrs = 192.168.0.4\n"
			"proposals = aes128gcm16-prfsha256-x25519\npools = p\n"
			"dpd_delay = 20s\n"
			"local { auth = psk\nid = moon\n}\nremote { auth = psk\n}\n"
			"children { net { local_ts = 10.1.0.0/16\nesp_proposals = aes128gcm16 }\n"
			"other { local_ts = 10.1.9.0/24\nesp_proposals = aes128gcm16 } } } }\n"
			"pools { p { addrs = 10.3.1.0/24 } }\n"
			"secrets { ike-1 { secret = \"the secret\" } }\n");
	return t;
}

static void trio_down(struct trio *t)
{
	pair_down(&t->p);
}

static const struct pair_params pool = {.pool = "10.3.0.0/24"};

/* ---- while connecting ---- */

static void test_in_init(void **state)
{
	(void)state;
	struct trio t = trio_new(&pool);
	struct lab_result *r;

	t.p.moon->redirect_init = SUN;
	r = lab_initiate(t.p.carol, "home", "net");
	lab_settle(t.p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(t.p.carol, t.sun, 1, 1);
	lab_assert_logged(t.p.moon, "redirecting 192.168.0.3 to 192.168.0.4");
	lab_assert_logged(t.p.moon, "generating IKE_SA_INIT response 0 \\[ N\\(REDIR\\) \\]");
	lab_assert_logged(t.p.carol, "received REDIRECT, 192.168.0.2 redirects us to 192.168.0.4");
	lab_assert_logged(t.p.carol, "generating IKE_SA_INIT request 0 .*N\\(REDIR_FROM\\)");
	lab_assert_logged(t.sun, "client was redirected from 192.168.0.2");
	assert_int_equal(lab_count_sas(t.p.moon, IKE_S_ESTABLISHED), 0);
	trio_down(&t);
}

static void test_in_auth(void **state)
{
	(void)state;
	struct trio t = trio_new(&pool);
	struct lab_result *r;

	t.p.moon->redirect_auth = SUN;
	r = lab_initiate(t.p.carol, "home", "net");
	lab_settle(t.p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_logged(t.p.moon, "authentication of 'carol' with pre-shared key successful");
	lab_assert_logged(t.p.moon, "redirecting 'carol' to 192.168.0.4");
	lab_assert_logged(t.p.moon, "generating IKE_AUTH response 1 \\[ IDr AUTH .*N\\(REDIR\\)");
	/* carol has deleted what she had there, and moon never gave her an address. */
	lab_assert_logged(t.p.moon, "received DELETE for IKE_SA");
	assert_int_equal(lab_leases(t.p.moon), 0);
	lab_assert_pair(t.p.carol, t.sun, 1, 1);
	assert_int_equal(t.p.carol->ike_up, 1);
	trio_down(&t);
}

/* Who does not want it is not sent anywhere. */
static void no_redirects(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.follow_redirects = false;
}

static void test_not_announced(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.prepare = no_redirects});
	struct lab_result *r;
	unsigned matches;
	char *why;

	p.moon->redirect_init = p.moon->redirect_auth = SUN;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(ike_redirect(p.moon->ike, p.lab->now,
				      &(struct ike_redirect_params){.ike = "rw", .gateway = SUN},
				      &matches, &why),
			 E_NOTFOUND);
	assert_string_equal(why, "no matching SAs to redirect found");
	free(why);
	pair_down(&p);
}

/* Two that send clients to each other: after five times it is enough. */
static void test_loop(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct trio t = trio_new(&pool);
		struct lab_result *r;

		if (i) {
			t.p.moon->redirect_auth = SUN;
			t.sun->redirect_auth = "192.168.0.2";
		} else {
			t.p.moon->redirect_init = SUN;
			t.sun->redirect_init = "192.168.0.2";
		}
		r = lab_initiate(t.p.carol, "home", "net");
		lab_settle(t.p.lab);
		lab_run(t.p.lab, 120000);
		assert_true(r->done);
		lab_assert_logged(t.p.carol, "redirected more than 5 times within 300 s");
		assert_int_equal(lab_count_logged(t.p.carol, "received REDIRECT,"), 6);
		if (i == 0)
			assert_int_not_equal(r->err, 0);
		lab_run(t.p.lab, 120000);
		trio_down(&t);
	}
}

/* The other gateway does not answer: the next attempt begins with the configuration. */
static void test_dead_gateway(void **state)
{
	(void)state;
	struct trio t = trio_new(
		&(struct pair_params){.pool = "10.3.0.0/24", .carol_conn = "keyingtries = 2\n"});
	struct lab_result *r;

	t.p.moon->redirect_init = SUN;
	t.sun->down = true;
	r = lab_initiate(t.p.carol, "home", "net");
	lab_run(t.p.lab, 60000);
	t.p.moon->redirect_init = NULL;
	lab_await(t.p.lab, r, 400000);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(t.p.carol, t.p.moon, 1, 1);
	t.sun->down = false;
	trio_down(&t);
}

static bool spoil_nonce(void *ctx, struct lab_packet *p)
{
	unsigned *n = ctx;

	/* The nonce is the end of the datagram: an attacker has not seen the request. */
	if (p->hdr.exchange == IKE_SA_INIT && p->src.ip[3] == 2 && (*n)++ == 0)
		p->bytes.data[p->bytes.len - 1]++;
	return false;
}

static void test_forged(void **state)
{
	(void)state;
	struct trio t = trio_new(&pool);
	struct lab_result *r;
	unsigned n = 0;

	t.p.moon->redirect_init = SUN;
	t.p.lab->drop = spoil_nonce;
	t.p.lab->drop_ctx = &n;
	r = lab_initiate(t.p.carol, "home", "net");
	lab_settle(t.p.lab);
	/* She waits on, asks again, and follows the true one. */
	lab_assert_logged(t.p.carol, "the answer is to an earlier request, ignored");
	lab_assert_not_logged(t.p.carol, "received REDIRECT,");
	assert_false(r->done);
	lab_await(t.p.lab, r, 60000);
	lab_assert_result(r, 0, NULL);
	lab_settle(t.p.lab);
	lab_assert_pair(t.p.carol, t.sun, 1, 1);
	trio_down(&t);
}

/* ---- while an SA is up ---- */

static unsigned redirect(struct lab_host *h, const struct ike_redirect_params *params, int expected)
{
	unsigned matches;
	char *why = NULL;
	int err = ike_redirect(h->ike, h->lab->now, params, &matches, &why);

	assert_int_equal(err, expected);
	assert_true((why == NULL) == (err == 0));
	free(why);
	return matches;
}

static struct trio trio_up(void)
{
	struct trio t = trio_new(&(struct pair_params){
		.pool = "10.3.0.0/24",
		.carol_children =
			"other { remote_ts = 10.1.9.0/24\nesp_proposals = aes128gcm16 }\n",
		.moon_children = "other { local_ts = 10.1.9.0/24\nesp_proposals = aes128gcm16 }\n",
	});
	struct lab_result *r = lab_initiate(t.p.carol, "home", "net");

	lab_settle(t.p.lab);
	lab_assert_result(r, 0, NULL);
	r = lab_initiate(t.p.carol, "home", "other");
	lab_settle(t.p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(t.p.carol, t.p.moon, 1, 2);
	return t;
}

static void test_established(void **state)
{
	static const struct ike_redirect_params ways[] = {
		{.ike = "rw", .gateway = SUN},
		{.ike_id = 1, .gateway = SUN},
		{.peer_ip = "192.168.0.0/24", .gateway = SUN},
		{.peer_id = "carol", .gateway = SUN},
		{.ike = "rw", .peer_ip = "192.168.0.3", .peer_id = "carol", .gateway = SUN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct trio t = trio_up();

		assert_int_equal(redirect(t.p.moon, &ways[i], 0), 1);
		lab_settle(t.p.lab);
		lab_assert_pair(t.p.carol, t.sun, 1, 2);
		lab_assert_logged(t.p.moon, "received DELETE for IKE_SA");
		/* The new ones were there before the old ones went. */
		assert_int_equal(t.p.carol->ipsec.n_vips, 1);
		assert_int_equal(t.p.carol->ipsec.vips[0].ip[2], 1);
		assert_int_equal(lab_leases(t.p.moon), 0);
		trio_down(&t);
	}
}

/* Another address of the gateway itself: a client that asks for any virtual IP keeps what it has,
 * which its children are of. */
static void test_established_to_itself(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.pool = pool.pool, .moon_conn = "local_addrs = 192.168.0.2, 192.168.0.20\n"});

	lab_readdress(p.moon, "192.168.0.2 192.168.0.20");
	lab_clear_log(p.moon);
	redirect(p.moon, &(struct ike_redirect_params){.ike = "rw", .gateway = "192.168.0.20"}, 0);
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.moon, "client was redirected from 192.168.0.2");
	lab_assert_logged(p.moon, "peer requested virtual IP %any");
	lab_assert_logged(p.moon, "assigning virtual IP 10.3.0.1 to peer 'carol'");
	assert_int_equal(p.carol->ipsec.n_vips, 1);
	assert_int_equal(lab_leases(p.moon), 1);
	pair_down(&p);
}

static void test_nobody_to_redirect(void **state)
{
	static const struct {
		struct ike_redirect_params p;
		int err;
	} cases[] = {
		{{.gateway = SUN}, E_CONFIG},
		{{.ike = "rw"}, E_CONFIG},
		{{.ike = "rw", .gateway = ""}, E_CONFIG},
		{{.ike = "rw", .gateway = "no name!"}, E_CONFIG},
		{{.ike = "rw", .gateway = "0.0.0.0"}, E_CONFIG},
		{{.ike = "rw", .peer_ip = "carol", .gateway = SUN}, E_CONFIG},
		{{.ike = "home", .gateway = SUN}, E_NOTFOUND},
		{{.ike_id = 7, .gateway = SUN}, E_NOTFOUND},
		{{.peer_ip = "192.168.0.4", .gateway = SUN}, E_NOTFOUND},
		{{.peer_id = "dave", .gateway = SUN}, E_NOTFOUND},
	};

	(void)state;
	struct trio t = trio_up();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(redirect(t.p.moon, &cases[i].p, cases[i].err), 0);
	/* A client redirects nobody. */
	redirect(t.p.carol, &(struct ike_redirect_params){.ike = "home", .gateway = SUN},
		 E_NOTFOUND);
	lab_settle(t.p.lab);
	lab_assert_pair(t.p.carol, t.p.moon, 1, 2);
	trio_down(&t);
}

/* The new gateway does not answer: the SA stays. */
static void test_established_to_nowhere(void **state)
{
	(void)state;
	struct trio t = trio_up();

	t.sun->down = true;
	redirect(t.p.moon, &(struct ike_redirect_params){.ike = "rw", .gateway = SUN}, 0);
	lab_run(t.p.lab, 400000);
	lab_assert_logged(t.p.carol, "no SA with the gateway we were redirected to, keeping this "
				     "one");
	lab_assert_pair(t.p.carol, t.p.moon, 1, 2);
	t.sun->down = false;
	trio_down(&t);
}

/* Only a gateway redirects: what a client says is only answered. */
static void test_redirect_by_the_client(void **state)
{
	(void)state;
	struct trio t = trio_up();
	struct wire_writer w;
	struct wbuf b, data;

	wbuf_init(&b, 0);
	wbuf_init(&data, 0);
	wire_writer_init(&w, &b);
	wbuf_bytes(&data, "\x01\x04\xc0\xa8\x00\x04", 6);
	wire_put_notify(&w, N_REDIRECT, wbuf_view(&data));
	lab_forge(t.p.carol, t.p.moon,
		  &(struct forge){.exchange = IKE_INFORMATIONAL,
				  .msgid = lab_next_id(t.p.carol),
				  .first = w.first,
				  .plain = wbuf_view(&b)});
	wbuf_done(&b);
	wbuf_done(&data);
	lab_settle(t.p.lab);
	lab_assert_not_logged(t.p.moon, "redirects us|initiating IKE_SA");
	assert_int_equal(lab_count_sent(t.p.moon, IKE_SA_INIT, false), 0);
	lab_free(t.p.lab);
}

/* ---- several addresses ---- */

static void test_next_address(void **state)
{
	(void)state;
	struct trio t = trio_new(&pool);
	struct lab_result *r;

	/* The first host of the list is there no more; the second leads out of reach. */
	lab_load(t.p.carol, "connections { far {\n"
			    "remote_addrs = 10.0.0.0/8, 192.168.0.2, 2001:db8::9, 192.168.0.4\n"
			    "proposals = aes128gcm16-prfsha256-x25519\nvips = 0.0.0.0\n"
			    "local { auth = psk\nid = carol\n}\nremote { auth = psk\nid = moon\n}\n"
			    "children { net2 { remote_ts = 10.1.0.0/16\n"
			    "esp_proposals = aes128gcm16 } } } }\n");
	t.p.moon->down = true;
	r = lab_initiate(t.p.carol, "far", "net2");
	lab_await(t.p.lab, r, 60000);
	lab_assert_logged(t.p.carol, "peer not responding, trying its next address");
	lab_assert_logged(t.p.carol, "no route to 2001:db8::9");
	lab_assert_logged(t.p.carol, "initiating IKE_SA far\\[1\\] to 192.168.0.4");
	assert_int_equal(lab_count_sas(t.p.carol, IKE_S_ESTABLISHED), 1);
	lab_free(t.p.lab);
}

/* ---- weather ---- */

static void run_seed(void *ctx, uint64_t seed)
{
	struct trio t = trio_new(&(struct pair_params){
		.seed = seed, .pool = "10.3.0.0/24", .carol_conn = "keyingtries = 0\n"});
	struct lab_result *r;

	(void)ctx;
	t.p.lab->loss = t.p.lab->twice = 20;
	t.p.lab->jitter = 3000;
	if (seed % 3 == 1)
		t.p.moon->redirect_init = SUN;
	else if (seed % 3 == 2)
		t.p.moon->redirect_auth = SUN;
	r = lab_initiate(t.p.carol, "home", "net");
	lab_await(t.p.lab, r, 3600000);
	lab_assert_result(r, 0, NULL);
	if (seed % 3 == 0)
		redirect(t.p.moon, &(struct ike_redirect_params){.ike = "rw", .gateway = SUN}, 0);
	lab_run(t.p.lab, 60000);
	t.p.lab->loss = t.p.lab->twice = t.p.lab->jitter = 0;
	lab_run(t.p.lab, 600000);
	lab_assert_pair(t.p.carol, t.sun, 1, 1);
	trio_down(&t);
}

static void test_weather(void **state)
{
	(void)state;
	seeds_run(seeds_count(150), run_seed, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_init),
		cmocka_unit_test(test_in_auth),
		cmocka_unit_test(test_not_announced),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_dead_gateway),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_established),
		cmocka_unit_test(test_established_to_itself),
		cmocka_unit_test(test_nobody_to_redirect),
		cmocka_unit_test(test_established_to_nowhere),
		cmocka_unit_test(test_redirect_by_the_client),
		cmocka_unit_test(test_next_address),
		cmocka_unit_test_teardown(test_weather, seeds_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
