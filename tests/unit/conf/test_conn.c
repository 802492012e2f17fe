/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "conf/conn.h"

/* The one connection of a text; NULL after errors, which are left in errs. */
static struct conf_conn *build(const char *text, struct conf_errors *errs)
{
	struct conf_node *root = check_parse(text, errs);
	struct conf_conn *c;
	int err = conf_conn_build(root->sections[0], errs, &c);

	conf_node_free(root);
	assert_int_equal(err, c ? 0 : E_CONFIG);
	return c;
}

static struct conf_conn *build_good(const char *text)
{
	struct conf_errors errs = {0};
	struct conf_conn *c = build(text, &errs);

	check_errors(&errs, "");
	assert_non_null(c);
	return c;
}

static void check_ts(const struct conf_ts *t, bool dynamic, const char *expected)
{
	char buf[TS_TEXT_MAX];

	assert_int_equal(t->dynamic, dynamic);
	if (!dynamic)
		assert_string_equal(ts_text(&t->ts, buf), expected);
}

static void test_defaults(void **state)
{
	struct conf_conn *c = build_good("home { children { net { } } }\n");
	const struct conf_child *net = conf_conn_child(c, "net");

	(void)state;
	assert_string_equal(c->name, "home");
	assert_int_equal(c->version, 0);
	assert_string_equal(c->local_addrs.items[0], "%any");
	assert_int_equal(c->remote_addrs.count, 1);
	assert_int_equal(c->local_port, 500);
	assert_int_equal(c->remote_port, 500);
	assert_int_equal(c->ike->count, 2);
	assert_true(c->mobike && c->send_certreq && !c->encap && !c->ppk_required);
	assert_int_equal(c->fragmentation, CONF_FRAG_YES);
	assert_int_equal(c->send_cert, CONF_CERT_IFASKED);
	assert_int_equal(c->keyingtries, 1);
	assert_int_equal(c->rekey_time, 4 * 3600);
	assert_int_equal(c->over_time, 1440);
	assert_int_equal(c->rand_time, 1440);
	/* without sections there is one round of certificates on either side */
	assert_int_equal(c->n_local, 1);
	assert_int_equal(c->local[0].cls, CONF_AUTH_PUBKEY);
	assert_null(c->local[0].id);
	assert_int_equal(c->n_remote, 1);
	assert_string_equal(c->remote[0].id, "%any");
	assert_null(conf_conn_child(c, "none"));
	assert_int_equal(net->esp->count, 2);
	assert_int_equal(net->n_local_ts, 1);
	check_ts(&net->local_ts[0], true, "");
	check_ts(&net->remote_ts[0], true, "");
	assert_int_equal(net->mode, CONF_MODE_TUNNEL);
	assert_int_equal(net->replay_window, 32);
	assert_true(net->policies && net->copy_df && net->copy_ecn && !net->hostaccess);
	conf_conn_put(c);
}

/* The configuration of the laboratory, with classical algorithms and one key exchange. */
static const char moon[] =
	"connections {\n"
	"   rw {\n"
	"      pools = rw_pool\n"
	"      local {\n         auth = pubkey\n         certs = moonCert.pem\n"
	"         id = moon.strongswan.org\n      }\n"
	"      remote {\n         auth = pubkey\n         cacerts = caCert.pem\n      }\n"
	"      children {\n"
	"         net {\n            local_ts = 10.1.0.0/24\n\n"
	"            esp_proposals = aes256-sha256-x25519\n         "
	"}\n"
	"         host {\n"
	"            esp_proposals = aes256-sha256-modp3072\n         }\n"
	"      }\n"
	"      version = 2\n"
	"      proposals = aes256-sha256-x25519-modp3072\n"
	"   }\n"
	"}\n\n"
	"pools {\n\n   rw_pool {\n      addrs = 10.3.0.0/24\n   }\n}\n";

