/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_CANDIDATES_H
#define IKE_CANDIDATES_H

#include <stddef.h>

#include "ike/job.h"
#include "wire/msg.h"

struct conn;
struct id;
struct ike_sa;

/* The connections that a responder may serve a peer with, best first. */
struct candidates {
	size_t n;
	struct conn *conns[JOB_MAX_CONNS];
	unsigned score[JOB_MAX_CONNS];
};

/* Those whose addresses, identities and IKE proposals fit; asked is the peer's IDr, or NULL. */
void candidates_find(struct ike_sa *sa, const struct id *asked, struct candidates *out);
/* Drop those that want the peer to authenticate in another way; auth NULL: by EAP. */
void candidates_filter_method(struct ike_sa *sa, const struct wire_payload *auth,
			      struct candidates *l);

#endif
