/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/child.h"
#include "ike/conn.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/view.h"
#include "ipsec/ipsec.h"

/* One child takes the place of another, and no packet is lost. */

#define RETRY_MS     30000 /* after a failure: half of it to all of it */
#define WATCH_MS     500   /* between two looks whether the peer sends with the new keys */
#define MAX_FAILURES 4	   /* doublings of RETRY_MS */

struct child *child_find_rekeyed(const struct child *fresh)
{
	return fresh->rekeys ? child_find_uid(fresh->sa, fresh->rekeys) : NULL;
}

struct child *child_find_heir(const struct child *old, bool ours)
{
	list_foreach(it, &old->sa->children) {
		struct child *c = list_entry(it, struct child, link);

		if (c->rekeys == old->uid && c->initiator == ours && !c->redundant)
			return c;
	}
	return NULL;
}

bool child_is_rekeying(const struct child *c)
{
	return task_pending(c->sa, &task_child_rekey, c) || c->state == CHILD_S_REKEYING ||
	       child_find_heir(c, false);
}

void child_rekey_due(struct child *c)
{
	char peer[ADDR_TEXT_MAX];

	if (c->state != CHILD_S_INSTALLED || c->replaced || child_is_rekeying(c))
		return;
	sa_log(c->sa, LOG_KNL, LOG_CTRL, "creating rekey job for CHILD_SA ESP/0x%08x/%s",
	       c->spi_out, addr_text(&c->sa->remote, peer));
	if (task_queue(c->sa, &task_child_rekey, c, NULL, NULL))
		child_retry_rekey(c);
}

void child_retry_rekey(struct child *c)
{
	uint64_t ms = timer_backoff(c->sa->ike, RETRY_MS, c->failures);

	if (c->state == CHILD_S_REKEYING)
		child_set_state(c, CHILD_S_INSTALLED);
	if (!c->handle || c->replaced)
		return;
	if (c->failures < MAX_FAILURES)
		c->failures++;
	sa_log(c->sa, LOG_IKE, LOG_CTRL, "CHILD_SA rekeying failed, trying again in %u seconds",
	       (unsigned)(ms / 1000));
	timer_start(c->sa->ike, &c->rekey, ms);
}

static void tell(struct child *old, struct child *fresh)
{
	struct ike_child_info o, f;

	child_info(old, old->sa->ike->now, &o);
	child_info(fresh, old->sa->ike->now, &f);
	view_emit(fresh->sa, &(struct ike_event){.type = IKE_EV_CHILD_REKEY,
						 .child = &f,
						 .old_child = &o,
						 .conf = fresh->conn->conf});
}

void child_take_over(struct child *fresh)
{
	struct child *old = child_find_rekeyed(fresh), *other;
	struct ike *ike = fresh->sa->ike;

	timer_stop(ike, &fresh->watch);
	/* Without it nothing is sent; the next rekey or its lifetime mends that. */
	if (fresh->inbound_only && child_install_out(fresh))
		child_rekey_due(fresh);
	if (!old || old->replaced)
		return;
	sa_log(old->sa, LOG_IKE, LOG_CTRL,
	       "rekeyed CHILD_SA %s{%u} with SPIs %08x_i %08x_o with %s{%u} with SPIs %08x_i "
	       "%08x_o",
	       old->conf->name, old->uid, old->spi_in, old->spi_out, fresh->conf->name, fresh->uid,
	       fresh->spi_in, fresh->spi_out);
	old->replaced = true;
	/* The peer has decided for its own: what may yet come of our exchange is not wanted. */
	other = fresh->initiator ? NULL : child_find_heir(old, true);
	if (other)
		other->redundant = true;
	timer_stop(ike, &old->rekey);
	if (old->state != CHILD_S_DELETING)
		child_set_state(old, CHILD_S_REKEYED);
	tell(old, fresh);
	fresh->up = old->up;
	old->up = false;
	/* Who wanted the old one gone wants the new one gone. */
	task_retarget(old->sa, &task_child_delete, old, fresh);
}

/* RFC 7296 section 2.8: a valid message on the new SA shows that the peer is ready for ours. */
static void on_watch(struct timer *t)
{
	struct child *c = heap_entry(t, struct child, watch);
	struct ipsec *ipsec = c->sa->ike->ipsec;
	struct ipsec_stats s;

	if (ipsec->ops->query(ipsec, c->handle, &s) == 0 && s.in.packets) {
		struct child *old = child_find_rekeyed(c);

		child_take_over(c);
		if (old)
			child_mute(old);
	} else {
		timer_start(c->sa->ike, t, WATCH_MS);
	}
}

void child_await_peer(struct child *fresh)
{
	fresh->watch.fire = on_watch;
	timer_start(fresh->sa->ike, &fresh->watch, WATCH_MS);
}

void child_mute(struct child *c)
{
	struct ipsec *ipsec = c->sa->ike->ipsec;

	if (c->handle && !c->muted && !c->inbound_only)
		ipsec->ops->remove_out(ipsec, c->handle);
	c->muted = true;
}

static void on_lingered(struct timer *t)
{
	struct child *c = heap_entry(t, struct child, expire);

	sa_log(c->sa, LOG_IKE, LOG_CTRL, "CHILD_SA %s{%u} closed", c->conf->name, c->uid);
	child_destroy(c);
}

void child_close(struct child *c)
{
	struct ike *ike = c->sa->ike;
	uint64_t ms = ike->settings.delete_rekeyed_delay_ms;

	if (!c->replaced || !c->handle || !ms) {
		sa_log(c->sa, LOG_IKE, LOG_CTRL, "CHILD_SA closed");
		child_destroy(c);
		return;
	}
	sa_log(c->sa, LOG_IKE, LOG_CTRL, "delay closing of inbound CHILD_SA %s{%u} for %us",
	       c->conf->name, c->uid, (unsigned)(ms / 1000));
	child_set_state(c, CHILD_S_DELETED);
	child_mute(c);
	task_drop_child(c->sa, c);
	timer_stop(ike, &c->rekey);
	timer_stop(ike, &c->watch);
	c->expire.fire = on_lingered;
	timer_start(ike, &c->expire, ms);
}