static void test_seed(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root = check_parse(moon, &errs);
	struct conf_conn *c;
	const struct conf_child *net;

	(void)state;
	conf_check_swanctl(root, &errs);
	check_errors(&errs, "");
	assert_int_equal(conf_conn_build(conf_node_section(root->sections[0], "rw"), &errs, &c), 0);
	conf_node_free(root);
	assert_int_equal(c->version, 2);
	assert_string_equal(c->pools.items[0], "rw_pool");
	assert_string_equal(c->local[0].id, "moon.strongswan.org");
	assert_memory_equal(c->local[0].certs.items[0].data, "moonCert.pem", 12);
	assert_memory_equal(c->remote[0].cacerts.items[0].data, "caCert.pem", 10);
	check_proposals(c->ike, "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519/"
				"MODP_3072");
	net = conf_conn_child(c, "net");
	check_proposals(net->esp, "ESP:AES_CBC_256/HMAC_SHA2_256_128/CURVE_25519/NO_EXT_SEQ");
	check_ts(&net->local_ts[0], false, "10.1.0.0/24");
	assert_string_equal(c->children[1].name, "host");
	conf_conn_put(c);
}

static const struct {
	const char *text;
	uint64_t rekey, reauth, over, rand;
} ike_times[] = {
	{"c { }", 14400, 0, 1440, 1440},
	{"c { rekey_time = 30m }", 1800, 0, 180, 180},
	{"c { rekey_time = 0 }", 0, 0, 0, 0},
	{"c { reauth_time = 0s }", 14400, 0, 1440, 1440},
	{"c { reauth_time = 0\n rekey_time = 2h }", 7200, 0, 720, 720},
	{"c { reauth_time = 3h }", 0, 10800, 1080, 1080},
	{"c { reauth_time = 3h\n rekey_time = 1h }", 3600, 10800, 1080, 1080},
	{"c { rekey_time = 1h\n over_time = 5m }", 3600, 0, 300, 300},
	{"c { rekey_time = 1h\n over_time = 50m }", 3600, 0, 3000, 1800},
	{"c { rekey_time = 1h\n rand_time = 0 }", 3600, 0, 360, 0},
};

static void test_ike_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ike_times) / sizeof(ike_times[0]); i++) {
		struct conf_conn *c = build_good(ike_times[i].text);

		assert_int_equal(c->rekey_time, ike_times[i].rekey);
		assert_int_equal(c->reauth_time, ike_times[i].reauth);
		assert_int_equal(c->over_time, ike_times[i].over);
		assert_int_equal(c->rand_time, ike_times[i].rand);
		conf_conn_put(c);
	}
}

static const struct {
	const char *options;
	uint64_t rekey, life, rand;
} child_times[] = {
	{"", 3600, 3960, 360},
	{"rekey_time = 20m", 1200, 1320, 120},
	{"rekey_time = 0", 0, 0, 0},
	{"life_time = 66m", 3600, 3960, 360},
	{"life_time = 1h\n rekey_time = 1h", 3600, 3600, 0},
	{"life_time = 1h\n rekey_time = 50m", 3000, 3600, 600},
	{"rekey_time = 20m\n rand_time = 0", 1200, 1320, 0},
};

static void test_child_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(child_times) / sizeof(child_times[0]); i++) {
		char text[128];
		struct conf_conn *c;

		snprintf(text, sizeof(text), "c { children { n { %s\n } } }",
			 child_times[i].options);
		c = build_good(text);
		assert_int_equal(c->children[0].rekey_time, child_times[i].rekey);
		assert_int_equal(c->children[0].life_time, child_times[i].life);
		assert_int_equal(c->children[0].rand_time, child_times[i].rand);
		assert_int_equal(c->children[0].rekey_bytes, 0);
		assert_int_equal(c->children[0].life_packets, 0);
		conf_conn_put(c);
	}
}

static void test_volumes(void **state)
{
	struct conf_conn *c =
		build_good("c { children { n { life_bytes = 110m\n rekey_packets = 0\n"
			   " life_packets = 1100 } } }");

	(void)state;
	assert_int_equal(c->children[0].rekey_bytes, 100 << 20);
	assert_int_equal(c->children[0].life_bytes, 110 << 20);
	assert_int_equal(c->children[0].rand_bytes, 10 << 20);
	assert_int_equal(c->children[0].rekey_packets, 0);
	assert_int_equal(c->children[0].life_packets, 1100);
	assert_int_equal(c->children[0].rand_packets, 1100);
	conf_conn_put(c);
	c = build_good("c { children { n { life_packets = 1100 } } }");
	assert_int_equal(c->children[0].rekey_packets, 1000);
	assert_int_equal(c->children[0].rand_packets, 100);
	conf_conn_put(c);
}

