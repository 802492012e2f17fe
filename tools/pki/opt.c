/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/opt.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tools/pki/infile.h"
#include "tools/pki/pki.h"

#define ROWS_MAX  48
#define DEPTH_MAX 4  /* option files that name option files */
#define USAGE_MAX 92 /* columns */

static const struct opt_row common[] = {
	{"help", 'h', OPT_MAY, NULL, "show this text"},
	{"debug", 'v', OPT_MAY, "level", "has no effect"},
	{"options", '+', OPT_MANY, "file", "read further options from a file"},
	{NULL, 0, OPT_MAY, NULL, NULL},
};

/* The rows of a command, then the common ones. */
static const struct opt_row *row_at(const struct opt_row *rows, size_t i)
{
	size_t n = 0;

	while (rows[n].name)
		n++;
	if (i < n)
		return &rows[i];
	return i - n < 3 ? &common[i - n] : NULL;
}

static const struct opt_row *row_of_letter(const struct opt_row *rows, int letter)
{
	const struct opt_row *row;

	for (size_t i = 0; (row = row_at(rows, i)); i++) {
		if (row->letter && row->letter == letter)
			return row;
	}
	return NULL;
}

/* ---- usage ---------------------------------------------------------------------------------- */

static int write_synopsis(const struct opt_row *row, char *buf, size_t size)
{
	const char *blank = row->arg ? " " : "", *arg = row->arg ? row->arg : "";

	switch (row->use) {
	case OPT_MUST:
		return snprintf(buf, size, "--%s%s%s", row->name, blank, arg);
	case OPT_MANY:
		return snprintf(buf, size, "[--%s%s%s]+", row->name, blank, arg);
	default:
		return snprintf(buf, size, "[--%s%s%s]", row->name, blank, arg);
	}
}

void opts_usage(const struct opt_row *rows, const char *command, FILE *out)
{
	int column = fprintf(out, "usage:\n  pki --%s", command) - (int)strlen("usage:\n");
	int indent = column + 1;
	const struct opt_row *row;
	char text[256];

	for (row = rows; row->name; row++) {
		int len = write_synopsis(row, text, sizeof(text));

		if (column + 1 + len > USAGE_MAX && column > indent)
			column = fprintf(out, "\n%*s", indent - 1, "") - 1;
		column += fprintf(out, " %s", text);
	}
	fputc('\n', out);
	for (size_t i = 0; (row = row_at(rows, i)); i++) {
		fprintf(out, "        --%-15s ", row->name);
		if (row->letter)
			fprintf(out, "(-%c)  ", row->letter);
		else
			fprintf(out, "%6s", "");
		fprintf(out, "%s\n", row->help);
	}
}

/* ---- parsing -------------------------------------------------------------------------------- */

static int add(struct opts *o, const struct opt_row *row, const char *value)
{
	struct opt_given *given = realloc(o->given, (o->count + 1) * sizeof(*given));

	if (!given)
		return E_NOMEM;
	o->given = given;
	given[o->count++] = (struct opt_given){row, value};
	return 0;
}

/* What getopt_long() wants: names, and letters behind a colon that silences it. */
struct tables {
	struct option longs[ROWS_MAX + 1];
	char letters[2 * ROWS_MAX + 3];
};

static void fill_tables(const struct opt_row *rows, struct tables *out)
{
	const struct opt_row *row;
	char *letter = out->letters;
	size_t i;

	*letter++ = ':';
	for (i = 0; i < ROWS_MAX && (row = row_at(rows, i)); i++) {
		out->longs[i] = (struct option){
			row->name, row->arg ? required_argument : no_argument, NULL, 0};
		if (row->letter)
			*letter++ = row->letter;
		if (row->letter && row->arg)
			*letter++ = ':';
	}
	out->longs[i] = (struct option){NULL, 0, NULL, 0};
	*letter = '\0';
}

static int parse(const struct opt_row *rows, int argc, char **argv, unsigned depth,
		 struct opts *out);

/* The next word at *pos, quotes taken off in place; false at the end. */
static bool next_word(char **pos, char **out)
{
	char *in = *pos, *to, quote = '\0';

	while (*in && strchr(" \t\r\n#", *in)) {
		if (*in == '#')
			in += strcspn(in, "\n");
		else
			in++;
	}
	if (!*in)
		return false;
	*out = to = in;
	for (; *in && (quote || !strchr(" \t\r\n", *in)); in++) {
		if (*in == quote)
			quote = '\0';
		else if (!quote && (*in == '"' || *in == '\''))
			quote = *in;
		else
			*to++ = *in;
	}
	*pos = *in ? in + 1 : in;
	*to = '\0';
	return true;
}

/* The words of a file become a line of their own; values are borrowed from out->words. */
static int parse_text(const struct opt_row *rows, char *text, unsigned depth, struct opts *out)
{
	size_t first = out->words->count, n;
	char *word, **argv;
	int rc = 0;

	while (rc == 0 && next_word(&text, &word))
		rc = strs_add(out->words, word);
	n = out->words->count - first;
	argv = calloc(n + 2, sizeof(*argv)); /* [0] stands for the program's name */
	if (rc == 0 && !argv)
		rc = E_NOMEM;
	for (size_t i = 0; rc == 0 && i < n; i++)
		argv[i + 1] = out->words->items[first + i];
	if (rc == 0)
		rc = parse(rows, (int)n + 1, argv, depth, out);
	free(argv);
	return rc;
}

