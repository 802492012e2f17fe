/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/compatibility.md is what this program prints with --print: options from the schema, verbs,
 * commands and events from the tables below, which are held against the sources.
 */
#include "check.h"

#include <glob.h>
#include <stdio.h>

#include "conf/conn.h"
#include "conf/schema_strongswan.h"
#include "conf/schema_swanctl.h"

enum state { IMPLEMENTED, REFUSED, MISSING, N_STATES };

static const char *const state_names[] = {"implemented", "refused", "missing"};

struct counts {
	unsigned n[N_STATES];
};

/* What has no row in the schema. */
struct item {
	const char *name;
	enum state state;
	const char *note;
	const char *source; /* how the sources say it, if it is not the name */
};

static const char cfg_stored[] = "stored; nothing uses it yet";

static const struct item pool_attrs[] = {
	{"pools.<name>.dns", IMPLEMENTED, "DNS servers", NULL},
	{"pools.<name>.nbns", IMPLEMENTED, "WINS servers", NULL},
	{"pools.<name>.dhcp", IMPLEMENTED, "DHCP servers", NULL},
	{"pools.<name>.netmask", IMPLEMENTED, "IPv4 netmask", NULL},
	{"pools.<name>.server", IMPLEMENTED, "Microsoft's attributes 23456 and 23457", NULL},
	{"pools.<name>.subnet", IMPLEMENTED, "networks behind the gateway", NULL},
	{"pools.<name>.p_cscf", IMPLEMENTED, "RFC 7651", NULL},
	{"pools.<name>.address", IMPLEMENTED, "addresses", NULL},
	{"pools.<name>.25", IMPLEMENTED, "any attribute by its number", NULL},
	{"pools.<name>.split_include", REFUSED, "of IKEv1; subnet is its successor", NULL},
	{"pools.<name>.split_exclude", REFUSED, "of IKEv1", NULL},
};

static const struct item secrets[] = {
	{"secrets.ike<suffix>", IMPLEMENTED, "secret, id<suffix>: preshared keys", NULL},
	{"secrets.eap<suffix>", MISSING, cfg_stored, NULL},
	{"secrets.xauth<suffix>", MISSING, cfg_stored, NULL},
	{"secrets.ntlm<suffix>", MISSING, cfg_stored, NULL},
	{"secrets.ppk<suffix>", IMPLEMENTED, "secret, id<suffix>: postquantum preshared keys",
	 NULL},
	{"secrets.private<suffix>", IMPLEMENTED, "file, secret: passphrase of a key", NULL},
	{"secrets.rsa<suffix>", IMPLEMENTED, "file, secret: passphrase of a key", NULL},
	{"secrets.ecdsa<suffix>", IMPLEMENTED, "file, secret: passphrase of a key", NULL},
	{"secrets.pkcs8<suffix>", IMPLEMENTED, "file, secret: passphrase of a key", NULL},
	{"secrets.pkcs12<suffix>", IMPLEMENTED, "file, secret: passphrase of a container", NULL},
};

static const struct item verbs[] = {
	{"initiate", IMPLEMENTED, "-i", NULL},
	{"terminate", IMPLEMENTED, "-t", NULL},
	{"rekey", IMPLEMENTED, "-R", NULL},
	{"redirect", IMPLEMENTED, "-d", NULL},
	{"install", IMPLEMENTED, "-p", NULL},
	{"uninstall", IMPLEMENTED, "-U", NULL},
	{"list-sas", IMPLEMENTED, "-l", NULL},
	{"monitor-sa", IMPLEMENTED, "-m", NULL},
	{"list-pols", IMPLEMENTED, "-P", NULL},
	{"list-authorities", IMPLEMENTED, "-B", NULL},
	{"list-conns", IMPLEMENTED, "-L", NULL},
	{"list-certs", IMPLEMENTED, "-x", NULL},
	{"list-pools", IMPLEMENTED, "-A", NULL},
	{"list-algs", IMPLEMENTED, "-g", NULL},
	{"flush-certs", IMPLEMENTED, "-f; nothing is cached, so nothing goes", NULL},
	{"load-all", IMPLEMENTED, "-q", NULL},
	{"load-creds", IMPLEMENTED, "-s", NULL},
	{"load-conns", IMPLEMENTED, "-c", NULL},
	{"load-authorities", IMPLEMENTED, "-b", NULL},
	{"load-pools", IMPLEMENTED, "-a", NULL},
	{"log", IMPLEMENTED, "-T", NULL},
	{"version", IMPLEMENTED, "-V", NULL},
	{"stats", IMPLEMENTED, "-S", NULL},
	{"reload-settings", IMPLEMENTED, "-r", NULL},
	{"counters", IMPLEMENTED, "-C", NULL},
};

