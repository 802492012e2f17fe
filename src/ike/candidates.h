/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_CANDIDATES_H
#define IKE_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "ike/job.h"
#include "wire/msg.h"

struct conn;
struct id;
struct ike_sa;

/*
 * The connections that a responder may serve a peer with, best first; references. They get fewer
 * with every round of authentication. All-zero: none.
 */
struct candidates {
	size_t n;
	struct conn *conns[JOB_MAX_CONNS];
	unsigned score[JOB_MAX_CONNS];
};

void candidates_done(struct candidates *l);
/* Those whose addresses, identities and IKE proposals fit; asked is the peer's IDr, or NULL. */
void candidates_find(struct ike_sa *sa, const struct id *asked, struct candidates *out);
/* Drop those whose keep[] is false; a line says when another one becomes the first. */
void candidates_keep(struct ike_sa *sa, struct candidates *l, const bool *keep);
/* Drop those that want the peer to authenticate in another way; auth NULL: by EAP. */
void candidates_filter_method(struct ike_sa *sa, const struct wire_payload *auth,
			      struct candidates *l);
/* A further round: drop those that expect another identity of the peer in it. */
void candidates_filter_id(struct ike_sa *sa, struct candidates *l);
/* Drop those that want fewer or more rounds than the peer, who announced another one or not. */
void candidates_filter_rounds(struct ike_sa *sa, bool another, struct candidates *l);
/* What we have said of ourselves stands: drop those that would have said something else. */
void candidates_filter_local(struct ike_sa *sa, struct candidates *l);

#endif
