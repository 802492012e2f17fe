/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include <stdlib.h>

void heap_done(struct heap *h)
{
	free(h->nodes);
	*h = (struct heap){0};
}

static void place(struct heap *h, size_t i, struct heap_node *node)
{
	h->nodes[i] = node;
	node->index = i + 1;
}

static size_t sift_up(struct heap *h, size_t i, struct heap_node *node)
{
	while (i > 0 && h->nodes[(i - 1) / 2]->key > node->key) {
		place(h, i, h->nodes[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, node);
	return i;
}

static void sift_down(struct heap *h, size_t i, struct heap_node *node)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->count && h->nodes[child + 1]->key < h->nodes[child]->key)
			child++;
		if (child >= h->count || h->nodes[child]->key >= node->key)
			break;
		place(h, i, h->nodes[child]);
		i = child;
	}
	place(h, i, node);
}

int heap_set(struct heap *h, struct heap_node *node, uint64_t key)
{
	size_t i;

	if (node->index) {
		i = node->index - 1;
	} else {
		if (h->count == h->cap) {
			size_t cap = h->cap ? h->cap * 2 : 32;
			struct heap_node **nodes =
				realloc(h->nodes, cap * sizeof(struct heap_node *));

			if (!nodes)
				return E_NOMEM;
			h->nodes = nodes;
			h->cap = cap;
		}
		i = h->count++;
	}
	node->key = key;
	if (sift_up(h, i, node) == i)
		sift_down(h, i, node);
	return 0;
}

void heap_clear(struct heap *h, struct heap_node *node)
{
	struct heap_node *last;
	size_t i;

	if (!node->index)
		return;
	i = node->index - 1;
	node->index = 0;
	last = h->nodes[--h->count];
	if (last == node)
		return;
	if (sift_up(h, i, last) == i)
		sift_down(h, i, last);
}

struct heap_node *heap_first(const struct heap *h)
{
	return h->count ? h->nodes[0] : NULL;
}
