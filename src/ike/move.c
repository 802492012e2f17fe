/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/move.h"

#include "ike/child.h"
#include "ike/liveness.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/view.h"
#include "ike/window.h"
#include "ipsec/ipsec.h"

static void log_change(const struct ike_sa *sa, const char *end, const struct addr *old,
		       const struct addr *fresh)
{
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	if (!addr_equal_port(old, fresh))
		sa_log(sa, LOG_IKE, LOG_CTRL, "%s endpoint changed from %s to %s", end,
		       addr_text_port(old, a), addr_text_port(fresh, b));
}

void move_ike(struct ike_sa *sa, const struct addr *local, const struct addr *remote)
{
	const struct addr to_local = *local, to_remote = *remote; /* they may be the SA's own */

	log_change(sa, "local", &sa->local, &to_local);
	log_change(sa, "remote", &sa->remote, &to_remote);
	sa_set_addresses(sa, &to_local, &to_remote);
	window_readdress(sa);
}

void move_children(struct ike_sa *sa)
{
	struct ipsec *ipsec = sa->ike->ipsec;

	list_foreach(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if (!c->handle)
			continue;
		c->encap = sa->nat_local || sa->nat_remote || sa->nat_fake;
		if (ipsec->ops->update(ipsec, c->handle, &sa->local, &sa->remote, c->encap))
			sa_log(sa, LOG_KNL, LOG_CTRL, "moving CHILD_SA %s{%u} failed",
			       c->conf->name, c->uid);
	}
}

void move_finish(struct ike_sa *sa)
{
	liveness_update_keepalive(sa);
	view_emit(sa, &(struct ike_event){.type = IKE_EV_IKE_UPDATE});
}

static void follow_now(struct ike_sa *sa, const struct addr *remote)
{
	sa->move.at = sa->ike->now;
	move_ike(sa, &sa->local, remote);
	move_children(sa);
	move_finish(sa);
}

static void on_pause_over(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, move.timer);
	const struct addr remote = sa->move.pending;

	if (sa->state != IKE_S_DESTROYING && !addr_equal_port(&sa->remote, &remote))
		follow_now(sa, &remote);
}

void move_follow(struct ike_sa *sa, const struct addr *remote)
{
	const uint64_t next = sa->move.at + MOVE_PAUSE_MS;

	if (sa->move.at && sa->ike->now < next) {
		sa->move.pending = *remote;
		sa->move.timer.fire = on_pause_over;
		timer_start(sa->ike, &sa->move.timer, next - sa->ike->now);
		return;
	}
	timer_stop(sa->ike, &sa->move.timer);
	if (!addr_equal_port(&sa->remote, remote))
		follow_now(sa, remote);
}
