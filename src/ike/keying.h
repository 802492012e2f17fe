/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_KEYING_H
#define IKE_KEYING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "ike/ladder.h"
#include "ike/timer.h"
#include "wire/msg.h"
#include "wire/proposal.h"

struct alg;
struct ike;
struct ike_sa;
struct ke;
struct keying;
struct task;

/*
 * One negotiation over an IKE SA: a CREATE_CHILD_SA exchange (RFC 7296 section 1.3) and the
 * IKE_FOLLOWUP_KE exchanges that go on with it (RFC 9370 section 2.2.4). In the end there is a
 * CHILD SA or another IKE SA: its kind knows about that, x_create_child.c and x_followup_ke.c about
 * the exchanges.
 */
struct keying_kind {
	const char *failure; /* line that ends every failure */

	/* Initiator. The proposals that are offered. */
	const struct proposals *(*offer)(const struct keying *k);
	/* Put the payloads of the request: our nonce and ke_data (empty: none) among them. */
	void (*put_offer)(const struct keying *k, struct view ke_data, struct wire_writer *w);
	/* Check the answer against the offer and keep what was chosen; says why not. */
	int (*check_answer)(struct keying *k, const struct wire_msg *msg);
	/* Both nonces and the first shared secret are known: whether another negotiation, of the
	 * peer, has won against this one. */
	bool (*lost)(struct keying *k);
	/* All key exchanges are done (shared is SK(0)): install; ends the task. */
	void (*complete)(struct ike_sa *sa, struct task *task, struct view shared);
	/* The peer answered with an error; ends or postpones the task. */
	void (*refused)(struct ike_sa *sa, struct task *task, const struct wire_notify *error);
	/* It failed; ends the task. peer_has: what was negotiated is there at the peer. */
	void (*fail)(struct ike_sa *sa, struct task *task, int err, const char *message,
		     bool peer_has);

	/* Responder. Put the payloads of the reply. */
	void (*put_answer)(const struct keying *k, struct view ke_data, struct wire_writer *w);
	/* All key exchanges are done: install, before the last reply is made. */
	int (*establish)(struct keying *k, struct view shared);
	/* That reply is on its way. k may be gone afterwards. */
	void (*established)(struct keying *k);
	/* It comes to nothing; frees what it was for, and k with it. */
	void (*drop)(struct keying *k);
};

struct keying {
	const struct keying_kind *kind;
	struct ike_sa *sa;	       /* over which it goes */
	const struct proposal *chosen; /* what was negotiated */
	bool initiator;
	struct secret nonce, peer_nonce;
	struct ke *ke;	       /* initiator: ours in flight */
	unsigned restarts;     /* INVALID_KE_PAYLOAD followed */
	struct secret shared;  /* SK(0), while further key exchanges go on */
	struct secret further; /* SK(1) | ... | SK(n) */
	struct secret link;    /* ADDITIONAL_KEY_EXCHANGE */
	uint8_t addke_done;    /* type of the last further exchange done; 0 none */
	struct timer patience; /* responder: for the next IKE_FOLLOWUP_KE */
	struct ladder ladder;  /* the exchanges so far */
};

/* Choose our nonce. */
int keying_new_nonce(struct keying *k) ERR_MUST_CHECK;
/* Keep the peer's, of a Nonce payload (or NULL). E_MALFORMED: none, or of another length than RFC
 * 7296 section 2.10 allows. */
int keying_take_nonce(struct keying *k, const struct wire_payload *payload) ERR_MUST_CHECK;
/* The key exchange method of a proposal, or NULL. */
const struct alg *keying_ke_alg(const struct proposal *p);
/* The method to begin with: that of `current` (may be NULL) if it is offered (RFC 7296 section 2.8:
 * the new SA should have the old one's algorithms), else the first one's; NULL without PFS. */
const struct alg *keying_first_alg(const struct proposals *offer, const struct proposal *current);
/*
 * Initiator: the method that an INVALID_KE_PAYLOAD notify asks for; NULL if it was not offered, is
 * the one that was sent, or was asked for too often (RFC 7296 section 1.3).
 */
const struct alg *keying_other_alg(struct keying *k, const struct wire_notify *n);
/* The negotiated further exchange that comes next, or NULL when all are done. */
const struct transform *keying_next(const struct keying *k);
/* The shared secret of that one: SK(1) | ... grows. */
int keying_add_shared(struct keying *k, struct view shared) ERR_MUST_CHECK;
/* Whether k has the lowest of the four nonces of two negotiations (RFC 7296 section 2.8.1): what it
 * made is redundant. */
bool keying_loses(const struct keying *k, const struct keying *other);
/* Wipe secrets, but not the nonces: they decide collisions until the replaced SA has gone. */
void keying_forget_secrets(struct keying *k);
/* Wipe all, stop the timer. */
void keying_done(struct ike *ike, struct keying *k);

#endif
