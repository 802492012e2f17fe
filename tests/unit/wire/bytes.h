/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_WIRE_BYTES_H
#define TEST_WIRE_BYTES_H

/* Bytes in a block of exactly their size, so that AddressSanitizer sees a read of one too many. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"

struct bytes {
	uint8_t *data;
	size_t len;
};

static inline struct view bytes_view(const struct bytes *b)
{
	return view_make(b->data, b->len);
}

static inline struct bytes bytes_copy(struct view v)
{
	struct bytes b = {malloc(v.len ? v.len : 1), v.len};

	assert_non_null(b.data);
	if (v.len)
		memcpy(b.data, v.ptr, v.len);
	return b;
}

/* From hex digits; blanks between the octets are for the reader. */
static inline struct bytes bytes_hex(const char *hex)
{
	size_t len = strlen(hex), n = 0;
	char *digits = malloc(len + 1);
	struct bytes b;
	struct wbuf w;

	assert_non_null(digits);
	for (size_t i = 0; i < len; i++) {
		if (hex[i] != ' ')
			digits[n++] = hex[i];
	}
	digits[n] = '\0';
	wbuf_init(&w, 0);
	assert_int_equal(str_unhex(digits, &w), 0);
	b = bytes_copy(wbuf_view(&w));
	wbuf_done(&w);
	free(digits);
	return b;
}

static inline void bytes_done(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){0};
}

static inline void assert_view_equal(struct view got, struct view want)
{
	assert_int_equal(got.len, want.len);
	if (want.len)
		assert_memory_equal(got.ptr, want.ptr, want.len);
}

/* Compare with hex, and empty the buffer for the next case. */
static inline void assert_written(struct wbuf *w, const char *hex)
{
	struct bytes want = bytes_hex(hex);

	assert_int_equal(wbuf_err(w), 0);
	assert_view_equal(wbuf_view(w), bytes_view(&want));
	bytes_done(&want);
	wbuf_reset(w);
}

static inline void assert_text(struct wbuf *w, const char *want)
{
	char *got = str_from_view(wbuf_view(w));

	assert_int_equal(wbuf_err(w), 0);
	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
	wbuf_reset(w);
}

#endif
