/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/packet.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "ipsec/user/icmp.h"
#include "lab.h"

/* Parse exactly len bytes in memory of their own, so that ASan sees any byte too many. */
static int parse(const uint8_t *data, size_t len, struct packet_info *out)
{
	uint8_t *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, data, len);
	err = packet_parse(view_make(copy, len), out);
	free(copy);
	return err;
}

static void test_ipv4(void **state)
{
	uint8_t d[64];
	struct packet_info p;

	(void)state;
	lab_inner(d, AF_INET, 0, 60);
	d[1] = 0x2e;
	packet_put16(d + 20, 1234);
	packet_put16(d + 22, 53);
	assert_int_equal(parse(d, 60, &p), 0);
	assert_int_equal(p.key.family, AF_INET);
	assert_int_equal(p.key.proto, IPPROTO_UDP);
	assert_true(p.key.has_ports);
	assert_int_equal(p.key.sport, 1234);
	assert_int_equal(p.key.dport, 53);
	assert_int_equal(p.key.src.lo, 0x0a010001);
	assert_int_equal(p.key.dst.lo, 0x0a020001);
	assert_int_equal(p.len, 60);
	assert_int_equal(p.tos, 0x2e);
	assert_false(p.df);
	packet_put16(d + 6, 0x4000);
	assert_int_equal(parse(d, 60, &p), 0);
	assert_true(p.df);
	packet_put16(d + 6, 0x2000); /* first fragment: has ports */
	assert_int_equal(parse(d, 60, &p), 0);
	assert_true(p.key.has_ports);
	packet_put16(d + 6, 0x2001);
	assert_int_equal(parse(d, 60, &p), 0);
	assert_false(p.key.has_ports);
	packet_put16(d + 6, 0);
	d[9] = IPPROTO_ICMP;
	d[20] = 8;
	d[21] = 0;
	assert_int_equal(parse(d, 60, &p), 0);
	assert_int_equal(p.key.sport, 0x0800);
	assert_int_equal(p.key.dport, 0x0800);
	d[9] = IPPROTO_GRE;
	assert_int_equal(parse(d, 60, &p), 0);
	assert_false(p.key.has_ports);
	/* Options move the ports; bytes behind the packet do not belong to it. */
	d[9] = IPPROTO_TCP;
	d[0] = 0x47;
	packet_put16(d + 28, 99);
	packet_put16(d + 2, 40);
	assert_int_equal(parse(d, 60, &p), 0);
	assert_int_equal(p.key.sport, 99);
	assert_int_equal(p.len, 40);
}

static void test_ipv4_bad(void **state)
{
	uint8_t d[64];
	struct packet_info p;

	(void)state;
	lab_inner(d, AF_INET, 0, 60);
	for (size_t len = 0; len < 60; len++)
		assert_int_equal(parse(d, len, &p), E_SHORT);
	d[0] = 0x44;
	assert_int_equal(parse(d, 60, &p), E_MALFORMED);
	d[0] = 0x4f; /* exactly all header */
	assert_int_equal(parse(d, 60, &p), 0);
	assert_false(p.key.has_ports);
	packet_put16(d + 2, 59);
	assert_int_equal(parse(d, 60, &p), E_MALFORMED);
	for (int version = 0; version < 16; version++) {
		d[0] = (uint8_t)(version << 4 | 5);
		if (version != 4 && version != 6)
			assert_int_equal(parse(d, 60, &p), E_MALFORMED);
	}
	lab_inner(d, AF_INET, 0, 60);
	for (uint16_t total = 20; total < 24; total++) { /* ports that are cut off are none */
		packet_put16(d + 2, total);
		assert_int_equal(parse(d, total, &p), 0);
		assert_false(p.key.has_ports);
	}
}

/* Hop-by-hop, routing, destination options, AH and a first fragment in front of UDP. */
static const uint8_t chain[] = {
	43, 0,	1, 4,  0, 0, 0, 0,			   /* hop-by-hop */
	60, 1,	0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* routing, 16 bytes */
	51, 0,	1, 4,  0, 0, 0, 0,			   /* destination options */
	44, 2,	0, 0,  0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, /* AH, 4 * (2 + 2) bytes */
	17, 0,	0, 1,  0, 0, 0, 5,			   /* fragment at offset 0 */
	0,  80, 0, 81, 0, 8, 0, 0,			   /* UDP */
};

