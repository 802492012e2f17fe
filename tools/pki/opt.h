/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_OPT_H
#define PKI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

/* Command lines: options are rows, and what was given is a list in the order of the line. */

enum opt_use {
	OPT_MAY,  /* once; the last one counts */
	OPT_MUST, /* once, and not to be left out */
	OPT_MANY, /* any number of times */
};

struct opt_row {
	const char *name; /* without the dashes; NULL ends the rows */
	char letter;	  /* of the short form; 0 for none */
	enum opt_use use;
	const char *arg; /* what its value is, "file"; NULL: it has none */
	const char *help;
};

struct opt_given {
	const struct opt_row *row;
	const char *value; /* NULL if the option has none */
};

struct opts {
	struct opt_given *given;
	size_t count;
	bool help;	    /* --help was given: nothing is to be done */
	struct strs *words; /* what option files held; private */
};

/*
 * Parse the line behind the command, argv[1] on (argv[0] is skipped). Known everywhere: --help,
 * --debug LEVEL (ignored), --options FILE (words, quoted as a shell would, '#' to the end of the
 * line). E_CONFIG, said by pki_fail(). opts_done() in any case.
 */
int opts_parse(const struct opt_row *rows, int argc, char **argv, struct opts *out) ERR_MUST_CHECK;
void opts_done(struct opts *o);

/* The rows as the lines of a usage text. */
void opts_usage(const struct opt_row *rows, const char *command, FILE *out);

bool opts_has(const struct opts *o, const char *name);
/* The last value, or NULL. */
const char *opts_text(const struct opts *o, const char *name);
/* Decimal, 0..max; *io stays if it was not given. E_CONFIG, said. */
int opts_number(const struct opts *o, const char *name, uint64_t max, uint64_t *io) ERR_MUST_CHECK;
/* Index of the value among words (NULL at the end), likewise. */
int opts_choice(const struct opts *o, const char *name, const char *const *words,
		size_t *io) ERR_MUST_CHECK;
/* The index of word among words (NULL at the end). E_CONFIG, said: option tells of what. */
int opts_word(const char *option, const char *word, const char *const *words,
	      size_t *out) ERR_MUST_CHECK;

#endif
