/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>

#include "cred/cert.h"
#include "crypto/alg.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "ike/intauth.h"
#include "ike/keys.h"
#include "ike/protect.h"
#include "provider/provider.h"
#include "tests/unit/pqc/json.h"
#include "wire/ike.h"
#include "wire/msg.h"

/*
 * Conversations of two strongSwan daemons, recorded with the secrets that they logged. Each is
 * replayed from its datagrams, and of the recording only the shared secrets of the key exchanges
 * and the pre-shared key go in: what was agreed is read from the messages, and keys, plaintexts,
 * IntAuth, signed octets, AUTH and child keys must come out as recorded. Skipped where the
 * recordings are missing.
 */
#define MAX_KEYS     16
#define MAX_PLAIN    70000
#define AUTH_DIGITAL 14
#define AUTH_PSK     2

enum { I, R }; /* who sent it */

struct trace_keys {
	uint64_t spi_i, spi_r;
	struct keys_ike k;
};

/* What has been learned so far. */
struct trace {
	struct json root;
	const struct alg *prf, *encr, *integ;
	uint16_t key_bits;
	struct trace_keys keys[MAX_KEYS];
	unsigned n_keys, n_intauth, n_auth, n_child;
	struct secret init[2], ni, nr; /* IKE_SA_INIT */
	struct secret new_ni;	       /* of the CREATE_CHILD_SA request under way */
	uint64_t new_spi_i;
	struct intauth intauth;
	struct protect_frags frags[2];
	unsigned opened; /* datagrams */
};

static struct json element(struct json array, unsigned index)
{
	struct json e = json_first(array);

	while (index-- && e.at)
		e = json_next(e);
	assert_non_null(e.at);
	return e;
}

static unsigned count(struct json array)
{
	unsigned n = 0;

	for (struct json e = json_first(array); e.at; e = json_next(e))
		n++;
	return n;
}

static struct secret recorded(struct json object, const char *name)
{
	struct json_bytes b = json_hex(json_get(object, name));
	struct secret s = {0};

	assert_int_equal(secret_copy(&s, view_make(b.ptr, b.len)), 0);
	free(b.ptr);
	return s;
}

static void check(struct json object, const char *name, struct view got)
{
	struct secret want = recorded(object, name);

	if (!view_equal(got, secret_view(&want)))
		fail_msg("wrong %s: %zu bytes, expected %zu", name, got.len, want.len);
	secret_done(&want);
}

static struct view nonce_of(const struct wire_msg *msg)
{
	const struct wire_payload *p = wire_msg_find(msg, PAYLOAD_NONCE);

	assert_non_null(p);
	return p->u.data;
}

/* Derive the next keys of the recording; sk_d is empty for those of IKE_SA_INIT. */
static void derive_ike(struct trace *t, struct view sk_d, struct view ni, struct view nr,
		       const uint64_t spis[2])
{
	struct json want = element(json_get(t->root, "ike_key_derivations"), t->n_keys);
	struct secret shared = recorded(want, "SK0_or_SKn");
	struct secret further = recorded(want, "additional_secrets_concatenated");
	struct trace_keys *out = &t->keys[t->n_keys++];

	assert_true(t->n_keys <= MAX_KEYS);
	out->spi_i = spis[I];
	out->spi_r = spis[R];
	assert_int_equal(keys_derive_ike(&(struct keys_ike_params){.prf = t->prf,
								   .encr = t->encr,
								   .integ = t->integ,
								   .key_bits = t->key_bits,
								   .sk_d = sk_d,
								   .shared = secret_view(&shared),
								   .further = secret_view(&further),
								   .ni = ni,
								   .nr = nr,
								   .spi_i = spis[I],
								   .spi_r = spis[R]},
					 &out->k),
			 0);
	check(want, "SK_d", secret_view(&out->k.d));
	check(want, "SK_ai", secret_view(&out->k.ai));
	check(want, "SK_ar", secret_view(&out->k.ar));
	check(want, "SK_ei", secret_view(&out->k.ei));
	check(want, "SK_er", secret_view(&out->k.er));
	check(want, "SK_pi", secret_view(&out->k.pi));
	check(want, "SK_pr", secret_view(&out->k.pr));
	secret_done(&shared);
	secret_done(&further);
}

struct suite {
	const struct alg *encr, *integ;
	uint16_t key_bits;
};

/* The algorithms that a response chose. */
static struct suite chosen(const struct wire_msg *msg)
{
	const struct transform *encr, *integ;
	struct suite s = {0};

