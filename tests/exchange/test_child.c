/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conn.h"
#include "conf/node.h"
#include "pair.h"

/* CHILD_SAs after the first: made, refused, deleted, by either side and by both at once. */

static const struct pair_params two = {
	.carol_children = "second {\nremote_ts = 10.2.0.0/16\nesp_proposals = aes128gcm16\n}\n",
	.moon_children = "second {\nlocal_ts = 10.2.0.0/16\nesp_proposals = aes128gcm16\n}\n",
};

static const struct pair_params two_pfs = {
	.carol_children = "second {\nremote_ts = 10.2.0.0/16\n"
			  "esp_proposals = aes256-sha256-ecp256-x25519\n}\n",
	.moon_children = "second {\nlocal_ts = 10.2.0.0/16\n"
			 "esp_proposals = aes256-sha256-x25519\n}\n",
};

static struct ike_terminate_params child(const char *name)
{
	return (struct ike_terminate_params){.child = name};
}

static struct ike_terminate_params ike_sa(const char *name)
{
	return (struct ike_terminate_params){.ike = name};
}

static struct lab_result *end(struct lab_host *h, struct ike_terminate_params what)
{
	return lab_terminate(h, &what);
}

static struct pair up_with_second(const struct pair_params *params)
{
	struct pair p = pair_up(params);
	struct lab_result *r = lab_initiate(p.carol, "home", "second");

	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 2);
	return p;
}

/* ---- made ---- */

static void test_second(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);

	lab_assert_logged(p.carol, "generating CREATE_CHILD_SA request 2 \\[ SA No TSi TSr \\]");
	lab_assert_logged(p.moon, "generating CREATE_CHILD_SA response 2 \\[ SA No TSi TSr \\]");
	pair_down(&p);
}

static void test_second_by_responder(void **state)
{
	(void)state;
	struct pair p = pair_up(&two);
	struct lab_result *r = lab_initiate(p.moon, "rw", "second");

	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 2);
	lab_assert_logged(p.moon, "generating CREATE_CHILD_SA request 0 \\[ SA No TSi TSr \\]");
	pair_down(&p);
}

static void test_pfs(void **state)
{
	(void)state;
	struct pair_params params = two_pfs;

	params.moon_children = "second {\nlocal_ts = 10.2.0.0/16\n"
			       "esp_proposals = aes256-sha256-ecp256\n}\n";
	struct pair p = up_with_second(&params);

	lab_assert_logged(p.carol, "generating CREATE_CHILD_SA request 2 \\[ SA No KE TSi TSr \\]");
	lab_assert_logged(
		p.carol, "selected proposal: ESP:AES_CBC_256/HMAC_SHA2_256_128/ECP_256/NO_EXT_SEQ");
	pair_down(&p);
}

static void test_pfs_with_other_method(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two_pfs);

	lab_assert_logged(p.moon, "key exchange method unacceptable, requesting CURVE_25519");
	lab_assert_logged(p.carol, "peer didn't accept key exchange method ECP_256, it requested "
				   "CURVE_25519");
	assert_int_equal(lab_count_sent(p.carol, IKE_CREATE_CHILD_SA, false), 2);
	pair_down(&p);
}

/* Both are asked for before the IKE_SA is up: one in IKE_AUTH, the other right after it. */
static void test_two_at_once(void **state)
{
	(void)state;
	struct pair p = pair_new(&two);
	struct lab_result *a = lab_initiate(p.carol, NULL, "net");
	struct lab_result *b = lab_initiate(p.carol, NULL, "second");

	lab_settle(p.lab);
	lab_assert_result(a, 0, NULL);
	lab_assert_result(b, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 2);
	pair_down(&p);
}

static void test_start_action(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.carol_child = "start_action = start\n"});

	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* Both sides ask for a child at the same time, and exchanges cross. */
