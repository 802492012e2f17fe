/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/alg.h"
#include "lab_pki.h"
#include "pair.h"

/* Setting up: who may be whom, with which algorithms. */

static void test_psk(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.pool = "10.3.0.0/24"});

	lab_assert_logged(p.carol, "\\[IKE\\] initiating IKE_SA home\\[1\\] to 192.168.0.2");
	lab_assert_logged(p.moon, "\\[IKE\\] 192.168.0.3 is initiating an IKE_SA");
	lab_assert_logged(p.carol, "installing new virtual IP 10.3.0.1");
	lab_assert_logged(p.carol, "received DNS server 10.1.0.1");
	lab_assert_logged(p.moon, "assigning virtual IP 10.3.0.1 to peer 'carol'");
	lab_assert_logged(p.carol, "IKE_SA home\\[1\\] established between "
				   "192.168.0.3\\[carol\\]...192.168.0.2\\[moon\\]");
	lab_assert_logged(p.moon, "CHILD_SA net\\{1\\} established with SPIs .* and TS "
				  "10.1.0.0/16 === 10.3.0.1/32");
	assert_int_equal(lab_leases(p.moon), 1);
	assert_int_equal(p.carol->ipsec.n_vips, 1);
	pair_down(&p);
}

static void install_nothing(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.install_virtual_ip = false;
}

/* install_virtual_ip = no: the address is asked for, used in selectors, and put nowhere. */
static void test_address_that_is_not_installed(void **state)
{
	(void)state;
	struct pair p =
		pair_up(&(struct pair_params){.pool = "10.3.0.0/24", .prepare = install_nothing});

	lab_assert_logged(p.moon, "assigning virtual IP 10.3.0.1 to peer 'carol'");
	lab_assert_logged(p.carol, "TS 10.3.0.1/32 === 10.1.0.0/16");
	assert_int_equal(p.carol->ipsec.n_vips, 0);
	pair_down(&p);
}

static void test_addresses_of_both_families(void **state)
{
	(void)state;
	const struct pair_params params = {.carol_conn = "vips = 0.0.0.0, ::\n",
					   .moon_conn = "pools = four, six\n",
					   .moon_ts = "10.1.0.0/16, 2001:db8:1::/64",
					   .carol_ts = "10.1.0.0/16, 2001:db8:1::/64"};
	struct pair p = pair_new(&params);
	struct lab_result *r;

	lab_load(p.moon, "pools {\nfour { addrs = 10.3.0.0/24\n dns = 10.1.0.1 }\n"
			 "six { addrs = 2001:db8:3::/120\n dns = 2001:db8:1::1 }\n}\n");
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.carol, "installing new virtual IP 10.3.0.1$");
	lab_assert_logged(p.carol, "installing new virtual IP 2001:db8:3::1$");
	lab_assert_logged(p.carol, "received DNS server 2001:db8:1::1$");
	lab_assert_logged(p.carol, "TS 10.3.0.1/32 2001:db8:3::1/128 === 10.1.0.0/16 "
				   "2001:db8:1::/64");
	assert_int_equal(p.carol->ipsec.n_vips, 2);
	assert_int_equal(lab_leases(p.moon), 2);
	pair_down(&p);
}

static void test_wanted_address(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.carol_conn = "vips = 10.3.0.77\n",
						      .moon_conn = "pools = rw_pool\n",
						      .pool = "10.3.0.0/24"});

	lab_assert_logged(p.moon, "peer requested virtual IP 10.3.0.77");
	pair_down(&p);
}

/* ---- certificates ---- */

