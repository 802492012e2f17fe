/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_COUNTERS_H
#define IKE_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Events and messages, counted for the engine and for each loaded connection. Engine's thread. */

struct conn;
struct ike;
struct ike_event;
struct wire_hdr;

enum counters_kind {
	COUNTERS_IKE_REKEY_INIT, /* IKE SAs rekeyed by us */
	COUNTERS_IKE_REKEY_RESP, /* by the peer */
	COUNTERS_CHILD_REKEY,
	COUNTERS_INVALID,     /* messages that could not be decoded or decrypted */
	COUNTERS_INVALID_SPI, /* messages of no SA */
	/* Of each exchange that is counted, requests and responses in, then out. */
	COUNTERS_MESSAGES,
	COUNTERS_N = COUNTERS_MESSAGES + 4 * 4
};

/* Shared by the versions of a connection that a reload leaves behind. */
struct counters {
	unsigned refs;
	uint64_t n[COUNTERS_N];
};

/* One with a reference; NULL: no memory. */
struct counters *counters_new(void);
struct counters *counters_get(struct counters *c);
void counters_put(struct counters *c);

/* Once more, for the engine and for the connection (NULL: not known yet). */
void counters_add(struct ike *ike, struct conn *conn, enum counters_kind kind);
/* A message, once, however often it is sent. Exchanges without counters of their own (those between
 * IKE_SA_INIT and IKE_AUTH, and IKE_FOLLOWUP_KE) count with the one they belong to. */
void counters_add_message(struct ike *ike, struct conn *conn, const struct wire_hdr *hdr, bool out);
/* A rekeying that an event tells of. */
void counters_add_event(struct ike *ike, const struct ike_event *event);

/* "ike-init-in-req" */
const char *counters_name(enum counters_kind kind);
/* Those of a connection, or of the engine (NULL); E_NOTFOUND if no such connection is loaded. */
int counters_read(const struct ike *ike, const char *conn, uint64_t out[COUNTERS_N]) ERR_MUST_CHECK;
/* Begin anew; likewise. */
int counters_reset(struct ike *ike, const char *conn) ERR_MUST_CHECK;

#endif
