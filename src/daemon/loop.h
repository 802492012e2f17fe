/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include <stdbool.h>

#include "base/err.h"

struct daemon;

/*
 * Keep the daemon's signals waiting while it cannot end well: before loop_run() and after it.
 * Threads that are started meanwhile never get them.
 */
void loop_hold_signals(bool hold);
/*
 * Run the start scripts and then the daemon until a signal ends it: peers have been told, stop
 * scripts have run. E_IO, E_NOMEM if it could not begin.
 */
int loop_run(struct daemon *d) ERR_MUST_CHECK;

#endif
