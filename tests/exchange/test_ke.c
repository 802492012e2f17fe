/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/suite.h"
#include "ike/child.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "lab_forge.h"
#include "pair.h"

/* What is wrong with a key exchange, in whichever message it comes, and what either side says of
 * it. */

#define PROPOSAL "aes128gcm16-prfsha256-x25519-ke1_mlkem768-ke2_mlkem512"
#define ESP	 "aes128gcm16-x25519-ke1_mlkem768-ke2_mlkem512"
#define HEADER	 28 /* bytes of an IKE header */
#define WHOLE	 "fragmentation = no\n"

/* ---- an unruly hand on the wire ---- */

struct hand {
	uint8_t exchange;
	bool response;
	uint8_t payload; /* type of the payload that it changes */
	int grow;	 /* bytes that it gets at its end, or loses there */
	void (*edit)(uint8_t *body, size_t len);
	unsigned n; /* of so many such messages it spares the first ones; then it changes each */
};

/* The chain of payloads, with one of them changed. */
static void rewrite(const struct hand *h, struct view chain, uint8_t first, struct wbuf *out)
{
	struct rbuf r;
	uint8_t type = first;

	rbuf_init(&r, chain);
	while (rbuf_left(&r) > 0) {
		uint8_t next, flags;
		uint16_t len;
		struct view body;

		assert_int_equal(rbuf_u8(&r, &next), 0);
		assert_int_equal(rbuf_u8(&r, &flags), 0);
		assert_int_equal(rbuf_u16(&r, &len), 0);
		assert_int_equal(rbuf_view(&r, len - 4, &body), 0);
		wbuf_u8(out, next);
		wbuf_u8(out, flags);
		if (type != h->payload) {
			wbuf_u16(out, len);
			wbuf_add(out, body);
		} else {
			size_t at = out->len + 2;

			wbuf_u16(out, (uint16_t)(len + h->grow));
			wbuf_bytes(out, body.ptr,
				   h->grow < 0 ? body.len - (size_t)-h->grow : body.len);
			for (int i = 0; i < h->grow; i++)
				wbuf_u8(out, 0);
			if (h->edit)
				h->edit(out->data + at, body.len);
		}
		type = next;
	}
}

static bool on_wire(void *ctx, struct lab_packet *p)
{
	struct hand *h = ctx;
	struct secret plain = {0};
	uint8_t first;
	struct wbuf b;

	if (p->hdr.exchange != h->exchange ||
	    (p->hdr.flags & IKE_FLAG_RESPONSE) != (h->response ? IKE_FLAG_RESPONSE : 0))
		return false;
	if (h->n > 0) {
		h->n--;
		return false;
	}
	wbuf_init(&b, 0);
	if (h->exchange == IKE_SA_INIT) {
		wbuf_bytes(&b, p->bytes.data, HEADER);
		rewrite(h, view_make(p->bytes.data + HEADER, p->bytes.len - HEADER), p->hdr.next,
			&b);
		wbuf_patch_u32(&b, HEADER - 4, (uint32_t)b.len);
		secret_done(&p->bytes);
		assert_int_equal(secret_copy(&p->bytes, wbuf_view(&b)), 0);
	} else {
		plain = lab_peek(p, &first);
		rewrite(h, secret_view(&plain), first, &b);
		lab_replace(p, first, wbuf_view(&b));
	}
	secret_done(&plain);
	wbuf_done(&b);
	return false;
}

static void let_private(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.accept_private_algs = moon->settings.accept_private_algs = true;
}

/* carol tries, the hand does what it does, and nothing is left. */
static struct pair attempt(struct hand *hand, const char *proposals, int err)
{
	struct pair p = pair_new(&(struct pair_params){.proposals = proposals,
						       .carol_conn = WHOLE,
						       .moon_conn = WHOLE,
						       .prepare = let_private});
	struct lab_result *r;

	p.lab->drop = on_wire;
	p.lab->drop_ctx = hand;
	r = lab_initiate(p.carol, "home", "net");
	lab_await(p.lab, r, 600000);
	lab_assert_result(r, err, NULL);
	lab_run(p.lab, 60000); /* half-open SAs go */
	lab_assert_pair(p.carol, p.moon, 0, 0);
	return p;
}

/* ---- KE payloads of another length ---- */

