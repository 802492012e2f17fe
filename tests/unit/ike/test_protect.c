/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/alg.h"
#include "crypto/seal.h"
#include "ike/protect.h"
#include "wire/ike.h"

/* SK and SKF payloads: sealed, opened, gathered. */

static const uint8_t keys[64] = {7};

static struct seal *new_seal(uint16_t encr, uint16_t bits, uint16_t integ)
{
	const struct alg *e = alg_find(ALG_ENCR, encr);
	const struct alg *a = integ ? alg_find(ALG_INTEG, integ) : NULL;
	struct seal *seal;

	assert_int_equal(
		seal_new(&(struct seal_params){e, bits, a, view_make(keys, seal_key_e_len(e, bits)),
					       view_make(keys, seal_key_a_len(e, a))},
			 &seal),
		0);
	return seal;
}

static void count(void *ctx, void *out, size_t len)
{
	(*(unsigned *)ctx)++;
	memset(out, 0x5a, len);
}

struct sealed {
	struct seal *seal;
	struct protect_packets packets;
	uint64_t iv;
	unsigned randoms;
};

static int do_seal(struct sealed *s, struct view plain, size_t max)
{
	struct wire_hdr hdr = {.spi_i = 1,
			       .spi_r = 2,
			       .version = IKE_VERSION,
			       .exchange = IKE_AUTH,
			       .flags = IKE_FLAG_INITIATOR,
			       .msgid = 1};

	s->iv = s->iv ? s->iv : 1;
	return protect_seal(
		&(struct protect_seal_params){
			.seal = s->seal,
			.hdr = &hdr,
			.first = PAYLOAD_IDI,
			.plain = plain,
			.max_datagram = max,
			.iv_counter = &s->iv,
			.random = count,
			.ctx = &s->randoms,
		},
		&s->packets);
}

static void done(struct sealed *s)
{
	protect_packets_done(&s->packets);
	seal_free(s->seal);
}

static void decode(const struct secret *packet, struct wire_msg *msg)
{
	assert_int_equal(wire_msg_decode(secret_view(packet), msg), 0);
}

static struct wire_msg *new_msg(void)
{
	struct wire_msg *msg = calloc(1, sizeof(*msg));

	assert_non_null(msg);
	return msg;
}

/* ---- one datagram ---- */

static const struct {
	uint16_t encr, bits, integ;
} suites[] = {{12, 128, 12}, {12, 256, 14}, {12, 192, 2}, {13, 128, 12},
	      {20, 128, 0},  {20, 256, 0},  {28, 0, 0},	  {14, 256, 0},
	      {18, 128, 0},  {3, 0, 2},	    {12, 128, 5}, {12, 128, 8}};

/* Every length up to a few blocks, with every kind of cipher; and each byte counts. */
static void test_round_trip(void **state)
{
	struct wire_msg *msg = new_msg();
	uint8_t plain[70];
	unsigned tried = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (!alg_find(ALG_ENCR, suites[i].encr))
			continue;
		for (size_t len = 0; len <= sizeof(plain); len++) {
			struct sealed s = {
				new_seal(suites[i].encr, suites[i].bits, suites[i].integ),
				{0},
				0,
				0};
			struct secret *packet, out;

			assert_int_equal(do_seal(&s, view_make(plain, len), 0), 0);
			assert_int_equal(s.packets.count, 1);
			packet = &s.packets.items[0];
			assert_int_equal(packet->len, protect_message_len(s.seal, len));
			decode(packet, msg);
			assert_int_equal(msg->hdr.next, PAYLOAD_SK);
			assert_int_equal(msg->p[0].next, PAYLOAD_IDI);
			assert_int_equal(protect_open(s.seal, secret_view(packet), msg, &out), 0);
			assert_true(view_equal(secret_view(&out), view_make(plain, len)));
			secret_done(&out);
			packet->data[packet->len - 1] ^= 1;
			decode(packet, msg);
			assert_int_equal(protect_open(s.seal, secret_view(packet), msg, &out),
					 E_INTEGRITY);
			assert_null(out.data);
			done(&s);
			tried++;
		}
	}
	free(msg);
	assert_true(tried >= 500);
}

/* The header is authentic, too. */
static void test_every_byte(void **state)
{
	struct sealed s = {new_seal(20, 128, 0), {0}, 0, 0};
	struct wire_msg *msg = new_msg();
	struct secret out;

	(void)state;
	assert_int_equal(do_seal(&s, view_str("something to hide"), 0), 0);
	for (size_t i = 0; i < s.packets.items[0].len; i++) {
		struct view v = secret_view(&s.packets.items[0]);

		s.packets.items[0].data[i] ^= 0x10;
		if (wire_msg_decode(v, msg) == 0)
			assert_int_not_equal(protect_open(s.seal, v, msg, &out), 0);
		s.packets.items[0].data[i] ^= 0x10;
	}
	decode(&s.packets.items[0], msg);
	assert_int_equal(protect_open(s.seal, secret_view(&s.packets.items[0]), msg, &out), 0);
	secret_done(&out);
	free(msg);
	done(&s);
}

