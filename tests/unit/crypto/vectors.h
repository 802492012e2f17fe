/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CRYPTO_VECTORS_H
#define TESTS_UNIT_CRYPTO_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "crypto/alg.h"

/*
 * Vector files: a vector a line, fields as name=value with spaces between, binary values in hex,
 * '#' begins a comment line.
 */
struct vec {
	const char *file;
	unsigned number;
	struct {
		const char *name, *value;
	} fields[16];
	size_t count;
	uint8_t *bytes; /* what vec_hex() has decoded */
	size_t used;
};

static inline const char *vec_str(const struct vec *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++) {
		if (strcmp(v->fields[i].name, name) == 0)
			return v->fields[i].value;
	}
	return NULL;
}

static inline struct view vec_hex(struct vec *v, const char *name)
{
	const char *hex = vec_str(v, name);
	uint8_t *out = v->bytes + v->used;
	size_t len = hex ? strlen(hex) / 2 : 0;

	for (size_t i = 0; i < len; i++) {
		const char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	v->used += len;
	return view_make(out, len);
}

/* The row with the name that field `name` has; the test fails if there is none. */
static inline const struct alg *vec_alg(const struct vec *v, const char *name, uint8_t type)
{
	const char *value = vec_str(v, name);

	for (size_t i = 0; alg_at(i); i++) {
		if (alg_at(i)->type == type && strcmp(alg_at(i)->name, value) == 0)
			return alg_at(i);
	}
	fail_msg("%s:%u: no algorithm '%s'", v->file, v->number, value);
	return NULL;
}

/* Call fn for each vector of a file; at least `least` must be there. */
static inline void vec_each(const char *file, unsigned least, void (*fn)(struct vec *))
{
	char *line = NULL;
	size_t size = 0;
	unsigned seen = 0;
	struct vec v = {.file = file};
	FILE *f;

	f = fopen(file, "r");
	if (!f)
		fail_msg("cannot open %s", file);
	while (getline(&line, &size, f) > 0) {
		char *rest = line, *word;

		v.number++;
		if (line[0] == '#')
			continue;
		line[strcspn(line, "\n")] = '\0';
		v.count = v.used = 0;
		v.bytes = calloc(1, strlen(line) + 1);
		assert_non_null(v.bytes);
		while ((word = strsep(&rest, " ")) && v.count < 16) {
			v.fields[v.count].name = strsep(&word, "=");
			v.fields[v.count++].value = word ? word : "";
		}
		fn(&v);
		free(v.bytes);
		seen++;
	}
	free(line);
	fclose(f);
	assert_true(seen >= least);
}

/* Compare, and say which vector it was. */
static inline void vec_check(const struct vec *v, const char *what, struct view got,
			     struct view want)
{
	if (!view_equal(got, want))
		fail_msg("%s:%u: wrong %s", v->file, v->number, what);
}

#endif
