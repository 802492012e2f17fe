/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/node.h"

/*
 * strongswan.conf: a schema row per key with type, default and state (implemented / refused). A row
 * that is not given has its default. Reading is by path.
 */
struct settings;

/*
 * Load and check a file; a missing file is all defaults (with a note in *out_missing when asked for
 * by name). Unknown keys are errors with a suggestion, refused ones name the key; plugin sections we
 * do not have (charon.plugins.*) are accepted silently, as are `load` lists. Errors are all added;
 * returns E_CONFIG if any is fatal, and *out is still usable with the good values.
 */
int settings_load(const char *path, struct conf_errors *errs, struct settings **out) ERR_MUST_CHECK;
void settings_free(struct settings *s);
/* Value of a key with a schema row (asserts the type). Times in seconds (double for sub-second). */
bool settings_bool(const struct settings *s, const char *path);
uint64_t settings_u64(const struct settings *s, const char *path);
double settings_seconds(const struct settings *s, const char *path);
const char *settings_text(const struct settings *s, const char *path); /* NULL if unset */
/* The raw tree, for open-ended sections (filelog, start-scripts); never NULL. */
const struct conf_node *settings_root(const struct settings *s);

#endif
