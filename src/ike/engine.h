/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_ENGINE_H
#define IKE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "ike/command.h"
#include "ike/report.h"
#include "ike/settings.h"

/*
 * The IKEv2 engine. One thread calls it; it does no I/O and reads no clock: datagrams, the time and
 * completed jobs come in by these functions, everything else goes out through the hooks. Times are
 * milliseconds of one monotonic clock of the caller's choice.
 */
struct ike;
struct ike_job;
struct ike_event;
struct cred_store;
struct pool_set;
struct ipsec;
struct ts;

struct ike_hooks {
	void *ctx;
	/*
	 * Send an IKE message. local.port says from which of our sockets (settings.port or
	 * settings.port_natt); the sender adds the non-ESP marker on the latter. Must copy.
	 */
	void (*send)(void *ctx, const struct addr *local, const struct addr *remote,
		     struct view message);
	/* A NAT keepalive: one 0xFF octet from the NAT-T port (RFC 3948 section 2.3). */
	void (*keepalive)(void *ctx, const struct addr *local, const struct addr *remote);
	/* Cryptographic random bytes; 0 or E_IO. */
	int (*random)(void *ctx, uint8_t *out, size_t len);
	/*
	 * Have ike_job_run(job) called in some thread, then ike_job_done() in the engine's. Never
	 * calls back before it returns.
	 */
	void (*submit)(void *ctx, struct ike_job *job);
	/* The local address the host would use towards remote (port ignored). E_NOTFOUND. */
	int (*source)(void *ctx, const struct addr *remote, struct addr *out);
	/* This host's addresses, at most max of them; returns how many (RFC 4555 section 3.6). */
	size_t (*addresses)(void *ctx, struct addr *out, size_t max);
	/*
	 * Whether a packet from this address of ours can go to remote: it is on an interface that
	 * is up, and the route from it leads there. NULL: only what `source` chooses can.
	 */
	bool (*usable)(void *ctx, const struct addr *local, const struct addr *remote);
	/*
	 * Whether a client that asks for an IKE SA shall go to another gateway (RFC 5685): if so
	 * its name or address, which lives until the next call, else NULL. id is its proven
	 * identity, NULL before it has one (IKE_SA_INIT). May be NULL: nobody is redirected.
	 */
	const char *(*redirect)(void *ctx, const struct addr *remote, const char *id);
	/* A DNS server that a peer assigned came, or is to go again. May be NULL. */
	void (*dns)(void *ctx, const struct addr *server, bool add);
	/* Wall-clock seconds, for certificates and lists. */
	int64_t (*wall)(void *ctx);
	/*
	 * Microseconds of the clock of `now`, to tell people how long exchanges took (ladder.h):
	 * nothing is decided by them. NULL: the milliseconds of `now` will do.
	 */
	uint64_t (*micros)(void *ctx);
	/* Something happened to an SA (engine.h: ike_event). May be NULL. */
	void (*event)(void *ctx, const struct ike_event *event);
	/* Keys of an SA, for the key log of settings.save_keys; may be NULL. */
	void (*keys)(void *ctx, const struct ike_keylog *keys);
};

struct ike_params {
	struct ike_settings settings;
	struct ike_hooks hooks;
	struct log *log; /* borrowed, as are the next three; they outlive the engine */
	struct cred_store *creds;
	struct pool_set *pools;
	struct ipsec *ipsec;
};

int ike_new(const struct ike_params *params, struct ike **out) ERR_MUST_CHECK;
/*
 * Free all state at once, without telling peers. No job may be out: call ike_shutdown() first and
 * wait for ike_is_idle().
 */
void ike_free(struct ike *ike);

/* A datagram without marker, received at local (port set) from remote. */
void ike_input(struct ike *ike, uint64_t now, const struct addr *local, const struct addr *remote,
	       struct view message);
/*
 * Addresses, links or routes of this host have changed: SAs move to a path that works (RFC 4555),
 * peers are told our addresses. Cheap when nothing matters to an SA.
 */
void ike_addresses_changed(struct ike *ike, uint64_t now);
/* Run what is due. */
void ike_tick(struct ike *ike, uint64_t now);
/* When ike_tick() is due next; UINT64_MAX if never. */
uint64_t ike_deadline(const struct ike *ike);
/* The slow part of a job; any thread. */
void ike_job_run(struct ike_job *job);
/* Back in the engine's thread: commits or discards the result and frees the job. */
void ike_job_done(struct ike *ike, struct ike_job *job, uint64_t now);
/* Delete all SAs (deletes are sent once), refuse new ones. */
void ike_shutdown(struct ike *ike, uint64_t now);
/* No SA and no job is left. */
bool ike_is_idle(const struct ike *ike);
/* Take other settings (reload); SAs keep what they began with. */
void ike_set_settings(struct ike *ike, const struct ike_settings *settings);

/* ---- what the datapath reports (struct ipsec_events) ---------------------------------------- */

/* A byte or packet limit: a hard one ends the CHILD SA. */
void ike_datapath_expire(struct ike *ike, uint64_t now, uint32_t handle, bool hard);
/* A packet (its addresses, protocol and ports) met a trap: set up the child that it is for. */
void ike_datapath_acquire(struct ike *ike, uint64_t now, uint32_t reqid, const struct ts *src,
			  const struct ts *dst);
/* Authentic ESP of a peer behind a NAT came from another address or port: follow it. */
void ike_datapath_mapping(struct ike *ike, uint64_t now, uint32_t handle,
			  const struct addr *remote);

#endif
