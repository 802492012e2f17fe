/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/updown.h"
#include "daemon/updown_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

#include "base/str.h"
#include "conf/conn.h"
#include "ike/report.h"
#include "lines.h"
#include "wire/ts.h"

static struct addr address(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	a.port = port;
	return a;
}

static struct ts selector(const char *text)
{
	struct ts ts;

	assert_int_equal(ts_parse(&ts, text), 0);
	return ts;
}

/* Whether exactly this variable is there; with NULL: whether it is not there at all. */
static void check(const struct strs *env, const char *name, const char *value)
{
	const char *found = NULL;
	size_t len = strlen(name);

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=') {
			assert_null(found);
			found = env->items[i] + len + 1;
		}
	}
	if (value)
		assert_string_equal(found ? found : "(missing)", value);
	else
		assert_null(found);
}

struct fixture {
	struct addr local_vips[3], dns[2];
	struct ike_sa_info sa;
	struct ike_child_info child;
	struct conf_child conf;
	struct ts local, remote;
	struct updown_env e;
	struct strs env;
};

static void begin(struct fixture *f, const char *local, const char *remote)
{
	memset(f, 0, sizeof(*f));
	f->sa = (struct ike_sa_info){.name = "home",
				     .uid = 4,
				     .local = address("2001:db8::1", 4500),
				     .remote = address("2001:db8::2", 4501),
				     .local_id = "C=CH, O=Swan, CN=carol",
				     .remote_id = "moon"};
	f->child = (struct ike_child_info){.name = "net", .reqid = 9};
	f->local = selector(local);
	f->remote = selector(remote);
	f->e = (struct updown_env){.up = true,
				   .sa = &f->sa,
				   .child = &f->child,
				   .conf = &f->conf,
				   .local = &f->local,
				   .remote = &f->remote};
}

static void make(struct fixture *f)
{
	strs_done(&f->env);
	assert_int_equal(updown_env_add(&f->e, &f->env), 0);
}

static void test_ipv6(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "2001:db8::1/128", "2001:db8:2::/48");
	make(&f);
	check(&f.env, "PLUTO_VERB", "up-host-v6");
	check(&f.env, "PLUTO_MY_CLIENT", "2001:db8::1/128");
	check(&f.env, "PLUTO_PEER_CLIENT", "2001:db8:2::/48");
	check(&f.env, "PLUTO_MY_ID", "C=CH, O=Swan, CN=carol");
	check(&f.env, "PLUTO_INTERFACE", NULL);
	check(&f.env, "PLUTO_UDP_ENC", NULL);
	check(&f.env, "PLUTO_HOST_ACCESS", NULL);
	check(&f.env, "PLUTO_MARK_IN", NULL);
	f.local = selector("2001:db8:1::/64");
	f.e.up = false;
	make(&f);
	check(&f.env, "PLUTO_VERB", "down-client-v6");
	strs_done(&f.env);
}

/* The outer addresses may be of another family than what passes. */
static void test_numbered(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "10.3.0.1/32", "10.1.0.5-10.1.0.9");
	f.local_vips[0] = address("fd00::7", 0);
	f.local_vips[1] = address("10.3.0.1", 0);
	f.local_vips[2] = address("10.3.0.2", 0);
	f.dns[0] = address("10.1.0.1", 0);
	f.dns[1] = address("fd00::1", 0);
	f.sa.n_local_vips = 3;
	f.sa.local_vips = f.local_vips;
	f.sa.n_dns = 2;
	f.sa.dns = f.dns;
	f.child.encap = true;
	f.conf.hostaccess = true;
	f.e.interface = "eth0";
	make(&f);
	check(&f.env, "PLUTO_VERB", "up-client");
	check(&f.env, "PLUTO_INTERFACE", "eth0");
	check(&f.env, "PLUTO_MY_SOURCEIP", "fd00::7");
	check(&f.env, "PLUTO_MY_SOURCEIP6_1", "fd00::7");
	check(&f.env, "PLUTO_MY_SOURCEIP4_1", "10.3.0.1");
	check(&f.env, "PLUTO_MY_SOURCEIP4_2", "10.3.0.2");
	check(&f.env, "PLUTO_PEER_SOURCEIP", NULL);
	check(&f.env, "PLUTO_DNS4_1", "10.1.0.1");
	check(&f.env, "PLUTO_DNS6_1", "fd00::1");
	check(&f.env, "PLUTO_UDP_ENC", "4501");
	check(&f.env, "PLUTO_HOST_ACCESS", "1");
	check(&f.env, "PLUTO_PEER_CLIENT", "10.1.0.0/28");
	strs_done(&f.env);
}

