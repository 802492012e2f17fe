/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ike/sa.h"
#include "ike/state.h"
#include "lab_pki.h"
#include "pair.h"

/* Postquantum preshared keys (RFC 8784): every row of its tables, by shared keys and signatures. */

#define SECRET_1  "secrets { ppk-1 { secret = \"a quantum secret\"\n id = ppk-1 } }\n"
#define SECRET_1X "secrets { ppk-1 { secret = \"quite another one\"\n id = ppk-1 } }\n"
#define SECRET_2  "secrets { ppk-2 { secret = \"the second one\"\n id = ppk-2 } }\n"
#define SECRET_3  "secrets { ppk-3 { secret = \"of carol\"\n id = carol@ppk } }\n"

enum outcome { WITH, WITHOUT, REFUSED };

struct row {
	const char *carol, *moon;		/* options of the connections */
	const char *carol_secret, *moon_secret; /* PPKs */
	enum outcome outcome;
	const char *line; /* on either side; NULL: none is asked for */
};

static bool uses_ppk(const struct lab_host *h)
{
	return list_entry(h->ike->sas.prev, struct ike_sa, link)->ppk;
}

static struct lab_result *begin(struct pair *p, const struct row *row, bool certs)
{
	*p = pair_new(&(struct pair_params){
		.certs = certs, .carol_conn = row->carol, .moon_conn = row->moon});
	if (row->carol_secret)
		lab_load(p->carol, row->carol_secret);
	if (row->moon_secret)
		lab_load(p->moon, row->moon_secret);
	return lab_initiate(p->carol, "home", "net");
}

static void try_row(const struct row *row, bool certs)
{
	struct pair p;
	struct lab_result *r = begin(&p, row, certs);

	lab_settle(p.lab);
	assert_true(r->done);
	if (row->line)
		assert_true(lab_count_logged(p.carol, row->line) +
				    lab_count_logged(p.moon, row->line) >
			    0);
	if (row->outcome == REFUSED) {
		assert_int_not_equal(r->err, 0);
		assert_int_equal(p.carol->ike_up, 0);
		assert_int_equal(p.carol->ipsec.n_sas + p.moon->ipsec.n_sas, 0);
	} else {
		lab_assert_result(r, 0, NULL);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		assert_int_equal(uses_ppk(p.carol), row->outcome == WITH);
		assert_int_equal(uses_ppk(p.moon), row->outcome == WITH);
	}
	pair_down(&p);
}

#define ID_1	 "ppk_id = ppk-1\n"
#define REQUIRED "ppk_required = yes\n"

static const struct row rows[] = {
	{ID_1, ID_1, SECRET_1, SECRET_1, WITH, "using PPK 'ppk-1'"},
	{ID_1 REQUIRED, ID_1 REQUIRED, SECRET_1, SECRET_1, WITH, "using PPK 'ppk-1'"},
	{ID_1 REQUIRED, ID_1, SECRET_1, SECRET_1, WITH, NULL},
	{ID_1, ID_1 REQUIRED, SECRET_1, SECRET_1, WITH, NULL},
	/* a responder takes any that it has, or those of a pattern */
	{ID_1, "", SECRET_1, SECRET_1, WITH, NULL},
	{ID_1, REQUIRED, SECRET_1, SECRET_2 SECRET_1, WITH, NULL},
	{"ppk_id = carol@ppk\n", "ppk_id = \"*@ppk\"\n" REQUIRED, SECRET_3, SECRET_3, WITH,
	 "using PPK 'carol@ppk'"},
	{ID_1 REQUIRED, "ppk_id = \"*@ppk\"\n", SECRET_1, SECRET_1, REFUSED, "allowed by ppk_id"},
	{ID_1, "ppk_id = \"*@ppk\"\n", SECRET_1, SECRET_1, WITHOUT, "allowed by ppk_id"},
	/* the initiator has none */
	{ID_1, "", NULL, SECRET_1, WITHOUT, "no PPK for 'ppk-1' found"},
	{ID_1 REQUIRED, "", NULL, SECRET_1, REFUSED, "no PPK for 'ppk-1' found"},
	{"", REQUIRED, NULL, SECRET_1, REFUSED, "the peer does not support PPKs"},
	{"", "", NULL, SECRET_1, WITHOUT, NULL},
	{"ppk_id = \"ppk-*\"\n" REQUIRED, "", SECRET_1, SECRET_1, REFUSED, "no PPK for"},
	/* the responder has none at all: no USE_PPK */
	{ID_1, "", SECRET_1, NULL, WITHOUT, "the peer does not support PPKs or has none"},
	{ID_1 REQUIRED, "", SECRET_1, NULL, REFUSED, "the peer does not support PPKs or has none"},
	{ID_1, REQUIRED, SECRET_1, NULL, REFUSED, "no PPK is loaded"},
	/* the responder has another one: NO_PPK_AUTH decides */
	{ID_1, "", SECRET_1, SECRET_2, WITHOUT, "the peer does not use the PPK 'ppk-1'"},
	{ID_1, REQUIRED, SECRET_1, SECRET_2, REFUSED, "no PPK for 'ppk-1' found"},
	{ID_1 REQUIRED, "", SECRET_1, SECRET_2, REFUSED, "the peer insists on its PPK"},
	{ID_1 REQUIRED, REQUIRED, SECRET_1, SECRET_2, REFUSED, NULL},
	/* the same name for another key: nobody falls back */
	{ID_1, "", SECRET_1, SECRET_1X, REFUSED, NULL},
	{ID_1 REQUIRED, REQUIRED, SECRET_1, SECRET_1X, REFUSED, NULL},
};

