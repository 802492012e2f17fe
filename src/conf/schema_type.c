/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/schema.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "conf/conn.h"
#include "conf/suite.h"
#include "conf/value.h"

#define FIELD(type, row, base)	((type *)((char *)(base) + (row)->offset))
#define CFIELD(type, row, base) ((const type *)((const char *)(base) + (row)->offset))

/* Numbers */

static int scalar_bool(const struct schema_row *row, const char *text, uint64_t *out)
{
	bool yes;
	int err = value_bool(text, &yes);

	(void)row;
	if (!err)
		*out = yes;
	return err;
}

static int scalar_seconds(const struct schema_row *row, const char *text, uint64_t *out)
{
	(void)row;
	return value_seconds(text, out);
}

static int scalar_bytes(const struct schema_row *row, const char *text, uint64_t *out)
{
	(void)row;
	return value_bytes(text, out);
}

/* Decimal, or hexadecimal after 0x. */
static int parse_number(const char *text, uint64_t max, uint64_t *out)
{
	bool hex = strncasecmp(text, "0x", 2) == 0;
	uint64_t v = 0;

	if (!hex)
		return str_u64(text, max, out) == 0 ? 0 : E_CONFIG;
	text += 2;
	if (!*text || strlen(text) > 16)
		return E_CONFIG;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (!isxdigit(c))
			return E_CONFIG;
		v = v << 4 | (uint64_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	if (v > max)
		return E_CONFIG;
	*out = v;
	return 0;
}

static int scalar_number(const struct schema_row *row, const char *text, uint64_t *out)
{
	uint64_t v;

	if (parse_number(text, row->max, &v) < 0 || v < row->min)
		return E_CONFIG;
	*out = v;
	return 0;
}

/* Seconds (or a plain factor) with a fraction, in millionths. */
static int scalar_real(const struct schema_row *row, const char *text, uint64_t *out)
{
	char whole[16];
	size_t digits = strcspn(text, ".");
	uint64_t seconds, scale = 1000000, fraction = 0;

	(void)row;
	if (!text[digits]) {
		if (value_seconds(text, &seconds) < 0 || seconds > UINT32_MAX)
			return E_CONFIG;
		*out = seconds * scale;
		return 0;
	}
	if (digits >= sizeof(whole))
		return E_CONFIG;
	memcpy(whole, text, digits);
	whole[digits] = '\0';
	if (str_u64(digits ? whole : "0", UINT32_MAX, &seconds) < 0)
		return E_CONFIG;
	for (text += digits + 1; isdigit((unsigned char)*text); text++) {
		scale /= 10;
		fraction += scale * (uint64_t)(*text - '0');
	}
	if (*text && strcmp(text, "s") != 0)
		return E_CONFIG;
	*out = seconds * 1000000 + fraction;
	return 0;
}

static int scalar_enum(const struct schema_row *row, const char *text, uint64_t *out)
{
	for (const struct schema_word *w = row->words; w->word; w++) {
		if (strcasecmp(w->word, text) == 0) {
			*out = w->value;
			return 0;
		}
	}
	return E_CONFIG;
}

static int scalar_dscp(const struct schema_row *row, const char *text, uint64_t *out)
{
	uint64_t v = 0;

	(void)row;
	if (strlen(text) != 6 || strspn(text, "01") != 6)
		return E_CONFIG;
	for (; *text; text++)
		v = v << 1 | (uint64_t)(*text - '0');
	*out = v;
	return 0;
}

/* max: whether %same is one of the words */
static int parse_id_word(const char *text, bool same, uint64_t *out)
{
	if (strcasecmp(text, "%unique") == 0)
		*out = CONF_UNIQUE_ID;
	else if (strcasecmp(text, "%unique-dir") == 0)
		*out = CONF_UNIQUE_DIR;
	else if (same && strcasecmp(text, "%same") == 0)
		*out = CONF_SAME_MARK;
	else
		return E_CONFIG;
	return 0;
}

static int scalar_if_id(const struct schema_row *row, const char *text, uint64_t *out)
{
	(void)row;
	if (parse_id_word(text, false, out) == 0)
		return 0;
	return parse_number(text, CONF_SAME_MARK - 1, out);
}

static int scalar_tfc(const struct schema_row *row, const char *text, uint64_t *out)
{
	(void)row;
	if (strcmp(text, "mtu") == 0) {
		*out = CONF_TFC_MTU;
		return 0;
	}
	return parse_number(text, UINT16_MAX, out);
}

static int scalar_level(const struct schema_row *row, const char *text, uint64_t *out)
{
	int level;
	int err = value_level(text, &level);

	(void)row;
	if (!err)
		*out = (uint64_t)(int64_t)level;
	return err;
}

const struct schema_type schema_type_bool = {
	.name = "yes/no", .expected = "yes or no", .scalar = scalar_bool};
const struct schema_type schema_type_seconds = {
	.name = "time",
	.expected = "a time like 30s, 5m, 4h or 1d (at most 136 years)",
	.scalar = scalar_seconds};
const struct schema_type schema_type_bytes = {
	.name = "bytes", .expected = "a size like 500000, 64k, 20m or 1g", .scalar = scalar_bytes};
const struct schema_type schema_type_number = {.name = "number", .scalar = scalar_number};
const struct schema_type schema_type_real = {
	.name = "decimal", .expected = "a number like 4 or 1.8", .scalar = scalar_real};
const struct schema_type schema_type_enum = {.name = "word", .scalar = scalar_enum};
const struct schema_type schema_type_dscp = {
	.name = "bits", .expected = "six binary digits like 101110", .scalar = scalar_dscp};
const struct schema_type schema_type_level = {
	.name = "level", .expected = "a log level from -1 (silent) to 4", .scalar = scalar_level};
const struct schema_type schema_type_tfc = {
	.name = "bytes", .expected = "a number of bytes, or mtu", .scalar = scalar_tfc};
const struct schema_type schema_type_if_id = {
	.name = "id", .expected = "a number, %unique or %unique-dir", .scalar = scalar_if_id};

/* Texts and lists of them */

static const char *text_of(const struct conf_value *v)
{
	if (v->is_list || v->count != 1 || strlen(v->items[0].data) != v->items[0].len)
		return NULL;
	return v->items[0].data;
}

static int store_text(const struct schema_row *row, const struct conf_value *v, void *base,
		      char **out_why)
{
	char **field = FIELD(char *, row, base);
	const char *text = text_of(v);

	(void)out_why;
	if (!text)
		return E_CONFIG;
	if (!*text)
		return 0;
	*field = str_from_view(view_str(text));
	return *field ? 0 : E_NOMEM;
}

static bool equal_text(const struct schema_row *row, const void *a, const void *b)
{
	const char *x = *CFIELD(char *, row, a), *y = *CFIELD(char *, row, b);

	return x && y ? strcmp(x, y) == 0 : x == y;
}

static void done_text(const struct schema_row *row, void *base)
{
	free(*FIELD(char *, row, base));
	*FIELD(char *, row, base) = NULL;
}

/* Each key that matches the row adds one text, which may hold commas. */
static int store_texts(const struct schema_row *row, const struct conf_value *v, void *base,
		       char **out_why)
{
	const char *text = text_of(v);

	(void)out_why;
	return text ? strs_add(FIELD(struct strs, row, base), text) : E_CONFIG;
}

static int store_list(const struct schema_row *row, const struct conf_value *v, void *base,
		      char **out_why)
{
	(void)out_why;
	return schema_items(v, FIELD(struct strs, row, base));
}

static bool equal_list(const struct schema_row *row, const void *a, const void *b)
{
	return strs_equal(CFIELD(struct strs, row, a), CFIELD(struct strs, row, b));
}

static void done_list(const struct schema_row *row, void *base)
{
	strs_done(FIELD(struct strs, row, base));
}

/* Names are left to the resolver; what has a '/' or looks like a number must be an address. */
static bool is_address_text(const char *text)
{
	static const char *const any[] = {"%any", "%any4", "%any6"};
	struct addr_range range;

	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
		if (strcmp(text, any[i]) == 0)
			return true;
	}
	if (addr_range_parse(&range, text) == 0)
		return true;
	if (text[strspn(text, "0123456789.")] == '\0')
		return false;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (!isalnum(c) && !strchr("-._", c) && c < 0x80)
			return false;
	}
	return true;
}

