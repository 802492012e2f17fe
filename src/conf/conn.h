/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONN_H
#define CONF_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/node.h"
#include "wire/proposal.h"
#include "wire/ts.h"

/* What swanctl.conf says, checked and typed; immutable once built, reference-counted. */

#define CONF_UNSET UINT64_MAX /* a time or count that was not given, where the default is derived */
/* Marks and interface ids that are chosen for each SA: %unique, %unique-dir, %same. */
#define CONF_UNIQUE_ID	UINT32_MAX
#define CONF_UNIQUE_DIR (UINT32_MAX - 1)
#define CONF_SAME_MARK	(UINT32_MAX - 2)

#define CONF_TFC_MTU UINT32_MAX /* tfc_padding = mtu */

struct conf_blobs {
	size_t count;
	struct secret *items; /* file contents by vici; file names when built from a file */
};

enum conf_auth_class {
	CONF_AUTH_ANY,
	CONF_AUTH_PUBKEY,
	CONF_AUTH_PSK,
	CONF_AUTH_EAP,
	CONF_AUTH_XAUTH
};
enum conf_revocation { CONF_REVOCATION_RELAXED, CONF_REVOCATION_IFURI, CONF_REVOCATION_STRICT };
enum conf_send_cert { CONF_CERT_IFASKED, CONF_CERT_ALWAYS, CONF_CERT_NEVER };
enum conf_frag { CONF_FRAG_YES, CONF_FRAG_ACCEPT, CONF_FRAG_NO, CONF_FRAG_FORCE };
enum conf_unique { CONF_UNIQUE_NO, CONF_UNIQUE_NEVER, CONF_UNIQUE_KEEP, CONF_UNIQUE_REPLACE };
enum conf_childless {
	CONF_CHILDLESS_ALLOW,
	CONF_CHILDLESS_PREFER,
	CONF_CHILDLESS_FORCE,
	CONF_CHILDLESS_NEVER
};
enum conf_pq { CONF_PQ_PREFER, CONF_PQ_REQUIRE, CONF_PQ_OFF };
enum conf_action { CONF_ACTION_NONE = 0, CONF_ACTION_TRAP = 1, CONF_ACTION_START = 2 }; /* bits */
enum conf_dscp { CONF_DSCP_NO = 0, CONF_DSCP_OUT = 1, CONF_DSCP_IN = 2 };		/* bits */
enum conf_mode { CONF_MODE_TUNNEL, CONF_MODE_TRANSPORT, CONF_MODE_PASS, CONF_MODE_DROP };

/* One local or remote authentication round. */
struct conf_auth {
	char *name; /* section name: "local", "remote-2" */
	unsigned round;
	enum conf_auth_class cls;
	char *eap_method; /* "tls", ... of eap-tls; NULL: any */
	/* Key and signature constraints of `auth` in its order: "rsa", "rsa-3072", "rsa/pss",
	 * "sha256"; "ike:" before those that only bind the IKE signature, not the chain. */
	struct strs sig_allowed;
	char *id, *eap_id, *aaa_id, *xauth_id, *ca_id; /* text; NULL when not given */
	struct strs groups, cert_policy;
	struct conf_blobs certs, cacerts, pubkeys;
	enum conf_revocation revocation;
};

struct conf_ts {
	bool dynamic; /* the virtual IP or outer address; protocol and ports from ts */
	struct ts ts;
};