/* A counter never comes twice; what must be unpredictable is drawn each time. */
static void test_iv(void **state)
{
	struct sealed gcm = {new_seal(20, 128, 0), {0}, 0, 0};
	struct sealed cbc = {new_seal(12, 128, 12), {0}, 0, 0};
	struct secret first;

	(void)state;
	assert_int_equal(do_seal(&gcm, view_str("x"), 0), 0);
	assert_int_equal(secret_copy(&first, secret_view(&gcm.packets.items[0])), 0);
	protect_packets_done(&gcm.packets);
	assert_int_equal(do_seal(&gcm, view_str("x"), 0), 0);
	assert_int_equal(gcm.iv, 3);
	assert_int_equal(gcm.randoms, 0);
	assert_memory_not_equal(first.data + 32, gcm.packets.items[0].data + 32, 8);
	assert_int_equal(do_seal(&cbc, view_str("x"), 0), 0);
	assert_int_equal(cbc.randoms, 1);
	secret_done(&first);
	done(&gcm);
	done(&cbc);
}

static void test_too_short(void **state)
{
	struct sealed s = {new_seal(12, 128, 12), {0}, 0, 0};
	struct wire_msg *msg = new_msg();
	struct secret out;

	(void)state;
	for (size_t len = 0; len < 64; len++) {
		uint8_t body[64] = {0};

		msg->count = 1;
		msg->p[0] =
			(struct wire_payload){.type = PAYLOAD_SK, .u.data = view_make(body, len)};
		assert_int_not_equal(protect_open(s.seal, view_make(body, len), msg, &out), 0);
	}
	msg->count = 0;
	assert_int_equal(protect_open(s.seal, view_str(""), msg, &out), E_MALFORMED);
	msg->count = 1;
	msg->p[0].type = PAYLOAD_NONCE;
	assert_int_equal(protect_open(s.seal, view_str(""), msg, &out), E_MALFORMED);
	free(msg);
	done(&s);
}

/* ---- fragments ---- */

#define PLAIN_LEN 3000

static void fill(uint8_t *plain)
{
	for (size_t i = 0; i < PLAIN_LEN; i++)
		plain[i] = (uint8_t)(i * 7 + i / 256);
}

/* Give fragment i (of those sealed) to f. */
static int give(const struct sealed *s, size_t i, struct protect_frags *f, size_t max,
		struct secret *out)
{
	struct wire_msg *msg = new_msg();
	struct secret part;
	int rc;

	decode(&s->packets.items[i], msg);
	assert_int_equal(protect_open(s->seal, secret_view(&s->packets.items[i]), msg, &part), 0);
	rc = protect_frags_add(f, msg, &part, max, out);
	secret_done(&part);
	free(msg);
	return rc;
}

static void test_sizes(void **state)
{
	uint8_t plain[PLAIN_LEN];

	(void)state;
	fill(plain);
	for (size_t suite = 0; suite < 6; suite++) {
		for (size_t max = 100; max < 1500; max += 37) {
			struct sealed s = {new_seal(suites[suite].encr, suites[suite].bits,
						    suites[suite].integ),
					   {0},
					   0,
					   0};
			struct protect_frags f = {0};
			struct secret whole;

			assert_int_equal(do_seal(&s, view_make(plain, PLAIN_LEN), max), 0);
			assert_true(s.packets.count > 1);
			for (size_t i = 0; i < s.packets.count; i++) {
				assert_true(s.packets.items[i].len <= max);
				assert_int_equal(give(&s, i, &f, 10000, &whole),
						 i + 1 == s.packets.count);
			}
			assert_true(view_equal(secret_view(&whole), view_make(plain, PLAIN_LEN)));
			assert_int_equal(f.first, PAYLOAD_IDI);
			secret_done(&whole);
			protect_frags_done(&f);
			done(&s);
		}
	}
}

static struct sealed four(uint8_t *plain)
{
	struct sealed s = {new_seal(20, 128, 0), {0}, 0, 0};

	fill(plain);
	assert_int_equal(do_seal(&s, view_make(plain, PLAIN_LEN), 900), 0);
	assert_int_equal(s.packets.count, 4);
	return s;
}

static void test_any_order(void **state)
{
	uint8_t plain[PLAIN_LEN];
	struct sealed s = four(plain);

	(void)state;
	for (unsigned a = 0; a < 4; a++) {
		for (unsigned b = 0; b < 24; b++) {
			unsigned order[4] = {a, (a + 1 + b % 3) % 4, 0, 0};
			struct protect_frags f = {0};
			struct secret whole;
			unsigned n = 2;

			for (unsigned i = 0; i < 4; i++) {
				if (i != order[0] && i != order[1])
					order[n++] = i;
			}
			if (b >= 12) {
				n = order[2];
				order[2] = order[3];
				order[3] = n;
			}
			for (unsigned i = 0; i < 4; i++) {
				assert_int_equal(give(&s, order[i], &f, 10000, &whole), i == 3);
				/* The same once more is nothing new. */
				if (i < 3)
					assert_int_equal(give(&s, order[i], &f, 10000, &whole),
							 E_REPLAY);
			}
			assert_true(view_equal(secret_view(&whole), view_make(plain, PLAIN_LEN)));
			assert_int_equal(f.first, PAYLOAD_IDI);
			secret_done(&whole);
			protect_frags_done(&f);
		}
	}
	done(&s);
}