static void test_certificates(void **state)
{
	(void)state;
	static const struct {
		const char *carol, *moon, *carol_with, *moon_with;
	} rows[] = {
		{"carol", "moon", "ECDSA_WITH_SHA256_DER", "ECDSA_WITH_SHA256_DER"},
		{"carol-p384", "moon-p521", "ECDSA_WITH_SHA384_DER", "ECDSA_WITH_SHA512_DER"},
		{"carol-ed", "moon-ed448", "ED25519", "ED448"},
		{"carol-rsa", "moon-rsa", "RSA_EMSA_PKCS1_SHA2_256", "RSA_EMSA_PKCS1_SHA2_256"},
		{"carol-rsa", "moon-ed", "RSA_EMSA_PKCS1_SHA2_256", "ED25519"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[160];
		struct pair p = pair_up(&(struct pair_params){.certs = true,
							      .carol_cert = rows[i].carol,
							      .moon_cert = rows[i].moon,
							      .pool = "10.3.0.0/24"});

		snprintf(line, sizeof(line),
			 "authentication of 'carol.example.org' \\(myself\\) with %s successful",
			 rows[i].carol_with);
		lab_assert_logged(p.carol, line);
		snprintf(line, sizeof(line),
			 "authentication of 'carol.example.org' with %s successful",
			 rows[i].carol_with);
		lab_assert_logged(p.moon, line);
		snprintf(line, sizeof(line),
			 "authentication of 'moon.example.org' with %s successful",
			 rows[i].moon_with);
		lab_assert_logged(p.carol, line);
		lab_assert_logged(p.carol, "sending cert request for \"C=CH, O=Cyber, CN=ca\"");
		lab_assert_logged(p.moon, "received cert request for \"C=CH, O=Cyber, CN=ca\"");
		lab_assert_logged(p.carol, "sending end entity cert \"C=CH, O=Cyber, CN=carol\"");
		pair_down(&p);
	}
}

static void use_pss(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.rsa_pss = moon->settings.rsa_pss = true;
}

static void test_rsa_pss(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){.certs = true,
						      .carol_cert = "carol-rsa",
						      .moon_cert = "moon-rsa",
						      .prepare = use_pss});

	lab_assert_logged(p.moon, "'carol.example.org' with RSA_EMSA_PSS_SHA2_256_SALT_32 success");
	pair_down(&p);
}

static void use_old_methods(struct lab_host *carol, struct lab_host *moon)
{
	(void)moon;
	carol->settings.signature_authentication = false;
}

/* A peer without RFC 7427: methods 1 and 9 to 11. */
static void test_older_methods(void **state)
{
	(void)state;
	static const struct {
		const char *carol, *moon, *with;
	} rows[] = {
		{"carol", "moon", "ECDSA-256 signature"},
		{"carol-p384", "moon", "ECDSA-384 signature"},
		{"carol-rsa", "moon-p521", "RSA signature"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[160];
		struct pair p = pair_up(&(struct pair_params){.certs = true,
							      .carol_cert = rows[i].carol,
							      .moon_cert = rows[i].moon,
							      .prepare = use_old_methods});

		snprintf(line, sizeof(line),
			 "authentication of 'carol.example.org' with %s successful", rows[i].with);
		lab_assert_logged(p.moon, line);
		lab_assert_not_logged(p.carol, "HASH_ALG");
		pair_down(&p);
	}
}

static void test_intermediate(void **state)
{
	(void)state;
	const struct pair_params params = {
		.certs = true, .carol_cert = "carol-sub", .moon_cert = "moon-sub"};
	struct pair p = pair_new(&params);
	struct lab_result *r;

	/* Each has the intermediate to send; neither trusts it by itself. */
	lab_pki_know(p.carol, "sub");
	lab_pki_know(p.moon, "sub");
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_logged(p.moon, "sending issuer cert \"C=CH, O=Cyber, CN=sub\"");
	lab_assert_logged(p.carol, "reached self-signed root ca with a path length of 1");
	pair_down(&p);
}

static void test_identity_of_the_subject(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.certs = true,
		.carol_id = "C=CH, O=Cyber, CN=carol",
		.moon_id = "C=CH, O=Cyber, CN=moon",
		.carol_expects = "C=CH, O=Cyber, CN=*",
		.moon_expects = "C=CH, O=Cyber, CN=carol",
	});

	lab_assert_logged(p.carol, "established between 192.168.0.3\\[C=CH, O=Cyber, CN=carol\\]"
				   "...192.168.0.2\\[C=CH, O=Cyber, CN=moon\\]");
	pair_down(&p);
}

/* ---- algorithms ---- */

static bool quick_enough(uint16_t ke)
{
	return ke != 17 && ke != 18; /* MODP 6144 and 8192 have a test of their own room */
}

