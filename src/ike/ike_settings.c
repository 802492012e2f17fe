/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/settings.h"

#include "wire/ike.h"

void ike_settings_init(struct ike_settings *s)
{
	*s = (struct ike_settings){
		.port = IKE_PORT,
		.port_natt = IKE_PORT_NATT,
		.prefer_configured_proposals = true,
		.signature_authentication = true,
		.signature_constraints = true,
		.fragment_size_v4 = 1280,
		.fragment_size_v6 = 1280,
		.max_packet = 10000,
		.retransmit_tries = 5,
		.retransmit_timeout_ms = 4000,
		.retransmit_base = 1.8,
		.half_open_timeout_ms = 30000,
		.dos_protection = true,
		.cookie_threshold = 30,
		.cookie_threshold_ip = 3,
		.block_threshold = 5,
		.keep_alive_ms = 20000,
		.delete_rekeyed_delay_ms = 5000,
		.reuse_ikesa = true,
		.install_virtual_ip = true,
		.follow_redirects = true,
		.multiple_authentication = true,
		.make_before_break = true,
		.replay_window = 32,
		.reqid_base = 1,
	};
}
