/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/args.h"

#include <ctype.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "conf/node.h"
#include "cygnet-config.h"
#include "tools/ctl/ctl.h"
#include "tools/ctl/load.h"
#include "tools/ctl/verb.h"
#include "vici/client.h"

/* Options of every verb. `--json` is for reads; strongSwan's swanctl does not have it. */
enum { OPT_JSON = 256 };

static const struct common {
	struct option option;
	const char *help;
} commons[] = {
	{{"help", no_argument, NULL, 'h'}, "show usage information"},
	{{"json", no_argument, NULL, OPT_JSON}, "print the answer as JSON"},
	{{"raw", no_argument, NULL, 'r'}, "dump raw response message"},
	{{"pretty", no_argument, NULL, 'P'}, "dump raw response message in pretty print"},
	{{"debug", required_argument, NULL, 'v'}, "accepted for compatibility"},
	{{"options", required_argument, NULL, '+'}, "read command line options from file"},
	{{"uri", required_argument, NULL, 'u'}, "service URI to connect to"},
};

#define N_COMMONS	 (sizeof(commons) / sizeof(commons[0]))
#define MAX_OPTION_WORDS 64

/* Words read from --options files live as long as the command line they belong to. */
static struct strs option_words;
static char configured_uri[256];

void args_done(void)
{
	strs_done(&option_words);
}

/* ---- help ----------------------------------------------------------------------------------- */

static void print_option(FILE *to, const char *name, char letter, const char *help)
{
	if (letter)
		fprintf(to, "  --%-20s (-%c)  %s\n", name, letter, help);
	else
		fprintf(to, "  --%-20s       %s\n", name, help);
}

static void print_verb_usage(FILE *to, const struct ctl *ctl)
{
	const struct ctl_verb *v = ctl->verb;

	fprintf(to, "usage:\n  %s %s%s%s%s [options]\n", ctl->program, ctl->plain ? "" : "--",
		ctl->plain ? v->plain : v->name, ctl->plain && v->args ? " " : "",
		ctl->plain && v->args ? v->args : "");
	for (size_t i = 0; v->options && v->options[i].name; i++) {
		char name[96];

		snprintf(name, sizeof(name), "%s%s%s", v->options[i].name,
			 v->options[i].arg ? " " : "", v->options[i].arg ? v->options[i].arg : "");
		print_option(to, name, v->options[i].letter, v->options[i].help);
	}
	for (size_t i = 0; i < N_COMMONS; i++)
		print_option(to, commons[i].option.name,
			     commons[i].option.val < OPT_JSON ? (char)commons[i].option.val : 0,
			     commons[i].help);
}

static void print_swanctl_usage(FILE *to)
{
	const struct ctl_verb *v;

	fprintf(to, "Cygnet %s swanctl\nusage:\n", CYGNET_VERSION);
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		if (v->name)
			fprintf(to, "  swanctl --%-16s (-%c)  %s\n", v->name, v->letter,
				v->summary);
	}
	fprintf(to, "  swanctl --%-16s (-%c)  %s\n", "help", 'h', "show usage information");
}

static void print_plain_usage(FILE *to)
{
	const struct ctl_verb *v;

	fprintf(to, "Cygnet %s\nusage:\n", CYGNET_VERSION);
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		char name[32];

		if (!v->plain)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", v->plain, v->args ? " " : "",
			 v->args ? v->args : "");
		fprintf(to, "  cygnet %-16s %s\n", name, v->summary);
	}
	fprintf(to, "  cygnet swanctl ...      the verbs and options of strongSwan's swanctl\n"
		    "  cygnet VERB --help      options of a verb; reads take --json\n");
}

static void print_usage(FILE *to, bool plain)
{
	if (plain)
		print_plain_usage(to);
	else
		print_swanctl_usage(to);
}

/* ---- the verb ------------------------------------------------------------------------------- */

#define MAX_VERBS 64

static const char *nearest_verb(const char *word, bool plain)
{
	const char *names[MAX_VERBS];
	const struct ctl_verb *v;
	size_t n = 0;

	for (size_t i = 0; (v = verb_at(i)) != NULL && n < MAX_VERBS; i++) {
		if (plain ? v->plain != NULL : v->name != NULL)
			names[n++] = plain ? v->plain : v->name;
	}
	return str_nearest(word, names, n);
}

static int refuse_verb(const struct ctl *ctl, const char *word)
{
	const char *dashes = ctl->plain ? "" : "--";
	const char *bare = strncmp(word, "--", 2) == 0 ? word + 2 : word;
	const char *meant = nearest_verb(bare, ctl->plain);

	fprintf(stderr, "%s: unknown verb '%s'", ctl->program, word);
	if (meant)
		fprintf(stderr, ", did you mean '%s%s'?\n", dashes, meant);
	else
		fprintf(stderr, "; '%s --help' lists them\n", ctl->program);
	return CTL_USAGE;
}

