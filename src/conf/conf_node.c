/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/node.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

struct conf_node *conf_node_new(struct conf_node *parent, const char *name, struct conf_pos pos)
{
	struct conf_node *n = calloc(1, sizeof(*n));
	struct conf_node **sections;

	if (!n)
		return NULL;
	n->name = str_from_view(view_str(name));
	n->pos = pos;
	n->parent = parent;
	if (!n->name)
		goto fail;
	if (parent) {
		sections = realloc(parent->sections,
				   (parent->n_sections + 1) * sizeof(struct conf_node *));
		if (!sections)
			goto fail;
		parent->sections = sections;
		sections[parent->n_sections++] = n;
	}
	return n;
fail:
	free(n->name);
	free(n);
	return NULL;
}

static void drop_items(struct conf_value *v)
{
	for (size_t i = 0; i < v->count; i++) {
		secret_wipe(v->items[i].data, v->items[i].len);
		free(v->items[i].data);
	}
	v->count = 0;
}

void conf_node_free(struct conf_node *root)
{
	if (!root)
		return;
	for (size_t i = 0; i < root->n_sections; i++)
		conf_node_free(root->sections[i]);
	for (size_t i = 0; i < root->n_values; i++) {
		drop_items(&root->values[i]);
		free(root->values[i].items);
		free(root->values[i].key);
	}
	free(root->sections);
	free(root->values);
	free(root->name);
	strs_done(&root->files);
	free(root);
}

static struct conf_value *find_value(const struct conf_node *n, const char *key)
{
	for (size_t i = 0; i < n->n_values; i++) {
		if (strcmp(n->values[i].key, key) == 0)
			return &n->values[i];
	}
	return NULL;
}

static struct conf_value *append_value(struct conf_node *n, const char *key)
{
	struct conf_value *values = realloc(n->values, (n->n_values + 1) * sizeof(*values));
	struct conf_value *v;

	if (!values)
		return NULL;
	n->values = values;
	v = &values[n->n_values];
	*v = (struct conf_value){.key = str_from_view(view_str(key))};
	if (!v->key)
		return NULL;
	n->n_values++;
	return v;
}

int conf_node_add(struct conf_node *n, const char *key, struct view item, bool list,
		  struct conf_pos pos)
{
	struct conf_value *v = find_value(n, key);
	char *data = str_from_view(item);
	void *items;

	if (!data)
		return E_NOMEM;
	if (!v)
		v = append_value(n, key);
	if (!v)
		goto fail;
	if (!list)
		drop_items(v);
	items = realloc(v->items, (v->count + 1) * sizeof(*v->items));
	if (!items)
		goto fail;
	v->items = items;
	v->items[v->count].data = data;
	v->items[v->count++].len = item.len;
	v->is_list = list;
	v->pos = pos;
	return 0;
fail:
	secret_wipe(data, item.len);
	free(data);
	return E_NOMEM;
}

int conf_node_unset(struct conf_node *n, const char *key, struct conf_pos pos)
{
	struct conf_value *v = find_value(n, key);

	if (!v)
		v = append_value(n, key);
	if (!v)
		return E_NOMEM;
	drop_items(v);
	v->is_list = false;
	v->pos = pos;
	return 0;
}

void conf_node_prune(struct conf_node *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->n_values; i++) {
		if (n->values[i].count == 0 && !n->values[i].is_list) {
			free(n->values[i].items);
			free(n->values[i].key);
		} else {
			n->values[kept++] = n->values[i];
		}
	}
	n->n_values = kept;
	for (size_t i = 0; i < n->n_sections; i++)
		conf_node_prune(n->sections[i]);
}

const struct conf_value *conf_node_value(const struct conf_node *n, const char *key)
{
	return find_value(n, key);
}

struct conf_node *conf_node_section(const struct conf_node *n, const char *name)
{
	for (size_t i = 0; i < n->n_sections; i++) {
		if (strcmp(n->sections[i]->name, name) == 0)
			return n->sections[i];
	}
	return NULL;
}

static const struct conf_node *section_of_len(const struct conf_node *n, const char *name,
					      size_t len)
{
	for (size_t i = 0; i < n->n_sections; i++) {
		if (strlen(n->sections[i]->name) == len &&
		    strncmp(n->sections[i]->name, name, len) == 0)
			return n->sections[i];
	}
	return NULL;
}

const char *conf_node_text(const struct conf_node *root, const char *path)
{
	const struct conf_value *v;
	const char *dot;

	for (; root && (dot = strchr(path, '.')); path = dot + 1)
		root = section_of_len(root, path, (size_t)(dot - path));
	v = root ? conf_node_value(root, path) : NULL;
	return v && v->count > 0 ? v->items[0].data : NULL;
}
