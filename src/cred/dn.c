/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/dn.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "base/str.h"

/*
 * Attribute names as they are written; of several names for one attribute the first is printed.
 * Others are known by OpenSSL's names and as dotted OIDs.
 */
static const struct attribute {
	const char *name;
	int nid;
	int string_type;
} attributes[] = {
	{"C", NID_countryName, V_ASN1_PRINTABLESTRING},
	{"ST", NID_stateOrProvinceName, V_ASN1_UTF8STRING},
	{"L", NID_localityName, V_ASN1_UTF8STRING},
	{"O", NID_organizationName, V_ASN1_UTF8STRING},
	{"OU", NID_organizationalUnitName, V_ASN1_UTF8STRING},
	{"CN", NID_commonName, V_ASN1_UTF8STRING},
	{"SN", NID_surname, V_ASN1_UTF8STRING},
	{"G", NID_givenName, V_ASN1_UTF8STRING},
	{"GN", NID_givenName, V_ASN1_UTF8STRING},
	{"T", NID_title, V_ASN1_UTF8STRING},
	{"D", NID_description, V_ASN1_UTF8STRING},
	{"N", NID_name, V_ASN1_UTF8STRING},
	{"I", NID_initials, V_ASN1_UTF8STRING},
	{"E", NID_pkcs9_emailAddress, V_ASN1_IA5STRING},
	{"Email", NID_pkcs9_emailAddress, V_ASN1_IA5STRING},
	{"UID", NID_userId, V_ASN1_UTF8STRING},
	{"DC", NID_domainComponent, V_ASN1_IA5STRING},
	{"serialNumber", NID_serialNumber, V_ASN1_PRINTABLESTRING},
	{"dnQualifier", NID_dnQualifier, V_ASN1_PRINTABLESTRING},
	{"ID", NID_x500UniqueIdentifier, V_ASN1_UTF8STRING},
};

#define N_ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static const struct attribute *find_by_name(const char *name)
{
	for (size_t i = 0; i < N_ATTRIBUTES; i++) {
		if (strcasecmp(attributes[i].name, name) == 0)
			return &attributes[i];
	}
	return NULL;
}

