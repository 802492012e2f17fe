/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_REDIRECT_H
#define IKE_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "wire/msg.h"

struct ike;
struct ike_sa;

/*
 * Redirection of a client to another gateway (RFC 5685), both sides of it, in IKE_SA_INIT, in
 * IKE_AUTH and while an SA is up. A gateway is a text: an address or a domain name.
 */

/* Followed within REDIRECT_PERIOD_MS in the course of one set-up: more is a loop (section 7). */
#define REDIRECT_MAX	   5
#define REDIRECT_PERIOD_MS 300000

/* What an SA knows of redirections. All-zero is none. */
struct redirect {
	bool peer_follows; /* a responder's: the client announced it */
	bool told;	   /* a responder's: the client has been sent elsewhere */
	char *gateway;	   /* an initiator's: where it was sent to; NULL: it calls remote_addrs */
	struct addr from;  /* by whom */
	bool insist;	   /* there is an SA with the former gateway: no way back to it */
	unsigned n;
	uint64_t at[REDIRECT_MAX]; /* ms, of the last ones */
};

void redirect_done(struct redirect *r);

/* ---- wire (section 9) ---- */

/* Data of a REDIRECT or REDIRECTED_FROM notify; the nonce is empty but in IKE_SA_INIT. E_MALFORMED:
 * the gateway is neither an address nor a domain name. */
int redirect_put(const char *gateway, struct view nonce, struct wbuf *out) ERR_MUST_CHECK;
/* The other way: the gateway is to free. E_MALFORMED, also for another nonce than this; E_NOMEM. */
int redirect_parse(struct view data, struct view nonce, char **out_gateway) ERR_MUST_CHECK;

/* ---- client ---- */

/* Put REDIRECTED_FROM, or REDIRECT_SUPPORTED, into an IKE_SA_INIT request. */
void redirect_put_client(struct ike_sa *sa, struct wire_writer *w);
/* Whether the redirect in an IKE_SA_INIT response is not for the request in flight, or by somebody
 * who has not seen it: no reason to stop waiting (section 3). */
bool redirect_is_forged(const struct ike_sa *sa, const struct wire_notify *n);
/* Whether a redirection may be followed now. E_UNSUPPORTED, E_LIMIT, each logged. */
int redirect_may_follow(const struct ike_sa *sa) ERR_MUST_CHECK;
/* Follow it: the same set-up goes on with the other gateway. An error (with its lines) leaves the
 * SA to the caller. */
int redirect_follow_init(struct ike_sa *sa, const struct wire_notify *n) ERR_MUST_CHECK;
/* The same in an authentic IKE_AUTH response; the SA with the former gateway is deleted there. */
int redirect_follow_auth(struct ike_sa *sa, const struct wire_notify *n) ERR_MUST_CHECK;
/* Told by the gateway of an SA that is up: where to go (to be handed to redirect_follow_up()
 * once the gateway has been answered), or NULL if nowhere. */
char *redirect_read(struct ike_sa *sa, const struct wire_msg *msg);
/* Sets up another SA with all children of this one, then deletes it. Takes the gateway. */
void redirect_follow_up(struct ike_sa *sa, char *gateway);

/* ---- gateway ---- */

/* Whether a client that begins shall go elsewhere; then it has been told. */
bool redirect_refuse_init(struct ike *ike, const struct addr *local, const struct addr *remote,
			  const struct wire_msg *msg);
/* The same for a client that has proved its identity: puts REDIRECT into the IKE_AUTH response. */
bool redirect_put_auth(struct ike_sa *sa, struct wire_writer *w);
/* Learn from an IKE_SA_INIT request whether the client follows. */
void redirect_take_client(struct ike_sa *sa, const struct wire_msg *msg);

#endif