/* Rounds in order; those of one number as in the file. */
static void test_rounds(void **state)
{
	struct conf_conn *c = build_good("c { local-b { round = 2\n id = x } }");

	(void)state;
	assert_int_equal(c->n_local, 1);
	assert_string_equal(c->local[0].name, "local-b");
	assert_int_equal(c->local[0].round, 2);
	conf_conn_put(c);
	c = build_good("c { local-b { round = 2\n id = x }\n"
		       " local-a { id = y }\n local-c { round = 2\n id = z }\n"
		       " local { round = 1 }\n remote { }\n remote2 { } }");
	assert_int_equal(c->n_local, 4);
	assert_string_equal(c->local[0].name, "local-a");
	assert_string_equal(c->local[1].name, "local");
	assert_string_equal(c->local[2].name, "local-b");
	assert_string_equal(c->local[3].name, "local-c");
	assert_int_equal(c->n_remote, 2);
	conf_conn_put(c);
}

static void test_values(void **state)
{
	struct conf_conn *c =
		build_good("c { local_addrs = 192.0.2.1, 10.0.0.0/8,10.0.0.1-10.0.0.9\n"
			   " remote_addrs = moon.example.org, 2001:db8::1\n"
			   " vips = %any, ::, 10.3.0.9\n"
			   " fragmentation = Force\n unique = replace\n"
			   " remote { cert-a { file = /x/a.pem }\n certs = b.pem, c.pem\n"
			   " cacert { file = /x/ca.pem } }\n"
			   " children { n { local_ts = 10.1.0.0/16[tcp/80], dynamic[udp]\n"
			   " start_action = start\n dpd_action = restart\n"
			   " mode = tunnel\n close_action = start } } }");
	const struct conf_child *n = &c->children[0];

	(void)state;
	assert_int_equal(c->local_addrs.count, 3);
	assert_string_equal(c->local_addrs.items[2], "10.0.0.1-10.0.0.9");
	assert_string_equal(c->remote_addrs.items[0], "moon.example.org");
	assert_string_equal(c->vips.items[0], "0.0.0.0");
	assert_string_equal(c->vips.items[1], "::");
	assert_int_equal(c->fragmentation, CONF_FRAG_FORCE);
	assert_int_equal(c->unique, CONF_UNIQUE_REPLACE);
	assert_int_equal(c->remote[0].certs.count, 3);
	assert_memory_equal(c->remote[0].certs.items[2].data, "/x/a.pem", 8);
	assert_int_equal(c->remote[0].cacerts.count, 1);
	assert_int_equal(n->n_local_ts, 2);
	check_ts(&n->local_ts[0], false, "10.1.0.0/16[tcp/80]");
	check_ts(&n->local_ts[1], true, "");
	assert_int_equal(n->local_ts[1].ts.protocol, 17);
	assert_int_equal(n->set_mark_in_mask, 0);
	assert_int_equal(n->start_action, CONF_ACTION_START);
	assert_int_equal(n->close_action, CONF_ACTION_START);
	assert_int_equal(n->dpd_action, CONF_ACTION_START);
	assert_int_equal(n->mode, CONF_MODE_TUNNEL);
	conf_conn_put(c);
}

/* As a vici client sends it: lists, and certificates themselves. */
static void test_vici(void **state)
{
	static const struct conf_pos nowhere;
	static const char der[] = "\x30\x00,x";
	struct conf_errors errs = {0};
	struct conf_node *home = conf_node_new(NULL, "home", nowhere);
	struct conf_node *local = conf_node_new(home, "local", nowhere);
	struct conf_conn *c;

	(void)state;
	assert_int_equal(
		conf_node_add(home, "proposals", view_str("aes256-sha256-x25519"), true, nowhere),
		0);
	assert_int_equal(conf_node_add(home, "proposals", view_str("default"), true, nowhere), 0);
	assert_int_equal(conf_node_add(home, "vips", view_str("0.0.0.0"), true, nowhere), 0);
	assert_int_equal(conf_node_add(local, "certs", view_make(der, 4), true, nowhere), 0);
	assert_int_equal(conf_conn_build(home, &errs, &c), 0);
	assert_int_equal(c->ike->count, 3);
	assert_int_equal(c->local[0].certs.count, 1);
	assert_int_equal(c->local[0].certs.items[0].len, 4);
	assert_memory_equal(c->local[0].certs.items[0].data, der, 4);
	conf_conn_put(c);
	/* a list where one value is expected, and errors without a position */
	assert_int_equal(conf_node_add(home, "version", view_str("2"), true, nowhere), 0);
	assert_int_equal(conf_node_add(home, "encap", view_make("y\0s", 3), false, nowhere), 0);
	assert_int_equal(conf_conn_build(home, &errs, &c), E_CONFIG);
	assert_null(c);
	check_errors(&errs,
		     "invalid value '2' for version in connections.home: expected one of 0, 2\n"
		     "invalid value 'y?s' for encap in connections.home: expected yes or no\n");
	conf_node_free(home);
}

