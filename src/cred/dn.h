/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_DN_H
#define CRED_DN_H

#include <stdbool.h>
#include <stdint.h>
#include <openssl/types.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Distinguished Names. As text they are "C=CH, O=Cyber, CN=x": in the order of the encoding, with
 * strongSwan's attribute names. A value may hold RFC 4514 escapes (backslash and a character, or
 * two hex digits) or stand in double quotes; the RDNs may also be written "/C=CH/O=Cyber". Parts of
 * one RDN are joined by '+'.
 */

/* Encode text; appends DER to out. E_MALFORMED, E_NOMEM. */
int dn_encode(const char *text, struct wbuf *out) ERR_MUST_CHECK;
/* Decode DER, all of it. NULL if it is no Name; to be freed with X509_NAME_free(). */
X509_NAME *dn_decode(struct view der);
/* Append the text of a name; what would not read back or not print is escaped. */
void dn_text(const X509_NAME *name, struct wbuf *out);
/* Whether both are equal in RFC 5280 section 7.1's sense (case and spacing do not count). */
bool dn_equal(struct view a, struct view b);
/*
 * Whether name has the RDNs of pattern, where a value "*" stands for any. The number of such
 * wildcards goes to *out_wildcards.
 */
bool dn_match(struct view name, struct view pattern, unsigned *out_wildcards);

#endif
