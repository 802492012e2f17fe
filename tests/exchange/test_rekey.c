/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pair.h"

/* CHILD_SAs and IKE_SAs get new keys, and nobody notices. What crosses is in test_collide.c. */

#define LINGER_MS 6000 /* delete_rekeyed_delay and a bit */

/* At no time there is a packet that could not be received. */
static void must_flow(struct lab *lab)
{
	struct lab_host *a = &lab->hosts[0], *b = &lab->hosts[1];

	if (!lab_ipsec_reaches(&a->ipsec, &b->ipsec) || !lab_ipsec_reaches(&b->ipsec, &a->ipsec))
		lab_assert_pair(a, b, 99, 99); /* shows the logs */
}

static struct pair up(const struct pair_params *params)
{
	struct pair p = pair_up(params);

	p.lab->after = must_flow;
	return p;
}

static void down(struct pair *p)
{
	p->lab->after = NULL;
	pair_down(p);
}

/* ---- children ---- */

static void rekey_child(struct pair *p, struct lab_host *one, struct lab_host *other)
{
	lab_rekey(one, NULL, "net");
	lab_settle(p->lab);
	lab_assert_logged(other, "inbound CHILD_SA net\\{2\\} established with SPIs");
	lab_assert_logged(other, "outbound CHILD_SA net\\{2\\} established with SPIs");
	lab_assert_logged(one, "inbound CHILD_SA net\\{2\\} established with SPIs");
	lab_assert_logged(one, "outbound CHILD_SA net\\{2\\} established with SPIs");
	lab_assert_logged(one,
			  "rekeyed CHILD_SA net\\{1\\} with SPIs .* with net\\{2\\} with SPIs");
	lab_assert_logged(one, "delay closing of inbound CHILD_SA net\\{1\\} for 5s");
	/* Stragglers can still be received. */
	assert_int_equal(p->carol->ipsec.n_sas, 2);
	assert_int_equal(p->moon->ipsec.n_sas, 2);
	lab_run(p->lab, LINGER_MS);
	lab_assert_pair(p->carol, p->moon, 1, 1);
	assert_int_equal(one->child_rekeyed, 1);
	assert_int_equal(other->child_rekeyed, 1);
	assert_int_equal(one->child_down, 0);
}

static void check_child(const char *esp)
{
	struct pair p = up(&(struct pair_params){.esp = esp});

	rekey_child(&p, p.carol, p.moon);
	down(&p);
	p = up(&(struct pair_params){.esp = esp});
	rekey_child(&p, p.moon, p.carol);
	down(&p);
}

static void test_child(void **state)
{
	(void)state;
	check_child("aes128gcm16");
	check_child("aes256-sha256-x25519");
	check_child("aes256gcm16-x25519-ke1_ecp256-ke2_ecp384");
}

/* The responder of the rekey sends with the old keys until it is asked to delete them. */
static void test_responder_waits(void **state)
{
	(void)state;
	struct pair p = up(&(struct pair_params){0});
	struct lab_sa *old, *fresh;

	lab_rekey(p.carol, NULL, "net");
	lab_run(p.lab, 15); /* moon has answered */
	lab_hold(p.carol);
	lab_run(p.lab, 1000);
	old = &p.moon->ipsec.sas[0];
	fresh = &p.moon->ipsec.sas[1];
	assert_int_equal(fresh->p.spi_out, 0);
	assert_false(old->out_removed);
	/* carol's ESP comes by the new SA before her DELETE does. */
	fresh->stats.in.packets = 1;
	lab_run(p.lab, 1000);
	assert_int_not_equal(fresh->p.spi_out, 0);
	assert_true(old->out_removed);
	lab_release(p.carol);
	lab_run(p.lab, LINGER_MS);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	down(&p);
}

/* The peer that was to delete the old SA never does: its lifetime ends, and the new one is used. */
static void test_old_child_expires(void **state)
{
	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.moon_child = "rekey_time = 0\nlife_time = 30\n"});

	lab_rekey(p.carol, NULL, "net");
	lab_run(p.lab, 15);
	p.carol->down = true;
	lab_run(p.lab, 31000);
	p.carol->down = false;
	lab_run(p.lab, 100000);
	p.moon->lab->after = NULL;
	pair_down(&p);
}