static void test_labels_and_icmp(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "10.3.0.1/32[icmp/771]", "10.1.0.0/16[icmp/771]");
	f.child.mark_in = 42;
	f.child.mark_in_mask = 0xff;
	f.child.mark_out = 1;
	f.child.mark_out_mask = UINT32_MAX;
	f.child.if_id_in = 5;
	f.child.if_id_out = 6;
	make(&f);
	check(&f.env, "PLUTO_MARK_IN", "42/0x000000ff");
	check(&f.env, "PLUTO_MARK_OUT", "1/0xffffffff");
	check(&f.env, "PLUTO_IF_ID_IN", "5");
	check(&f.env, "PLUTO_IF_ID_OUT", "6");
	check(&f.env, "PLUTO_MY_PROTOCOL", "1");
	check(&f.env, "PLUTO_MY_PORT", "3");
	check(&f.env, "PLUTO_PEER_PORT", "3");
	strs_done(&f.env);
}

/* A peer may call itself what it likes. */
static void test_hostile_identity(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "10.3.0.1/32", "10.1.0.0/16");
	f.sa.remote_id = "x'; $(reboot) `id`\n\"|&<>*?\\\x01\xff@example.org";
	f.sa.remote_eap_id = "a\nPLUTO_VERB=up";
	make(&f);
	check(&f.env, "PLUTO_PEER_ID", "x__ __reboot_ _id____________@example.org");
	check(&f.env, "PLUTO_XAUTH_ID", "a_PLUTO_VERB=up");
	strs_done(&f.env);
}

/* ---- running --------------------------------------------------------------------------------- */

static void fire(struct updown *u, const struct conf_conn *conf, const char *peer, bool up)
{
	const struct ts_list local = {1, {selector("10.3.0.1/32")}};
	const struct ts_list remote = {2, {selector("10.1.0.0/16"), selector("2001:db8::/32")}};
	struct ike_sa_info sa = {.name = "home",
				 .local = address("192.0.2.1", 500),
				 .remote = address("192.0.2.2", 500),
				 .local_id = "me",
				 .remote_id = peer};
	struct ike_child_info child = {.name = "net", .ts_local = &local, .ts_remote = &remote};

	updown_event(u, &(struct ike_event){.type = IKE_EV_CHILD_UPDOWN,
					    .up = up,
					    .sa = &sa,
					    .child = &child,
					    .conf = conf});
}

/* Those of a peer one after another, though the first takes its time; others do not wait. */
static void test_order(void **state)
{
	struct conf_child child = {
		.name = (char *)"net",
		.updown = (char *)"[ $PLUTO_PEER_ID$PLUTO_VERB != slowup-client ] || sleep 0.3; "
				  "echo $PLUTO_PEER_ID $PLUTO_VERB"};
	struct conf_conn conf = {.n_children = 1, .children = &child};
	struct lines lines;
	struct updown *u;
	uv_loop_t loop;

	(void)state;
	lines_init(&lines);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(updown_new(&loop, lines.log, &u), 0);
	assert_true(updown_idle(u));
	fire(u, &conf, "slow", true);
	fire(u, &conf, "slow", false);
	fire(u, &conf, "quick", true);
	assert_false(updown_idle(u));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(updown_idle(u));
	check_text(&lines.text, "DMN 1 net: quick up-client\nDMN 1 net: slow up-client\n"
				"DMN 1 net: slow down-client\n");
	updown_free(u);
	assert_int_equal(uv_loop_close(&loop), 0);
	lines_done(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_numbered),
		cmocka_unit_test(test_labels_and_icmp),
		cmocka_unit_test(test_hostile_identity),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests_name("daemon/updown", tests, NULL, NULL);
}
