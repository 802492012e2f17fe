/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab_forge.h"
#include "lab_pki.h"
#include "pair.h"

/*
 * Every message of IKE_SA_INIT and IKE_AUTH, cut at every length and with every byte changed.
 *
 * On the wire: an attacker's mangled datagrams come first, then the good one, and the SA is up as
 * if nothing had been. IKE_SA_INIT responses are the exception, as nothing protects them: whoever
 * is on the path can end that attempt (or make both sides derive different keys), but no more;
 * without the initiator's SPI he cannot even do that.
 *
 * Inside the encryption: a peer that has keys, but does not say the truth. There may be an SA
 * afterwards only if what authentication covers was left alone.
 */

static void no_limits(struct lab_host *carol, struct lab_host *moon)
{
	carol->settings.dos_protection = moon->settings.dos_protection = false;
}

static const struct pair_params psk = {.prepare = no_limits, .pool = "10.3.0.0/24"};
static const struct pair_params certs = {
	.certs = true, .prepare = no_limits, .pool = "10.3.0.0/24"};

/* Message i of the mutations of len bytes: how much is left of it, and which byte is changed. */
struct mutation {
	size_t len, at;
	uint8_t mask; /* 0: only cut */
};

#define VARIANTS 3

static size_t count_mutations(size_t len)
{
	return len * VARIANTS;
}

static struct mutation mutation(size_t len, size_t i)
{
	size_t at = i / VARIANTS;

	switch (i % VARIANTS) {
	case 0:
		return (struct mutation){at, 0, 0};
	case 1:
		return (struct mutation){len, at, 0xff};
	default:
		return (struct mutation){len, at, (uint8_t)(1u << (at % 8))};
	}
}

static void mutate(struct view good, size_t i, struct secret *out)
{
	struct mutation m = mutation(good.len, i);

	assert_int_equal(secret_copy(out, good), 0);
	if (m.mask)
		out->data[m.at] ^= m.mask;
	out->len = m.len;
}

/* ---- on the wire ---- */

struct held {
	uint8_t exchange;
	bool response;
	struct secret bytes;
	struct addr src, dst;
};

/* Keep the first message of a kind back. */
static bool hold(void *ctx, struct lab_packet *p)
{
	struct held *h = ctx;

	bool response = p->hdr.flags & IKE_FLAG_RESPONSE;

	if (p->hdr.exchange != h->exchange)
		return false;
	/* Replies to mangled first requests are as unprotected as those: not to be seen here. */
	if (response != h->response)
		return response && h->exchange == IKE_SA_INIT;
	if (h->bytes.len == 0)
		assert_int_equal(secret_copy(&h->bytes, secret_view(&p->bytes)), 0);
	h->src = p->src;
	h->dst = p->dst;
	return true;
}

static struct pair hold_back(const struct pair_params *params, struct held *h,
			     struct lab_result **out)
{
	struct pair p = pair_new(params);

	p.lab->drop = hold;
	p.lab->drop_ctx = h;
	*out = lab_initiate(p.carol, "home", "net");
	lab_settle(p.lab);
	assert_int_not_equal(h->bytes.len, 0);
	return p;
}

static struct lab_host *receiver(const struct pair *p, const struct held *h)
{
	return addr_equal(&h->dst, &p->moon->addr) ? p->moon : p->carol;
}

static void deliver(struct pair *p, const struct held *h, struct view bytes)
{
	lab_inject(receiver(p, h), &h->src, h->dst.port, bytes);
}

/* All mangled ones, and then the good one. */
static void mangle_then_good(const struct pair_params *params, uint8_t exchange, bool response)
{
	struct held h = {.exchange = exchange, .response = response};
	struct lab_result *r;
	struct pair p = hold_back(params, &h, &r);
	size_t n = count_mutations(h.bytes.len);

	for (size_t i = 0; i < n; i++) {
		struct secret bad;

		mutate(secret_view(&h.bytes), i, &bad);
		deliver(&p, &h, secret_view(&bad));
		bad.len = h.bytes.len;
		secret_done(&bad);
		assert_int_equal(lab_count_sas(receiver(&p, &h), IKE_S_ESTABLISHED), 0);
		lab_run(p.lab, 0);
	}
	assert_false(r->done);
	p.lab->drop = NULL;
	deliver(&p, &h, secret_view(&h.bytes));
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	lab_run(p.lab, 31000); /* half-open SAs of mangled first requests */
	lab_assert_pair(p.carol, p.moon, 1, 1);
	print_message("%zu mutations of %zu bytes\n", n, h.bytes.len);
	secret_done(&h.bytes);
	pair_down(&p);
}

