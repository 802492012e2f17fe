/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ike/ladder.h"
#include "lab_pki.h"
#include "pair.h"

/* What the engines keep of their exchanges is what the wire saw. */

#define MANY "aes128gcm16-prfsha256-x25519-ke1_kyber3-ke2_hqc3"

/* Numbers of Kyber and HQC are private: taken from those that say who they are. */
static void name_vendor(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.send_vendor_id = moon->settings.send_vendor_id = true;
}

/* What a host tells of its one IKE SA and its first child, copied. */
struct told {
	size_t n_setup, n_rekey, n_child;
	struct ladder_rung setup[LADDER_MAX], rekey[LADDER_MAX], child[LADDER_MAX];
};

static size_t copy(const struct ladder_rung *r, struct ladder_rung *out)
{
	size_t n = 0;

	for (; r; r = r->next)
		out[n++] = *r;
	return n;
}

static bool see(void *ctx, const struct ike_sa_info *sa)
{
	struct told *t = ctx;

	if (sa->state != IKE_S_ESTABLISHED)
		return true;
	t->n_setup = copy(sa->rungs, t->setup);
	t->n_rekey = copy(sa->rekey_rungs, t->rekey);
	for (size_t i = 0; i < sa->n_children; i++) {
		if (sa->children[i].state == CHILD_S_INSTALLED)
			t->n_child = copy(sa->children[i].rungs, t->child);
	}
	return true;
}

static struct told look(struct lab_host *h)
{
	struct told t = {0};

	ike_each_sa(h->ike, h->lab->now, see, &t);
	return t;
}

/* Datagrams that `from` sent of this message; received: those alone that came. */
static unsigned on_wire(const struct lab_host *from, const struct ladder_rung *r, bool response,
			bool received)
{
	unsigned n = 0;

	for (size_t i = 0; i < from->lab->n_capture; i++) {
		const struct lab_packet *p = &from->lab->capture[i];
		bool is_response = p->hdr.flags & IKE_FLAG_RESPONSE;

		n += p->from == from && p->hdr.exchange == r->exchange &&
		     p->hdr.msgid == r->msgid && is_response == response &&
		     !(received && p->dropped);
	}
	return n;
}

/* Bytes of the whole message: of its only datagram, or as the sender told when it split it. */
static size_t message_bytes(const struct lab_host *from, const struct ladder_rung *r, bool response)
{
	size_t bytes = 0, last = 0;
	char needle[80];

	for (size_t i = 0; i < from->lab->n_capture; i++) {
		const struct lab_packet *p = &from->lab->capture[i];

		if (p->from == from && p->hdr.exchange == r->exchange && p->hdr.msgid == r->msgid &&
		    (bool)(p->hdr.flags & IKE_FLAG_RESPONSE) == response && !p->fragment)
			return p->bytes.len;
	}
	snprintf(needle, sizeof(needle), "generating %s %s %u [ EF(1/",
		 ike_exchange_name(r->exchange), response ? "response" : "request", r->msgid);
	for (size_t i = 0; i < from->n_lines; i++) {
		(void)sscanf(from->lines[i], "[ENC] splitting IKE message (%zu bytes)", &last);
		if (strstr(from->lines[i], needle))
			bytes = last;
	}
	return bytes;
}

/* All of one host's rungs against the capture. */
static void check(struct lab_host *me, struct lab_host *peer, const struct ladder_rung *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ladder_rung *r = &l[i];
		struct lab_host *asks = r->ours ? me : peer, *answers = r->ours ? peer : me;

		assert_int_equal(r->request.seen, on_wire(asks, r, false, asks == peer));
		assert_int_equal(r->response.seen, on_wire(answers, r, true, answers == peer));
		assert_int_equal(r->request.bytes, message_bytes(asks, r, false));
		assert_int_equal(r->response.bytes, message_bytes(answers, r, true));
		assert_true(r->request.packets && r->request.packets <= r->request.seen);
		assert_true(r->response.packets && r->response.packets <= r->response.seen);
		assert_int_not_equal(r->took, UINT32_MAX);
		assert_true(i == 0 || r->began >= l[i - 1].began + l[i - 1].took);
	}
}

static void expect(const struct ladder_rung *l, size_t n, const uint8_t *exchanges,
		   const uint16_t *ke)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(l[i].exchange, exchanges[i]);
		assert_int_equal(l[i].ke, ke[i]);
		assert_int_equal(l[i].notify, 0);
	}
}

static const uint8_t setup[] = {IKE_SA_INIT, IKE_INTERMEDIATE, IKE_INTERMEDIATE, IKE_AUTH};
static const uint8_t rekey[] = {IKE_CREATE_CHILD_SA, IKE_FOLLOWUP_KE, IKE_FOLLOWUP_KE};

