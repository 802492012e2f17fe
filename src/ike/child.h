/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_CHILD_H
#define IKE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "base/secret.h"
#include "conf/conn.h"
#include "ike/engine.h"
#include "ike/keying.h"
#include "ike/timer.h"
#include "wire/msg.h"
#include "wire/proposal.h"
#include "wire/ts.h"

struct conn;
struct ike;
struct ike_sa;
struct keys_child;

/* A CHILD SA: from the moment it is negotiated until its SAs are out of the datapath. */
struct child {
	struct ike_sa *sa;
	struct list link; /* sa->children */
	uint32_t uid, reqid;
	struct conn *conn; /* a reference; keeps conf */
	const struct conf_child *conf;
	enum ike_child_state state;
	bool initiator; /* of the exchange that made it: whose keys are whose */
	uint32_t spi_in, spi_out;
	struct proposal chosen;
	struct ts_list ts_local, ts_remote;
	enum ipsec_mode mode; /* agreed on */
	/* Transport mode behind a NAT: addresses in the peer's selectors that the outer ones stand
	 * for here (RFC 7296 section 2.23.1); AF_UNSPEC: none. */
	struct addr told_local, told_remote;
	struct ipsec_labels labels;
	bool has_packet; /* it is made for the packet of a trap, whose selectors these are */
	struct ts packet_src, packet_dst;
	uint32_t handle; /* in the datapath, 0 none */
	bool encap;
	uint64_t installed;	      /* ms */
	uint64_t rekey_at, expire_at; /* ms, 0 never */
	struct timer rekey;
	struct timer expire;
	struct timer idle;
	uint64_t idle_since; /* ms: of traffic before that nothing is known here */
	uint32_t rekeys;     /* uid of the child that this one is to replace; 0 none */
	struct timer watch;  /* for the first packet from the peer (child_take_over) */
	unsigned failures;   /* rekeying failed so often in a row */
	bool up;	     /* listeners know of it; whoever replaces it takes this over */
	bool replaced;	     /* another one took over */
	bool redundant;	     /* lost a collision: the side that made it deletes it */
	bool inbound_only;   /* sends when it takes over, or never */
	bool muted;	     /* its outbound half is gone */
	struct secret encr_out, integ_out; /* keys of the half that is not installed yet */
	struct keying keying; /* while CREATE_CHILD_SA is under way; the nonces stay longer */
};

/* A new CHILD SA of a configuration, with an inbound SPI reserved, linked to the SA. E_LIMIT,
 * E_FULL. */
int child_new(struct ike_sa *sa, struct conn *conn, const struct conf_child *conf, bool initiator,
	      struct child **out) ERR_MUST_CHECK;
/* Take it out of the datapath, tell listeners if it was up, and free it. */
void child_destroy(struct child *c);
/* The CHILD SA with this SPI (host order): inbound ours, or outbound the peer's; NULL. */
struct child *child_find_in(struct ike_sa *sa, uint32_t spi);
struct child *child_find_out(struct ike_sa *sa, uint32_t spi);
struct child *child_find_uid(struct ike_sa *sa, uint32_t uid);
void child_set_state(struct child *c, enum ike_child_state state);

/* What we propose: the configured selectors with "dynamic" filled in. `any` fills dynamic local
 * selectors with 0.0.0.0/0 or ::/0, as the vips that were asked for are still to come. */
void child_local_ts(const struct child *c, bool any, struct ts_list *out);
void child_remote_ts(const struct child *c, struct ts_list *out);
/* Put SA, [No, KE], TSi, TSr of our offer; KE data and nonce empty in IKE_AUTH. */
struct child_offer {
	struct view nonce, ke_data;
	bool any_ts;
};
void child_put_offer(const struct child *c, const struct child_offer *offer, struct wire_writer *w);
/* Put SA, [No, KE], TSi, TSr of our answer. */
void child_put_answer(const struct child *c, struct view nonce, struct view ke_data,
		      struct wire_writer *w);

struct child_request {
	const struct wire_msg *msg;
	bool without_ke;	       /* in IKE_AUTH */
	struct conn *conn;	       /* of a rekey: only this configuration; else NULL */
	const struct conf_child *conf; /* the same */
};
/*
 * Responder: find the configuration whose selectors and proposals meet the request, and decide on
 * it: *out is a new child with chosen, selectors and SPIs set. On failure the notify to answer with
 * goes to *out_notify and the lines say why.
 */
int child_accept(struct ike_sa *sa, const struct child_request *request, struct child **out,
		 uint16_t *out_notify) ERR_MUST_CHECK;
#define CHILD_WHY_MAX 160
/* Initiator: the peer refused the child with an error notify. Logs that with what was offered
 * and the option that decides it, and writes a short text for the asker to out_why. */
void child_log_refused(struct child *c, uint16_t notify, char out_why[CHILD_WHY_MAX]);
/* Initiator: check the peer's answer against what was offered. */
int child_check_answer(struct child *c, const struct wire_msg *msg, bool without_ke,
		       uint16_t *out_notify) ERR_MUST_CHECK;
/* What an error notify in place of the answer means to whoever asked: an E_* number. */
int child_refusal(uint16_t notify);
/*
 * Derive keys (shared empty without PFS, those of further exchanges included) and install; lines,
 * timers, event. With c->inbound_only the outbound half waits for child_take_over().
 */
int child_establish(struct child *c, struct view shared, struct view ni,
		    struct view nr) ERR_MUST_CHECK;
/* Install the outbound half of a child that was established with inbound_only. */
int child_install_out(struct child *c) ERR_MUST_CHECK;
/* Counters from the datapath; false if not installed. */
bool child_info(struct child *c, uint64_t now, struct ike_child_info *out);

/* ---- replacing (child_rekey.c) ---- */

/* The child that another one is about to replace, or NULL. */
struct child *child_find_rekeyed(const struct child *fresh);
/* The child of an exchange of ours (or the peer's) that is to replace this one and has not lost a
 * collision, or NULL. */
struct child *child_find_heir(const struct child *old, bool ours);
/* Whether a child is being rekeyed, by an exchange of ours or of the peer. */
bool child_is_rekeying(const struct child *c);
/* New keys are due (a timer, or a soft limit of the datapath). */
void child_rekey_due(struct child *c);
/* Rekeying failed: try again in a while. */
void child_retry_rekey(struct child *c);
/*
 * The new child sends from now on, and takes the place of the one that it rekeys: its outbound half
 * is installed if it was not, listeners are told. Nothing if it did so already.
 */
void child_take_over(struct child *fresh);
/* Responder of a rekey: go on sending with the old child until the peer deletes it or sends with
 * the new one (RFC 7296 section 2.8). */
void child_await_peer(struct child *fresh);
/* Send no more with this child; it goes on receiving. */
void child_mute(struct child *c);
/* Its delete has been exchanged. A replaced child goes on receiving for delete_rekeyed_delay; any
 * other is destroyed. */
void child_close(struct child *c);
/* Start what start_action of a newly loaded connection says. */
void child_start_actions(struct ike *ike, struct conn *conn, bool fresh);

#endif
