/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_ID_H
#define CRED_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * An IKE identity (RFC 7296 section 3.5): the type and data of an ID payload. ID_ANY (type 0) is
 * "%any", the wildcard of configuration; it is never sent.
 */
#define ID_ANY 0

struct id {
	uint8_t type;
	size_t len;
	uint8_t *data; /* owned */
};

/*
 * Parse as swanctl does: "%any", IP addresses, "C=CH, O=x" (contains '='; RFC 4514-like list in
 * order of appearance), "@fqdn", "@@user@domain", "@#hex" key id, "user@domain", "fqdn", and
 * prefixes "ipv4:", "ipv6:", "rfc822:"/"email:"/"userfqdn:", "fqdn:"/"dns:", "asn1dn:", "keyid:",
 * "{N}:". E_MALFORMED, E_NOMEM.
 */
int id_parse(const char *text, struct id *out) ERR_MUST_CHECK;
int id_from_wire(uint8_t type, struct view data, struct id *out) ERR_MUST_CHECK;
int id_from_addr(const struct addr *a, struct id *out) ERR_MUST_CHECK;
int id_copy(const struct id *src, struct id *out) ERR_MUST_CHECK;
void id_done(struct id *id);
/* As logs print it: "carol@strongswan.org", "C=CH, O=Cyber, CN=moon", "%any", "192.0.2.1",
 * non-printing bytes as hex. Appended to out. */
void id_text(const struct id *id, struct wbuf *out);
/* The same as a string to free. NULL if out of memory. */
char *id_string(const struct id *id);
bool id_equal(const struct id *a, const struct id *b);
/*
 * How well `id` (of the peer) matches `pattern` (configured; may be %any, "*.example.org",
 * "*@example.org", a DN with "CN=*"): 0 not at all; higher is better (exact 20, %any 1).
 */
unsigned id_match(const struct id *id, const struct id *pattern);
/* DER of a Distinguished Name as text, strongSwan style ("C=CH, O=Cyber, CN=x"). */
void id_dn_text(struct view der, struct wbuf *out);

#endif