static const struct {
	const char *options, *error;
} broken[] = {
	{"propsals = x",
	 "1:5: unknown option 'propsals' in connections.c, did you mean 'proposals'?"},
	{"frobnicate = x", "1:5: unknown option 'frobnicate' in connections.c"},
	{"rekey_time = 3x",
	 "1:5: invalid value '3x' for rekey_time in connections.c: expected a time "
	 "like 30s, 5m, 4h or 1d (at most 136 years)"},
	{"encap = maybe",
	 "1:5: invalid value 'maybe' for encap in connections.c: expected yes or no"},
	{"local_port = 70000",
	 "1:5: invalid value '70000' for local_port in connections.c: expected a "
	 "number from 0 to 65535"},
	{"childless = ever",
	 "1:5: invalid value 'ever' for childless in connections.c: expected one of allow, "
	 "prefer, force, never"},
	{"proposals = aes256-sha256-x25519\npq = require",
	 "1:5: pq = require leaves none of proposals in connections.c: add a post-quantum key "
	 "exchange, such as ke1_mlkem768, without a choice of another"},
	{"pq = always",
	 "1:5: invalid value 'always' for pq in connections.c: expected one of prefer, require, "
	 "off"},
	{"unique = kept",
	 "1:5: invalid value 'kept' for unique in connections.c: expected one of no, "
	 "never, keep, replace"},
	{"local { pubkeys = x }",
	 "1:13: option 'pubkeys' in connections.c.local is not supported yet"},
	{"local { aaa_id = x }",
	 "1:13: option 'aaa_id' in connections.c.local is not supported yet"},
	{"remote { groups = a, b }",
	 "1:14: option 'groups' in connections.c.remote is not supported yet"},
	{"remote { revocation = lax }",
	 "1:14: invalid value 'lax' for revocation in connections.c.remote: expected one of "
	 "relaxed, ifuri, strict"},
	{"remote { auth = eap-tls }",
	 "1:14: invalid value 'eap-tls' for auth in connections.c.remote: EAP is not supported "
	 "yet, expected pubkey, psk or any"},
	{"remote { auth = rsa-3072-md5 }",
	 "1:14: invalid value 'rsa-3072-md5' for auth in connections.c.remote: signatures with md5 "
	 "are not supported"},
	{"fragmentation = x",
	 "1:5: invalid value 'x' for fragmentation in connections.c: expected one "
	 "of yes, accept, no, force"},
	{"proposals = aes265-sha256-x25519", "1:5: invalid value 'aes265-sha256-x25519' for "
					     "proposals in connections.c: unknown algorithm "
					     "'aes265', did you mean 'aes256'?"},
	{"proposals = ,",
	 "1:5: invalid value ',' for proposals in connections.c: expected proposals "
	 "like aes256-sha256-x25519, separated by commas"},
	{"version = 1", "1:5: option 'version = 1' in connections.c is not supported: IKEv1 is not "
			"implemented"},
	{"aggressive = yes",
	 "1:5: option 'aggressive = yes' in connections.c is not supported: IKEv1 "
	 "is not implemented"},
	{"aggressive = x",
	 "1:5: invalid value 'x' for aggressive in connections.c: expected yes or "
	 "no"},
	{"dscp = 101110",
	 "1:5: option 'dscp = 101110' in connections.c is not supported: marking of "
	 "IKE packets is not implemented"},
	{"ocsp = both",
	 "1:5: option 'ocsp = both' in connections.c is not supported: OCSP inside IKE "
	 "(RFC 4806) is not implemented"},
	{"mediated_by = x", "1:5: option 'mediated_by = x' in connections.c is not supported: the "
			    "mediation extension is not implemented"},
	{"local_addrs = 10.0.0.1/99",
	 "1:5: invalid value '10.0.0.1/99' for local_addrs in "
	 "connections.c: '10.0.0.1/99' is not an address, a host name, a "
	 "subnet, a range or %any"},
	{"remote_addrs = 10.0.0.256",
	 "1:5: invalid value '10.0.0.256' for remote_addrs in "
	 "connections.c: '10.0.0.256' is not an address, a host name, a "
	 "subnet, a range or %any"},
	{"vips = foo",
	 "1:5: invalid value 'foo' for vips in connections.c: 'foo' is not an IP address "
	 "(0.0.0.0 or :: for any)"},
	{"if_id_in = x", "1:5: invalid value 'x' for if_id_in in connections.c: expected a number, "
			 "%unique or %unique-dir"},
	{"childern { }",
	 "1:5: unknown section 'childern' in connections.c, did you mean 'children'?"},
	{"zzzzzzzz { }",
	 "1:5: unknown section 'zzzzzzzz' in connections.c, expected one of children, "
	 "local, remote"},
	{"local { x { } }", "1:13: unknown section 'x' in connections.c.local, expected cert"},
	{"local { auth = pubky }",
	 "1:13: invalid value 'pubky' for auth in connections.c.local: unknown "
	 "method 'pubky', did you mean 'pubkey'?"},
	{"local { auth = xauth }",
	 "1:13: invalid value 'xauth' for auth in connections.c.local: XAuth "
	 "is of IKEv1, which is not supported; expected pubkey, psk or any"},
	{"local { auth = eap-tlz }",
	 "1:13: invalid value 'eap-tlz' for auth in connections.c.local: "
	 "unknown EAP method 'tlz', did you mean 'tls'?"},
	{"local { auth = rsa-sha265 }",
	 "1:13: invalid value 'rsa-sha265' for auth in "
	 "connections.c.local: unknown key type or hash 'sha265', did "
	 "you mean 'sha256'?"},
	{"local { auth = pubkey-3072 }", "1:13: invalid value 'pubkey-3072' for auth in "
					 "connections.c.local: the key size 3072 needs a key type "
					 "before it, as in rsa-3072"},
	{"local { cacerts = x }",
	 "1:13: unknown option 'cacerts' in connections.c.local, did you mean "
	 "'certs'?"},
	{"remote-x { cert1 { handle = 2 } }",
	 "1:24: option 'handle = 2' in connections.c.remote-x.cert1 is not supported: keys on "
	 "PKCS#11 "
	 "tokens are not implemented"},
	{"children { x = 1 }", "1:16: unknown option 'x' in connections.c.children"},
	{"children { n { mode = beet } }",
	 "1:20: option 'mode = beet' in connections.c.children.n is not supported: BEET mode is "
	 "not implemented"},
	{"children { n { mode = tunel } }",
	 "1:20: invalid value 'tunel' for mode in connections.c.children.n: expected one of "
	 "tunnel, transport, pass, drop"},
	{"children { n { copy_dscp = maybe } }",
	 "1:20: invalid value 'maybe' for copy_dscp in connections.c.children.n: expected one of "
	 "out, in, yes, no"},
	{"children { n { replay_window = 4097 } }",
	 "1:20: invalid value '4097' for replay_window in connections.c.children.n: expected a "
	 "number from 0 to 4096"},
	{"children { n { dpd_action = x } }",
	 "1:20: invalid value 'x' for dpd_action in connections.c.children.n: expected one of "
	 "clear, trap, restart"},
	{"children { n { ah_proposals = sha256 } }",
	 "1:20: option 'ah_proposals = sha256' in connections.c.children.n is not supported: AH is "
	 "not "
	 "implemented, use esp_proposals"},
	{"children { n { local_ts = 10.0.0.0/8[foo/] } }",
	 "1:20: invalid value '10.0.0.0/8[foo/]' for local_ts in connections.c.children.n: "
	 "'10.0.0.0/8[foo/]' is not a traffic selector like 10.1.0.0/16, 10.1.0.1[tcp/80], "
	 "10.1.0.1-10.1.0.9 or dynamic"},
	{"children { n { mark_in = 5/x } }", "1:20: invalid value '5/x' for mark_in in "
					     "connections.c.children.n: expected a mark like 42, "
					     "0x2a/0xff, %unique or %unique-dir"},
	{"children { n { mark_in = %same } }", "1:20: invalid value '%same' for mark_in in "
					       "connections.c.children.n: expected a mark like 42, "
					       "0x2a/0xff, %unique or %unique-dir"},
	{"children { n { rekey_bytes = 3x } }", "1:20: invalid value '3x' for rekey_bytes in "
						"connections.c.children.n: expected a size like "
						"500000, 64k, 20m or 1g"},
	{"children { n { start_action = boot } }",
	 "1:20: invalid value 'boot' for start_action in connections.c.children.n: expected one of "
	 "none, trap, start, trap|start"},
};

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct conf_errors errs = {0};
		char text[128], expected[512];

		snprintf(text, sizeof(text), "c { %s\n}", broken[i].options);
		snprintf(expected, sizeof(expected), "t.conf:%s\n", broken[i].error);
		assert_null(build(text, &errs));
		check_errors(&errs, expected);
	}
}

