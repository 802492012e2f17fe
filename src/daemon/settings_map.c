/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/settings_map.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "conf/settings.h"
#include "ike/settings.h"

/* charon.fragment_size = 0: what a host must accept (RFC 791, RFC 8200). */
#define LEAST_IPV4 576
#define LEAST_IPV6 1280

static uint64_t ms_of(const struct settings *s, const char *path)
{
	return (uint64_t)(settings_seconds(s, path) * 1000 + 0.5);
}

static unsigned number_of(const struct settings *s, const char *path)
{
	return (unsigned)settings_u64(s, path);
}

static unsigned fragment_size(const struct settings *s, const char *path, unsigned least)
{
	unsigned size = number_of(s, path);

	return size < least ? least : size;
}

static size_t servers(const struct settings *s, struct log *log, const char *const paths[2],
		      struct addr out[2])
{
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		const char *text = settings_text(s, paths[i]);

		if (text && addr_parse(&out[n], text) == 0)
			n++;
		else if (text)
			log_print(log, NULL, LOG_CFG, LOG_AUDIT,
				  "%s = %s is no IP address, it is left out", paths[i], text);
	}
	return n;
}

static void map_exchange(const struct settings *s, struct ike_settings *out)
{
	out->port = (uint16_t)number_of(s, "charon.port");
	out->port_natt = (uint16_t)number_of(s, "charon.port_nat_t");
	out->send_vendor_id = settings_bool(s, "charon.send_vendor_id");
	out->accept_private_algs = settings_bool(s, "charon.accept_private_algs");
	out->prefer_configured_proposals = settings_bool(s, "charon.prefer_configured_proposals");
	out->signature_authentication = settings_bool(s, "charon.signature_authentication");
	out->signature_constraints =
		settings_bool(s, "charon.signature_authentication_constraints");
	out->rsa_pss = settings_bool(s, "charon.rsa_pss");
	out->fragment_size_v4 = fragment_size(s, "charon.fragment_size_v4", LEAST_IPV4);
	out->fragment_size_v6 = fragment_size(s, "charon.fragment_size_v6", LEAST_IPV6);
	out->max_packet = settings_u64(s, "charon.max_packet");
	out->check_current_path = settings_bool(s, "charon.check_current_path");
	out->prefer_best_path = settings_bool(s, "charon.prefer_best_path");
	out->follow_redirects = settings_bool(s, "charon.follow_redirects");
	out->initiator_only = settings_bool(s, "charon.initiator_only");
	out->ignore_acquire_ts = settings_bool(s, "charon.ignore_acquire_ts");
	out->multiple_authentication = settings_bool(s, "charon.multiple_authentication");
}

static void map_times(const struct settings *s, struct ike_settings *out)
{
	out->retransmit_tries = number_of(s, "charon.retransmit_tries");
	out->retransmit_timeout_ms = ms_of(s, "charon.retransmit_timeout");
	out->retransmit_base = settings_seconds(s, "charon.retransmit_base");
	out->retransmit_limit_ms = ms_of(s, "charon.retransmit_limit");
	out->retransmit_jitter = number_of(s, "charon.retransmit_jitter");
	out->half_open_timeout_ms = ms_of(s, "charon.half_open_timeout");
	out->keep_alive_ms = ms_of(s, "charon.keep_alive");
	out->keep_alive_margin_ms = ms_of(s, "charon.keep_alive_dpd_margin");
	out->retry_initiate_ms = ms_of(s, "charon.retry_initiate_interval");
	out->delete_rekeyed_delay_ms = ms_of(s, "charon.delete_rekeyed_delay");
	out->make_before_break = settings_bool(s, "charon.make_before_break");
}

static void map_limits(const struct settings *s, struct ike_settings *out)
{
	out->dos_protection = settings_bool(s, "charon.dos_protection");
	out->cookie_threshold = number_of(s, "charon.cookie_threshold");
	out->cookie_threshold_ip = number_of(s, "charon.cookie_threshold_ip");
	out->block_threshold = number_of(s, "charon.block_threshold");
	out->init_limit_half_open = number_of(s, "charon.init_limit_half_open");
	out->ikesa_limit = number_of(s, "charon.ikesa_limit");
	out->inactivity_close_ike = settings_bool(s, "charon.inactivity_close_ike");
	out->close_ike_on_child_failure = settings_bool(s, "charon.close_ike_on_child_failure");
	out->reuse_ikesa = settings_bool(s, "charon.reuse_ikesa");
	out->install_virtual_ip = settings_bool(s, "charon.install_virtual_ip");
	out->replay_window = number_of(s, "charon.replay_window");
	out->reqid_base = number_of(s, "charon.reqid_base");
}

const char *settings_map_keylog(const struct settings *s)
{
	const char *dir = settings_text(s, "charon.plugins.save-keys.wireshark_keys");
	const bool any = settings_bool(s, "charon.plugins.save-keys.ike") ||
			 settings_bool(s, "charon.plugins.save-keys.esp");

	return settings_bool(s, "charon.plugins.save-keys.load") && any ? dir : NULL;
}

void settings_map_engine(const struct settings *s, struct log *log, struct ike_settings *out)
{
	static const char *const dns[2] = {"charon.dns1", "charon.dns2"};
	static const char *const nbns[2] = {"charon.nbns1", "charon.nbns2"};
	const bool keys = settings_map_keylog(s) != NULL;

	ike_settings_init(out);
	map_exchange(s, out);
	map_times(s, out);
	map_limits(s, out);
	out->n_dns = servers(s, log, dns, out->dns);
	out->n_nbns = servers(s, log, nbns, out->nbns);
	out->save_keys_ike = keys && settings_bool(s, "charon.plugins.save-keys.ike");
	out->save_keys_esp = keys && settings_bool(s, "charon.plugins.save-keys.esp");
}

const char *settings_map_restart(const struct settings *a, const struct settings *b, unsigned *at)
{
	static const char *const paths[] = {
		"charon.port",
		"charon.port_nat_t",
		"charon.threads",
		"charon.datapath",
		"charon.leases.database",
		"charon.install_routes",
		"charon.install_virtual_ip_on",
		"charon.routing_table",
		"charon.routing_table_prio",
		"charon.plugins.vici.socket",
		"charon.plugins.socket-default.use_ipv4",
		"charon.plugins.socket-default.use_ipv6",
	};

	while (*at < sizeof(paths) / sizeof(paths[0])) {
		const char *path = paths[(*at)++];
		const char *x = settings_text(a, path), *y = settings_text(b, path);

		if ((x || y) && (!x || !y || strcmp(x, y) != 0))
			return path;
	}
	return NULL;
}
