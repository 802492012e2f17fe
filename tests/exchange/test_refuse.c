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

/*
 * What must not come up: each time both logs say why and which option decides, the asker is told,
 * nothing is left over, and an SA that moon had with dave before does not notice.
 */

static struct lab_host *add_dave(struct pair *p)
{
	struct lab_host *dave = lab_add(p->lab, "dave", "192.168.0.4");
	struct lab_result *r;

	lab_start(dave);
	lab_load(dave,
		 "connections { dave {\nremote_addrs = 192.168.0.2\n"
		 "proposals = aes128gcm16-prfsha256-x25519\n"
		 "local { auth = psk\n id = dave }\nremote { auth = psk\n id = gate }\n"
		 "children { dave { remote_ts = 10.9.0.0/16\nesp_proposals = aes128gcm16 } }\n"
		 "} }\nsecrets { ike-dave { secret = \"dave's\" } }\n");
	lab_load(p->moon, "connections { dave {\nremote_addrs = 192.168.0.4\n"
			  "proposals = aes128gcm16-prfsha256-x25519\n"
			  "local { auth = psk\n id = gate }\nremote { auth = psk\n id = dave }\n"
			  "children { dave { local_ts = 10.9.0.0/16\nesp_proposals = aes128gcm16 } "
			  "}\n} }\nsecrets { ike-dave { secret = \"dave's\"\n id = dave } }\n");
	r = lab_initiate(dave, "dave", "dave");
	lab_settle(p->lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(dave, p->moon, 1, 1);
	lab_clear_log(p->moon);
	return dave;
}

struct expected {
	int err;
	const char *message;	  /* what the asker is told */
	const char *carol, *moon; /* lines, joined by \n; NULL: none */
	bool ike_stays;		  /* only the child is refused */
	unsigned leases;	  /* carol keeps her address for the next child */
};

static void assert_lines(const struct lab_host *h, const char *lines)
{
	char line[256];
	int n;

	while (lines && sscanf(lines, "%255[^\n]%n", line, &n) == 1) {
		lab_assert_logged(h, line);
		lines += n + (lines[n] == '\n');
	}
}

/* pair_new() was called and changed where needed. */
static void refuse_this(struct pair *p, const struct expected *e)
{
	struct lab_host *dave = add_dave(p);
	struct lab_result *r = lab_initiate(p->carol, "home", "net");

	lab_settle(p->lab);
	lab_run(p->lab, 40000); /* beyond the half-open timeout and that of closed SAs */
	lab_assert_result(r, e->err, e->message);
	assert_lines(p->carol, e->carol);
	assert_lines(p->moon, e->moon);
	assert_int_equal(lab_count_sas(p->carol, IKE_S_ESTABLISHED), e->ike_stays);
	assert_int_equal(p->carol->ipsec.n_sas, 0);
	assert_int_equal(p->carol->ipsec.n_spis, 0);
	assert_int_equal(p->carol->ipsec.n_vips, e->leases);
	assert_int_equal(lab_leases(p->moon), e->leases);
	assert_int_equal(lab_count_sas(p->moon, IKE_S_ESTABLISHED), 1 + e->ike_stays);
	r = lab_terminate(p->carol, &(struct ike_terminate_params){.ike = "home"});
	assert_int_equal(r->call, e->ike_stays ? 0 : E_NOTFOUND);
	lab_settle(p->lab);
	/* Dave's SAs are as they were, and still work. */
	lab_assert_pair(dave, p->moon, 1, 1);
	assert_int_equal(dave->ike_down, 0);
	r = lab_terminate(dave, &(struct ike_terminate_params){.ike = "dave"});
	lab_settle(p->lab);
	lab_assert_result(r, 0, NULL);
	pair_down(p);
}

static void refuse(const struct pair_params *params, const struct expected *e)
{
	struct pair p = pair_new(params);

	refuse_this(&p, e);
}

#define AUTH_FAILED "received AUTHENTICATION_FAILED notify error"

static void test_wrong_psk(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.carol_psk = "another", .pool = "10.3.0.0/24"},
	       &(struct expected){
		       E_AUTH, AUTH_FAILED,
		       AUTH_FAILED "\nthe peer 'moon' did not accept us as 'carol' .local.id. "
				   "with our shared secret .secrets.ike.",
		       "tried . shared keys? for 'moon' - 'carol', but MAC mismatched", false, 0});
}

/* moon knows carol's key, but hers, as carol knows it, is another. */
static void test_wrong_psk_of_responder(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.pool = "10.3.0.0/24"});

	lab_load(p.moon, "secrets { ike-2 { secret = \"another\"\n id = moon\n id-2 = carol } }");
	refuse_this(&p, &(struct expected){E_AUTH, NULL,
					   "but MAC mismatched: the secrets of both sides differ",
					   "received AUTHENTICATION_FAILED notify: the peer does "
					   "not accept our authentication",
					   false, 0});
}

