/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* An owned list of strings. All-zero is empty. */
struct strs {
	char **items;
	size_t count;
};

/* Append a copy. E_NOMEM leaves the list as it was. */
int strs_add(struct strs *l, const char *s) ERR_MUST_CHECK;
int strs_add_view(struct strs *l, struct view v) ERR_MUST_CHECK;
bool strs_has(const struct strs *l, const char *s);
bool strs_equal(const struct strs *a, const struct strs *b);
/* Wipe and free all strings (they may be passphrases); leaves it empty. */
void strs_done(struct strs *l);

/* Copy of a view as a NUL-terminated string, for the caller to free; NULL if out of memory. */
char *str_from_view(struct view v);
/* Lower-case hex of v, pairs joined by sep ("" or ":"), as a string to free; NULL if no memory. */
char *str_hex(struct view v, const char *sep);
/* Decode hex digits (pairs, an optional ':' between them). E_MALFORMED. Appends to out. */
int str_unhex(const char *s, struct wbuf *out) ERR_MUST_CHECK;
/* Decode base64 (RFC 4648 section 4, padding optional). E_MALFORMED. Appends to out. */
int str_unbase64(const char *s, struct wbuf *out) ERR_MUST_CHECK;
/* Number of edits (insert, delete, replace, swap) from a to b, at most max + 1: for suggestions. */
unsigned str_distance(const char *a, const char *b, unsigned max);
/* The candidate nearest to `word`, within a third of its length, or NULL. */
const char *str_nearest(const char *word, const char *const *candidates, size_t n);
/* Decimal number of all of s, 0..max. E_MALFORMED or E_LIMIT. */
int str_u64(const char *s, uint64_t max, uint64_t *out) ERR_MUST_CHECK;

#endif
