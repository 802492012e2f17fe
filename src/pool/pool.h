/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

/*
 * Virtual address pools and their leases. Memory decides; every change is also written to SQLite,
 * so that an address belongs to the same identity after a restart.
 */
struct pool_set; /* for one thread */

/* Addresses of the largest pool: a larger IPv6 range ends after so many, as in strongSwan. */
#define POOL_SIZE_MAX 2147483646u

/*
 * path of the database file, or NULL to keep leases in memory only. A damaged file is moved aside,
 * with a note. On E_IO the error text goes to notes; the caller decides whether to go on in
 * memory.
 */
int pool_open(const char *path, struct log_notes *notes, struct pool_set **out) ERR_MUST_CHECK;
void pool_close(struct pool_set *s);

struct pool_attr {
	uint16_t cp_type;  /* enum ike_cp_attr number (3 DNS, 10 DNS6, 4 NBNS, 13 SUBNET, ...) */
	uint8_t value[32]; /* as in the CFG_REPLY */
	uint8_t len;
};

struct pool_params {
	const char *name;
	struct addr_range range; /* all usable addresses */
	struct addr first;	 /* which of them to hand out first; none: at the beginning */
	struct addr base;	 /* as printed ("10.3.0.0") */
	const struct pool_attr *attrs;
	size_t n_attrs;
};

/*
 * "10.3.0.0/24", "10.3.0.10/24", "10.3.0.5-10.3.0.50", IPv6 likewise. Fills range, first and
 * base, as strongSwan understands them: of a subnet of four addresses and more the first and last
 * are left out (/24 has 254, /30 two, /31 two, /32 one), one written with a host begins there
 * (245), and base is the address as written. E_MALFORMED, also if nothing is left.
 */
int pool_parse_addrs(const char *text, struct pool_params *out) ERR_MUST_CHECK;
/* Add or replace; leases stay if the range does, else those that the database has in the new range
 * come back. E_BUSY: there is one with another range and it has online leases. E_IO: the database
 * could not be read. *out_size is the number of addresses (254 for a /24). */
int pool_load(struct pool_set *s, const struct pool_params *params,
	      uint64_t *out_size) ERR_MUST_CHECK;
/* E_NOTFOUND, E_BUSY with online leases. */
int pool_unload(struct pool_set *s, const char *name) ERR_MUST_CHECK;

struct pool_request {
	const struct strs *pools; /* names, tried in order */
	const char *identity;	  /* text of the peer's (EAP or IKE) identity */
	uint8_t family;		  /* AF_INET or AF_INET6 */
	struct addr wanted;	  /* the address asked for; none or zero = any */
};

/*
 * Lease an address, by the first of these rules that applies to a pool: the wanted one, if it is
 * free or an offline lease of this identity; an offline lease of this identity; a fresh address;
 * the lease that has been offline longest. E_FULL; E_NOTFOUND if no named pool of that family
 * exists. Notes: "assigning new lease to 'ID'", "reassigning offline lease to 'ID'", "reassigning
 * existing offline lease by 'OLD' to 'ID'", "pool 'p' is full, unable to assign address".
 */
int pool_acquire(struct pool_set *s, const struct pool_request *req, struct log_notes *notes,
		 struct addr *out) ERR_MUST_CHECK;
/* Give a lease back (it stays reserved, offline). Note: "lease A by 'ID' went offline". */
void pool_release(struct pool_set *s, const struct addr *a, const char *identity,
		  struct log_notes *notes);
/* Attributes of the pool in which `a` is online: borrowed until the next pool_load/unload. */
const struct pool_attr *pool_attrs(const struct pool_set *s, const struct addr *a, size_t *out_n);

struct pool_info {
	const char *name;
	struct addr base;
	uint64_t size, online, offline;
};
struct pool_lease {
	struct addr addr;
	const char *identity;
	bool online;
};
/* Iterate pools in load order, and leases of a pool by address. fn returns false to stop. */
void pool_each(const struct pool_set *s, bool (*fn)(void *ctx, const struct pool_info *),
	       void *ctx);
void pool_each_lease(const struct pool_set *s, const char *name,
		     bool (*fn)(void *ctx, const struct pool_lease *), void *ctx);
bool pool_exists(const struct pool_set *s, const char *name);

#endif
