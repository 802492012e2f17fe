/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

#include <stdio.h>

#include "base/log.h"

/* A sink that remembers its last line. */
struct memory {
	struct log_sink sink;
	unsigned lines;
	char last[80];
};

static void remember(struct log_sink *sink, const struct log_line *line)
{
	struct memory *m = (struct memory *)(void *)sink;

	m->lines++;
	snprintf(m->last, sizeof(m->last), "%02u[%s] <%s|%u> %s", line->thread,
		 log_group_name(line->group), line->tag.name ? line->tag.name : "-", line->tag.uid,
		 line->text);
}

static void test_sinks(void **state)
{
	struct memory low = {.sink.write = remember}, high = {.sink.write = remember};
	struct log_tag tag = {"home", 3};
	struct log *log = log_new();

	(void)state;
	assert_non_null(log);
	assert_false(log_wants(log, LOG_IKE, LOG_AUDIT));
	log_sink_set_all(&low.sink, LOG_SILENT);
	log_sink_set_all(&high.sink, LOG_CTRL);
	high.sink.levels[LOG_KNL] = LOG_DETAIL;
	log_add_sink(log, &low.sink);
	log_add_sink(log, &high.sink);
	assert_true(log_wants(log, LOG_IKE, LOG_CTRL));
	assert_false(log_wants(log, LOG_IKE, LOG_DETAIL));
	assert_true(log_wants(log, LOG_KNL, LOG_DETAIL));

	log_print(log, &tag, LOG_IKE, LOG_CTRL, "sent %d", 7);
	assert_string_equal(high.last, "00[IKE] <home|3> sent 7");
	log_print(log, NULL, LOG_IKE, LOG_DETAIL, "hidden");
	assert_int_equal(high.lines, 1);
	log_set_thread(5);
	log_print(log, NULL, LOG_KNL, LOG_DETAIL, "shown");
	log_set_thread(0);
	assert_string_equal(high.last, "05[KNL] <-|0> shown");
	low.sink.levels[LOG_CFG] = LOG_AUDIT;
	log_print(log, NULL, LOG_CFG, LOG_AUDIT, "both");
	assert_int_equal(low.lines, 1);
	assert_int_equal(high.lines, 3);
	log_remove_sink(log, &high.sink);
	log_print(log, NULL, LOG_CFG, LOG_AUDIT, "one");
	assert_int_equal(low.lines, 2);
	assert_int_equal(high.lines, 3);
	log_remove_sink(log, &low.sink);
	log_free(log);
}

static void test_no_log(void **state)
{
	(void)state;
	assert_false(log_wants(NULL, LOG_IKE, LOG_AUDIT));
	log_print(NULL, NULL, LOG_IKE, LOG_AUDIT, "to nobody");
	log_free(NULL);
}

static void test_groups(void **state)
{
	enum log_group group = LOG_LIB;

	(void)state;
	for (int i = 0; i < LOG_N_GROUPS; i++) {
		assert_int_equal(log_group_parse(log_group_name((enum log_group)i), &group), 0);
		assert_int_equal(group, i);
	}
	assert_int_equal(log_group_parse("ike", &group), 0);
	assert_int_equal(group, LOG_IKE);
	assert_int_equal(log_group_parse("xyz", &group), E_NOTFOUND);
	assert_int_equal(log_group_parse("", &group), E_NOTFOUND);
	assert_int_equal(group, LOG_IKE);
	assert_string_equal(log_group_name(LOG_N_GROUPS), "???");
}

static void test_notes(void **state)
{
	struct memory m = {.sink.write = remember};
	struct log_notes notes = {0};
	struct log *log = log_new();

	(void)state;
	assert_non_null(log);
	log_sink_set_all(&m.sink, LOG_CTRL);
	log_add_sink(log, &m.sink);
	log_note(&notes, LOG_CFG, LOG_DETAIL, "too fine");
	log_note(&notes, LOG_CFG, LOG_CTRL, "100%% of %s", "it");
	log_note(NULL, LOG_CFG, LOG_CTRL, "nowhere");
	assert_int_equal(notes.count, 2);
	assert_int_equal(m.lines, 0);
	log_flush_notes(log, &(struct log_tag){"net", 1}, &notes);
	assert_int_equal(m.lines, 1);
	assert_string_equal(m.last, "00[CFG] <net|1> 100% of it");
	assert_int_equal(notes.count, 0);
	log_note(&notes, LOG_CFG, LOG_CTRL, "dropped");
	log_notes_done(&notes);
	assert_int_equal(notes.count, 0);
	assert_int_equal(m.lines, 1);
	log_remove_sink(log, &m.sink);
	log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sinks),
		cmocka_unit_test(test_no_log),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
