/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_WATCH_H
#define NET_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Tells when addresses, links or routes of this host change (rtnetlink). */
struct watch;

/*
 * Changes of routes in this table are no news: they are our own, many at a time while tunnels come,
 * and no way to a peer. 0: all are. E_IO, E_NOMEM.
 */
int watch_open(uint32_t own_table, struct watch **out) ERR_MUST_CHECK;
/* NULL is fine. */
void watch_free(struct watch *w);
/* To poll for reading; stays the watch's. */
int watch_fd(const struct watch *w);
/* Take what is there, without waiting; whether anything has changed. What was lost because it came
 * too fast counts as a change. */
bool watch_read(struct watch *w);

#endif
