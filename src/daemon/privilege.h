/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_PRIVILEGE_H
#define DAEMON_PRIVILEGE_H

#include "base/err.h"

struct log_notes;

/*
 * Check that the capabilities the daemon cannot do without are there, and give up every other one.
 * Scripts that root's daemon starts have root's rights again. E_PERM; the notes say what to do.
 */
int privilege_confine(struct log_notes *notes) ERR_MUST_CHECK;

#endif