/* Binary and endless values are not let into a log as they are. */
static void test_shown(void **state)
{
	struct conf_errors errs = {0};
	char text[300], expected[300];

	(void)state;
	assert_null(build("c { encap = \"a\\nb\x1b[0m\" }", &errs));
	check_errors(&errs,
		     "t.conf:1:5: invalid value 'a?b?[0m' for encap in connections.c: expected "
		     "yes or no\n");
	snprintf(text, sizeof(text), "c { encap = %0120d }", 0);
	snprintf(expected, sizeof(expected),
		 "t.conf:1:5: invalid value '%080d...' for encap in "
		 "connections.c: expected yes or no\n",
		 0);
	assert_null(build(text, &errs));
	check_errors(&errs, expected);
}

/* All errors of a file; what is good in it is not spoilt. */
static void test_all_errors(void **state)
{
	static const char text[] = "base {\n mobike = no\n}\n"
				   "connections {\n bad : base {\n  verson = 2\n  unique = x\n"
				   "  children {\n   n {\n    ipcomp = yes\n   }\n  }\n }\n"
				   " good : base {\n }\n}\n"
				   "conections {\n}\npools {\n p {\n  addrs = x\n }\n}\n"
				   "secrets {\n ike {\n }\n x = 1\n}\nkey = 1\n";
	struct conf_errors errs = {0};
	struct conf_node *root = check_parse(text, &errs);
	const struct conf_node *conns = conf_node_section(root, "connections");
	struct conf_conn *c;

	(void)state;
	conf_check_swanctl(root, &errs);
	check_errors(
		&errs,
		"t.conf:6:3: unknown option 'verson' in connections.bad, did you mean 'version'?\n"
		"t.conf:7:3: invalid value 'x' for unique in connections.bad: expected one of no, "
		"never, keep, replace\n"
		"t.conf:10:5: option 'ipcomp = yes' in connections.bad.children.n is not "
		"supported: "
		"IPComp is not implemented\n"
		"t.conf:17:1: unknown section 'conections', did you mean 'connections'?\n"
		"t.conf:21:3: invalid value 'x' for addrs in pools.p: expected a subnet like "
		"10.3.0.0/24 or a range like 10.3.0.1-10.3.0.99\n"
		"t.conf:25:2: option 'secret' is missing in secrets.ike\n"
		"t.conf:27:2: unknown option 'x' in secrets, expected a section with a name\n"
		"t.conf:29:1: unknown option 'key', expected one of connections, secrets, pools, "
		"authorities\n");
	assert_int_equal(conf_conn_build(conf_node_section(conns, "bad"), &errs, &c), E_CONFIG);
	conf_errors_done(&errs);
	assert_int_equal(conf_conn_build(conf_node_section(conns, "good"), &errs, &c), 0);
	check_errors(&errs, "");
	assert_false(c->mobike);
	conf_conn_put(c);
	conf_node_free(root);
}