	assert_true(msg->has_sa);
	assert_int_equal(msg->sa.count, 1);
	encr = proposal_find(&msg->sa.p[0], TRANSFORM_ENCR);
	integ = proposal_find(&msg->sa.p[0], TRANSFORM_INTEG);
	assert_non_null(encr);
	s.encr = alg_find(ALG_ENCR, encr->id);
	assert_non_null(s.encr);
	s.key_bits = encr->key_bits;
	s.integ = integ ? alg_find(ALG_INTEG, integ->id) : NULL;
	assert_int_equal(!integ, s.encr->u.encr.aead);
	return s;
}

static void derive_child(struct trace *t, const struct wire_msg *response, struct view ni,
			 struct view nr)
{
	struct json want = element(json_get(t->root, "child_key_derivations"), t->n_child++);
	struct secret shared = recorded(want, "SK0");
	struct secret further = recorded(want, "additional_secrets_concatenated");
	struct suite suite = chosen(response);
	struct keys_child k;

	assert_int_equal(
		keys_derive_child(&(struct keys_child_params){.prf = t->prf,
							      .encr = suite.encr,
							      .integ = suite.integ,
							      .key_bits = suite.key_bits,
							      .sk_d = secret_view(
								      &t->keys[t->n_keys - 1].k.d),
							      .shared = secret_view(&shared),
							      .further = secret_view(&further),
							      .ni = ni,
							      .nr = nr},
				  &k),
		0);
	check(want, "encr_i", secret_view(&k.encr_i));
	check(want, "encr_r", secret_view(&k.encr_r));
	check(want, "integ_i", secret_view(&k.integ_i));
	check(want, "integ_r", secret_view(&k.integ_r));
	keys_child_done(&k);
	secret_done(&shared);
	secret_done(&further);
}

static void take_init(struct trace *t, const struct wire_msg *msg, struct view datagram, int side)
{
	const struct transform *prf;
	struct suite suite;

	assert_int_equal(secret_copy(&t->init[side], datagram), 0);
	assert_int_equal(secret_copy(side == I ? &t->ni : &t->nr, nonce_of(msg)), 0);
	if (side == I)
		return;
	suite = chosen(msg);
	prf = proposal_find(&msg->sa.p[0], TRANSFORM_PRF);
	assert_non_null(prf);
	t->prf = alg_find(ALG_PRF, prf->id);
	assert_non_null(t->prf);
	t->encr = suite.encr;
	t->integ = suite.integ;
	t->key_bits = suite.key_bits;
	derive_ike(t, (struct view){0}, secret_view(&t->ni), secret_view(&t->nr),
		   (const uint64_t[]){msg->hdr.spi_i, msg->hdr.spi_r});
}

static void take_intermediate(struct trace *t, const struct wire_msg *msg, uint8_t first,
			      struct view plain, int side)
{
	const struct trace_keys *now = &t->keys[t->n_keys - 1];
	struct json want = element(json_get(t->root, "intauth"), t->n_intauth++);

	assert_int_equal(
		intauth_add(&t->intauth,
			    &(struct intauth_message){
				    .prf = t->prf,
				    .of_initiator = side == I,
				    .sk_p = secret_view(side == I ? &now->k.pi : &now->k.pr),
				    .hdr = &msg->hdr,
				    .first = first,
				    .plain = plain}),
		0);
	check(want, "IntAuth",
	      view_make(side == I ? t->intauth.i : t->intauth.r, t->prf->u.prf.out_len));
	if (side == R)
		derive_ike(t, secret_view(&now->k.d), secret_view(&t->ni), secret_view(&t->nr),
			   (const uint64_t[]){now->spi_i, now->spi_r});
}

static void check_signature(const struct wire_msg *msg, struct view auth, struct view octets)
{
	const struct wire_payload *payload = wire_msg_find(msg, PAYLOAD_CERT);
	const struct sign_scheme *scheme;
	struct secret damaged = {0};
	struct cert *cert = NULL;
	struct view sig;

	assert_non_null(payload);
	assert_true(auth.len > 1 && auth.len > 1U + auth.ptr[0]);
	scheme = sign_find_algid(view_make(auth.ptr + 1, auth.ptr[0]));
	assert_non_null(scheme);
	sig = view_make(auth.ptr + 1 + auth.ptr[0], auth.len - 1 - auth.ptr[0]);
	assert_int_equal(cert_parse(payload->u.cert.data, &cert), 0);
	assert_int_equal(sign_verify(scheme, cert_key(cert), octets, sig), 0);
	assert_int_equal(secret_copy(&damaged, octets), 0);
	damaged.data[0] ^= 1;
	assert_int_not_equal(sign_verify(scheme, cert_key(cert), secret_view(&damaged), sig), 0);
	secret_done(&damaged);
	cert_put(cert);
}

