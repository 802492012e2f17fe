/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/task.h"

#include <stdlib.h>
#include <string.h>

#include "ike/control.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/window.h"

#define POSTPONE_MS  2000 /* the first wait; each is twice as long as the one before */
#define POSTPONE_MAX 5	  /* but no longer than so many doublings */

static void free_task(struct task *t)
{
	free(t->child_name);
	free(t);
}

int task_queue(struct ike_sa *sa, const struct task_kind *kind, struct child *child,
	       const char *child_name, struct ike_request *request)
{
	struct task *t;
	size_t waiting = 0;

	list_foreach(it, &sa->queue)
		waiting++;
	if (waiting >= SA_MAX_QUEUE)
		return E_LIMIT;
	t = calloc(1, sizeof(*t));
	if (!t)
		return E_NOMEM;
	t->kind = kind;
	t->child = child;
	t->request = request;
	if (child_name) {
		t->child_name = strdup(child_name);
		if (!t->child_name) {
			free(t);
			return E_NOMEM;
		}
	}
	list_append(&sa->queue, &t->link);
	task_run_next(sa);
	return 0;
}

static void on_later(struct timer *t)
{
	task_run_next(heap_entry(t, struct ike_sa, out.later));
}

/* The first task that is due; NULL if all are postponed. */
static struct task *first_due(struct ike_sa *sa)
{
	uint64_t next = UINT64_MAX;

	list_foreach(it, &sa->queue) {
		struct task *t = list_entry(it, struct task, link);

		if (t->not_before <= sa->ike->now)
			return t;
		next = t->not_before < next ? t->not_before : next;
	}
	sa->out.later.fire = on_later;
	if (next != UINT64_MAX)
		timer_start(sa->ike, &sa->out.later, next - sa->ike->now);
	return NULL;
}

void task_run_next(struct ike_sa *sa)
{
	/* What the peer is rekeying takes the queue along when it is done. */
	while (!sa->out.task && !sa->theirs) {
		struct task *t = first_due(sa);
		int err;

		if (!t)
			return;

		list_remove(&t->link);
		sa->out.task = t;
		err = t->kind->start(sa, t);
		if (err == 0)
			return;
		sa_log(sa, LOG_IKE, LOG_CTRL, "%s failed: %s", t->kind->name, err_text(err));
		sa->out.task = NULL;
		task_drop(sa, t, err, err_text(err));
	}
}

static void tell_asker(struct task *task, int err, const char *message)
{
	struct ike_request *r = task->request;

	/* What was to be deleted is gone, whoever did it. */
	if (err == E_CANCELED &&
	    (task->kind == &task_ike_delete || task->kind == &task_child_delete))
		err = 0;
	task->request = NULL;
	if (r)
		control_complete(r, err, message);
}

void task_drop(struct ike_sa *sa, struct task *task, int err, const char *message)
{
	(void)sa;
	tell_asker(task, err, message);
	free_task(task);
}

void task_forsake_all(struct ike_sa *sa, int err, const char *message)
{
	if (sa->out.task)
		tell_asker(sa->out.task, err, message);
	list_foreach_safe(it, &sa->queue) {
		struct task *t = list_entry(it, struct task, link);

		list_remove(&t->link);
		task_drop(sa, t, err, message);
	}
}

void task_finish(struct ike_sa *sa, int err, const char *message)
{
	struct task *t = sa->out.task;

	sa->out.task = NULL;
	window_forget_request(sa);
	if (t)
		task_drop(sa, t, err, message);
	task_run_next(sa);
}

void task_continue(struct ike_sa *sa, const struct task_kind *kind)
{
	struct task *t = sa->out.task;
	int err;

	window_forget_request(sa);
	t->kind = kind;
	err = kind->start(sa, t);
	if (err)
		sa_destroy(sa, err, err_text(err)); /* half a handshake is of no use */
}

void task_postpone(struct ike_sa *sa, const struct task_kind *kind, struct child *child)
{
	struct task *t = sa->out.task;
	uint64_t ms = timer_backoff(sa->ike, POSTPONE_MS, t->failures);

	window_forget_request(sa);
	sa->out.task = NULL;
	t->kind = kind;
	t->child = child;
	t->keying = NULL;
	t->not_before = sa->ike->now + ms;
	if (t->failures < POSTPONE_MAX)
		t->failures++;
	sa_log(sa, LOG_IKE, LOG_CTRL, "the peer is busy, trying again in %u seconds",
	       (unsigned)((ms + 999) / 1000));
	list_append(&sa->queue, &t->link);
	task_run_next(sa);
}

void task_retarget(struct ike_sa *sa, const struct task_kind *kind, const struct child *from,
		   struct child *to)
{
	list_foreach(it, &sa->queue) {
		struct task *t = list_entry(it, struct task, link);

		if (t->kind == kind && t->child == from && t->request)
			t->child = to;
	}
}

void task_move_all(struct ike_sa *from, struct ike_sa *to)
{
	list_foreach_safe(it, &from->queue) {
		list_remove(it);
		list_append(&to->queue, it);
	}
	timer_stop(from->ike, &from->out.later);
}

void task_drop_child(struct ike_sa *sa, const struct child *child)
{
	list_foreach_safe(it, &sa->queue) {
		struct task *t = list_entry(it, struct task, link);

		if (t->child != child)
			continue;
		list_remove(&t->link);
		task_drop(sa, t, E_CANCELED, "the CHILD_SA is gone");
	}
}

bool task_pending(const struct ike_sa *sa, const struct task_kind *kind, const struct child *child)
{
	if (sa->out.task && sa->out.task->kind == kind && (!child || sa->out.task->child == child))
		return true;
	list_foreach(it, &sa->queue) {
		const struct task *t = list_entry(it, struct task, link);

		if (t->kind == kind && (!child || t->child == child))
			return true;
	}
	return false;
}
