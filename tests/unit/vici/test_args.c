/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/vici/canned.h"

#include "tools/ctl/args.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/verb.h"
#include "vici/client.h"

/* Command lines: what is understood, and what is refused with which exit status. */

#define MAX_WORDS 16

static struct ctl ctl;

/* Returns -1 if the verb is to be run, else the exit status. */
static int parse(const char *line)
{
	static char text[512];
	char *words[MAX_WORDS + 1] = {NULL}, *rest = text, *word;
	int n = 0, rc;
	bool done;

	snprintf(text, sizeof(text), "%s", line);
	while ((word = strsep(&rest, " ")) != NULL) {
		assert_true(n < MAX_WORDS);
		words[n++] = word;
	}
	rc = args_parse(n, words, &ctl, &done);
	if (!done)
		assert_int_equal(rc, CTL_OK);
	return done ? rc : -1;
}

static void expect_verb(const char *line, const char *verb)
{
	assert_int_equal(parse(line), -1);
	assert_string_equal(ctl.verb->name, verb);
}

static void test_names(void **state)
{
	(void)state;
	expect_verb("/usr/sbin/swanctl --list-sas", "list-sas");
	assert_string_equal(ctl.program, "swanctl");
	assert_false(ctl.plain);
	expect_verb("swanctl -l", "list-sas");
	expect_verb("cygnet swanctl --list-sas", "list-sas");
	assert_false(ctl.plain);
	expect_verb("cygnet --list-sas", "list-sas");
	assert_false(ctl.plain);
	expect_verb("/usr/bin/cygnet status", "list-sas");
	assert_true(ctl.plain);
	assert_string_equal(ctl.program, "cygnet");
	expect_verb("cygnet --version", "version");
	assert_true(ctl.plain);
}

/* Every verb is found by its name and its letter, and no two share one. */
static void test_every_verb(void **state)
{
	const struct ctl_verb *v;

	(void)state;
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		if (v->name) {
			assert_ptr_equal(verb_find(v->name, false), v);
			assert_ptr_equal(verb_find_letter(v->letter), v);
		}
		if (v->plain)
			assert_ptr_equal(verb_find(v->plain, true), v);
	}
}

static void test_options(void **state)
{
	(void)state;
	expect_verb("swanctl --initiate --child net --ike home --timeout 5", "initiate");
	assert_string_equal(ctl_option(&ctl, "child"), "net");
	assert_string_equal(ctl_option(&ctl, "ike"), "home");
	assert_string_equal(ctl_option(&ctl, "timeout"), "5");
	assert_null(ctl_option(&ctl, "loglevel"));
	expect_verb("swanctl -i -c net --raw", "initiate");
	assert_string_equal(ctl_option(&ctl, "child"), "net");
	assert_int_equal(ctl.format, CTL_RAW);
	expect_verb("swanctl --list-pools -l -P", "list-pools");
	assert_string_equal(ctl_option(&ctl, "leases"), "");
	assert_int_equal(ctl.format, CTL_PRETTY);
	/* The verb's own letter goes before a common one. */
	expect_verb("swanctl --counters -R -r", "counters");
	assert_string_equal(ctl_option(&ctl, "reset"), "");
	assert_int_equal(ctl.format, CTL_RAW);
	expect_verb("cygnet up net --json --uri unix:///x", "initiate");
	assert_string_equal(ctl.arg, "net");
	assert_int_equal(ctl.format, CTL_JSON);
	assert_string_equal(ctl.uri, "unix:///x");
	assert_true(ctl.uri_given);
	expect_verb("swanctl --stats --debug 2", "stats");
}

static void test_options_file(void **state)
{
	char path[] = "/tmp/test-args-XXXXXX", line[128];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	(void)state;
	assert_non_null(f);
	fputs("--child 'my net'\n --timeout \"7\" --pretty", f);
	fclose(f);
	snprintf(line, sizeof(line), "swanctl --initiate --options %s --ike home", path);
	expect_verb(line, "initiate");
	assert_string_equal(ctl_option(&ctl, "child"), "my net");
	assert_string_equal(ctl_option(&ctl, "timeout"), "7");
	assert_string_equal(ctl_option(&ctl, "ike"), "home");
	assert_int_equal(ctl.format, CTL_PRETTY);
	args_done();
	remove(path);
	assert_int_equal(parse(line), CTL_USAGE);
}

static void test_refusals(void **state)
{
	static const char *const lines[] = {
		"swanctl",
		"cygnet",
		"swanctl --list-sa",
		"swanctl list-sas",
		"swanctl -Z",
		"cygnet stauts",
		"cygnet up",
		"cygnet up a b",
		"swanctl --stats extra",
		"swanctl --initiate --chld net",
		"swanctl --initiate --child",
		"swanctl --list-sas -x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse(lines[i]), CTL_USAGE);
	assert_int_equal(parse("swanctl --help"), CTL_OK);
	assert_int_equal(parse("cygnet up --help"), CTL_OK);
}

/* Without --uri, strongswan.conf says where the daemon listens. */
static void test_uri(void **state)
{
	char path[] = "/tmp/test-args-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	(void)state;
	assert_non_null(f);
	setenv("STRONGSWAN_CONF", path, 1);
	expect_verb("cygnet status", "list-sas");
	assert_string_equal(ctl.uri, CLIENT_DEFAULT_URI);
	fputs("charon { plugins { vici { socket = unix:///run/other.vici\n} } }\n", f);
	fclose(f);
	expect_verb("cygnet status", "list-sas");
	assert_string_equal(ctl.uri, "unix:///run/other.vici");
	assert_false(ctl.uri_given);
	remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	 cmocka_unit_test(test_every_verb),
		cmocka_unit_test(test_options),	 cmocka_unit_test(test_options_file),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_uri),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
