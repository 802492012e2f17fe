/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/liveness.h"

#include "ike/child.h"
#include "ike/conn.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"
#include "ike/window.h"
#include "ipsec/ipsec.h"

/* When the peer was last heard of: by IKE, or by ESP of any child. */
static uint64_t last_heard(const struct ike_sa *sa)
{
	struct ipsec *ipsec = sa->ike->ipsec;
	uint64_t last = sa->last_in;

	list_foreach(it, &sa->children) {
		const struct child *c = list_entry(it, struct child, link);
		struct ipsec_stats s;

		if (c->handle && ipsec->ops->query(ipsec, c->handle, &s) == 0 &&
		    s.in.last_use > last)
			last = s.in.last_use;
	}
	return last;
}

static void on_dpd(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, dpd);
	uint64_t delay = sa->conn->conf->dpd_delay * 1000, last = last_heard(sa);
	uint64_t idle = sa->ike->now > last ? sa->ike->now - last : 0;

	if (idle < delay) {
		timer_start(sa->ike, t, delay - idle);
		return;
	}
	timer_start(sa->ike, t, delay);
	liveness_check(sa); /* tried again after `delay` */
}

void liveness_check(struct ike_sa *sa)
{
	if (sa->out.task || !list_empty(&sa->queue))
		return;
	sa_log(sa, LOG_IKE, LOG_CTRL, "sending DPD request");
	(void)!task_queue(sa, &task_dpd, NULL, NULL, NULL);
}

static int start_dpd(struct ike_sa *sa, struct task *task)
{
	struct wire_writer w;
	struct wbuf b;
	int err;

	(void)task;
	wbuf_init(&b, 0);
	wire_writer_init(&w, &b);
	mobike_put_dpd(sa, &w);
	err = window_request(sa, &w);
	wbuf_done(&b);
	return err;
}

static void dpd_answered(struct ike_sa *sa, struct task *task, const struct wire_msg *msg)
{
	(void)task;
	mobike_take_dpd(sa, msg);
	task_finish(sa, 0, NULL);
}

const struct task_kind task_dpd = {"IKE_DPD", IKE_INFORMATIONAL, start_dpd, dpd_answered};

/* This host has slept, so a NAT may have forgotten its mapping, and the peer us. */
static bool is_overdue(const struct ike_sa *sa)
{
	uint64_t margin = sa->ike->settings.keep_alive_margin_ms;

	return margin && sa->ike->now > sa->keepalive_at + margin;
}

static void on_keepalive(struct timer *t)
{
	struct ike_sa *sa = heap_entry(t, struct ike_sa, keepalive);
	char text[ADDR_TEXT_MAX];

	if (is_overdue(sa)) {
		liveness_check(sa);
	} else if (!sa->mobike.stranded) {
		sa_log(sa, LOG_IKE, LOG_CTRL, "sending keep alive to %s",
		       addr_text_port(&sa->remote, text));
		sa->ike->hooks.keepalive(sa->ike->hooks.ctx, &sa->local, &sa->remote);
	}
	liveness_update_keepalive(sa); /* it may be off since a reload */
}

void liveness_update_keepalive(struct ike_sa *sa)
{
	sa->keepalive.fire = on_keepalive;
	sa->keepalive_at = sa->ike->now + sa->ike->settings.keep_alive_ms;
	if (sa->nat_local && sa->ike->settings.keep_alive_ms)
		timer_start(sa->ike, &sa->keepalive, sa->ike->settings.keep_alive_ms);
	else
		timer_stop(sa->ike, &sa->keepalive);
}

void liveness_start(struct ike_sa *sa)
{
	sa->dpd.fire = on_dpd;
	if (sa->conn->conf->dpd_delay)
		timer_start(sa->ike, &sa->dpd, sa->conn->conf->dpd_delay * 1000);
	liveness_update_keepalive(sa);
}