static int store_addrs(const struct schema_row *row, const struct conf_value *v, void *base,
		       char **out_why)
{
	struct strs *field = FIELD(struct strs, row, base);
	int err = schema_items(v, field);

	for (size_t i = 0; i < field->count && !err; i++) {
		if (!is_address_text(field->items[i]))
			err = schema_why(out_why,
					 "'%s' is not an address, a host name, a subnet, a range "
					 "or %%any",
					 field->items[i]);
	}
	return err;
}

static int store_vips(const struct schema_row *row, const struct conf_value *v, void *base,
		      char **out_why)
{
	struct strs *field = FIELD(struct strs, row, base);
	struct strs given = {0};
	int err = schema_items(v, &given);

	for (size_t i = 0; i < given.count && !err; i++) {
		const char *text = given.items[i];
		struct addr a;

		if (strcmp(text, "%any") == 0)
			text = "0.0.0.0";
		else if (strcmp(text, "%any6") == 0)
			text = "::";
		if (addr_parse(&a, text) < 0)
			err = schema_why(out_why,
					 "'%s' is not an IP address (0.0.0.0 or :: for any)", text);
		else
			err = strs_add(field, text);
	}
	strs_done(&given);
	return err;
}

const struct schema_type schema_type_text = {.name = "text",
					     .expected = "a single text",
					     .store = store_text,
					     .equal = equal_text,
					     .done = done_text};
