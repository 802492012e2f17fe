/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_MOBIKE_H
#define IKE_MOBIKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "ike/path.h"
#include "wire/msg.h"

struct ike_sa;

/*
 * MOBIKE (RFC 4555). The initiator of an IKE SA decides about its addresses: it moves when the path
 * in use cannot work any more or does not answer. Both sides tell each other their addresses.
 */

#define MOBIKE_MAX_PEER	 8 /* additional addresses of a peer that are kept */
#define MOBIKE_MAX_PAIRS 16
#define MOBIKE_COOKIE2	 16 /* bytes; RFC 4555 section 4.2.5 wants 8..64 */
#define MOBIKE_NATD	 20

/* All-zero is the beginning. */
struct mobike {
	size_t n_peer, n_told;
	struct addr peer[MOBIKE_MAX_PEER]; /* its addresses beside the one in use */
	struct addr told[PATH_MAX_OWN];	   /* ours, as the peer knows them */
	struct addr verified;		   /* of the peer: it can receive there */
	/* Due in the next exchange: a move, our addresses, a return routability check */
	bool update, announce, check;
	bool probed;			 /* the request in flight went several ways */
	bool updating;			 /* the exchange in flight is a move */
	uint64_t since;			 /* ms, of the exchange in flight */
	bool stranded;			 /* this host has no path at all: nothing times out */
	unsigned refusals;		 /* of the present move */
	uint8_t cookie2[MOBIKE_COOKIE2]; /* of the exchange in flight */
	bool seen_known;
	uint8_t seen[MOBIKE_NATD]; /* NAT_DETECTION_DESTINATION_IP: where the peer sees us */
};

/* ---- IKE_AUTH ---- */

/* Put MOBIKE_SUPPORTED and our addresses. */
void mobike_put_supported(struct ike_sa *sa, struct wire_writer *w);
/* Learn whether the peer can, and its addresses; the connection of the SA is known. */
void mobike_take_supported(struct ike_sa *sa, const struct wire_msg *msg);
/* Whether the peer forbids NATs and there is one: the request is to be refused with
 * UNEXPECTED_NAT_DETECTED (section 3.9). */
bool mobike_nat_forbidden(const struct ike_sa *sa, const struct wire_msg *msg);

/* ---- INFORMATIONAL ---- */

/* The MOBIKE part of a request: acts on it and puts the answer. */
void mobike_request(struct ike_sa *sa, const struct wire_msg *msg, struct wire_writer *w);
/* It has been answered: what follows from it. */
void mobike_replied(struct ike_sa *sa);
/* Put NAT detection into a liveness check where a mapping may have changed, and look at the answer
 * (section 3.8). */
void mobike_put_dpd(struct ike_sa *sa, struct wire_writer *w);
void mobike_take_dpd(struct ike_sa *sa, const struct wire_msg *msg);

/* ---- paths ---- */

/* An authentic request or response came by these addresses. */
void mobike_arrived(struct ike_sa *sa, bool response, const struct addr *local,
		    const struct addr *remote);
/* Whether the request in flight goes on though its retransmissions are over: a client that roams
 * needs time to come back, and that it does not answer to our moving is no reason to give it up. */
bool mobike_is_patient(const struct ike_sa *sa);
/* The request in flight has been sent again and may need another path: tries them (3.10). */
void mobike_probe(struct ike_sa *sa);

#endif