static void take_auth(struct trace *t, const struct wire_msg *msg, int side)
{
	const struct wire_payload *id = wire_msg_find(msg, side == I ? PAYLOAD_IDI : PAYLOAD_IDR);
	const struct wire_payload *auth = wire_msg_find(msg, PAYLOAD_AUTH);
	const struct trace_keys *now = &t->keys[t->n_keys - 1];
	struct json want = element(json_get(t->root, "auth"), t->n_auth++);
	uint8_t mac[PRF_MAX_LEN];
	struct wbuf octets;

	assert_true(id && auth);
	wbuf_init(&octets, 0);
	assert_int_equal(keys_auth_octets(
				 &(struct keys_auth_params){
					 .prf = t->prf,
					 .message = secret_view(&t->init[side]),
					 .nonce = secret_view(side == I ? &t->nr : &t->ni),
					 .sk_p = secret_view(side == I ? &now->k.pi : &now->k.pr),
					 .id_body = id->body},
				 &octets),
			 0);
	/* Only the responder's own octets have its IntAuth too; both are known by then. */
	intauth_put(&t->intauth, t->prf, msg->hdr.msgid, &octets);
	assert_int_equal(wbuf_err(&octets), 0);
	check(want, "signed_octets", wbuf_view(&octets));
	if (json_get(want, "psk").at) {
		struct secret psk = recorded(want, "psk");

		assert_int_equal(auth->u.auth.method, AUTH_PSK);
		assert_int_equal(keys_psk_auth(t->prf, secret_view(&psk), wbuf_view(&octets), mac),
				 0);
		check(want, "AUTH", view_make(mac, t->prf->u.prf.out_len));
		check(want, "AUTH", auth->u.auth.data);
		secret_done(&psk);
	} else {
		assert_int_equal(auth->u.auth.method, AUTH_DIGITAL);
		check_signature(msg, auth->u.auth.data, wbuf_view(&octets));
	}
	wbuf_done(&octets);
	if (side == R)
		derive_child(t, msg, secret_view(&t->ni), secret_view(&t->nr));
}

/* The SPI of an IKE proposal, host order. */
static uint64_t spi_of(const struct proposal *p)
{
	uint64_t spi = 0;

	assert_int_equal(p->spi_len, 8);
	for (int i = 0; i < 8; i++)
		spi = spi << 8 | p->spi[i];
	return spi;
}

/*
 * The secrets of the key exchanges that follow are recorded with it, so all is derived at once. The
 * new IKE SA has the algorithms of the old one in all recordings.
 */
static void take_create_child(struct trace *t, const struct wire_msg *msg, int side)
{
	const struct proposal *p = &msg->sa.p[0];
	bool of_ike;

	assert_true(msg->has_sa);
	of_ike = p->protocol == PROTO_IKE;
	if (side == I) {
		secret_done(&t->new_ni);
		assert_int_equal(secret_copy(&t->new_ni, nonce_of(msg)), 0);
		t->new_spi_i = of_ike ? spi_of(p) : 0;
	} else if (of_ike) {
		derive_ike(t, secret_view(&t->keys[t->n_keys - 1].k.d), secret_view(&t->new_ni),
			   nonce_of(msg), (const uint64_t[]){t->new_spi_i, spi_of(p)});
	} else {
		derive_child(t, msg, secret_view(&t->new_ni), nonce_of(msg));
	}
}

/* The newest keys of the IKE SA that a message belongs to. */
static unsigned keys_for(const struct trace *t, const struct wire_hdr *hdr)
{
	for (unsigned i = t->n_keys; i-- > 0;) {
		if (t->keys[i].spi_i == hdr->spi_i && t->keys[i].spi_r == hdr->spi_r)
			return i;
	}
	fail_msg("a message of an unknown IKE SA");
	return 0;
}

