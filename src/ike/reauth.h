/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_REAUTH_H
#define IKE_REAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ike/timer.h"
#include "wire/msg.h"

struct child;
struct ike;
struct ike_sa;

/*
 * Reauthentication (RFC 7296 section 2.8.3): another IKE SA with the same children takes the place
 * of one, whose peer has so proved its identity once more. By charon.make_before_break it is set up
 * before the old one is deleted, else afterwards.
 */

/* What an SA knows of it. All-zero is none. */
struct reauth {
	struct timer due;
	uint64_t at;	    /* ms: when it is due; 0 never; kept when the SA is rekeyed */
	uint32_t successor; /* uid of the SA that is being set up in its place; 0 none */
	bool breaking;	    /* its deletion is under way, then it is set up anew */
	bool yields;	    /* made in place of one that the peer had made: if the peer */
	uint64_t made;	    /* reauthenticates at the same time (ms), its SA is the one */
	bool lost;	    /* it is not wanted any more: deleted as soon as that can be said */
	unsigned failures;  /* in a row */
};

/* ---- when ---- */

/* Start the timer of sa->reauth.at. */
void reauth_schedule(struct ike_sa *sa);
/* The SA has been rekeyed: what is due, or under way, is so for the new one. */
void reauth_inherit(struct ike_sa *from, struct ike_sa *to);
/* Responder: put AUTH_LIFETIME (RFC 4478) into the last IKE_AUTH response, if the SA is to be
 * reauthenticated and only the peer can do that. */
void reauth_put_lifetime(struct ike_sa *sa, struct wire_writer *w);
/* Initiator: reauthenticate before the time that an AUTH_LIFETIME of the message sets. */
void reauth_take_lifetime(struct ike_sa *sa, const struct wire_msg *msg);

/* ---- doing it ---- */

/* Begin, unless it is under way. E_UNSUPPORTED (with a line): this side cannot, as it did not set
 * the SA up and has leased addresses to the peer or knows none to call. E_BUSY: the peer has begun.
 * E_NOMEM, E_LIMIT. */
int reauth_begin(struct ike_sa *sa) ERR_MUST_CHECK;
/* Whether it is under way: nothing new is to be built on this SA. */
bool reauth_is_under_way(const struct ike_sa *sa);
/* Somebody wants the SA gone: give up what is under way. */
void reauth_cancel(struct ike_sa *sa);
/*
 * An SA that is deleted to be set up anew goes: what the new one needs, to be handed to
 * reauth_go() when the old one is gone. NULL if it is not to be set up anew. `crossed`: it goes by
 * a delete of the peer; if both sides reauthenticate, the one that made the SA goes on.
 */
struct reauth_plan *reauth_leave(struct ike_sa *sa, bool crossed);
/* Set it up; NULL is nothing. */
void reauth_go(struct reauth_plan *plan);

/* ---- beside the old one ---- */

/* The peer has set up this SA. If we were about to reauthenticate it at the same time, and the SA
 * that goes was of its making, ours is given up. */
void reauth_crossed(struct ike_sa *sa);
/* The child that another SA with the same peer has of the same configuration, with the same
 * selectors; NULL. */
struct child *reauth_twin(const struct child *c);

#endif
