/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/node.h"

/*
 * Every option of swanctl.conf and strongswan.conf is a row: its type, its default, whether it
 * works, and where its value is kept. Checking, defaults, comparison and release all walk the rows.
 */
enum schema_state {
	SCHEMA_WORKS,
	SCHEMA_LATER,	/* checked and kept, but any value but the default is an error so far */
	SCHEMA_IGNORED, /* accepted, nothing here depends on it; `why` says so */
	SCHEMA_REFUSED, /* any value but the default is an error, and not kept; `why` says why */
};

struct schema_row;

struct schema_type {
	const char *name;     /* for the documentation */
	const char *expected; /* "a time like 30s", for errors; NULL: made from the row */
	/* A type whose value is a number: E_CONFIG if text is none. */
	int (*scalar)(const struct schema_row *row, const char *text, uint64_t *out);
	/* Any other type: put the value into base. E_CONFIG, with *out_why (to free) if there is
	 * more to say than `expected`; the field may be partly filled then, for done() to empty. */
	int (*store)(const struct schema_row *row, const struct conf_value *v, void *base,
		     char **out_why);
	bool (*equal)(const struct schema_row *row, const void *a, const void *b);
	void (*done)(const struct schema_row *row, void *base);
};

/* A word of an enumeration; refused: why it is known but not supported. */
struct schema_word {
	const char *word;
	uint64_t value;
	const char *refused;
};

struct schema_row {
	const char *name; /* ends with '*' if any suffix may follow */
	const struct schema_type *type;
	const char *def; /* as one would write it; NULL for none */
	enum schema_state state;
	const char *why;
	const struct schema_word *words; /* enumerations; ends with a NULL word */
	uint64_t min, max;		 /* numbers; for proposals min is the protocol */
	bool derived;			 /* stored as CONF_UNSET when not given */
	bool check_only;		 /* not stored */
	uint16_t offset, size;		 /* the field in the struct the table is for */
	uint16_t count_offset;		 /* traffic selectors: the field for their number */
	const char *meaning;		 /* one line for the documentation */
};

struct schema_table {
	const char *path; /* "connections.<conn>", for the documentation */
	const struct schema_row *rows;
	size_t n_rows;
	const char *sections[6]; /* sub-sections that may occur, '*' at the end as in rows; NULL */
};

extern const struct schema_type schema_type_bool, schema_type_seconds, schema_type_bytes,
	schema_type_number, schema_type_real, schema_type_enum, schema_type_dscp, schema_type_if_id,
	schema_type_tfc, schema_type_level, schema_type_text, schema_type_texts, schema_type_list,
	schema_type_addrs, schema_type_vips, schema_type_proposals, schema_type_ts,
	schema_type_blobs, schema_type_auth, schema_type_mark, schema_type_secret;

/* Whether a name is the pattern, or begins with it up to its '*'. */
bool schema_matches(const char *pattern, const char *name);
/* The row of a key, or NULL. */
const struct schema_row *schema_find(const struct schema_table *t, const char *key);
/*
 * Put defaults and the values of node into base (zeroed before), naming node `path` in errors.
 * Sub-sections are compared with the table's names, no more. Returns 0, E_CONFIG after errors, or
 * E_NOMEM; base is for schema_done() in every case, and may be NULL if all rows are check_only.
 */
int schema_apply(const struct schema_table *t, const struct conf_node *node, const char *path,
		 struct conf_errors *errs, void *base) ERR_MUST_CHECK;
void schema_done(const struct schema_table *t, void *base);
bool schema_equal(const struct schema_table *t, const void *a, const void *b);
/* Check one value against a row of a scalar type; *out_num is untouched on failure. */
int schema_check(const struct schema_row *row, const struct conf_value *v, const char *path,
		 struct conf_errors *errs, uint64_t *out_num) ERR_MUST_CHECK;
/* "unknown WHAT 'NAME' in PATH, did you mean 'y'?" */
struct schema_unknown {
	struct conf_pos pos;
	const char *what; /* "option", "section" */
	const char *name;
	const char *path; /* "" for the file as a whole */
	const struct strs *known;
};
void schema_report_unknown(struct conf_errors *errs, const struct schema_unknown *u);
/* The items of a value: those of a list, or a text split at commas; trimmed, without empty ones. */
int schema_items(const struct conf_value *v, struct strs *out) ERR_MUST_CHECK;
/* Set *out_why; returns E_CONFIG, or E_NOMEM. */
int schema_why(char **out_why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))) ERR_MUST_CHECK;

#endif
