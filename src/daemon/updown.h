/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_UPDOWN_H
#define DAEMON_UPDOWN_H

#include <stdbool.h>

#include "base/err.h"

/*
 * children.updown: a command that is run when a child comes up and when it goes, once for each pair
 * of its selectors, with what there is to know in PLUTO_* variables (updown_env.h). Those of one
 * peer's child run one after another, others beside them; rekeying runs none.
 */

struct ike_event;
struct log;
struct updown;
struct uv_loop_s;

int updown_new(struct uv_loop_s *loop, struct log *log, struct updown **out) ERR_MUST_CHECK;
/* Forget what waits; what runs goes on without us. NULL is fine. */
void updown_free(struct updown *u);
/* An event of the engine; NULL u is fine. */
void updown_event(struct updown *u, const struct ike_event *event);
/* Nothing runs or waits. */
bool updown_idle(const struct updown *u);

#endif