const struct schema_type schema_type_texts = {.name = "texts",
					      .expected = "a single text",
					      .store = store_texts,
					      .equal = equal_list,
					      .done = done_list};
const struct schema_type schema_type_list = {.name = "list",
					     .expected = "a list separated by commas",
					     .store = store_list,
					     .equal = equal_list,
					     .done = done_list};
const struct schema_type schema_type_addrs = {.name = "addresses",
					      .expected = "addresses separated by commas",
					      .store = store_addrs,
					      .equal = equal_list,
					      .done = done_list};
const struct schema_type schema_type_vips = {.name = "addresses",
					     .expected = "IP addresses separated by commas",
					     .store = store_vips,
					     .equal = equal_list,
					     .done = done_list};

/* Proposals */

static int add_proposal(uint8_t protocol, const char *text, struct proposals *out, char **out_why)
{
	int err;

	if (strcasecmp(text, "default") == 0) {
		suite_defaults(protocol, out);
		return 0;
	}
	if (out->count >= PROPOSALS_MAX)
		return schema_why(out_why, "more than %d proposals", PROPOSALS_MAX);
	err = suite_parse(protocol, text, &out->p[out->count], out_why);
	if (!err) {
		out->p[out->count].number = (uint8_t)(out->count + 1);
		out->count++;
	}
	return err;
}

static int store_proposals(const struct schema_row *row, const struct conf_value *v, void *base,
			   char **out_why)
{
	struct proposals **field = FIELD(struct proposals *, row, base);
	struct strs items = {0};
	int err;

	*field = calloc(1, sizeof(**field));
	if (!*field)
		return E_NOMEM;
	err = schema_items(v, &items);
	for (size_t i = 0; i < items.count && !err; i++)
		err = add_proposal((uint8_t)row->min, items.items[i], *field, out_why);
	if (!err && items.count == 0)
		err = E_CONFIG;
	strs_done(&items);
	return err;
}