/* Open a datagram; *out is the whole message when it was the last of it, else empty. */
static void open_datagram(struct trace *t, struct json plain, struct view datagram,
			  const struct wire_msg *msg, struct secret *out)
{
	unsigned index = keys_for(t, &msg->hdr);
	const struct keys_ike *k = &t->keys[index].k;
	int side = msg->hdr.flags & IKE_FLAG_INITIATOR ? I : R;
	struct seal *seal = NULL;
	struct secret part;

	assert_int_equal(index, json_number(json_get(plain, "ike_key_derivation_index")));
	assert_int_equal(
		seal_new(&(struct seal_params){.encr = t->encr,
					       .key_bits = t->key_bits,
					       .integ = t->integ,
					       .key_e = secret_view(side == I ? &k->ei : &k->er),
					       .key_a = secret_view(side == I ? &k->ai : &k->ar)},
			 &seal),
		0);
	assert_int_equal(protect_open(seal, datagram, msg, &part), 0);
	seal_free(seal);
	check(plain, "plaintext", secret_view(&part));
	t->opened++;
	if (msg->p[msg->count - 1].type == PAYLOAD_SKF)
		assert_in_range(protect_frags_add(&t->frags[side], msg, &part, MAX_PLAIN, out), 0,
				1);
	else
		secret_move(out, &part);
	secret_done(&part);
}

static void take_datagram(struct trace *t, struct json message)
{
	static struct wire_msg msg;
	struct secret datagram = recorded(message, "ike_message"), whole = {0};
	struct json plain = json_get(message, "plain");
	int side = json_is(json_get(message, "from"), "initiator") ? I : R;
	uint8_t first;

	assert_int_equal(wire_msg_decode(secret_view(&datagram), &msg), 0);
	if (msg.hdr.exchange == IKE_SA_INIT) {
		take_init(t, &msg, secret_view(&datagram), side);
		secret_done(&datagram);
		return;
	}
	open_datagram(t, plain, secret_view(&datagram), &msg, &whole);
	first = msg.p[msg.count - 1].type == PAYLOAD_SKF ? t->frags[side].first
							 : msg.p[msg.count - 1].next;
	if (whole.len || first == PAYLOAD_NONE) {
		assert_int_equal(wire_msg_decode_inner(first, secret_view(&whole), &msg), 0);
		if (msg.hdr.exchange == IKE_INTERMEDIATE)
			take_intermediate(t, &msg, first, secret_view(&whole), side);
		else if (msg.hdr.exchange == IKE_AUTH)
			take_auth(t, &msg, side);
		else if (msg.hdr.exchange == IKE_CREATE_CHILD_SA)
			take_create_child(t, &msg, side);
		protect_frags_done(&t->frags[side]);
	}
	secret_done(&whole);
	secret_done(&datagram);
}

static void done(struct trace *t)
{
	for (unsigned i = 0; i < t->n_keys; i++)
		keys_ike_done(&t->keys[i].k);
	for (int side = I; side <= R; side++) {
		secret_done(&t->init[side]);
		protect_frags_done(&t->frags[side]);
	}
	secret_done(&t->ni);
	secret_done(&t->nr);
	secret_done(&t->new_ni);
}

static const struct recording {
	const char *name;
	unsigned opened;
} recordings[] = {
	{"psk-classic-prf-aesxcbc-modp2048", 12},   {"psk-classic-prf-aescmac-ecp256", 12},
	{"psk-gcm-x25519-kyber3-bike1", 41},	    {"psk-gcm-kyber3-first-x25519-additional", 16},
	{"psk-cbc-ecp384-hqc1-frodoa1-kyber5", 70}, {"psk-chacha-x448-seven-additional-kes", 208},
	{"cert-falcon512-dilithium3-kyber3", 27},
};

/* All that is recorded must have been compared: nothing in the file is left over. */
static void test_recording(void **state)
{
	const struct recording *r = *state;
	struct trace t = {0};
	char path[512], *text;

	snprintf(path, sizeof(path), "%s/ikev2/traces/%s.json", SHARED_DIR, r->name);
	text = json_read_file(path);
	if (!text) {
		print_message("%s is not there\n", path);
		skip();
	}
	t.root.at = text;
	for (struct json m = json_first(json_get(t.root, "messages")); m.at; m = json_next(m))
		take_datagram(&t, m);
	assert_int_equal(t.opened, r->opened);
	assert_int_equal(t.n_keys, count(json_get(t.root, "ike_key_derivations")));
	assert_int_equal(t.n_intauth, count(json_get(t.root, "intauth")));
	assert_int_equal(t.n_auth, 2);
	assert_int_equal(t.n_child, count(json_get(t.root, "child_key_derivations")));
	done(&t);
	free(text);
}

int main(void)
{
	enum { COUNT = sizeof(recordings) / sizeof(recordings[0]) };
	struct CMUnitTest tests[COUNT];

	if (provider_load() != 0)
		return 1;
	for (size_t i = 0; i < COUNT; i++)
		tests[i] = (struct CMUnitTest){.name = recordings[i].name,
					       .test_func = test_recording,
					       .initial_state = (void *)(uintptr_t)&recordings[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
