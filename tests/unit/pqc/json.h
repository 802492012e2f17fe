/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PQC_JSON_H
#define TESTS_UNIT_PQC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * As much JSON as vector files need: a value is a view of the text, found again at every look.
 * Strings have no escapes where they are read as hex or compared.
 */
struct json {
	const char *at; /* NULL: no such value */
};

/* The text of a file, to be freed; NULL if it is not there. */
char *json_read_file(const char *path);

struct json json_get(struct json object, const char *key);
/* The elements of an array in turn: json_first, then json_next until at is NULL. */
struct json json_first(struct json array);
struct json json_next(struct json element);

/* Whether it is a string of this value. */
bool json_is(struct json value, const char *text);
bool json_is_true(struct json value);
/* The bytes of a string of hex digits, to be freed; absent or null gives no bytes. */
struct json_bytes {
	uint8_t *ptr;
	size_t len;
};
struct json_bytes json_hex(struct json value);
long json_number(struct json value);

#endif
