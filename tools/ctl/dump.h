/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_DUMP_H
#define CTL_DUMP_H

#include "base/buf.h"
#include "base/err.h"

/* Messages as they are, for --raw, --pretty and --json. */

/* "LABEL {name {k=v list=[a b]}}" and a newline; values that are not text as 0xHEX. */
int dump_raw(const char *label, struct view message, struct wbuf *out) ERR_MUST_CHECK;
/* The same, an element a line, indented by two. */
int dump_pretty(const char *label, struct view message, struct wbuf *out) ERR_MUST_CHECK;
/*
 * The message as a JSON object: sections are objects, lists arrays. Counters, times, ports and
 * unique ids are numbers, everything else is a string; bytes that are not text are "0x..." .
 */
int dump_json(struct view message, struct wbuf *out) ERR_MUST_CHECK;
/* Text as a JSON string with its quotes. Text that is no UTF-8 becomes "0x...". */
void dump_json_string(struct view text, struct wbuf *out);

#endif