/* An RDN attribute being read: both strings are NUL-terminated when done. */
struct piece {
	struct wbuf type;
	struct wbuf value;
	bool joined; /* belongs to the RDN before it */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether s begins with "TYPE=": then the '+' before it joins, else it is part of a value. */
static bool starts_attribute(const char *s)
{
	while (is_space(*s))
		s++;
	if (!isalnum((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || *s == '.')
		s++;
	return *s == '=';
}

/* One escape: `\,` or `\2c`. Returns what follows, or NULL. */
static const char *read_escape(const char *s, struct wbuf *out)
{
	char hex[3] = {s[1], s[1] ? s[2] : '\0', '\0'};

	if (isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1]))
		return str_unhex(hex, out) ? NULL : s + 3;
	if (!hex[0])
		return NULL;
	wbuf_u8(out, (uint8_t)hex[0]);
	return s + 2;
}

/* A value up to its separator; blanks around it do not count. Returns where it ends, or NULL. */
static const char *read_value(const char *s, char separator, struct wbuf *out)
{
	bool quoted = false;
	size_t keep = 0; /* what must not be trimmed: escaped or quoted */

	while (is_space(*s))
		s++;
	while (*s && (quoted || (*s != separator && !(*s == '+' && starts_attribute(s + 1))))) {
		if (*s == '\\') {
			s = read_escape(s, out);
			if (!s)
				return NULL;
			keep = out->len;
		} else if (*s == '"' && (quoted || out->len == 0)) {
			quoted = !quoted;
			keep = out->len;
			s++;
		} else {
			wbuf_u8(out, (uint8_t)*s++);
		}
	}
	while (out->len > keep && is_space((char)out->data[out->len - 1]))
		wbuf_truncate(out, out->len - 1);
	return quoted || out->len == 0 ? NULL : s;
}

static const char *read_piece(const char *s, char separator, struct piece *out)
{
	wbuf_reset(&out->type);
	wbuf_reset(&out->value);
	while (is_space(*s))
		s++;
	while (isalnum((unsigned char)*s) || *s == '.')
		wbuf_u8(&out->type, (uint8_t)*s++);
	while (is_space(*s))
		s++;
	if (out->type.len == 0 || *s != '=')
		return NULL;
	wbuf_u8(&out->type, 0);
	return read_value(s + 1, separator, &out->value);
}

static int add_piece(X509_NAME *name, const struct piece *p)
{
	const char *type = (const char *)p->type.data;
	const struct attribute *known = find_by_name(type);
	ASN1_OBJECT *obj;
	int ok;

	if (wbuf_err(&p->type) || wbuf_err(&p->value))
		return E_NOMEM;
	obj = known ? OBJ_nid2obj(known->nid) : OBJ_txt2obj(type, 0);
	if (!obj)
		return E_MALFORMED;
	ok = X509_NAME_add_entry_by_OBJ(name, obj, known ? known->string_type : V_ASN1_UTF8STRING,
					p->value.data, (int)p->value.len, -1, p->joined ? -1 : 0);
	ASN1_OBJECT_free(obj);
	return ok ? 0 : E_MALFORMED;
}

static int read_name(const char *s, X509_NAME *name)
{
	struct piece p = {.joined = false};
	char separator = ',';
	int err = 0;

	wbuf_init(&p.type, 0);
	wbuf_init(&p.value, 0);
	if (*s == '/') {
		separator = '/';
		s++;
	}
	while (!err) {
		s = read_piece(s, separator, &p);
		err = s ? add_piece(name, &p) : E_MALFORMED;
		if (err || !*s)
			break;
		p.joined = *s == '+';
		s++;
	}
	wbuf_done(&p.type);
	wbuf_done(&p.value);
	return err;
}

int dn_encode(const char *text, struct wbuf *out)
{
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL;
	int len, err = E_NOMEM;

	ERR_set_mark();
	if (name)
		err = read_name(text, name);
	if (!err) {
		/* Encoding also checks that the values are valid in their string types. */
		len = i2d_X509_NAME(name, &der);
		if (len > 0)
			wbuf_bytes(out, der, (size_t)len);
		err = len > 0 ? wbuf_err(out) : E_MALFORMED;
	}
	OPENSSL_free(der);
	X509_NAME_free(name);
	ERR_pop_to_mark();
	return err;
}

X509_NAME *dn_decode(struct view der)
{
	const unsigned char *p = der.ptr;
	X509_NAME *name;

	if (der.len == 0 || der.len > LONG_MAX)
		return NULL;
	ERR_set_mark();
	name = d2i_X509_NAME(NULL, &p, (long)der.len);
	ERR_pop_to_mark();
	if (name && p != der.ptr + der.len) {
		X509_NAME_free(name);
		return NULL;
	}
	return name;
}

static void write_type(const ASN1_OBJECT *obj, struct wbuf *out)
{
	int nid = OBJ_obj2nid(obj);
	char oid[128];

	for (size_t i = 0; i < N_ATTRIBUTES; i++) {
		if (attributes[i].nid == nid) {
			wbuf_str(out, attributes[i].name);
			return;
		}
	}
	if (nid != NID_undef) {
		wbuf_str(out, OBJ_nid2sn(nid));
		return;
	}
	OBJ_obj2txt(oid, sizeof(oid), obj, 1);
	wbuf_str(out, oid);
}

/* UTF-8 with everything escaped that would split the text, vanish in it or steer a terminal. */
static void write_value(struct view utf8, struct wbuf *out)
{
	for (size_t i = 0; i < utf8.len; i++) {
		uint8_t c = utf8.ptr[i];
		uint8_t next = i + 1 < utf8.len ? utf8.ptr[i + 1] : 0;
		bool edge = i == 0 || i + 1 == utf8.len;

		if (c == 0xc2 && next < 0xa0) { /* U+0080..U+009F */
			wbuf_fmt(out, "\\c2\\%02x", next);
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			wbuf_fmt(out, "\\%02x", c);
		} else {
			if (c == ',' || (c == '+' && memchr(utf8.ptr + i, '=', utf8.len - i)) ||
			    c == '\\' || c == '"' || (c == ' ' && edge))
				wbuf_u8(out, '\\');
			wbuf_u8(out, c);
		}
	}
}

static void write_entry(const X509_NAME_ENTRY *entry, struct wbuf *out)
{
	const ASN1_STRING *data = X509_NAME_ENTRY_get_data(entry);
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, data);
	char *hex;

