/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_SA_H
#define IKE_SA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/secret.h"
#include "cred/id.h"
#include "ike/engine.h"
#include "ike/keys.h"
#include "ike/ladder.h"
#include "ike/mobike.h"
#include "ike/move.h"
#include "ike/protect.h"
#include "ike/reauth.h"
#include "ike/redirect.h"
#include "ike/timer.h"
#include "wire/ike.h"
#include "wire/proposal.h"

/* Limits and constants of the engine that are not configuration. */
#define SA_NONCE_LEN	  32	/* bytes, ours; RFC 7296 section 2.10 wants 16..256 */
#define SA_MAX_VIPS	  8	/* virtual addresses of one SA and direction */
#define SA_MAX_CHILDREN	  256	/* CHILD_SAs of one IKE_SA */
#define SA_MAX_CERTREQ	  128	/* CA hashes remembered of a peer */
#define SA_MAX_QUEUE	  64	/* tasks waiting on one SA */
#define SA_MAX_GONE	  4	/* children remembered that were deleted before they were made */
#define SA_CLOSE_DELAY_MS 10000 /* a failed responder SA answers retransmissions that long */

struct child;
struct conn;
struct successor;
struct handshake;
struct ike_job;
struct task;

/* One message on the wire, fragments included, as sent and kept for retransmission. */
struct sa_sent {
	struct protect_packets packets;
	struct addr local, remote;
};

/*
 * An IKE SA. All members belong to the engine's thread. Found by our own SPI; jobs and requests
 * refer to it by uid, never by pointer.
 */
struct ike_sa {
	struct ike *ike;
	struct hash_link by_spi;  /* ike->by_spi, key our_spi */
	struct hash_link by_addr; /* ike->half_open while half_open, key remote.ip */
	struct list link;	  /* ike->sas, by uid */
	uint32_t uid;
	uint64_t our_spi;
	uint64_t spi_i, spi_r;
	bool initiator; /* of the IKE SA; decides the flag in every header */
	bool caller;	/* we set the first one up: we move (RFC 4555), are redirected (RFC 5685) */
	bool half_open; /* a responder's, not authenticated yet; counted */
	enum ike_sa_state state;
	struct conn *conn; /* a reference; NULL on a responder until it is known */
	struct addr local, remote;

	/* What the peer can do, learned in IKE_SA_INIT and IKE_AUTH. */
	bool peer_natt, peer_fragments, peer_strongswan, peer_mobike, peer_multi_auth;
	unsigned peer_hashes; /* SIGN_HASH_BIT mask; 0: no RFC 7427 */
	bool nat_local, nat_remote, nat_fake;
	bool ppk; /* a PPK is in its keys, or in those that they come from (RFC 8784) */

	/* Keys */
	struct proposal chosen;
	const struct alg *encr, *integ, *prf;
	struct keys_ike keys;
	struct seal *seal_in, *seal_out;
	uint64_t iv_counter;

	/* Requests we receive: window of one (RFC 7296 section 2.3). */
	struct {
		uint32_t expected;
		bool busy; /* the request `expected` is being worked on */
		uint8_t exchange;
		struct protect_frags frags;
		struct addr local, remote; /* that it came by, and the reply goes by */
		struct secret plain;	   /* the request being worked on, decrypted */
		uint8_t first;		   /* type of its first payload */
		uint64_t digest;	   /* of the last request's (first) datagram */
		struct sa_sent reply;
		struct ike_job *job;
		struct ladder_rung *rung;
	} in;

	/* Requests we send: one at a time. */
	struct {
		uint32_t next;
		struct task *task; /* in flight, or being prepared */
		bool waiting;	   /* for the response to `next` */
		uint8_t exchange;
		struct protect_frags frags;
		struct secret plain; /* the response being worked on, decrypted */
		uint8_t first;	     /* type of its first payload */
		struct sa_sent request;
		unsigned tries;
		struct timer retransmit;
		struct timer later; /* for the tasks that are postponed */
		struct ike_job *job;
		struct ladder_rung *rung;
		/* Children deleted by the peer whose making response is still to come. */
		unsigned n_gone;
		uint32_t gone[SA_MAX_GONE];
	} out;
	struct list queue; /* tasks that wait */

	struct redirect redirect;
	struct reauth reauth;
	struct mobike mobike;
	struct move move;
	struct handshake *hs;	       /* until established */
	struct ladder ladder, rekeyed; /* the initial exchanges; those of its own rekeying */
	struct id local_id, remote_id;
	struct list children;
	size_t n_children;
	size_t n_local_vips, n_remote_vips;
	struct addr local_vips[SA_MAX_VIPS], remote_vips[SA_MAX_VIPS];
	bool local_vip_added[SA_MAX_VIPS]; /* to this host: install_virtual_ip */
	bool shares_leases;		   /* with another SA of the peer */
	size_t n_dns;
	struct addr dns[SA_MAX_VIPS]; /* servers the peer assigned to us */
	bool has_if_ids;
	uint32_t if_ids[2]; /* in, out: what children without ids of their own have */