static void test_crossing(void **state)
{
	(void)state;
	struct pair p = pair_up(&two_pfs);
	struct lab_result *a = lab_initiate(p.carol, "home", "second");
	struct lab_result *b = lab_initiate(p.moon, "rw", "second");

	lab_settle(p.lab);
	lab_assert_result(a, 0, NULL);
	lab_assert_result(b, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 3);
	pair_down(&p);
}

static void test_each_its_own_ike_sa(void **state)
{
	(void)state;
	struct pair p = pair_new(&two);
	struct ike_settings s = p.carol->settings;
	struct lab_result *a, *b;

	s.reuse_ikesa = false;
	ike_set_settings(p.carol->ike, &s);
	lab_load(p.moon, "connections { rw { unique = never\nlocal_addrs = 192.168.0.2\n"
			 "proposals = aes128gcm16-prfsha256-x25519\n"
			 "local { auth = psk\n id = moon }\nremote { auth = psk }\n children {\n"
			 "net { local_ts = 10.1.0.0/16\nesp_proposals = aes128gcm16 }\n"
			 "second { local_ts = 10.2.0.0/16\nesp_proposals = aes128gcm16 }\n} } }\n");
	a = lab_initiate(p.carol, NULL, "net");
	lab_settle(p.lab);
	b = lab_initiate(p.carol, NULL, "second");
	lab_settle(p.lab);
	lab_assert_result(a, 0, NULL);
	lab_assert_result(b, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 2, 2);
	pair_down(&p);
}

/* ---- refused ---- */

static void refuse_second(const char *moon_child, int err, const char *moon_line)
{
	struct pair_params params = two;
	struct lab_result *r;
	struct pair p;

	params.moon_children = moon_child;
	p = pair_up(&params);
	r = lab_initiate(p.carol, "home", "second");
	lab_settle(p.lab);
	lab_assert_result(r, err, "no CHILD_SA built");
	lab_assert_logged(p.moon, moon_line);
	lab_assert_logged(p.carol, "failed to establish CHILD_SA, keeping IKE_SA");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void test_second_refused(void **state)
{
	(void)state;
	refuse_second("", E_TS, "traffic selectors 10.2.0.0/16 === 192.168.0.3/32 unacceptable");
	refuse_second("second {\nlocal_ts = 10.2.0.0/16\nesp_proposals = aes256gcm16\n}\n",
		      E_NOPROPOSAL, "no common proposal: esp_proposals of '.*' and the peer's");
	refuse_second("second {\nlocal_ts = 10.2.0.0/16\nesp_proposals = aes128gcm16-x448\n}\n",
		      E_NOPROPOSAL, "no common proposal");
}

/* A side that cannot install has the other half removed. */
static void test_second_not_installed(void **state)
{
	(void)state;
	struct pair p = pair_up(&two_pfs);
	struct lab_result *r;

	p.carol->ipsec.fail_install = E_IO;
	r = lab_initiate(p.carol, "home", "second");
	lab_settle(p.lab);
	lab_assert_result(r, E_IO, "installing the CHILD_SA failed");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	p.carol->ipsec.fail_install = 0;
	p.moon->ipsec.fail_install = E_IO;
	r = lab_initiate(p.carol, "home", "second");
	lab_settle(p.lab);
	lab_assert_result(r, E_NOPROPOSAL, "received NO_PROPOSAL_CHOSEN");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	p.moon->ipsec.fail_install = 0;
	pair_down(&p);
}

/* ---- deleted ---- */

static void test_delete_child(void **state)
{
	struct lab_result *r;
	struct pair p;

	(void)state;
	for (int by_moon = 0; by_moon < 2; by_moon++) {
		struct lab_host *one, *other;

		p = up_with_second(&two);
		one = by_moon ? p.moon : p.carol;
		other = by_moon ? p.carol : p.moon;
		r = end(one, child("second"));
		lab_settle(p.lab);
		lab_assert_result(r, 0, NULL);
		assert_int_equal(r->matches, 1);
		assert_int_equal(r->terminated, 1);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		lab_assert_logged(one, "closing CHILD_SA second\\{2\\} with SPIs");
		lab_assert_logged(one, "sending DELETE for ESP CHILD_SA with SPI ");
		lab_assert_logged(other, "received DELETE for ESP CHILD_SA with SPI ");
		lab_assert_logged(other, "CHILD_SA closed");
		pair_down(&p);
	}
}

static void test_delete_ike(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	struct lab_result *r = end(p.moon, ike_sa("rw"));

	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	assert_int_equal(r->terminated, 1);
	lab_assert_logged(p.carol, "received DELETE for IKE_SA home\\[1\\]");
	pair_down(&p);
}

static void test_delete_by_id(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	struct lab_result *r =
		lab_terminate(p.carol, &(struct ike_terminate_params){.child_id = 2});

	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.ike_id = 7});
	assert_int_equal(r->call, E_NOTFOUND);
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.ike_id = 1, .child = "net"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

