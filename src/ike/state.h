/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IKE_STATE_H
#define IKE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"
#include "ike/cookie.h"
#include "ike/counters.h"
#include "ike/engine.h"
#include "wire/msg.h"

/* The engine itself, for the files of this room only. */
struct ike {
	struct ike_settings settings;
	struct ike_hooks hooks;
	struct log *log;
	struct cred_store *creds;
	struct pool_set *pools;
	struct ipsec *ipsec;

	uint64_t now; /* ms, of the call that is running */
	struct heap timers;
	struct list sas;
	struct hash by_spi;
	struct hash half_open;
	unsigned n_sas, n_half_open, n_children;
	struct list conns;
	struct list jobs; /* out */
	unsigned n_jobs;
	struct list requests; /* somebody waits for */
	struct cookie_secrets cookies;
	struct counters counters;
	uint64_t digest_key[2];
	struct list traps; /* struct trap of trap.c, in order of installation */
	uint32_t next_sa_uid, next_child_uid, next_reqid;
	uint32_t last_mark, last_if_id; /* %unique */
	bool stopping;

	struct wire_msg msg; /* the one message being looked at */
};

/* Send an event, if anyone listens. */
void ike_emit(struct ike *ike, const struct ike_event *event);
/* Random bytes that must be there: ends the process if the system has none. */
void ike_random(struct ike *ike, void *out, size_t len);

#endif