/* No row of the verbs, but a word of its own. */
static const struct item help[] = {{"help", IMPLEMENTED, "-h", "\"--help\""}};

/* Refused: by a function of this name. */
static const char unsupported[] = "refuse_tokens";

static const struct item commands[] = {
	{"version", IMPLEMENTED, "", NULL},
	{"stats", IMPLEMENTED, "", NULL},
	{"reload-settings", IMPLEMENTED, "", NULL},
	{"initiate", IMPLEMENTED, "", NULL},
	{"terminate", IMPLEMENTED, "", NULL},
	{"rekey", IMPLEMENTED, "", NULL},
	{"redirect", IMPLEMENTED, "", NULL},
	{"install", IMPLEMENTED, "", NULL},
	{"uninstall", IMPLEMENTED, "", NULL},
	{"list-sas", IMPLEMENTED, "", NULL},
	{"list-policies", IMPLEMENTED, "", NULL},
	{"list-conns", IMPLEMENTED, "", NULL},
	{"get-conns", IMPLEMENTED, "", NULL},
	{"list-certs", IMPLEMENTED, "", NULL},
	{"list-authorities", IMPLEMENTED, "", NULL},
	{"get-authorities", IMPLEMENTED, "", NULL},
	{"load-conn", IMPLEMENTED, "options as above", NULL},
	{"unload-conn", IMPLEMENTED, "", NULL},
	{"load-cert", IMPLEMENTED, "X509 and X509_CRL; X509_AC and PUBKEY are refused by name",
	 NULL},
	{"load-key", IMPLEMENTED, "", NULL},
	{"unload-key", IMPLEMENTED, "", NULL},
	{"get-keys", IMPLEMENTED, "", NULL},
	{"load-token", REFUSED, "there are no PKCS#11 tokens", unsupported},
	{"load-shared", IMPLEMENTED, "only those of type IKE have a use yet", NULL},
	{"unload-shared", IMPLEMENTED, "", NULL},
	{"get-shared", IMPLEMENTED, "", NULL},
	{"flush-certs", IMPLEMENTED, "nothing is fetched and cached, so nothing goes", NULL},
	{"clear-creds", IMPLEMENTED, "keeps the certificates of connections and authorities", NULL},
	{"load-authority", IMPLEMENTED, "its certificate is a trust anchor; URIs are kept", NULL},
	{"unload-authority", IMPLEMENTED, "", NULL},
	{"load-pool", IMPLEMENTED, "", NULL},
	{"unload-pool", IMPLEMENTED, "", NULL},
	{"get-pools", IMPLEMENTED, "", NULL},
	{"get-algorithms", IMPLEMENTED, "", NULL},
	{"get-counters", IMPLEMENTED, "", NULL},
	{"reset-counters", IMPLEMENTED, "", NULL},
	{"diff", IMPLEMENTED, "Cygnet's own: what loading these sections would change", NULL},
	{"trace", IMPLEMENTED, "Cygnet's own: the IKE SAs with the exchanges they came by", NULL},
};

