/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab_pki.h"
#include "pair.h"

/* RFC 7383: messages larger than a datagram may be. */

#define IP_UDP_MARKER 32 /* IPv4 and UDP headers and the non-ESP marker */

static const struct pair_params big = {.certs = true, .moon_cert = "moon-big"};

static struct pair big_pair(const struct pair_params *params)
{
	struct pair p = pair_new(params);

	for (int i = 1; i <= 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "big-%d", i);
		lab_pki_know(p.moon, name);
	}
	return p;
}

/* The largest fragment that a host sent, and how many there were of one message. */
static size_t largest(const struct lab_host *h, unsigned *out_fragments)
{
	const struct lab *lab = h->lab;
	size_t most = 0;

	*out_fragments = 0;
	for (size_t i = 0; i < lab->n_capture; i++) {
		const struct lab_packet *p = &lab->capture[i];

		if (p->from != h || p->hdr.exchange != IKE_AUTH)
			continue;
		most = p->bytes.len > most ? p->bytes.len : most;
		*out_fragments = p->fragment > *out_fragments ? p->fragment : *out_fragments;
	}
	return most;
}

static void test_big_chain(void **state)
{
	unsigned n;

	(void)state;
	struct pair p = big_pair(&big);
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.carol, "reached self-signed root ca with a path length of 3");
	lab_assert_logged(p.moon, "splitting IKE message \\([0-9]+ bytes\\) into 3 fragments");
	lab_assert_logged(p.moon, "generating IKE_AUTH response 1 \\[ EF\\(3/3\\) \\]");
	lab_assert_logged(p.carol, "parsed IKE_AUTH response 1 \\[ EF\\(1/3\\) \\]");
	lab_assert_logged(p.carol, "received fragment #1 of 3, waiting for complete IKE message");
	lab_assert_logged(p.carol, "received fragment #3 of 3, reassembled fragmented IKE message "
				   "\\([0-9]+ bytes\\)");
	assert_true(largest(p.moon, &n) + IP_UDP_MARKER <= 1280);
	assert_int_equal(n, 3);
	pair_down(&p);
}

struct one_lost {
	bool response;
	unsigned number;
	unsigned lost;
};

static bool drop_one(void *ctx, struct lab_packet *p)
{
	struct one_lost *o = ctx;

	if (p->hdr.exchange != IKE_AUTH || p->fragment != o->number || o->lost ||
	    !(p->hdr.flags & IKE_FLAG_RESPONSE) == o->response)
		return false;
	return o->lost++ == 0;
}

static void small(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.fragment_size_v4 = moon->settings.fragment_size_v4 = 576;
}

/* Each fragment is lost once, of the request and of the response. */
static void test_each_fragment_lost(void **state)
{
	struct pair_params params = big;

	(void)state;
	params.prepare = small;
	for (int response = 0; response < 2; response++) {
		unsigned n = 1;

		for (unsigned i = 1; i <= n; i++) {
			struct one_lost lost = {.response = response, .number = i};
			struct pair p = big_pair(&params);
			struct lab_result *r;

			p.lab->drop = drop_one;
			p.lab->drop_ctx = &lost;
			r = lab_initiate(p.carol, "home", "net");
			lab_run(p.lab, 12000);
			assert_int_equal(lost.lost, 1);
			lab_assert_result(r, 0, NULL);
			lab_assert_pair(p.carol, p.moon, 1, 1);
			largest(response ? p.moon : p.carol, &n);
			assert_true(n > 1);
			pair_down(&p);
		}
		print_message("each of %u fragments of the %s\n", n,
			      response ? "response" : "request");
	}
}

/* Fragments come in any order, and twice. */
static void test_disorder(void **state)
{
	struct pair_params params = big;

	(void)state;
	params.prepare = small;
	for (params.seed = 1; params.seed <= 30; params.seed++) {
		struct pair p = big_pair(&params);
		struct lab_result *r;

		p.lab->jitter = 500;
		p.lab->twice = 60;
		r = lab_initiate(p.carol, "home", "net");
		lab_run(p.lab, 3900); /* before anything is retransmitted */
		lab_assert_result(r, 0, NULL);
		lab_run(p.lab, 31000); /* a late copy of the first request may have made an SA */
		lab_assert_pair(p.carol, p.moon, 1, 1);
		p.lab->jitter = p.lab->twice = 0;
		pair_down(&p);
	}
}

