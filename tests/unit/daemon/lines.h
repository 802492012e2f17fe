/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_DAEMON_LINES_H
#define TEST_DAEMON_LINES_H

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"
#include "conf/node.h"

/* A log that remembers its lines, one a text line as "GRP level text". */
struct lines {
	struct log_sink sink;
	struct log *log;
	struct wbuf text;
};

static inline void lines_write(struct log_sink *sink, const struct log_line *line)
{
	struct lines *l = list_entry(sink, struct lines, sink);

	wbuf_fmt(&l->text, "%s %d %s\n", log_group_name(line->group), line->level, line->text);
}

static inline void lines_init(struct lines *l)
{
	memset(l, 0, sizeof(*l));
	wbuf_init(&l->text, 0);
	l->log = log_new();
	assert_non_null(l->log);
	log_sink_set_all(&l->sink, LOG_SECRET);
	l->sink.write = lines_write;
	log_add_sink(l->log, &l->sink);
}

static inline void lines_done(struct lines *l)
{
	log_free(l->log);
	wbuf_done(&l->text);
}

/* The content of w is this text; w is emptied for the next case. */
static inline void check_text(struct wbuf *w, const char *want)
{
	char *have = str_from_view(wbuf_view(w));

	assert_int_equal(wbuf_err(w), 0);
	assert_non_null(have);
	assert_string_equal(have, want);
	free(have);
	wbuf_reset(w);
}

/* A configuration without errors. */
static inline struct conf_node *parse(const char *text)
{
	struct conf_errors errs = {.count = 0};
	struct conf_node *root = NULL;

	assert_int_equal(conf_parse_alone("test", view_str(text), &errs, &root), 0);
	assert_int_equal(errs.count, 0);
	conf_errors_done(&errs);
	return root;
}

/* A directory of this test's own. */
static inline void make_dir(char path[64])
{
	snprintf(path, 64, "/tmp/cygnet-test-XXXXXX");
	assert_non_null(mkdtemp(path));
}

static inline void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* A file's content is this text. */
static inline void check_file(const char *path, const char *want)
{
	char have[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(have, 1, sizeof(have) - 1, f);
	have[n] = '\0';
	fclose(f);
	assert_string_equal(have, want);
}

#endif
