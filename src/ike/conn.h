/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_CONN_H
#define IKE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/list.h"
#include "base/str.h"
#include "conf/conn.h"
#include "cred/cert.h"
#include "cred/id.h"
#include "ike/engine.h"

/* A loaded connection: its configuration with identities and certificates resolved.
 * Reference-counted in the engine's thread; SAs keep the one they began with. */
struct conn_auth {
	const struct conf_auth *conf;
	struct id id; /* ID_ANY if not configured and no certificate gives one */
	size_t n_certs, n_cacerts;
	struct cert **certs, **cacerts;
	struct strs cert_text, cacert_text;
	char *id_text; /* NULL: %any */
	struct ike_auth_info info;
};

struct conn {
	unsigned refs;
	struct list link;
	struct cred_store *creds; /* where its certificates are held */
	struct counters *counters;
	struct conf_conn *conf;
	size_t n_local, n_remote;
	struct conn_auth *local, *remote;
	struct ike_auth_info *local_info, *remote_info;
};

struct conn *conn_get(struct conn *c);
void conn_put(struct conn *c);
/* By name, or NULL. */
struct conn *conn_find(const struct ike *ike, const char *name);
/* The first connection that has a child of this name, or NULL. */
struct conn *conn_find_child(const struct ike *ike, const char *child);
/*
 * How well a connection's addresses match a pair of ours and theirs: 0 not at all; exact addresses
 * count more than ranges, those more than %any and names (which authentication decides).
 */
unsigned conn_match_addrs(const struct conn *c, const struct addr *local,
			  const struct addr *remote);
/*
 * How well its first-round identities match those of IKE_AUTH: remote is the initiator's IDi, local
 * the IDr it asked for (NULL or ID_ANY: any). 0 not at all.
 */
unsigned conn_match_ids(const struct conn *c, const struct id *local, const struct id *remote);
/* Whether a certificate or key check applies to the peer (remote.auth is pubkey or any). */
bool conn_wants_cert(const struct conn *c);

#endif