	struct successor *ours, *theirs; /* IKE SAs that are to replace this one; NULL */
	struct ike_sa *replaces; /* made by the peer's rekey of that one, not in use yet; NULL */
	bool up;		 /* listeners know of it; what replaces it takes this over */
	uint64_t busy_since;	 /* ms: since when the peer answers TEMPORARY_FAILURE; 0 */
	unsigned lost_states;	 /* STATE_NOT_FOUND in a row */
	unsigned failures;	 /* rekeying failed so often in a row */

	uint64_t established, last_in, keepalive_at; /* ms; the last one is when it is due */
	uint64_t rekey_at, expire_at;		     /* ms, 0 never */
	struct timer expire; /* half-open timeout, then hard lifetime, then close delay */
	struct timer rekey, dpd, keepalive;
	struct timer rival; /* of an SA that is one too many (unique) */
};

/* A new SA with a fresh SPI, in state CREATED, linked into the engine. E_NOMEM, E_IO. */
int sa_new(struct ike *ike, bool initiator, struct ike_sa **out) ERR_MUST_CHECK;
/* An SA in state ESTABLISHED as `old` negotiated it (RFC 7296 section 2.18), with all that is known
 * of the peer, but no keys, children and addresses yet. E_NOMEM. */
int sa_new_like(struct ike_sa *old, const struct successor *s, struct ike_sa **out) ERR_MUST_CHECK;
/*
 * Remove everything the SA holds: children from the datapath, leases, virtual IPs, timers, tasks
 * (their requests fail with err and message), and free it. Jobs that are out find it gone.
 */
void sa_destroy(struct ike_sa *sa, int err, const char *message);
/* The first part of sa_destroy(): everything but the SA itself and its cached reply goes. */
void sa_strip(struct ike_sa *sa, int err, const char *message);
/*
 * Destroy, but keep answering retransmissions of the last request for SA_CLOSE_DELAY_MS: the peer
 * may have missed our last reply. The SA is in state DESTROYING, which nobody is shown.
 */
void sa_close(struct ike_sa *sa, int err, const char *message);
/* Another SPI of ours, for another attempt to initiate. */
void sa_renew_spi(struct ike_sa *sa);
/* By our SPI, or by unique id; NULL if not there. */
struct ike_sa *sa_find_spi(const struct ike *ike, uint64_t our_spi);
struct ike_sa *sa_find_uid(const struct ike *ike, uint32_t uid);
/* In use, though it may be that we are rekeying it. */
bool sa_is_up(const struct ike_sa *sa);
void sa_set_state(struct ike_sa *sa, enum ike_sa_state state);
void sa_set_half_open(struct ike_sa *sa, bool half_open);
/* Name of the connection for lines; "" until known. */
const char *sa_name(const struct ike_sa *sa);
struct log_tag sa_tag(const struct ike_sa *sa);
void sa_log(const struct ike_sa *sa, enum log_group group, int level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Install keys: makes the seals of both directions from sa->keys and sa->chosen. */
int sa_use_keys(struct ike_sa *sa) ERR_MUST_CHECK;
/* Established: state, lifetimes, timers, log line, event; frees the handshake. */
void sa_establish(struct ike_sa *sa);
/* The same for one that has replaced another by rekeying. */
void sa_succeed(struct ike_sa *sa);
/* Rekeying failed: try again in a while. */
void sa_retry_rekey(struct ike_sa *sa);
/* Move to another pair of addresses (float to port 4500, NAT mapping, MOBIKE). */
void sa_set_addresses(struct ike_sa *sa, const struct addr *local, const struct addr *remote);
/* The interface ids of its connection: made on first use, the same for all its children. */
const uint32_t *sa_if_ids(struct ike_sa *sa);
/* Virtual IPs: what this host was given, what was leased to the peer. */
int sa_add_local_vip(struct ike_sa *sa, const struct addr *vip) ERR_MUST_CHECK;
int sa_add_remote_vip(struct ike_sa *sa, const struct addr *vip) ERR_MUST_CHECK;
/* Identity of the peer as pools and lists know it, as a string to free. */
char *sa_peer_text(const struct ike_sa *sa);
/* "carol@strongswan.org" etc. into buf (cut if longer); returns buf. */
const char *sa_id_text(const struct id *id, char *buf, size_t len);

#endif
