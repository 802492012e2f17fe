/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VICI_REPORT_H
#define VICI_REPORT_H

#include <stdbool.h>

#include "base/buf.h"

struct ike_child_info;
struct ike_event;
struct ike_sa_info;
struct ladder_rung;
struct server;

/* SAs and what happens to them as vici messages; the order of keys is strongSwan's. */

/* The keys of an IKE SA, without a section around them and without children. */
void report_sa(struct wbuf *w, const struct ike_sa_info *sa);
/* The keys of a CHILD SA, likewise. */
void report_child(struct wbuf *w, const struct ike_child_info *child);
/* The section "NAME-UID" of a CHILD SA; with trace its section "exchanges" too. */
void report_child_section(struct wbuf *w, const struct ike_child_info *child, bool trace);
/* A section of this name with the exchanges from `first` on, each a section ("1", "2", ...);
 * nothing if there are none. */
void report_ladder(struct wbuf *w, const char *name, const struct ladder_rung *first);
/* Raise the event, if anybody listens. */
void report_event(struct server *server, const struct ike_event *event);

#endif
