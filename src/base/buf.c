/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct view view_make(const void *ptr, size_t len)
{
	return (struct view){ptr, len};
}

struct view view_str(const char *s)
{
	return (struct view){(const uint8_t *)s, s ? strlen(s) : 0};
}

bool view_equal(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

void rbuf_init(struct rbuf *r, struct view v)
{
	static const uint8_t nothing;

	r->pos = v.ptr ? v.ptr : &nothing;
	r->end = r->pos + (v.ptr ? v.len : 0);
}

size_t rbuf_left(const struct rbuf *r)
{
	return (size_t)(r->end - r->pos);
}

int rbuf_view(struct rbuf *r, size_t len, struct view *out)
{
	if (rbuf_left(r) < len)
		return E_SHORT;
	*out = (struct view){r->pos, len};
	r->pos += len;
	return 0;
}

int rbuf_skip(struct rbuf *r, size_t len)
{
	struct view v;

	return rbuf_view(r, len, &v);
}

int rbuf_bytes(struct rbuf *r, void *out, size_t len)
{
	struct view v;
	int err = rbuf_view(r, len, &v);

	if (err == 0 && len > 0)
		memcpy(out, v.ptr, len);
	return err;
}

/* Big-endian number of n <= 8 bytes. */
static int read_number(struct rbuf *r, size_t n, uint64_t *out)
{
	struct view v;
	uint64_t x = 0;
	int err = rbuf_view(r, n, &v);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		x = x << 8 | v.ptr[i];
	*out = x;
	return 0;
}

int rbuf_u8(struct rbuf *r, uint8_t *out)
{
	uint64_t x;
	int err = read_number(r, 1, &x);

	if (err == 0)
		*out = (uint8_t)x;
	return err;
}

int rbuf_u16(struct rbuf *r, uint16_t *out)
{
	uint64_t x;
	int err = read_number(r, 2, &x);

	if (err == 0)
		*out = (uint16_t)x;
	return err;
}

int rbuf_u32(struct rbuf *r, uint32_t *out)
{
	uint64_t x;
	int err = read_number(r, 4, &x);

	if (err == 0)
		*out = (uint32_t)x;
	return err;
}

int rbuf_u64(struct rbuf *r, uint64_t *out)
{
	return read_number(r, 8, out);
}

struct view rbuf_rest(struct rbuf *r)
{
	struct view v = {r->pos, rbuf_left(r)};

	r->pos = r->end;
	return v;
}

int rbuf_end(const struct rbuf *r)
{
	return r->pos == r->end ? 0 : E_TRAILING;
}

void wbuf_init(struct wbuf *w, size_t limit)
{
	*w = (struct wbuf){.limit = limit ? limit : WBUF_LIMIT_DEFAULT};
}

void wbuf_done(struct wbuf *w)
{
	if (w->data)
		explicit_bzero(w->data, w->cap);
	free(w->data);
	*w = (struct wbuf){.limit = w->limit};
}

void wbuf_reset(struct wbuf *w)
{
	if (w->data)
		explicit_bzero(w->data, w->len);
	w->len = 0;
	w->err = 0;
}

void wbuf_fail(struct wbuf *w, int err)
{
	if (w->err == 0)
		w->err = err;
}

int wbuf_err(const struct wbuf *w)
{
	return w->err;
}

struct view wbuf_view(const struct wbuf *w)
{
	return (struct view){w->data, w->len};
}

/*
 * Make room for n more bytes and one to spare, for the NUL of vsnprintf(). realloc() would leave a
 * copy of secrets behind, so move by hand.
 */
static int grow(struct wbuf *w, size_t n)
{
	size_t cap = w->cap ? w->cap : 256;
	uint8_t *data;

	if (w->err)
		return w->err;
	if (n > w->limit - w->len || w->len > w->limit)
		return w->err = E_LIMIT;
	if (w->len + n < w->cap)
		return 0;
	while (cap <= w->len + n)
		cap *= 2;
	data = malloc(cap);
	if (!data)
		return w->err = E_NOMEM;
	if (w->len)
		memcpy(data, w->data, w->len);
	if (w->data)
		explicit_bzero(w->data, w->cap);
	free(w->data);
	w->data = data;
	w->cap = cap;
	return 0;
}

uint8_t *wbuf_space(struct wbuf *w, size_t len)
{
	uint8_t *p;

	if (grow(w, len))
		return NULL;
	if (!w->data)
		return NULL;
	p = w->data + w->len;
	memset(p, 0, len);
	w->len += len;
	return p;
}

void wbuf_bytes(struct wbuf *w, const void *ptr, size_t len)
{
	if (len == 0 || grow(w, len))
		return;
	memcpy(w->data + w->len, ptr, len);
	w->len += len;
}

static void write_number(struct wbuf *w, uint64_t v, size_t n)
{
	uint8_t b[8];

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	wbuf_bytes(w, b, n);
}

void wbuf_u8(struct wbuf *w, uint8_t v)
{
	write_number(w, v, 1);
}

void wbuf_u16(struct wbuf *w, uint16_t v)
{
	write_number(w, v, 2);
}

void wbuf_u32(struct wbuf *w, uint32_t v)
{
	write_number(w, v, 4);
}

void wbuf_u64(struct wbuf *w, uint64_t v)
{
	write_number(w, v, 8);
}

void wbuf_add(struct wbuf *w, struct view v)
{
	wbuf_bytes(w, v.ptr, v.len);
}

void wbuf_str(struct wbuf *w, const char *s)
{
	wbuf_add(w, view_str(s));
}

void wbuf_fmt(struct wbuf *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || grow(w, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf((char *)w->data + w->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	w->len += (size_t)n;
}

void wbuf_truncate(struct wbuf *w, size_t len)
{
	if (len < w->len) {
		explicit_bzero(w->data + len, w->len - len);
		w->len = len;
	}
}

size_t wbuf_reserve_u8(struct wbuf *w)
{
	size_t at = w->len;

	wbuf_u8(w, 0);
	return at;
}

size_t wbuf_reserve_u16(struct wbuf *w)
{
	size_t at = w->len;

	wbuf_u16(w, 0);
	return at;
}

size_t wbuf_reserve_u32(struct wbuf *w)
{
	size_t at = w->len;

	wbuf_u32(w, 0);
	return at;
}

static void patch_number(struct wbuf *w, size_t at, uint64_t v, size_t n)
{
	if (w->err)
		return;
	if (at > w->len || n > w->len - at)
		abort(); /* not a reserved field: a broken invariant */
	for (size_t i = 0; i < n; i++)
		w->data[at + i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

void wbuf_patch_u8(struct wbuf *w, size_t at, uint8_t v)
{
	patch_number(w, at, v, 1);
}

void wbuf_patch_u16(struct wbuf *w, size_t at, uint16_t v)
{
	patch_number(w, at, v, 2);
}

void wbuf_patch_u32(struct wbuf *w, size_t at, uint32_t v)
{
	patch_number(w, at, v, 4);
}

void wbuf_patch_len16(struct wbuf *w, size_t at, size_t from)
{
	size_t n = w->len - from;

	if (w->err)
		return;
	if (n > UINT16_MAX)
		w->err = E_LIMIT;
	else
		patch_number(w, at, n, 2);
}

int wbuf_steal(struct wbuf *w, uint8_t **out_data, size_t *out_len)
{
	if (w->err)
		return w->err;
	*out_data = w->data;
	*out_len = w->len;
	*w = (struct wbuf){.limit = w->limit};
	return 0;
}