static const struct length {
	uint8_t exchange;
	bool response;
	unsigned n;
	int grow;
	const char *says; /* the one that receives it */
} lengths[] = {
	{IKE_SA_INIT, false, 0, -1, "KE payload for CURVE_25519 has 31 bytes, 32 expected"},
	{IKE_SA_INIT, true, 0, 1, "KE payload for CURVE_25519 has 33 bytes, 32 expected"},
	{IKE_INTERMEDIATE, false, 0, -1, "KE payload for ML_KEM_768 has 1183 bytes, 1184 expected"},
	{IKE_INTERMEDIATE, true, 0, -1088, "KE payload for ML_KEM_768 has 0 bytes, 1088 expected"},
	{IKE_INTERMEDIATE, false, 1, 1, "KE payload for ML_KEM_512 has 801 bytes, 800 expected"},
	{IKE_INTERMEDIATE, true, 1, 4, "KE payload for ML_KEM_512 has 772 bytes, 768 expected"},
};

static void test_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct length *l = &lengths[i];
		struct hand hand = {l->exchange, l->response, PAYLOAD_KE, l->grow, NULL, l->n};
		struct pair p = attempt(&hand, PROPOSAL, l->response ? E_MALFORMED : E_AUTH);

		lab_assert_logged(l->response ? p.carol : p.moon, l->says);
		if (!l->response)
			lab_assert_logged(p.carol, "received INVALID_SYNTAX");
		pair_down(&p);
	}
}

static const struct length child_lengths[] = {
	{IKE_CREATE_CHILD_SA, false, 0, 1, "KE payload for CURVE_25519 has 33 bytes, 32 expected"},
	{IKE_CREATE_CHILD_SA, true, 0, -32, "KE payload for CURVE_25519 has 0 bytes, 32 expected"},
	{IKE_FOLLOWUP_KE, false, 0, -1, "KE payload for ML_KEM_768 has 1183 bytes, 1184 expected"},
	{IKE_FOLLOWUP_KE, true, 0, -1, "KE payload for ML_KEM_768 has 1087 bytes, 1088 expected"},
	{IKE_FOLLOWUP_KE, false, 1, 1, "KE payload for ML_KEM_512 has 801 bytes, 800 expected"},
	{IKE_FOLLOWUP_KE, true, 1, 1, "KE payload for ML_KEM_512 has 769 bytes, 768 expected"},
};

/* What is up stays up, be it a new child or one's rekeying that fails. */
static void test_length_in_child(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(child_lengths) / sizeof(child_lengths[0]); i++) {
		const struct length *l = &child_lengths[i / 2];
		struct hand hand = {l->exchange, l->response, PAYLOAD_KE, l->grow, NULL, l->n};
		struct pair p = pair_up(&(struct pair_params){
			.proposals = PROPOSAL,
			.esp = ESP,
			.carol_conn = WHOLE,
			.moon_conn = WHOLE,
			.carol_children =
				"other { remote_ts = 10.1.0.0/24\nesp_proposals = " ESP "\n}\n"});
		struct lab_result *r = NULL;

		p.lab->drop = on_wire;
		p.lab->drop_ctx = &hand;
		if (i % 2)
			lab_rekey(p.carol, NULL, "net");
		else
			r = lab_initiate(p.carol, "home", "other");
		lab_run(p.lab, 1000);
		p.lab->drop = NULL;
		lab_run(p.lab, 30000); /* moon waits for the rest of the series */
		assert_true(!r || r->done);
		lab_assert_logged(l->response ? p.carol : p.moon, l->says);
		lab_assert_pair(p.carol, p.moon, 1, 1);
		pair_down(&p);
	}
}

/* ---- values that are not what was sent ---- */

static void flip(uint8_t *body, size_t len)
{
	body[len - 1] ^= 1;
}

/* A public key of ML-KEM with a coefficient that is not below q (FIPS 203 section 7.2). */
static void too_large(uint8_t *body, size_t len)
{
	(void)len;
	body[4] = 0xff; /* after method and reserved */
	body[5] = 0xff;
}

static void zero(uint8_t *body, size_t len)
{
	memset(body + 4, 0, len - 4);
}

