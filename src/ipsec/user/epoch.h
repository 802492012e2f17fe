/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_EPOCH_H
#define IPSEC_USER_EPOCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

/*
 * When may memory that workers read without a lock be freed? The engine unlinks it, then retires
 * it; it is freed once every worker has been at a point where it held no pointer to anything.
 */
struct epoch {
	_Atomic uint64_t now;
	_Atomic bool pending; /* the engine waits for readers */
	struct list readers;
	struct list retired; /* oldest first */
};

/* A worker. Its `seen` is the epoch in which it last started afresh; 0 while it holds nothing. */
struct epoch_reader {
	struct list link;
	_Atomic uint64_t seen;
};

/* Part of what can be retired. */
struct epoch_item {
	struct list link;
	uint64_t epoch;
	void (*free)(struct epoch_item *item);
};

void epoch_init(struct epoch *e);
/* Free all that is retired; readers must be gone. */
void epoch_done(struct epoch *e);
/* Engine's thread, before the reader's thread starts and after it ended. */
void epoch_add_reader(struct epoch *e, struct epoch_reader *r);
void epoch_remove_reader(struct epoch_reader *r);
/* Reader: holds no pointer from before, and will take new ones now. */
void epoch_enter(struct epoch *e, struct epoch_reader *r);
/* Reader: holds no pointer and will sleep. */
void epoch_leave(struct epoch_reader *r);
/* Reader: whether the engine should be woken for epoch_reclaim(); true once. */
bool epoch_wanted(struct epoch *e);
/* Engine: item is unlinked from all that readers can reach; free(item) when they are past it. */
void epoch_retire(struct epoch *e, struct epoch_item *item, void (*free)(struct epoch_item *));
/* Engine: free what can be freed; what is left makes epoch_wanted() true in a reader. */
void epoch_reclaim(struct epoch *e);

#endif