static void test_by_time(void **state)
{
	static const char child[] = "rekey_time = 60\nlife_time = 90\nrand_time = 10\n";
	(void)state;
	struct pair p = up(&(struct pair_params){.carol_child = child, .moon_child = child});

	for (int i = 0; i < 20; i++)
		lab_run(p.lab, 60000);
	lab_run(p.lab, LINGER_MS);
	assert_in_range(p.carol->child_rekeyed, 18, 26);
	assert_int_equal(p.carol->child_rekeyed, p.moon->child_rekeyed);
	lab_assert_logged(p.moon, "creating rekey job"); /* whoever comes first */
	lab_assert_logged(p.carol, "creating rekey job for CHILD_SA ESP/0x[0-9a-f]{8}/192.168.0.2");
	down(&p);
}

static void test_by_volume(void **state)
{
	static const char child[] = "rekey_bytes = 1000000\nrand_bytes = 100000\n"
				    "rekey_packets = 5000\nlife_packets = 6000\n";
	(void)state;
	struct pair p = up(&(struct pair_params){.carol_child = child});
	const struct ipsec_sa_params *s = &p.carol->ipsec.sas[0].p;

	assert_in_range(s->soft_bytes, 900000, 1000000);
	assert_int_equal(s->hard_bytes, 1100000);
	assert_in_range(s->soft_packets, 4000, 5000);
	assert_int_equal(s->hard_packets, 6000);
	ike_datapath_expire(p.carol->ike, p.lab->now, p.carol->ipsec.sas[0].handle, false);
	ike_datapath_expire(p.carol->ike, p.lab->now, p.carol->ipsec.sas[0].handle, false);
	lab_run(p.lab, LINGER_MS);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	assert_int_equal(p.carol->child_rekeyed, 1);
	down(&p);
}

/* PFS on one side only: seen at the first rekey, for IKE_AUTH has no key exchange. */
static void test_pfs_mismatch(void **state)
{
	(void)state;
	struct pair p =
		up(&(struct pair_params){.esp = "aes128gcm16", .moon_esp = "aes128gcm16-x25519"});

	lab_rekey(p.carol, NULL, "net");
	lab_settle(p.lab);
	lab_assert_logged(p.moon, "only the key exchange of esp_proposals differs");
	lab_assert_logged(p.carol, "received NO_PROPOSAL_CHOSEN notify");
	lab_assert_logged(p.carol, "CHILD_SA rekeying failed, trying again in [123][0-9] seconds");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	down(&p);
}

/* moon asks for another method first. */
static void test_other_method(void **state)
{
	(void)state;
	struct pair p = up(&(struct pair_params){
		.proposals = "aes128gcm16-prfsha256-x25519",
		.esp = "aes128gcm16-ecp256-x25519",
		.moon_esp = "aes128gcm16-x25519",
	});

	lab_rekey(p.carol, NULL, "net");
	lab_run(p.lab, LINGER_MS);
	lab_assert_logged(p.carol, "it requested CURVE_25519");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	/* From now on the method that was chosen is tried first. */
	lab_clear_log(p.carol);
	lab_rekey(p.carol, NULL, "net");
	lab_run(p.lab, LINGER_MS);
	lab_assert_not_logged(p.carol, "it requested");
	assert_int_equal(p.carol->child_rekeyed, 2);
	down(&p);
}

/* moon has no such child any more. */
static void test_child_not_found(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){0});

	/* carol does not get the DELETE, which moon gives up waiting for: that ends all. */
	p.lab->after = NULL;
	lab_hold(p.moon);
	lab_terminate(p.moon, &(struct ike_terminate_params){.child = "net"});
	lab_rekey(p.carol, NULL, "net");
	lab_run(p.lab, 100);
	lab_release(p.moon);
	lab_run(p.lab, 100000);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

/* ---- IKE SAs ---- */

