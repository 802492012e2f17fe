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
 * Load and check a file; NULL or a missing file is all defaults (settings_found tells). Unknown
 * keys are errors with a suggestion, refused ones are named; sections of other programs and of
 * plugins we do not have are accepted. All errors are added to errs. Returns 0, E_CONFIG after
 * errors, when *out is usable with the good values, or E_NOMEM, when it is NULL.
 */
int settings_load(const char *path, struct conf_errors *errs, struct settings **out) ERR_MUST_CHECK;
/* The same from a tree, which is taken over, and freed on E_NOMEM. */
int settings_from_tree(struct conf_node *root, struct conf_errors *errs,
		       struct settings **out) ERR_MUST_CHECK;
void settings_free(struct settings *s);
/* Whether there was a file. */
bool settings_found(const struct settings *s);
/* Value of a key with a schema row (asserts the type). Times in seconds (double for sub-second). */
bool settings_bool(const struct settings *s, const char *path);
/* Numbers, times in whole seconds, and words by their place in the list of the documentation. */
uint64_t settings_u64(const struct settings *s, const char *path);
/* Times and factors such as charon.retransmit_base. */
double settings_seconds(const struct settings *s, const char *path);
const char *settings_text(const struct settings *s, const char *path); /* NULL if unset */
/* The raw tree, for open-ended sections (filelog, start-scripts); never NULL. */
const struct conf_node *settings_root(const struct settings *s);

#endif