static size_t with_chain(uint8_t *d)
{
	lab_inner(d, AF_INET6, 0, 40 + sizeof(chain));
	memcpy(d + 40, chain, sizeof(chain));
	d[6] = 0;
	return 40 + sizeof(chain);
}

static void test_ipv6(void **state)
{
	uint8_t d[200];
	size_t len = with_chain(d);
	struct packet_info p;

	(void)state;
	d[0] = 0x6a;
	d[1] = 0xb0;
	assert_int_equal(parse(d, len, &p), 0);
	assert_int_equal(p.tos, 0xab);
	assert_true(p.df);
	assert_int_equal(p.key.proto, IPPROTO_UDP);
	assert_int_equal(p.key.sport, 80);
	assert_int_equal(p.key.dport, 81);
	assert_int_equal(p.key.src.hi, UINT64_C(0xfd01000000000000));
	assert_int_equal(p.key.src.lo, 1);
	assert_int_equal(p.key.dst.hi, UINT64_C(0xfd02000000000000));
	d[len - 8 - 8 + 3] = 9; /* a later fragment */
	assert_int_equal(parse(d, len, &p), 0);
	assert_int_equal(p.key.proto, IPPROTO_UDP);
	assert_false(p.key.has_ports);
	/* Mobility: the type takes the place of ports. */
	lab_inner(d, AF_INET6, 0, 56);
	d[6] = 135;
	d[42] = 5;
	assert_int_equal(parse(d, 56, &p), 0);
	assert_int_equal(p.key.sport, 0x0500);
	d[6] = 59; /* no next header */
	assert_int_equal(parse(d, 56, &p), 0);
	assert_int_equal(p.key.proto, 59);
	assert_false(p.key.has_ports);
}

/* Cut off everywhere, by the buffer and by the header's length. */
static void test_ipv6_bad(void **state)
{
	uint8_t d[200];
	const size_t len = with_chain(d);
	struct packet_info p;

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(parse(d, n, &p), E_SHORT);
	for (size_t n = 40; n < len; n++) {
		packet_put16(d + 4, (uint16_t)(n - 40));
		if (n < len - 8) {
			assert_int_equal(parse(d, n, &p), E_SHORT);
		} else {
			assert_int_equal(parse(d, n, &p), 0);
			assert_int_equal(p.key.has_ports, n >= len - 4);
		}
	}
}

static void test_mutations(void **state)
{
	static struct lab l = {.rng = 1};
	uint8_t d[200];

	(void)state;
	for (int i = 0; i < 30000; i++) {
		struct packet_info p;
		size_t len = i & 1 ? with_chain(d) : lab_inner(d, AF_INET, 0, 60);

		for (int k = 0; k < 3; k++) {
			const uint64_t r = lab_random(&l);

			d[(r >> 8) % len] = (uint8_t)r;
		}
		len = lab_random(&l) % (len + 1);
		if (parse(d, len, &p) == 0)
			assert_true(p.len <= len);
	}
}