static void rekey_ike(struct pair *p, struct lab_host *one, struct lab_host *other)
{
	const char *name = one == p->carol ? "home" : "rw";
	struct lab_result *r;

	lab_rekey(one, name, NULL);
	lab_settle(p->lab);
	lab_assert_pair(p->carol, p->moon, 1, 1);
	lab_assert_logged(one, "initiating IKE_SA (home|rw)\\[2\\] to 192.168.0.[23]");
	lab_assert_logged(other, "192.168.0.[23] is initiating an IKE_SA");
	lab_assert_logged(one, "IKE_SA (home|rw)\\[[23]\\] rekeyed between 192.168.0.[23]\\[");
	lab_assert_logged(other, "IKE_SA (home|rw)\\[[23]\\] rekeyed between 192.168.0.[23]\\[");
	lab_assert_logged(one, "deleting IKE_SA (home|rw)\\[1\\] between");
	lab_assert_logged(one, "sending DELETE for IKE_SA (home|rw)\\[1\\]");
	assert_int_equal(one->ike_rekeyed, 1);
	assert_int_equal(other->ike_rekeyed, 1);
	assert_int_equal(one->ike_down + other->ike_down, 0);
	assert_int_equal(one->child_down + other->child_down, 0);
	/* The new one has its own keys and ids, and does what the old one did. */
	lab_rekey(other, NULL, "net");
	lab_run(p->lab, LINGER_MS);
	lab_assert_pair(p->carol, p->moon, 1, 1);
	lab_assert_logged(other, "generating CREATE_CHILD_SA request 0 ");
	p->lab->after = NULL;
	r = lab_initiate(p->carol, "home", "second");
	lab_settle(p->lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p->carol, p->moon, 1, 2);
	assert_int_equal(lab_leases(p->moon), 1);
}

static const struct pair_params with_pool = {
	.pool = "10.3.0.0/24",
	.carol_children = "second {\nremote_ts = 10.2.0.0/16\nesp_proposals = aes128gcm16\n}\n",
	.moon_children = "second {\nlocal_ts = 10.2.0.0/16\nesp_proposals = aes128gcm16\n}\n",
};

static void check_ike(const char *proposals)
{
	struct pair_params params = with_pool;

	params.proposals = proposals;
	for (int by_moon = 0; by_moon < 2; by_moon++) {
		struct pair p = up(&params);

		rekey_ike(&p, by_moon ? p.moon : p.carol, by_moon ? p.carol : p.moon);
		down(&p);
	}
}

static void test_ike(void **state)
{
	(void)state;
	check_ike("aes128gcm16-prfsha256-x25519");
	check_ike("aes256-sha384-ecp384");
	check_ike("aes256gcm16-prfsha512-x25519-ke1_ecp256-ke2_x448");
}

static void set_install_vips(struct lab_host *h, bool install)
{
	struct ike_settings s = h->settings;

	s.install_virtual_ip = install;
	ike_set_settings(h->ike, &s);
}

static void no_vips(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.install_virtual_ip = false;
}

static void rekey_twice(struct pair *p)
{
	lab_rekey(p->carol, "home", NULL);
	lab_run(p->lab, LINGER_MS);
	lab_rekey(p->moon, "rw", NULL);
	lab_run(p->lab, LINGER_MS);
	lab_assert_pair(p->carol, p->moon, 1, 1);
	assert_int_equal(lab_leases(p->moon), 1);
}

/*
 * A virtual IP outlives the IKE_SA that brought it: it is added once and goes with the last one,
 * whatever the setting is by then. One that was not added is never taken away (del_vip() fails).
 */
static void test_virtual_ip(void **state)
{
	struct pair_params params = with_pool;
	struct pair p;

	(void)state;
	p = up(&params);
	set_install_vips(p.carol, false);
	rekey_twice(&p);
	assert_int_equal(p.carol->ipsec.n_vips, 1);
	assert_int_equal(p.carol->ipsec.vips_added, 1);
	down(&p); /* asserts that none is left */
	params.prepare = no_vips;
	p = up(&params);
	set_install_vips(p.carol, true);
	rekey_twice(&p);
	assert_int_equal(p.carol->ipsec.vips_added, 0);
	down(&p);
}