static void test_no_psk(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});

	lab_load(p.carol, "secrets { ike-1 { secret = \"the secret\"\n id = somebody-else } }");
	lab_load(p.moon, "secrets { ike-1 { secret = \"the secret\"\n id = somebody-else } }");
	refuse_this(&p, &(struct expected){E_NOTFOUND, "authentication failed",
					   "no shared key found for 'carol' - 'moon': secrets.ike "
					   "decides",
					   NULL, false, 0});
}

static void test_no_psk_at_responder(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});

	lab_load(p.moon, "secrets { ike-1 { secret = \"the secret\"\n id = somebody-else } }");
	refuse_this(&p, &(struct expected){E_AUTH, AUTH_FAILED, AUTH_FAILED,
					   "no shared key found for 'moon' - 'carol': secrets.ike "
					   "decides",
					   false, 0});
}

static void test_untrusted_ca(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.certs = true,
				     .carol_cert = "carol-stranger",
				     .pool = "10.3.0.0/24"},
	       &(struct expected){
		       E_AUTH, AUTH_FAILED, "sending end entity cert\n" AUTH_FAILED,
		       "its issuer is .*CN=other-ca.*, which is no trusted CA here\n"
		       "authentication of 'carol.example.org' failed: no trusted certificate chain",
		       false, 0});
}

static void test_untrusted_ca_of_responder(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.certs = true,
				     .carol_cert = "carol",
				     .moon_cert = "moon-sub",
				     .pool = "10.3.0.0/24"},
	       &(struct expected){
		       E_UNTRUSTED, NULL,
		       "authentication of 'moon.example.org' failed: no trusted certificate chain",
		       "IKE_SA rw.* established\n"
		       "received AUTHENTICATION_FAILED notify: the peer does not "
		       "accept our authentication",
		       false, 0});
}

static void test_expired(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.certs = true, .carol_cert = "carol-expired"},
	       &(struct expected){E_AUTH, AUTH_FAILED, AUTH_FAILED,
				  "authentication of 'carol.example.org' failed: not within its "
				  "validity period",
				  false, 0});
}

/* By the right CA, and not as it was signed. */
static void test_forged(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.certs = true, .carol_cert = "carol-forged"},
	       &(struct expected){E_AUTH, AUTH_FAILED, AUTH_FAILED,
				  "its signature is not that of its issuer\n"
				  "authentication of 'carol.example.org' failed: no trusted",
				  false, 0});
}

static void test_not_in_certificate(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.certs = true, .carol_id = "alice.example.org"},
	       &(struct expected){E_AUTH, AUTH_FAILED,
				  "our certificate does not contain the identity "
				  "'alice.example.org'",
				  "alice.example.org.*\n"
				  "authentication of 'alice.example.org' failed",
				  false, 0});
}

static void test_no_private_key(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.certs = true, .carol_cert = "carol"});

	lab_load(p.carol, "connections { home {\nremote_addrs = 192.168.0.2\n"
			  "proposals = aes128gcm16-prfsha256-x25519\n"
			  "local { auth = pubkey\n certs = carol-p384\n id = carol.example.org }\n"
			  "remote { auth = pubkey\n id = moon.example.org }\n"
			  "children { net { remote_ts = 10.1.0.0/16 } }\n} }\n");
	refuse_this(&p, &(struct expected){E_NOTFOUND, "authentication failed",
					   "no private key found for 'carol.example.org'\n"
					   "local.certs names 'C=CH, O=Cyber, CN=carol': its key "
					   "must be loaded",
					   NULL, false, 0});
}

static void test_wrong_initiator(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.moon_expects = "alice"},
	       &(struct expected){E_AUTH, AUTH_FAILED, AUTH_FAILED,
				  "no matching peer config found\n"
				  "connection 'rw' has local.id 'moon' and remote.id 'alice'",
				  false, 0});
}

static void test_wrong_responder_asked(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.carol_expects = "sun"},
	       &(struct expected){
		       E_AUTH, AUTH_FAILED, AUTH_FAILED,
		       "looking for peer configs matching 192.168.0.2.sun.*192.168.0.3.carol\n"
		       "no matching peer config found\n"
		       "connection 'rw' has local.id 'moon' and remote.id '%any'",
		       false, 0});
}

/* A pattern is not sent as IDr, so moon cannot know. */
static void test_wrong_responder(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.carol_expects = "*.example.com"},
	       &(struct expected){E_AUTH, NULL,
				  "constraint check failed: identity '\\*.example.com' required, "
				  "but the peer is 'moon' \\(remote.id\\)",
				  "received AUTHENTICATION_FAILED notify", false, 0});
}