static void test_init_request(void **state)
{
	(void)state;
	mangle_then_good(&psk, IKE_SA_INIT, false);
}

static void test_auth_request(void **state)
{
	(void)state;
	mangle_then_good(&psk, IKE_AUTH, false);
	mangle_then_good(&certs, IKE_AUTH, false);
}

static void test_auth_response(void **state)
{
	(void)state;
	mangle_then_good(&psk, IKE_AUTH, true);
	mangle_then_good(&certs, IKE_AUTH, true);
}

static void test_informational(void **state)
{
	(void)state;
	struct held h = {.exchange = IKE_INFORMATIONAL};
	struct pair p = pair_up(&psk);
	struct lab_result *r;

	p.lab->drop = hold;
	p.lab->drop_ctx = &h;
	r = lab_terminate(p.carol, &(struct ike_terminate_params){.ike = "home"});
	for (size_t i = 0; i < count_mutations(h.bytes.len); i++) {
		struct secret bad;

		mutate(secret_view(&h.bytes), i, &bad);
		deliver(&p, &h, secret_view(&bad));
		bad.len = h.bytes.len;
		secret_done(&bad);
	}
	assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), 1);
	p.lab->drop = NULL;
	deliver(&p, &h, secret_view(&h.bytes));
	lab_settle(p.lab);
	lab_assert_result(r, 0, NULL);
	secret_done(&h.bytes);
	pair_down(&p);
}

/* Nothing protects it: the attempt may end, or the keys differ, but there is no SA of it. */
static void test_init_response(void **state)
{
	unsigned survived = 0, ended = 0, misled = 0;
	size_t n = 1;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct held h = {.exchange = IKE_SA_INIT, .response = true};
		struct lab_result *r;
		struct pair p = hold_back(&psk, &h, &r);
		struct secret bad;
		bool up;

		n = count_mutations(h.bytes.len);
		mutate(secret_view(&h.bytes), i, &bad);
		deliver(&p, &h, secret_view(&bad));
		bad.len = h.bytes.len;
		secret_done(&bad);
		p.lab->drop = NULL;
		lab_run(p.lab, 0);
		deliver(&p, &h, secret_view(&h.bytes));
		lab_settle(p.lab);
		lab_run(p.lab, 31000); /* half-open ones go */
		up = r->done && r->err == 0;
		assert_int_equal(lab_count_sas(p.carol, IKE_S_ESTABLISHED), up);
		assert_int_equal(lab_count_sas(p.moon, IKE_S_ESTABLISHED), up);
		if (up)
			lab_assert_pair(p.carol, p.moon, 1, 1);
		survived += up;
		ended += r->done && r->err != 0;
		misled += !r->done;
		secret_done(&h.bytes);
		/* Else carol waits for what IKE_AUTH comes to, to delete it. */
		if (!r->done)
			lab_terminate(p.carol,
				      &(struct ike_terminate_params){.ike = "home", .force = true});
		pair_down(&p);
	}
	print_message("%zu mutations: %u without effect, %u ended the attempt, %u led it astray\n",
		      n, survived, ended, misled);
	/* What does not decode has no effect. */
	assert_true(survived > n / 3);
}

/* ---- inside ---- */

