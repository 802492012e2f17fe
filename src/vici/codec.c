/* SPDX-License-Identifier: Apache-2.0 */
#include "vici/codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- packets -------------------------------------------------------------------------------- */

static bool is_named(enum codec_type type)
{
	return type == CODEC_CMD_REQUEST || type == CODEC_EVENT_REGISTER ||
	       type == CODEC_EVENT_UNREGISTER || type == CODEC_EVENT;
}

static int read_name(struct rbuf *r, struct view *out)
{
	uint8_t len;
	struct view name;
	int rc;

	if ((rc = rbuf_u8(r, &len)) || (rc = rbuf_view(r, len, &name)))
		return rc;
	if (len && memchr(name.ptr, 0, len))
		return E_MALFORMED;
	*out = name;
	return 0;
}

int codec_packet_read(struct view bytes, struct codec_packet *out)
{
	struct rbuf r;
	struct view name = {NULL, 0};
	uint8_t type;
	int rc;

	rbuf_init(&r, bytes);
	if ((rc = rbuf_u8(&r, &type)))
		return rc;
	if (type > CODEC_EVENT)
		return E_MALFORMED;
	if (is_named(type) && (rc = read_name(&r, &name)))
		return rc;
	if (is_named(type) && name.len == 0)
		return E_MALFORMED;
	out->type = type;
	if (name.len)
		memcpy(out->name, name.ptr, name.len);
	out->name[name.len] = '\0';
	out->message = rbuf_rest(&r);
	return 0;
}

static void write_name(struct wbuf *w, const char *name)
{
	size_t len = strlen(name);

	if (len > CODEC_MAX_NAME) {
		wbuf_fail(w, E_LIMIT);
		return;
	}
	wbuf_u8(w, (uint8_t)len);
	wbuf_bytes(w, name, len);
}

size_t codec_packet_begin(struct wbuf *w, enum codec_type type, const char *name)
{
	size_t at = wbuf_reserve_u32(w);

	wbuf_u8(w, (uint8_t)type);
	if (name)
		write_name(w, name);
	return at;
}

void codec_packet_end(struct wbuf *w, size_t begun)
{
	size_t len;

	if (wbuf_err(w))
		return;
	len = w->len - begun - sizeof(uint32_t);
	if (len > CODEC_MAX_PACKET)
		wbuf_fail(w, E_LIMIT);
	else
		wbuf_patch_u32(w, begun, (uint32_t)len);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void write_value(struct wbuf *w, struct view value)
{
	if (value.len > CODEC_MAX_VALUE) {
		wbuf_fail(w, E_LIMIT);
		return;
	}
	wbuf_u16(w, (uint16_t)value.len);
	wbuf_add(w, value);
}

void codec_section(struct wbuf *w, const char *name)
{
	wbuf_u8(w, CODEC_SECTION_START);
	write_name(w, name);
}

void codec_section_end(struct wbuf *w)
{
	wbuf_u8(w, CODEC_SECTION_END);
}

void codec_value(struct wbuf *w, const char *key, struct view value)
{
	wbuf_u8(w, CODEC_KEY_VALUE);
	write_name(w, key);
	write_value(w, value);
}

void codec_text(struct wbuf *w, const char *key, const char *text)
{
	if (text)
		codec_value(w, key, view_str(text));
}

void codec_fmt(struct wbuf *w, const char *key, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		wbuf_fail(w, E_NOMEM);
		return;
	}
	codec_value(w, key, view_make(text, (size_t)n));
	free(text);
}

void codec_yes(struct wbuf *w, const char *key, bool yes)
{
	if (yes)
		codec_text(w, key, "yes");
}

void codec_list(struct wbuf *w, const char *name)
{
	wbuf_u8(w, CODEC_LIST_START);
	write_name(w, name);
}

void codec_item(struct wbuf *w, struct view value)
{
	wbuf_u8(w, CODEC_LIST_ITEM);
	write_value(w, value);
}

void codec_list_end(struct wbuf *w)
{
	wbuf_u8(w, CODEC_LIST_END);
}

void codec_strs(struct wbuf *w, const char *name, const struct strs *l)
{
	codec_list(w, name);
	for (size_t i = 0; l && i < l->count; i++)
		codec_item(w, view_str(l->items[i]));
	codec_list_end(w);
}

/* ---- reading -------------------------------------------------------------------------------- */

void codec_reader_init(struct codec_reader *r, struct view message)
{
	rbuf_init(&r->r, message);
	r->depth = 0;
	r->in_list = false;
}

static int read_value(struct rbuf *r, struct view *out)
{
	uint16_t len;
	int rc;

	if ((rc = rbuf_u16(r, &len)))
		return rc;
	return rbuf_view(r, len, out);
}

static int next_in_list(struct codec_reader *r, struct codec_element *e)
{
	switch (e->type) {
	case CODEC_LIST_ITEM:
		return read_value(&r->r, &e->value);
	case CODEC_LIST_END:
		r->in_list = false;
		return 0;
	default:
		return E_MALFORMED;
	}
}

