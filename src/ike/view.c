/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/view.h"

#include <stdlib.h>

#include "ike/child.h"
#include "ike/conn.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/task.h"

#define MS ((uint64_t)1000) /* milliseconds of a second */

static const char *const sa_states[] = {"CREATED", "CONNECTING", "ESTABLISHED", "REKEYING",
					"REKEYED", "DELETING",	 "DESTROYING"};
static const char *const child_states[] = {"CREATED",  "ROUTED",  "INSTALLING", "INSTALLED",
					   "REKEYING", "REKEYED", "DELETING",	"DELETED"};

const char *ike_sa_state_name(enum ike_sa_state s)
{
	return sa_states[s];
}

const char *ike_child_state_name(enum ike_child_state s)
{
	return child_states[s];
}

/* Everything a view owns beyond the SA itself. */
struct picture {
	struct ike_sa_info info;
	struct ike_child_info *children;
	char *local_id, *remote_id;
	struct strs queued, active, passive;
};

static void picture_done(struct picture *p)
{
	free(p->children);
	free(p->local_id);
	free(p->remote_id);
	strs_done(&p->queued);
	strs_done(&p->active);
	strs_done(&p->passive);
}

static int list_tasks(const struct ike_sa *sa, struct picture *p)
{
	int err = 0;

	if (sa->out.task)
		err = strs_add(&p->active, sa->out.task->kind->name);
	list_foreach(it, &sa->queue) {
		if (err == 0)
			err = strs_add(&p->queued, list_entry(it, struct task, link)->kind->name);
	}
	return err;
}

static int list_children(struct ike_sa *sa, uint64_t now, struct picture *p)
{
	p->children = calloc(sa->n_children ? sa->n_children : 1, sizeof(*p->children));
	if (!p->children)
		return E_NOMEM;
	list_foreach(it, &sa->children) {
		struct child *c = list_entry(it, struct child, link);

		/* One that is only being negotiated is a task, not an SA yet. */
		if (c->state >= CHILD_S_INSTALLED)
			child_info(c, now, &p->children[p->info.n_children++]);
	}
	return 0;
}

static int take_picture(struct ike_sa *sa, uint64_t now, struct picture *p)
{
	bool up = sa->established != 0;

	*p = (struct picture){0};
	p->local_id = id_string(&sa->local_id);
	p->remote_id = id_string(&sa->remote_id);
	p->info = (struct ike_sa_info){
		.name = sa_name(sa),
		.uid = sa->uid,
		.state = sa->state,
		.initiator = sa->initiator,
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.local = sa->local,
		.remote = sa->remote,
		.local_id = p->local_id ? p->local_id : "%any",
		.remote_id = p->remote_id ? p->remote_id : "%any",
		.nat_local = sa->nat_local,
		.nat_remote = sa->nat_remote,
		.nat_fake = sa->nat_fake,
		.ppk = sa->ppk,
		.nat_any = sa->nat_local || sa->nat_remote || sa->nat_fake,
		.chosen = sa->chosen.count ? &sa->chosen : NULL,
		.established_ago = up ? (now - sa->established) / MS : UINT64_MAX,
		.rekey_in = timer_seconds_left(sa->rekey_at, now),
		.reauth_in = timer_seconds_left(sa->reauth.at, now),
		.n_local_vips = sa->n_local_vips,
		.n_remote_vips = sa->n_remote_vips,
		.local_vips = sa->local_vips,
		.remote_vips = sa->remote_vips,
		.n_dns = sa->n_dns,
		.dns = sa->dns,
		.rungs = sa->ladder.first,
		.rekey_rungs = sa->rekeyed.first,
		.tasks_queued = &p->queued,
		.tasks_active = &p->active,
		.tasks_passive = &p->passive,
	};
	if (list_tasks(sa, p) || list_children(sa, now, p)) {
		picture_done(p);
		return E_NOMEM;
	}
	p->info.children = p->children;
	return 0;
}

void ike_each_sa(struct ike *ike, uint64_t now, bool (*fn)(void *ctx, const struct ike_sa_info *),
		 void *ctx)
{
	bool more = true;

	list_foreach(it, &ike->sas) {
		struct ike_sa *sa = list_entry(it, struct ike_sa, link);
		struct picture p;

		if (!more || sa->state == IKE_S_DESTROYING || take_picture(sa, now, &p))
			continue;
		more = fn(ctx, &p.info);
		picture_done(&p);
	}
}

void view_emit(struct ike_sa *sa, const struct ike_event *event)
{
	struct ike_event e = *event;
	struct picture p;

	if (!sa->ike->hooks.event || take_picture(sa, sa->ike->now, &p))
		return;
	e.sa = &p.info;
	if (!e.conf && sa->conn)
		e.conf = sa->conn->conf;
	ike_emit(sa->ike, &e);
	picture_done(&p);
}

void view_alert(struct ike_sa *sa, const char *alert)
{
	view_emit(sa, &(struct ike_event){.type = IKE_EV_ALERT, .alert = alert});
}

void view_alert_bare(struct ike *ike, const char *alert)
{
	if (ike->hooks.event)
		ike_emit(ike, &(struct ike_event){.type = IKE_EV_ALERT, .alert = alert});
}

void view_emit_rekeyed(struct ike_sa *fresh, struct ike_sa *old)
{
	struct picture p;

	if (!old->ike->hooks.event || take_picture(old, old->ike->now, &p))
		return;
	view_emit(fresh, &(struct ike_event){.type = IKE_EV_IKE_REKEY, .old_sa = &p.info});
	picture_done(&p);
}
