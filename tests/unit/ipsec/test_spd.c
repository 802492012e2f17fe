/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/spd.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#define MAX 16

static struct spd_rule rules[MAX];
static size_t n_rules;

static struct ts_list list_of(const char *text)
{
	struct ts_list l = {0};
	struct ts t;

	assert_int_equal(ts_parse(&t, text), 0);
	assert_int_equal(ts_add(&l, &t), 0);
	return l;
}

/* The order of adding is the age; it comes back as the name of the rule. */
static void add(const char *local, const char *remote)
{
	const struct ts_list l = list_of(local), r = list_of(remote);
	struct spd_sels *s = spd_sels_new(&l, &r);

	assert_non_null(s);
	spd_rule_init(&rules[n_rules], &s->sels[0], &s->sels[1]);
	rules[n_rules].order = n_rules + 1;
	n_rules++;
	free(s);
}

static struct packet_key key_of(uint8_t proto, const char *src, uint16_t sport, const char *dst,
				uint16_t dport)
{
	struct packet_key k = {.proto = proto, .sport = sport, .dport = dport};
	struct addr a;

	assert_int_equal(addr_parse(&a, src), 0);
	k.family = a.family;
	k.src = packet_ip_from_bytes(a.ip, addr_len(a.family));
	assert_int_equal(addr_parse(&a, dst), 0);
	k.dst = packet_ip_from_bytes(a.ip, addr_len(a.family));
	k.has_ports = proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_ICMP;
	return k;
}

static unsigned find(const struct packet_key *k)
{
	const struct spd_rule *r = spd_find(rules, n_rules, k);

	return r ? (unsigned)r->order : 0;
}

static int reset(void **state)
{
	(void)state;
	n_rules = 0;
	return 0;
}

static void test_most_specific(void **state)
{
	struct packet_key k;

	(void)state;
	add("0.0.0.0/0", "0.0.0.0/0");		   /* 1 */
	add("10.1.0.0/16", "10.2.0.0/16");	   /* 2 */
	add("10.1.0.0/16", "10.2.3.0/24");	   /* 3 */
	add("10.1.0.0/16", "10.2.3.0/24[tcp/80]"); /* 4 */
	add("10.1.0.0/16", "10.2.3.0/24[tcp]");	   /* 5 */
	add("10.1.0.0/16", "10.2.3.4/32");	   /* 6 */
	add("::/0", "2001:db8::/32");		   /* 7 */
	add("::/0", "2001:db8:1::/48");		   /* 8 */
	add("10.1.0.0/16", "10.2.0.0/16");	   /* 9, rekeys 2 */
	add("10.1.0.0/16", "10.5.0.10-10.5.0.20"); /* 10 */
	spd_sort(rules, n_rules);
	k = key_of(IPPROTO_UDP, "10.1.1.1", 1, "10.2.3.9", 80);
	assert_int_equal(find(&k), 3);
	k = key_of(IPPROTO_TCP, "10.1.1.1", 1, "10.2.3.9", 80);
	assert_int_equal(find(&k), 4);
	k = key_of(IPPROTO_TCP, "10.1.1.1", 80, "10.2.3.9", 81);
	assert_int_equal(find(&k), 5);
	k = key_of(IPPROTO_TCP, "10.1.1.1", 1, "10.2.3.4", 80);
	assert_int_equal(find(&k), 6);
	k = key_of(IPPROTO_UDP, "10.1.1.1", 1, "10.2.4.1", 80);
	assert_int_equal(find(&k), 9);
	k = key_of(IPPROTO_UDP, "10.9.1.1", 1, "10.2.4.1", 80);
	assert_int_equal(find(&k), 1);
	k = key_of(IPPROTO_UDP, "2001:db8::1", 1, "2001:db8:1::1", 80);
	assert_int_equal(find(&k), 8);
	k = key_of(IPPROTO_UDP, "2001:db8::1", 1, "2001:db8:2::1", 80);
	assert_int_equal(find(&k), 7);
	k = key_of(IPPROTO_UDP, "2001:db8::1", 1, "2001:db9::1", 80);
	assert_int_equal(find(&k), 0);
	for (unsigned i = 9; i <= 21; i++) {
		char text[16];

		snprintf(text, sizeof(text), "10.5.0.%u", i);
		k = key_of(IPPROTO_UDP, "10.1.1.1", 1, text, 80);
		assert_int_equal(find(&k), i >= 10 && i <= 20 ? 10 : 1);
	}
}

