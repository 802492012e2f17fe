/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_IPSEC_H
#define IPSEC_IPSEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "wire/ts.h"

/*
 * The whole contract between the engine and a datapath. All calls come from the engine's thread and
 * return at once. Handles are numbers the backend makes; 0 is none.
 */

struct alg;

enum ipsec_mode { IPSEC_TUNNEL, IPSEC_TRANSPORT };

/* What a backend can do beyond the rest. */
enum ipsec_feature {
	IPSEC_HAS_MARKS = 1 << 0,     /* mark_*, set_mark_* */
	IPSEC_HAS_IF_ID = 1 << 1,     /* XFRM interface ids */
	IPSEC_HAS_INTERFACE = 1 << 2, /* policies of one interface */
	IPSEC_HAS_TRANSPORT = 1 << 3, /* IPSEC_TRANSPORT */
	IPSEC_HAS_BARE_SA = 1 << 4,   /* IPSEC_NO_POLICIES */
	IPSEC_HAS_FWD_OUT = 1 << 5,   /* IPSEC_POLICIES_FWD_OUT */
	IPSEC_HAS_TFC = 1 << 6,	      /* ipsec_sa_params.tfc */
	IPSEC_HAS_SHA256_96 = 1 << 7, /* IPSEC_SHA256_96 */
	IPSEC_HAS_COPYING = 1 << 8,   /* IPSEC_NO_COPY_*, IPSEC_COPY_DSCP_IN */
};

/* What an SA, or a policy, is to be beyond the usual. */
enum ipsec_flag {
	IPSEC_NO_POLICIES = 1 << 0,	 /* the SAs alone; others install policies */
	IPSEC_POLICIES_FWD_OUT = 1 << 1, /* policies for forwarded outbound packets, too */
	IPSEC_SHA256_96 = 1 << 2,	 /* HMAC-SHA-256 truncated to 96 bits, not 128 */
	IPSEC_NO_COPY_DF = 1 << 3,	 /* the outer header's DF is not the inner one's */
	IPSEC_NO_COPY_ECN = 1 << 4,	 /* nor its ECN bits, in both directions */
	IPSEC_NO_COPY_DSCP_OUT = 1 << 5, /* nor its DSCP */
	IPSEC_COPY_DSCP_IN = 1 << 6,	 /* the inner header gets the outer one's DSCP */
};

#define IPSEC_TFC_MTU UINT32_MAX /* pad packets to the size of the path's MTU */

/* Firewall marks and interfaces that policies and SAs are tied to; a mask of 0: no mark. */
struct ipsec_mark {
	uint32_t value, mask;
};

struct ipsec_labels {
	struct ipsec_mark in, out;	   /* packets must have it */
	struct ipsec_mark set_in, set_out; /* packets get it once decrypted, or encrypted */
	bool mark_in_sa;		   /* the inbound SA has mark `in` too */
	uint32_t if_id_in, if_id_out;	   /* 0 none */
	struct view interface;		   /* name; empty: any */
};

/* What becomes of packets that no SA takes. */
enum ipsec_policy_kind {
	/* Outbound: report acquire events, not for every packet, until it has an SA. */
	IPSEC_POLICY_TRAP,
	IPSEC_POLICY_PASS, /* both ways, in the clear, even if the selectors of an SA match */
	IPSEC_POLICY_DROP, /* both ways, unless an SA or a trap matches */
};

/* Policies without an SA. Views and lists are borrowed for the call. */
struct ipsec_policy_params {
	enum ipsec_policy_kind kind;
	uint32_t reqid;		   /* of a trap: what acquire events name, and its SAs will have */
	enum ipsec_mode mode;	   /* of a trap */
	struct addr local, remote; /* of a trap: outer addresses; unspecified where not known */
	const struct ts_list *ts_local, *ts_remote;
	struct ipsec_labels labels;
	uint32_t priority; /* as in ipsec_sa_params */
	unsigned flags;	   /* IPSEC_POLICIES_FWD_OUT */
	struct view name;  /* for messages: "net" */
};

/* An SA pair with its policies. Views and lists are borrowed for the call. */
struct ipsec_sa_params {
	uint32_t reqid;
	enum ipsec_mode mode;
	uint32_t spi_in, spi_out;  /* host order; spi_out 0: only inbound (rekey, responder) */
	struct addr local, remote; /* outer addresses; ports of UDP encapsulation when encap */
	bool encap;
	const struct alg *encr; /* rows of crypto/alg.h */
	uint16_t key_bits;
	const struct alg *integ;			    /* NULL for AEAD */
	struct view encr_in, integ_in, encr_out, integ_out; /* keys, salts included */
	bool esn;
	uint32_t replay_window; /* packets; 0 off */
	const struct ts_list *ts_local, *ts_remote;
	/* As configured; a backend refuses what ipsec_ops.features says it has not. */
	struct ipsec_labels labels;
	uint32_t priority; /* of the policies; 0: the narrower goes first */
	unsigned flags;	   /* enum ipsec_flag */
	uint32_t tfc;	   /* pad packets to so many bytes, or IPSEC_TFC_MTU; 0: do not */
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets; /* 0 none */
	uint32_t replaces; /* handle of the SA pair this one rekeys, or 0 */
	struct view name;  /* for messages: "net{1}" */
};