static void prefer_theirs(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.prefer_configured_proposals = false;
}

/* The new SA is of another PRF: the old one's makes SKEYSEED (section 2.18). */
static void test_ike_other_algorithms(void **state)
{
	struct pair_params params = with_pool;
	struct ike_settings s;
	struct pair p;

	(void)state;
	params.proposals = "aes128gcm16-prfsha256-x25519, aes256-sha512-ecp256";
	params.moon_proposals = "aes256-sha512-ecp256, aes128gcm16-prfsha256-x25519";
	params.prepare = prefer_theirs;
	p = up(&params);
	lab_assert_not_logged(p.moon, "selected proposal: IKE:AES_CBC");
	s = p.moon->settings;
	s.prefer_configured_proposals = true;
	ike_set_settings(p.moon->ike, &s);
	rekey_ike(&p, p.carol, p.moon);
	lab_assert_logged(p.moon, "selected proposal: IKE:AES_CBC_256/HMAC_SHA2_512");
	lab_assert_logged(p.carol, "it requested ECP_256");
	down(&p);
}

static void test_ike_by_time(void **state)
{
	static const char conn[] = "rekey_time = 300\nover_time = 100\nrand_time = 60\n";
	(void)state;
	struct pair p = up(&(struct pair_params){.carol_conn = conn, .moon_conn = conn});

	for (int i = 0; i < 20; i++)
		lab_run(p.lab, 300000);
	assert_in_range(p.carol->ike_rekeyed, 19, 26);
	assert_int_equal(p.carol->ike_rekeyed, p.moon->ike_rekeyed);
	assert_int_equal(p.carol->ike_down + p.moon->ike_down, 0);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.carol, "scheduling rekeying in 2[0-9][0-9]s");
	down(&p);
}

static bool swallow_followups(void *ctx, struct lab_packet *q)
{
	return q->from == ctx && q->hdr.exchange == IKE_FOLLOWUP_KE;
}

static void be_patient(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.retransmit_tries = 60;
	moon->settings.retransmit_limit_ms = 10000;
}

/* moon is busy with the IKE_SA for minutes: carol waits longer each time, then starts afresh. */
static void test_out_of_step(void **state)
{
	static const char never[] = "rekey_time = 0\n";

	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.proposals = "aes128gcm16-prfsha256-x25519-ke1_ecp256",
		.carol_conn = "rekey_time = 10h\n",
		.moon_conn = never,
		.carol_child = never,
		.moon_child = never,
		.prepare = be_patient,
	});

	p.lab->drop = swallow_followups;
	p.lab->drop_ctx = p.moon;
	lab_rekey(p.moon, "rw", NULL);
	lab_run(p.lab, 200);
	lab_run(p.lab, 25000); /* carol drops what moon does not go on with, and so may begin */
	lab_assert_logged(p.carol, "the peer did not go on with its key exchanges");
	lab_rekey(p.carol, NULL, "net");
	lab_run(p.lab, 240000);
	assert_in_range(lab_count_logged(p.carol, "the peer is busy, trying again"), 5, 15);
	lab_assert_not_logged(p.carol, "out of step");
	lab_run(p.lab, 180000);
	lab_assert_logged(p.carol, "IKE_SA home\\[1\\] is out of step with the peer");
	p.lab->drop = NULL;
	lab_run(p.lab, 30000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_responder_waits),
		cmocka_unit_test(test_old_child_expires),
		cmocka_unit_test(test_by_time),
		cmocka_unit_test(test_by_volume),
		cmocka_unit_test(test_pfs_mismatch),
		cmocka_unit_test(test_other_method),
		cmocka_unit_test(test_child_not_found),
		cmocka_unit_test(test_ike),
		cmocka_unit_test(test_virtual_ip),
		cmocka_unit_test(test_ike_other_algorithms),
		cmocka_unit_test(test_ike_by_time),
		cmocka_unit_test(test_out_of_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
