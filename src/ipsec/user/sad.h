/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_USER_SAD_H
#define IPSEC_USER_SAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "ipsec/ipsec.h"
#include "ipsec/user/epoch.h"
#include "ipsec/user/replay.h"
#include "ipsec/user/spd.h"

/*
 * The security associations. The engine's thread changes them; workers read a table that never
 * changes and is replaced by one pointer. What a worker writes (sequence numbers, windows,
 * counters) belongs to the one worker that handles the SA: counters are atomic only so that the
 * engine can read them.
 */

struct seal;

/* Outer addresses; local.port is not used. Replaced as a whole by sad_update(). */
struct sad_path {
	struct epoch_item item;
	struct addr local, remote;
};

struct sad_count {
	_Atomic uint64_t bytes, packets, last_use;
};

/*
 * Flags of a pair: what was told to the engine; what workers may no longer do with it although,
 * for lack of memory, their table says so.
 */
enum { SAD_SOFT = 1, SAD_HARD = 2, SAD_DEAD = 4, SAD_OUT_STOPPED = 8 };

struct sad_pair {
	struct epoch_item item;
	struct hash_link by_handle;
	struct list link; /* of the sad; oldest first */
	uint32_t handle;
	_Atomic unsigned flags;
	_Atomic(struct sad_path *) path;
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets;
	struct sad_count in_count, out_count;
	_Atomic uint64_t dropped_policy_in, dropped_policy_out, dropped_replay, dropped_auth;
	uint32_t priority;
	struct spd_sels *sels;
	struct sa_in *in;
	struct sa_out *out;	 /* NULL: does not send */
	struct addr told_remote; /* the worker's: the mapping it reported last */
};

/* Sizes of the ESP format with an SA's algorithms, bytes. */
struct sad_format {
	uint8_t iv_len, icv_len;
	uint8_t align; /* of payload and trailer: the cipher's block, at least 4 */
	bool iv_counter;
	bool aead;
	bool esn;
};

/* An SPI that is in use or reserved. */
struct sad_spi {
	struct hash_link link;
	uint32_t spi;
	bool installed;
};

struct sa_in {
	struct sad_pair *pair;
	struct sad_spi *spi;
	struct seal *seal;
	struct sad_format format;
	struct replay replay;
};

struct sa_out {
	struct epoch_item item; /* it may go before its pair */
	struct sad_pair *pair;
	uint32_t spi;
	struct seal *seal;
	struct sad_format format;
	uint64_t seq; /* last one used */
};

/* A trap or a shunt. */
struct sad_policy {
	struct epoch_item item;
	struct hash_link by_handle;
	struct list link; /* of the sad; oldest first */
	uint32_t handle, reqid, priority;
	enum spd_class class;
	struct spd_sels *sels;
	/* The worker's: when it last told of a packet (ms), and with which table; 0 never. */
	uint64_t told_at, told_in;
};

/* Slot of an open-addressed table; sa NULL: empty. */
struct sad_slot {
	uint32_t spi;
	struct sa_in *sa;
};

/* What workers read. */
struct sad_table {
	struct epoch_item item;
	struct sad_slot *slots;
	size_t slot_mask;
	struct spd_rule *rules;
	size_t n_rules;
	uint64_t generation; /* another one for each table, from 1 */
};

struct sad {
	_Atomic(struct sad_table *) table;
	struct epoch epoch;
	struct hash spis, handles, policy_handles;
	struct list pairs, policies;
	/* Removed, but in the table for lack of memory: */
	struct list zombies, policy_zombies;
	uint32_t last_handle; /* of pairs and policies */
	uint64_t generation;
	int (*random)(void *ctx, void *out, size_t len);
	void *random_ctx;
};

/* E_NOMEM, E_IO. */
int sad_init(struct sad *s, int (*random)(void *ctx, void *out, size_t len),
	     void *ctx) ERR_MUST_CHECK;
/* Workers must be gone. */
void sad_done(struct sad *s);
/* Reserve an SPI c0000000..cfffffff that is unique here. E_FULL, E_CRYPTO, E_NOMEM. */
int sad_alloc_spi(struct sad *s, uint32_t *out) ERR_MUST_CHECK;
void sad_free_spi(struct sad *s, uint32_t spi);
/*
 * Install a pair, without its outbound half if p->spi_out is 0. E_EXISTS: the inbound SPI is
 * taken. E_UNSUPPORTED, E_MALFORMED (keys), E_LIMIT (window), E_NOMEM, E_CRYPTO.
 */
int sad_install(struct sad *s, const struct ipsec_sa_params *p,
		uint32_t *out_handle) ERR_MUST_CHECK;
/* E_NOTFOUND, E_EXISTS if it sends already; else as sad_install(). */
int sad_install_out(struct sad *s, uint32_t handle, const struct ipsec_sa_params *p) ERR_MUST_CHECK;
/* For the rest of their round workers may still use what these remove. */
void sad_remove_out(struct sad *s, uint32_t handle);
void sad_remove(struct sad *s, uint32_t handle);
/* A policy without an SA; its handle is none of a pair. E_NOMEM. */
int sad_install_policy(struct sad *s, const struct ipsec_policy_params *p,
		       uint32_t *out_handle) ERR_MUST_CHECK;
void sad_remove_policy(struct sad *s, uint32_t handle);
/* The policy, or NULL; engine's thread. */
struct sad_policy *sad_find_policy(const struct sad *s, uint32_t handle);
/* The pair, or NULL; engine's thread. */
struct sad_pair *sad_find(const struct sad *s, uint32_t handle);
int sad_query(const struct sad *s, uint32_t handle, struct ipsec_stats *out) ERR_MUST_CHECK;
int sad_update(struct sad *s, uint32_t handle, const struct addr *local,
	       const struct addr *remote) ERR_MUST_CHECK;

/* Worker: the current table; valid until its next epoch_enter() or epoch_leave(). */
static inline const struct sad_table *sad_table(struct sad *s)
{
	return atomic_load(&s->table);
}

/* Worker: the inbound SA of an SPI, or NULL. */
struct sa_in *sad_find_in(const struct sad_table *t, uint32_t spi);

#endif
