/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_VIEW_H
#define IKE_VIEW_H

#include "ike/engine.h"

struct ike_sa;

/* Send an event about this SA: fills in event->sa (and conf) and calls the hook. */
void view_emit(struct ike_sa *sa, const struct ike_event *event);
/* An alert (struct ike_event.alert) about this SA; what has no SA uses view_alert_bare(). */
void view_alert(struct ike_sa *sa, const char *alert);
void view_alert_bare(struct ike *ike, const char *alert);
/* The event that an SA has replaced another one. */
void view_emit_rekeyed(struct ike_sa *fresh, struct ike_sa *old);

#endif