/* The sender splits smaller (it learned the path's MTU): a larger total starts over. */
static void test_other_total(void **state)
{
	uint8_t plain[PLAIN_LEN];
	struct sealed large = four(plain), small = {new_seal(20, 128, 0), {0}, 0, 0};
	struct protect_frags f = {0};
	struct secret whole;

	(void)state;
	assert_int_equal(do_seal(&small, view_make(plain, PLAIN_LEN), 400), 0);
	assert_int_equal(give(&large, 0, &f, 10000, &whole), 0);
	assert_int_equal(give(&large, 1, &f, 10000, &whole), 0);
	assert_int_equal(give(&small, 0, &f, 10000, &whole), 0);
	assert_int_equal(f.got, 1);
	/* Late ones of the old splitting do not disturb. */
	assert_int_equal(give(&large, 2, &f, 10000, &whole), E_REPLAY);
	for (size_t i = 1; i < small.packets.count; i++)
		assert_int_equal(give(&small, i, &f, 10000, &whole), i + 1 == small.packets.count);
	assert_true(view_equal(secret_view(&whole), view_make(plain, PLAIN_LEN)));
	secret_done(&whole);
	protect_frags_done(&f);
	done(&large);
	done(&small);
}

static void test_max_packet(void **state)
{
	uint8_t plain[PLAIN_LEN];
	struct sealed s = four(plain);
	struct protect_frags f = {0};
	struct secret whole;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(give(&s, i, &f, PLAIN_LEN, &whole), i == 3);
	secret_done(&whole);
	protect_frags_done(&f);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(give(&s, i, &f, PLAIN_LEN - 1, &whole), 0);
	assert_int_equal(give(&s, 3, &f, PLAIN_LEN - 1, &whole), E_LIMIT);
	assert_null(f.parts);
	assert_null(whole.data);
	done(&s);
}

static int give_made(struct protect_frags *f, uint32_t msgid, struct wire_skf skf, size_t len)
{
	static const uint8_t bytes[64] = {1};
	struct wire_msg *msg = new_msg();
	struct secret part = {0}, whole;
	int rc;

	msg->hdr.msgid = msgid;
	msg->count = 1;
	msg->p[0] = (struct wire_payload){.type = PAYLOAD_SKF, .u.frag.skf = skf};
	if (len)
		assert_int_equal(secret_copy(&part, view_make(bytes, len)), 0);
	rc = protect_frags_add(f, msg, &part, 10000, &whole);
	secret_done(&part);
	secret_done(&whole);
	free(msg);
	return rc;
}

static void test_odd_fragments(void **state)
{
	struct protect_frags f = {0};

	(void)state;
	assert_int_equal(give_made(&f, 1, (struct wire_skf){0, 2}, 4), E_MALFORMED);
	assert_int_equal(give_made(&f, 1, (struct wire_skf){3, 2}, 4), E_MALFORMED);
	assert_int_equal(give_made(&f, 1, (struct wire_skf){1, 0}, 4), E_MALFORMED);
	assert_int_equal(give_made(&f, 1, (struct wire_skf){1, 2}, 0), E_MALFORMED);
	assert_null(f.parts);
	/* One of one is a whole message. */
	assert_int_equal(give_made(&f, 1, (struct wire_skf){1, 1}, 4), 1);
	protect_frags_done(&f);
	/* More fragments than bytes in the largest message, and as many. */
	assert_int_equal(give_made(&f, 1, (struct wire_skf){65535, 65535}, 4), E_LIMIT);
	assert_null(f.parts);
	assert_int_equal(give_made(&f, 1, (struct wire_skf){10000, 10000}, 4), 0);
	/* Another message ID starts over. */
	assert_int_equal(give_made(&f, 2, (struct wire_skf){1, 2}, 4), 0);
	assert_int_equal(f.got, 1);
	assert_int_equal(f.bytes, 4);
	assert_int_equal(give_made(&f, 2, (struct wire_skf){2, 2}, 4), 1);
	protect_frags_done(&f);
}

/* A datagram that is too small for anything cannot carry a fragment. */
static void test_no_room(void **state)
{
	uint8_t plain[PLAIN_LEN];

	(void)state;
	fill(plain);
	for (size_t max = 1; max < 70; max++) {
		struct sealed s = {new_seal(12, 128, 12), {0}, 0, 0};
		int err = do_seal(&s, view_make(plain, PLAIN_LEN), max);

		assert_true(err == 0 || err == E_LIMIT);
		if (err)
			assert_null(s.packets.items);
		for (size_t i = 0; i < s.packets.count; i++)
			assert_true(s.packets.items[i].len <= max);
		done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_iv),
		cmocka_unit_test(test_too_short),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_other_total),
		cmocka_unit_test(test_max_packet),
		cmocka_unit_test(test_odd_fragments),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