/* Post-quantum ones are test_keywords.c's. */
static void test_key_exchanges(void **state)
{
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; alg_keyword_at(i); i++) {
		const struct alg_keyword *k = alg_keyword_at(i);
		char text[80];
		struct pair p;

		if (k->type != ALG_KE || !quick_enough(k->id) || alg_find(ALG_KE, k->id)->u.ke.kem)
			continue;
		snprintf(text, sizeof(text), "aes128gcm16-prfsha256-%s", k->word);
		p = pair_up(&(struct pair_params){.proposals = text});
		snprintf(text, sizeof(text), "selected proposal: IKE:.*/%s$",
			 alg_find(ALG_KE, k->id)->name);
		lab_assert_logged(p.carol, text);
		pair_down(&p);
		n++;
	}
	print_message("%u key exchanges\n", n);
	assert_true(n >= 15);
}

static void up_with(const char *ike, const char *esp)
{
	struct pair p = pair_up(&(struct pair_params){.proposals = ike, .esp = esp});

	pair_down(&p);
}

static void test_ciphers(void **state)
{
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; alg_keyword_at(i); i++) {
		const struct alg_keyword *k = alg_keyword_at(i);
		const struct alg *alg = alg_find(k->type, k->id);
		char ike[96], esp[80];

		if (k->type != ALG_ENCR)
			continue;
		if (alg->u.encr.aead) {
			snprintf(ike, sizeof(ike), "%s-prfsha384-x25519", k->word);
			snprintf(esp, sizeof(esp), "%s", k->word);
		} else {
			snprintf(ike, sizeof(ike), "%s-sha256-x25519", k->word);
			snprintf(esp, sizeof(esp), "%s-sha256", k->word);
		}
		/* NULL encryption is for ESP only. */
		up_with(strcmp(k->word, "null") == 0 ? NULL : ike, esp);
		n++;
	}
	print_message("%u encryption keywords\n", n);
	assert_true(n >= 15);
}

static void test_integrity(void **state)
{
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; alg_keyword_at(i); i++) {
		const struct alg_keyword *k = alg_keyword_at(i);
		char ike[96], esp[80];

		if (k->type != ALG_INTEG)
			continue;
		snprintf(ike, sizeof(ike), "aes128-%s-prfsha256-x25519", k->word);
		snprintf(esp, sizeof(esp), "aes256-%s-esn", k->word);
		up_with(ike, esp);
		n++;
	}
	assert_true(n >= 6);
}

static void test_prfs(void **state)
{
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; alg_keyword_at(i); i++) {
		const struct alg_keyword *k = alg_keyword_at(i);
		char ike[96];

		if (k->type != ALG_PRF)
			continue;
		snprintf(ike, sizeof(ike), "aes128gcm16-%s-x25519", k->word);
		up_with(ike, "aes128-sha256");
		n++;
	}
	assert_true(n >= 6);
}

/* ---- settings that the walkthrough has ---- */

static void with_vendor(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.send_vendor_id = true;
	(void)moon;
}

/* charon.send_vendor_id: who has it says who it is, and only that one. */
static void test_vendor_id(void **state)
{
	struct pair p = pair_up(&(struct pair_params){.prepare = with_vendor});

	(void)state;
	lab_assert_logged(p.carol, "generating IKE_SA_INIT request .* V \\]");
	lab_assert_logged(p.moon, "received strongSwan vendor ID");
	lab_assert_not_logged(p.moon, "generating IKE_SA_INIT response .* V \\]");
	lab_assert_not_logged(p.carol, "received strongSwan vendor ID");
	pair_down(&p);
}

static void theirs_first(struct lab_host *carol, struct lab_host *moon)
{
	(void)carol;
	moon->settings.prefer_configured_proposals = false;
}

/* Of each kind of algorithm the choice is made in the order of one of the two. */
static void expect_order_of(bool moons)
{
	struct pair p = pair_up(&(struct pair_params){
		.proposals = "aes128-aes256-sha256-sha512-x25519-ke1_mlkem512-ke1_mlkem768",
		.moon_proposals = "aes256-aes128-sha512-sha256-x25519-ke1_mlkem768-ke1_mlkem512",
		.esp = "aes128-aes256-sha256",
		.moon_esp = "aes256-aes128-sha256",
		.prepare = moons ? NULL : theirs_first});

	lab_assert_logged(p.moon, moons ? "IKE:AES_CBC_256/HMAC_SHA2_512_256/PRF_HMAC_SHA2_512/"
					  "CURVE_25519/KE1_ML_KEM_768$"
					: "IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/"
					  "CURVE_25519/KE1_ML_KEM_512$");
	lab_assert_logged(p.moon, moons ? "selected proposal: ESP:AES_CBC_256/"
					: "selected proposal: ESP:AES_CBC_128/");
	pair_down(&p);
}

