/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_SHOW_LADDER_H
#define CTL_SHOW_LADDER_H

#include "base/buf.h"

struct conf_node;
struct screen;

/* Pictures of trace-sa in text. `sa` is the section of an IKE SA. */

/* Every exchange with its request and its response: `cygnet trace`. */
void show_ladder(const struct screen *s, const struct conf_node *sa, struct wbuf *out);
/* A line for each exchange of a ladder (may be NULL). */
void show_ladder_lines(const struct screen *s, const struct conf_node *ladder, struct wbuf *out);

#endif
