/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/suite.h"
#include "pair.h"

/* pq = prefer | require | off: what is offered, accepted and refused, and what an attacker on the
 * wire can do about it. */

#define CLASSICAL "aes128gcm16-prfsha256-x25519"
#define HYBRID	  "aes128gcm16-prfsha256-x25519-ke1_mlkem768"
#define CHOSEN_PQ "selected proposal: IKE:.*/CURVE_25519/KE1_ML_KEM_768$"

static bool note_chosen(void *ctx, const struct ike_sa_info *info)
{
	*(bool *)ctx = suite_is_post_quantum(info->chosen, true);
	return true;
}

static bool is_post_quantum(struct lab_host *h)
{
	bool yes = false;

	ike_each_sa(h->ike, h->lab->now, note_chosen, &yes);
	return yes;
}

static void expect_up(const struct pair_params *params, bool post_quantum)
{
	struct pair p = pair_up(params);

	assert_int_equal(is_post_quantum(p.carol), post_quantum);
	assert_int_equal(is_post_quantum(p.moon), post_quantum);
	pair_down(&p);
}

/* With nothing configured the key exchange is a hybrid with ML-KEM-768. */
static void test_default(void **state)
{
	struct pair p = pair_up(&(struct pair_params){.proposals = "default"});

	(void)state;
	lab_assert_logged(p.carol, CHOSEN_PQ);
	assert_true(is_post_quantum(p.carol) && is_post_quantum(p.moon));
	pair_down(&p);
}

/* Whoever does not know ML-KEM is served all the same. */
static void test_default_meets_classical(void **state)
{
	(void)state;
	expect_up(&(struct pair_params){.proposals = "default", .moon_proposals = CLASSICAL},
		  false);
	expect_up(&(struct pair_params){.proposals = CLASSICAL, .moon_proposals = "default"},
		  false);
	expect_up(&(struct pair_params){.proposals = "default", .moon_conn = "pq = off\n"}, false);
	expect_up(&(struct pair_params){.proposals = "default", .carol_conn = "pq = off\n"}, false);
}

static void test_require(void **state)
{
	(void)state;
	expect_up(&(struct pair_params){.proposals = "default",
					.carol_conn = "pq = require\n",
					.moon_conn = "pq = require\n"},
		  true);
	expect_up(&(struct pair_params){.proposals = CLASSICAL ", " HYBRID,
					.carol_conn = "pq = require\n"},
		  true);
	expect_up(&(struct pair_params){.proposals = "aes128gcm16-prfsha256-mlkem1024",
					.moon_conn = "pq = require\n"},
		  true);
}

static void expect_refused(const struct pair_params *params, const char *carol, const char *moon)
{
	struct pair p = pair_new(params);
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_await(p.lab, r, 600000);
	lab_assert_result(r, E_NOPROPOSAL, NULL);
	lab_assert_logged(p.carol, carol);
	lab_assert_logged(p.moon, moon);
	lab_assert_pair(p.carol, p.moon, 0, 0);
	pair_down(&p);
}

/* The one that requires it says so, whichever side it is. */
static void test_require_meets_classical(void **state)
{
	(void)state;
	expect_refused(
		&(struct pair_params){.proposals = CLASSICAL,
				      .moon_proposals = "default",
				      .moon_conn = "pq = require\n"},
		"NO_PROPOSAL_CHOSEN",
		"no common proposal: proposals \\(with pq = require\\) of 'rw' and the peer");
	expect_refused(&(struct pair_params){.proposals = "default",
					     .moon_proposals = CLASSICAL,
					     .carol_conn = "pq = require\n"},
		       "ours has pq = require", "no common proposal");
}

/* ---- an attacker who rewrites IKE_SA_INIT ---- */

/* Take what announces IKE_INTERMEDIATE out of carol's request, and moon believes it. */
static bool strip(void *ctx, struct lab_packet *p)
{
	static const uint8_t notify[] = {0, 0, 0x40, 0x36}; /* INTERMEDIATE_EXCHANGE_SUPPORTED */

	(void)ctx;
	if (p->hdr.exchange != IKE_SA_INIT)
		return false;
	for (size_t i = 0; i + sizeof(notify) <= p->bytes.len; i++) {
		if (memcmp(p->bytes.data + i, notify, sizeof(notify)) == 0)
			p->bytes.data[i + 3] = 0xff; /* a notify nobody knows */
	}
	return false;
}

/* The classical exchange that the attacker wanted comes about, and does not survive IKE_AUTH. */
static void test_downgrade(void **state)
{
	struct pair p = pair_new(&(struct pair_params){.proposals = "default"});
	struct lab_result *r;

	(void)state;
	p.lab->drop = strip;
	r = lab_initiate(p.carol, "home", "net");
	lab_await(p.lab, r, 600000);
	assert_int_not_equal(r->err, 0);
	lab_assert_not_logged(p.carol, "IKE_SA home\\[1\\] established");
	lab_assert_not_logged(p.moon, "IKE_SA rw\\[1\\] established");
	lab_assert_logged(p.carol, "received AUTHENTICATION_FAILED");
	lab_assert_logged(p.moon, "selected proposal: IKE:.*/CURVE_25519$");
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),	  cmocka_unit_test(test_default_meets_classical),
		cmocka_unit_test(test_require),	  cmocka_unit_test(test_require_meets_classical),
		cmocka_unit_test(test_downgrade),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
