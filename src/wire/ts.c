/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ts.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "wire/payload.h"

/* Selector types (RFC 7296 section 3.13.1) */
#define TS_IPV4_ADDR_RANGE 7
#define TS_IPV6_ADDR_RANGE 8

#define TS_RESERVED    3 /* after the number of selectors */
#define TS_SUFFIX_MAX  48
#define TS_SERVENT_MAX 1024 /* scratch for one line of the services database */

static const struct protocol_name {
	uint8_t number;
	const char *name;
} protocols[] = {
	{IPPROTO_ICMP, "icmp"},
	{IPPROTO_IGMP, "igmp"},
	{IPPROTO_TCP, "tcp"},
	{IPPROTO_UDP, "udp"},
	{IPPROTO_GRE, "gre"},
	{IPPROTO_ESP, "esp"},
	{IPPROTO_AH, "ah"},
	{89, "ospf"},
	{IPPROTO_ICMPV6, "ipv6-icmp"},
	{IPPROTO_SCTP, "sctp"},
	{IPPROTO_MH, "mobility-header"},
	{IPPROTO_ICMPV6, "icmpv6"}, /* only understood; the first name of a number is printed */
};

static bool ports_any(const struct ts *t)
{
	return t->port_first == 0 && t->port_last == UINT16_MAX;
}

static bool ports_opaque(const struct ts *t)
{
	return t->port_first == UINT16_MAX && t->port_last == 0;
}

static bool is_icmp(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* Wire */

static int decode_range(struct rbuf *r, struct ts *t)
{
	size_t len = addr_len(t->range.family);

	if (rbuf_u16(r, &t->port_first) || rbuf_u16(r, &t->port_last) ||
	    rbuf_bytes(r, t->range.first, len) || rbuf_bytes(r, t->range.last, len))
		return E_SHORT;
	if (rbuf_left(r))
		return E_TRAILING;
	if (memcmp(t->range.first, t->range.last, len) > 0)
		return E_MALFORMED;
	return t->port_first <= t->port_last || ports_opaque(t) ? 0 : E_MALFORMED;
}

/* Decode one selector and append it; one of an unknown type is skipped. */
static int decode_selector(struct rbuf *r, struct ts_list *out)
{
	struct payload_head head;
	struct ts t = {0};
	struct rbuf in;
	int err = payload_head_decode(r, &head);

	if (err)
		return err;
	if (head.first != TS_IPV4_ADDR_RANGE && head.first != TS_IPV6_ADDR_RANGE)
		return 0;
	t.range.family = head.first == TS_IPV4_ADDR_RANGE ? AF_INET : AF_INET6;
	t.protocol = head.second;
	rbuf_init(&in, head.rest);
	err = decode_range(&in, &t);
	return err ? err : ts_add(out, &t);
}

int ts_decode(struct view body, struct ts_list *out)
{
	struct rbuf r;
	uint8_t count;
	int err = 0;

	out->count = 0;
	rbuf_init(&r, body);
	if (rbuf_u8(&r, &count) || rbuf_skip(&r, TS_RESERVED))
		return E_SHORT;
	for (; count > 0 && err == 0; count--)
		err = decode_selector(&r, out);
	if (err == 0)
		err = rbuf_end(&r);
	if (err)
		out->count = 0;
	return err;
}

static void encode_selector(const struct ts *t, struct wbuf *out)
{
	size_t len = addr_len(t->range.family);
	uint8_t type = t->range.family == AF_INET ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE;
	size_t start;

	if (len == 0) {
		wbuf_fail(out, E_MALFORMED); /* a selector without addresses has no encoding */
		return;
	}
	start = payload_head_begin(out, type, t->protocol);
	wbuf_u16(out, t->port_first);
	wbuf_u16(out, t->port_last);
	wbuf_bytes(out, t->range.first, len);
	wbuf_bytes(out, t->range.last, len);
	payload_head_end(out, start);
}

void ts_encode(const struct ts_list *l, struct wbuf *out)
{
	wbuf_u8(out, (uint8_t)l->count);
	wbuf_space(out, TS_RESERVED);
	for (unsigned i = 0; i < l->count; i++)
		encode_selector(&l->t[i], out);
}

/* Sets */

int ts_add(struct ts_list *l, const struct ts *t)
{
	if (l->count >= TS_MAX)
		return E_LIMIT;
	l->t[l->count++] = *t;
	return 0;
}

struct ts ts_from_addr(const struct addr *a)
{
	struct ts t = {.port_last = UINT16_MAX};

	if (addr_range_from_subnet(&t.range, a, (unsigned)addr_len(a->family) * 8))
		t.range = (struct addr_range){0};
	return t;
}

bool ts_equal(const struct ts *a, const struct ts *b)
{
	return a->protocol == b->protocol && a->port_first == b->port_first &&
	       a->port_last == b->port_last && addr_range_equal(&a->range, &b->range);
}

bool ts_list_equal(const struct ts_list *a, const struct ts_list *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		if (!ts_equal(&a->t[i], &b->t[i]))
			return false;
	}
	return true;
}

