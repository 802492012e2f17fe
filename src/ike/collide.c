/* SPDX-License-Identifier: Apache-2.0 */
#include "ike/collide.h"

#include "ike/child.h"
#include "ike/sa.h"
#include "ike/state.h"
#include "ike/successor.h"
#include "ike/task.h"

/* What we are doing with an SA when a request about it comes. */
enum doing {
	NOTHING,
	OTHER,	  /* IKE SA: an exchange about a child, or one that has to end on this very SA */
	REKEY,	  /* our CREATE_CHILD_SA to rekey it is under way */
	FOLLOWUP, /* ... and done: the further key exchanges are under way */
	REKEYED,  /* it was replaced, by either side: whoever did that deletes it */
	WAITING,  /* our delete waits for its turn */
	DELETE,	  /* our delete is under way */
	GONE,	  /* child: unknown, or already deleted and lingering */
	N_DOING,
};

#define USUAL	COLLIDE_AS_USUAL
#define BUSY	COLLIDE_BUSY
#define UNKNOWN COLLIDE_UNKNOWN
#define CROSSED COLLIDE_CROSSED

/*
 * RFC 7296 section 2.25.2. A rekey that meets our own goes on as usual and the nonces decide
 * (2.8.2), unless our key exchanges go on already (RFC 9370). A delete always gets its way: what
 * we began with the SA is forgotten. To create a child is here also to rekey one.
 */
/* clang-format off */
static const enum collide_answer of_ike[N_DOING][COLLIDE_N_ASKED] = {
	/*            create  rekey  delete */
	[NOTHING]  = {USUAL,  USUAL, USUAL},
	[OTHER]    = {USUAL,  BUSY,  USUAL},
	[REKEY]    = {BUSY,   USUAL, USUAL},
	[FOLLOWUP] = {BUSY,   BUSY,  USUAL},
	[REKEYED]  = {BUSY,   BUSY,  USUAL},
	[DELETE]   = {BUSY,   BUSY,  USUAL},
};

/* clang-format on */

/*
 * RFC 7296 section 2.25.1. A rekey that meets our own goes on as usual and the nonces decide
 * (2.8.1), unless our key exchanges go on already (RFC 9370).
 */
/* clang-format off */
static const enum collide_answer of_child[N_DOING][COLLIDE_N_ASKED] = {
	/*            create   rekey    delete */
	[NOTHING]  = {USUAL,   USUAL,   USUAL},
	[REKEY]    = {USUAL,   USUAL,   USUAL},
	[FOLLOWUP] = {USUAL,   BUSY,    USUAL},
	[REKEYED]  = {USUAL,   BUSY,    USUAL},
	[WAITING]  = {USUAL,   BUSY,    USUAL},
	[DELETE]   = {USUAL,   BUSY,    CROSSED},
	[GONE]     = {USUAL,   UNKNOWN, CROSSED},
};
/* clang-format on */

/* The peer makes a child, and has not finished. */
static bool peer_makes_child(const struct ike_sa *sa)
{
	list_foreach(it, &sa->children) {
		const struct child *c = list_entry(it, struct child, link);

		if (!c->initiator && c->state == CHILD_S_CREATED)
			return true;
	}
	return false;
}

static enum doing doing_with_ike(const struct ike_sa *sa)
{
	const struct task *t = sa->out.task;

	if (sa->state == IKE_S_REKEYED)
		return REKEYED;
	if (sa->state == IKE_S_DELETING)
		return DELETE;
	if (sa->ours)
		return t && t->kind == &task_followup_ke ? FOLLOWUP : REKEY;
	if ((t && t->kind != &task_dpd) || peer_makes_child(sa))
		return OTHER;
	return NOTHING;
}

enum collide_answer collide_ike(const struct ike_sa *sa, enum collide_asked asked)
{
	return of_ike[doing_with_ike(sa)][asked];
}

static enum doing doing_with_child(const struct child *c)
{
	const struct task *t = c ? c->sa->out.task : NULL;
	const struct child *ours, *theirs;

	if (!c || !c->handle || c->state == CHILD_S_DELETED)
		return GONE;
	if (c->state == CHILD_S_DELETING)
		return DELETE;
	if (c->replaced || c->redundant || c->state == CHILD_S_REKEYED)
		return REKEYED;
	/* The peer's is there, ours still under way: the peer has nothing to rekey. */
	theirs = child_find_heir(c, false);
	if (theirs && theirs->handle)
		return REKEYED;
	ours = child_find_heir(c, true);
	if (ours)
		return t && t->child == ours && t->kind == &task_followup_ke ? FOLLOWUP : REKEY;
	return task_pending(c->sa, &task_child_delete, c) ? WAITING : NOTHING;
}

enum collide_answer collide_child(const struct child *c, enum collide_asked asked)
{
	return of_child[doing_with_child(c)][asked];
}

bool collide_lost(struct child *c)
{
	struct child *old = child_find_rekeyed(c);
	struct child *theirs = old ? child_find_heir(old, false) : NULL;

	if (c->redundant || !theirs)
		return c->redundant;
	c->redundant = keying_loses(&c->keying, &theirs->keying);
	sa_log(c->sa, LOG_IKE, LOG_CTRL, "CHILD_SA rekey collision %s",
	       c->redundant ? "lost, the peer's CHILD_SA replaces the old one"
			    : "won, ours replaces the old one");
	if (c->redundant)
		return true;
	theirs->redundant = true;
	if (!theirs->handle) {
		child_destroy(theirs);
	} else {
		timer_stop(c->sa->ike, &theirs->rekey);
		timer_stop(c->sa->ike, &theirs->watch);
		child_set_state(theirs, CHILD_S_REKEYED);
	}
	return false;
}
