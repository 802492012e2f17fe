/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_TS_H
#define WIRE_TS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"

#define TS_MAX 64

/* A traffic selector (RFC 7296 section 3.13.1). Ports 0..65535 is "any"; 65535..0 is OPAQUE. */
struct ts {
	struct addr_range range;
	uint8_t protocol; /* 0 any */
	uint16_t port_first;
	uint16_t port_last;
};

struct ts_list {
	unsigned count;
	struct ts t[TS_MAX];
};

#define TS_TEXT_MAX 160

/* Decode/encode the body of a TSi or TSr payload. Unknown selector types are skipped. */
int ts_decode(struct view body, struct ts_list *out) ERR_MUST_CHECK;
void ts_encode(const struct ts_list *l, struct wbuf *out);
/* Append; E_LIMIT when full. */
int ts_add(struct ts_list *l, const struct ts *t) ERR_MUST_CHECK;
/* The selector of one address, any protocol and port. */
struct ts ts_from_addr(const struct addr *a);
/*
 * Parse "10.1.0.0/16", "10.1.0.0/16[tcp/80]", "a-b[udp/1000-2000]", "[gre]"-style suffixes with
 * protocol names or numbers and "any"/"opaque" ports; a port may be a service name the system knows
 * ("http"). For ICMP a number below 256 is a type, above it 256 * type + code. "dynamic[tcp]" is
 * the caller's: pass the part after "dynamic" to ts_parse_suffix(). E_MALFORMED.
 */
int ts_parse(struct ts *out, const char *text) ERR_MUST_CHECK;
/* Parse only a "[proto/port]" suffix (or "") into protocol and ports of *out. */
int ts_parse_suffix(struct ts *out, const char *suffix) ERR_MUST_CHECK;
/*
 * "10.1.0.0/24", "10.3.0.1/32[tcp/80]", "[udp]", "[/53]" without a protocol, "[tcp/OPAQUE]" as
 * swanctl prints, ports as numbers; ICMP as "[icmp/8]", with a code "[icmp/3(1)]". Returns buf.
 */
const char *ts_text(const struct ts *t, char buf[TS_TEXT_MAX]);
/* All of a list, blank-joined, appended to out. */
void ts_list_text(const struct ts_list *l, struct wbuf *out);
bool ts_equal(const struct ts *a, const struct ts *b);
bool ts_list_equal(const struct ts_list *a, const struct ts_list *b);
/* Intersection; false if empty. */
bool ts_meet(const struct ts *a, const struct ts *b, struct ts *out);
/* Whether inner lies within outer. */
bool ts_contains(const struct ts *outer, const struct ts *inner);
/*
 * Narrow (RFC 7296 section 2.9): all intersections of theirs with ours, duplicates and selectors
 * contained in others dropped, in the order of `theirs`. E_TS if nothing is left, E_LIMIT if more
 * than TS_MAX are; *out is then empty. out must be neither of the others.
 */
int ts_narrow(const struct ts_list *ours, const struct ts_list *theirs,
	      struct ts_list *out) ERR_MUST_CHECK;

#endif
