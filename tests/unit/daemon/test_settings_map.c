/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/settings_map.h"

#include "conf/settings.h"
#include "ike/settings.h"
#include "lines.h"

static struct settings *settings(const char *text)
{
	struct conf_errors errs = {.count = 0};
	struct settings *s = NULL;

	assert_int_equal(settings_from_tree(parse(text), &errs, &s), 0);
	conf_errors_done(&errs);
	return s;
}

static void map(const char *text, struct ike_settings *out, const char *want_log)
{
	struct settings *s = settings(text);
	struct lines l;

	lines_init(&l);
	memset(out, 0xff, sizeof(*out));
	settings_map_engine(s, l.log, out);
	check_text(&l.text, want_log);
	lines_done(&l);
	settings_free(s);
}

/* Two tables hold the defaults: the engine's own and that of the options. They must agree. */
static void test_defaults(void **state)
{
	struct ike_settings have, want;

	(void)state;
	map("charon {\n}\n", &have, "");
	memset(&want, 0, sizeof(want));
	ike_settings_init(&want);
	assert_int_equal(have.port, want.port);
	assert_int_equal(have.port_natt, want.port_natt);
	assert_int_equal(have.send_vendor_id, want.send_vendor_id);
	assert_int_equal(have.accept_private_algs, want.accept_private_algs);
	assert_int_equal(have.prefer_configured_proposals, want.prefer_configured_proposals);
	assert_int_equal(have.signature_authentication, want.signature_authentication);
	assert_int_equal(have.rsa_pss, want.rsa_pss);
	assert_int_equal(have.fragment_size_v4, want.fragment_size_v4);
	assert_int_equal(have.fragment_size_v6, want.fragment_size_v6);
	assert_int_equal(have.max_packet, want.max_packet);
	assert_int_equal(have.retransmit_tries, want.retransmit_tries);
	assert_int_equal(have.retransmit_timeout_ms, want.retransmit_timeout_ms);
	assert_true(have.retransmit_base == want.retransmit_base);
	assert_int_equal(have.retransmit_limit_ms, want.retransmit_limit_ms);
	assert_int_equal(have.retransmit_jitter, want.retransmit_jitter);
	assert_int_equal(have.half_open_timeout_ms, want.half_open_timeout_ms);
	assert_int_equal(have.dos_protection, want.dos_protection);
	assert_int_equal(have.cookie_threshold, want.cookie_threshold);
	assert_int_equal(have.cookie_threshold_ip, want.cookie_threshold_ip);
	assert_int_equal(have.block_threshold, want.block_threshold);
	assert_int_equal(have.keep_alive_ms, want.keep_alive_ms);
	assert_int_equal(have.keep_alive_margin_ms, want.keep_alive_margin_ms);
	assert_int_equal(have.retry_initiate_ms, want.retry_initiate_ms);
	assert_int_equal(have.initiator_only, want.initiator_only);
	assert_int_equal(have.ignore_acquire_ts, want.ignore_acquire_ts);
	assert_int_equal(have.delete_rekeyed_delay_ms, want.delete_rekeyed_delay_ms);
	assert_int_equal(have.install_virtual_ip, want.install_virtual_ip);
	assert_int_equal(have.replay_window, want.replay_window);
	assert_int_equal(have.reqid_base, want.reqid_base);
	assert_int_equal(have.save_keys_ike, false);
	assert_int_equal(have.save_keys_esp, false);
	assert_int_equal(have.n_dns + have.n_nbns, 0);
}

static void test_values(void **state)
{
	struct ike_settings s;

	(void)state;
	map("charon {\n port = 1500\n send_vendor_id = yes\n prefer_configured_proposals = no\n"
	    " fragment_size = 1480\n fragment_size_v6 = 0\n max_packet = 30000\n"
	    " retransmit_timeout = 0.25\n retransmit_base = 1.3\n retransmit_limit = 1m\n"
	    " half_open_timeout = 2s\n keep_alive = 0\n dns1 = 10.1.0.1\n dns2 = 2001:db8::1\n"
	    " nbns2 = 10.1.0.3\n keep_alive_dpd_margin = 7s\n initiator_only = yes\n"
	    " ignore_acquire_ts = yes\n}\n",
	    &s, "");
	assert_int_equal(s.port, 1500);
	assert_true(s.send_vendor_id);
	assert_false(s.prefer_configured_proposals);
	assert_int_equal(s.fragment_size_v4, 1480);
	assert_int_equal(s.fragment_size_v6, 1280);
	assert_int_equal(s.max_packet, 30000);
	assert_int_equal(s.retransmit_timeout_ms, 250);
	assert_true(s.retransmit_base > 1.2999 && s.retransmit_base < 1.3001);
	assert_int_equal(s.retransmit_limit_ms, 60000);
	assert_int_equal(s.half_open_timeout_ms, 2000);
	assert_int_equal(s.keep_alive_ms, 0);
	assert_int_equal(s.keep_alive_margin_ms, 7000);
	assert_true(s.initiator_only && s.ignore_acquire_ts);
	assert_int_equal(s.n_dns, 2);
	assert_int_equal(s.dns[0].family, AF_INET);
	assert_int_equal(s.dns[1].family, AF_INET6);
	assert_int_equal(s.n_nbns, 1);
	assert_int_equal(s.nbns[0].ip[3], 3);
}

static void test_server_that_is_no_address(void **state)
{
	struct ike_settings s;

	(void)state;
	map("charon {\n dns1 = ns.example.org\n dns2 = 10.1.0.2\n}\n", &s,
	    "CFG 0 charon.dns1 = ns.example.org is no IP address, it is left out\n");
	assert_int_equal(s.n_dns, 1);
	assert_int_equal(s.dns[0].ip[3], 2);
}

static void check_keylog(const char *options, const char *want)
{
	char text[256];
	struct settings *s;

	snprintf(text, sizeof(text), "charon {\n plugins {\n save-keys {\n%s }\n }\n}\n", options);
	s = settings(text);
	if (want)
		assert_string_equal(settings_map_keylog(s), want);
	else
		assert_null(settings_map_keylog(s));
	settings_free(s);
}

static void test_keylog(void **state)
{
	struct ike_settings s;

	(void)state;
	check_keylog("load = yes\nike = yes\nwireshark_keys = /k\n", "/k");
	check_keylog("ike = yes\nesp = yes\nwireshark_keys = /k\n", NULL);
	check_keylog("load = yes\nwireshark_keys = /k\n", NULL);
	check_keylog("load = yes\nesp = yes\n", NULL);
	map("charon {\n plugins {\n save-keys {\n load = yes\n esp = yes\n wireshark_keys = /k\n"
	    " }\n }\n}\n",
	    &s, "");
	assert_false(s.save_keys_ike);
	assert_true(s.save_keys_esp);
}

static void test_restart(void **state)
{
	struct settings *a = settings("charon {\n port = 1500\n fragment_size = 1400\n}\n");
	struct settings *b = settings("charon {\n threads = 4\n}\n");
	unsigned at = 0;

	(void)state;
	assert_string_equal(settings_map_restart(a, b, &at), "charon.port");
	assert_string_equal(settings_map_restart(a, b, &at), "charon.threads");
	assert_null(settings_map_restart(a, b, &at));
	at = 0;
	assert_null(settings_map_restart(a, a, &at));
	settings_free(a);
	settings_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_server_that_is_no_address),
		cmocka_unit_test(test_keylog),
		cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