static void test_shared_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("row %zu\n", i);
		try_row(&rows[i], false);
	}
}

static void test_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		try_row(&rows[i], true);
}

/* A PPK after further key exchanges, and in the first of two rounds. */
static void test_with_others(void **state)
{
	struct lab_result *r;

	(void)state;
	struct pair p = pair_new(&(struct pair_params){
		.certs = true,
		.proposals = "aes128gcm16-prfsha256-x25519-ke1_ecp256",
		.carol_conn = ID_1 REQUIRED "local-2 { round = 2\n auth = psk\n id = user }\n",
		.moon_conn = REQUIRED "remote-2 { round = 2\n auth = psk\n id = user }\n"});

	lab_load(p.carol, SECRET_1);
	lab_load(p.moon, SECRET_1);
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_true(uses_ppk(p.carol) && uses_ppk(p.moon));
	pair_down(&p);
}

/* The keys of a rekeyed IKE SA come from those with the PPK (section 3): it is shown still. */
static void test_rekey(void **state)
{
	const struct row row = {ID_1 REQUIRED, REQUIRED, SECRET_1, SECRET_1, WITH, NULL};
	struct lab_result *r;
	unsigned matches;
	struct pair p;

	(void)state;
	r = begin(&p, &row, true);
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	for (int i = 0; i < 2; i++) {
		struct lab_host *h = i ? p.moon : p.carol;
		struct ike_rekey_params what = {.ike = i ? "rw" : "home"};

		assert_int_equal(ike_rekey(h->ike, p.lab->now, &what, &matches), 0);
		lab_settle(p.lab);
		lab_run(p.lab, 1000);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		assert_true(uses_ppk(p.carol) && uses_ppk(p.moon));
	}
	pair_down(&p);
}

static const uint8_t use_ppk[] = {0, 0, 0x40, 0x33};
static unsigned stripped;

static bool strip_use(void *ctx, struct lab_packet *p)
{
	if (p->from != ctx || p->hdr.exchange != IKE_SA_INIT)
		return false;
	for (size_t i = 28; i + 4 <= p->bytes.len; i++) {
		if (memcmp(p->bytes.data + i, use_ppk, 4) == 0) {
			p->bytes.data[i + 2] = 0x7f;
			stripped++;
		}
	}
	return false;
}

/* USE_PPK taken out on the way, of either message: AUTH covers both, so there is no downgrade. */
static void test_stripped(void **state)
{
	const struct row row = {ID_1, "", SECRET_1, SECRET_1, REFUSED, NULL};

	(void)state;
	for (int of_moon = 0; of_moon < 2; of_moon++) {
		struct pair p;
		struct lab_result *r = begin(&p, &row, false);

		stripped = 0;
		p.lab->drop = strip_use;
		p.lab->drop_ctx = of_moon ? p.moon : p.carol;
		lab_settle(p.lab);
		assert_true(stripped > 0);
		assert_int_not_equal(r->err, 0);
		assert_int_equal(p.carol->ike_up, 0);
		pair_down(&p);
	}
}

static void test_loss(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct lab_result *r;
		struct pair p =
			pair_new(&(struct pair_params){.seed = seed,
						       .certs = seed % 2,
						       .carol_conn = "keyingtries = 0\n" ID_1,
						       .moon_conn = ID_1});

		lab_load(p.carol, SECRET_1);
		lab_load(p.moon, seed % 3 ? SECRET_1 : SECRET_2);
		p.lab->loss = 25;
		p.lab->twice = 20;
		p.lab->jitter = 50;
		r = lab_initiate(p.carol, "home", "net");
		lab_await(p.lab, r, 3600000);
		lab_assert_result(r, 0, NULL);
		p.lab->loss = p.lab->twice = p.lab->jitter = 0;
		lab_run(p.lab, 400000);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		assert_int_equal(uses_ppk(p.carol), seed % 3 != 0);
		assert_int_equal(uses_ppk(p.moon), seed % 3 != 0);
		pair_down(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_keys), cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_with_others), cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_stripped),    cmocka_unit_test(test_loss),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return rc;
}
