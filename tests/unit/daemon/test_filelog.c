/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filelog.h"

#include <time.h>

#include "lines.h"

static const struct log_tag home = {"home", 7};

static void format(struct wbuf *w, const struct filelog_style *style, const char *text,
		   struct log_tag tag)
{
	const struct log_line line = {
		.group = LOG_IKE, .level = LOG_CTRL, .thread = 9, .tag = tag, .text = text};
	const struct timespec when = {.tv_sec = 1000000000, .tv_nsec = 7654321};

	filelog_format(w, style, &line, &when);
}

static void test_format(void **state)
{
	const struct log_tag none = {NULL, 0};
	const struct filelog_style plain = {0}, named = {.ike_name = true},
				   level = {.log_level = true, .ike_name = true};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	format(&w, &plain, "initiating", home);
	check_text(&w, "09[IKE] initiating\n");
	format(&w, &named, "initiating", home);
	check_text(&w, "09[IKE] <home|7> initiating\n");
	format(&w, &named, "initiating", none);
	check_text(&w, "09[IKE] initiating\n");
	format(&w, &level, "initiating", home);
	check_text(&w, "09[IKE1] <home|7> initiating\n");
	wbuf_done(&w);
}

static void test_format_of_several_lines(void **state)
{
	const struct filelog_style named = {.ike_name = true};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	format(&w, &named, "one\ntwo\n", home);
	check_text(&w, "09[IKE] <home|7> one\n09[IKE] <home|7> two\n");
	format(&w, &named, "one\n\nthree", home);
	check_text(&w, "09[IKE] <home|7> one\n09[IKE] <home|7> \n09[IKE] <home|7> three\n");
	format(&w, &named, "", home);
	check_text(&w, "09[IKE] <home|7> \n");
	wbuf_done(&w);
}

static void test_format_of_times(void **state)
{
	const struct filelog_style s = {.time_format = "%Y-%m-%d %T"},
				   ms = {.time_format = "%T", .decimals = 3},
				   us = {.time_format = "%T", .decimals = 6};
	struct wbuf w;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	wbuf_init(&w, 0);
	format(&w, &s, "x", home);
	check_text(&w, "2001-09-09 01:46:40 09[IKE] x\n");
	format(&w, &ms, "x", home);
	check_text(&w, "01:46:40.007 09[IKE] x\n");
	format(&w, &us, "x", home);
	check_text(&w, "01:46:40.007654 09[IKE] x\n");
	wbuf_done(&w);
}

/* Opens the sinks of a configuration, logs the same lines, and closes them. */
static void run(const char *conf, bool reopen)
{
	struct conf_node *root = parse(conf);
	struct log *log = log_new();
	const struct filelog_params params = {.log = log, .settings = root, .reopen = reopen};
	struct filelog *f = NULL;

	assert_non_null(log);
	assert_int_equal(filelog_open(&params, &f), 0);
	assert_false(filelog_has_stderr(f));
	log_print(log, NULL, LOG_DMN, LOG_AUDIT, "audit");
	log_print(log, &home, LOG_IKE, LOG_CTRL, "control");
	log_print(log, NULL, LOG_ENC, LOG_DETAIL, "detail");
	log_print(log, NULL, LOG_NET, LOG_DETAIL, "packet");
	filelog_close(f);
	log_print(log, NULL, LOG_DMN, LOG_AUDIT, "nobody listens");
	log_free(log);
	conf_node_free(root);
}

static void test_files(void **state)
{
	char dir[64], quiet[96], mine[96], conf[512];

	(void)state;
	make_dir(dir);
	snprintf(quiet, sizeof(quiet), "%s/quiet", dir);
	snprintf(mine, sizeof(mine), "%s/mine", dir);
	snprintf(conf, sizeof(conf),
		 "charon {\n filelog {\n"
		 "  quiet {\n path = %s\n default = 0\n }\n"
		 "  mine {\n path = %s\n default = -1\n ike = 1\n enc = 2\n ike_name = yes\n"
		 "   append = no\n }\n"
		 " }\n}\n",
		 quiet, mine);
	write_file(quiet, "old\n");
	write_file(mine, "old\n");
	run(conf, false);
	check_file(quiet, "old\n00[DMN] audit\n");
	check_file(mine, "00[IKE] <home|7> control\n00[ENC] detail\n");
	/* A reload does not begin files anew. */
	run(conf, true);
	check_file(mine, "00[IKE] <home|7> control\n00[ENC] detail\n"
			 "00[IKE] <home|7> control\n00[ENC] detail\n");
	unlink(quiet);
	unlink(mine);
	rmdir(dir);
}

static void test_flush(void **state)
{
	char dir[64], path[96], conf[256];
	struct filelog *f = NULL;
	struct conf_node *root;
	struct lines l;

	(void)state;
	make_dir(dir);
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(conf, sizeof(conf), "charon {\n filelog {\n x {\n path = %s\n }\n }\n}\n", path);
	root = parse(conf);
	lines_init(&l);
	assert_int_equal(filelog_open(&(struct filelog_params){.log = l.log, .settings = root}, &f),
			 0);
	log_print(l.log, NULL, LOG_DMN, LOG_CTRL, "line");
	check_file(path, "");
	filelog_flush(f);
	check_file(path, "00[DMN] line\n");
	filelog_close(f);
	conf_node_free(root);
	lines_done(&l);
	unlink(path);
	rmdir(dir);
}

static void test_missing_directory(void **state)
{
	struct conf_node *root =
		parse("charon {\n filelog {\n x {\n path = /nonexistent/dir/log\n }\n }\n}\n");
	struct filelog *f = NULL;
	struct lines l;

	(void)state;
	lines_init(&l);
	assert_int_equal(filelog_open(&(struct filelog_params){.log = l.log, .settings = root}, &f),
			 0);
	check_text(&l.text, "DMN 0 opening the log file /nonexistent/dir/log of charon.filelog.x "
			    "failed: No such file or directory; its lines are lost\n");
	filelog_close(f);
	conf_node_free(root);
	lines_done(&l);
}

static void test_defaults_and_forced_levels(void **state)
{
	struct conf_node *none = parse("charon {\n}\n");
	struct conf_node *file =
		parse("charon {\n filelog {\n x {\n path = /dev/null\n default = 0\n }\n }\n}\n");
	struct filelog_levels forced = {.any = true};
	struct log *log = log_new();
	struct filelog_params params = {.log = log, .settings = none};
	struct filelog *f = NULL;

	(void)state;
	assert_int_equal(filelog_open(&params, &f), 0);
	assert_true(filelog_has_stderr(f));
	assert_true(log_wants(log, LOG_IKE, LOG_CTRL));
	assert_false(log_wants(log, LOG_IKE, LOG_DETAIL));
	filelog_close(f);
	for (unsigned i = 0; i < LOG_N_GROUPS; i++)
		forced.levels[i] = FILELOG_NOT_FORCED;
	forced.levels[LOG_ENC] = LOG_RAW;
	params.settings = file;
	params.forced = &forced;
	assert_int_equal(filelog_open(&params, &f), 0);
	assert_true(filelog_has_stderr(f));
	assert_true(log_wants(log, LOG_ENC, LOG_RAW));
	assert_false(log_wants(log, LOG_IKE, LOG_DETAIL));
	filelog_close(f);
	assert_false(log_wants(log, LOG_DMN, LOG_AUDIT));
	log_free(log);
	conf_node_free(none);
	conf_node_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_of_several_lines),
		cmocka_unit_test(test_format_of_times),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_missing_directory),
		cmocka_unit_test(test_defaults_and_forced_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
