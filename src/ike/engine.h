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
#include "conf/conn.h"
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
	/* A DNS server that a peer assigned came, or is to go again. May be NULL. */
	void (*dns)(void *ctx, const struct addr *server, bool add);
	/* Wall-clock seconds, for certificates and lists. */
	int64_t (*wall)(void *ctx);
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

/* ---- connections ------------------------------------------------------------------------------ */

enum ike_load_result { IKE_CONN_ADDED, IKE_CONN_UPDATED, IKE_CONN_REPLACED, IKE_CONN_UNCHANGED };

/*
 * Add or replace the connection of that name (takes a reference). Certificates of the
 * configuration are added to the credential store. On failure E_CONFIG and *out_why (to free) says
 * why; the old one stays.
 */
int ike_load_conn(struct ike *ike, uint64_t now, const struct conf_conn *conn,
		  enum ike_load_result *out, char **out_why) ERR_MUST_CHECK;
/* E_NOTFOUND. Established SAs stay up. */
int ike_unload_conn(struct ike *ike, uint64_t now, const char *name) ERR_MUST_CHECK;

/* What list-conns shows beyond the configuration itself: identities and certificates as text. */
struct ike_auth_info {
	const struct conf_auth *conf;
	const char *id;		    /* NULL: %any */
	const struct strs *certs;   /* subjects */
	const struct strs *cacerts; /* subjects */
};
struct ike_conn_info {
	const struct conf_conn *conf;
	size_t n_local, n_remote;
	const struct ike_auth_info *local, *remote;
};
/* In load order; the callback returns false to stop and must not load or unload. */
void ike_each_conn(const struct ike *ike, bool (*fn)(void *ctx, const struct ike_conn_info *),
		   void *ctx);

/* ---- control ---------------------------------------------------------------------------------- */

struct ike_request; /* an initiate or terminate that somebody waits for */

struct ike_request_result {
	int err;	     /* 0, or why */
	const char *message; /* text for the user when err; borrowed for the call */
	unsigned matches, terminated;
};

struct ike_initiate_params {
	const char *ike;   /* connection name or NULL: the one that has the child */
	const char *child; /* child name or NULL: only the IKE SA */
	/* Called once, from within an engine call, when it is up or has failed; may be NULL. */
	void (*done)(void *ctx, const struct ike_request_result *result);
	void *ctx;
};

/*
 * Start. E_NOTFOUND (no such configuration; done is not called), else 0 and *out_request (may be
 * NULL) until done was called. *out_request is NULL if done was called already.
 */
int ike_initiate(struct ike *ike, uint64_t now, const struct ike_initiate_params *params,
		 struct ike_request **out_request) ERR_MUST_CHECK;
/* The asker does not want to know any more: done will not be called; what was begun goes on. */
void ike_request_cancel(struct ike *ike, struct ike_request *request);
/* Unique id of the IKE SA a request is about: to pick its log lines; 0 if none (yet). */
uint32_t ike_request_sa(const struct ike_request *request);

struct ike_terminate_params {
	const char *ike, *child;   /* names, or NULL */
	uint32_t ike_id, child_id; /* unique ids, or 0 */
	bool force;		   /* do not wait for the peer's answer */
	void (*done)(void *ctx, const struct ike_request_result *result);
	void *ctx;
};
/* E_CONFIG without any selector, E_NOTFOUND when nothing matches (done is not called). */
int ike_terminate(struct ike *ike, uint64_t now, const struct ike_terminate_params *params,
		  struct ike_request **out_request) ERR_MUST_CHECK;

/* ---- what the datapath reports (struct ipsec_events) -------------------------------------------- */

/* A byte or packet limit: a hard one ends the CHILD SA. */
void ike_datapath_expire(struct ike *ike, uint64_t now, uint32_t handle, bool hard);
/* Authentic ESP of a peer behind a NAT came from another address or port: follow it. */
void ike_datapath_mapping(struct ike *ike, uint64_t now, uint32_t handle,
			  const struct addr *remote);

