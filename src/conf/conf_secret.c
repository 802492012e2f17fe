/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/schema_swanctl.h"

#define SECRET_PATH_LEN 300

/* What the sections of secrets{} may be called, before a suffix. */
static const struct kind {
	const char *type;
	const struct schema_table *table;
} kinds[] = {
	{"eap", &schema_swanctl_secret},  {"xauth", &schema_swanctl_secret},
	{"ntlm", &schema_swanctl_secret}, {"ike", &schema_swanctl_secret},
	{"ppk", &schema_swanctl_secret},  {"private", &schema_swanctl_key},
	{"rsa", &schema_swanctl_key},	  {"ecdsa", &schema_swanctl_key},
	{"pkcs8", &schema_swanctl_key},	  {"pkcs12", &schema_swanctl_key},
	{"token", &schema_swanctl_token},
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (strncmp(name, kinds[i].type, strlen(kinds[i].type)) == 0)
			return &kinds[i];
	}
	return NULL;
}

static int unknown_kind(const struct conf_node *node, struct conf_errors *errs)
{
	struct strs known = {0};
	int err = E_CONFIG;

	for (size_t i = 0; i < N_KINDS; i++) {
		if (strs_add(&known, kinds[i].type) < 0)
			err = E_NOMEM;
	}
	schema_report_unknown(errs, &(struct schema_unknown){.pos = node->pos,
							     .what = "section",
							     .name = node->name,
							     .path = "secrets",
							     .known = &known});
	strs_done(&known);
	return err;
}

static int need(const struct conf_node *node, const char *path, const char *key,
		struct conf_errors *errs)
{
	if (conf_node_value(node, key))
		return 0;
	conf_error_add(errs, node->pos, "option '%s' is missing in %s", key, path);
	return E_CONFIG;
}

int conf_secret_build(const struct conf_node *node, struct conf_errors *errs,
		      struct conf_secret *out)
{
	const struct kind *kind = find_kind(node->name);
	struct conf_secret s = {0};
	char path[SECRET_PATH_LEN];
	int err;

	*out = (struct conf_secret){0};
	if (!kind)
		return unknown_kind(node, errs);
	snprintf(path, sizeof(path), "secrets.%s", node->name);
	err = schema_apply(kind->table, node, path, errs, &s);
	if (!err && kind->table == &schema_swanctl_key)
		err = need(node, path, "file", errs);
	if (!err && kind->table == &schema_swanctl_secret)
		err = need(node, path, "secret", errs);
	s.name = str_from_view(view_str(node->name));
	s.type = str_from_view(view_str(kind->type));
	if (!err && (!s.name || !s.type))
		err = E_NOMEM;
	if (err)
		conf_secret_done(&s);
	else
		*out = s;
	return err;
}

void conf_secret_done(struct conf_secret *s)
{
	free(s->name);
	free(s->type);
	free(s->file);
	secret_done(&s->secret);
	strs_done(&s->ids);
	*s = (struct conf_secret){0};
}
