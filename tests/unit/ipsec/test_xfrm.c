/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel would be told by the xfrm backend, decoded again. No kernel is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>

#include "crypto/alg.h"
#include "ipsec/nlsock.h"
#include "ipsec/xfrm/kevent.h"
#include "ipsec/xfrm/kpolicy.h"
#include "ipsec/xfrm/kselector.h"
#include "ipsec/xfrm/ksa.h"
#include "ipsec/xfrm/kstat.h"

static _Alignas(8) uint8_t buffer[NLSOCK_REQUEST_MAX];
static const uint8_t key[64] = {1, 2, 3};

static struct addr addr_of(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	a.port = port;
	return a;
}

static struct ts ts_of(const char *text)
{
	struct ts t;

	assert_int_equal(ts_parse(&t, text), 0);
	return t;
}

static const void *attr_of(const void *message, size_t head, uint16_t type, size_t least)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, (const struct nlmsghdr *)message, head) {
		if (mnl_attr_get_type(a) == type) {
			assert_true(mnl_attr_get_payload_len(a) >= least);
			return mnl_attr_get_payload(a);
		}
	}
	return NULL;
}

static const void *sa_attr(uint16_t type, size_t least)
{
	return attr_of(buffer, sizeof(struct xfrm_usersa_info), type, least);
}

static struct ipsec_sa_params params_of(const char *encr, const char *integ)
{
	const struct alg_keyword *e = alg_keyword_find(encr);
	const struct alg_keyword *i = integ ? alg_keyword_find(integ) : NULL;

	return (struct ipsec_sa_params){
		.reqid = 7,
		.spi_in = 0xc1234567,
		.spi_out = 0xc7654321,
		.local = addr_of("192.0.2.1", 4500),
		.remote = addr_of("192.0.2.2", 40001),
		.encr = alg_find(ALG_ENCR, e->id),
		.integ = i ? alg_find(ALG_INTEG, i->id) : NULL,
		.encr_in = view_make(key, 36),
		.encr_out = view_make(key, 36),
		.integ_in = view_make(key, 32),
		.integ_out = view_make(key, 32),
		.replay_window = 32,
	};
}

static void put(const struct ipsec_sa_params *p, bool inbound)
{
	const struct kstate_new s = {.params = p, .id = ksa_id(p, inbound), .inbound = inbound};
	const char *missing = NULL;

	assert_int_equal(kstate_put_new(buffer, &s, &missing), 0);
}

static void test_state(void **state)
{
	struct ipsec_sa_params p = params_of("aes256gcm16", NULL);
	const struct xfrm_usersa_info *sa = mnl_nlmsg_get_payload((struct nlmsghdr *)buffer);
	const struct xfrm_algo_aead *aead;
	const struct xfrm_encap_tmpl *encap;

	(void)state;
	p.encap = true;
	p.hard_packets = 5;
	put(&p, true);
	assert_int_equal(ntohl(sa->id.spi), 0xc1234567);
	assert_memory_equal(&sa->id.daddr, p.local.ip, 4);
	assert_int_equal(sa->mode, XFRM_MODE_TUNNEL);
	assert_int_equal(sa->replay_window, 32);
	assert_true(sa->lft.hard_packet_limit == 5 && sa->lft.soft_packet_limit == XFRM_INF);
	aead = sa_attr(XFRMA_ALG_AEAD, sizeof(*aead) + 36);
	assert_string_equal(aead->alg_name, "rfc4106(gcm(aes))");
	assert_int_equal(aead->alg_key_len, 288);
	assert_int_equal(aead->alg_icv_len, 128);
	encap = sa_attr(XFRMA_ENCAP, sizeof(*encap));
	assert_int_equal(ntohs(encap->encap_sport), 40001);
	assert_int_equal(ntohs(encap->encap_dport), 4500);
	assert_null(sa_attr(XFRMA_REPLAY_ESN_VAL, 0));
}

