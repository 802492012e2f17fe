/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_EXCHANGE_LAB_FORGE_H
#define TESTS_EXCHANGE_LAB_FORGE_H

#include "lab.h"

/*
 * Messages that an engine would not send, sealed with the keys of its newest IKE SA: what a peer
 * can do that has keys but no manners, authenticated or not.
 */
struct forge {
	uint8_t exchange;
	bool response;
	uint32_t msgid;
	uint8_t first; /* type of the first payload in plain */
	struct view plain;
	size_t max_datagram; /* 0: one datagram */
};

/* Seal, and deliver to `to` at once as if `from` had sent it. */
void lab_forge(struct lab_host *from, struct lab_host *to, const struct forge *f);
/* The payloads of a sealed message that `to` received (opened with its keys); to be freed. */
struct secret lab_open(struct lab_host *to, const struct lab_packet *p, uint8_t *out_first);
/*
 * In lab->drop: what a sealed datagram of one fragment has inside (to be freed), and the same
 * datagram with other payloads. The keys are the sender's.
 */
struct secret lab_peek(const struct lab_packet *p, uint8_t *out_first);
void lab_replace(struct lab_packet *p, uint8_t first, struct view plain);
/* Message ID that `host` uses for its next request, of its newest SA. */
uint32_t lab_next_id(const struct lab_host *host);
/* It was used for a forged request: `host` goes on with the one after it. */
void lab_skip_id(struct lab_host *host);

#endif