struct conf_child {
	char *name;
	struct proposals *esp; /* in order of preference; default filled in */
	size_t n_local_ts, n_remote_ts;
	struct conf_ts *local_ts, *remote_ts; /* "dynamic" filled in */
	uint64_t rekey_time, life_time,
		rand_time; /* seconds; derived defaults filled in; 0 never */
	uint64_t rekey_bytes, life_bytes, rand_bytes;
	uint64_t rekey_packets, life_packets, rand_packets;
	enum conf_mode mode;
	enum conf_action dpd_action, start_action, close_action;
	bool policies, policies_fwd_out, hostaccess, sha256_96;
	bool copy_df, copy_ecn;
	enum conf_dscp copy_dscp;
	uint32_t tfc; /* bytes; CONF_TFC_MTU */
	char *updown, *interface;
	uint32_t reqid, priority, replay_window;
	/* CONF_UNIQUE_ID, CONF_UNIQUE_DIR; set_mark also CONF_SAME_MARK */
	uint32_t mark_in, mark_in_mask, mark_out, mark_out_mask, if_id_in, if_id_out;
	uint32_t set_mark_in, set_mark_in_mask, set_mark_out, set_mark_out_mask;
	bool mark_in_sa;
	uint64_t inactivity; /* seconds */
};

struct conf_conn {
	unsigned refs; /* conf_conn_get/put only */
	char *name;
	unsigned version;		       /* 0, 1, 2 as given; 1 alone is refused */
	struct strs local_addrs, remote_addrs; /* text: "%any", addresses, names, CIDR, ranges */
	uint16_t local_port, remote_port;      /* 500 */
	struct proposals *ike;
	struct strs vips; /* text: "0.0.0.0", "::", an address */
	struct strs pools;
	bool encap, mobike, send_certreq, ppk_required;
	char *ppk_id;
	enum conf_frag fragmentation;
	enum conf_childless childless;
	enum conf_pq pq; /* `ike` has only what it allows */
	enum conf_send_cert send_cert;
	enum conf_unique unique;
	unsigned keyingtries; /* 0 for ever */
	uint8_t dscp;
	uint64_t dpd_delay, dpd_timeout, reauth_time, rekey_time, over_time,
		rand_time; /* seconds */
	uint32_t if_id_in, if_id_out;
	size_t n_local, n_remote, n_children;
	struct conf_auth *local, *remote; /* in round order */
	struct conf_child *children;
};

/*
 * Build from the section of one connection (its name is the node's). All errors are added to errs:
 * "unknown option 'x' in connections.home, did you mean 'y'?", "invalid value ...: expected ...",
 * "option 'x' is not supported". E_CONFIG if there was any; then *out is NULL.
 */
int conf_conn_build(const struct conf_node *node, struct conf_errors *errs,
		    struct conf_conn **out) ERR_MUST_CHECK;
struct conf_conn *conf_conn_get(const struct conf_conn *c);
void conf_conn_put(struct conf_conn *c);
/* Whether the IKE part (all but children) is the same; whether a child is. */
bool conf_conn_equal_ike(const struct conf_conn *a, const struct conf_conn *b);
bool conf_child_equal(const struct conf_child *a, const struct conf_child *b);
const struct conf_child *conf_conn_child(const struct conf_conn *c, const char *name);

/* A section of pools{}, authorities{} and secrets{} likewise. */
struct conf_pool {
	char *name, *addrs;
	size_t n_attrs;
	struct conf_pool_attr {
		uint16_t cp_type;
		uint8_t value[32];
		uint8_t len;
	} * attrs;
};
int conf_pool_build(const struct conf_node *node, struct conf_errors *errs,
		    struct conf_pool *out) ERR_MUST_CHECK;
void conf_pool_done(struct conf_pool *p);

struct conf_secret {
	char *name; /* section name: "ike-1" */
	char *type; /* "ike", "eap", "ppk", "private", "rsa", "ecdsa", "pkcs8", "pkcs12", ... */
	char *file; /* of private-key passphrases */
	struct secret secret;
	struct strs ids;
};
int conf_secret_build(const struct conf_node *node, struct conf_errors *errs,
		      struct conf_secret *out) ERR_MUST_CHECK;
void conf_secret_done(struct conf_secret *s);

/*
 * Check a whole swanctl.conf tree against the schema, connection by connection; errors of all
 * sections are added, and sorted by position. Unknown top-level sections too, unless others inherit
 * from them.
 */
void conf_check_swanctl(const struct conf_node *root, struct conf_errors *errs);

#endif
