/* SPDX-License-Identifier: Apache-2.0 */
#include "ipsec/user/epoch.h"

#include <stddef.h>

void epoch_init(struct epoch *e)
{
	atomic_init(&e->now, 1);
	atomic_init(&e->pending, false);
	list_init(&e->readers);
	list_init(&e->retired);
}

void epoch_done(struct epoch *e)
{
	list_foreach_safe(it, &e->retired) {
		struct epoch_item *item = list_entry(it, struct epoch_item, link);

		list_remove(it);
		item->free(item);
	}
}

void epoch_add_reader(struct epoch *e, struct epoch_reader *r)
{
	atomic_init(&r->seen, 0);
	list_append(&e->readers, &r->link);
}

void epoch_remove_reader(struct epoch_reader *r)
{
	list_remove(&r->link);
}

/*
 * Sequentially consistent: either the engine, which publishes first and looks at `seen` later,
 * sees us in here, or we, who set `seen` first and take pointers later, see what it published.
 */
void epoch_enter(struct epoch *e, struct epoch_reader *r)
{
	atomic_store(&r->seen, atomic_load(&e->now));
}

void epoch_leave(struct epoch_reader *r)
{
	atomic_store(&r->seen, 0);
}

bool epoch_wanted(struct epoch *e)
{
	return atomic_load(&e->pending) && atomic_exchange(&e->pending, false);
}

void epoch_retire(struct epoch *e, struct epoch_item *item, void (*free)(struct epoch_item *))
{
	item->free = free;
	item->epoch = atomic_fetch_add(&e->now, 1) + 1;
	list_append(&e->retired, &item->link);
}

static bool reclaim_some(struct epoch *e)
{
	uint64_t oldest = UINT64_MAX;

	list_foreach(it, &e->readers) {
		const uint64_t seen = atomic_load(&list_entry(it, struct epoch_reader, link)->seen);

		if (seen != 0 && seen < oldest)
			oldest = seen;
	}
	list_foreach_safe(it, &e->retired) {
		struct epoch_item *item = list_entry(it, struct epoch_item, link);

		if (item->epoch > oldest)
			return false;
		list_remove(it);
		item->free(item);
	}
	return true;
}

/* Asking again after setting the flag catches a reader that went to sleep just before. */
void epoch_reclaim(struct epoch *e)
{
	bool left = !reclaim_some(e);

	atomic_store(&e->pending, left);
	if (left && reclaim_some(e))
		atomic_store(&e->pending, false);
}
