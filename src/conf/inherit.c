/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/inherit.h"

#include <stdlib.h>
#include <string.h>

#define INHERIT_DEPTH_MAX 100 /* of references that lead to references */
/*
 * Values and sections copied in all, to stop chains that double at each step; the second is for
 * each byte of the files. A section that only inherits takes a dozen, and may get fifty values.
 */
#define INHERIT_COPY_MIN  10000
#define INHERIT_COPY_RATE 10

enum { INHERIT_NEW = 0, INHERIT_BUSY, INHERIT_DONE };

struct resolver {
	struct inherit *in;
	struct conf_node *root;
	struct conf_errors *errs;
	size_t copied;
	unsigned depth;
	int err;       /* E_NOMEM or E_LIMIT: give up */
	bool circular; /* met a section that is being completed */
};

int inherit_add(struct inherit *in, struct conf_node *node, struct view path, struct conf_pos pos)
{
	struct inherit_ref *refs = reallocarray(in->refs, in->count + 1, sizeof(*refs));
	size_t *link = &node->first_ref;

	if (!refs)
		return E_NOMEM;
	in->refs = refs;
	refs[in->count] = (struct inherit_ref){.node = node, .pos = pos};
	refs[in->count].path = str_from_view(path);
	if (!refs[in->count].path)
		return E_NOMEM;
	while (*link)
		link = &refs[*link - 1].next;
	*link = ++in->count;
	return 0;
}

void inherit_done(struct inherit *in)
{
	for (size_t i = 0; i < in->count; i++)
		free(in->refs[i].path);
	free(in->refs);
	*in = (struct inherit){0};
}

static bool count_copy(struct resolver *r)
{
	if (r->err)
		return false;
	if (++r->copied > INHERIT_COPY_MIN + INHERIT_COPY_RATE * r->in->n_bytes)
		r->err = E_LIMIT;
	return !r->err;
}

static void copy_value(struct resolver *r, struct conf_node *dst, const struct conf_value *v)
{
	int err;

	if (conf_node_value(dst, v->key) || !count_copy(r))
		return;
	if (v->count == 0)
		err = conf_node_unset(dst, v->key, v->pos);
	else
		err = conf_node_add(dst, v->key, view_make(v->items[0].data, v->items[0].len),
				    false, v->pos);
	if (err)
		r->err = err;
}

/* src may lie within dst and grow meanwhile: only what it had at first is copied. */
static void merge(struct resolver *r, struct conf_node *dst, const struct conf_node *src)
{
	size_t n_values = src->n_values, n_sections = src->n_sections;

	for (size_t i = 0; i < n_values && !r->err; i++)
		copy_value(r, dst, &src->values[i]);
	for (size_t i = 0; i < n_sections && !r->err; i++) {
		const struct conf_node *from = src->sections[i];
		struct conf_node *to = conf_node_section(dst, from->name);

		if (!count_copy(r))
			return;
		if (!to)
			to = conf_node_new(dst, from->name, from->pos);
		if (!to) {
			r->err = E_NOMEM;
			return;
		}
		if (to != from)
			merge(r, to, from);
	}
}

static void complete(struct resolver *r, struct conf_node *node);

/* The section at a dotted path. Sections on the way may have to inherit the next one first. */
static struct conf_node *find_target(struct resolver *r, const char *path)
{
	struct conf_node *n = r->root;

	while (n) {
		size_t len = strcspn(path, ".");
		char *name = str_from_view(view_make(path, len));

		if (!name) {
			r->err = E_NOMEM;
			return NULL;
		}
		if (n->inheritance == INHERIT_NEW && !conf_node_section(n, name))
			complete(r, n);
		n = conf_node_section(n, name);
		free(name);
		if (!path[len])
			break;
		path += len + 1;
	}
	return n;
}

static void follow(struct resolver *r, const struct inherit_ref *ref)
{
	struct conf_node *target = find_target(r, ref->path);

	if (r->err)
		return;
	if (!target) {
		conf_error_add(r->errs, ref->pos,
			       "section '%s', which '%s' inherits from, is not defined", ref->path,
			       ref->node->name);
		return;
	}
	target->inherited_from = true;
	r->circular = false;
	complete(r, target);
	if (r->circular)
		conf_error_add(r->errs, ref->pos, "section '%s' inherits from itself through '%s'",
			       ref->node->name, ref->path);
	else
		merge(r, ref->node, target);
	r->circular = false;
}

/* First what the sub-sections inherit themselves: that goes before what their parent inherits. */
static void complete(struct resolver *r, struct conf_node *node)
{
	size_t n_sections = node->n_sections;

	if (node->inheritance == INHERIT_BUSY)
		r->circular = true;
	if (node->inheritance != INHERIT_NEW || r->err)
		return;
	if (++r->depth > INHERIT_DEPTH_MAX) {
		r->err = E_LIMIT;
		return;
	}
	node->inheritance = INHERIT_BUSY;
	for (size_t i = 0; i < n_sections; i++)
		complete(r, node->sections[i]);
	for (size_t i = node->first_ref; i && !r->err; i = r->in->refs[i - 1].next)
		follow(r, &r->in->refs[i - 1]);
	node->inheritance = INHERIT_DONE;
	r->depth--;
}

int inherit_resolve(struct inherit *in, struct conf_node *root, struct conf_errors *errs)
{
	struct resolver r = {.in = in, .root = root, .errs = errs};

	if (in->count == 0)
		return 0;
	complete(&r, root);
	if (r.err != E_LIMIT)
		return r.err;
	conf_error_add(errs, in->refs[0].pos,
		       "sections inherit too much: more than %zu values, or over %d levels",
		       INHERIT_COPY_MIN + INHERIT_COPY_RATE * in->n_bytes, INHERIT_DEPTH_MAX);
	return 0;
}
