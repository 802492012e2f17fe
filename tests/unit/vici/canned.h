/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_VICI_CANNED_H
#define TESTS_UNIT_VICI_CANNED_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "vici/codec.h"

/* Messages written as `swanctl --pretty` shows them, and files of tests/vectors/vici. */

#ifndef TEST_VECTORS /* from meson; else from the root of the tree */
#define TEST_VECTORS "tests/vectors"
#endif
#define CANNED_DIR TEST_VECTORS "/vici/"

/* The content of a file, with a NUL after it; wbuf_done() it. */
static inline struct wbuf canned_read(const char *name)
{
	char path[512], part[4096];
	struct wbuf w;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), CANNED_DIR "%s", name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	wbuf_init(&w, 0);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		wbuf_bytes(&w, part, n);
	fclose(f);
	wbuf_u8(&w, 0);
	assert_int_equal(wbuf_err(&w), 0);
	wbuf_truncate(&w, w.len - 1);
	return w;
}

static inline int canned_ends(const char *line, const char *end)
{
	size_t len = strlen(line), n = strlen(end);

	return len >= n && strcmp(line + len - n, end) == 0;
}

static inline void canned_line(char *line, int *in_list, struct wbuf *out)
{
	char *equals = strstr(line, " = ");

	if (*in_list && strcmp(line, "]") == 0) {
		*in_list = 0;
		codec_list_end(out);
	} else if (*in_list) {
		codec_item(out, view_str(line));
	} else if (canned_ends(line, " = [")) {
		*equals = '\0';
		*in_list = 1;
		codec_list(out, line);
	} else if (canned_ends(line, " {")) {
		line[strlen(line) - 2] = '\0';
		codec_section(out, line);
	} else if (strcmp(line, "}") == 0) {
		codec_section_end(out);
	} else {
		assert_non_null(equals);
		*equals = '\0';
		codec_text(out, line, equals + 3);
	}
}

/* The message in a .pretty file, without the label around it. */
static inline struct wbuf canned_message(const char *name)
{
	struct wbuf file = canned_read(name), out;
	char *rest = (char *)file.data, *line;
	int in_list = 0;

	wbuf_init(&out, 0);
	(void)strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) != NULL && strcmp(line, "}") != 0)
		canned_line(line + strspn(line, " "), &in_list, &out);
	assert_int_equal(wbuf_err(&out), 0);
	wbuf_done(&file);
	return out;
}

/* Compare with a golden file; on a difference both are shown. */
static inline void canned_expect(const char *name, const struct wbuf *got)
{
	struct wbuf want = canned_read(name);

	if (!view_equal(wbuf_view(&want), wbuf_view(got)))
		fail_msg("%s: expected\n%.*s\nbut got\n%.*s", name, (int)want.len, want.data,
			 (int)got->len, got->data);
	wbuf_done(&want);
}

#endif
