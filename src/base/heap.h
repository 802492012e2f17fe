/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Intrusive binary min-heap of deadlines: the timers of the engine. */
struct heap_node {
	uint64_t key; /* deadline, milliseconds */
	size_t index; /* position + 1; 0 while not in a heap */
};

struct heap {
	struct heap_node **nodes;
	size_t count;
	size_t cap;
};

/* Free the table, not its elements. All-zero is an empty heap. */
void heap_done(struct heap *h);
/* Insert node with this key, or move it there if it is in the heap. E_NOMEM: not inserted. */
int heap_set(struct heap *h, struct heap_node *node, uint64_t key) ERR_MUST_CHECK;
/* Remove; harmless if not in the heap. */
void heap_clear(struct heap *h, struct heap_node *node);
/* The node with the smallest key, or NULL. */
struct heap_node *heap_first(const struct heap *h);

#define heap_entry(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

#endif
