/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/schema_swanctl.h"
#include "conf/suite.h"

#define PATH_MAX_LEN 512 /* of a section in errors; longer ones are cut */

#define IKE_REKEY_TIME	 (4 * 3600)
#define CHILD_REKEY_TIME 3600

/* What is common to the steps of one build: the first failure that counts is kept in err. */
struct build {
	struct conf_errors *errs;
	int err;
};

static void note(struct build *b, int err)
{
	if (err && b->err != E_NOMEM)
		b->err = err;
}

static void apply(struct build *b, const struct schema_table *t, const struct conf_node *node,
		  const char *path, void *base)
{
	note(b, schema_apply(t, node, path, b->errs, base));
}

static void *grow(struct build *b, void *items, size_t count, size_t size)
{
	void *more = reallocarray(items, count + 1, size);

	if (!more) {
		note(b, E_NOMEM);
		return NULL;
	}
	memset((char *)more + count * size, 0, size);
	return more;
}

static char *copy_name(struct build *b, const char *name)
{
	char *copy = str_from_view(view_str(name));

	if (!copy)
		note(b, E_NOMEM);
	return copy;
}

/* "BASE.NAME"; what does not fit is cut, for it only serves errors. */
static void join_path(char out[PATH_MAX_LEN], const char *base, const char *name)
{
	if (snprintf(out, PATH_MAX_LEN, "%s.%s", base, name) < 0)
		*out = '\0';
}

/* cert<suffix> { file = ... }: one more file for the list. */
static void build_cert(struct build *b, const struct conf_node *node, const char *path,
		       struct conf_blobs *out)
{
	struct schema_swanctl_cert_file cert = {0};
	struct secret *items;

	apply(b, &schema_swanctl_cert, node, path, &cert);
	if (cert.file && (items = grow(b, out->items, out->count, sizeof(*items)))) {
		out->items = items;
		if (secret_copy(&items[out->count], view_str(cert.file)) == 0)
			out->count++;
		else
			note(b, E_NOMEM);
	}
	schema_done(&schema_swanctl_cert, &cert);
}

static void build_auth(struct build *b, const struct conf_node *node, const char *conn_path,
		       const struct schema_table *table, struct conf_auth *out)
{
	char path[PATH_MAX_LEN], cert_path[PATH_MAX_LEN];

	join_path(path, conn_path, node->name);
	out->name = copy_name(b, node->name);
	apply(b, table, node, path, out);
	for (size_t i = 0; i < node->n_sections; i++) {
		const struct conf_node *sub = node->sections[i];

		join_path(cert_path, path, sub->name);
		if (schema_matches("cert*", sub->name))
			build_cert(b, sub, cert_path, &out->certs);
		else if (schema_matches("cacert*", sub->name))
			build_cert(b, sub, cert_path, &out->cacerts);
	}
}

/* Rounds in order; those of the same number stay as they were in the file. */
static void sort_rounds(struct conf_auth *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct conf_auth moved = a[i];
		size_t j = i;

		for (; j > 0 && a[j - 1].round > moved.round; j--)
			a[j] = a[j - 1];
		a[j] = moved;
	}
}

/* Which sections are rounds of authentication, and where they go. */
struct rounds {
	const char *pattern, *default_name;
	const struct schema_table *table;
	struct conf_auth *items;
	size_t count;
};

static void add_round(struct build *b, const struct conf_node *node, const char *path,
		      struct rounds *r)
{
	struct conf_auth *items = grow(b, r->items, r->count, sizeof(*items));

	if (!items)
		return;
	r->items = items;
	build_auth(b, node, path, r->table, &items[r->count++]);
}

/* All sections that match; without any, one with the defaults. */
static void build_rounds(struct build *b, const struct conf_node *node, const char *path,
			 struct rounds *r)
{
	for (size_t i = 0; i < node->n_sections; i++) {
		if (schema_matches(r->pattern, node->sections[i]->name))
			add_round(b, node->sections[i], path, r);
	}
	if (r->count == 0) {
		struct conf_node none = {.name = (char *)r->default_name};

		add_round(b, &none, path, r);
	}
	sort_rounds(r->items, r->count);
}

/* Soft limit, hard limit and randomness, each derived from the others when it was not given. */
static void derive_limits(uint64_t default_soft, uint64_t *soft, uint64_t *hard, uint64_t *jitter)
{
	if (*soft == CONF_UNSET)
		*soft = *hard == CONF_UNSET ? default_soft : *hard - *hard / 11;
	if (*hard == CONF_UNSET)
		*hard = *soft < UINT64_MAX / 2 ? *soft + *soft / 10 : *soft;
	if (*jitter == CONF_UNSET)
		*jitter = *hard > *soft ? *hard - *soft : 0;
}

static void build_child(struct build *b, const struct conf_node *node, const char *children_path,
			struct conf_child *out)
{
	char path[PATH_MAX_LEN];

	join_path(path, children_path, node->name);
	out->name = copy_name(b, node->name);
	apply(b, &schema_swanctl_child, node, path, out);
	derive_limits(CHILD_REKEY_TIME, &out->rekey_time, &out->life_time, &out->rand_time);
	derive_limits(0, &out->rekey_bytes, &out->life_bytes, &out->rand_bytes);
	derive_limits(0, &out->rekey_packets, &out->life_packets, &out->rand_packets);
}

