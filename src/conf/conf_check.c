/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conn.h"

#include <stdio.h>
#include <string.h>

#include "conf/schema_swanctl.h"

#define CHECK_PATH_LEN 300

static void check_conn(const struct conf_node *node, struct conf_errors *errs)
{
	struct conf_conn *c;

	if (conf_conn_build(node, errs, &c) == 0)
		conf_conn_put(c);
}

static void check_secret(const struct conf_node *node, struct conf_errors *errs)
{
	struct conf_secret s;

	if (conf_secret_build(node, errs, &s) == 0)
		conf_secret_done(&s);
}

static void check_pool(const struct conf_node *node, struct conf_errors *errs)
{
	struct conf_pool p;

	if (conf_pool_build(node, errs, &p) == 0)
		conf_pool_done(&p);
}

static void check_authority(const struct conf_node *node, struct conf_errors *errs)
{
	char path[CHECK_PATH_LEN];
	int err;

	snprintf(path, sizeof(path), "authorities.%s", node->name);
	err = schema_apply(&schema_swanctl_authority, node, path, errs, NULL);
	(void)err; /* whatever is wrong is in errs */
}

static const struct part {
	const char *name;
	void (*check)(const struct conf_node *node, struct conf_errors *errs);
} parts[] = {
	{"connections", check_conn},
	{"secrets", check_secret},
	{"pools", check_pool},
	{"authorities", check_authority},
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

static void report_unknown(struct conf_errors *errs, const char *what, const char *name,
			   struct conf_pos pos)
{
	struct strs known = {0};
	int err = 0;

	for (size_t i = 0; i < N_PARTS && !err; i++)
		err = strs_add(&known, parts[i].name);
	schema_report_unknown(
		errs, &(struct schema_unknown){
			      .pos = pos, .what = what, .name = name, .path = "", .known = &known});
	strs_done(&known);
}

static void check_part(const struct part *part, const struct conf_node *node,
		       struct conf_errors *errs)
{
	for (size_t i = 0; i < node->n_values; i++)
		conf_error_add(errs, node->values[i].pos,
			       "unknown option '%s' in %s, expected a section with a name",
			       node->values[i].key, part->name);
	for (size_t i = 0; i < node->n_sections; i++)
		part->check(node->sections[i], errs);
}

void conf_check_swanctl(const struct conf_node *root, struct conf_errors *errs)
{
	for (size_t i = 0; i < root->n_values; i++)
		report_unknown(errs, "option", root->values[i].key, root->values[i].pos);
	for (size_t i = 0; i < root->n_sections; i++) {
		const struct conf_node *node = root->sections[i];
		const struct part *part = parts;

		while (part < parts + N_PARTS && strcmp(part->name, node->name) != 0)
			part++;
		if (part < parts + N_PARTS)
			check_part(part, node, errs);
		else if (!node->inherited_from)
			report_unknown(errs, "section", node->name, node->pos);
	}
	conf_error_sort(errs);
}
