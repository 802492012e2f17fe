/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <unistd.h>

#include "conf/settings.h"

static struct settings *load(const char *text, int expected, struct conf_errors *errs)
{
	struct settings *s;

	assert_int_equal(settings_from_tree(check_parse(text, errs), errs, &s), expected);
	assert_non_null(s);
	return s;
}

static void test_defaults(void **state)
{
	struct conf_errors errs = {0};
	struct settings *s;

	(void)state;
	assert_int_equal(settings_load(NULL, &errs, &s), 0);
	assert_false(settings_found(s));
	assert_int_equal(settings_u64(s, "charon.port"), 500);
	assert_int_equal(settings_u64(s, "charon.fragment_size"), 1280);
	assert_int_equal(settings_u64(s, "charon.fragment_size_v6"), 1280);
	assert_int_equal(settings_u64(s, "charon.spi_min"), 0xc0000000);
	assert_int_equal(settings_u64(s, "charon.keep_alive"), 20);
	assert_int_equal(settings_u64(s, "charon.datapath"), 0);
	assert_true(settings_seconds(s, "charon.retransmit_timeout") == 4.0);
	assert_true(settings_seconds(s, "charon.retransmit_base") == 1.8);
	assert_true(settings_seconds(s, "charon.half_open_timeout") == 30.0);
	assert_true(settings_bool(s, "charon.prefer_configured_proposals"));
	assert_false(settings_bool(s, "charon.plugins.save-keys.load"));
	assert_string_equal(settings_text(s, "charon.plugins.vici.socket"),
			    "unix:///var/run/charon.vici");
	assert_string_equal(settings_text(s, "charon.datapath"), "auto");
	assert_null(settings_text(s, "charon.interfaces_use"));
	assert_int_equal(settings_root(s)->n_sections, 0);
	settings_free(s);
	assert_int_equal(settings_load("/nonexistent/strongswan.conf", &errs, &s), 0);
	assert_false(settings_found(s));
	settings_free(s);
	settings_free(NULL);
	check_errors(&errs, "");
}

/* The strongswan.conf of the laboratory. */
static void test_seed(void **state)
{
	static const char text[] =
		"# strongSwan configuration file\n\n"
		"charon {\n"
		"   start-scripts {\n      creds = swanctl --load-creds\n"
		"      conns = swanctl --load-conns\n      pools = swanctl --load-pools\n   }\n"
		"   filelog {\n      stderr {\n         default = 1\n      }\n   }\n"
		"   send_vendor_id = yes\n   prefer_configured_proposals = no\n"
		"   fragment_size = 1480\n   max_packet = 30000\n}\n\n"
		"pki {\n   load = plugins: random drbg x509 pubkey pkcs1\n}\n";
	struct conf_errors errs = {0};
	struct settings *s = load(text, 0, &errs);
	const struct conf_node *charon = conf_node_section(settings_root(s), "charon");

	(void)state;
	check_errors(&errs, "");
	assert_true(settings_found(s));
	assert_true(settings_bool(s, "charon.send_vendor_id"));
	assert_false(settings_bool(s, "charon.prefer_configured_proposals"));
	assert_int_equal(settings_u64(s, "charon.fragment_size"), 1480);
	assert_int_equal(settings_u64(s, "charon.fragment_size_v4"), 1480);
	assert_int_equal(settings_u64(s, "charon.max_packet"), 30000);
	assert_string_equal(conf_node_section(charon, "start-scripts")->values[1].items[0].data,
			    "swanctl --load-conns");
	assert_string_equal(conf_node_text(settings_root(s), "charon.filelog.stderr.default"), "1");
	settings_free(s);
}

