/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_REPORT_H
#define IKE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"
#include "conf/conn.h"
#include "ipsec/ipsec.h"
#include "wire/proposal.h"
#include "wire/ts.h"

/* What the engine tells about its SAs. Engine's thread only. */
struct ike;

/* ---- looking -------------------------------------------------------------------------------- */

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

struct ladder_rung;

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
	/* The exchanges it came by (ladder.h); NULL: it was made in IKE_AUTH. */
	const struct ladder_rung *rungs;
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
	size_t n_dns;
	const struct addr *dns; /* servers that the peer assigned to us */
	struct strs *tasks_queued, *tasks_active, *tasks_passive; /* never NULL */
	/* The initial exchanges and, once it has been rekeyed, those that made it (ladder.h). */
	const struct ladder_rung *rungs, *rekey_rungs;
	size_t n_children;
	const struct ike_child_info *children;
};

/* All IKE SAs by unique id; everything is borrowed for the call; the callback returns false to stop
 * and must not change anything in the engine. */
void ike_each_sa(struct ike *ike, uint64_t now, bool (*fn)(void *ctx, const struct ike_sa_info *),
		 void *ctx);

struct ike_stats {
	unsigned sas, half_open, children, jobs;
	struct ipsec_drops drops;
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
	const char *alert;		    /* "local-auth-failed", ...: see swanctl(8) */
	const struct ike_sa_info *sa;	    /* may be NULL for alerts */
	const struct ike_child_info *child; /* CHILD_*; */
	const struct ike_sa_info *old_sa;   /* IKE_REKEY */
	const struct ike_child_info *old_child;
	const struct conf_conn *conf; /* for the updown hook; may be NULL */
};

const char *ike_sa_state_name(enum ike_sa_state s);	  /* "ESTABLISHED" */
const char *ike_child_state_name(enum ike_child_state s); /* "INSTALLED" */

#endif
