/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/id.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/types.h>
#include <openssl/x509.h>

#include "base/str.h"
#include "cred/dn.h"
#include "cred/idtype.h"

enum { MATCH_EXACT = 20, MATCH_WILDCARD = 19, MATCH_MANY_WILDCARDS = 2, MATCH_ANY = 1 };

static const struct prefix {
	const char *text;
	uint8_t type;
} prefixes[] = {
	{"ipv4:", IDTYPE_IPV4},	   {"ipv6:", IDTYPE_IPV6},	 {"rfc822:", IDTYPE_RFC822},
	{"email:", IDTYPE_RFC822}, {"userfqdn:", IDTYPE_RFC822}, {"fqdn:", IDTYPE_FQDN},
	{"dns:", IDTYPE_FQDN},	   {"asn1dn:", IDTYPE_DN},	 {"keyid:", IDTYPE_KEY_ID},
};

/* Known to strongSwan and not to us: refused, lest they be taken for names. */
static const char *const unknown_prefixes[] = {
	"ipv4net:", "ipv6net:", "ipv4range:", "ipv6range:", "asn1gn:", "uri:", "xmppaddr:",
};

static bool has_prefix(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_dn(struct view der)
{
	X509_NAME *name = dn_decode(der);
	bool valid = name != NULL;

	X509_NAME_free(name);
	return valid;
}

/* Whether data may be an identity of this type. */
static bool is_valid(uint8_t type, struct view data)
{
	switch (type) {
	case ID_ANY:
		return false;
	case IDTYPE_IPV4:
		return data.len == 4;
	case IDTYPE_IPV6:
		return data.len == 16;
	case IDTYPE_FQDN:
	case IDTYPE_RFC822:
	case IDTYPE_KEY_ID:
		return data.len > 0;
	case IDTYPE_DN:
		return is_dn(data);
	default:
		return true;
	}
}

static int make(uint8_t type, struct view data, struct id *out)
{
	uint8_t *copy = malloc(data.len ? data.len : 1);

	if (!copy)
		return E_NOMEM;
	if (data.len)
		memcpy(copy, data.ptr, data.len);
	out->type = type;
	out->len = data.len;
	out->data = copy;
	return 0;
}

int id_from_wire(uint8_t type, struct view data, struct id *out)
{
	*out = (struct id){0};
	return is_valid(type, data) ? make(type, data, out) : E_MALFORMED;
}

int id_from_addr(const struct addr *a, struct id *out)
{
	*out = (struct id){0};
	if (addr_len(a->family) == 0)
		return E_MALFORMED;
	return make(a->family == AF_INET ? IDTYPE_IPV4 : IDTYPE_IPV6, addr_view(a), out);
}

int id_copy(const struct id *src, struct id *out)
{
	*out = (struct id){0};
	return src->type == ID_ANY ? 0 : make(src->type, view_make(src->data, src->len), out);
}

void id_done(struct id *id)
{
	free(id->data);
	*id = (struct id){0};
}

static int parse_hex(uint8_t type, const char *hex, struct id *out)
{
	struct wbuf w;
	int err;

	wbuf_init(&w, 0);
	err = str_unhex(hex, &w);
	if (!err)
		err = id_from_wire(type, wbuf_view(&w), out);
	wbuf_done(&w);
	return err;
}

static int parse_dn(const char *text, struct id *out)
{
	struct wbuf w;
	int err;

	wbuf_init(&w, 0);
	err = dn_encode(text, &w);
	if (!err)
		err = make(IDTYPE_DN, wbuf_view(&w), out);
	wbuf_done(&w);
	return err;
}

/* Text of a given type: "#hex" is its raw data. */
static int parse_typed(uint8_t type, const char *text, struct id *out)
{
	struct addr a;

	if (*text == '#')
		return parse_hex(type, text + 1, out);
	switch (type) {
	case IDTYPE_IPV4:
	case IDTYPE_IPV6:
		if (addr_parse(&a, text))
			return E_MALFORMED;
		return id_from_wire(type, addr_view(&a), out);
	case IDTYPE_DN:
		return parse_dn(text, out);
	default:
		return id_from_wire(type, view_str(text), out);
	}
}

/* "{N}:text": the type by its number. */
static int parse_numbered(const char *text, struct id *out)
{
	unsigned long type;
	char *end;

	if (text[1] < '0' || text[1] > '9')
		return E_MALFORMED;
	type = strtoul(text + 1, &end, 10);
	if (type > UINT8_MAX || end[0] != '}' || end[1] != ':')
		return E_MALFORMED;
	return parse_typed((uint8_t)type, end + 2, out);
}

/* What a text without a prefix is can be seen from its characters. */
static int parse_guessed(const char *text, struct id *out)
{
	struct addr a;

	if (strchr(text, '='))
		return parse_dn(text, out);
	if (addr_parse(&a, text) == 0)
		return addr_is_any(&a) ? 0 : id_from_addr(&a, out);
	if (text[0] == '@' && text[1] == '#')
		return parse_hex(IDTYPE_KEY_ID, text + 2, out);
	if (text[0] == '@' && text[1] == '@')
		return id_from_wire(IDTYPE_RFC822, view_str(text + 2), out);
	if (text[0] == '@')
		return id_from_wire(IDTYPE_FQDN, view_str(text + 1), out);
	return id_from_wire(strchr(text, '@') ? IDTYPE_RFC822 : IDTYPE_FQDN, view_str(text), out);
}

int id_parse(const char *text, struct id *out)
{
	static const char *const any[] = {"%any", "%any4", "%any6", "*"};

	*out = (struct id){0};
	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
		if (strcmp(text, any[i]) == 0)
			return 0;
	}
	for (size_t i = 0; i < sizeof(unknown_prefixes) / sizeof(unknown_prefixes[0]); i++) {
		if (has_prefix(text, unknown_prefixes[i]))
			return E_MALFORMED;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (has_prefix(text, prefixes[i].text))
			return parse_typed(prefixes[i].type, text + strlen(prefixes[i].text), out);
	}
	return text[0] == '{' ? parse_numbered(text, out) : parse_guessed(text, out);
}