static const struct ctl_verb *find_verb(const struct ctl *ctl, const char *word)
{
	if (ctl->plain)
		return verb_find(word, true);
	if (strncmp(word, "--", 2) == 0)
		return verb_find(word + 2, false);
	return word[0] == '-' && word[1] && !word[2] ? verb_find_letter(word[1]) : NULL;
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* ---- options -------------------------------------------------------------------------------- */

struct table {
	struct option longs[CTL_MAX_OPTIONS + N_COMMONS + 1];
	char shorts[2 * (CTL_MAX_OPTIONS + N_COMMONS) + 2];
};

/* Options of the verb have values from 1000 on, whatever their letters. */
enum { FIRST_OWN = 1000 };

static void fill_table(const struct ctl_verb *verb, struct table *t)
{
	size_t n = 0, s = 0;

	memset(t, 0, sizeof(*t));
	t->shorts[s++] = ':';
	for (size_t i = 0; verb->options && verb->options[i].name; i++) {
		const struct ctl_option *o = &verb->options[i];

		t->longs[n++] = (struct option){o->name, o->arg ? required_argument : no_argument,
						NULL, FIRST_OWN + (int)i};
		t->shorts[s++] = o->letter;
		if (o->arg)
			t->shorts[s++] = ':';
	}
	for (size_t i = 0; i < N_COMMONS; i++) {
		const struct option *o = &commons[i].option;

		t->longs[n++] = *o;
		if (o->val >= OPT_JSON || strchr(t->shorts, o->val))
			continue;
		t->shorts[s++] = (char)o->val;
		if (o->has_arg)
			t->shorts[s++] = ':';
	}
}

/* A letter of the verb's own goes before a common one. */
static int own_index(const struct ctl_verb *verb, int c)
{
	if (c >= FIRST_OWN)
		return c - FIRST_OWN;
	for (size_t i = 0; verb->options && verb->options[i].name; i++) {
		if (verb->options[i].letter == c)
			return (int)i;
	}
	return -1;
}

static int take_words(struct ctl *ctl, int argc, char **argv);

/* Words of a file, separated by white space; quotes keep it. */
static int split_words(char *text, struct strs *out)
{
	int rc = 0;

	while (rc == 0) {
		char quote = 0, *word;

		text += strspn(text, " \t\r\n");
		if (!*text)
			break;
		if (*text == '"' || *text == '\'')
			quote = *text++;
		word = text;
		text += quote ? strcspn(text, quote == '"' ? "\"" : "'") : strcspn(text, " \t\r\n");
		if (*text)
			*text++ = '\0';
		rc = strs_add(out, word);
	}
	return rc;
}

static int take_file(struct ctl *ctl, const char *path)
{
	char *words[MAX_OPTION_WORDS + 2] = {(char *)ctl->program};
	size_t first = option_words.count;
	struct wbuf w;
	int n = 1, rc;

	wbuf_init(&w, 0);
	rc = load_read_file(path, &w);
	wbuf_u8(&w, 0);
	if (rc == 0)
		rc = wbuf_err(&w);
	if (rc == 0)
		rc = split_words((char *)w.data, &option_words);
	wbuf_done(&w);
	if (rc || option_words.count - first > MAX_OPTION_WORDS) {
		fprintf(stderr, "%s: --options %s: %s\n", ctl->program, path,
			rc ? err_text(rc) : "too many words");
		return CTL_USAGE;
	}
	for (size_t i = first; i < option_words.count; i++)
		words[n++] = option_words.items[i];
	return take_words(ctl, n, words);
}

static int take_common(struct ctl *ctl, int c, const char *value)
{
	switch (c) {
	case OPT_JSON:
		ctl->format = CTL_JSON;
		return 0;
	case 'r':
		ctl->format = CTL_RAW;
		return 0;
	case 'P':
		ctl->format = CTL_PRETTY;
		return 0;
	case 'u':
		ctl->uri = value;
		ctl->uri_given = true;
		return 0;
	case '+':
		return take_file(ctl, value);
	default:
		return 0;
	}
}

static int refuse_option(const struct ctl *ctl, const struct table *t, const char *word)
{
	const char *names[CTL_MAX_OPTIONS + N_COMMONS], *meant = NULL;
	size_t n = 0;

	for (; t->longs[n].name; n++)
		names[n] = t->longs[n].name;
	if (word && strncmp(word, "--", 2) == 0)
		meant = str_nearest(word + 2, names, n);
	fprintf(stderr, "%s: unknown option '%s'", ctl->program, word ? word : "?");
	if (meant)
		fprintf(stderr, ", did you mean '--%s'?", meant);
	fputc('\n', stderr);
	return CTL_USAGE;
}

static int take_operands(struct ctl *ctl, int argc, char **argv)
{
	for (; optind < argc; optind++) {
		if (!ctl->plain || !ctl->verb->args || ctl->arg) {
			fprintf(stderr, "%s: unexpected argument '%s'\n", ctl->program,
				argv[optind]);
			return CTL_USAGE;
		}
		ctl->arg = argv[optind];
	}
	return 0;
}

/* Returns 0, an exit status, or -1 when help was asked for. */
static int take_words(struct ctl *ctl, int argc, char **argv)
{
	int saved = optind, rc = 0, c, own;
	struct table t;

	fill_table(ctl->verb, &t);
	optind = 0; /* begin anew: glibc */
	opterr = 0;
	while (rc == 0 && (c = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		own = own_index(ctl->verb, c);
		if (c == ':') {
			fprintf(stderr, "%s: option '%s' needs a value\n", ctl->program,
				argv[optind - 1]);
			rc = CTL_USAGE;
		} else if (c == '?') {
			rc = refuse_option(ctl, &t, argv[optind - 1]);
		} else if (own >= 0) {
			ctl->values[own] = ctl->verb->options[own].arg ? optarg : "";
		} else if (c == 'h') {
			rc = -1;
		} else {
			int next = optind;

			rc = take_common(ctl, c, optarg);
			optind = next;
		}
	}
	if (rc == 0)
		rc = take_operands(ctl, argc, argv);
	optind = saved;
	return rc;
}

/* ---- where the daemon listens --------------------------------------------------------------- */

/* strongswan.conf may say; its mistakes are the daemon's to tell. */
static const char *default_uri(void)
{
	static const char *const paths[] = {"swanctl.socket", "charon.plugins.vici.socket"};
	const char *file = getenv("STRONGSWAN_CONF"), *text = NULL;
	struct conf_errors errs = {.count = 0};
	struct conf_node *root = NULL;

	if (conf_parse_file(file && *file ? file : CYGNET_SYSCONFDIR "/strongswan.conf", &errs,
			    &root) == 0) {
		for (size_t i = 0; i < 2 && !text; i++)
			text = conf_node_text(root, paths[i]);
		if (text)
			snprintf(configured_uri, sizeof(configured_uri), "%s", text);
		conf_node_free(root);
	}
	conf_errors_done(&errs);
	return configured_uri[0] ? configured_uri : CLIENT_DEFAULT_URI;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* cygnet, or swanctl: by its name, by `cygnet swanctl`, or by a swanctl verb. */
static void choose_program(struct ctl *ctl, int *argc, char ***argv)
{
	bool swanctl = *argc && strcmp(base_name((*argv)[0]), "swanctl") == 0;

	if (!swanctl && *argc > 1 && strcmp((*argv)[1], "swanctl") == 0) {
		++*argv;
		--*argc;
		swanctl = true;
	}
	if (*argc > 1 && strncmp((*argv)[1], "--", 2) == 0 &&
	    strcmp((*argv)[1], "--version") != 0 && verb_find((*argv)[1] + 2, false))
		swanctl = true;
	ctl->plain = !swanctl;
	ctl->program = swanctl ? "swanctl" : "cygnet";
}

int args_parse(int argc, char **argv, struct ctl *out, bool *out_done)
{
	int rc;

	memset(out, 0, sizeof(*out));
	*out_done = true;
	choose_program(out, &argc, &argv);
	if (argc < 2) {
		print_usage(stderr, out->plain);
		return CTL_USAGE;
	}
	if (asks_for_help(argv[1])) {
		print_usage(stdout, out->plain);
		return CTL_OK;
	}
	if (strcmp(argv[1], "--version") == 0 && out->plain)
		out->verb = verb_find("version", true);
	else
		out->verb = find_verb(out, argv[1]);
	if (!out->verb)
		return refuse_verb(out, argv[1]);
	rc = take_words(out, argc - 1, argv + 1);
	if (rc < 0)
		print_verb_usage(stdout, out);
	if (rc == 0 && out->plain && out->verb->args && !out->arg) {
		fprintf(stderr, "%s: %s needs %s\n", out->program, out->verb->plain,
			out->verb->args);
		rc = CTL_USAGE;
	}
	if (rc)
		return rc < 0 ? CTL_OK : rc;
	if (!out->uri)
		out->uri = default_uri();
	*out_done = false;
	return CTL_OK;
}