/* charon.prefer_configured_proposals, of the responder. */
static void test_order_of_algorithms(void **state)
{
	(void)state;
	expect_order_of(true);
	expect_order_of(false);
}

/* ---- others ---- */

static void test_many_proposals(void **state)
{
	(void)state;
	struct pair p = pair_up(&(struct pair_params){
		.proposals = "aes256-sha512-modp2048-x25519, aes128gcm16-prfsha256-x25519",
		.moon_proposals = "chacha20poly1305-prfsha256-x448, aes128gcm16-prfsha256-x25519",
		.esp = "aes256-sha512, aes128gcm16-esn-noesn",
		.moon_esp = "aes256ctr-sha256, aes128gcm16-noesn",
	});

	lab_assert_logged(p.carol, "selected proposal: "
				   "IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE_25519");
	lab_assert_logged(p.carol, "selected proposal: ESP:AES_GCM_16_128/NO_EXT_SEQ");
	pair_down(&p);
}

static void test_childless(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){.pool = "10.3.0.0/24"});
	struct lab_result *r = lab_initiate(p.carol, "home", NULL);

	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	/* Once more: it is there already. */
	r = lab_initiate(p.carol, "home", NULL);
	lab_assert_result(r, 0, NULL);
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 0);
	pair_down(&p);
}

static void test_unknown_names(void **state)
{
	(void)state;
	struct pair p = pair_new(&(struct pair_params){0});

	assert_int_equal(lab_initiate(p.carol, "home", "no such child")->call, E_NOTFOUND);
	assert_int_equal(lab_initiate(p.carol, "no such connection", NULL)->call, E_NOTFOUND);
	assert_int_equal(lab_terminate(p.carol, &(struct ike_terminate_params){.ike = "x"})->call,
			 E_NOTFOUND);
	assert_int_equal(lab_terminate(p.carol, &(struct ike_terminate_params){0})->call, E_CONFIG);
	pair_down(&p);
}

/* moon's connection asks for nothing in particular of carol, who is moon's third peer. */
static void test_three_hosts(void **state)
{
	(void)state;
	struct pair p = pair_up(
		&(struct pair_params){.pool = "10.3.0.0/24", .moon_conn = "unique = never\n"});
	struct lab_host *dave = lab_add(p.lab, "dave", "192.168.0.4");
	struct lab_result *r;

	lab_start(dave);
	lab_load(dave, "connections { home {\nremote_addrs = 192.168.0.2\nvips = 0.0.0.0\n"
		       "proposals = aes128gcm16-prfsha256-x25519\n"
		       "local { auth = psk\n id = dave }\nremote { auth = psk\n id = moon }\n"
		       "children { net { remote_ts = 10.1.0.0/16\nesp_proposals = aes128gcm16 } }\n"
		       "} }\nsecrets { ike-1 { secret = \"the secret\" } }\n");
	r = lab_initiate(dave, NULL, "net");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_logged(dave, "installing new virtual IP 10.3.0.2");
	assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 2);
	assert_int_equal(p.moon->ipsec.n_sas, 2);
	r = lab_terminate(dave, &(struct ike_terminate_params){.child = "net"});
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	assert_int_equal(p.moon->ipsec.n_sas, 1);
	r = lab_terminate(dave, &(struct ike_terminate_params){.ike = "home"});
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_psk),
		cmocka_unit_test(test_address_that_is_not_installed),
		cmocka_unit_test(test_addresses_of_both_families),
		cmocka_unit_test(test_wanted_address),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_rsa_pss),
		cmocka_unit_test(test_older_methods),
		cmocka_unit_test(test_intermediate),
		cmocka_unit_test(test_identity_of_the_subject),
		cmocka_unit_test(test_key_exchanges),
		cmocka_unit_test(test_ciphers),
		cmocka_unit_test(test_integrity),
		cmocka_unit_test(test_prfs),
		cmocka_unit_test(test_vendor_id),
		cmocka_unit_test(test_order_of_algorithms),
		cmocka_unit_test(test_many_proposals),
		cmocka_unit_test(test_childless),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_three_hosts),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