static void test_ports(void **state)
{
	struct packet_key k;

	(void)state;
	add("10.1.0.0/16[udp/1000-2000]", "10.2.0.0/16[udp/53]");
	k = key_of(IPPROTO_UDP, "10.1.0.1", 1000, "10.2.0.1", 53);
	assert_int_equal(find(&k), 1);
	k.sport = 2000;
	assert_int_equal(find(&k), 1);
	k.sport = 2001;
	assert_int_equal(find(&k), 0);
	k.sport = 999;
	assert_int_equal(find(&k), 0);
	k.sport = 1000;
	k.dport = 54;
	assert_int_equal(find(&k), 0);
	k.dport = 53;
	k.proto = IPPROTO_TCP;
	assert_int_equal(find(&k), 0);
	k.proto = IPPROTO_UDP;
	k.has_ports = false; /* a fragment */
	assert_int_equal(find(&k), 0);
}

/* RFC 4301 section 7: fragments go where no ports are asked for, or where OPAQUE is. */
static void test_fragments(void **state)
{
	struct packet_key k = key_of(IPPROTO_UDP, "10.1.0.1", 0, "10.2.0.1", 0);

	(void)state;
	add("10.1.0.0/16", "10.2.0.0/16[udp/53]");
	add("10.1.0.0/16", "10.2.0.0/16[udp/opaque]");
	spd_sort(rules, n_rules);
	k.dport = 53;
	assert_int_equal(find(&k), 1);
	k.has_ports = false;
	assert_int_equal(find(&k), 2);
	n_rules = 0;
	add("10.1.0.0/16", "10.2.0.0/16[udp/53]");
	add("10.1.0.0/16", "10.2.0.0/16[udp]");
	spd_sort(rules, n_rules);
	assert_int_equal(find(&k), 2);
}

static void test_icmp(void **state)
{
	struct ts echo = list_of("10.2.0.0/16[icmp]").t[0];
	struct packet_key k = key_of(IPPROTO_ICMP, "10.1.0.1", 0x0800, "10.2.0.1", 0x0800);
	const struct ts_list local = list_of("10.1.0.0/16"), *remote;
	struct ts_list one = {0};
	struct spd_sels *s;

	(void)state;
	echo.port_first = 0x0800; /* type 8, any code */
	echo.port_last = 0x08ff;
	assert_int_equal(ts_add(&one, &echo), 0);
	remote = &one;
	s = spd_sels_new(&local, remote);
	assert_non_null(s);
	spd_rule_init(&rules[n_rules], &s->sels[0], &s->sels[1]);
	rules[n_rules++].order = 1;
	assert_int_equal(find(&k), 1);
	k.sport = k.dport = 0x0300;
	assert_int_equal(find(&k), 0);
	free(s);
}

static void test_inbound(void **state)
{
	struct ts_list local = list_of("10.1.0.0/16"), remote = list_of("10.2.0.0/16[tcp]");
	struct ts other;
	struct spd_sels *s;
	struct packet_key k;

	(void)state;
	assert_int_equal(ts_parse(&other, "10.3.0.0/16[udp/53]"), 0);
	assert_int_equal(ts_add(&remote, &other), 0);
	s = spd_sels_new(&local, &remote);
	assert_non_null(s);
	k = key_of(IPPROTO_TCP, "10.2.0.1", 1, "10.1.0.1", 2);
	assert_true(spd_allows_in(s, &k));
	k.proto = IPPROTO_UDP;
	assert_false(spd_allows_in(s, &k));
	k = key_of(IPPROTO_UDP, "10.3.0.1", 53, "10.1.0.1", 2);
	assert_true(spd_allows_in(s, &k));
	k.sport = 54;
	assert_false(spd_allows_in(s, &k));
	k = key_of(IPPROTO_TCP, "10.2.0.1", 1, "10.4.0.1", 2);
	assert_false(spd_allows_in(s, &k));
	k = key_of(IPPROTO_TCP, "10.1.0.1", 1, "10.2.0.1", 2); /* the wrong way round */
	assert_false(spd_allows_in(s, &k));
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_most_specific, reset),
		cmocka_unit_test_setup(test_ports, reset),
		cmocka_unit_test_setup(test_fragments, reset),
		cmocka_unit_test_setup(test_icmp, reset),
		cmocka_unit_test_setup(test_inbound, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