static bool is_printable(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] < 0x20 || v.ptr[i] > 0x7e)
			return false;
	}
	return v.len > 0;
}

static void write_printable(struct view v, struct wbuf *out)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] < 0x20 || v.ptr[i] > 0x7e)
			wbuf_fmt(out, "\\%02x", v.ptr[i]);
		else
			wbuf_u8(out, v.ptr[i]);
	}
}

static void write_hex(struct view v, const char *sep, struct wbuf *out)
{
	char *hex = str_hex(v, sep);

	wbuf_str(out, hex);
	free(hex);
}

void id_dn_text(struct view der, struct wbuf *out)
{
	X509_NAME *name = dn_decode(der);

	if (name)
		dn_text(name, out);
	else
		write_hex(der, ":", out);
	X509_NAME_free(name);
}

void id_text(const struct id *id, struct wbuf *out)
{
	struct view data = view_make(id->data, id->len);
	char text[ADDR_TEXT_MAX];
	struct addr a;

	switch (id->type) {
	case ID_ANY:
		wbuf_str(out, "%any");
		break;
	case IDTYPE_IPV4:
	case IDTYPE_IPV6:
		if (addr_from_bytes(&a, data, 0) == 0)
			wbuf_str(out, addr_text(&a, text));
		break;
	case IDTYPE_FQDN:
	case IDTYPE_RFC822:
		write_printable(data, out);
		break;
	case IDTYPE_DN:
		id_dn_text(data, out);
		break;
	case IDTYPE_KEY_ID:
		if (is_printable(data))
			wbuf_add(out, data);
		else
			write_hex(data, ":", out);
		break;
	default:
		wbuf_fmt(out, "{%u}:#", id->type);
		write_hex(data, "", out);
	}
}

char *id_string(const struct id *id)
{
	struct wbuf w;
	char *text = NULL;

	wbuf_init(&w, 0);
	id_text(id, &w);
	if (wbuf_err(&w) == 0)
		text = str_from_view(wbuf_view(&w));
	wbuf_done(&w);
	return text;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Not strncasecmp(): a peer's name may hold NUL bytes, and they count. */
static bool equal_nocase(struct view a, struct view b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	}
	return true;
}

static bool ignores_case(uint8_t type)
{
	return type == IDTYPE_FQDN || type == IDTYPE_RFC822;
}

bool id_equal(const struct id *a, const struct id *b)
{
	struct view data_a = view_make(a->data, a->len);
	struct view data_b = view_make(b->data, b->len);

	if (a->type != b->type)
		return false;
	if (a->type == ID_ANY)
		return true;
	if (a->type == IDTYPE_DN)
		return dn_equal(data_a, data_b);
	return ignores_case(a->type) ? equal_nocase(data_a, data_b) : view_equal(data_a, data_b);
}

/* "*.example.org" and "*@example.org": at least one character stands for the '*'. */
static bool match_suffix(const struct id *id, const struct id *pattern)
{
	size_t suffix = pattern->len - 1;

	return pattern->data[0] == '*' && id->len > suffix &&
	       equal_nocase(view_make(id->data + id->len - suffix, suffix),
			    view_make(pattern->data + 1, suffix));
}

unsigned id_match(const struct id *id, const struct id *pattern)
{
	unsigned wildcards;

	if (pattern->type == ID_ANY)
		return MATCH_ANY;
	if (id_equal(id, pattern))
		return MATCH_EXACT;
	if (id->type != pattern->type)
		return 0;
	if (ignores_case(id->type))
		return pattern->len && match_suffix(id, pattern) ? MATCH_WILDCARD : 0;
	if (id->type != IDTYPE_DN || !dn_match(view_make(id->data, id->len),
					       view_make(pattern->data, pattern->len), &wildcards))
		return 0;
	return wildcards < MATCH_EXACT - MATCH_MANY_WILDCARDS ? MATCH_EXACT - wildcards
							      : MATCH_MANY_WILDCARDS;
}
