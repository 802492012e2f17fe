/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_SETUP_H
#define DAEMON_SETUP_H

#include <stdbool.h>

#include "base/err.h"

struct daemon;

/*
 * Make everything there is to a daemon, in an order in which a start that fails disturbs nobody.
 * d->conf_path, d->forced and the loop d->uv (initialised) are the caller's, the rest is zero. What
 * fails is told in the log, which is stderr at least. Call setup_undo() in every case.
 */
int setup_daemon(struct daemon *d) ERR_MUST_CHECK;
/*
 * Take everything down. False if something that cannot be interrupted (a name lookup) holds on to a
 * part: the process must then end without further tidying.
 */
bool setup_undo(struct daemon *d);

#endif
