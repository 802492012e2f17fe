/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_PROTECT_H
#define IKE_PROTECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "wire/msg.h"

struct seal;

/* Encrypted payloads (RFC 7296 section 3.14) and message fragments (RFC 7383). */

/* The datagrams of one message. All-zero is empty. */
struct protect_packets {
	size_t count;
	struct secret *items;
};
void protect_packets_done(struct protect_packets *p);
int protect_packets_add(struct protect_packets *p, struct view datagram) ERR_MUST_CHECK;

/* Bytes of a whole (unfragmented) message whose payloads are plain_len bytes long. */
size_t protect_message_len(const struct seal *seal, size_t plain_len);

struct protect_seal_params {
	struct seal *seal;
	const struct wire_hdr *hdr; /* next and length are ours to fill */
	uint8_t first;		    /* type of the first payload inside */
	struct view plain;
	size_t max_datagram;  /* bytes of an IKE message; larger is fragmented; 0 never */
	uint64_t *iv_counter; /* for counter IVs; moved on */
	void (*random)(void *ctx, void *out, size_t len);
	void *ctx;
};

/* Encrypt into one datagram or into fragments. E_LIMIT when more than 65535 would be needed. */
int protect_seal(const struct protect_seal_params *p, struct protect_packets *out) ERR_MUST_CHECK;

/*
 * Open the SK or SKF payload that a decoded message ends with. The ICV is checked over `datagram`,
 * the bytes msg was decoded from. Plaintext without padding goes to *out_plain. E_INTEGRITY,
 * E_MALFORMED (no such payload, bad padding).
 */
int protect_open(struct seal *seal, struct view datagram, const struct wire_msg *msg,
		 struct secret *out_plain) ERR_MUST_CHECK;

/* Fragments of one incoming message, all authentic; memory bounded by max_packet. */
struct protect_frags {
	uint32_t msgid;
	uint16_t total, got;
	uint8_t first;
	size_t bytes;
	struct secret *parts; /* total of them; empty ones are missing */
};
void protect_frags_done(struct protect_frags *f);
/*
 * Keep one authentic fragment (RFC 7383 section 2.6). 0: more are missing; 1: *out_plain is the
 * whole message. A larger total starts over, a smaller one and duplicates are E_REPLAY; more than
 * max_packet bytes is E_LIMIT, and what was gathered is dropped.
 */
int protect_frags_add(struct protect_frags *f, const struct wire_msg *msg, struct secret *part,
		      size_t max_packet, struct secret *out_plain) ERR_MUST_CHECK;

#endif
