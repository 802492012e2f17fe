/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/esp_in.h"
#include "ipsec/user/esp_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "crypto/alg.h"
#include "crypto/seal.h"
#include "lab.h"

static struct lab one, other; /* sides 0 and 1 */
static struct pair_end ends[2];
static uint32_t handles[2];

static void connect_with(const struct pair_suite *suite)
{
	lab_init(&one);
	lab_init(&other);
	for (unsigned side = 0; side < 2; side++)
		pair_fill(&ends[side], suite, side, 0);
	handles[0] = lab_install(&one, &ends[0].p);
	handles[1] = lab_install(&other, &ends[1].p);
}

static void disconnect(void)
{
	lab_done(&one);
	lab_done(&other);
}

static int set_up(void **state)
{
	const struct pair_suite suite = pair_default();

	(void)state;
	connect_with(&suite);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	disconnect();
	return 0;
}

/* A sealed packet from side 0, as it arrives at side 1. */
static struct esp_packet sealed(size_t inner)
{
	uint8_t data[2000];
	struct esp_packet p, received;

	p = lab_packet(data, lab_inner(data, AF_INET, 0, inner));
	assert_int_equal(lab_out(&one, &p), 0);
	received = lab_packet(esp_data(&p), p.len);
	received.remote = ends[1].p.remote;
	free(p.buf);
	return received;
}

static struct ipsec_stats stats_of(struct lab *l, unsigned side)
{
	struct ipsec_stats s;

	assert_int_equal(sad_query(&l->sad, handles[side], &s), 0);
	return s;
}

static void check_one_size(unsigned family, size_t len)
{
	uint8_t data[2000];
	struct esp_packet p = lab_packet(data, lab_inner(data, family, 0, len)), back;

	assert_int_equal(lab_out(&one, &p), 0);
	assert_int_equal(p.len, esp_out_len(&p.out->format, len));
	assert_int_equal((p.len - ESP_HEADER - p.out->format.iv_len - p.out->format.icv_len) % 4,
			 0);
	assert_true(addr_equal_port(&p.remote, &ends[0].p.remote));
	assert_true(addr_equal(&p.local, &ends[0].p.local));
	assert_int_equal(packet_get32(esp_data(&p)), ends[1].p.spi_in);
	back = lab_packet(esp_data(&p), p.len);
	back.remote = ends[1].p.remote;
	assert_int_equal(lab_in(&other, &back), 0);
	assert_int_equal(back.len, len);
	assert_memory_equal(esp_data(&back), data, len);
	free(p.buf);
	free(back.buf);
}

static void check_suite(const struct pair_suite *suite)
{
	connect_with(suite);
	for (size_t len = 40; len < 74; len++) { /* every padding */
		check_one_size(AF_INET, len);
		check_one_size(AF_INET6, len);
	}
	check_one_size(AF_INET, 20);
	check_one_size(AF_INET, 1400);
	assert_int_equal(stats_of(&other, 1).in.packets, 70);
	disconnect();
}

/* Each cipher with each key length, and without AEAD with each integrity algorithm. */
static void test_every_suite(void **state)
{
	const struct alg *encr, *integ;
	unsigned suites = 0;

	(void)state;
	for (size_t i = 0; (encr = alg_at(i)) != NULL; i++) {
		if (encr->type != ALG_ENCR)
			continue;
		for (size_t k = 0; k == 0 || (k < 4 && encr->u.encr.key_bits[k]); k++) {
			struct pair_suite s = {.encr = encr, .window = 64};

			s.key_bits = encr->u.encr.key_attr ? encr->u.encr.key_bits[k] : 0;
			for (size_t j = 0; (integ = alg_at(j)) != NULL; j++) {
				if (encr->u.encr.aead ? j > 0 : integ->type != ALG_INTEG)
					continue;
				s.integ = encr->u.encr.aead ? NULL : integ;
				for (int esn = 0; esn < 2; esn++) {
					s.esn = esn;
					check_suite(&s);
					suites++;
				}
			}
		}
	}
	assert_true(suites > 100);
}

