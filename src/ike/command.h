/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_COMMAND_H
#define IKE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/conn.h"
#include "ipsec/ipsec.h"

/* What the control side asks of the engine (ike/engine.h). Engine's thread only. */
struct ike;

/* ---- connections ---------------------------------------------------------------------------- */

enum ike_load_result { IKE_CONN_ADDED, IKE_CONN_UPDATED, IKE_CONN_REPLACED, IKE_CONN_UNCHANGED };

/*
 * Add or replace the connection of that name (takes a reference). Certificates of the configuration
 * are held in the credential store as long as anybody uses it. On failure E_CONFIG and *out_why (to
 * free) says why; the old one stays.
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

/* ---- control -------------------------------------------------------------------------------- */

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

struct ike_rekey_params {
	const char *ike, *child;   /* names, or NULL */
	uint32_t ike_id, child_id; /* unique ids, or 0 */
	bool reauth;		   /* IKE SAs: set up anew with authentication instead */
};
/*
 * Have what matches rekeyed: CHILD SAs if a child is named (by name or id), else IKE SAs. Nobody
 * waits: *out_matches says how many, those included that are being rekeyed already. E_CONFIG
 * without any selector, E_NOTFOUND when nothing matches, E_UNSUPPORTED for reauth of an SA
 * that only the peer can reauthenticate, E_NOMEM, E_LIMIT
 * if one of the matches could not be queued.
 */
int ike_rekey(struct ike *ike, uint64_t now, const struct ike_rekey_params *params,
	      unsigned *out_matches) ERR_MUST_CHECK;

/* Which clients are to go where (RFC 5685 section 5). All selectors given must match. */
struct ike_redirect_params {
	const char *ike;     /* connection name, or NULL */
	uint32_t ike_id;     /* unique id, or 0 */
	const char *peer_ip; /* the peer's address, or a subnet or range it is in; or NULL */
	const char *peer_id; /* its identity, or a pattern ("*@example.org"); or NULL */
	const char *gateway; /* IPv4 or IPv6 address, or a domain name */
};
/*
 * Tell the clients of all established IKE SAs that match to go to another gateway; they set up an
 * SA there and delete this one. Only clients that announced REDIRECT_SUPPORTED are told. Returns 0
 * when at least one is being told; *out_matches is how many. E_CONFIG: no selector, or one that
 * cannot be read, or no gateway; E_NOTFOUND: nobody to tell. *out_why then says so (to free; may be
 * NULL).
 */
int ike_redirect(struct ike *ike, uint64_t now, const struct ike_redirect_params *params,
		 unsigned *out_matches, char **out_why) ERR_MUST_CHECK;

/* ---- policies without an SA: traps, and what mode = pass or drop says ----------------------- */

/*
 * Install the policy of a child of a loaded connection: a trap, or a shunt if its mode is pass or
 * drop; what start_action = trap and these modes do when a connection is loaded. conn may be NULL:
 * the first connection with such a child. It goes with the connection. 0 also when it is there
 * already; E_NOTFOUND; else *out_why (to free, may be NULL) says what does not do.
 */
int ike_install(struct ike *ike, uint64_t now, const char *conn, const char *child,
		char **out_why) ERR_MUST_CHECK;
/* Take it away; SAs that it led to stay. E_NOTFOUND: no such policy. */
int ike_uninstall(struct ike *ike, uint64_t now, const char *conn,
		  const char *child) ERR_MUST_CHECK;

struct ike_policy_info {
	enum ipsec_policy_kind kind;
	const char *conn, *child;
	uint32_t reqid;	     /* of a trap; else 0 */
	enum conf_mode mode; /* tunnel or transport; pass, drop */
	const struct ts_list *ts_local, *ts_remote;
};
/* Those that are installed, in order of installation; everything is borrowed for the call. The
 * callback returns false to stop and must not change anything in the engine. */
void ike_each_policy(const struct ike *ike, bool (*fn)(void *ctx, const struct ike_policy_info *),
		     void *ctx);

#endif