static void test_sums(void **state)
{
	/* RFC 1071 section 3 */
	static const uint8_t d[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	static const uint8_t odd[] = {0x01};

	(void)state;
	assert_int_equal(packet_sum_fold(packet_sum(0, view_make(d, 8))), (uint16_t)~0xddf2);
	assert_int_equal(packet_sum_fold(packet_sum(0, view_make(odd, 1))), (uint16_t)~0x0100);
}

static uint16_t sum16(const uint8_t *d, size_t len, uint32_t start)
{
	return packet_sum_fold(packet_sum(start, view_make(d, len)));
}

static void test_too_big_v4(void **state)
{
	uint8_t d[1500], out[ICMP_MAX];
	struct packet_info p;
	size_t len;

	(void)state;
	lab_inner(d, AF_INET, 0, 1400);
	len = icmp_too_big(view_make(d, 1400), 1372, out);
	assert_int_equal(len, 576);
	assert_int_equal(parse(out, len, &p), 0);
	assert_int_equal(p.len, len);
	assert_int_equal(p.key.proto, IPPROTO_ICMP);
	assert_int_equal(p.key.src.lo, 0x0a020001); /* back to the sender */
	assert_int_equal(p.key.dst.lo, 0x0a010001);
	assert_int_equal(p.key.sport, 3 << 8 | 4);
	assert_int_equal(packet_get32(out + 24), 1372);
	assert_memory_equal(out + 28, d, 548);
	assert_int_equal(sum16(out, 20, 0), 0); /* over everything a right sum is 0 */
	assert_int_equal(sum16(out + 20, len - 20, 0), 0);
	/* Shorter than what would be quoted. */
	lab_inner(d, AF_INET, 0, 61);
	len = icmp_too_big(view_make(d, 61), 50, out);
	assert_int_equal(len, 28 + 61);
	assert_int_equal(sum16(out + 20, len - 20, 0), 0);
}

static void test_too_big_v6(void **state)
{
	uint8_t d[1500], out[ICMP_MAX];
	struct packet_info p;
	size_t len;
	uint32_t pseudo;

	(void)state;
	lab_inner(d, AF_INET6, 0, 1400);
	len = icmp_too_big(view_make(d, 1400), 1332, out);
	assert_int_equal(len, 1280);
	assert_int_equal(parse(out, len, &p), 0);
	assert_int_equal(p.len, len);
	assert_int_equal(p.key.src.hi, UINT64_C(0xfd02000000000000));
	assert_int_equal(p.key.dst.hi, UINT64_C(0xfd01000000000000));
	assert_int_equal(p.key.sport, 2 << 8);
	assert_int_equal(packet_get32(out + 44), 1332);
	assert_memory_equal(out + 48, d, 1280 - 48);
	pseudo = packet_sum((uint32_t)(len - 40) + IPPROTO_ICMPV6, view_make(out + 8, 32));
	assert_int_equal(sum16(out + 40, len - 40, pseudo), 0);
}

/* Errors about errors, and about packets to many, would multiply. */
static void test_too_big_silent(void **state)
{
	uint8_t d[1500], out[ICMP_MAX];

	(void)state;
	lab_inner(d, AF_INET, 0, 1400);
	d[9] = IPPROTO_ICMP;
	for (int type = 0; type < 256; type++) {
		const bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;

		d[20] = (uint8_t)type;
		if (error)
			assert_int_equal(icmp_too_big(view_make(d, 1400), 1300, out), 0);
	}
	d[20] = 8;
	assert_int_not_equal(icmp_too_big(view_make(d, 1400), 1300, out), 0);
	d[16] = 224;
	assert_int_equal(icmp_too_big(view_make(d, 1400), 1300, out), 0);
	lab_inner(d, AF_INET6, 0, 1400);
	d[6] = IPPROTO_ICMPV6;
	d[40] = 1;
	assert_int_equal(icmp_too_big(view_make(d, 1400), 1300, out), 0);
	d[40] = 128;
	assert_int_not_equal(icmp_too_big(view_make(d, 1400), 1300, out), 0);
	d[24] = 0xff;
	assert_int_equal(icmp_too_big(view_make(d, 1400), 1300, out), 0);
	lab_inner(d, AF_INET6, 0, 1400);
	memset(d + 8, 0, 16);
	assert_int_equal(icmp_too_big(view_make(d, 1400), 1300, out), 0);
}

static void test_limit(void **state)
{
	struct icmp_limit l = {0};
	unsigned sent = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		sent += icmp_allowed(&l, 5000);
	assert_int_equal(sent, 100);
	assert_false(icmp_allowed(&l, 5999));
	assert_true(icmp_allowed(&l, 6000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),	       cmocka_unit_test(test_ipv4_bad),
		cmocka_unit_test(test_ipv6),	       cmocka_unit_test(test_ipv6_bad),
		cmocka_unit_test(test_mutations),      cmocka_unit_test(test_sums),
		cmocka_unit_test(test_too_big_v4),     cmocka_unit_test(test_too_big_v6),
		cmocka_unit_test(test_too_big_silent), cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
