/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_CONF_CHECK_H
#define TEST_CONF_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/node.h"
#include "conf/suite.h"

/* All errors as text, one a line, which are then forgotten; to be freed. */
static inline char *check_take_errors(struct conf_errors *errs)
{
	struct wbuf w;
	char *text;

	wbuf_init(&w, 0);
	for (size_t i = 0; i < errs->count; i++) {
		conf_error_text(&errs->items[i], &w);
		wbuf_u8(&w, '\n');
	}
	text = str_from_view(wbuf_view(&w));
	wbuf_done(&w);
	conf_errors_done(errs);
	assert_non_null(text);
	return text;
}

#define check_errors(errs, expected)                    \
	do {                                            \
		char *found_ = check_take_errors(errs); \
		assert_string_equal(found_, expected);  \
		free(found_);                           \
	} while (0)

/* A tree from text named t.conf. */
static inline struct conf_node *check_parse(const char *text, struct conf_errors *errs)
{
	struct conf_node *root;

	assert_int_equal(conf_parse_alone("t.conf", view_str(text), errs, &root), 0);
	assert_non_null(root);
	return root;
}

static inline void check_proposals(const struct proposals *l, const char *expected)
{
	struct wbuf w;

	wbuf_init(&w, 0);
	suite_list_text(l, &w);
	wbuf_u8(&w, '\0');
	assert_string_equal((char *)w.data, expected);
	wbuf_done(&w);
}

#endif
