/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VICI_CODEC_H
#define VICI_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/node.h"

/*
 * The vici wire format, without input or output. On the stream a packet is a 32-bit length in
 * network order and that many bytes: a type, a name where the type has one, and a message. A
 * message is a sequence of sections, key/values and lists; names have no NUL and may be empty,
 * values are uninterpreted bytes.
 */

#define CODEC_MAX_PACKET (512u * 1024u) /* bytes after the length field */
#define CODEC_MAX_DEPTH	 12		/* sections within sections */
#define CODEC_MAX_KEYS	 1024		/* key/values and lists of one section */
#define CODEC_MAX_NAME	 255		/* bytes */
#define CODEC_MAX_VALUE	 65535		/* bytes */
/* A message of this length fits into a packet of any name. */
#define CODEC_MAX_MESSAGE (CODEC_MAX_PACKET - 2 - CODEC_MAX_NAME)

enum codec_type {
	CODEC_CMD_REQUEST = 0, /* named */
	CODEC_CMD_RESPONSE = 1,
	CODEC_CMD_UNKNOWN = 2,
	CODEC_EVENT_REGISTER = 3,   /* named */
	CODEC_EVENT_UNREGISTER = 4, /* named */
	CODEC_EVENT_CONFIRM = 5,
	CODEC_EVENT_UNKNOWN = 6,
	CODEC_EVENT = 7, /* named */
};

struct codec_packet {
	enum codec_type type;
	char name[CODEC_MAX_NAME + 1]; /* "" where the type has none */
	struct view message;	       /* borrowed from the bytes it was read from */
};

/* Take a packet (without its length field) apart. E_SHORT, E_MALFORMED for an unknown type or a
 * name that is empty or has a NUL. The message is not looked at. */
int codec_packet_read(struct view bytes, struct codec_packet *out) ERR_MUST_CHECK;
/*
 * Begin a packet at the end of w, length field included; then write the message. Returns where it
 * began, for _end. name is NULL for types without one.
 */
size_t codec_packet_begin(struct wbuf *w, enum codec_type type, const char *name);
/* Patch the length. More than CODEC_MAX_PACKET bytes are E_LIMIT in the buffer's sticky error. */
void codec_packet_end(struct wbuf *w, size_t begun);

/* ---- writing a message; errors are sticky in w (E_LIMIT: name or value too long) ------------ */

void codec_section(struct wbuf *w, const char *name);
void codec_section_end(struct wbuf *w);
void codec_value(struct wbuf *w, const char *key, struct view value);
/* A NULL text writes nothing. */
void codec_text(struct wbuf *w, const char *key, const char *text);
void codec_fmt(struct wbuf *w, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "yes", or nothing. */
void codec_yes(struct wbuf *w, const char *key, bool yes);
void codec_list(struct wbuf *w, const char *name);
void codec_item(struct wbuf *w, struct view value);
void codec_list_end(struct wbuf *w);
/* A whole list of strings; l may be NULL (an empty list). */
void codec_strs(struct wbuf *w, const char *name, const struct strs *l);

/* ---- reading -------------------------------------------------------------------------------- */

enum codec_element_type {
	CODEC_END = 0, /* the message is over, and was balanced */
	CODEC_SECTION_START = 1,
	CODEC_SECTION_END = 2,
	CODEC_KEY_VALUE = 3,
	CODEC_LIST_START = 4,
	CODEC_LIST_ITEM = 5,
	CODEC_LIST_END = 6,
};

struct codec_element {
	enum codec_element_type type;
	struct view name;  /* of SECTION_START, KEY_VALUE, LIST_START */
	struct view value; /* of KEY_VALUE, LIST_ITEM */
};

struct codec_reader {
	struct rbuf r;
	unsigned depth;
	bool in_list;
};

/* Start reading a message; the bytes must outlive the reader and the views it gives out. */
void codec_reader_init(struct codec_reader *r, struct view message);
/*
 * The next element. E_SHORT, E_MALFORMED (an element where it may not stand, a bad name, or the
 * end inside a section or list), E_LIMIT for too deep nesting. After an error stop.
 */
int codec_reader_next(struct codec_reader *r, struct codec_element *out) ERR_MUST_CHECK;
/*
 * Everything the reader checks over the whole message, and that names are unique within their
 * section (E_EXISTS) and no more than CODEC_MAX_KEYS (E_LIMIT).
 */
int codec_check(struct view message) ERR_MUST_CHECK;
/*
 * The message as a tree, checked with codec_check(); the root's name is "". Lists stay lists; an
 * empty list is as if it were not there. The caller frees it with conf_node_free().
 */
int codec_to_node(struct view message, struct conf_node **out) ERR_MUST_CHECK;

#endif
