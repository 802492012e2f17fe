/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_SCHEMA_STRONGSWAN_H
#define CONF_SCHEMA_STRONGSWAN_H

#include "conf/schema.h"

/*
 * The options of strongswan.conf. A row's name is a path; of its parts <name> stands for any,
 * <group> for a log group, <plugin> for a plugin of strongSwan's that has no rows of its own, and a
 * last "**" for everything below.
 */
extern const struct schema_table schema_strongswan;

/* What <plugin> stands for: names with a blank between them. */
extern const char schema_strongswan_plugins[];
/* Sections of other programs, which are not looked into; ends with NULL. */
extern const char *const schema_strongswan_foreign[];

/* Whether a row's name stands for the path. */
bool schema_strongswan_matches(const char *pattern, const char *path);

#endif
