/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_DIFF_H
#define CONF_DIFF_H

#include "base/err.h"
#include "base/str.h"
#include "conf/node.h"

/*
 * What differs between two sections of swanctl.conf, a line each, added to out:
 *   + connections.home            it is new
 *   - pools.rw_pool               it is gone
 *   ~ connections.home.rekey_time: 4h (default) -> 30m
 * An option that is not given counts as its default, and times, sizes and words are compared by
 * what they mean. part is "connections", "pools" or "authorities"; either section may be NULL.
 * Contents of files are shown by their size. E_NOMEM.
 */
int diff_sections(const char *part, const struct conf_node *old, const struct conf_node *new,
		  struct strs *out) ERR_MUST_CHECK;

#endif
