/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for its feature: read and kept like anything else, and refused by name. */
#include "check.h"

#include <stdio.h>

#include "conf/conn.h"
#include "conf/schema_swanctl.h"

static const struct {
	const char *auth;
	enum conf_auth_class cls;
	const char *eap, *constraints;
} auths[] = {
	{"pubkey", CONF_AUTH_PUBKEY, "", ""},
	{"ike:pubkey", CONF_AUTH_PUBKEY, "", ""},
	{"psk", CONF_AUTH_PSK, "", ""},
	{"any", CONF_AUTH_ANY, "", ""},
	{"rsa", CONF_AUTH_PUBKEY, "", "rsa"},
	{"pubkey-sha256-sha512", CONF_AUTH_PUBKEY, "", "sha256 sha512"},
	{"rsa-3072-sha256", CONF_AUTH_PUBKEY, "", "rsa-3072 sha256"},
	{"rsa-2048-ecdsa-256-384-sha384", CONF_AUTH_PUBKEY, "",
	 "rsa-2048 ecdsa-256 ecdsa-384 sha384"},
	{"rsa-ed25519", CONF_AUTH_PUBKEY, "", "rsa ed25519"},
	{"rsa/pss-sha256", CONF_AUTH_PUBKEY, "", "rsa/pss sha256"},
	{"ike:rsa/pss-sha512", CONF_AUTH_PUBKEY, "", "ike:rsa/pss ike:sha512"},
	{"ecdsa-384-ike:pubkey-sha384", CONF_AUTH_PUBKEY, "", "ecdsa-384 ike:sha384"},
	{"eap", CONF_AUTH_EAP, "", ""},
	{"eap-tls", CONF_AUTH_EAP, "tls", ""},
	{"eap-aka-prime", CONF_AUTH_EAP, "aka-prime", ""},
	{"eap-7-42", CONF_AUTH_EAP, "7-42", ""},
	{"eap-tls:ecdsa-384-sha384", CONF_AUTH_EAP, "tls", "ecdsa-384 sha384"},
};

/* What is read of a method; whether it may be given follows from that. */
static void check_auth(const struct conf_auth *a, size_t i)
{
	char found[256] = "";
	size_t len = 0;

	assert_int_equal(a->cls, auths[i].cls);
	assert_string_equal(a->eap_method ? a->eap_method : "", auths[i].eap);
	for (size_t j = 0; j < a->sig_allowed.count; j++)
		len += (size_t)snprintf(found + len, sizeof(found) - len, "%s%s", j > 0 ? " " : "",
					a->sig_allowed.items[j]);
	assert_string_equal(found, auths[i].constraints);
}

static void test_auth(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
		bool eap = auths[i].cls == CONF_AUTH_EAP;
		struct conf_errors errs = {0};
		struct conf_auth a = {0};
		struct conf_node *root;
		char text[128], expected[256] = "";
		int err;

		snprintf(text, sizeof(text), "auth = %s\n", auths[i].auth);
		if (eap)
			snprintf(expected, sizeof(expected),
				 "t.conf:1:1: invalid value '%s' for auth in x: EAP is not "
				 "supported yet, expected pubkey, psk or any\n",
				 auths[i].auth);
		root = check_parse(text, &errs);
		err = schema_apply(&schema_swanctl_remote, root, "x", &errs, &a);
		assert_int_equal(err, eap ? E_CONFIG : 0);
		check_errors(&errs, expected);
		check_auth(&a, i);
		schema_done(&schema_swanctl_remote, &a);
		conf_node_free(root);
	}
}

/* Into a section of its own, named x: the options are good. */
static void apply_good(const struct schema_table *t, const char *options, void *base)
{
	struct conf_errors errs = {0};
	struct conf_node *root = check_parse(options, &errs);

	assert_int_equal(schema_apply(t, root, "x", &errs, base), 0);
	check_errors(&errs, "");
	conf_node_free(root);
}

/* The same; all of them are errors. */
static void apply_refused(const struct schema_table *t, const char *options, const char *expected,
			  void *base)
{
	struct conf_errors errs = {0};
	struct conf_node *root = check_parse(options, &errs);

	assert_int_equal(schema_apply(t, root, "x", &errs, base), E_CONFIG);
	check_errors(&errs, expected);
	conf_node_free(root);
}

/* What several other things depend on is read and kept. */
static void test_conn_options(void **state)
{
	struct conf_conn c = {0}, other = {0};

	(void)state;
	apply_good(&schema_swanctl_conn,
		   "if_id_in = 7\nif_id_out = %unique-dir\nreauth_time = 3h\n"
		   "ppk_id = me\nppk_required = yes\n"
		   "proposals = aes256-sha256-x25519-modp3072-ke1_ecp384-ke1_none\n",
		   &c);
	assert_int_equal(c.if_id_in, 7);
	assert_int_equal(c.if_id_out, CONF_UNIQUE_DIR);
	assert_int_equal(c.reauth_time, 10800);
	assert_string_equal(c.ppk_id, "me");
	assert_true(c.ppk_required);
	check_proposals(c.ike, "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519/"
			       "MODP_3072/KE1_ECP_384/KE1_NONE");
	apply_good(&schema_swanctl_conn, "ppk_id = you\nreauth_time = 1s\n", &other);
	assert_false(schema_equal(&schema_swanctl_conn, &c, &other));
	assert_true(schema_equal(&schema_swanctl_conn, &c, &c));
	schema_done(&schema_swanctl_conn, &c);
	schema_done(&schema_swanctl_conn, &other);
}