static void test_other_method(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.certs = true});

	lab_load(p.moon,
		 "connections { rw {\nlocal_addrs = 192.168.0.2\n"
		 "proposals = aes128gcm16-prfsha256-x25519\n"
		 "local { auth = psk\n id = moon.example.org }\n"
		 "remote { auth = psk }\nchildren { net { local_ts = 10.1.0.0/16 } }\n} }\n");
	refuse_this(&p, &(struct expected){
				E_AUTH, AUTH_FAILED, AUTH_FAILED,
				"non-matching authentication done .the peer used a public key "
				"signature, remote.auth wants psk.\nno alternative config found",
				false, 0});
}

static void test_no_ike_proposal(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.moon_proposals = "aes256-sha384-ecp384"},
	       &(struct expected){
		       E_NOPROPOSAL, "received NO_PROPOSAL_CHOSEN notify error",
		       "the peer has none of our proposals: "
		       "IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE_25519; compare 'proposals'",
		       "received proposals: IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE_25519$\n"
		       "configured proposals: IKE:AES_CBC_256/.*\n"
		       "no common proposal: proposals of 'rw' and the peer's must meet",
		       false, 0});
}

/* Both have the method, but its number means something only to those that say who they are. */
static void test_private_number(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.proposals = "aes128gcm16-prfsha256-x25519-ke1_kyber3"},
	       &(struct expected){
		       E_NOPROPOSAL, "received NO_PROPOSAL_CHOSEN notify error",
		       "the number of KYBER_L3 is private: peers take it from those only that set "
		       "charon.send_vendor_id = yes",
		       "received proposals: .*/KE1_KYBER_L3$\n"
		       "no common proposal without KYBER_L3, whose number is private: the peer has "
		       "to set charon.send_vendor_id = yes, or this host "
		       "charon.accept_private_algs = yes",
		       false, 0});
}

static void test_no_connection(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});

	assert_int_equal(ike_unload_conn(p.moon->ike, p.lab->now, "rw"), 0);
	refuse_this(&p, &(struct expected){E_NOPROPOSAL, "received NO_PROPOSAL_CHOSEN",
					   "received NO_PROPOSAL_CHOSEN notify error",
					   "no IKE config found for 192.168.0.2...192.168.0.3, "
					   "sending NO_PROPOSAL_CHOSEN",
					   false, 0});
}

static void test_no_esp_proposal(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.moon_esp = "aes256-sha384", .pool = "10.3.0.0/24"},
	       &(struct expected){
		       E_NOPROPOSAL, "received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built",
		       "IKE_SA home.* established\nfailed to establish CHILD_SA, keeping IKE_SA",
		       "received proposals: ESP:AES_GCM_16_128/NO_EXT_SEQ$\n"
		       "configured proposals: ESP:AES_CBC_256/HMAC_SHA2_384_192/NO_EXT_SEQ$\n"
		       "no common proposal: esp_proposals of '.*' and the peer's must meet\n"
		       "failed to establish CHILD_SA, keeping IKE_SA",
		       true, 1});
}

static void test_no_selectors(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.carol_ts = "10.2.0.0/16", .pool = "10.3.0.0/24"},
	       &(struct expected){
		       E_TS, "received TS_UNACCEPTABLE notify, no CHILD_SA built",
		       "failed to establish CHILD_SA, keeping IKE_SA",
		       "traffic selectors 10.2.0.0/16 === .* unacceptable\n"
		       "local_ts and remote_ts of child 'net' are 10.1.0.0/16 === 10.3.0.1/32",
		       true, 1});
}

static void test_no_pool(void **state)
{
	(void)state;
	refuse(&(struct pair_params){.carol_conn = "vips = 0.0.0.0\n"},
	       &(struct expected){
		       E_FULL, "received INTERNAL_ADDRESS_FAILURE notify, no CHILD_SA built",
		       "failed to establish CHILD_SA, keeping IKE_SA",
		       "no virtual IP found, sending INTERNAL_ADDRESS_FAILURE: no pool is "
		       "configured \\('pools' of 'rw'\\)",
		       true, 0});
}

