/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_SETTINGS_H
#define IKE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"

/* What strongswan.conf decides about the engine. Limits and timers of the protocol live here. */
struct ike_settings {
	uint16_t port, port_natt; /* our two sockets' ports */
	bool send_vendor_id;
	bool accept_private_algs;
	bool prefer_configured_proposals;
	bool signature_authentication; /* RFC 7427 */
	bool rsa_pss;
	bool signature_constraints;		     /* of certificates also bind IKE signatures */
	unsigned fragment_size_v4, fragment_size_v6; /* IP packet, bytes */
	size_t max_packet;			     /* reassembled message, bytes */
	unsigned retransmit_tries;
	uint64_t retransmit_timeout_ms;
	double retransmit_base;
	uint64_t retransmit_limit_ms; /* 0 none */
	unsigned retransmit_jitter;   /* percent */
	uint64_t half_open_timeout_ms;
	bool dos_protection;
	unsigned cookie_threshold, cookie_threshold_ip, block_threshold;
	unsigned init_limit_half_open; /* 0 none */
	unsigned ikesa_limit;	       /* 0 none */
	bool initiator_only;	       /* no IKE_SA_INIT request is answered */
	bool ignore_acquire_ts;	       /* the packet of a trap is not offered as a selector */
	uint64_t keep_alive_ms;	       /* 0 off */
	uint64_t keep_alive_margin_ms; /* later than this it is a DPD; 0 off */
	uint64_t retry_initiate_ms;    /* 0 off */
	uint64_t delete_rekeyed_delay_ms;
	bool close_ike_on_child_failure;
	bool inactivity_close_ike;
	bool reuse_ikesa;
	bool check_current_path, prefer_best_path; /* MOBIKE, when addresses change */
	bool install_virtual_ip;
	bool follow_redirects, multiple_authentication, make_before_break;
	uint32_t replay_window;
	uint32_t reqid_base;
	size_t n_dns; /* charon.dns1, dns2, nbns1, nbns2 */
	struct addr dns[2], nbns[2];
	size_t n_nbns;
	bool save_keys_ike, save_keys_esp;
};

/* The defaults of the reference. */
void ike_settings_init(struct ike_settings *s);

/* Keys of an IKE SA or CHILD SA as Wireshark wants them; borrowed for the call. */
struct ike_keylog {
	bool is_ike;
	uint64_t spi_i, spi_r;
	struct view sk_ei, sk_er, sk_ai, sk_ar;
	uint16_t encr, encr_bits, integ; /* transform ids */
	uint32_t spi;			 /* ESP: one direction */
	struct addr src, dst;
	struct view encr_key, integ_key;
};

#endif
