/* SPDX-License-Identifier: Apache-2.0 */
#include "net/watch.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <cmocka.h>

#define LO    1 /* index of the loopback interface */
#define OWN   220
#define LARGE 1220 /* a table whose number needs an attribute */

/* Ask the kernel, and have it confirm. */
static void talk(struct nlmsghdr *h)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	char answer[4096];
	ssize_t n;

	assert_non_null(s);
	h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	assert_int_equal(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID), 0);
	assert_true(mnl_socket_sendto(s, h, h->nlmsg_len) > 0);
	n = mnl_socket_recvfrom(s, answer, sizeof(answer));
	assert_true(n > 0);
	assert_true(mnl_cb_run(answer, (size_t)n, 0, mnl_socket_get_portid(s), NULL, NULL) >= 0);
	mnl_socket_close(s);
}

static void lo_up(void)
{
	_Alignas(struct nlmsghdr) char buffer[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *m;

	h->nlmsg_type = RTM_NEWLINK;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_index = LO;
	m->ifi_flags = m->ifi_change = IFF_UP;
	talk(h);
}

static void route(uint16_t type, uint32_t table)
{
	_Alignas(struct nlmsghdr) char buffer[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct rtmsg *m;

	h->nlmsg_type = type;
	h->nlmsg_flags = type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = AF_INET;
	m->rtm_dst_len = 16;
	m->rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = RT_SCOPE_LINK;
	m->rtm_type = RTN_UNICAST;
	mnl_attr_put(h, RTA_DST, 4, "\x0a\x63\0"); /* 10.99.0.0 */
	mnl_attr_put_u32(h, RTA_OIF, LO);
	mnl_attr_put_u32(h, RTA_TABLE, table);
	talk(h);
}

/* Routes come and go in the table; whether either is news. */
static bool tells(struct watch *w, uint32_t table)
{
	bool added, removed;

	assert_false(watch_read(w));
	route(RTM_NEWROUTE, table);
	added = watch_read(w);
	route(RTM_DELROUTE, table);
	removed = watch_read(w);
	assert_int_equal(added, removed);
	return added;
}

static void test_own_table(void **state)
{
	struct watch *w;

	(void)state;
	if (unshare(CLONE_NEWNET) != 0)
		skip(); /* not root */
	assert_int_equal(watch_open(OWN, &w), 0);
	assert_false(watch_read(w));
	lo_up();
	assert_true(watch_read(w)); /* a link, and its addresses */
	assert_false(tells(w, OWN));
	assert_true(tells(w, RT_TABLE_MAIN));
	assert_true(tells(w, LARGE));
	watch_free(w);

	assert_int_equal(watch_open(LARGE, &w), 0);
	assert_false(tells(w, LARGE));
	assert_true(tells(w, OWN));
	watch_free(w);

	assert_int_equal(watch_open(0, &w), 0);
	assert_true(tells(w, OWN));
	watch_free(w);
	watch_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