static void test_integrity_and_windows(void **state)
{
	struct ipsec_sa_params p = params_of("aes256", "sha256");
	const struct xfrm_algo_auth *auth;
	const struct xfrm_replay_state_esn *esn;

	(void)state;
	put(&p, true);
	auth = sa_attr(XFRMA_ALG_AUTH_TRUNC, sizeof(*auth) + 32);
	assert_string_equal(auth->alg_name, "hmac(sha256)");
	assert_int_equal(auth->alg_trunc_len, 128);
	p.flags = IPSEC_SHA256_96;
	put(&p, true);
	auth = sa_attr(XFRMA_ALG_AUTH_TRUNC, sizeof(*auth) + 32);
	assert_int_equal(auth->alg_trunc_len, 96);
	p.replay_window = 1000;
	put(&p, true);
	esn = sa_attr(XFRMA_REPLAY_ESN_VAL, sizeof(*esn) + 128);
	assert_int_equal(esn->replay_window, 1000);
	assert_int_equal(esn->bmp_len, 32);
	/* Extended numbers need a window even where there is to be none. */
	p.esn = true;
	p.replay_window = 0;
	put(&p, true);
	esn = sa_attr(XFRMA_REPLAY_ESN_VAL, sizeof(*esn));
	assert_int_equal(esn->replay_window, 4096);
}

static void test_moved(void **state)
{
	struct ipsec_sa_params p = params_of("aes256gcm16", NULL);
	_Alignas(8) uint8_t answer[NLSOCK_REQUEST_MAX];
	struct xfrm_usersa_info *sa = mnl_nlmsg_get_payload((struct nlmsghdr *)answer);
	const struct xfrm_replay_state_esn *esn;
	struct xfrm_lifetime_cur used;
	struct kstate_id to;

	(void)state;
	p.esn = true;
	put(&p, false);
	memcpy(answer, buffer, sizeof(answer));
	sa->curlft.packets = 77;
	to = ksa_id(&p, false);
	to.dst = addr_of("192.0.2.9", 0);
	assert_int_equal(kstate_put_moved(buffer, (struct nlmsghdr *)answer, &to, false), 0);
	sa = mnl_nlmsg_get_payload((struct nlmsghdr *)buffer);
	assert_memory_equal(&sa->id.daddr, to.dst.ip, 4);
	memcpy(&used, sa_attr(XFRMA_LTIME_VAL, sizeof(used)), sizeof(used));
	assert_int_equal(used.packets, 77);
	/* No sequence number is sent twice. */
	esn = sa_attr(XFRMA_REPLAY_ESN_VAL, sizeof(*esn));
	assert_int_equal(esn->oseq, 4096);
	assert_non_null(sa_attr(XFRMA_ALG_AEAD, 0));
}

/* Moves an outbound SA whose counter, as the kernel tells it, has `len` octets and is at `oseq`. */
static int move_replay(uint16_t type, size_t len, uint32_t oseq)
{
	const struct xfrm_usersa_info none = {.family = AF_INET};
	const struct ipsec_sa_params p = params_of("aes256gcm16", NULL);
	const struct kstate_id to = ksa_id(&p, false);
	_Alignas(8) uint8_t answer[NLSOCK_REQUEST_MAX];
	uint8_t value[1024] = {0};
	struct nlmsghdr *h = nlsock_begin(answer, XFRM_MSG_NEWSA, 0);

	memcpy(value, &oseq, sizeof(oseq)); /* the first field of struct xfrm_replay_state */
	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(none)), &none, sizeof(none));
	mnl_attr_put(h, type, len, value);
	return kstate_put_moved(buffer, h, &to, false);
}

/* Never without a counter: the numbers would begin anew under the same key. */
static void test_moved_counters(void **state)
{
	const size_t plain = sizeof(struct xfrm_replay_state);
	const struct xfrm_replay_state *replay;

	(void)state;
	assert_int_equal(move_replay(XFRMA_REPLAY_VAL, plain, 5), 0);
	replay = sa_attr(XFRMA_REPLAY_VAL, plain);
	assert_int_equal(replay->oseq, 4101);
	assert_int_equal(move_replay(XFRMA_REPLAY_VAL, plain, UINT32_MAX - 9), 0);
	replay = sa_attr(XFRMA_REPLAY_VAL, plain);
	assert_int_equal(replay->oseq, UINT32_MAX);
	assert_int_equal(move_replay(XFRMA_REPLAY_VAL, plain - 4, 5), E_MALFORMED);
	assert_int_equal(move_replay(XFRMA_REPLAY_ESN_VAL, plain, 5), E_MALFORMED);
	assert_int_equal(move_replay(XFRMA_REPLAY_ESN_VAL, 900, 5), E_MALFORMED);
}

