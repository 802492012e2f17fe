/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_WINDOW_H
#define IKE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/msg.h"

struct addr;
struct ike_sa;

/* Message ids, retransmission and the cached last reply (RFC 7296 sections 2.1 to 2.3). */

/*
 * Send the payloads as the request of the task in flight: sealed once the SA has keys, kept and
 * retransmitted until window_forget_request().
 */
int window_request(struct ike_sa *sa, const struct wire_writer *payloads) ERR_MUST_CHECK;
/* Send the payloads as the reply to the request being worked on, keep it for retransmission, and
 * expect the next request. Nothing to send (NULL): just expect the next one. */
int window_reply(struct ike_sa *sa, const struct wire_writer *payloads) ERR_MUST_CHECK;
/* Reply with one notify; an SA that cannot even do that is destroyed. */
void window_reply_notify(struct ike_sa *sa, uint16_t notify, struct view data);
/* Reply with one notify and close the SA (sa_close), or destroy it if that fails. */
void window_refuse(struct ike_sa *sa, uint16_t notify, int err, const char *message);
/* A request sent once and not waited for, at the end of an SA. */
void window_send_last(struct ike_sa *sa, uint8_t exchange, const struct wire_writer *payloads);
/* The response has come or is not wanted any more: stop retransmitting. */
void window_forget_request(struct ike_sa *sa);

/* The SA has moved: the request in flight goes on by its new addresses, at once. */
void window_readdress(struct ike_sa *sa);

enum window_verdict {
	WINDOW_NEW,    /* process it */
	WINDOW_IGNORE, /* wrong id, or being worked on */
	WINDOW_AGAIN   /* a retransmission: window_reply_again() */
};
/*
 * Judge a request by its header and bytes, before any cryptography. fragment is its number if it is
 * one (1 for a whole message).
 */
enum window_verdict window_judge(struct ike_sa *sa, const struct wire_hdr *hdr,
				 struct view datagram, unsigned fragment);
/*
 * Send the cached reply again, after WINDOW_AGAIN by these addresses. With MOBIKE it goes back the
 * same way: the peer may have moved, or test a path (RFC 4555 sections 3.5 and 3.10). Else, and
 * with the certificates of IKE_AUTH, only to where the peer is: anybody can send a copy.
 */
void window_reply_again(struct ike_sa *sa, const struct addr *local, const struct addr *remote);
/* Note the request that is being worked on: its bytes tell retransmissions apart. */
void window_begin(struct ike_sa *sa, const struct wire_hdr *hdr, struct view datagram,
		  unsigned fragment);
/* Log and send all packets of the request in flight, by these addresses. */
void window_send_request(struct ike_sa *sa, const struct addr *local, const struct addr *remote);

#endif
