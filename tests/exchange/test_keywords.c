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
#include "lab_forge.h"
#include "lab_pki.h"
#include "pair.h"

/* Every post-quantum keyword that a proposal or a certificate may have, between two engines. */

static const struct kem {
	const char *word, *name;
} kems[] = {
	{"kyber1", "KYBER_L1"},
	{"kyber3", "KYBER_L3"},
	{"kyber5", "KYBER_L5"},
	{"bike1", "BIKE_L1"},
	{"bike3", "BIKE_L3"},
	{"bike5", "BIKE_L5"},
	{"hqc1", "HQC_L1"},
	{"hqc3", "HQC_L3"},
	{"hqc5", "HQC_L5"},
	{"frodoa1", "FRODO_AES_L1"},
	{"frodoa3", "FRODO_AES_L3"},
	{"frodoa5", "FRODO_AES_L5"},
	{"frodos1", "FRODO_SHAKE_L1"},
	{"frodos3", "FRODO_SHAKE_L3"},
	{"frodos5", "FRODO_SHAKE_L5"},
	{"mlkem512", "ML_KEM_512"},
	{"mlkem768", "ML_KEM_768"},
	{"mlkem1024", "ML_KEM_1024"},
};

#define N_KEMS (sizeof(kems) / sizeof(kems[0]))

/* As the walkthrough has them: the numbers of all but ML-KEM are private. */
static void as_of_the_seed(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.send_vendor_id = moon->settings.send_vendor_id = true;
	carol->settings.max_packet = moon->settings.max_packet = 30000;
}

/* The handshake, a new child and a new IKE SA, all with this key exchange; so many rounds each. */
static void rekey_all(const char *kes, const char *chosen, unsigned rounds)
{
	char ike[160], esp[160], line[240];
	struct pair p;

	snprintf(ike, sizeof(ike), "aes256-sha256-%s", kes);
	snprintf(esp, sizeof(esp), "aes256-sha256-%s", kes);
	p = pair_up(&(struct pair_params){.proposals = ike, .esp = esp, .prepare = as_of_the_seed});
	snprintf(line, sizeof(line), "selected proposal: IKE:.*_128/PRF_HMAC_SHA2_256/%s$", chosen);
	lab_assert_logged(p.carol, line);
	assert_int_equal(lab_count_sent(p.carol, IKE_INTERMEDIATE, false) > 0, rounds > 0);
	lab_rekey(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_rekey(p.carol, "home", NULL);
	lab_settle(p.lab);
	lab_assert_logged(p.carol, "CHILD_SA net\\{2\\} established");
	lab_assert_logged(p.carol, "IKE_SA home\\[2\\] rekeyed");
	assert_int_equal(lab_count_logged(p.carol, line), 2);
	assert_int_equal(lab_count_logged(p.carol, "parsed IKE_INTERMEDIATE .*\\[ KE \\]"), rounds);
	assert_int_equal(lab_count_logged(p.carol, "parsed IKE_FOLLOWUP_KE .*\\[ KE "), 2 * rounds);
	lab_run(p.lab, 10000); /* the old inbound SA goes */
	lab_assert_pair(p.carol, p.moon, 1, 1);
	pair_down(&p);
}

static void test_additional(void **state)
{
	size_t known = 0;

	(void)state;
	for (size_t i = 0; i < N_KEMS; i++) {
		char kes[64], chosen[64];

		snprintf(kes, sizeof(kes), "x25519-ke1_%s", kems[i].word);
		snprintf(chosen, sizeof(chosen), "CURVE_25519/KE1_%s", kems[i].name);
		rekey_all(kes, chosen, 1);
	}
	for (size_t i = 0; alg_keyword_at(i); i++) {
		const struct alg_keyword *k = alg_keyword_at(i);

		known += k->type == ALG_KE && alg_find(ALG_KE, k->id)->u.ke.kem;
	}
	assert_int_equal(known, N_KEMS);
}

/* Without a classical exchange beside it, in IKE_SA_INIT itself. */
static void test_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_KEMS; i++)
		rekey_all(kems[i].word, kems[i].name, 0);
}

static bool drop_all(void *ctx, struct lab_packet *p)
{
	(void)ctx;
	(void)p;
	return true;
}

static void expect_lost(const char *proposals, bool hint)
{
	struct pair p =
		pair_new(&(struct pair_params){.proposals = proposals, .prepare = as_of_the_seed});
	struct lab_result *r;

	p.lab->drop = drop_all;
	r = lab_initiate(p.carol, "home", "net");
	lab_await(p.lab, r, 600000);
	lab_assert_result(r, E_TIMEOUT, NULL);
	lab_assert_logged(p.carol, "giving up after 5 retransmits");
	assert_int_equal(lab_count_logged(p.carol, "request of [0-9]{4,5} bytes .* IP fragments.*"
						   "small .*x25519.* and .* ke1_"),
			 hint);
	pair_down(&p);
}

/* IKE cannot split IKE_SA_INIT, and IP fragments get lost: who chose such a key exchange hears of
 * it. */
static void test_lost_for_its_size(void **state)
{
	(void)state;
	expect_lost("aes256-sha256-mlkem1024", true);
	expect_lost("aes256-sha256-frodoa5", true);
	expect_lost("aes256-sha256-x25519-ke1_frodoa5", false);
}