/* ---- looking ---------------------------------------------------------------------------------- */

enum ike_sa_state {
	IKE_S_CREATED,
	IKE_S_CONNECTING,
	IKE_S_ESTABLISHED,
	IKE_S_REKEYING,
	IKE_S_REKEYED,
	IKE_S_DELETING,
	IKE_S_DESTROYING
};
enum ike_child_state {
	CHILD_S_CREATED,
	CHILD_S_ROUTED,
	CHILD_S_INSTALLING,
	CHILD_S_INSTALLED,
	CHILD_S_REKEYING,
	CHILD_S_REKEYED,
	CHILD_S_DELETING,
	CHILD_S_DELETED
};

struct ike_child_info {
	const char *name;
	uint32_t uid, reqid;
	enum ike_child_state state;
	enum conf_mode mode;
	bool encap;	/* ESP in UDP */
	bool installed; /* the members below are valid */
	uint32_t spi_in, spi_out;
	const struct proposal *chosen; /* ESP, one transform a type */
	uint64_t bytes_in, packets_in, bytes_out, packets_out;
	uint64_t use_in, use_out; /* seconds ago; UINT64_MAX never */
	uint64_t dropped_policy_in, dropped_policy_out, dropped_replay, dropped_auth;
	uint64_t installed_ago;	       /* seconds, as the next two */
	uint64_t rekey_in, expires_in; /* UINT64_MAX: never */
	const struct ts_list *ts_local, *ts_remote;
	uint32_t mark_in, mark_in_mask, mark_out, mark_out_mask, if_id_in, if_id_out;
};

struct ike_sa_info {
	const char *name; /* connection */
	uint32_t uid;
	enum ike_sa_state state;
	bool initiator;
	uint64_t spi_i, spi_r;
	struct addr local, remote;
	const char *local_id, *remote_id; /* "%any" until known */
	const char *remote_eap_id;	  /* NULL unless EAP */
	bool nat_local, nat_remote, nat_fake, nat_any;
	const struct proposal *chosen; /* NULL until chosen */
	bool ppk;
	uint64_t established_ago;     /* seconds; UINT64_MAX: not established */
	uint64_t rekey_in, reauth_in; /* seconds; UINT64_MAX: never */
	size_t n_local_vips, n_remote_vips;
	const struct addr *local_vips, *remote_vips;
	struct strs *tasks_queued, *tasks_active, *tasks_passive; /* never NULL */
	size_t n_children;
	const struct ike_child_info *children;
};

/* All IKE SAs by unique id; everything is borrowed for the call; the callback returns false to stop
 * and must not change anything in the engine. */
void ike_each_sa(struct ike *ike, uint64_t now, bool (*fn)(void *ctx, const struct ike_sa_info *),
		 void *ctx);

struct ike_stats {
	unsigned sas, half_open, children, jobs;
};
void ike_get_stats(const struct ike *ike, struct ike_stats *out);

enum ike_event_type {
	IKE_EV_IKE_UPDOWN,
	IKE_EV_CHILD_UPDOWN,
	IKE_EV_IKE_REKEY,
	IKE_EV_CHILD_REKEY,
	IKE_EV_IKE_UPDATE,
	IKE_EV_ALERT,
};
struct ike_event {
	enum ike_event_type type;
	bool up;
	const char *alert;		    /* "local-auth-failed", ... of the reference */
	const struct ike_sa_info *sa;	    /* may be NULL for alerts */
	const struct ike_child_info *child; /* CHILD_*; */
	const struct ike_sa_info *old_sa;   /* IKE_REKEY */
	const struct ike_child_info *old_child;
	const struct conf_conn *conf; /* for the updown hook; may be NULL */
};

const char *ike_sa_state_name(enum ike_sa_state s);	  /* "ESTABLISHED" */
const char *ike_child_state_name(enum ike_child_state s); /* "INSTALLED" */

#endif
