/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_LADDER_H
#define IKE_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/msg.h"

struct ike_sa;
struct sign_scheme;

/*
 * What the exchanges were like that made an IKE SA or a CHILD SA: sizes, packets, times and
 * methods. A ladder is what one SA came by, a rung one exchange of it. For people to look at (the
 * vici command `trace`): nothing is decided by it, and where no memory is left there is none.
 */

#define LADDER_MAX 16 /* rungs of one ladder; what comes after them is not kept */

/* A request or a response. */
struct ladder_message {
	uint32_t bytes;	  /* of the IKE message, as if it were not fragmented; 0: not whole yet */
	uint16_t packets; /* that it takes: its fragments, or 1 */
	uint16_t seen;	  /* that were sent or came, again and again included */
};

struct ladder_rung {
	struct ladder_rung *next;
	uint64_t began; /* us: the first packet of the request was sent or came */
	uint32_t took;	/* us from there to the whole response; UINT32_MAX: not complete */
	uint32_t msgid;
	uint8_t exchange;
	bool ours; /* the request */
	uint8_t refs;
	uint8_t auth_request, auth_response; /* ladder_auth_name() */
	uint16_t ke;			     /* method of the KE payloads; 0: none */
	uint16_t notify;		     /* error or COOKIE in the response; 0: none */
	struct ladder_message request, response;
};

/* The first rung, or NULL. All-zero is empty. */
struct ladder {
	struct ladder_rung *first;
};

void ladder_done(struct ladder *l);
/* *to, which is freed, has what *from had. */
void ladder_move(struct ladder *to, struct ladder *from);
/* Leave the rungs that the SA is at, which may be of its children's or successor's. */
void ladder_leave(struct ike_sa *sa);

/* ---- our requests --------------------------------------------------------------------------- */

/* The request of the task in flight is made, with these bytes and packets. */
void ladder_asks(struct ike_sa *sa, uint8_t exchange, size_t bytes, size_t packets);
/* So many packets of it are sent; also again. */
void ladder_sends(struct ike_sa *sa, size_t packets);

/* ---- the peer's ----------------------------------------------------------------------------- */

/* An authentic packet of a request has come. */
void ladder_is_asked(struct ike_sa *sa, const struct wire_hdr *hdr);
/* What it asks for is this ladder's: of what is negotiated over an established SA. */
void ladder_attach(struct ladder *l, struct ike_sa *sa);
/* The reply is made. */
void ladder_replies(struct ike_sa *sa, size_t bytes, size_t packets);
/* So many packets of it are sent; also again. */
void ladder_sends_reply(struct ike_sa *sa, size_t packets);

/* ---- both ----------------------------------------------------------------------------------- */

/* A packet has come that is not looked into: of the request that is being worked on or has been
 * answered, or of the last response. */
void ladder_comes_again(struct ike_sa *sa, const struct wire_hdr *hdr);
/* An authentic packet of the response that is waited for has come. */
void ladder_comes(struct ike_sa *sa);
/* The message of a header's kind is whole. */
void ladder_is_whole(struct ike_sa *sa, bool response, size_t bytes, size_t packets);
/* Its payloads. */
void ladder_reads(struct ike_sa *sa, const struct wire_msg *msg, bool response);
/* We (or the peer) have proved who we are, by this scheme; NULL: a shared key. */
void ladder_proves(struct ike_sa *sa, bool myself, const struct sign_scheme *scheme);

/* "DILITHIUM_5", "pre-shared key"; NULL: that message proves nothing. */
const char *ladder_auth_name(uint8_t auth);

#endif