static int next_in_section(struct codec_reader *r, struct codec_element *e)
{
	int rc;

	switch (e->type) {
	case CODEC_SECTION_START:
		if (r->depth >= CODEC_MAX_DEPTH)
			return E_LIMIT;
		r->depth++;
		return read_name(&r->r, &e->name);
	case CODEC_SECTION_END:
		if (r->depth == 0)
			return E_MALFORMED;
		r->depth--;
		return 0;
	case CODEC_KEY_VALUE:
		if ((rc = read_name(&r->r, &e->name)))
			return rc;
		return read_value(&r->r, &e->value);
	case CODEC_LIST_START:
		r->in_list = true;
		return read_name(&r->r, &e->name);
	default:
		return E_MALFORMED;
	}
}

int codec_reader_next(struct codec_reader *r, struct codec_element *out)
{
	struct codec_element e = {.type = CODEC_END};
	uint8_t type;
	int rc;

	if (rbuf_left(&r->r) == 0) {
		if (r->depth || r->in_list)
			return E_SHORT;
		*out = e;
		return 0;
	}
	if ((rc = rbuf_u8(&r->r, &type)))
		return rc;
	e.type = type;
	rc = r->in_list ? next_in_list(r, &e) : next_in_section(r, &e);
	if (rc == 0)
		*out = e;
	return rc;
}

/* Whether an element begins something with a name; the name may be empty. */
static bool names(const struct codec_element *e)
{
	return e->type == CODEC_SECTION_START || e->type == CODEC_KEY_VALUE ||
	       e->type == CODEC_LIST_START;
}

/* A name and the section it stands in, to find doubles by sorting. */
struct seen {
	size_t section;
	struct view name;
};

struct check {
	struct wbuf seen; /* of struct seen */
	size_t sections;
	size_t path[CODEC_MAX_DEPTH + 1]; /* numbers of the open sections */
	size_t keys[CODEC_MAX_DEPTH + 1]; /* key/values and lists in each so far */
};

static int compare_seen(const void *pa, const void *pb)
{
	const struct seen *a = pa, *b = pb;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	if (a->name.len != b->name.len)
		return a->name.len < b->name.len ? -1 : 1;
	return a->name.len ? memcmp(a->name.ptr, b->name.ptr, a->name.len) : 0;
}

static int check_doubles(struct wbuf *w)
{
	size_t n = w->len / sizeof(struct seen);
	struct seen *seen = (struct seen *)w->data;
	int rc = wbuf_err(w);

	if (rc || n < 2)
		return rc;
	qsort(seen, n, sizeof(*seen), compare_seen);
	for (size_t i = 1; i < n; i++) {
		if (compare_seen(&seen[i - 1], &seen[i]) == 0)
			return E_EXISTS;
	}
	return 0;
}

/* depth is that of the section the name stands in. */
static int check_name(struct check *c, unsigned depth, const struct codec_element *e)
{
	struct seen seen = {c->path[depth], e->name};

	wbuf_bytes(&c->seen, &seen, sizeof(seen));
	if (e->type == CODEC_SECTION_START) {
		c->path[depth + 1] = ++c->sections;
		c->keys[depth + 1] = 0;
		return 0;
	}
	return ++c->keys[depth] > CODEC_MAX_KEYS ? E_LIMIT : 0;
}

int codec_check(struct view message)
{
	struct check c = {.sections = 0};
	struct codec_reader r;
	struct codec_element e;
	int rc;

	if (message.len > CODEC_MAX_PACKET)
		return E_LIMIT;
	/* A name takes at least two bytes of the message. */
	wbuf_init(&c.seen, (CODEC_MAX_PACKET / 2 + 1) * sizeof(struct seen));
	codec_reader_init(&r, message);
	do {
		rc = codec_reader_next(&r, &e);
		if (rc == 0 && names(&e))
			rc = check_name(&c, r.depth - (e.type == CODEC_SECTION_START), &e);
	} while (rc == 0 && e.type != CODEC_END);
	if (rc == 0)
		rc = check_doubles(&c.seen);
	wbuf_done(&c.seen);
	return rc;
}

static int add_element(struct conf_node **node, struct view *list, const struct codec_element *e)
{
	const struct conf_pos nowhere = {NULL, 0, 0};
	struct view name = e->type == CODEC_LIST_ITEM ? *list : e->name;
	char text[CODEC_MAX_NAME + 1];

	if (name.len)
		memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	switch (e->type) {
	case CODEC_SECTION_START:
		*node = conf_node_new(*node, text, nowhere);
		return *node ? 0 : E_NOMEM;
	case CODEC_SECTION_END:
		*node = (*node)->parent;
		return 0;
	case CODEC_LIST_START:
		*list = e->name;
		return 0;
	case CODEC_KEY_VALUE:
	case CODEC_LIST_ITEM:
		return conf_node_add(*node, text, e->value, e->type == CODEC_LIST_ITEM, nowhere);
	default:
		return 0;
	}
}

int codec_to_node(struct view message, struct conf_node **out)
{
	const struct conf_pos nowhere = {NULL, 0, 0};
	struct view list = {NULL, 0};
	struct codec_element e;
	struct codec_reader r;
	struct conf_node *root, *node;
	int rc = codec_check(message);

	if (rc)
		return rc;
	root = node = conf_node_new(NULL, "", nowhere);
	if (!root)
		return E_NOMEM;
	codec_reader_init(&r, message);
	do {
		rc = codec_reader_next(&r, &e);
		if (rc == 0)
			rc = add_element(&node, &list, &e);
	} while (rc == 0 && e.type != CODEC_END);
	if (rc)
		conf_node_free(root);
	else
		*out = root;
	return rc;
}
