/* SPDX-License-Identifier: Apache-2.0 */
#include "vici/loaded.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct list link;
	const char *part; /* a literal */
	struct conf_node *node;
};

static struct entry *entry_of(struct list *link)
{
	return list_entry(link, struct entry, link);
}

void loaded_init(struct loaded *l)
{
	list_init(&l->sections);
}

static void drop(struct entry *e)
{
	list_remove(&e->link);
	conf_node_free(e->node);
	free(e);
}

void loaded_done(struct loaded *l)
{
	list_foreach_safe(it, &l->sections)
		drop(entry_of(it));
}

static struct entry *find(const struct loaded *l, const char *part, const char *name)
{
	list_foreach(it, &l->sections) {
		struct entry *e = entry_of(it);

		if (strcmp(e->part, part) == 0 && strcmp(e->node->name, name) == 0)
			return e;
	}
	return NULL;
}

/* CODEC_MAX_DEPTH bounds the depth. E_NOMEM leaves a part of it, which is freed with its root. */
static int copy_into(struct conf_node *to, const struct conf_node *from)
{
	int err = 0;

	for (size_t i = 0; i < from->n_values && !err; i++) {
		const struct conf_value *v = &from->values[i];

		for (size_t k = 0; k < v->count && !err; k++)
			err = conf_node_add(to, v->key,
					    view_make(v->items[k].data, v->items[k].len),
					    v->is_list, v->pos);
	}
	for (size_t i = 0; i < from->n_sections && !err; i++) {
		struct conf_node *sub = conf_node_new(to, from->sections[i]->name, from->pos);

		err = sub ? copy_into(sub, from->sections[i]) : E_NOMEM;
	}
	return err;
}

void loaded_put(struct loaded *l, const char *part, const struct conf_node *node)
{
	struct entry *e = calloc(1, sizeof(*e));

	loaded_remove(l, part, node->name);
	if (!e)
		return;
	e->part = part;
	e->node = conf_node_new(NULL, node->name, node->pos);
	if (!e->node || copy_into(e->node, node)) {
		conf_node_free(e->node);
		free(e);
		return;
	}
	list_append(&l->sections, &e->link);
}

void loaded_remove(struct loaded *l, const char *part, const char *name)
{
	struct entry *e = find(l, part, name);

	if (e)
		drop(e);
}

const struct conf_node *loaded_find(const struct loaded *l, const char *part, const char *name)
{
	const struct entry *e = find(l, part, name);

	return e ? e->node : NULL;
}
