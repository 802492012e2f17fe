/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_SHOW_STATUS_H
#define CTL_SHOW_STATUS_H

#include "base/buf.h"

struct conf_node;
struct screen;

/* trace-sa (or list-sa) for people: the two hosts, the tunnel between them, its children with their
 * traffic, and a line for each exchange that made it. */
void show_status(const struct screen *s, const struct conf_node *event, struct wbuf *out);

#endif