/* OPAQUE ports are those nobody can see: they meet themselves and "any", but no number. */
static bool meet_ports(const struct ts *a, const struct ts *b, struct ts *out)
{
	if (ports_any(a) || ports_any(b) || (ports_opaque(a) && ports_opaque(b))) {
		const struct ts *narrow = ports_any(a) ? b : a;

		out->port_first = narrow->port_first;
		out->port_last = narrow->port_last;
		return true;
	}
	out->port_first = a->port_first > b->port_first ? a->port_first : b->port_first;
	out->port_last = a->port_last < b->port_last ? a->port_last : b->port_last;
	return out->port_first <= out->port_last;
}

bool ts_meet(const struct ts *a, const struct ts *b, struct ts *out)
{
	struct ts t = {.protocol = a->protocol ? a->protocol : b->protocol};

	if (a->protocol && b->protocol && a->protocol != b->protocol)
		return false;
	if (!meet_ports(a, b, &t) || !addr_range_meet(&a->range, &b->range, &t.range))
		return false;
	*out = t;
	return true;
}

bool ts_contains(const struct ts *outer, const struct ts *inner)
{
	struct ts common;

	return ts_meet(outer, inner, &common) && ts_equal(&common, inner);
}

/* Add t unless it is covered already; what it covers goes. */
static int add_maximal(struct ts_list *l, const struct ts *t)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < l->count; i++) {
		if (ts_contains(&l->t[i], t))
			return 0;
	}
	for (unsigned i = 0; i < l->count; i++) {
		if (!ts_contains(t, &l->t[i]))
			l->t[kept++] = l->t[i];
	}
	l->count = kept;
	return ts_add(l, t);
}

int ts_narrow(const struct ts_list *ours, const struct ts_list *theirs, struct ts_list *out)
{
	out->count = 0;
	for (unsigned i = 0; i < theirs->count; i++) {
		for (unsigned k = 0; k < ours->count; k++) {
			struct ts t;

			if (ts_meet(&theirs->t[i], &ours->t[k], &t) && add_maximal(out, &t)) {
				out->count = 0;
				return E_LIMIT;
			}
		}
	}
	return out->count ? 0 : E_TS;
}

/* Text */

static const char *protocol_text(uint8_t protocol)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (protocols[i].number == protocol)
			return protocols[i].name;
	}
	return NULL;
}

static int parse_protocol(const char *text, uint8_t *out)
{
	uint64_t number;

	if (*text == '\0' || strcasecmp(text, "any") == 0) {
		*out = 0;
		return 0;
	}
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcasecmp(text, protocols[i].name) == 0) {
			*out = protocols[i].number;
			return 0;
		}
	}
	if (str_u64(text, UINT8_MAX, &number))
		return E_MALFORMED;
	*out = (uint8_t)number;
	return 0;
}

/* A number, or a service name known to the system. A bare ICMP type goes into the upper octet. */
static int parse_port(const char *text, uint8_t protocol, uint16_t *out)
{
	char scratch[TS_SERVENT_MAX];
	struct servent entry, *found = NULL;
	uint64_t number;

	if (str_u64(text, UINT16_MAX, &number) == 0) {
		if (is_icmp(protocol) && number <= UINT8_MAX)
			number <<= 8;
		*out = (uint16_t)number;
		return 0;
	}
	if (getservbyname_r(text, protocol_text(protocol), &entry, scratch, sizeof(scratch),
			    &found) ||
	    !found)
		return E_MALFORMED;
	*out = ntohs((uint16_t)found->s_port);
	return 0;
}