/* source: what the engine calls it when it raises one. */
static const struct item events[] = {
	{"log", IMPLEMENTED, "", NULL},
	{"control-log", IMPLEMENTED, "", NULL},
	{"list-sa", IMPLEMENTED, "", NULL},
	{"trace-sa", IMPLEMENTED, "Cygnet's own: an IKE SA with the exchanges it came by", NULL},
	{"list-policy", IMPLEMENTED, "", NULL},
	{"list-conn", IMPLEMENTED, "", NULL},
	{"list-cert", IMPLEMENTED, "", NULL},
	{"list-authority", IMPLEMENTED, "", NULL},
	{"ike-updown", IMPLEMENTED, "", "IKE_EV_IKE_UPDOWN"},
	{"ike-rekey", IMPLEMENTED, "", "IKE_EV_IKE_REKEY"},
	{"ike-update", IMPLEMENTED, "", "IKE_EV_IKE_UPDATE"},
	{"child-updown", IMPLEMENTED, "", "IKE_EV_CHILD_UPDOWN"},
	{"child-rekey", IMPLEMENTED, "", "IKE_EV_CHILD_REKEY"},
	{"alert", IMPLEMENTED, "the types that are raised are in swanctl(8)", "IKE_EV_ALERT"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the document --------------------------------------------------------------------------- */

static enum state state_of(const struct schema_row *row)
{
	switch (row->state) {
	case SCHEMA_WORKS:
		return IMPLEMENTED;
	case SCHEMA_IGNORED:
		return MISSING;
	default:
		return REFUSED;
	}
}

static void add_escaped(struct wbuf *w, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			wbuf_u8(w, '\\');
		wbuf_u8(w, (uint8_t)*text);
	}
}

static void add_head(struct wbuf *w, const char *title, const char *what)
{
	wbuf_fmt(w, "\n## %s\n\n| %s | state | note |\n|---|---|---|\n", title, what);
}

/* "refused: trap, route" */
static void add_refused_words(struct wbuf *w, const struct schema_row *row)
{
	const char *sep = "; refused: ";

	for (const struct schema_word *word = row->words; word && word->word; word++) {
		if (!word->refused)
			continue;
		wbuf_str(w, sep);
		add_escaped(w, word->word);
		sep = ", ";
	}
}

static void add_option(struct wbuf *w, const char *path, const struct schema_row *row,
		       struct counts *c)
{
	enum state state = state_of(row);

	wbuf_str(w, "| `");
	add_escaped(w, path);
	wbuf_fmt(w, "%s%s` | %s | ", *path ? "." : "", row->name, state_names[state]);
	add_escaped(w, row->state == SCHEMA_WORKS ? row->meaning
		       : row->why		  ? row->why
						  : "not supported yet");
	add_refused_words(w, row);
	wbuf_str(w, " |\n");
	c->n[state]++;
}

static void add_options(struct wbuf *w, const struct schema_table *t, struct counts *c)
{
	for (size_t i = 0; i < t->n_rows; i++)
		add_option(w, t->path, &t->rows[i], c);
}

static void add_items(struct wbuf *w, const char *before, const struct item *items, size_t n,
		      struct counts *c)
{
	for (size_t i = 0; i < n; i++) {
		wbuf_fmt(w, "| `%s%s` | %s | %s |\n", before, items[i].name,
			 state_names[items[i].state], items[i].note);
		c->n[items[i].state]++;
	}
}

static const char intro[] =
	"# Compatibility\n"
	"\n"
	"What there is of strongSwan's configuration, control program and control interface, one "
	"by one. This file is\n"
	"generated from the tables of the program (`test_conf_compat --print`), and a test holds "
	"it against them.\n"
	"\n"
	"| state | means |\n"
	"|---|---|\n"
	"| implemented | does what the note says |\n"
	"| refused | an error by name, with file and line; an option takes its default |\n"
	"| missing | an option is accepted without effect; anything else is unknown, or does not "
	"occur |\n"
	"\n"
	"[swanctl.conf.md](swanctl.conf.md) and [strongswan.conf.md](strongswan.conf.md) have the "
	"defaults and\n"
	"what each option is for.\n";

static void add_swanctl(struct wbuf *w, struct counts *c)
{
	add_head(w, "swanctl.conf", "option");
	for (const struct schema_table *const *t = schema_swanctl_tables; *t; t++) {
		if (*t == &schema_swanctl_secret || *t == &schema_swanctl_key)
			continue;
		add_options(w, *t, c);
		if (*t == &schema_swanctl_pool)
			add_items(w, "", pool_attrs, COUNT(pool_attrs), c);
		if (*t == &schema_swanctl_authority)
			add_items(w, "", secrets, COUNT(secrets), c);
	}
}

static void add_counts(struct wbuf *w, const char *const *titles, const struct counts *c, size_t n)
{
	struct counts sum = {0};

	wbuf_str(w, "\n## Counts\n\n| | implemented | refused | missing | all |\n"
		    "|---|---|---|---|---|\n");
	for (size_t i = 0; i <= n; i++) {
		const struct counts *one = i < n ? &c[i] : &sum;

		wbuf_fmt(w, "| %s | %u | %u | %u | %u |\n", i < n ? titles[i] : "all",
			 one->n[IMPLEMENTED], one->n[REFUSED], one->n[MISSING],
			 one->n[IMPLEMENTED] + one->n[REFUSED] + one->n[MISSING]);
		for (unsigned s = 0; s < N_STATES && i < n; s++)
			sum.n[s] += c[i].n[s];
	}
}

static void add_document(struct wbuf *w)
{
	static const char *const titles[] = {"swanctl.conf", "strongswan.conf", "swanctl verbs",
					     "vici commands", "vici events"};
	struct counts c[COUNT(titles)] = {0};

	wbuf_str(w, intro);
	add_swanctl(w, &c[0]);
	add_head(w, titles[1], "option");
	add_options(w, &schema_strongswan, &c[1]);
	add_head(w, titles[2], "verb");
	add_items(w, "--", verbs, COUNT(verbs), &c[2]);
	add_items(w, "--", help, COUNT(help), &c[2]);
	add_head(w, titles[3], "command");
	add_items(w, "", commands, COUNT(commands), &c[3]);
	add_head(w, titles[4], "event");
	add_items(w, "", events, COUNT(events), &c[4]);
	add_counts(w, titles, c, COUNT(titles));
}

/* ---- the sources ---------------------------------------------------------------------------- */

static char *read_file(const char *path)
{
	struct wbuf w;
	char *text;
	FILE *f = fopen(path, "r");
	int c;

	if (!f)
		fail_msg("cannot open %s", path);
	wbuf_init(&w, 0);
	while ((c = getc(f)) != EOF)
		wbuf_u8(&w, (uint8_t)c);
	fclose(f);
	text = str_from_view(wbuf_view(&w));
	assert_non_null(text);
	wbuf_done(&w);
	return text;
}

static char *read_source(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", TEST_ROOT, name);
	return read_file(path);
}

static const struct item *find_item(const struct item *items, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i].name, name) == 0)
			return &items[i];
	}
	return NULL;
}

