/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/backend.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "conf/settings.h"
#include "daemon/daemon.h"
#include "daemon/hooks.h"
#include "ipsec/ipsec.h"
#include "ipsec/user/user.h"
#include "ipsec/xfrm/xfrm.h"

enum { WORD_AUTO, WORD_USER, WORD_XFRM }; /* words of charon.datapath */

int backend_choose(struct daemon *d)
{
	const uint64_t word = settings_u64(d->settings, "charon.datapath");
	const char *why = "";
	int err = word == WORD_USER ? E_UNSUPPORTED : ipsec_xfrm_probe(&why);

	d->esp = err == 0 ? DAEMON_ESP_KERNEL : DAEMON_ESP_USER;
	if (word == WORD_USER) {
		log_print(d->log, NULL, LOG_KNL, LOG_CTRL, "using the user-space datapath");
		return 0;
	}
	if (err == 0) {
		log_print(d->log, NULL, LOG_KNL, LOG_CTRL, "using the kernel's datapath (xfrm)");
		return 0;
	}
	if (word == WORD_AUTO) {
		log_print(d->log, NULL, LOG_KNL, LOG_CTRL,
			  "using the user-space datapath: %s (charon.datapath = auto)", why);
		return 0;
	}
	log_print(d->log, NULL, LOG_KNL, LOG_AUDIT,
		  "charon.datapath = xfrm: %s; set charon.datapath to auto or user", why);
	return err;
}

static unsigned number_of(const struct daemon *d, const char *path)
{
	return (unsigned)settings_u64(d->settings, path);
}

/* IKE goes past the policies, and what is ESP on port 4500 goes into the kernel. */
static int prepare_sockets(struct daemon *d)
{
	struct udp *list[SOCKETS_MAX];
	const size_t n = sockets_list(&d->sockets, list);
	int err = 0;

	for (size_t i = 0; i < n && err == 0; i++) {
		err = udp_bypass_ipsec(list[i]);
		if (err == 0 && sockets_is_natt(&d->sockets, list[i]))
			err = udp_take_esp(list[i]);
		if (err == E_UNSUPPORTED && udp_family(list[i]) == AF_INET6) {
			log_print(d->log, NULL, LOG_KNL, LOG_CTRL,
				  "the kernel has no ESP in UDP over IPv6: only peers that are not "
				  "behind NAT get CHILD_SAs over IPv6");
			err = 0;
		}
	}
	if (err)
		log_print(d->log, NULL, LOG_KNL, LOG_AUDIT,
			  "preparing UDP ports for ESP in the kernel failed: %s",
			  err == E_IO ? strerror(errno) : err_text(err));
	return err;
}

static int open_kernel(struct daemon *d)
{
	struct ipsec_xfrm_params params = {
		.log = d->log,
		.mark = IPSEC_USER_MARK,
		.vip_device = settings_text(d->settings, "charon.install_virtual_ip_on"),
		.install_routes = settings_bool(d->settings, "charon.install_routes"),
		.table = number_of(d, "charon.routing_table"),
		.table_prio = number_of(d, "charon.routing_table_prio"),
	};
	int err = prepare_sockets(d);

	hooks_fill_events(d, &params.events);
	if (!err)
		err = ipsec_xfrm_open(&params, &d->ipsec);
	if (err)
		log_print(d->log, NULL, LOG_KNL, LOG_AUDIT,
			  "opening the kernel's datapath (charon.datapath) failed: %s",
			  err_text(err));
	return err;
}

static int open_user(struct daemon *d)
{
	struct ipsec_user_params params = {
		.log = d->log,
		.tun_name = "ipsec%d",
		.ike4 = d->sockets.natt[0],
		.ike6 = d->sockets.natt[1],
		.mtu = number_of(d, "charon.plugins.kernel-netlink.mtu"),
		.install_routes = settings_bool(d->settings, "charon.install_routes"),
		.table = number_of(d, "charon.routing_table"),
		.table_prio = number_of(d, "charon.routing_table_prio"),
	};
	int err;

	if (settings_text(d->settings, "charon.install_virtual_ip_on"))
		log_print(d->log, NULL, LOG_CFG, LOG_CTRL,
			  "charon.install_virtual_ip_on is for the kernel's datapath: virtual IPs "
			  "are on the TUN device here");
	hooks_fill_events(d, &params.events);
	err = ipsec_user_open(&params, &d->ipsec);
	if (err)
		log_print(d->log, NULL, LOG_KNL, LOG_AUDIT,
			  "opening the user-space datapath (charon.datapath) failed: %s",
			  err_text(err));
	return err;
}

int backend_open(struct daemon *d)
{
	return d->esp == DAEMON_ESP_KERNEL ? open_kernel(d) : open_user(d);
}

void backend_input(struct daemon *d, struct view esp, const struct addr *local,
		   const struct addr *remote)
{
	/* The kernel keeps its ESP to itself. */
	if (d->esp == DAEMON_ESP_USER)
		ipsec_user_input(d->ipsec, esp, local, remote);
}

const char *backend_interface(const struct daemon *d)
{
	return d->esp == DAEMON_ESP_USER ? ipsec_user_tun_name(d->ipsec) : "cygnet";
}