static bool equal_proposals(const struct schema_row *row, const void *a, const void *b)
{
	const struct proposals *x = *CFIELD(struct proposals *, row, a);
	const struct proposals *y = *CFIELD(struct proposals *, row, b);

	if (x->count != y->count)
		return false;
	for (unsigned i = 0; i < x->count; i++) {
		if (!proposal_equal(&x->p[i], &y->p[i]))
			return false;
	}
	return true;
}

const struct schema_type schema_type_proposals = {
	.name = "proposals",
	.expected = "proposals like aes256-sha256-x25519, separated by commas",
	.store = store_proposals,
	.equal = equal_proposals,
	.done = done_text};

/* Traffic selectors */

static int parse_selector(const char *text, struct conf_ts *out)
{
	static const char dynamic[] = "dynamic";

	*out = (struct conf_ts){0};
	if (strncasecmp(text, dynamic, sizeof(dynamic) - 1) != 0)
		return ts_parse(&out->ts, text);
	out->dynamic = true;
	return ts_parse_suffix(&out->ts, text + sizeof(dynamic) - 1);
}

static size_t *ts_count(const struct schema_row *row, void *base)
{
	return (size_t *)((char *)base + row->count_offset);
}

static int store_ts(const struct schema_row *row, const struct conf_value *v, void *base,
		    char **out_why)
{
	struct conf_ts **field = FIELD(struct conf_ts *, row, base);
	size_t *count = ts_count(row, base);
	struct strs items = {0};
	int err = schema_items(v, &items);

	if (!err && items.count == 0)
		err = E_CONFIG;
	if (!err && items.count > TS_MAX)
		err = schema_why(out_why, "more than %d traffic selectors", TS_MAX);
	if (!err && !(*field = calloc(items.count, sizeof(**field))))
		err = E_NOMEM;
	for (size_t i = 0; i < items.count && !err; i++) {
		if (parse_selector(items.items[i], &(*field)[i]) == 0)
			*count = i + 1;
		else
			err = schema_why(out_why,
					 "'%s' is not a traffic selector like 10.1.0.0/16, "
					 "10.1.0.1[tcp/80], 10.1.0.1-10.1.0.9 or dynamic",
					 items.items[i]);
	}
	strs_done(&items);
	return err;
}

static bool equal_ts(const struct schema_row *row, const void *a, const void *b)
{
	const struct conf_ts *x = *CFIELD(struct conf_ts *, row, a);
	const struct conf_ts *y = *CFIELD(struct conf_ts *, row, b);
	size_t n = *ts_count(row, (void *)a);

	if (n != *ts_count(row, (void *)b))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (x[i].dynamic != y[i].dynamic || !ts_equal(&x[i].ts, &y[i].ts))
			return false;
	}
	return true;
}

static void done_ts(const struct schema_row *row, void *base)
{
	done_text(row, base);
	*ts_count(row, base) = 0;
}

const struct schema_type schema_type_ts = {.name = "selectors",
					   .expected = "traffic selectors separated by commas",
					   .store = store_ts,
					   .equal = equal_ts,
					   .done = done_ts};

/* Certificates: contents as list items, or names of files as text */

static int add_blob(struct conf_blobs *b, struct view v)
{
	struct secret *items = realloc(b->items, (b->count + 1) * sizeof(*items));

	if (!items)
		return E_NOMEM;
	b->items = items;
	if (secret_copy(&items[b->count], v) < 0)
		return E_NOMEM;
	b->count++;
	return 0;
}

