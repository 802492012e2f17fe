/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_SVG_H
#define CTL_SVG_H

#include "base/buf.h"

struct conf_node;

/* The ladders of IKE SAs as one SVG document (SVG 1.1), a picture below the other. */
struct svg {
	struct wbuf body;
	unsigned y; /* where the next picture begins, pixels */
};

void svg_init(struct svg *g);
/* The section of an IKE SA in trace-sa: its ladder, that of its rekeying, those of its children. */
void svg_add_sa(struct svg *g, const struct conf_node *sa);
/* Append the whole document to out; errors are sticky there. */
void svg_finish(const struct svg *g, struct wbuf *out);
void svg_done(struct svg *g);
/* Append text with markup escaped; what XML cannot have (and bidi controls) is U+FFFD. */
void svg_escape(const char *text, struct wbuf *out);

#endif