static void test_later_child(void **state)
{
	struct conf_child n = {0}, other = {0};

	(void)state;
	apply_refused(&schema_swanctl_child,
		      "mark_in = 0x2a/0xff\nmark_out = 5\nset_mark_out = %same/0xf\n"
		      "if_id_out = 9\nrekey_bytes = 100m\nrekey_packets = 1000\n"
		      "updown = /bin/x y\nset_mark_in = 0/0xff\nipcomp = yes\n"
		      "esp_proposals = aes256-sha256-x25519-ke1_ecp384-ke2_x448-ke2_none\n",
		      "t.conf:9:1: option 'ipcomp = yes' in x is not supported: IPComp is not "
		      "implemented\n",
		      &n);
	assert_int_equal(n.mark_in, 42);
	assert_int_equal(n.mark_in_mask, 255);
	assert_int_equal(n.mark_out, 5);
	assert_int_equal(n.mark_out_mask, UINT32_MAX);
	assert_int_equal(n.set_mark_out, CONF_SAME_MARK);
	assert_int_equal(n.set_mark_out_mask, 15);
	assert_int_equal(n.set_mark_in, 0);
	assert_int_equal(n.set_mark_in_mask, 255);
	assert_int_equal(n.if_id_out, 9);
	assert_int_equal(n.rekey_bytes, 100 << 20);
	assert_int_equal(n.rekey_packets, 1000);
	assert_string_equal(n.updown, "/bin/x y");
	check_proposals(n.esp, "ESP:AES_CBC_256/HMAC_SHA2_256_128/CURVE_25519/NO_EXT_SEQ/"
			       "KE1_ECP_384/KE2_CURVE_448/KE2_NONE");
	/* the same but for a mark, a mask or a text */
	apply_refused(&schema_swanctl_child, "mark_out = 1\nipcomp = yes\n",
		      "t.conf:2:1: option 'ipcomp = yes' in x is not supported: IPComp is not "
		      "implemented\n",
		      &other);
	assert_false(schema_equal(&schema_swanctl_child, &n, &other));
	assert_true(schema_equal(&schema_swanctl_child, &n, &n));
	schema_done(&schema_swanctl_child, &n);
	schema_done(&schema_swanctl_child, &other);
}

/* Differences in what is refused are differences all the same, for the day when it is not. */
static void test_later_equal(void **state)
{
	static const struct {
		const struct schema_table *table;
		const char *option, *other;
	} rows[] = {
		{&schema_swanctl_remote, "auth = eap-tls", "auth = eap-md5"},
		{&schema_swanctl_remote, "groups = a", "groups = a, b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		union {
			struct conf_child child;
			struct conf_auth auth;
		} a = {0}, b = {0};
		struct conf_errors errs = {0};
		struct conf_node *x = check_parse(rows[i].option, &errs);
		struct conf_node *y = check_parse(rows[i].other, &errs);

		assert_int_equal(schema_apply(rows[i].table, x, "x", &errs, &a), E_CONFIG);
		assert_int_equal(schema_apply(rows[i].table, y, "x", &errs, &b), E_CONFIG);
		assert_true(schema_equal(rows[i].table, &a, &a));
		assert_false(schema_equal(rows[i].table, &a, &b));
		schema_done(rows[i].table, &a);
		schema_done(rows[i].table, &b);
		conf_errors_done(&errs);
		conf_node_free(x);
		conf_node_free(y);
	}
}

static void check_good(const char *text)
{
	struct conf_errors errs = {0};
	struct conf_node *root = check_parse(text, &errs);
	struct conf_conn *c;

	assert_int_equal(conf_conn_build(root->sections[0], &errs, &c), 0);
	check_errors(&errs, "");
	conf_conn_put(c);
	conf_node_free(root);
}

/* What a client sends that knows no defaults: all of them. */
static void test_defaults_given(void **state)
{
	(void)state;
	check_good(
		"c { reauth_time = 0\n mobike = true\n childless = allow\n ppk_required = no\n"
		" if_id_in = 0\n if_id_out = 0x0\n dscp = 000000\n pull = yes\n"
		" remote { revocation = relaxed\n auth = pubkey\n groups = ,\n eap_id = \"\"\n }\n"
		" children { n { mark_in = 0/0x00000000\n mark_out = 0\n set_mark_in = 0/0\n"
		" updown = \"\"\n hostaccess = 0\n inactivity = 0s\n policies = 1\n interface = "
		"\"\"\n"
		" sha256_96 = no\n rekey_bytes = 0\n rand_bytes = 0\n rekey_packets = 0\n"
		" rand_packets = 0\n copy_df = yes\n copy_ecn = yes\n copy_dscp = out\n"
		" close_action = none\n dpd_action = clear\n start_action = none } } }");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auth),	       cmocka_unit_test(test_conn_options),
		cmocka_unit_test(test_later_child),    cmocka_unit_test(test_later_equal),
		cmocka_unit_test(test_defaults_given),
	};

	return cmocka_run_group_tests_name("conf/later", tests, NULL, NULL);
}
