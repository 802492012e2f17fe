/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

/* What the service manager is told (sd_notify(3)); nothing happens without one. */

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
/* Start-up goes on: allow it this much longer. */
void notify_extend_start(unsigned seconds);
/* Half of the interval in which a sign of life is expected, ms; 0: none is. */
uint64_t notify_watchdog_ms(void);
void notify_alive(void);

#endif
