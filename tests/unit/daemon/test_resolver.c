/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/resolver.h"

#include <sys/stat.h>
#include <uv.h>

#include "base/addr.h"
#include "base/str.h"
#include "lines.h"

static void test_edit(void **state)
{
	struct strs servers = {0}, none = {0};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	assert_int_equal(strs_add(&servers, "10.1.0.1"), 0);
	assert_int_equal(strs_add(&servers, "2001:db8::1"), 0);
	assert_int_equal(strs_add(&servers, "10.1.0.1"), 0);
	resolver_edit(view_str("search a\nnameserver 192.0.2.1\n"), &servers, &w);
	check_text(&w, "nameserver 10.1.0.1   # by cygnet\nnameserver 2001:db8::1   # by cygnet\n"
		       "search a\nnameserver 192.0.2.1\n");
	resolver_edit(view_str("nameserver 10.1.0.1   # by cygnet\nsearch a\n"
			       "nameserver 10.9.0.1   # by cygnet\nno newline"),
		      &none, &w);
	check_text(&w, "search a\nno newline");
	resolver_edit(view_str(""), &none, &w);
	check_text(&w, "");
	strs_done(&servers);
	wbuf_done(&w);
}

struct place {
	uv_loop_t loop;
	struct lines lines;
	char dir[64], file[96], script[96], out[96];
	struct resolver *r;
};

static void begin(struct place *p)
{
	make_dir(p->dir);
	snprintf(p->file, sizeof(p->file), "%s/resolv.conf", p->dir);
	snprintf(p->script, sizeof(p->script), "%s/resolvconf", p->dir);
	snprintf(p->out, sizeof(p->out), "%s/out", p->dir);
	lines_init(&p->lines);
	assert_int_equal(uv_loop_init(&p->loop), 0);
}

static void end(struct place *p)
{
	resolver_free(p->r);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&p->loop), 0);
	lines_done(&p->lines);
}

static void open_resolver(struct place *p, const char *resolvconf)
{
	const struct resolver_params params = {.loop = &p->loop,
					       .log = p->lines.log,
					       .file = p->file,
					       .resolvconf = resolvconf,
					       .interface = "ipsec0"};

	assert_int_equal(resolver_new(&params, &p->r), 0);
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	return a;
}

static void test_file(void **state)
{
	const struct addr one = address("10.1.0.1"), two = address("10.1.0.2");
	struct place p = {0};

	(void)state;
	begin(&p);
	write_file(p.file, "nameserver 10.5.0.5   # by cygnet\nsearch a\n");
	open_resolver(&p, NULL);
	check_file(p.file, "search a\n");
	resolver_change(p.r, &one, true);
	resolver_change(p.r, &one, true);
	resolver_change(p.r, &two, true);
	check_file(p.file, "nameserver 10.1.0.1   # by cygnet\nnameserver 10.1.0.2   # by cygnet\n"
			   "search a\n");
	resolver_change(p.r, &one, false);
	resolver_change(p.r, &two, false);
	check_file(p.file, "nameserver 10.1.0.1   # by cygnet\nsearch a\n");
	end(&p);
	check_file(p.file, "search a\n");
	unlink(p.file);
	rmdir(p.dir);
}

static void test_file_that_cannot_be_written(void **state)
{
	const struct addr one = address("10.1.0.1");
	struct place p = {0};
	char *text;

	(void)state;
	begin(&p);
	snprintf(p.file, sizeof(p.file), "%s/no/resolv.conf", p.dir);
	open_resolver(&p, NULL);
	resolver_change(p.r, &one, true);
	text = str_from_view(wbuf_view(&p.lines.text));
	assert_non_null(strstr(text, "charon.plugins.resolve.file"));
	assert_non_null(strstr(text, "No such file or directory"));
	free(text);
	end(&p);
	rmdir(p.dir);
}

static void test_resolvconf(void **state)
{
	const struct addr one = address("10.1.0.1"), two = address("10.1.0.2");
	struct place p = {0};
	char script[256];

	(void)state;
	begin(&p);
	snprintf(script, sizeof(script), "#!/bin/sh\n{ echo \"$@\"; [ $1 = -d ] || cat; } >>%s\n",
		 p.out);
	write_file(p.script, script);
	assert_int_equal(chmod(p.script, 0755), 0);
	open_resolver(&p, p.script);
	resolver_change(p.r, &one, true);
	uv_run(&p.loop, UV_RUN_DEFAULT);
	check_file(p.out, "-a ipsec0\nnameserver 10.1.0.1\n");
	/* What comes while it runs is done afterwards, at once. */
	resolver_change(p.r, &two, true);
	resolver_change(p.r, &one, false);
	uv_run(&p.loop, UV_RUN_DEFAULT);
	check_file(p.out, "-a ipsec0\nnameserver 10.1.0.1\n"
			  "-a ipsec0\nnameserver 10.1.0.1\nnameserver 10.1.0.2\n"
			  "-a ipsec0\nnameserver 10.1.0.2\n");
	unlink(p.out);
	end(&p);
	check_file(p.out, "-d ipsec0\n");
	assert_int_equal(access(p.file, F_OK), -1);
	unlink(p.out);
	unlink(p.script);
	rmdir(p.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_that_cannot_be_written),
		cmocka_unit_test(test_resolvconf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
