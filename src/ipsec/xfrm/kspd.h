/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KSPD_H
#define IPSEC_XFRM_KSPD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/list.h"
#include "ipsec/ipsec.h"
#include "ipsec/xfrm/kpolicy.h"

struct log;
struct nlsock;

/*
 * Our policies in the kernel, which has one for a selector, a direction, a mark and an interface
 * id. Several owners (SA pairs that rekey each other, a trap and its SA) may want the same one: the
 * kernel has the wish of the first in this order: pass, the youngest SA, trap, drop.
 */
struct kspd {
	struct nlsock *socket;
	struct log *log;
	struct hash policies;
	uint32_t next; /* number for the next policy's index */
};

/* An SA pair, or policies without one. */
struct kspd_owner {
	struct list uses;
	enum kpolicy_class class;
	bool trap; /* KPOLICY_PROTECT without an SA */
	enum ipsec_mode mode;
	uint32_t reqid, priority;  /* 0: kpolicy_priority() */
	struct addr local, remote; /* outer */
	struct ipsec_mark in, out;
	uint32_t if_id_in, if_id_out;
	unsigned ifindex; /* 0 any */
};

enum { KSPD_IN = 1, KSPD_OUT = 2, KSPD_FWD_OUT = 4 };

/* E_NOMEM, E_IO. The socket (NETLINK_XFRM's) and the log, which may be NULL, are the caller's. */
int kspd_init(struct kspd *s, struct nlsock *socket, struct log *log) ERR_MUST_CHECK;
/* Every owner must have been removed. */
void kspd_done(struct kspd *s);
/*
 * Add the owner's policies of these directions (a set of KSPD_*; KSPD_IN has those for forwarded
 * packets, too, in tunnel mode) for all pairs of selectors. On failure the owner has none, not even
 * those it had. Fields but `uses`, which is a list that has been initialised, are the caller's.
 * E_EXISTS: there is one that is not ours. E_UNSUPPORTED, E_LIMIT: see kselector_each(). E_PERM,
 * E_NOMEM, E_IO.
 */
int kspd_add(struct kspd *s, struct kspd_owner *o, unsigned dirs, const struct ts_list *local,
	     const struct ts_list *remote) ERR_MUST_CHECK;
/* Take all of the owner's policies back. */
void kspd_remove(struct kspd *s, struct kspd_owner *o);
/* The owner's outer addresses have changed. */
int kspd_move(struct kspd *s, struct kspd_owner *o) ERR_MUST_CHECK;

#endif