struct seen {
	unsigned count;
	struct xfrm_selector last;
};

static int see(void *ctx, const struct xfrm_selector *s)
{
	struct seen *seen = ctx;

	seen->count++;
	seen->last = *s;
	return 0;
}

static unsigned count(const char *src, const char *dst, struct seen *out)
{
	const struct ts a = ts_of(src), b = ts_of(dst);

	*out = (struct seen){0};
	assert_int_equal(kselector_each(&a, &b, 0, see, out), 0);
	return out->count;
}

static void test_selectors(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(count("10.0.0.0/8", "10.1.0.0/16", &s), 1);
	assert_true(s.last.prefixlen_s == 8 && s.last.prefixlen_d == 16 && !s.last.dport_mask);
	assert_int_equal(count("10.0.0.0/8", "10.1.0.1-10.1.0.6", &s), 4);
	assert_int_equal(count("10.0.0.0/8[tcp]", "10.1.0.0/16[tcp/1000-1007]", &s), 1);
	assert_int_equal(ntohs(s.last.dport), 1000);
	assert_int_equal(ntohs(s.last.dport_mask), 0xfff8);
	assert_int_equal(count("10.0.0.0/8[icmp/8]", "10.1.0.0/16[icmp]", &s), 1);
	assert_true(ntohs(s.last.sport) == 8 && ntohs(s.last.sport_mask) == 0xffff);
	assert_true(s.last.dport == 0 && ntohs(s.last.dport_mask) == 0xffff);
	assert_int_equal(count("10.0.0.0/8", "2001:db8::/32", &s), 0);
}

static uint32_t priority(enum kpolicy_class class, const char *src, const char *dst, bool trap)
{
	struct seen s;

	assert_int_equal(count(src, dst, &s), 1);
	return kpolicy_priority(class, &s.last, trap);
}

static void test_priorities(void **state)
{
	const uint32_t wide = priority(KPOLICY_PROTECT, "0.0.0.0/0", "0.0.0.0/0", false);
	const uint32_t narrow = priority(KPOLICY_PROTECT, "0.0.0.0/0", "10.0.0.0/8", false);
	const uint32_t port = priority(KPOLICY_PROTECT, "0.0.0.0/0", "10.0.0.0/8[tcp/80]", false);

	(void)state;
	assert_true(port < narrow && narrow < wide);
	assert_true(narrow < priority(KPOLICY_PROTECT, "0.0.0.0/0", "10.0.0.0/8", true));
	assert_true(priority(KPOLICY_PASS, "::/0", "::/0", false) <
		    priority(KPOLICY_PROTECT, "::1", "::1[tcp/1]", false));
	assert_true(priority(KPOLICY_DROP, "::1", "::1[tcp/1]", false) >
		    priority(KPOLICY_PROTECT, "::/0", "::/0", true));
}

static void test_ours(void **state)
{
	struct kpolicy p = {.key.dir = XFRM_POLICY_OUT, .class = KPOLICY_PROTECT};
	struct kpolicy_key found;
	struct nlmsghdr *h;

	(void)state;
	p.key.selector.family = AF_INET;
	p.key.if_id = 9;
	p.index = KPOLICY_OURS | 5 << 3 | XFRM_POLICY_OUT;
	h = kpolicy_put_set(buffer, &p, true);
	assert_true(kpolicy_read_ours(h, &found));
	assert_int_equal(found.if_id, 9);
	assert_int_equal(found.dir, XFRM_POLICY_OUT);
	p.index = 5 << 3 | XFRM_POLICY_OUT; /* as the kernel numbers them */
	h = kpolicy_put_set(buffer, &p, true);
	assert_false(kpolicy_read_ours(h, &found));
}

