/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_BACKEND_H
#define DAEMON_BACKEND_H

#include "base/err.h"
#include "base/addr.h"
#include "base/buf.h"

struct daemon;

/* Which datapath the daemon has (charon.datapath), and how it is opened. */

/*
 * Decide before the sockets are opened, into d->esp, and say which and why in the log.
 * E_UNSUPPORTED or E_PERM: xfrm was asked for, and the kernel has no ESP or does not let us.
 */
int backend_choose(struct daemon *d) ERR_MUST_CHECK;
/* Open it, into d->ipsec; d->sockets are there. What fails is logged. */
int backend_open(struct daemon *d) ERR_MUST_CHECK;
/* ESP that came by a NAT-T socket, past what steers it. */
void backend_input(struct daemon *d, struct view esp, const struct addr *local,
		   const struct addr *remote);
/* A name for what the datapath gives us, for resolvconf(8). */
const char *backend_interface(const struct daemon *d);

#endif
