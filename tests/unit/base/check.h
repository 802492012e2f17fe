/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_BASE_CHECK_H
#define TEST_BASE_CHECK_H

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

/* The content of w is this text; w is emptied for the next case. */
static inline void check_text(struct wbuf *w, const char *want)
{
	struct view v = wbuf_view(w);

	assert_int_equal(wbuf_err(w), 0);
	assert_int_equal(v.len, strlen(want));
	if (v.len)
		assert_memory_equal(v.ptr, want, v.len);
	wbuf_reset(w);
}

#endif