static void build_children(struct build *b, const struct conf_node *node, const char *path,
			   struct conf_conn *c)
{
	static const struct schema_table no_options = {.path = "connections.<conn>.children",
						       .sections = {"*"}};
	const struct conf_node *children = conf_node_section(node, "children");
	char children_path[PATH_MAX_LEN];

	if (!children)
		return;
	join_path(children_path, path, "children");
	apply(b, &no_options, children, children_path, NULL);
	for (size_t i = 0; i < children->n_sections; i++) {
		struct conf_child *more = grow(b, c->children, c->n_children, sizeof(*more));

		if (!more)
			return;
		c->children = more;
		build_child(b, children->sections[i], children_path, &more[c->n_children++]);
	}
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void derive_conn(struct conf_conn *c)
{
	uint64_t longer;

	if (c->reauth_time == CONF_UNSET)
		c->reauth_time = 0;
	if (c->rekey_time == CONF_UNSET)
		c->rekey_time = c->reauth_time ? 0 : IKE_REKEY_TIME;
	longer = larger(c->rekey_time, c->reauth_time);
	if (c->over_time == CONF_UNSET)
		c->over_time = longer / 10;
	if (c->rand_time == CONF_UNSET)
		c->rand_time = c->over_time < longer / 2 ? c->over_time : longer / 2;
}

/* The proposals that `pq` leaves; none is an error of whoever wrote them. */
static void keep_allowed(struct build *b, const struct conf_node *node, const char *path,
			 struct conf_conn *c)
{
	const struct conf_value *v = conf_node_value(node, "proposals");
	bool require = c->pq == CONF_PQ_REQUIRE;
	unsigned kept = 0;

	if (b->err || c->pq == CONF_PQ_PREFER)
		return;
	for (unsigned i = 0; i < c->ike->count; i++) {
		struct proposal *p = &c->ike->p[i];

		if (suite_is_post_quantum(p, !require) != require)
			continue;
		p->number = (uint8_t)(kept + 1);
		c->ike->p[kept++] = *p;
	}
	c->ike->count = kept;
	if (kept)
		return;
	conf_error_add(b->errs, v ? v->pos : node->pos,
		       "pq = %s leaves none of proposals in %s: %s", require ? "require" : "off",
		       path,
		       require ? "add a post-quantum key exchange, such as ke1_mlkem768, without "
				 "a choice of another"
			       : "all have a post-quantum key exchange");
	note(b, E_CONFIG);
}

int conf_conn_build(const struct conf_node *node, struct conf_errors *errs, struct conf_conn **out)
{
	struct rounds local = {
		.pattern = "local*", .default_name = "local", .table = &schema_swanctl_local};
	struct rounds remote = {
		.pattern = "remote*", .default_name = "remote", .table = &schema_swanctl_remote};
	struct build b = {.errs = errs};
	struct conf_conn *c = calloc(1, sizeof(*c));
	char path[PATH_MAX_LEN];

	*out = NULL;
	if (!c)
		return E_NOMEM;
	c->refs = 1;
	c->name = copy_name(&b, node->name);
	join_path(path, "connections", node->name);
	apply(&b, &schema_swanctl_conn, node, path, c);
	keep_allowed(&b, node, path, c);
	build_rounds(&b, node, path, &local);
	build_rounds(&b, node, path, &remote);
	c->local = local.items;
	c->n_local = local.count;
	c->remote = remote.items;
	c->n_remote = remote.count;
	build_children(&b, node, path, c);
	derive_conn(c);
	if (b.err)
		conf_conn_put(c);
	else
		*out = c;
	return b.err;
}

struct conf_conn *conf_conn_get(const struct conf_conn *c)
{
	struct conf_conn *mine = (struct conf_conn *)c;

	__atomic_add_fetch(&mine->refs, 1, __ATOMIC_RELAXED);
	return mine;
}

static void done_rounds(struct conf_auth *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(items[i].name);
		schema_done(&schema_swanctl_local, &items[i]);
		schema_done(&schema_swanctl_remote, &items[i]);
	}
	free(items);
}

void conf_conn_put(struct conf_conn *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free(c->name);
	schema_done(&schema_swanctl_conn, c);
	done_rounds(c->local, c->n_local);
	done_rounds(c->remote, c->n_remote);
	for (size_t i = 0; i < c->n_children; i++) {
		free(c->children[i].name);
		schema_done(&schema_swanctl_child, &c->children[i]);
	}
	free(c->children);
	free(c);
}

static bool equal_rounds(const struct conf_auth *a, const struct conf_auth *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(a[i].name, b[i].name) != 0 ||
		    !schema_equal(&schema_swanctl_local, &a[i], &b[i]) ||
		    !schema_equal(&schema_swanctl_remote, &a[i], &b[i]))
			return false;
	}
	return true;
}

bool conf_conn_equal_ike(const struct conf_conn *a, const struct conf_conn *b)
{
	return strcmp(a->name, b->name) == 0 && schema_equal(&schema_swanctl_conn, a, b) &&
	       a->n_local == b->n_local && a->n_remote == b->n_remote &&
	       equal_rounds(a->local, b->local, a->n_local) &&
	       equal_rounds(a->remote, b->remote, a->n_remote);
}

const struct conf_child *conf_conn_child(const struct conf_conn *c, const char *name)
{
	for (size_t i = 0; i < c->n_children; i++) {
		if (strcmp(c->children[i].name, name) == 0)
			return &c->children[i];
	}
	return NULL;
}
