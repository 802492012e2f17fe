/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/idle.h"

#include <inttypes.h>

#include "ike/child.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ipsec/ipsec.h"

#define MS ((uint64_t)1000) /* milliseconds of a second */

/* When a packet passed last, in either direction; at first when the child came up. */
static uint64_t last_use(const struct child *c)
{
	struct ipsec *ipsec = c->sa->ike->ipsec;
	uint64_t last = c->idle_since;
	struct ipsec_stats s;

	if (!c->handle || ipsec->ops->query(ipsec, c->handle, &s))
		return last;
	if (s.in.last_use > last)
		last = s.in.last_use;
	return s.out.last_use > last ? s.out.last_use : last;
}

static void close_idle(struct child *c)
{
	struct ike_sa *sa = c->sa;
	bool whole = sa->ike->settings.inactivity_close_ike && sa->n_children == 1;

	sa_log(sa, LOG_JOB, LOG_CTRL, "deleting %s after %" PRIu64 " seconds of %sinactivity",
	       whole ? "IKE_SA" : "CHILD_SA", c->conf->inactivity, whole ? "CHILD_SA " : "");
	if (task_queue(sa, whole ? &task_ike_delete : &task_child_delete, whole ? NULL : c, NULL,
		       NULL))
		timer_start(sa->ike, &c->idle, c->conf->inactivity * MS);
}

static void on_idle(struct timer *t)
{
	struct child *c = heap_entry(t, struct child, idle);
	uint64_t limit = c->conf->inactivity * MS, now = c->sa->ike->now, last = last_use(c);
	uint64_t idle = now > last ? now - last : 0;

	if (c->state == CHILD_S_REKEYED || c->state == CHILD_S_DELETING)
		return;
	/* Its successor is on its way, and goes on counting. */
	if (idle < limit || c->state != CHILD_S_INSTALLED)
		timer_start(c->sa->ike, t, idle < limit ? limit - idle : limit);
	else if (!task_pending(c->sa, &task_child_delete, c))
		close_idle(c);
}

void idle_start(struct child *c)
{
	const struct child *old = child_find_rekeyed(c);
	const struct ike *ike = c->sa->ike;
	uint64_t limit = c->conf->inactivity * MS, passed;

	c->idle_since = old ? last_use(old) : ike->now;
	passed = ike->now - c->idle_since;
	c->idle.fire = on_idle;
	if (limit)
		timer_start(c->sa->ike, &c->idle, passed < limit ? limit - passed : 0);
}

void idle_stop(struct child *c)
{
	timer_stop(c->sa->ike, &c->idle);
}