static void test_force(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	struct lab_result *r = lab_terminate(
		p.carol, &(struct ike_terminate_params){.ike = "home", .force = true});

	lab_assert_result(r, 0, NULL);
	assert_int_equal(r->terminated, 1);
	assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), 0);
	lab_settle(p.lab);
	lab_assert_logged(p.moon, "received DELETE for IKE_SA");
	pair_down(&p);
}

static void test_terminate_while_connecting(void **state)
{
	(void)state;
	struct pair p = pair_new(&two);
	struct lab_result *up = lab_initiate(p.carol, "home", "net"), *down;

	lab_run(p.lab, 5);
	down = end(p.carol, ike_sa("home"));
	lab_assert_result(down, 0, NULL);
	lab_assert_result(up, E_CANCELED, "terminated");
	pair_down(&p);
}

/* ---- both at once ---- */

static void test_both_delete_the_child(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	struct lab_result *a = end(p.carol, child("second")), *b = end(p.moon, child("second"));

	lab_settle(p.lab);
	lab_assert_result(a, 0, NULL);
	lab_assert_result(b, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void test_both_delete_the_ike_sa(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	struct lab_result *a = end(p.carol, ike_sa("home")), *b = end(p.moon, ike_sa("rw"));

	lab_settle(p.lab);
	lab_run(p.lab, 20000);
	/* Each wanted it gone, and gone it is. */
	lab_assert_result(a, 0, NULL);
	lab_assert_result(b, 0, NULL);
	pair_down(&p);
}

static void test_child_and_ike_sa(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	struct lab_result *a = end(p.carol, child("second")), *b = end(p.moon, ike_sa("rw"));

	lab_settle(p.lab);
	lab_run(p.lab, 20000);
	lab_assert_result(a, 0, NULL);
	lab_assert_result(b, 0, NULL);
	pair_down(&p);
}

/* carol's second delete still waits in the queue when moon's, of the same child, comes. */
static void test_queued_delete_is_overtaken(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	struct lab_result *a = end(p.carol, child("net")), *b = end(p.carol, child("second"));
	struct lab_result *c = end(p.moon, child("second"));

	lab_settle(p.lab);
	lab_assert_result(a, 0, NULL);
	lab_assert_result(b, 0, NULL);
	lab_assert_result(c, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

static void test_create_meets_delete(void **state)
{
	(void)state;
	struct pair p = pair_up(&two_pfs);
	struct lab_result *a = lab_initiate(p.carol, "home", "second"), *b;

	p.lab->job_delay = 200; /* moon's key exchange is out when she deletes the IKE_SA */
	lab_run(p.lab, 30);
	b = end(p.moon, ike_sa("rw"));
	lab_settle(p.lab);
	lab_run(p.lab, 20000);
	assert_true(a->done && a->err);
	lab_assert_result(b, 0, NULL);
	p.lab->job_delay = 0;
	pair_down(&p);
}

static void test_cancelled_request(void **state)
{
	(void)state;
	struct pair p = pair_new(&two);
	struct ike_request *request;
	int err = ike_initiate(p.carol->ike, p.lab->now,
			       &(struct ike_initiate_params){.child = "net"}, &request);

	assert_int_equal(err, 0);
	assert_int_equal(ike_request_sa(request), 1);
	ike_request_cancel(p.carol->ike, request);
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* ---- lifetimes ---- */

static void test_lifetime(void **state)
{
	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.carol_child = "rekey_time = 0\nlife_time = 60\n",
					      .moon_child = "rekey_time = 0\nlife_time = 60\n"});

	lab_run(p.lab, 59900);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_run(p.lab, 1000);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	lab_assert_logged(p.moon, "CHILD_SA net\\{1\\} reached its life_time, deleting");
	pair_down(&p);
}

/* ---- rekeying ---- */

static void check_rekeyed(struct pair *p)
{
	lab_assert_pair(p->carol, p->moon, 1, 1);
	lab_assert_logged(p->carol,
			  "generating CREATE_CHILD_SA request 2 \\[ N\\(REKEY_SA\\) SA No");
	lab_assert_logged(p->carol, "rekeyed CHILD_SA net\\{1\\} with SPIs .* with net\\{2\\}");
	lab_assert_logged(p->carol, "delay closing of inbound CHILD_SA net\\{1\\} for 5s");
	lab_assert_logged(p->moon, "received DELETE for ESP CHILD_SA");
}

/* Who made the child asks for new keys in time; the old one goes when the new one is in use. */
static void test_rekey(void **state)
{
	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.carol_child = "rekey_time = 60\nrand_time = 0\n",
					      .moon_child = "rekey_time = 0\n"});

	lab_run(p.lab, 59000);
	lab_assert_not_logged(p.carol, "REKEY_SA");
	lab_run(p.lab, 7000); /* and delete_rekeyed_delay */
	check_rekeyed(&p);
	lab_assert_not_logged(p.moon, "creating rekey job");
	/* And again, under the same reqid. */
	lab_run(p.lab, 60000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.carol, "rekeyed CHILD_SA net\\{2\\} with SPIs .* with net\\{3\\}");
	pair_down(&p);
}

static void test_rekey_with_further_exchanges(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.esp = "aes256gcm16-x25519-ke1_ecp256-ke2_ecp384",
		.carol_child = "rekey_time = 60\nrand_time = 0\n",
		.moon_child = "rekey_time = 0\n",
	});

	lab_run(p.lab, 66000);
	check_rekeyed(&p);
	assert_int_equal(lab_count_sent(p.carol, IKE_FOLLOWUP_KE, false), 2);
	pair_down(&p);
}

