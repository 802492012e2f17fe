/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_COLLIDE_H
#define IKE_COLLIDE_H

#include <stdbool.h>

struct child;
struct ike_sa;

/*
 * Exchanges that cross (RFC 7296 sections 2.8.1, 2.8.2 and 2.25, RFC 9370 section 2.2.4): what a
 * peer's request gets when we are busy with the same SA.
 */

enum collide_asked { COLLIDE_CREATE_CHILD, COLLIDE_REKEY, COLLIDE_DELETE, COLLIDE_N_ASKED };

enum collide_answer {
	COLLIDE_AS_USUAL,
	COLLIDE_BUSY,	 /* TEMPORARY_FAILURE: the peer waits and tries again */
	COLLIDE_UNKNOWN, /* CHILD_SA_NOT_FOUND */
	COLLIDE_CROSSED, /* delete met delete: reply without a Delete payload (section 1.4.1) */
};

/* Of a request to create a child, to rekey the IKE SA, or to delete it. */
enum collide_answer collide_ike(const struct ike_sa *sa, enum collide_asked asked);
/* Of a request to rekey or delete a child (NULL: there is none of that SPI). */
enum collide_answer collide_child(const struct child *c, enum collide_asked asked);
/*
 * Our exchange to rekey c->rekeys has got its nonces: whether it lost against one of the peer, so
 * that c is redundant. If it won, the peer's child is, and one that is not established goes.
 */
bool collide_lost(struct child *c);

#endif