static int store_blobs(const struct schema_row *row, const struct conf_value *v, void *base,
		       char **out_why)
{
	struct conf_blobs *field = FIELD(struct conf_blobs, row, base);
	struct strs names = {0};
	int err = 0;

	(void)out_why;
	for (size_t i = 0; v->is_list && i < v->count && !err; i++)
		err = add_blob(field, view_make(v->items[i].data, v->items[i].len));
	if (!v->is_list)
		err = schema_items(v, &names);
	for (size_t i = 0; i < names.count && !err; i++)
		err = add_blob(field, view_str(names.items[i]));
	strs_done(&names);
	return err;
}

static bool equal_blobs(const struct schema_row *row, const void *a, const void *b)
{
	const struct conf_blobs *x = CFIELD(struct conf_blobs, row, a);
	const struct conf_blobs *y = CFIELD(struct conf_blobs, row, b);

	if (x->count != y->count)
		return false;
	for (size_t i = 0; i < x->count; i++) {
		if (!secret_equal(secret_view(&x->items[i]), secret_view(&y->items[i])))
			return false;
	}
	return true;
}

static void done_blobs(const struct schema_row *row, void *base)
{
	struct conf_blobs *field = FIELD(struct conf_blobs, row, base);

	for (size_t i = 0; i < field->count; i++)
		secret_done(&field->items[i]);
	free(field->items);
	*field = (struct conf_blobs){0};
}

const struct schema_type schema_type_blobs = {.name = "files",
					      .expected = "file names separated by commas",
					      .store = store_blobs,
					      .equal = equal_blobs,
					      .done = done_blobs};

/* Marks: the value, and the mask in the field after it */

static int store_mark(const struct schema_row *row, const struct conf_value *v, void *base,
		      char **out_why)
{
	uint32_t *field = FIELD(uint32_t, row, base);
	const char *text = text_of(v);
	char value[24];
	size_t len;
	uint64_t num, mask = UINT32_MAX;

	(void)out_why;
	if (!text)
		return E_CONFIG;
	len = strcspn(text, "/");
	if (len >= sizeof(value))
		return E_CONFIG;
	memcpy(value, text, len);
	value[len] = '\0';
	if (text[len] && parse_number(text + len + 1, UINT32_MAX, &mask) < 0)
		return E_CONFIG;
	if (parse_id_word(value, row->max, &num) < 0 &&
	    parse_number(value, CONF_SAME_MARK - 1, &num) < 0)
		return E_CONFIG;
	field[0] = (uint32_t)num;
	field[1] = num == 0 && !text[len] ? 0 : (uint32_t)mask;
	return 0;
}

static bool equal_mark(const struct schema_row *row, const void *a, const void *b)
{
	const uint32_t *x = CFIELD(uint32_t, row, a), *y = CFIELD(uint32_t, row, b);

	return x[0] == y[0] && x[1] == y[1];
}

static void done_mark(const struct schema_row *row, void *base)
{
	FIELD(uint32_t, row, base)[0] = 0;
	FIELD(uint32_t, row, base)[1] = 0;
}

const struct schema_type schema_type_mark = {
	.name = "mark",
	.expected = "a mark like 42, 0x2a/0xff, %unique or %unique-dir",
	.store = store_mark,
	.equal = equal_mark,
	.done = done_mark};

/* Shared secrets */

static int store_secret(const struct schema_row *row, const struct conf_value *v, void *base,
			char **out_why)
{
	struct secret *field = FIELD(struct secret, row, base);
	const char *text = text_of(v);

	(void)out_why;
	return text ? value_secret(text, field) : E_CONFIG;
}

static bool equal_secret(const struct schema_row *row, const void *a, const void *b)
{
	return secret_equal(secret_view(CFIELD(struct secret, row, a)),
			    secret_view(CFIELD(struct secret, row, b)));
}

static void done_secret(const struct schema_row *row, void *base)
{
	secret_done(FIELD(struct secret, row, base));
}

const struct schema_type schema_type_secret = {
	.name = "secret",
	.expected = "a text, hexadecimal digits after 0x, or base64 after 0s",
	.store = store_secret,
	.equal = equal_secret,
	.done = done_secret};