static int parse_file(const struct opt_row *rows, const char *path, unsigned depth,
		      struct opts *out)
{
	struct wbuf data;
	char *text;
	int rc;

	if (depth >= DEPTH_MAX) {
		pki_fail("--options %s: option files name each other too deeply", path);
		return E_CONFIG;
	}
	wbuf_init(&data, 0);
	rc = infile_read(path, "options", &data);
	text = rc == 0 ? str_from_view(wbuf_view(&data)) : NULL;
	wbuf_done(&data);
	if (text)
		rc = parse_text(rows, text, depth + 1, out);
	else if (rc == 0)
		rc = E_NOMEM;
	free(text);
	return rc;
}

static int refuse(const struct opt_row *rows, int found, const char *word)
{
	const char *names[ROWS_MAX], *near;
	const struct opt_row *row;
	size_t n = 0;

	if (found == ':') {
		pki_fail("%s: a value is missing", word);
		return E_CONFIG;
	}
	while (n < ROWS_MAX && (row = row_at(rows, n)))
		names[n++] = row->name;
	near = strncmp(word, "--", 2) == 0 ? str_nearest(word + 2, names, n) : NULL;
	if (near)
		pki_fail("unknown option %s; did you mean --%s?", word, near);
	else
		pki_fail("unknown option %s; --help shows those there are", word);
	return E_CONFIG;
}

static int take(const struct opt_row *rows, const struct opt_row *row, unsigned depth,
		struct opts *out)
{
	if (row == &common[0])
		out->help = true;
	if (row == &common[2])
		return parse_file(rows, optarg, depth, out);
	return add(out, row, row->arg ? optarg : NULL);
}

static int parse(const struct opt_row *rows, int argc, char **argv, unsigned depth,
		 struct opts *out)
{
	struct tables tables;
	int found, index, rc = 0;

	fill_tables(rows, &tables);
	opterr = 0;
	optind = 0; /* glibc: start afresh */
	for (int at = 1; rc == 0; at = optind) {
		index = -1;
		found = getopt_long(argc, argv, tables.letters, tables.longs, &index);
		if (found == -1)
			break;
		if (found == '?' || found == ':') {
			rc = refuse(rows, found, argv[at < argc ? at : argc - 1]);
		} else {
			int next = optind;

			rc = take(rows,
				  index >= 0 ? row_at(rows, (size_t)index)
					     : row_of_letter(rows, found),
				  depth, out);
			optind = next; /* an option file used it */
		}
	}
	if (rc == 0 && optind < argc) {
		pki_fail("%s: an option was expected, beginning with --", argv[optind]);
		rc = E_CONFIG;
	}
	return rc;
}

static int check_required(const struct opt_row *rows, const struct opts *o)
{
	for (const struct opt_row *row = rows; row->name; row++) {
		if (row->use == OPT_MUST && !opts_has(o, row->name)) {
			pki_fail("--%s %s is required: %s", row->name, row->arg, row->help);
			return E_CONFIG;
		}
	}
	return 0;
}

int opts_parse(const struct opt_row *rows, int argc, char **argv, struct opts *out)
{
	int rc;

	*out = (struct opts){NULL, 0, false, calloc(1, sizeof(struct strs))};
	if (!out->words)
		return E_NOMEM;
	rc = parse(rows, argc, argv, 0, out);
	return rc || out->help ? rc : check_required(rows, out);
}

void opts_done(struct opts *o)
{
	if (o->words)
		strs_done(o->words);
	free(o->words);
	free(o->given);
	*o = (struct opts){NULL, 0, false, NULL};
}

/* ---- asking --------------------------------------------------------------------------------- */

static const struct opt_given *find(const struct opts *o, const char *name)
{
	for (size_t i = o->count; i > 0; i--) {
		if (strcmp(o->given[i - 1].row->name, name) == 0)
			return &o->given[i - 1];
	}
	return NULL;
}

bool opts_has(const struct opts *o, const char *name)
{
	return find(o, name) != NULL;
}

const char *opts_text(const struct opts *o, const char *name)
{
	const struct opt_given *given = find(o, name);

	return given ? given->value : NULL;
}

int opts_number(const struct opts *o, const char *name, uint64_t max, uint64_t *io)
{
	const char *text = opts_text(o, name);

	if (!text || str_u64(text, max, io) == 0)
		return 0;
	pki_fail("--%s %s: expected a number from 0 to %llu", name, text, (unsigned long long)max);
	return E_CONFIG;
}

int opts_word(const char *option, const char *word, const char *const *words, size_t *out)
{
	char list[512];
	size_t used = 0;

	for (size_t i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0) {
			*out = i;
			return 0;
		}
	}
	for (size_t i = 0; words[i] && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
					 i ? (words[i + 1] ? ", " : " or ") : "", words[i]);
	pki_fail("--%s %s: expected %s", option, word, list);
	return E_CONFIG;
}

int opts_choice(const struct opts *o, const char *name, const char *const *words, size_t *io)
{
	const char *text = opts_text(o, name);

	return text ? opts_word(name, text, words, io) : 0;
}