static void test_authorities(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root = check_parse(
		"authorities { a { cacert = ca.pem\n crl_uris = http://x/, http://y/ }\n"
		" b { crl_uri = x } }",
		&errs);

	(void)state;
	conf_check_swanctl(root, &errs);
	check_errors(&errs, "t.conf:3:6: unknown option 'crl_uri' in authorities.b, did you mean "
			    "'crl_uris'?\n");
	conf_node_free(root);
}

static const struct {
	const char *a, *b;
	bool ike, child;
} pairs[] = {
	{"c { children { n { } } }", "c { children { n { rekey_time = 1h } } }", true, true},
	{"c { rekey_time = 4h\n children { n { } } }", "c { children { n { } } }", true, true},
	{"c { children { n { } } }", "d { children { n { } } }", false, true},
	{"c { children { n { } } }", "c { encap = yes\n children { n { } } }", false, true},
	{"c { children { n { } } }", "c { proposals = aes256-sha256-x25519\n children { n { } } }",
	 false, true},
	{"c { children { n { } } }", "c { vips = ::\n children { n { } } }", false, true},
	{"c { children { n { } } }", "c { local { id = x }\n children { n { } } }", false, true},
	{"c { children { n { } } }", "c { local { auth = psk }\n children { n { } } }", false,
	 true},
	{"c { children { n { } } }", "c { remote { auth = any }\n children { n { } } }", false,
	 true},
	{"c { children { n { } } }", "c { remote { auth = psk }\n children { n { } } }", false,
	 true},
	{"c { children { n { } } }", "c { remote { cacerts = x }\n children { n { } } }", false,
	 true},
	{"c { remote { cacerts = y }\n children { n { } } }",
	 "c { remote { cacerts = x }\n children { n { } } }", false, true},
	{"c { children { n { } } }", "c { remote-2 { }\n children { n { } } }", false, true},
	{"c { children { n { } } }", "c { children { m { } } }", true, false},
	{"c { children { n { } } }", "c { children { n { local_ts = 10.0.0.0/8 } } }", true, false},
	{"c { children { n { local_ts = 10.0.0.0/9 } } }",
	 "c { children { n { local_ts = 10.0.0.0/8 } } }", true, false},
	{"c { children { n { } } }", "c { children { n { local_ts = dynamic,dynamic } } }", true,
	 false},
	{"c { children { n { } } }", "c { children { n { esp_proposals = aes256gcm16 } } }", true,
	 false},
	{"c { children { n { } } }", "c { children { n { reqid = 1 } } }", true, false},
	{"c { children { n { } } }", "c { children { n { close_action = start } } }", true, false},
};