/*
 * The rows {"NAME", VALUE of an array are the items that are not missing; a refused item with a
 * source has it as VALUE, and no other item has.
 */
static void check_rows(const char *file, const char *array, const struct item *items, size_t n)
{
	char *text = read_source(file), *at = strstr(text, array), *end;
	size_t found = 0, expected = 0;

	assert_non_null(at);
	end = strstr(at, "\n};");
	assert_non_null(end);
	*end = '\0';
	while ((at = strstr(at, "{\"")) != NULL) {
		char name[64], value[64];
		const struct item *item;
		bool refused;

		at += 2;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "\""), at);
		at += strcspn(at, ",") + 1;
		at += strspn(at, " \t\n");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "},"), at);
		item = find_item(items, n, name);
		if (!item || item->state == MISSING)
			fail_msg("%s has '%s': say so in test_compat.c", file, name);
		refused = strcmp(value, unsupported) == 0;
		if (refused != (item->source != NULL) ||
		    (refused && strcmp(value, item->source) != 0))
			fail_msg("'%s' is %s in %s: correct its state in test_compat.c", name,
				 value, file);
		found++;
	}
	for (size_t i = 0; i < n; i++)
		expected += items[i].state != MISSING;
	assert_int_equal(found, expected);
	free(text);
}

static void test_verbs(void **state)
{
	char *args = read_source("tools/ctl/args.c");

	(void)state;
	check_rows("tools/ctl/verb.c", "verbs[] = {", verbs, COUNT(verbs));
	assert_non_null(strstr(args, help[0].source));
	free(args);
}