static void test_all_rounds(void **state)
{
	struct pair p =
		pair_up(&(struct pair_params){.certs = true,
					      .proposals = MANY,
					      .esp = "aes128gcm16-x25519-ke1_kyber3-ke2_hqc3",
					      .prepare = name_vendor});
	struct lab_host *hosts[] = {p.carol, p.moon};
	uint16_t ke[4] = {0};

	(void)state;
	lab_rekey(p.carol, NULL, "net");
	lab_run(p.lab, 1000);
	lab_rekey(p.carol, "home", NULL);
	lab_run(p.lab, 1000);
	for (size_t i = 0; i < 2; i++) {
		struct told t = look(hosts[i]);

		if (i == 0) {
			for (size_t k = 0; k < 3; k++)
				ke[k] = t.setup[k].ke;
			assert_true(ke[0] && ke[1] && ke[2] && ke[0] != ke[1] && ke[1] != ke[2]);
		}
		assert_int_equal(t.n_setup, 4);
		expect(t.setup, 4, setup, ke);
		assert_string_equal(ladder_auth_name(t.setup[3].auth_request),
				    "ECDSA_WITH_SHA256_DER");
		assert_string_equal(ladder_auth_name(t.setup[3].auth_response),
				    "ECDSA_WITH_SHA256_DER");
		assert_int_equal(t.n_rekey, 3);
		expect(t.rekey, 3, rekey, ke);
		assert_int_equal(t.n_child, 3);
		expect(t.child, 3, rekey, ke);
		check(hosts[i], hosts[!i], t.setup, 4);
		check(hosts[i], hosts[!i], t.rekey, 3);
		check(hosts[i], hosts[!i], t.child, 3);
		assert_int_equal(t.setup[2].response.packets, 8); /* HQC-192 in 1280 bytes each */
		assert_int_equal(t.setup[1].took, i == 0 ? 20000 : 0); /* there and back */
	}
	pair_down(&p);
}

/* Of every second message the first packet is lost once, and of IKE_AUTH both ways. */
static bool drop_some(void *ctx, struct lab_packet *p)
{
	unsigned *seen = ctx, id = p->hdr.msgid;
	bool response = p->hdr.flags & IKE_FLAG_RESPONSE;

	if (p->fragment > 1 || id > 3 || (id < 3 && response != id % 2))
		return false;
	return seen[2 * id + response]++ == 0;
}

static void test_loss(void **state)
{
	unsigned seen[8] = {0};
	struct pair p = pair_new(
		&(struct pair_params){.certs = true, .proposals = MANY, .prepare = name_vendor});
	struct lab_result *r;
	struct told t;

	(void)state;
	p.lab->drop = drop_some;
	p.lab->drop_ctx = seen;
	r = lab_initiate(p.carol, "home", "net");
	lab_await(p.lab, r, 200000);
	lab_assert_result(r, 0, NULL);
	lab_settle(p.lab);
	t = look(p.carol);
	assert_int_equal(t.n_setup, 4);
	check(p.carol, p.moon, t.setup, 4);
	assert_int_equal(t.setup[0].request.seen, 2);
	assert_int_equal(t.setup[1].response.seen, 1); /* of two that were sent */
	assert_true(t.setup[3].took > 4000000);	       /* us: it was sent again */
	t = look(p.moon);
	check(p.moon, p.carol, t.setup, 4);
	assert_int_equal(t.setup[1].response.seen, 2);
	pair_down(&p);
}

/* A copy that comes after the answer counts, and so does the answer to it. */
static void test_twice(void **state)
{
	struct pair p = pair_new(&(struct pair_params){.proposals = MANY, .prepare = name_vendor});
	struct lab_result *r;
	struct told t;

	(void)state;
	p.lab->twice = 100;
	r = lab_initiate(p.carol, "home", "net");
	lab_await(p.lab, r, 200000);
	lab_settle(p.lab);
	t = look(p.moon);
	assert_int_equal(t.n_setup, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(t.setup[i].request.seen, 2 * t.setup[i].request.packets);
	assert_string_equal(ladder_auth_name(t.setup[3].auth_request), "pre-shared key");
	pair_down(&p);
}

/* The peer wants another method first: a rung that says so. */
static void test_again(void **state)
{
	struct pair p = pair_new(&(struct pair_params){
		.proposals = "aes128gcm16-prfsha256-x25519, aes128gcm16-prfsha256-ecp256",
		.moon_proposals = "aes128gcm16-prfsha256-ecp256"});
	struct lab_result *r;
	struct told t;

	(void)state;
	r = lab_initiate(p.carol, "home", "net");
	lab_await(p.lab, r, 200000);
	lab_assert_result(r, 0, NULL);
	t = look(p.carol);
	assert_int_equal(t.n_setup, 3);
	assert_int_equal(t.setup[0].notify, N_INVALID_KE_PAYLOAD);
	assert_int_equal(t.setup[1].notify, 0);
	assert_int_equal(t.setup[2].exchange, IKE_AUTH);
	pair_down(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_rounds),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_again),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return rc;
}