static void test_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct conf_conn *a = build_good(pairs[i].a), *b = build_good(pairs[i].b);

		assert_true(conf_conn_equal_ike(a, a));
		assert_true(conf_child_equal(&b->children[0], &b->children[0]));
		assert_int_equal(conf_conn_equal_ike(a, b), pairs[i].ike);
		assert_int_equal(conf_conn_equal_ike(b, a), pairs[i].ike);
		assert_int_equal(conf_child_equal(&a->children[0], &b->children[0]),
				 pairs[i].child);
		conf_conn_put(a);
		conf_conn_put(b);
	}
}

static void test_refs(void **state)
{
	struct conf_conn *c = build_good("c { }");
	struct conf_conn *again = conf_conn_get(c);

	(void)state;
	assert_ptr_equal(c, again);
	conf_conn_put(c);
	assert_string_equal(again->name, "c");
	conf_conn_put(again);
	conf_conn_put(NULL);
}

/* Pools and secrets */

static void test_pool(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root = check_parse("p { addrs = 10.3.0.10/24\n dns = 10.1.0.1, fec0::1\n"
					     " subnet = 10.1.0.0/16\n netmask = 255.255.255.0\n"
					     " 25 = 10.0.0.9\n address = fec0::2 }",
					     &errs);
	struct conf_pool p;

	(void)state;
	assert_int_equal(conf_pool_build(root->sections[0], &errs, &p), 0);
	check_errors(&errs, "");
	conf_node_free(root);
	assert_string_equal(p.name, "p");
	assert_string_equal(p.addrs, "10.3.0.10/24");
	assert_int_equal(p.n_attrs, 6);
	assert_int_equal(p.attrs[0].cp_type, 3);
	assert_int_equal(p.attrs[0].len, 4);
	assert_memory_equal(p.attrs[0].value, "\x0a\x01\x00\x01", 4);
	assert_int_equal(p.attrs[1].cp_type, 10);
	assert_int_equal(p.attrs[1].len, 16);
	assert_int_equal(p.attrs[2].cp_type, 13);
	assert_int_equal(p.attrs[2].len, 8);
	assert_memory_equal(p.attrs[2].value, "\x0a\x01\x00\x00\xff\xff\x00\x00", 8);
	assert_int_equal(p.attrs[3].cp_type, 2);
	assert_int_equal(p.attrs[4].cp_type, 25);
	assert_int_equal(p.attrs[5].cp_type, 8);
	assert_int_equal(p.attrs[5].len, 17);
	assert_int_equal(p.attrs[5].value[16], 128);
	conf_pool_done(&p);
	assert_null(p.attrs);
}

