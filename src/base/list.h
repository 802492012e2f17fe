/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Intrusive, circular, doubly linked list: a link lives inside its element. */
struct list {
	struct list *prev;
	struct list *next;
};

/* Make l an empty head, or an unlinked link. */
static inline void list_init(struct list *l)
{
	l->prev = l;
	l->next = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Link elem at the end of head. elem must not be linked anywhere. */
static inline void list_append(struct list *head, struct list *elem)
{
	elem->prev = head->prev;
	elem->next = head;
	head->prev->next = elem;
	head->prev = elem;
}

/* Unlink; harmless on an unlinked (initialised) link. */
static inline void list_remove(struct list *elem)
{
	elem->prev->next = elem->next;
	elem->next->prev = elem->prev;
	list_init(elem);
}

#define list_entry(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

#define list_foreach(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)

/* The body may remove (and free) the current element, but no other. */
#define list_foreach_safe(it, head)                                               \
	for (struct list *it = (head)->next, *it##_next = it->next; it != (head); \
	     it = it##_next, it##_next = it->next)

#endif
