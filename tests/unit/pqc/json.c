/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *json_read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long len;

	if (!f)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (len = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0 &&
	    (text = calloc(1, (size_t)len + 1)) && fread(text, 1, (size_t)len, f) != (size_t)len) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

static const char *skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

static const char *skip_value(const char *p)
{
	int depth = 0;

	do {
		p = skip_space(p);
		if (*p == '"') {
			p = skip_string(p);
		} else {
			depth += *p == '{' || *p == '[';
			depth -= *p == '}' || *p == ']';
			if (depth == 0 && !strchr("}]", *p)) {
				while (*p && !strchr(",]} \n\r\t", *p))
					p++;
				return p;
			}
			p += *p != 0;
		}
	} while (*p && depth > 0);
	return p;
}

struct json json_get(struct json object, const char *key)
{
	const char *p = object.at ? skip_space(object.at) : "";

	if (*p != '{')
		return (struct json){NULL};
	for (p = skip_space(p + 1); *p == '"';) {
		bool found = json_is((struct json){p}, key);

		p = skip_space(skip_string(p));
		p = skip_space(p + (*p == ':'));
		if (found)
			return (struct json){p};
		p = skip_space(skip_value(p));
		p = skip_space(p + (*p == ','));
	}
	return (struct json){NULL};
}

struct json json_first(struct json array)
{
	const char *p = array.at ? skip_space(array.at) : "";

	p = *p == '[' ? skip_space(p + 1) : "]";
	return (struct json){*p == ']' ? NULL : p};
}

struct json json_next(struct json element)
{
	const char *p = skip_space(skip_value(element.at));

	return (struct json){*p == ',' ? skip_space(p + 1) : NULL};
}

bool json_is(struct json value, const char *text)
{
	size_t len = strlen(text);

	return value.at && *value.at == '"' && strncmp(value.at + 1, text, len) == 0 &&
	       value.at[1 + len] == '"';
}

bool json_is_true(struct json value)
{
	return value.at && strncmp(value.at, "true", 4) == 0;
}

struct json_bytes json_hex(struct json value)
{
	const char *p = value.at && *value.at == '"' ? value.at + 1 : "";
	size_t len = strspn(p, "0123456789abcdefABCDEF") / 2;
	struct json_bytes out = {malloc(len + 1), len};

	for (size_t i = 0; out.ptr && i < len; i++) {
		const char byte[3] = {p[2 * i], p[2 * i + 1], 0};

		out.ptr[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return out;
}

long json_number(struct json value)
{
	return value.at ? strtol(value.at, NULL, 10) : -1;
}
