/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_BUSY_H
#define DAEMON_BUSY_H

#include <stdint.h>

/*
 * How long the engine's thread works without looking at its sockets: processor time, so that what
 * else runs on the machine does not count.
 */

/* The thread's processor time now, microseconds; to give to busy_end(). */
uint64_t busy_begin(void);
/* Keep the time since then in *longest if it is more than that. */
void busy_end(uint64_t since, uint64_t *longest);

#endif