	write_type(X509_NAME_ENTRY_get_object(entry), out);
	wbuf_u8(out, '=');
	if (len >= 0) {
		write_value(view_make(utf8, (size_t)len), out);
		OPENSSL_free(utf8);
		return;
	}
	hex = str_hex(view_make(ASN1_STRING_get0_data(data), (size_t)ASN1_STRING_length(data)), "");
	wbuf_fmt(out, "#%s", hex ? hex : "");
	free(hex);
}

void dn_text(const X509_NAME *name, struct wbuf *out)
{
	int set = -1;

	ERR_set_mark();
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);

		if (i > 0)
			wbuf_str(out, X509_NAME_ENTRY_set(entry) == set ? "+" : ", ");
		set = X509_NAME_ENTRY_set(entry);
		write_entry(entry, out);
	}
	ERR_pop_to_mark();
}

bool dn_equal(struct view a, struct view b)
{
	X509_NAME *name_a, *name_b;
	bool equal;

	if (view_equal(a, b))
		return true;
	name_a = dn_decode(a);
	name_b = dn_decode(b);
	equal = name_a && name_b && X509_NAME_cmp(name_a, name_b) == 0;
	X509_NAME_free(name_a);
	X509_NAME_free(name_b);
	return equal;
}

static bool is_wildcard(const X509_NAME_ENTRY *entry)
{
	const ASN1_STRING *data = X509_NAME_ENTRY_get_data(entry);

	return ASN1_STRING_length(data) == 1 && *ASN1_STRING_get0_data(data) == '*';
}

/* The pattern with its wildcards filled in from name: it matches if the result is equal to it. */
static X509_NAME *fill_in(const X509_NAME *name, const X509_NAME *pattern, unsigned *out_wildcards)
{
	int n = X509_NAME_entry_count(pattern);
	X509_NAME *filled = X509_NAME_new();
	bool ok = filled && n == X509_NAME_entry_count(name);
	int set = -1;

	for (int i = 0; ok && i < n; i++) {
		const X509_NAME_ENTRY *want = X509_NAME_get_entry(pattern, i);
		const X509_NAME_ENTRY *have = X509_NAME_get_entry(name, i);
		bool joined = X509_NAME_ENTRY_set(want) == set;

		ok = OBJ_cmp(X509_NAME_ENTRY_get_object(want), X509_NAME_ENTRY_get_object(have)) ==
		     0;
		if (ok && is_wildcard(want))
			++*out_wildcards;
		ok = ok && X509_NAME_add_entry(filled, is_wildcard(want) ? have : want, -1,
					       joined ? -1 : 0);
		set = X509_NAME_ENTRY_set(want);
	}
	if (ok)
		return filled;
	X509_NAME_free(filled);
	return NULL;
}

bool dn_match(struct view name, struct view pattern, unsigned *out_wildcards)
{
	X509_NAME *have = dn_decode(name);
	X509_NAME *want = dn_decode(pattern);
	X509_NAME *filled = NULL;
	unsigned wildcards = 0;
	bool match;

	ERR_set_mark();
	if (have && want)
		filled = fill_in(have, want, &wildcards);
	match = filled && X509_NAME_cmp(filled, have) == 0;
	ERR_pop_to_mark();
	X509_NAME_free(have);
	X509_NAME_free(want);
	X509_NAME_free(filled);
	*out_wildcards = match ? wildcards : 0;
	return match;
}