/* The lifetime ends while the delete that somebody asked for waits behind another exchange. */
static void test_lifetime_of_a_queued_delete(void **state)
{
	(void)state;
	struct pair_params params = two;

	params.carol_child = "rekey_time = 0\nlife_time = 10\n";
	struct pair p = up_with_second(&params);
	struct lab_result *a, *b;

	p.moon->down = true;
	a = end(p.carol, child("second"));
	b = end(p.carol, child("net"));
	lab_run(p.lab, 12000);
	p.moon->down = false;
	lab_run(p.lab, 60000);
	lab_assert_result(a, 0, NULL);
	lab_assert_result(b, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

static void test_volume_limit(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	uint32_t handle = p.carol->ipsec.sas[1].handle;

	ike_datapath_expire(p.carol->ike, p.lab->now, handle, true);
	ike_datapath_expire(p.carol->ike, p.lab->now, handle, true);
	ike_datapath_expire(p.carol->ike, p.lab->now, 12345, true);
	lab_settle(p.lab);
	lab_assert_logged(p.carol, "CHILD_SA second\\{2\\} reached its volume limit, deleting");
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* The volume is spent twice while another exchange is in the way. */
static void test_volume_limit_of_a_queued_delete(void **state)
{
	(void)state;
	struct pair p = up_with_second(&two);
	uint32_t handle = p.carol->ipsec.sas[1].handle;
	struct lab_result *r = end(p.carol, child("net"));

	ike_datapath_expire(p.carol->ike, p.lab->now, handle, true);
	ike_datapath_expire(p.carol->ike, p.lab->now, handle, true);
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

/* What loading a connection with this option of a child is answered; "" if it is loaded. */
static void try_option(struct lab_host *h, const char *option, char out[256])
{
	struct conf_errors errs = {0};
	enum ike_load_result result;
	struct conf_node *root;
	struct conf_conn *conn;
	char text[256], *why = NULL;
	int err;

	snprintf(text, sizeof(text), "other { children { net {\n%s\n} } }", option);
	assert_int_equal(conf_parse_text("lab.conf", view_str(text), &errs, &root), 0);
	assert_int_equal(conf_conn_build(root->sections[0], &errs, &conn), 0);
	err = ike_load_conn(h->ike, h->lab->now, conn, &result, &why);
	assert_int_equal(err, why ? E_CONFIG : 0);
	snprintf(out, 256, "%s", why ? why : "");
	free(why);
	conf_conn_put(conn);
	conf_node_free(root);
	conf_errors_done(&errs);
}

/* How the header is copied is the datapath's work; one that cannot is not given it. */
static void test_copying(void **state)
{
	static const char *const options[] = {"copy_df = no", "copy_ecn = no", "copy_dscp = in",
					      "copy_dscp = yes", "copy_dscp = no"};
	struct pair p = pair_up(&(struct pair_params){
		.carol_child = "copy_df = no\ncopy_ecn = no\ncopy_dscp = in\n"});
	char why[256], name[32];

	(void)state;
	assert_int_equal(p.carol->ipsec.sas[0].p.flags, IPSEC_NO_COPY_DF | IPSEC_NO_COPY_ECN |
								IPSEC_NO_COPY_DSCP_OUT |
								IPSEC_COPY_DSCP_IN);
	assert_int_equal(p.moon->ipsec.sas[0].p.flags, 0);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		p.moon->ipsec.features = ~(unsigned)IPSEC_HAS_COPYING;
		try_option(p.moon, options[i], why);
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(options[i], " "), options[i]);
		assert_non_null(strstr(why, name));
		assert_non_null(strstr(why, "the 'lab' datapath has not got this"));
		try_option(p.moon, "copy_df = yes\ncopy_ecn = yes\ncopy_dscp = out", why);
		assert_string_equal(why, "");
		p.moon->ipsec.features = ~0u;
		try_option(p.moon, options[i], why);
		assert_string_equal(why, "");
	}
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second),
		cmocka_unit_test(test_second_by_responder),
		cmocka_unit_test(test_pfs),
		cmocka_unit_test(test_pfs_with_other_method),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_start_action),
		cmocka_unit_test(test_crossing),
		cmocka_unit_test(test_each_its_own_ike_sa),
		cmocka_unit_test(test_second_refused),
		cmocka_unit_test(test_second_not_installed),
		cmocka_unit_test(test_delete_child),
		cmocka_unit_test(test_delete_ike),
		cmocka_unit_test(test_delete_by_id),
		cmocka_unit_test(test_force),
		cmocka_unit_test(test_terminate_while_connecting),
		cmocka_unit_test(test_both_delete_the_child),
		cmocka_unit_test(test_both_delete_the_ike_sa),
		cmocka_unit_test(test_child_and_ike_sa),
		cmocka_unit_test(test_queued_delete_is_overtaken),
		cmocka_unit_test(test_create_meets_delete),
		cmocka_unit_test(test_cancelled_request),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_lifetime_of_a_queued_delete),
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_rekey_with_further_exchanges),
		cmocka_unit_test(test_volume_limit),
		cmocka_unit_test(test_volume_limit_of_a_queued_delete),
		cmocka_unit_test(test_copying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