/* All seven additional exchanges that there may be, of seven kinds. */
static void test_seven(void **state)
{
	(void)state;
	rekey_all("modp3072-ke1_mlkem1024-ke2_bike1-ke3_hqc1-ke4_frodoa1-ke5_kyber5-ke6_frodos1-"
		  "ke7_x448",
		  "MODP_3072/KE1_ML_KEM_1024/KE2_BIKE_L1/KE3_HQC_L1/KE4_FRODO_AES_L1/KE5_KYBER_L5/"
		  "KE6_FRODO_SHAKE_L1/KE7_CURVE_448",
		  7);
}

/* ---- signatures ---- */

#define ML_DSA(n)                                                 \
	{                                                         \
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, n \
	}

/* A kind of key, and the CA that lab_pki.h has above the ends of that kind. */
static const struct kind {
	const char *word, *ca, *scheme;
	uint8_t oid[9]; /* of ML-DSA: DER without tag and length */
	size_t signature;
} kinds[] = {
	{"dilithium2", "ca-mldsa87", "DILITHIUM_2", {0}, 0},
	{"dilithium3", "ca-dilithium2", "DILITHIUM_3", {0}, 0},
	{"dilithium5", "ca-falcon1024", "DILITHIUM_5", {0}, 0},
	{"falcon512", "ca-dilithium3", "FALCON_512", {0}, 0},
	{"falcon1024", "ca-dilithium5", "FALCON_1024", {0}, 0},
	{"mldsa44", "ca-falcon512", "ML_DSA_44", ML_DSA(0x11), 2420},
	{"mldsa65", "ca-mldsa44", "ML_DSA_65", ML_DSA(0x12), 3309},
	{"mldsa87", "ca-mldsa65", "ML_DSA_87", ML_DSA(0x13), 4627},
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* carol and moon with these certificates, whose CAs both trust, and a tunnel between them. */
static struct pair up_by(const char *carol, const char *carol_ca, const char *moon,
			 const char *moon_ca)
{
	struct pair p = pair_new(&(struct pair_params){.certs = true,
						       .carol_cert = carol,
						       .moon_cert = moon,
						       .carol_conn = "fragmentation = no\n",
						       .moon_conn = "fragmentation = no\n"});
	struct lab_result *r;

	lab_pki_trust(p.carol, moon_ca);
	lab_pki_trust(p.moon, carol_ca);
	r = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_result(r, 0, NULL);
	return p;
}

static void assert_authenticated(const struct pair *p, const char *carol, const char *moon)
{
	char line[120];

	snprintf(line, sizeof(line), "of 'carol.example.org' with %s successful", carol);
	lab_assert_logged(p->moon, line);
	snprintf(line, sizeof(line), "of 'moon.example.org' with %s successful", moon);
	lab_assert_logged(p->carol, line);
}

/* RFC 7427 section 3: method 14, then length and DER of the AlgorithmIdentifier, without
 * parameters for ML-DSA (RFC 9881 section 2), then the signature. */
static void assert_framing(struct lab_host *from, struct lab_host *to, const struct kind *k)
{
	static const uint8_t head[] = {AUTH_DIGITAL_SIGNATURE, 0, 0, 0, 13, 0x30, 11, 0x06, 9};
	struct wire_msg *msg = calloc(1, sizeof(*msg));
	const struct lab_packet *sent =
		lab_sent(from, IKE_AUTH, strcmp(from->name, "moon") == 0, 0);
	const struct wire_payload *auth;
	struct secret plain;
	uint8_t first;

	assert_non_null(msg);
	assert_non_null(sent);
	plain = lab_open(to, sent, &first);
	assert_int_equal(wire_msg_decode_inner(first, secret_view(&plain), msg), 0);
	auth = wire_msg_find(msg, PAYLOAD_AUTH);
	assert_non_null(auth);
	assert_int_equal(auth->body.len, sizeof(head) + sizeof(k->oid) + k->signature);
	assert_memory_equal(auth->body.ptr, head, sizeof(head));
	assert_memory_equal(auth->body.ptr + sizeof(head), k->oid, sizeof(k->oid));
	secret_done(&plain);
	free(msg);
}

/* Each kind at both ends, under a CA of another kind, against a peer of yet another. */
static void test_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_KINDS; i++) {
		const struct kind *c = &kinds[i], *m = &kinds[(i + 1) % N_KINDS];
		char carol[32], moon[32];
		struct pair p;

		snprintf(carol, sizeof(carol), "carol-%s", c->word);
		snprintf(moon, sizeof(moon), "moon-%s", m->word);
		p = up_by(carol, c->ca, moon, m->ca);
		assert_authenticated(&p, c->scheme, m->scheme);
		if (c->signature)
			assert_framing(p.carol, p.moon, c);
		if (m->signature)
			assert_framing(p.moon, p.carol, m);
		pair_down(&p);
	}
}

/* ML-DSA under an ECDSA CA, and the reverse. */
static void test_mixed_chains(void **state)
{
	struct pair p = up_by("carol-under-pq", "ca-mldsa65", "moon-over-ec", "ca");

	(void)state;
	assert_authenticated(&p, "ECDSA_WITH_SHA256_DER", "ML_DSA_65");
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_additional),	  cmocka_unit_test(test_alone),
		cmocka_unit_test(test_lost_for_its_size), cmocka_unit_test(test_seven),
		cmocka_unit_test(test_signatures),	  cmocka_unit_test(test_mixed_chains),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return rc;
}
