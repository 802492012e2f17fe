/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/scripts.h"

#include <signal.h>
#include <sys/stat.h>
#include <uv.h>

#include "lines.h"

static void feed(struct lines *l, struct wbuf *pending, const char *text)
{
	scripts_relog(l->log, "creds", pending, view_str(text));
}

static void test_relog(void **state)
{
	struct lines l;
	struct wbuf pending;

	(void)state;
	lines_init(&l);
	wbuf_init(&pending, 0);
	feed(&l, &pending, "loaded cer");
	check_text(&l.text, "");
	feed(&l, &pending, "tificate\n\nloaded key\r\nlast");
	check_text(&l.text, "DMN 1 creds: loaded certificate\nDMN 1 creds: loaded key\n");
	scripts_relog_end(l.log, "creds", &pending);
	check_text(&l.text, "DMN 1 creds: last\n");
	scripts_relog_end(l.log, "creds", &pending);
	check_text(&l.text, "");
	feed(&l, &pending, "a\033[31mred\tb\n");
	check_text(&l.text, "DMN 1 creds: a?[31mred\tb\n");
	wbuf_done(&pending);
	lines_done(&l);
}

static void test_relog_of_a_long_line(void **state)
{
	char text[10001];
	struct lines l;
	struct wbuf pending;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	lines_init(&l);
	wbuf_init(&pending, 0);
	feed(&l, &pending, text);
	scripts_relog_end(l.log, "creds", &pending);
	assert_int_equal(wbuf_view(&l.text).len, sizeof(text) - 1 + 3 * strlen("DMN 1 creds: \n"));
	wbuf_done(&pending);
	lines_done(&l);
}

static void check_path(const char *exe, const char *old, const char *want)
{
	char *path = scripts_path(exe, old);

	assert_string_equal(path, want);
	free(path);
}

static void test_path(void **state)
{
	char dir[64], exe[128], tools[96], ctl[96], want[384];

	(void)state;
	check_path("/usr/sbin/cygnetd", "/bin:/x", "/usr/sbin:/bin:/x");
	check_path("", "/bin", "/bin");
	check_path(NULL, NULL, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	/* In the tree where it was built. */
	make_dir(dir);
	snprintf(exe, sizeof(exe), "%s/src", dir);
	assert_int_equal(mkdir(exe, 0700), 0);
	snprintf(exe, sizeof(exe), "%s/src/daemon", dir);
	assert_int_equal(mkdir(exe, 0700), 0);
	snprintf(tools, sizeof(tools), "%s/tools", dir);
	snprintf(ctl, sizeof(ctl), "%s/tools/ctl", dir);
	assert_int_equal(mkdir(tools, 0700) | mkdir(ctl, 0700), 0);
	snprintf(want, sizeof(want), "%s/../../tools/ctl:%s:/bin", exe, exe);
	snprintf(exe, sizeof(exe), "%s/src/daemon/cygnetd", dir);
	check_path(exe, "/bin", want);
	rmdir(ctl);
	rmdir(tools);
	*strrchr(exe, '/') = '\0';
	rmdir(exe);
	*strrchr(exe, '/') = '\0';
	rmdir(exe);
	rmdir(dir);
}

struct fixture {
	uv_loop_t loop;
	struct lines lines;
	struct scripts *scripts;
	unsigned done;
};

static void on_done(void *ctx)
{
	((struct fixture *)ctx)->done++;
}

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	lines_init(&f->lines);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(scripts_new(&f->loop, f->lines.log, &f->scripts), 0);
}

static void end(struct fixture *f)
{
	scripts_free(f->scripts);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	lines_done(&f->lines);
}

static struct scripts_job job_of(struct fixture *f, const struct conf_node *section)
{
	return (struct scripts_job){.section = section, .kind = "start", .done = on_done, .ctx = f};
}

static void test_run(void **state)
{
	struct conf_node *root = parse("one = echo a; echo b >&2; printf c\n"
				       "two = exit 3\n"
				       "three = kill -TERM $$\n"
				       "four = echo $(basename $0)\n");
	struct scripts_job job;
	struct fixture f;

	(void)state;
	begin(&f);
	job = job_of(&f, root);
	assert_int_equal(scripts_run(f.scripts, &job), 0);
	assert_true(scripts_busy(f.scripts));
	assert_int_equal(scripts_run(f.scripts, &job), E_BUSY);
	/* The values are copied. */
	conf_node_free(root);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(f.done, 1);
	assert_false(scripts_busy(f.scripts));
	check_text(&f.lines.text,
		   "DMN 1 executing start script 'one' (echo a; echo b >&2; printf c)\n"
		   "DMN 1 one: a\nDMN 1 one: b\nDMN 1 one: c\n"
		   "DMN 1 executing start script 'two' (exit 3)\n"
		   "DMN 0 start script 'two' failed with exit status 3\n"
		   "DMN 1 executing start script 'three' (kill -TERM $$)\n"
		   "DMN 0 start script 'three' was ended by signal 15\n"
		   "DMN 1 executing start script 'four' (echo $(basename $0))\n"
		   "DMN 1 four: sh\n");
	end(&f);
}

static void test_nothing_to_run(void **state)
{
	struct scripts_job job;
	struct fixture f;

	(void)state;
	begin(&f);
	job = job_of(&f, NULL);
	assert_int_equal(scripts_run(f.scripts, &job), 0);
	assert_int_equal(f.done, 1);
	check_text(&f.lines.text, "");
	end(&f);
}

/* A child that a script leaves behind does not hold the next one up. */
static void test_background(void **state)
{
	struct conf_node *root = parse("bg = \"sleep 30 & echo $!\"\n");
	struct scripts_job job;
	struct fixture f;
	char *text;
	int pid;

	(void)state;
	begin(&f);
	job = job_of(&f, root);
	assert_int_equal(scripts_run(f.scripts, &job), 0);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(f.done, 1);
	text = str_from_view(wbuf_view(&f.lines.text));
	assert_int_equal(sscanf(strstr(text, "DMN 1 bg: "), "DMN 1 bg: %d", &pid), 1);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	free(text);
	conf_node_free(root);
	end(&f);
}

static void test_cancel(void **state)
{
	struct conf_node *root = parse("one = exec sleep 30\ntwo = echo never\n");
	struct scripts_job job;
	struct fixture f;

	(void)state;
	begin(&f);
	job = job_of(&f, root);
	assert_int_equal(scripts_run(f.scripts, &job), 0);
	scripts_cancel(f.scripts);
	assert_false(scripts_busy(f.scripts));
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(f.done, 0);
	check_text(&f.lines.text, "DMN 1 executing start script 'one' (exec sleep 30)\n");
	conf_node_free(root);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relog),	       cmocka_unit_test(test_relog_of_a_long_line),
		cmocka_unit_test(test_path),	       cmocka_unit_test(test_run),
		cmocka_unit_test(test_nothing_to_run), cmocka_unit_test(test_background),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
