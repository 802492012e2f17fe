/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/dump.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/ctl/screen.h"
#include "vici/codec.h"

static void put_hex(struct view v, struct wbuf *out)
{
	wbuf_str(out, "0x");
	for (size_t i = 0; i < v.len; i++)
		wbuf_fmt(out, "%02x", v.ptr[i]);
}

static bool is_utf8(struct view v)
{
	for (size_t i = 0, n; i < v.len; i += n) {
		n = screen_utf8(v.ptr + i, v.len - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* What may go to a terminal: text without control characters. */
static bool is_printable(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (iscntrl(v.ptr[i]))
			return false;
	}
	return is_utf8(v);
}

static void put_value(struct view v, struct wbuf *out)
{
	if (is_printable(v))
		wbuf_add(out, v);
	else
		put_hex(v, out);
}

/* ---- raw and pretty ------------------------------------------------------------------------- */

static void put_raw(const struct codec_element *e, bool first, struct wbuf *out)
{
	bool closes = e->type == CODEC_SECTION_END || e->type == CODEC_LIST_END;

	if (!first && !closes)
		wbuf_u8(out, ' ');
	put_value(e->name, out);
	switch (e->type) {
	case CODEC_SECTION_START:
		wbuf_str(out, " {");
		break;
	case CODEC_SECTION_END:
		wbuf_u8(out, '}');
		break;
	case CODEC_KEY_VALUE:
		wbuf_u8(out, '=');
		break;
	case CODEC_LIST_START:
		wbuf_str(out, "=[");
		break;
	case CODEC_LIST_END:
		wbuf_u8(out, ']');
		break;
	default:
		break;
	}
	put_value(e->value, out);
}

int dump_raw(const char *label, struct view message, struct wbuf *out)
{
	struct codec_reader r;
	struct codec_element e;
	bool first = true;
	int rc;

	wbuf_fmt(out, "%s {", label);
	codec_reader_init(&r, message);
	while ((rc = codec_reader_next(&r, &e)) == 0 && e.type != CODEC_END) {
		put_raw(&e, first, out);
		first = e.type == CODEC_SECTION_START || e.type == CODEC_LIST_START;
	}
	wbuf_str(out, "}\n");
	return rc ? rc : wbuf_err(out);
}

static void put_pretty(const struct codec_element *e, unsigned depth, struct wbuf *out)
{
	wbuf_fmt(out, "%*s", (int)depth * 2, "");
	put_value(e->name, out);
	switch (e->type) {
	case CODEC_SECTION_START:
		wbuf_str(out, " {");
		break;
	case CODEC_SECTION_END:
		wbuf_u8(out, '}');
		break;
	case CODEC_KEY_VALUE:
		wbuf_str(out, " = ");
		break;
	case CODEC_LIST_START:
		wbuf_str(out, " = [");
		break;
	case CODEC_LIST_END:
		wbuf_u8(out, ']');
		break;
	default:
		break;
	}
	put_value(e->value, out);
	wbuf_u8(out, '\n');
}

int dump_pretty(const char *label, struct view message, struct wbuf *out)
{
	struct codec_reader r;
	struct codec_element e;
	unsigned depth = 1;
	int rc;

	wbuf_fmt(out, "%s {\n", label);
	codec_reader_init(&r, message);
	while ((rc = codec_reader_next(&r, &e)) == 0 && e.type != CODEC_END) {
		if (e.type == CODEC_SECTION_END || e.type == CODEC_LIST_END)
			depth--;
		put_pretty(&e, depth, out);
		if (e.type == CODEC_SECTION_START || e.type == CODEC_LIST_START)
			depth++;
	}
	wbuf_str(out, "}\n");
	return rc ? rc : wbuf_err(out);
}

/* ---- JSON (RFC 8259) ------------------------------------------------------------------------ */

void dump_json_string(struct view text, struct wbuf *out)
{
	wbuf_u8(out, '"');
	if (!is_utf8(text)) {
		put_hex(text, out);
		text.len = 0;
	}
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (c == '"' || c == '\\')
			wbuf_fmt(out, "\\%c", c);
		else if (c == '\n')
			wbuf_str(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			wbuf_fmt(out, "\\u%04x", c);
		else
			wbuf_u8(out, c);
	}
	wbuf_u8(out, '"');
}

/* Keys whose values are numbers wherever they stand; a SPI of digits is none. One word a key. */
static const char numeric_keys[] =
	" uniqueid reqid ikesa-uniqueid level thread matches terminated priority"
	" local-port remote-port local_port remote_port encr-keysize integ-keysize"
	" established rekey-time reauth-time life-time install-time"
	" reauth_time rekey_time rekey_bytes rekey_packets dpd_delay dpd_timeout"
	" bytes-in packets-in use-in bytes-out packets-out use-out"
	" message-id at-us took-us request-bytes request-packets request-seen"
	" response-bytes response-packets response-seen"
	" dropped-policy-in dropped-policy-out dropped-replay dropped-auth"
	" size online offline total idle critical high medium low scheduled half-open"
	" sbrk mmap used free ";

static bool is_numeric_key(struct view key)
{
	char word[32];

	if (key.len == 0 || key.len > sizeof(word) - 3 || memchr(key.ptr, ' ', key.len))
		return false;
	snprintf(word, sizeof(word), " %.*s ", (int)key.len, (const char *)key.ptr);
	return strstr(numeric_keys, word) != NULL;
}

/* Up to 15 digits, which any JSON reader holds exactly, without a leading zero. */
static bool is_number(struct view v)
{
	if (v.len == 0 || v.len > 15 || (v.len > 1 && v.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < v.len; i++) {
		if (!isdigit(v.ptr[i]))
			return false;
	}
	return true;
}

static void put_json(const struct codec_element *e, bool first, struct wbuf *out)
{
	bool closes = e->type == CODEC_SECTION_END || e->type == CODEC_LIST_END;

	if (!first && !closes)
		wbuf_u8(out, ',');
	if (e->type == CODEC_SECTION_START || e->type == CODEC_KEY_VALUE ||
	    e->type == CODEC_LIST_START) {
		dump_json_string(e->name, out);
		wbuf_u8(out, ':');
	}
	switch (e->type) {
	case CODEC_SECTION_START:
		wbuf_u8(out, '{');
		break;
	case CODEC_SECTION_END:
		wbuf_u8(out, '}');
		break;
	case CODEC_LIST_START:
		wbuf_u8(out, '[');
		break;
	case CODEC_LIST_END:
		wbuf_u8(out, ']');
		break;
	default:
		if (is_numeric_key(e->name) && is_number(e->value))
			wbuf_add(out, e->value);
		else
			dump_json_string(e->value, out);
		break;
	}
}

int dump_json(struct view message, struct wbuf *out)
{
	struct codec_reader r;
	struct codec_element e;
	bool first = true;
	int rc;

	wbuf_u8(out, '{');
	codec_reader_init(&r, message);
	while ((rc = codec_reader_next(&r, &e)) == 0 && e.type != CODEC_END) {
		put_json(&e, first, out);
		first = e.type == CODEC_SECTION_START || e.type == CODEC_LIST_START;
	}
	wbuf_u8(out, '}');
	return rc ? rc : wbuf_err(out);
}