static void test_commands(void **state)
{
	(void)state;
	check_rows("src/vici/cmd.c", "rows[] = {", commands, COUNT(commands));
}

/* Whether any file of the engine says the word; counting an event is not raising it. */
static bool engine_says(const char *word)
{
	bool found = false;
	glob_t files;

	assert_int_equal(glob(TEST_ROOT "/src/ike/*.c", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc && !found; i++) {
		char *text;

		if (strstr(files.gl_pathv[i], "/counters.c"))
			continue;
		text = read_file(files.gl_pathv[i]);
		found = strstr(text, word) != NULL;
		free(text);
	}
	globfree(&files);
	return found;
}

/* Events that clients may register for, and those of the engine that it raises. */
static void test_events(void **state)
{
	char *text = read_source("src/vici/server.c"), *names = strstr(text, "event_names[");

	(void)state;
	assert_non_null(names);
	*strstr(names, "};") = '\0';
	for (size_t i = 0; i < COUNT(events); i++) {
		const struct item *e = &events[i];
		char quoted[64];

		snprintf(quoted, sizeof(quoted), "\"%s\"", e->name);
		if ((strstr(names, quoted) != NULL) != (e->state != MISSING || e->source != NULL))
			fail_msg("event '%s' of src/vici/server.c: correct test_compat.c", e->name);
		if (e->source && engine_says(e->source) != (e->state == IMPLEMENTED))
			fail_msg("event '%s' of src/ike: correct test_compat.c", e->name);
	}
	free(text);
}

/* Pool attributes and kinds of secrets are no rows of the schema: try each. */
static void test_items(void **state)
{
	struct conf_errors errs = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(pool_attrs); i++) {
		struct conf_node *root;
		struct conf_pool p;
		char text[128];

		snprintf(text, sizeof(text), "p { addrs = 10.0.0.0/8\n %s = 10.0.0.1\n }",
			 strrchr(pool_attrs[i].name, '.') + 1);
		root = check_parse(text, &errs);
		assert_int_equal(conf_pool_build(root->sections[0], &errs, &p),
				 pool_attrs[i].state == REFUSED ? E_CONFIG : 0);
		conf_pool_done(&p);
		conf_errors_done(&errs);
		conf_node_free(root);
	}
	for (size_t i = 0; i < COUNT(secrets); i++) {
		struct conf_node *root;
		struct conf_secret s;
		char text[128];
		const char *type = strchr(secrets[i].name, '.') + 1;
		bool key = strstr(secrets[i].note, "file") != NULL;

		snprintf(text, sizeof(text), "%.*s-x { secret = y\n %s = z\n }",
			 (int)strcspn(type, "<"), type, key ? "file" : "id");
		root = check_parse(text, &errs);
		assert_int_equal(conf_secret_build(root->sections[0], &errs, &s), 0);
		conf_secret_done(&s);
		conf_node_free(root);
	}
	check_errors(&errs, "");
}

static void test_document(void **state)
{
	char *doc = read_source("docs/compatibility.md");
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	add_document(&w);
	wbuf_u8(&w, '\0');
	assert_int_equal(wbuf_err(&w), 0);
	for (const char *line = (char *)w.data, *end; *line; line = end + 1) {
		char *one;

		end = strchr(line, '\n');
		one = str_from_view(view_make(line, (size_t)(end - line) + 1));
		if (!strstr(doc, one))
			fail_msg("docs/compatibility.md lacks: %s", one);
		free(one);
	}
	assert_int_equal(strlen(doc), w.len - 1);
	wbuf_done(&w);
	free(doc);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verbs),	 cmocka_unit_test(test_commands),
		cmocka_unit_test(test_events),	 cmocka_unit_test(test_items),
		cmocka_unit_test(test_document),
	};
	struct wbuf w;

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		wbuf_init(&w, 0);
		add_document(&w);
		fwrite(w.data, 1, w.len, stdout);
		wbuf_done(&w);
		return 0;
	}
	return cmocka_run_group_tests_name("conf/compat", tests, NULL, NULL);
}