static void test_invalid_value(void **state)
{
	static const struct {
		const char *proposal;
		struct hand hand;
		const char *says;
	} rows[] = {
		{"aes128gcm16-prfsha256-mlkem768",
		 {IKE_SA_INIT, false, PAYLOAD_KE, 0, too_large, 0},
		 "KE payload for ML_KEM_768 has no valid public key"},
		{PROPOSAL,
		 {IKE_INTERMEDIATE, false, PAYLOAD_KE, 0, too_large, 1},
		 "KE payload for ML_KEM_512 has no valid public key"},
		{"aes128gcm16-prfsha256-x25519",
		 {IKE_SA_INIT, true, PAYLOAD_KE, 0, zero, 0},
		 "KE payload for CURVE_25519 has no valid public value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hand hand = rows[i].hand;
		struct pair p =
			attempt(&hand, rows[i].proposal, hand.response ? E_MALFORMED : E_AUTH);

		lab_assert_logged(hand.response ? p.carol : p.moon, rows[i].says);
		pair_down(&p);
	}
}

/*
 * A ciphertext with a wrong bit: implicit rejection gives both sides a secret, and not the same.
 * The first message under the new keys cannot be opened; nothing is told to who sent it.
 */
static void test_ciphertext(void **state)
{
	static const struct {
		const char *proposal;
		uint8_t exchange;
		unsigned n;
	} rows[] = {
		{"aes128gcm16-prfsha256-mlkem768", IKE_SA_INIT, 0},
		{PROPOSAL, IKE_INTERMEDIATE, 0},
		{PROPOSAL, IKE_INTERMEDIATE, 1},
		{"aes128gcm16-prfsha256-x25519-ke1_kyber3", IKE_INTERMEDIATE, 0},
		{"aes128gcm16-prfsha256-x25519-ke1_bike1", IKE_INTERMEDIATE, 0},
		{"aes128gcm16-prfsha256-x25519-ke1_frodoa1", IKE_INTERMEDIATE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hand hand = {rows[i].exchange, true, PAYLOAD_KE, 0, flip, rows[i].n};
		struct pair p = attempt(&hand, rows[i].proposal, E_TIMEOUT);

		lab_assert_logged(p.moon, "with message ID . dropped: integrity check failed");
		pair_down(&p);
	}
}

/* HQC's round-3 decapsulation tells. */
static void test_ciphertext_of_hqc(void **state)
{
	struct hand hand = {IKE_INTERMEDIATE, true, PAYLOAD_KE, 0, flip, 0};
	struct pair p = attempt(&hand, "aes128gcm16-prfsha256-x25519-ke1_hqc1", E_MALFORMED);

	(void)state;
	lab_assert_logged(p.carol, "KE payload for HQC_L1 has no valid ciphertext");
	pair_down(&p);
}

/* ---- a method twice ---- */

#define ML_KEM_512 35
#define ML_KEM_768 36

/* In an SA payload: every transform that is ML-KEM-512 becomes ML-KEM-768. */
static void repeat(uint8_t *body, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i++) {
		uint8_t *t = body + i; /* last or more, 0, length; type, 0, id */

		if ((t[0] == 0 || t[0] == 3) && t[1] == 0 && t[2] == 0 && t[3] == 8 &&
		    t[4] >= TRANSFORM_ADDKE1 && t[4] <= TRANSFORM_ADDKE7 && t[5] == 0 &&
		    t[6] == 0 && t[7] == ML_KEM_512)
			t[7] = ML_KEM_768;
	}
}

/*
 * An answer may not use a method twice (RFC 9370 section 2.2.1), though each was offered there, and
 * none can be chosen from a request that leaves nothing else.
 */
static void test_repeated(void **state)
{
	static const char proposals[] = "aes128gcm16-prfsha256-x25519-ke1_mlkem768-ke1_mlkem512-"
					"ke2_mlkem768-ke2_mlkem512";
	static const char says[] = "no common proposal that uses a key exchange method only once: "
				   "proposals of '(home|rw)' and the peer's";

	(void)state;
	for (int response = 0; response <= 1; response++) {
		struct hand hand = {IKE_SA_INIT, response, PAYLOAD_SA, 0, repeat, 0};
		struct pair p = attempt(&hand, proposals, E_NOPROPOSAL);

		lab_assert_logged(response ? p.carol : p.moon, says);
		pair_down(&p);
	}
}

/* ---- links of IKE_FOLLOWUP_KE (RFC 9370 section 2.2.4) ---- */

static const struct pair_params linked = {
	.proposals = PROPOSAL,
	.esp = ESP,
	.carol_conn = WHOLE,
	.moon_conn = WHOLE "unique = never\n",
	.carol_children = "other { remote_ts = 10.1.0.0/24\nesp_proposals = " ESP "\n}\n",
};

/* The series goes on with nothing; the child that is there stays, and a second attempt succeeds. */
static void test_wrong_link(void **state)
{
	struct hand hand = {IKE_FOLLOWUP_KE, false, PAYLOAD_NOTIFY, 0, flip, 0};
	struct pair p = pair_up(&linked);

	(void)state;
	p.lab->drop = on_wire;
	p.lab->drop_ctx = &hand;
	lab_rekey(p.carol, NULL, "net");
	lab_run(p.lab, 1000);
	p.lab->drop = NULL;
	lab_assert_logged(p.moon, "IKE_FOLLOWUP_KE with an unknown link, sending STATE_NOT_FOUND");
	lab_assert_logged(p.carol, "received STATE_NOT_FOUND");
	lab_assert_not_logged(p.moon, "KE payload|rekeyed|inbound CHILD_SA");
	lab_run(p.lab, 60000);
	lab_assert_pair(p.carol, p.moon, 1, 1);
	lab_assert_logged(p.carol, "rekeyed CHILD_SA net\\{1\\}");
	pair_down(&p);
}

struct thief {
	struct secret link; /* the whole notify payload */
};

/* Keeps the request back, and its last payload. */
static bool steal(void *ctx, struct lab_packet *p)
{
	struct thief *t = ctx;
	struct secret plain;
	uint8_t first;
	size_t ke;

	if (p->hdr.exchange != IKE_FOLLOWUP_KE || t->link.len)
		return p->hdr.exchange == IKE_FOLLOWUP_KE;
	plain = lab_peek(p, &first);
	assert_int_equal(first, PAYLOAD_KE);
	ke = (size_t)(plain.data[2] << 8 | plain.data[3]);
	assert_int_equal(plain.data[0], PAYLOAD_NOTIFY);
	assert_int_equal(secret_copy(&t->link, view_make(plain.data + ke, plain.len - ke)), 0);
	secret_done(&plain);
	return true;
}

/* A link means something only in the IKE SA that it was given in. */
static void test_stolen_link(void **state)
{
	static const uint8_t key[1184] = {0};
	struct pair p = pair_up(&linked);
	struct ike_settings s = p.carol->settings;
	struct thief thief = {0};
	struct lab_result *r;
	struct wbuf b;

	(void)state;
	s.reuse_ikesa = false;
	ike_set_settings(p.carol->ike, &s);
	r = lab_initiate(p.carol, "home", "other");
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_assert_pair(p.carol, p.moon, 2, 2);

	p.lab->drop = steal;
	p.lab->drop_ctx = &thief;
	lab_rekey(p.carol, NULL, "net"); /* in the older IKE SA */
	lab_run(p.lab, 500);
	assert_int_not_equal(thief.link.len, 0);
	wbuf_init(&b, 0);
	wbuf_u8(&b, PAYLOAD_NOTIFY);
	wbuf_u8(&b, 0);
	wbuf_u16(&b, 8 + sizeof(key));
	wbuf_u16(&b, ML_KEM_768);
	wbuf_u16(&b, 0);
	wbuf_bytes(&b, key, sizeof(key));
	wbuf_add(&b, secret_view(&thief.link));
	lab_forge(p.carol, p.moon,
		  &(struct forge){.exchange = IKE_FOLLOWUP_KE,
				  .msgid = lab_next_id(p.carol),
				  .first = PAYLOAD_KE,
				  .plain = wbuf_view(&b)});
	lab_run(p.lab, 500);
	lab_assert_logged(p.moon, "IKE_FOLLOWUP_KE with an unknown link, sending STATE_NOT_FOUND");
	/* The series it was stolen from is not touched. */
	p.lab->drop = NULL;
	lab_run(p.lab, 30000);
	lab_assert_logged(p.carol, "rekeyed CHILD_SA net\\{1\\}");
	assert_int_equal(lab_count_logged(p.moon, "unknown link"), 1);
	lab_skip_id(p.carol);
	lab_assert_pair(p.carol, p.moon, 2, 2);
	wbuf_done(&b);
	secret_done(&thief.link);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_length_in_child),
		cmocka_unit_test(test_invalid_value),
		cmocka_unit_test(test_ciphertext),
		cmocka_unit_test(test_ciphertext_of_hqc),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_wrong_link),
		cmocka_unit_test(test_stolen_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