/* Whether authentication covers this byte of the payloads. */
static bool *covered_bytes(uint8_t first, struct view plain)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));
	bool *covered = calloc(plain.len, sizeof(*covered));

	assert_non_null(msg);
	assert_non_null(covered);
	assert_int_equal(wire_msg_decode_inner(first, plain, msg), 0);
	for (unsigned i = 0; i < msg->count; i++) {
		const struct wire_payload *p = &msg->p[i];
		size_t at = (size_t)(p->body.ptr - plain.ptr);
		bool id = p->type == PAYLOAD_IDI || p->type == PAYLOAD_IDR;
		size_t skip = p->type == PAYLOAD_AUTH ? 4 : p->type == PAYLOAD_CERT ? 1 : 0;

		/* IDr of a request is only a wish. */
		if (p->type == PAYLOAD_IDR && first == PAYLOAD_IDI)
			continue;
		if (!id && p->type != PAYLOAD_AUTH && p->type != PAYLOAD_CERT)
			continue;
		for (size_t j = skip; j < p->body.len; j++)
			covered[at + j] = true;
	}
	free(msg);
	return covered;
}

struct inside {
	const struct pair_params *params;
	bool response;
	size_t step; /* of the mutations one in so many */
};

/* One mutated message, sealed with the right keys; returns how many there are to try. */
static size_t try_inside(const struct inside *in, size_t i, unsigned *out_up)
{
	struct held h = {.exchange = IKE_AUTH, .response = in->response};
	struct lab_result *r;
	struct pair p = hold_back(in->params, &h, &r);
	struct lab_host *to = in->response ? p.carol : p.moon;
	struct lab_host *from = in->response ? p.moon : p.carol;
	uint8_t first;
	struct secret plain = lab_open(to, lab_sent(from, IKE_AUTH, in->response, 0), &first), bad;
	bool *covered = covered_bytes(first, secret_view(&plain)), up;
	size_t n = count_mutations(plain.len);
	struct mutation m;

	/* ECDSA signatures differ in length by a byte or two from one time to the next. */
	i = i < n ? i : n - 1;
	m = mutation(plain.len, i);
	mutate(secret_view(&plain), i, &bad);
	lab_forge(from, to,
		  &(struct forge){.exchange = IKE_AUTH,
				  .response = in->response,
				  .msgid = 1,
				  .first = first,
				  .plain = secret_view(&bad)});
	bad.len = plain.len;
	secret_done(&bad);
	lab_run(p.lab, 0);
	up = lab_count_sas(to, IKE_S_ESTABLISHED) == 1;
	if (up && m.mask)
		assert_false(covered[m.at]);
	*out_up += up;
	p.lab->drop = NULL;
	lab_terminate(p.carol, &(struct ike_terminate_params){.ike = "home", .force = true});
	lab_settle(p.lab);
	lab_terminate(p.moon, &(struct ike_terminate_params){.ike = "rw", .force = true});
	free(covered);
	secret_done(&plain);
	secret_done(&h.bytes);
	pair_down(&p);
	return n;
}

static void mutate_inside(const struct inside *in)
{
	unsigned up = 0;
	size_t n = 1, tried = 0;

	for (size_t i = 0; i < n; i += in->step, tried++)
		n = try_inside(in, i, &up);
	print_message("%zu mutations, %u of them in what authentication does not cover\n", tried,
		      up);
	assert_true(up < tried);
}

static void test_inside_request(void **state)
{
	(void)state;
	mutate_inside(&(struct inside){&psk, false, 1});
}

static void test_inside_response(void **state)
{
	(void)state;
	mutate_inside(&(struct inside){&psk, true, 1});
}

/* Certificates: five is coprime to the number of variants, so all kinds are tried. */
static void test_inside_request_with_certificate(void **state)
{
	(void)state;
	mutate_inside(&(struct inside){&certs, false, 5});
}

static void test_inside_response_with_certificate(void **state)
{
	(void)state;
	mutate_inside(&(struct inside){&certs, true, 5});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_request),
		cmocka_unit_test(test_init_response),
		cmocka_unit_test(test_auth_request),
		cmocka_unit_test(test_auth_response),
		cmocka_unit_test(test_informational),
		cmocka_unit_test(test_inside_request),
		cmocka_unit_test(test_inside_response),
		cmocka_unit_test(test_inside_request_with_certificate),
		cmocka_unit_test(test_inside_response_with_certificate),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	lab_pki_done();
	return failed;
}