static void test_events(void **state)
{
	struct nlmsghdr *h = nlsock_begin(buffer, XFRM_MSG_MAPPING, 0);
	struct xfrm_user_mapping *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	const struct addr fresh = addr_of("192.0.2.7", 0);
	struct kevent e;

	(void)state;
	m->id.spi = htonl(0xc0000001);
	m->id.family = AF_INET;
	m->id.proto = IPPROTO_ESP;
	memcpy(&m->new_saddr, fresh.ip, 4);
	m->new_sport = htons(40002);
	assert_true(kevent_read(h, &e));
	assert_int_equal(e.kind, KEVENT_MAPPING);
	assert_int_equal(e.spi, 0xc0000001);
	assert_true(addr_equal(&e.remote, &fresh));
	assert_int_equal(e.remote.port, 40002);
	h->nlmsg_len -= 8; /* cut short */
	assert_false(kevent_read(h, &e));
}

static void test_acquire(void **state)
{
	struct xfrm_user_tmpl t = {.reqid = 9};
	struct nlmsghdr *h = nlsock_begin(buffer, XFRM_MSG_ACQUIRE, 0);
	struct xfrm_user_acquire *acquire = mnl_nlmsg_put_extra_header(h, sizeof(*acquire));
	const struct addr peer = addr_of("192.0.2.7", 0);
	struct kevent e;

	(void)state;
	acquire->sel.family = AF_INET;
	acquire->sel.prefixlen_d = 99; /* no such subnet: the address alone */
	memcpy(&acquire->sel.daddr, peer.ip, 4);
	assert_false(kevent_read(h, &e));
	mnl_attr_put(h, XFRMA_TMPL, sizeof(t) - 4, &t); /* too short to be looked at */
	assert_false(kevent_read(h, &e));
	mnl_attr_put(h, XFRMA_TMPL, sizeof(t), &t);
	assert_true(kevent_read(h, &e));
	assert_int_equal(e.reqid, 9);
	assert_memory_equal(e.flow_dst.range.first, peer.ip, 4);
	assert_memory_equal(e.flow_dst.range.last, peer.ip, 4);
}

/* All readers get the first `len` octets, with nothing behind: the sanitizer watches. */
static void read_cut(const struct nlmsghdr *whole, uint16_t type, uint32_t len)
{
	_Alignas(8) uint8_t moved[NLSOCK_REQUEST_MAX];
	struct nlmsghdr *h = test_malloc(MNL_ALIGN(len));
	struct kstate_info info;
	struct kpolicy_key policy;
	struct kstate_id id = {.dst.family = AF_INET};
	struct kevent e;

	memcpy(h, whole, len);
	h->nlmsg_type = type;
	h->nlmsg_len = len;
	(void)kevent_read(h, &e);
	(void)kpolicy_read_ours(h, &policy);
	(void)kstate_read_ours(h, &id);
	if (kstate_read(h, &info) == 0)
		(void)!kstate_put_moved(moved, h, &id, false);
	test_free(h);
}

static void test_cut_messages(void **state)
{
	const uint16_t types[] = {XFRM_MSG_EXPIRE, XFRM_MSG_ACQUIRE, XFRM_MSG_MAPPING,
				  XFRM_MSG_NEWSA, XFRM_MSG_NEWPOLICY};
	struct ipsec_sa_params p = params_of("aes256", "sha256");
	const struct nlmsghdr *h = (const struct nlmsghdr *)buffer;

	(void)state;
	p.replay_window = 100;
	p.esn = p.encap = true;
	p.labels.out = (struct ipsec_mark){7, 7};
	put(&p, false);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (uint32_t len = sizeof(*h); len <= h->nlmsg_len; len++)
			read_cut(h, types[i], len);
}

static void test_statistics(void **state)
{
	char text[] =
		"XfrmInNoStates          \t3\nXfrmOutNoStates\t4\nXfrmOutPolBlock 5\nOther 9\n";
	FILE *file = fmemopen(text, sizeof(text) - 1, "r");
	struct ipsec_drops drops;

	(void)state;
	assert_non_null(file);
	kstat_parse(file, &drops);
	fclose(file);
	assert_int_equal(drops.unknown_spi, 3);
	assert_int_equal(drops.no_policy, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),	       cmocka_unit_test(test_integrity_and_windows),
		cmocka_unit_test(test_moved),	       cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_priorities),     cmocka_unit_test(test_ours),
		cmocka_unit_test(test_events),	       cmocka_unit_test(test_acquire),
		cmocka_unit_test(test_cut_messages),   cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_moved_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