static void test_every_bit_counts(void **state)
{
	struct esp_packet good = sealed(60);
	const size_t len = good.len;
	uint8_t copy[200];

	(void)state;
	memcpy(copy, esp_data(&good), len);
	for (size_t bit = 0; bit < len * 8; bit++) {
		struct esp_packet bad = lab_packet(copy, len);

		bad.remote = ends[1].p.remote;
		esp_data(&bad)[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		assert_int_not_equal(lab_in(&other, &bad), 0);
		free(bad.buf);
	}
	assert_int_equal(stats_of(&other, 1).in.packets, 0);
	/* Sequence number 1 with a bit flipped is 0 once, which is not even decrypted. */
	assert_int_equal(stats_of(&other, 1).dropped_auth, (len - 4) * 8 - 1);
	/* Nothing of that moved the window. */
	assert_int_equal(lab_in(&other, &good), 0);
	free(good.buf);
}

static void test_cut_off(void **state)
{
	struct esp_packet good = sealed(60);

	(void)state;
	for (size_t len = 0; len < good.len; len++) {
		struct esp_packet bad = lab_packet(esp_data(&good), len);

		assert_int_not_equal(lab_in(&other, &bad), 0);
		free(bad.buf);
	}
	free(good.buf);
}

static void test_replay(void **state)
{
	struct esp_packet first = sealed(60), again, batch[3];

	(void)state;
	again = lab_packet(esp_data(&first), first.len);
	assert_int_equal(lab_in(&other, &first), 0);
	assert_int_equal(lab_in(&other, &again), E_REPLAY);
	free(again.buf);
	free(first.buf);
	/* Both copies are in one batch, so both are decrypted before either is accepted. */
	batch[0] = sealed(60);
	batch[1] = lab_packet(esp_data(&batch[0]), batch[0].len);
	batch[2] = sealed(60);
	esp_in_open(&other.ctx, batch, 3);
	assert_int_equal(batch[0].err, 0);
	assert_int_equal(batch[1].err, E_REPLAY);
	assert_int_equal(batch[2].err, 0);
	assert_int_equal(stats_of(&other, 1).dropped_replay, 2);
	for (int i = 0; i < 3; i++)
		free(batch[i].buf);
}

static void test_policy_out(void **state)
{
	uint8_t data[100];
	struct esp_packet p;

	(void)state;
	p = lab_packet(data, lab_inner(data, AF_INET, 1, 60)); /* the other direction */
	assert_int_equal(lab_out(&one, &p), E_NOTFOUND);
	assert_int_equal(atomic_load(&one.ctx.drops.no_policy), 1);
	free(p.buf);
}

/* A peer that sends what was not agreed on, though with the right keys (RFC 4301 section 5.2). */
static void test_policy_in(void **state)
{
	struct ts any;
	struct esp_packet p;
	uint8_t data[100];

	(void)state;
	sad_remove(&one.sad, handles[0]);
	assert_int_equal(ts_parse(&any, "0.0.0.0/0"), 0);
	ends[0].ts_local.t[0] = ends[0].ts_remote.t[0] = any;
	handles[0] = lab_install(&one, &ends[0].p);
	for (int i = 0; i < 3; i++) {
		lab_inner(data, AF_INET, 0, 60);
		if (i == 1)
			data[13] = 9; /* source */
		if (i == 2)
			data[17] = 9; /* destination */
		p = lab_packet(data, 60);
		assert_int_equal(lab_out(&one, &p), 0);
		p.remote = ends[1].p.remote;
		assert_int_equal(lab_in(&other, &p), i == 0 ? 0 : E_TS);
		free(p.buf);
	}
	assert_int_equal(stats_of(&other, 1).dropped_policy_in, 2);
	assert_int_equal(stats_of(&other, 1).in.packets, 1);
}

/* What a peer may put into ESP besides plain packets: encrypt it by hand. */
static int open_payload(struct lab *l, const uint8_t *payload, size_t len, struct esp_packet *out)
{
	const struct seal_params params = {
		.encr = ends[0].p.encr, .key_bits = 256, .key_e = ends[0].p.encr_out};
	static uint32_t seq = 1000;
	uint8_t esp[300] = {0};
	struct seal *seal;

	assert_int_equal(seal_new(&params, &seal), 0);
	packet_put32(esp, ends[0].p.spi_out);
	packet_put32(esp + 4, ++seq);
	packet_put32(esp + 12, seq);
	memcpy(esp + 16, payload, len);
	const struct seal_io io = {.aad = view_make(esp, 8),
				   .iv = esp + 8,
				   .data = esp + 16,
				   .len = len,
				   .icv = esp + 16 + len};
	assert_int_equal(seal_encrypt(seal, &io), 0);
	seal_free(seal);
	*out = lab_packet(esp, 16 + len + 16);
	out->remote = ends[1].p.remote;
	return lab_in(l, out);
}

static void test_payloads(void **state)
{
	uint8_t data[200];
	struct esp_packet p;

	(void)state;
	lab_inner(data, AF_INET, 0, 58);
	memset(data + 58, 0xaa, 100);
	/* Padding for flow confidentiality behind the packet is cut off. */
	data[126] = 0;
	data[127] = PACKET_IPV4;
	assert_int_equal(open_payload(&other, data, 128, &p), 0);
	assert_int_equal(p.len, 58);
	assert_memory_equal(esp_data(&p), data, 58);
	free(p.buf);
	/* A dummy packet disappears without being counted as anything. */
	data[127] = PACKET_DUMMY;
	assert_int_equal(open_payload(&other, data, 128, &p), E_CANCELED);
	free(p.buf);
	/* The family must be the one that the trailer tells. */
	data[127] = PACKET_IPV6;
	assert_int_equal(open_payload(&other, data, 128, &p), E_MALFORMED);
	free(p.buf);
	/* Transport mode, or whatever else: not what this SA is for. */
	data[127] = 6;
	assert_int_equal(open_payload(&other, data, 128, &p), E_TS);
	free(p.buf);
	/* Padding that is longer than the payload; the longest that fits leaves nothing. */
	data[127] = PACKET_IPV4;
	data[126] = 127;
	assert_int_equal(open_payload(&other, data, 128, &p), E_MALFORMED);
	free(p.buf);
	data[126] = 126;
	assert_int_equal(open_payload(&other, data, 128, &p), E_SHORT);
	free(p.buf);
	/* The padding reaches into the packet. */
	data[126] = 69;
	assert_int_equal(open_payload(&other, data, 128, &p), E_SHORT);
	free(p.buf);
	assert_int_equal(stats_of(&other, 1).in.packets, 1);
	assert_int_equal(stats_of(&other, 1).in.bytes, 58);
	assert_int_equal(stats_of(&other, 1).dropped_policy_in, 1);
}

static void send_number(uint64_t seq)
{
	struct esp_packet p;

	sad_find(&one.sad, handles[0])->out->seq = seq - 1;
	p = sealed(60);
	assert_int_equal(lab_in(&other, &p), 0);
	assert_int_equal(p.seq, seq);
	free(p.buf);
}

static void test_esn(void **state)
{
	struct pair_suite suites[2] = {pair_default(), pair_default()};
	uint64_t numbers[] = {1,
			      2,
			      UINT32_MAX - UINT64_C(70),
			      UINT32_MAX,
			      UINT64_C(1) << 32,
			      (UINT64_C(1) << 32) + 1,
			      UINT32_MAX - UINT64_C(3),
			      (UINT64_C(1) << 32) + 500,
			      (UINT64_C(1) << 33) - 1,
			      UINT64_C(1) << 33,
			      (UINT64_C(1) << 33) - 2};

	(void)state;
	disconnect(); /* that of set_up */
	suites[1].encr = alg_find(ALG_ENCR, 12);
	suites[1].integ = alg_find(ALG_INTEG, 12);
	for (size_t s = 0; s < 2; s++) {
		suites[s].esn = true;
		connect_with(&suites[s]);
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			send_number(numbers[i]);
		if (s == 0)
			disconnect();
	}
}

/* RFC 4303 section 3.3.3: the sequence number must not cycle. */
static void test_numbers_end(void **state)
{
	uint8_t data[100];
	struct esp_packet p;
	struct notice n;

	(void)state;
	send_number(UINT32_MAX);
	p = lab_packet(data, lab_inner(data, AF_INET, 0, 60));
	assert_int_equal(lab_out(&one, &p), E_LIMIT);
	n = lab_notice(&one);
	assert_int_equal(n.kind, NOTICE_HARD);
	assert_int_equal(n.handle, handles[0]);
	p.at = ESP_HEADROOM;
	assert_int_equal(lab_out(&one, &p), E_EXPIRED);
	assert_true(lab_quiet(&one));
	free(p.buf);
}

static void test_limits(void **state)
{
	struct esp_packet p;
	struct notice n;

	(void)state;
	sad_remove(&other.sad, handles[1]);
	ends[1].p.soft_packets = 2;
	ends[1].p.hard_bytes = 60 * 4;
	handles[1] = lab_install(&other, &ends[1].p);
	for (int i = 1; i <= 6; i++) {
		p = sealed(60);
		assert_int_equal(lab_in(&other, &p), i <= 4 ? 0 : E_EXPIRED);
		free(p.buf);
		if (i == 2 || i == 4) {
			n = lab_notice(&other);
			assert_int_equal(n.kind, i == 2 ? NOTICE_SOFT : NOTICE_HARD);
			assert_int_equal(n.handle, handles[1]);
		}
		assert_true(lab_quiet(&other));
	}
	assert_int_equal(stats_of(&other, 1).in.bytes, 240);
}

static void receive_from(const char *address, uint16_t port)
{
	struct esp_packet p = sealed(60);

	assert_int_equal(addr_parse(&p.remote, address), 0);
	p.remote.port = port;
	assert_int_equal(lab_in(&other, &p), 0);
	free(p.buf);
}

static void test_mapping(void **state)
{
	struct esp_packet late = sealed(60), forged = sealed(60);
	struct notice n;

	(void)state;
	receive_from("192.0.2.1", 4500);
	assert_true(lab_quiet(&other));
	receive_from("198.51.100.7", 1024);
	n = lab_notice(&other);
	assert_int_equal(n.kind, NOTICE_MAPPING);
	assert_int_equal(n.handle, handles[1]);
	assert_int_equal(n.remote.port, 1024);
	receive_from("198.51.100.7", 1024); /* told already */
	assert_true(lab_quiet(&other));
	receive_from("198.51.100.7", 1025); /* only the port is new */
	assert_int_equal(lab_notice(&other).remote.port, 1025);
	/* Neither a late packet from somewhere else nor one that is not authentic. */
	late.remote.port = 7;
	assert_int_equal(lab_in(&other, &late), 0);
	forged.remote.port = 8;
	esp_data(&forged)[40] ^= 1;
	packet_put32(esp_data(&forged) + 4, 100);
	assert_int_equal(lab_in(&other, &forged), E_INTEGRITY);
	assert_true(lab_quiet(&other));
	/* The engine follows; what is known now is not told again. */
	assert_int_equal(sad_update(&other.sad, handles[1], &ends[1].p.local, &n.remote), 0);
	lab_refresh(&other);
	receive_from("198.51.100.7", 1024);
	assert_true(lab_quiet(&other));
	free(late.buf);
	free(forged.buf);
}

static void test_ecn(void **state)
{
	/* RFC 6040 figure 4: inner by outer; -1 is dropped. */
	static const int expected[4][4] = {{0, 0, 0, -1}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
	uint8_t data[100];

	(void)state;
	for (unsigned family = 0; family < 2; family++)
		for (uint8_t inner = 0; inner < 4; inner++)
			for (uint8_t outer = 0; outer < 4; outer++) {
				struct packet_info info;
				struct esp_packet p;
				int err;

				lab_inner(data, family ? AF_INET6 : AF_INET, 0, 60);
				if (family)
					data[1] = (uint8_t)(inner << 4);
				else
					data[1] = (uint8_t)(0xb8 | inner);
				p = lab_packet(data, 60);
				assert_int_equal(lab_out(&one, &p), 0);
				assert_int_equal(p.tos, family ? inner : 0xb8 | inner);
				p.remote = ends[1].p.remote;
				p.tos = outer;
				err = lab_in(&other, &p);
				if (expected[inner][outer] < 0) {
					assert_int_equal(err, E_INTEGRITY);
				} else {
					assert_int_equal(err, 0);
					assert_int_equal(
						packet_parse(view_make(esp_data(&p), 60), &info),
						0);
					assert_int_equal(info.tos & 3, expected[inner][outer]);
				}
				free(p.buf);
			}
	assert_int_equal(atomic_load(&other.ctx.drops.ecn), 2);
}

/* Whatever arrives: no crash, nothing accepted (with ASan and UBSan this is a small fuzzer). */
static void test_mutations(void **state)
{
	struct esp_packet good = sealed(120);
	uint8_t copy[300];

	(void)state;
	memcpy(copy, esp_data(&good), good.len);
	for (int i = 0; i < 20000; i++) {
		const uint64_t r = lab_random(&other);
		const size_t len = r % 8 == 0 ? (r >> 8) % (good.len + 1) : good.len;
		struct esp_packet bad = lab_packet(copy, len);

		for (unsigned k = 0; k <= (r >> 20) % 4 && len > 0; k++) {
			const uint64_t m = lab_random(&other);

			esp_data(&bad)[(m >> 8) % len] ^= (uint8_t)(1 + m % 255);
		}
		if (len != good.len || memcmp(esp_data(&bad), copy, len) != 0)
			assert_int_not_equal(lab_in(&other, &bad), 0);
		free(bad.buf);
	}
	assert_int_equal(stats_of(&other, 1).in.packets, 0);
	free(good.buf);
}

/* Authentic rubbish: the inner packet is attacked by a peer with the keys. */
static void test_inner_mutations(void **state)
{
	uint8_t data[128], mutated[128];
	struct esp_packet p;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		lab_inner(data, i & 1 ? AF_INET6 : AF_INET, 0, 120);
		data[126] = 6;
		data[127] = i & 1 ? PACKET_IPV6 : PACKET_IPV4;
		memcpy(mutated, data, sizeof(data));
		for (unsigned k = 0; k < 3; k++) {
			const uint64_t m = lab_random(&other);

			mutated[(m >> 8) % (k ? 128 : 44)] = (uint8_t)m;
		}
		/* What is accepted lies within the payload and between the right hosts. */
		if (open_payload(&other, mutated, 128, &p) == 0) {
			assert_true(p.len >= 20 && p.len <= 126);
			assert_true(p.at + p.len <= ESP_HEADROOM + 16 + 128);
		}
		free(p.buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_suite),
		cmocka_unit_test_setup_teardown(test_every_bit_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_replay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_policy_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_policy_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_payloads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_esn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_numbers_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mapping, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ecn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mutations, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_inner_mutations, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
