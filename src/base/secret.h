/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Owned bytes that are wiped when they go: keys, shared secrets, passphrases. All-zero is empty. */
struct secret {
	uint8_t *data;
	size_t len;
};

/* Allocate len zeroed bytes. E_NOMEM leaves *s empty. */
int secret_alloc(struct secret *s, size_t len) ERR_MUST_CHECK;
/* Copy v. E_NOMEM leaves *s empty. Whatever *s held before must have been given up. */
int secret_copy(struct secret *s, struct view v) ERR_MUST_CHECK;
/* Wipe, free, and leave empty. */
void secret_done(struct secret *s);
/* Move: *dst (emptied first) takes what *src has; *src is left empty. */
void secret_move(struct secret *dst, struct secret *src);
/* A view of the bytes; valid until the secret changes. */
struct view secret_view(const struct secret *s);
/* Constant-time comparison of content (lengths are not hidden). */
bool secret_equal(struct view a, struct view b);
/* Wipe len bytes at ptr in a way the compiler keeps. */
void secret_wipe(void *ptr, size_t len);

#endif
