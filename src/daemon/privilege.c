/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/privilege.h"

#include <cap-ng.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/log.h"

/* TUN, routes and marks; ports below 1024; ICMP. */
static const unsigned kept[] = {CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_NET_RAW};

int privilege_confine(struct log_notes *notes)
{
	unsigned have[sizeof(kept) / sizeof(kept[0])] = {0};
	static const capng_type_t sets[] = {CAPNG_EFFECTIVE, CAPNG_PERMITTED, CAPNG_INHERITABLE};

	if (capng_get_caps_process() != 0) {
		log_note(notes, LOG_DMN, LOG_AUDIT, "reading own capabilities failed");
		return E_PERM;
	}
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN)) {
		log_note(notes, LOG_DMN, LOG_AUDIT,
			 "no permission to set up a TUN device and routes (user %u without "
			 "CAP_NET_ADMIN): run as root or give CAP_NET_ADMIN, and "
			 "CAP_NET_BIND_SERVICE for ports 500 and 4500",
			 (unsigned)geteuid());
		return E_PERM;
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		for (size_t set = 0; set < sizeof(sets) / sizeof(sets[0]); set++)
			have[i] |= capng_have_capability(sets[set], kept[i]) ? sets[set] : 0;
	}
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (have[i])
			capng_update(CAPNG_ADD, (capng_type_t)have[i], kept[i]);
	}
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		log_note(notes, LOG_DMN, LOG_CTRL,
			 "giving up capabilities failed: the daemon goes on with all it has");
	return 0;
}
