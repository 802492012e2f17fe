/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "base/err.h"

struct conf_errors;
struct daemon;

/* Print all errors of a file to the log. */
void reload_print_errors(struct daemon *d, const struct conf_errors *errs);
/*
 * Read strongswan.conf again: levels and files of the log, and the engine's settings. After errors
 * (E_CONFIG, all in the log, the first with their number in *out_why, to free) everything stays as
 * it was. E_NOMEM.
 */
int reload_settings(struct daemon *d, char **out_why) ERR_MUST_CHECK;

#endif