static void test_loss(void **state)
{
	struct pair_params params = big;

	(void)state;
	params.prepare = small;
	params.carol_conn = "keyingtries = 0\n";
	for (params.seed = 1; params.seed <= 30; params.seed++) {
		struct pair p = big_pair(&params);
		struct lab_result *r;

		p.lab->loss = 10;
		r = lab_initiate(p.carol, "home", "net");
		lab_await(p.lab, r, 3600000);
		lab_assert_result(r, 0, NULL);
		p.lab->loss = 0;
		lab_run(p.lab, 31000);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		pair_down(&p);
	}
}

static void no_larger_than(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.max_packet = 1500;
}

static void test_max_packet(void **state)
{
	struct pair_params params = big;

	(void)state;
	params.prepare = no_larger_than;
	struct pair p = big_pair(&params);
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_run(p.lab, 166000);
	lab_assert_result(r, E_TIMEOUT, NULL);
	lab_assert_logged(p.carol,
			  "fragmented IKE message is larger than 1500 bytes \\(max_packet\\)");
	r = lab_terminate(p.moon, &(struct ike_terminate_params){.ike = "rw", .force = true});
	lab_assert_result(r, 0, NULL);
	pair_down(&p);
}

static void test_not_wanted(void **state)
{
	static const struct {
		const char *carol, *moon;
		bool carol_says, moon_splits;
	} rows[] = {
		{"fragmentation = no\n", "", false, false},
		{"", "fragmentation = no\n", true, false},
		{"fragmentation = accept\n", "", true, true},
		{"", "fragmentation = accept\n", true, false},
		{"fragmentation = yes\n", "fragmentation = yes\n", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_params params = big;
		struct lab_result *r;
		struct pair p;
		unsigned n;

		params.carol_conn = rows[i].carol;
		params.moon_conn = rows[i].moon;
		p = big_pair(&params);
		r = lab_initiate(p.carol, "home", "net");
		lab_settle(p.lab);
		lab_assert_result(r, 0, NULL);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		largest(p.moon, &n);
		assert_int_equal(n > 1, rows[i].moon_splits);
		assert_int_equal(
			lab_count_logged(p.carol, "generating IKE_SA_INIT.*N\\(FRAG_SUP\\)"),
			rows[i].carol_says);
		pair_down(&p);
	}
}

/* IPv6 has headers of its own. */
static void test_ipv6(void **state)
{
	struct lab_host *carol, *moon;
	struct lab_result *r;
	struct lab *lab;
	unsigned n;

	(void)state;
	lab = lab_new(0);
	carol = lab_add(lab, "carol", "2001:db8::3");
	moon = lab_add(lab, "moon", "2001:db8::2");
	lab_start(carol);
	lab_start(moon);
	for (size_t i = 0; i < 2; i++)
		lab_pki_trust(&lab->hosts[i], "ca");
	lab_pki_own(carol, "carol");
	lab_pki_own(moon, "moon-big");
	lab_pki_know(moon, "big-1");
	lab_pki_know(moon, "big-2");
	lab_pki_know(moon, "big-3");
	lab_load(carol, "connections { six {\nremote_addrs = 2001:db8::2\n"
			"proposals = aes256-sha256-x25519\n"
			"local { auth = pubkey\n certs = carol\n }\nremote { auth = pubkey\n"
			"id = \"C=CH, O=Cyber, CN=moon\" }\n"
			"children { six { remote_ts = 2001:db8:1::/48 } }\n} }\n");
	lab_load(moon, "connections { six {\nlocal_addrs = 2001:db8::2\n"
		       "remote_addrs = 2001:db8::/64\nproposals = aes256-sha256-x25519\n"
		       "local { auth = pubkey\n certs = moon-big\n }\nremote { auth = pubkey }\n"
		       "children { six { local_ts = 2001:db8:1::/48 } }\n} }\n");
	r = lab_initiate(carol, "six", "six");
	lab_settle(lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(carol, moon, 1, 1);
	assert_in_range(largest(moon, &n), 1100, 1280 - 40 - 8 - 4);
	assert_true(n > 3);
	r = lab_terminate(moon, &(struct ike_terminate_params){.ike = "six"});
	lab_settle(lab);
	lab_run(lab, 20000);
	lab_assert_result(r, 0, NULL);
	lab_assert_empty(lab);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_big_chain),  cmocka_unit_test(test_each_fragment_lost),
		cmocka_unit_test(test_disorder),   cmocka_unit_test(test_loss),
		cmocka_unit_test(test_max_packet), cmocka_unit_test(test_not_wanted),
		cmocka_unit_test(test_ipv6),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
