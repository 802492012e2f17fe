/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_ESP_H
#define IPSEC_USER_ESP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "ipsec/user/notice.h"
#include "ipsec/user/packet.h"
#include "ipsec/user/sad.h"

/* What both directions of ESP (RFC 4303) share: the batch, and the worker's state. */

#define ESP_BATCH      64
#define ESP_HEADER     8     /* SPI and sequence number */
#define ESP_HEADROOM   64    /* for header and IV in front of an inner packet */
#define ESP_TAILROOM   64    /* for trailer and ICV behind it */
#define ESP_PACKET_MAX 65535 /* bytes, inner or outer */
#define ESP_ROOM       (ESP_HEADROOM + ESP_PACKET_MAX + ESP_TAILROOM)
#define ESP_IV_POOL    4096 /* random bytes fetched at once */

/* Packets that went nowhere and belong to no SA; one worker writes. */
struct esp_drops {
	_Atomic uint64_t no_policy, unknown_spi, malformed, ecn, crypto, too_big, tun, socket;
};

/* A worker's. */
struct esp_ctx {
	const struct sad_table *table; /* taken afresh for each batch */
	uint64_t now;		       /* ms */
	struct notice_ring *notices;
	bool told; /* something was put into notices: wake the engine */
	struct esp_drops drops;
	int (*random)(void *ctx, void *out, size_t len);
	void *random_ctx;
	size_t iv_left; /* unused bytes at the end of ivs */
	uint8_t ivs[ESP_IV_POOL];
};

/* A packet on its way; it is worked on where it is, from buf + at. */
struct esp_packet {
	uint8_t *buf; /* ESP_ROOM bytes */
	size_t at, len;
	/*
	 * Why it goes no further, or 0: E_NOTFOUND no policy, no such SPI; E_BUSY it waits for the
	 * SA of a trap; E_TS not what its SA may
	 * carry; E_REPLAY; E_INTEGRITY; E_SHORT, E_MALFORMED; E_EXPIRED the SA has ended; E_LIMIT
	 * no sequence number left; E_CANCELED a dummy; E_CRYPTO.
	 */
	int err;
	struct packet_info info; /* inner packet */
	struct sa_in *in;
	struct sa_out *out;
	struct sad_policy *trap; /* E_BUSY */
	uint64_t seq;
	struct addr local, remote; /* outer */
	uint8_t tos;		   /* outer */
};

static inline uint8_t *esp_data(struct esp_packet *p)
{
	return p->buf + p->at;
}

/* Add to a counter of which this thread is the only writer. */
static inline void esp_count(_Atomic uint64_t *counter, uint64_t n)
{
	const uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

/* Count a packet of an SA in one direction, and tell the engine of a limit it reaches. */
void esp_account(struct esp_ctx *c, struct sad_pair *pair, struct sad_count *count, size_t bytes);
/* Tell the engine once that the pair reached a limit: SAD_SOFT or SAD_HARD. */
void esp_tell_limit(struct esp_ctx *c, struct sad_pair *pair, unsigned flag);
/* Whether the pair is in the table no longer by right (SAD_DEAD), or its hard limit ended it. */
bool esp_ended(const struct sad_pair *pair);

#endif