static void test_full_pool(void **state)
{
	(void)state;
	const struct pair_params params = {.pool = "10.3.0.1/32", .moon_conn = "unique = never\n"};
	struct pair p = pair_up(&params);
	struct lab_host *alice = lab_add(p.lab, "alice", "192.168.0.5");
	struct lab_result *r;

	lab_start(alice);
	lab_load(alice, "connections { home {\nremote_addrs = 192.168.0.2\nvips = 0.0.0.0\n"
			"proposals = aes128gcm16-prfsha256-x25519\n"
			"local { auth = psk\n id = alice }\nremote { auth = psk\n id = moon }\n"
			"children { net { remote_ts = 10.1.0.0/16\nesp_proposals = aes128gcm16 } "
			"}\n} }\nsecrets { ike-1 { secret = \"the secret\" } }\n");
	r = lab_initiate(alice, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, E_FULL, "received INTERNAL_ADDRESS_FAILURE notify");
	lab_assert_logged(p.moon, "pool 'rw_pool' is full, unable to assign address");
	lab_assert_logged(p.moon, "no virtual IP found, sending INTERNAL_ADDRESS_FAILURE");
	assert_int_equal(lab_count_sas(alice, IKE_S_ESTABLISHED), 1);
	assert_int_equal(alice->ipsec.n_spis + alice->ipsec.n_sas, 0);
	assert_int_equal(lab_leases(p.moon), 1);
	/* carol's place becomes free: now alice's child comes up on the IKE_SA that she has. */
	r = lab_terminate(alice, &(struct ike_terminate_params){.ike = "home"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

/* The virtual IP cannot be installed here: the child goes, on both sides. */
static void test_no_virtual_ip(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.pool = "10.3.0.0/24"});
	struct lab_result *r;

	p.carol->ipsec.fail_vip = E_PERM;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, E_PERM, "establishing CHILD_SA 'net' failed");
	lab_assert_logged(p.carol, "installing the virtual IP failed: not permitted");
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

/* The datapath refuses: the peer is told to drop its half, or is told no. */
static void test_no_datapath(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.pool = "10.3.0.0/24"});
	struct lab_result *r;

	p.carol->ipsec.fail_install = E_IO;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, E_IO, "establishing CHILD_SA 'net' failed");
	lab_assert_logged(p.carol, "unable to install IPsec SAs of net\\{1\\}");
	lab_assert_pair(p.carol, p.moon, 1, 0);
	p.carol->ipsec.fail_install = 0;
	p.moon->ipsec.fail_install = E_IO;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, E_NOPROPOSAL, "received NO_PROPOSAL_CHOSEN notify");
	lab_assert_pair(p.carol, p.moon, 1, 0);
	p.moon->ipsec.fail_install = 0;
	p.moon->ipsec.fail_spi = E_FULL;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, E_FULL, "received NO_ADDITIONAL_SAS notify");
	p.moon->ipsec.fail_spi = 0;
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void close_all(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.close_ike_on_child_failure = true;
}

static void test_close_ike_on_child_failure(void **state)
{
	(void)state;
	struct pair p =
		pair_new(&(struct pair_params){.carol_ts = "10.2.0.0/16", .prepare = close_all});
	struct lab_result *r = lab_initiate(p.carol, "home", "net");

	lab_settle(p.lab);
	lab_assert_result(r, E_TS, "received TS_UNACCEPTABLE notify");
	lab_assert_pair(p.carol, p.moon, 0, 0);
	lab_assert_logged(p.moon, "received DELETE for IKE_SA");
	pair_down(&p);
}

static void test_unreachable(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});
	struct lab_result *r;

	lab_load(p.carol, "connections { v6 {\nremote_addrs = 2001:db8::1\n"
			  "local { auth = psk }\nremote { auth = psk }\n children { v6 { } }\n}\n"
			  "any {\nlocal { auth = psk }\nremote { auth = psk }\n"
			  "children { any { } }\n} }\n");
	r = lab_initiate(p.carol, "v6", "v6");
	lab_assert_result(r, E_NOTFOUND, NULL);
	lab_assert_logged(p.carol, "no route to 2001:db8::1");
	r = lab_initiate(p.carol, "any", "any");
	lab_assert_result(r, E_CONFIG, NULL);
	lab_assert_logged(p.carol, "unable to initiate to %any: remote_addrs of 'any'");
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_psk),
		cmocka_unit_test(test_wrong_psk_of_responder),
		cmocka_unit_test(test_no_psk),
		cmocka_unit_test(test_no_psk_at_responder),
		cmocka_unit_test(test_untrusted_ca),
		cmocka_unit_test(test_untrusted_ca_of_responder),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_not_in_certificate),
		cmocka_unit_test(test_no_private_key),
		cmocka_unit_test(test_wrong_initiator),
		cmocka_unit_test(test_wrong_responder_asked),
		cmocka_unit_test(test_wrong_responder),
		cmocka_unit_test(test_other_method),
		cmocka_unit_test(test_no_ike_proposal),
		cmocka_unit_test(test_private_number),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_no_esp_proposal),
		cmocka_unit_test(test_no_selectors),
		cmocka_unit_test(test_no_pool),
		cmocka_unit_test(test_full_pool),
		cmocka_unit_test(test_no_virtual_ip),
		cmocka_unit_test(test_no_datapath),
		cmocka_unit_test(test_close_ike_on_child_failure),
		cmocka_unit_test(test_unreachable),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