/* `text` may be written to. Service names may hold a dash, so a range begins with a digit. */
static int parse_ports(char *text, struct ts *t)
{
	char *dash = *text >= '0' && *text <= '9' ? strchr(text, '-') : NULL;
	const char *last = dash ? dash + 1 : text;

	if (*text == '\0' || strcasecmp(text, "any") == 0) {
		t->port_first = 0;
		t->port_last = UINT16_MAX;
		return 0;
	}
	if (strcasecmp(text, "opaque") == 0) {
		t->port_first = UINT16_MAX;
		t->port_last = 0;
		return 0;
	}
	if (dash)
		*dash = '\0';
	if (parse_port(text, t->protocol, &t->port_first) ||
	    parse_port(last, t->protocol, &t->port_last))
		return E_MALFORMED;
	return t->port_first <= t->port_last ? 0 : E_MALFORMED;
}

int ts_parse_suffix(struct ts *out, const char *suffix)
{
	char copy[TS_SUFFIX_MAX] = "";
	size_t len = strlen(suffix);
	struct ts t = *out;
	char *slash;

	if (len > 0) {
		if (len < 2 || len - 2 >= sizeof(copy) || suffix[0] != '[' ||
		    suffix[len - 1] != ']')
			return E_MALFORMED;
		snprintf(copy, sizeof(copy), "%.*s", (int)(len - 2), suffix + 1);
	}
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (parse_protocol(copy, &t.protocol) ||
	    parse_ports(slash ? slash : copy + strlen(copy), &t))
		return E_MALFORMED;
	*out = t;
	return 0;
}

int ts_parse(struct ts *out, const char *text)
{
	char range[ADDR_RANGE_MAX];
	size_t len = strcspn(text, "[");
	struct ts t = {0};

	if (len >= sizeof(range))
		return E_MALFORMED;
	snprintf(range, sizeof(range), "%.*s", (int)len, text);
	if (addr_range_parse(&t.range, range) || ts_parse_suffix(&t, text + len))
		return E_MALFORMED;
	*out = t;
	return 0;
}

/* ICMP: the type, and the code unless it is 0. */
static void port_text(uint8_t protocol, uint16_t port, char out[16])
{
	if (!is_icmp(protocol))
		snprintf(out, 16, "%u", port);
	else if (port & 0xff)
		snprintf(out, 16, "%u(%u)", port >> 8, port & 0xff);
	else
		snprintf(out, 16, "%u", port >> 8);
}

static void ports_text(const struct ts *t, char out[40])
{
	char first[16], last[16];

	port_text(t->protocol, t->port_first, first);
	port_text(t->protocol, t->port_last, last);
	if (ports_any(t))
		snprintf(out, 40, "%s", "");
	else if (ports_opaque(t))
		snprintf(out, 40, "/OPAQUE");
	else if (t->port_first == t->port_last)
		snprintf(out, 40, "/%s", first);
	else
		snprintf(out, 40, "/%s-%s", first, last);
}

const char *ts_text(const struct ts *t, char buf[TS_TEXT_MAX])
{
	const char *name = protocol_text(t->protocol);
	char range[ADDR_RANGE_MAX], number[4] = "", ports[40];

	addr_range_text(&t->range, range);
	ports_text(t, ports);
	if (!name && t->protocol)
		snprintf(number, sizeof(number), "%u", t->protocol);
	if (t->protocol || *ports)
		snprintf(buf, TS_TEXT_MAX, "%s[%s%s]", range, name ? name : number, ports);
	else
		snprintf(buf, TS_TEXT_MAX, "%s", range);
	return buf;
}

void ts_list_text(const struct ts_list *l, struct wbuf *out)
{
	char text[TS_TEXT_MAX];

	for (unsigned i = 0; i < l->count; i++) {
		if (i > 0)
			wbuf_u8(out, ' ');
		wbuf_str(out, ts_text(&l->t[i], text));
	}
}