static void test_values(void **state)
{
	struct conf_errors errs = {0};
	struct settings *s =
		load("charon {\n fragment_size = 1400\n fragment_size_v6 = 1300\n"
		     " retransmit_timeout = .5\n retransmit_base = 2\n datapath = xfrm\n"
		     " leases { database = \"\" }\n retransmit_limit = 3m\n"
		     " plugins { vici { socket = tcp://127.0.0.1:4502 }\n ha { x = 1\n"
		     " y { z = 2 } } kernel-netlink { spdh_thresh { ipv4 { lbits = 3 } }"
		     " } }\n syslog { daemon { ike = 2 } }\n"
		     " filelog { a { path = /tmp/x\n ike = 4\n knl = -1 } } }\n"
		     "swanctl { load = x }\nlibtls { a { b = c } }\n"
		     "mine { threads = 3 }\ncharon-systemd : mine { }\n",
		     0, &errs);

	(void)state;
	check_errors(&errs, "");
	assert_int_equal(settings_u64(s, "charon.fragment_size_v4"), 1400);
	assert_int_equal(settings_u64(s, "charon.fragment_size_v6"), 1300);
	assert_true(settings_seconds(s, "charon.retransmit_timeout") == 0.5);
	assert_true(settings_seconds(s, "charon.retransmit_base") == 2.0);
	assert_true(settings_seconds(s, "charon.retransmit_limit") == 180.0);
	assert_int_equal(settings_u64(s, "charon.datapath"), 2);
	assert_null(settings_text(s, "charon.leases.database"));
	assert_string_equal(settings_text(s, "charon.plugins.vici.socket"), "tcp://127.0.0.1:4502");
	settings_free(s);
}

/* What is not there yet is refused with its place, and its default is in force. */
static void test_later(void **state)
{
	struct conf_errors errs = {0};
	struct settings *s =
		load("charon {\n interfaces_use = eth0\n spi_min = 5\n make_before_break = no\n"
		     " delete_rekeyed_delay = 5s\n"
		     " ignore_acquire_ts = no\n spi_max = 0xcfffffff\n"
		     " plugins { kernel-netlink { mss = 1300 } }\n"
		     " filelog { f { time_precision = ns } g { time_precision = us } }\n}\n",
		     E_CONFIG, &errs);

	(void)state;
	check_errors(&errs, "t.conf:3:2: option 'spi_min' in charon is not supported yet\n"
			    "t.conf:8:29: option 'mss' in charon.plugins.kernel-netlink is not "
			    "supported yet\n"
			    "t.conf:9:16: invalid value 'ns' for time_precision in "
			    "charon.filelog.f: expected one of ms, us\n");
	assert_string_equal(settings_text(s, "charon.interfaces_use"), "eth0");
	assert_int_equal(settings_u64(s, "charon.spi_min"), 0xc0000000);
	assert_false(settings_bool(s, "charon.make_before_break"));
	settings_free(s);
}

/* The files that Debian's strongSwan installs: nothing in them is an error. */
static void test_stock(void **state)
{
	static const char plugins[] = "/usr/share/strongswan/templates/config/plugins";
	static const char text[] =
		"charon {\n load_modular = yes\n plugins {\n"
		"  include /usr/share/strongswan/templates/config/plugins/*.conf\n }\n}\n"
		"include /usr/share/strongswan/templates/config/strongswan.d/*.conf\n";
	char path[] = "/tmp/test-settings-XXXXXX";
	struct conf_errors errs = {0};
	struct settings *s;
	int fd;

	(void)state;
	if (access(plugins, R_OK) != 0)
		skip();
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(settings_load(path, &errs, &s), 0);
	assert_int_equal(unlink(path), 0);
	check_errors(&errs, "");
	/* the includes have been found */
	assert_non_null(conf_node_text(settings_root(s), "charon.plugins.openssl.load"));
	settings_free(s);
}