/* Counters of one direction; times in ms of the engine's clock, 0 never. */
struct ipsec_count {
	uint64_t bytes, packets;
	uint64_t last_use;
};

struct ipsec_stats {
	struct ipsec_count in, out;
	uint64_t dropped_policy_in, dropped_policy_out; /* outside the selectors */
	uint64_t dropped_replay, dropped_auth;
};

/* Packets dropped since opening that no SA counts, by reason. */
struct ipsec_drops {
	uint64_t no_policy;   /* outbound, for no SA */
	uint64_t unknown_spi; /* ESP for no SA */
	uint64_t malformed;   /* neither ESP nor IP */
	uint64_t ecn;	      /* congestion marked where it must not be (RFC 6040) */
	uint64_t crypto;      /* encryption failed, or sequence numbers ran out */
	uint64_t too_big;     /* answered by ICMP */
	uint64_t tun, socket; /* refused by the kernel */
	uint64_t behind;      /* came faster than they could be taken */
};

struct ipsec;

struct ipsec_ops {
	/* "user" or "xfrm" */
	const char *name;
	/* Reserve an inbound SPI that is unique here. E_FULL. */
	int (*alloc_spi)(struct ipsec *self, uint32_t *out) ERR_MUST_CHECK;
	/* Give back an SPI that was never installed. */
	void (*free_spi)(struct ipsec *self, uint32_t spi);
	/* Install SAs and policies together, or nothing. */
	int (*install)(struct ipsec *self, const struct ipsec_sa_params *p,
		       uint32_t *out_handle) ERR_MUST_CHECK;
	/* Add the outbound SA to a pair installed with spi_out 0 (same keys field as install). */
	int (*install_out)(struct ipsec *self, uint32_t handle,
			   const struct ipsec_sa_params *p) ERR_MUST_CHECK;
	/* Stop sending with this pair, keep receiving (rekeyed, waiting for stragglers). */
	void (*remove_out)(struct ipsec *self, uint32_t handle);
	/* Remove SAs and policies. The handle is gone afterwards. */
	void (*remove)(struct ipsec *self, uint32_t handle);
	/* Install policies without an SA, or nothing. An SA with the same selectors goes before a
	 * trap; when it is removed the trap is as before. E_CONFIG for labels it has not. */
	int (*install_policy)(struct ipsec *self, const struct ipsec_policy_params *p,
			      uint32_t *out_handle) ERR_MUST_CHECK;
	void (*remove_policy)(struct ipsec *self, uint32_t handle);
	/* The set of enum ipsec_feature that this backend has. */
	unsigned (*features)(struct ipsec *self);
	int (*query)(struct ipsec *self, uint32_t handle, struct ipsec_stats *out) ERR_MUST_CHECK;
	void (*drops)(struct ipsec *self, struct ipsec_drops *out);
	/* Move to other outer addresses (MOBIKE, NAT mapping change). */
	int (*update)(struct ipsec *self, uint32_t handle, const struct addr *local,
		      const struct addr *remote, bool encap) ERR_MUST_CHECK;
	/* Virtual IP on this host: add (counted: two SAs may ask for the same) and remove. */
	int (*add_vip)(struct ipsec *self, const struct addr *vip) ERR_MUST_CHECK;
	void (*del_vip)(struct ipsec *self, const struct addr *vip);
	/* Whether ESP leaves only in UDP (the engine then forces encapsulation by faking NAT). */
	bool (*needs_encap)(struct ipsec *self);
	/* Whether this is one of the virtual IPs that add_vip put on this host. */
	bool (*has_vip)(struct ipsec *self, const struct addr *a);
	/* Readable when dispatch has something to do; for the engine's loop. */
	int (*event_fd)(struct ipsec *self);
	/* Deliver queued events, in the calling (the engine's) thread. */
	void (*dispatch)(struct ipsec *self);
	void (*close)(struct ipsec *self);
};

/* What a backend tells the engine. Called in the engine's thread only (the backend queues). */
struct ipsec_events {
	void *ctx;
	/* A soft or hard limit of bytes or packets was reached. */
	void (*expire)(void *ctx, uint32_t handle, bool hard);
	/* A packet (its addresses, protocol and ports) matched the trap policy of this reqid. */
	void (*acquire)(void *ctx, uint32_t reqid, const struct ts *src, const struct ts *dst);
	/* The peer's ESP came from another address or port than known (NAT mapping changed). */
	void (*mapping)(void *ctx, uint32_t handle, const struct addr *remote);
};

struct ipsec {
	const struct ipsec_ops *ops;
};

#endif
