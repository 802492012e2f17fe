/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"

/* An IP address, with a UDP port where it is an endpoint (0 otherwise). All-zero is "none". */
struct addr {
	uint8_t family; /* AF_INET, AF_INET6 or AF_UNSPEC */
	uint16_t port;	/* host order */
	uint8_t ip[16]; /* network order; the first 4 for IPv4 */
};

/* An inclusive range of addresses of one family; a subnet is the range it covers. */
struct addr_range {
	uint8_t family;
	uint8_t first[16];
	uint8_t last[16];
};

#define ADDR_TEXT_MAX  64  /* buffer for addr_text() */
#define ADDR_RANGE_MAX 100 /* buffer for addr_range_text() */

/* Length of an address of this family in bytes: 4, 16, or 0. */
size_t addr_len(uint8_t family);
/* From 4 or 16 bytes in network order. E_MALFORMED for another length. */
int addr_from_bytes(struct addr *out, struct view ip, uint16_t port) ERR_MUST_CHECK;
/* From a sockaddr_in or sockaddr_in6; an IPv4-mapped address becomes IPv4. */
int addr_from_sockaddr(struct addr *out, const struct sockaddr *sa) ERR_MUST_CHECK;
/* To a sockaddr; returns its length. */
socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *out);
/* Parse a literal "192.0.2.1" or "2001:db8::1" (no DNS). E_MALFORMED otherwise. */
int addr_parse(struct addr *out, const char *text) ERR_MUST_CHECK;
/* The address without its port into buf (ADDR_TEXT_MAX bytes); returns buf. "%any" for none. */
const char *addr_text(const struct addr *a, char buf[ADDR_TEXT_MAX]);
/* "192.0.2.1[500]" into buf; returns buf. */
const char *addr_text_port(const struct addr *a, char buf[ADDR_TEXT_MAX]);
struct view addr_view(const struct addr *a);
/* Same family and address; addr_equal_port also compares the port. */
bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_equal_port(const struct addr *a, const struct addr *b);
/* Whether it is unset or all zero (0.0.0.0, ::). */
bool addr_is_any(const struct addr *a);

/* Parse "a.b.c.d", CIDR "a.b.c.d/n" (host bits ignored) or "from-to"; E_MALFORMED otherwise. */
int addr_range_parse(struct addr_range *out, const char *text) ERR_MUST_CHECK;
/* The subnet a/bits. E_RANGE style errors are E_MALFORMED. */
int addr_range_from_subnet(struct addr_range *out, const struct addr *a,
			   unsigned bits) ERR_MUST_CHECK;
/* Whether the range is exactly a subnet; its prefix length then goes to *out_bits. */
bool addr_range_is_subnet(const struct addr_range *r, unsigned *out_bits);
/* "10.1.0.0/24", "10.3.0.1/32" or "a..b" as swanctl prints it; returns buf. */
const char *addr_range_text(const struct addr_range *r, char buf[ADDR_RANGE_MAX]);
bool addr_range_has(const struct addr_range *r, const struct addr *a);
/* Whether `inner` lies within `outer`. */
bool addr_range_contains(const struct addr_range *outer, const struct addr_range *inner);
/* Intersection into *out; false if it is empty. */
bool addr_range_meet(const struct addr_range *a, const struct addr_range *b,
		     struct addr_range *out);
bool addr_range_equal(const struct addr_range *a, const struct addr_range *b);

#endif
