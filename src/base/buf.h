/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A borrowed run of bytes; whoever made it says how long it lives. */
struct view {
	const uint8_t *ptr;
	size_t len;
};

/* A view over len bytes at ptr. */
struct view view_make(const void *ptr, size_t len);
/* A view over the characters of a string, without its NUL; s may be NULL (empty view). */
struct view view_str(const char *s);
/* Whether both have the same bytes. Not for secrets: takes variable time. */
bool view_equal(struct view a, struct view b);

/*
 * Reading cursor. Every read is checked: on failure it returns E_SHORT, leaves the cursor where it
 * was and the output untouched. Numbers are big-endian (network order).
 */
struct rbuf {
	const uint8_t *pos;
	const uint8_t *end;
};

/* Start reading a view; the bytes must outlive the cursor and all views taken from it. */
void rbuf_init(struct rbuf *r, struct view v);
/* Bytes not read yet. */
size_t rbuf_left(const struct rbuf *r);
int rbuf_u8(struct rbuf *r, uint8_t *out) ERR_MUST_CHECK;
int rbuf_u16(struct rbuf *r, uint16_t *out) ERR_MUST_CHECK;
int rbuf_u32(struct rbuf *r, uint32_t *out) ERR_MUST_CHECK;
int rbuf_u64(struct rbuf *r, uint64_t *out) ERR_MUST_CHECK;
/* Copy exactly len bytes to out. */
int rbuf_bytes(struct rbuf *r, void *out, size_t len) ERR_MUST_CHECK;
/* Take a view of exactly len bytes. */
int rbuf_view(struct rbuf *r, size_t len, struct view *out) ERR_MUST_CHECK;
/* Skip len bytes. */
int rbuf_skip(struct rbuf *r, size_t len) ERR_MUST_CHECK;
/* Take everything that is left. */
struct view rbuf_rest(struct rbuf *r);
/* 0 if everything was read, E_TRAILING if bytes are left: the "exactly consumed" check. */
int rbuf_end(const struct rbuf *r) ERR_MUST_CHECK;

/*
 * Growing output buffer with a sticky error: write freely, check once with wbuf_err(). After an
 * error further writes do nothing. Freed memory is wiped, so a wbuf may hold plaintext secrets.
 */
struct wbuf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t limit; /* E_LIMIT beyond this many bytes */
	int err;
};

#define WBUF_LIMIT_DEFAULT (16u << 20)

/* Start empty, owning nothing; limit in bytes, 0 for WBUF_LIMIT_DEFAULT. */
void wbuf_init(struct wbuf *w, size_t limit);
/* Wipe and free; usable again after wbuf_init(). NULL-safe content. */
void wbuf_done(struct wbuf *w);
/* Forget the content (wiped), keep the memory and clear the error. */
void wbuf_reset(struct wbuf *w);
/* Set the sticky error (E_*) for something the caller found, unless there is one already. */
void wbuf_fail(struct wbuf *w, int err);
/* The sticky error, or 0. */
int wbuf_err(const struct wbuf *w) ERR_MUST_CHECK;
/* The bytes written so far; valid until the next write. */
struct view wbuf_view(const struct wbuf *w);
void wbuf_u8(struct wbuf *w, uint8_t v);
void wbuf_u16(struct wbuf *w, uint16_t v);
void wbuf_u32(struct wbuf *w, uint32_t v);
void wbuf_u64(struct wbuf *w, uint64_t v);
void wbuf_bytes(struct wbuf *w, const void *ptr, size_t len);
void wbuf_add(struct wbuf *w, struct view v);
void wbuf_str(struct wbuf *w, const char *s);
/* printf into the buffer, without a NUL. */
void wbuf_fmt(struct wbuf *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Append len zero bytes and return where they start (NULL after an error). */
uint8_t *wbuf_space(struct wbuf *w, size_t len);
/* Drop everything after the first len bytes. */
void wbuf_truncate(struct wbuf *w, size_t len);
/*
 * Length fields are reserved and patched, never computed beforehand. _reserve returns the offset of
 * a zeroed field; _patch writes v there; _patch_len writes the number of bytes from `from` to the
 * end of the buffer (E_LIMIT in the sticky error if it does not fit the field).
 */
size_t wbuf_reserve_u8(struct wbuf *w);
size_t wbuf_reserve_u16(struct wbuf *w);
size_t wbuf_reserve_u32(struct wbuf *w);
void wbuf_patch_u8(struct wbuf *w, size_t at, uint8_t v);
void wbuf_patch_u16(struct wbuf *w, size_t at, uint16_t v);
void wbuf_patch_u32(struct wbuf *w, size_t at, uint32_t v);
void wbuf_patch_len16(struct wbuf *w, size_t at, size_t from);
/* Hand the memory over: the caller frees *out_data with free() (wiping it first if secret). */
int wbuf_steal(struct wbuf *w, uint8_t **out_data, size_t *out_len) ERR_MUST_CHECK;

#endif