/* Bad values leave the default in force, good ones count. */
static void test_errors(void **state)
{
	struct conf_errors errs = {0};
	struct settings *s = load("charn { }\n"
				  "charon {\n fragment_sz = 3\n retransmit_base = x\n"
				  " max_packet = 3\n user = nobody\n datapath = kernel\n"
				  " startscripts { }\n send_vendor_id = yes\n"
				  " leases { databse = x }\n"
				  " filelog { default = 2\n"
				  "  f { ikee = 2\n ike = 9\n x { } } }\n"
				  " retransmit_timeout = 1.2.3\n zzzzzzzzzz { }\n}\nkey = 1\n"
				  "charon { plugins {\n vici { sockett = x }\n"
				  " eap-raduis { load = yes }\n eap-radius { any = thing }\n"
				  " resolve { resolvconf { pathh = x } }\n aes = 1\n} }\n",
				  E_CONFIG, &errs);

	(void)state;
	check_errors(
		&errs,
		"t.conf:1:1: unknown section 'charn', did you mean 'charon'?\n"
		"t.conf:3:2: unknown option 'fragment_sz' in charon, did you mean "
		"'fragment_size'?\n"
		"t.conf:4:2: invalid value 'x' for retransmit_base in charon: expected a number "
		"like "
		"4 or 1.8\n"
		"t.conf:5:2: invalid value '3' for max_packet in charon: expected a number from "
		"1280 "
		"to 1048576\n"
		"t.conf:6:2: option 'user = nobody' in charon is not supported: the systemd unit "
		"drops privileges instead\n"
		"t.conf:7:2: invalid value 'kernel' for datapath in charon: expected one of auto, "
		"user, xfrm\n"
		"t.conf:8:2: unknown section 'startscripts' in charon, did you mean "
		"'start-scripts'?\n"
		"t.conf:10:11: unknown option 'databse' in charon.leases, did you mean "
		"'database'?\n"
		"t.conf:11:12: unknown option 'default' in charon.filelog\n"
		"t.conf:12:7: unknown option 'ikee' in charon.filelog.f, did you mean 'ike'?\n"
		"t.conf:13:2: invalid value '9' for ike in charon.filelog.f: expected a log level "
		"from -1 (silent) to 4\n"
		"t.conf:14:2: unknown section 'x' in charon.filelog.f\n"
		"t.conf:15:2: invalid value '1.2.3' for retransmit_timeout in charon: expected a "
		"number like 4 or 1.8\n"
		"t.conf:16:2: unknown section 'zzzzzzzzzz' in charon\n"
		"t.conf:18:1: unknown option 'key'\n"
		"t.conf:20:9: unknown option 'sockett' in charon.plugins.vici, did you mean "
		"'socket'?\n"
		"t.conf:21:2: unknown section 'eap-raduis' in charon.plugins, did you mean "
		"'eap-radius'?\n"
		"t.conf:23:25: unknown option 'pathh' in charon.plugins.resolve.resolvconf, did "
		"you mean 'path'?\n"
		"t.conf:24:2: unknown option 'aes' in charon.plugins, did you mean 'aes'?\n");
	assert_true(settings_bool(s, "charon.send_vendor_id"));
	assert_int_equal(settings_u64(s, "charon.max_packet"), 10000);
	assert_int_equal(settings_u64(s, "charon.datapath"), 0);
	settings_free(s);
}

/* A file with broken syntax, and one that cannot be read, still give settings. */
static void test_files(void **state)
{
	char path[] = "/tmp/test-settings-XXXXXX";
	struct conf_errors errs = {0};
	struct settings *s;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "charon {\n port = 1500\n", 22), 22);
	assert_int_equal(close(fd), 0);
	assert_int_equal(settings_load(path, &errs, &s), E_CONFIG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(errs.count, 1);
	assert_string_equal(errs.items[0].text,
			    "section 'charon' is not closed, expected '}' before "
			    "the end of the file");
	assert_int_equal(settings_u64(s, "charon.port"), 1500);
	conf_errors_done(&errs);
	settings_free(s);
	assert_int_equal(settings_load("/", &errs, &s), E_CONFIG);
	check_errors(&errs, "/: cannot read the file: Is a directory\n");
	assert_int_equal(settings_u64(s, "charon.port"), 500);
	settings_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_seed),
		cmocka_unit_test(test_values),	 cmocka_unit_test(test_errors),
		cmocka_unit_test(test_files),	 cmocka_unit_test(test_later),
		cmocka_unit_test(test_stock),
	};

	return cmocka_run_group_tests_name("conf/settings", tests, NULL, NULL);
}