static const struct {
	const char *options, *error;
} broken_pools[] = {
	{"dns = 10.0.0.1", "1:1: option 'addrs' is missing in pools.p"},
	{"addrs = 10.3.0.0/33", "1:5: invalid value '10.3.0.0/33' for addrs in pools.p: expected a "
				"subnet like 10.3.0.0/24 or a range like 10.3.0.1-10.3.0.99"},
	{"addrs = ::/64\n dsn = ::1", "2:2: unknown option 'dsn' in pools.p, did you mean 'dns'?"},
	{"addrs = ::/64\n dns = x",
	 "2:2: invalid value 'x' for dns in pools.p: expected addresses like "
	 "192.0.2.1 or subnets like 10.1.0.0/16"},
	{"addrs = ::/64\n netmask = ::1",
	 "2:2: invalid value '::1' for netmask in pools.p: expected "
	 "IPv4 addresses like 192.0.2.1"},
	{"addrs = ::/64\n split_include = 10.0.0.0/8",
	 "2:2: option 'split_include' in pools.p is not supported: it is of IKEv1, which is not "
	 "implemented; use subnet"},
	{"addrs = ::/64\n x { }", "2:2: unknown section 'x' in pools.p"},
};

static void test_broken_pools(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken_pools) / sizeof(broken_pools[0]); i++) {
		struct conf_errors errs = {0};
		struct conf_node *root;
		struct conf_pool p;
		char text[128], expected[256];

		snprintf(text, sizeof(text), "p { %s\n}", broken_pools[i].options);
		snprintf(expected, sizeof(expected), "t.conf:%s\n", broken_pools[i].error);
		root = check_parse(text, &errs);
		assert_int_equal(conf_pool_build(root->sections[0], &errs, &p), E_CONFIG);
		assert_null(p.name);
		check_errors(&errs, expected);
		conf_node_free(root);
	}
}

static void test_secrets(void **state)
{
	struct conf_errors errs = {0};
	struct conf_node *root =
		check_parse("ike-1 { secret = 0x4142\n id-a = \"C=CH, O=x\"\n id = b }\n"
			    "pkcs8-k { file = k.pem\n secret = pass }\n"
			    "ecdsa { secret = 0xg }\ntoken { pin = 1 }\n"
			    "iek { secret = 1 }\n",
			    &errs);
	struct conf_secret s;

	(void)state;
	assert_int_equal(conf_secret_build(root->sections[0], &errs, &s), 0);
	assert_string_equal(s.name, "ike-1");
	assert_string_equal(s.type, "ike");
	assert_memory_equal(s.secret.data, "AB", s.secret.len);
	assert_int_equal(s.ids.count, 2);
	assert_string_equal(s.ids.items[0], "C=CH, O=x");
	conf_secret_done(&s);
	assert_int_equal(conf_secret_build(root->sections[1], &errs, &s), 0);
	assert_string_equal(s.type, "pkcs8");
	assert_string_equal(s.file, "k.pem");
	conf_secret_done(&s);
	for (size_t i = 2; i < 5; i++) {
		assert_int_equal(conf_secret_build(root->sections[i], &errs, &s), E_CONFIG);
		assert_null(s.name);
	}
	/* the secret itself is not repeated */
	check_errors(&errs,
		     "t.conf:6:9: invalid value for secret in secrets.ecdsa: expected a text, "
		     "hexadecimal digits after 0x, or base64 after 0s\n"
		     "t.conf:7:9: option 'pin' in secrets.token is not supported: keys on PKCS#11 "
		     "tokens are not implemented\n"
		     "t.conf:8:1: unknown section 'iek' in secrets, did you mean 'ike'?\n");
	conf_node_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_seed),
		cmocka_unit_test(test_ike_times),  cmocka_unit_test(test_child_times),
		cmocka_unit_test(test_volumes),	   cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_values),	   cmocka_unit_test(test_vici),
		cmocka_unit_test(test_broken),	   cmocka_unit_test(test_shown),
		cmocka_unit_test(test_all_errors), cmocka_unit_test(test_authorities),
		cmocka_unit_test(test_equal),	   cmocka_unit_test(test_refs),
		cmocka_unit_test(test_pool),	   cmocka_unit_test(test_broken_pools),
		cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests_name("conf/conn", tests, NULL, NULL);
}
