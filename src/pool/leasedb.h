/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POOL_LEASEDB_H
#define POOL_LEASEDB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"

/*
 * The file behind the pools (SQLite, WAL): which address belongs to which identity. It does not say
 * who is online: after a restart nobody is.
 */
struct leasedb;

/*
 * Open or create; the file is 0600, a missing directory is made 0700. A damaged file is moved aside
 * and a fresh one begun; the note names both. E_IO with a note saying why not, E_NOMEM.
 */
int leasedb_open(const char *path, struct log_notes *notes, struct leasedb **out) ERR_MUST_CHECK;
void leasedb_close(struct leasedb *db); /* NULL is fine */

/*
 * Record that addr of the pool belongs to identity; `turn` orders leases by their last change. A
 * failure is noted once, until a write succeeds again: the lease is good, but forgotten at a
 * restart.
 */
struct leasedb_row {
	const char *pool;
	struct addr addr;
	const char *identity;
	uint64_t turn;
};
void leasedb_put(struct leasedb *db, const struct leasedb_row *row, struct log_notes *notes);

/* Every dynamic lease of a pool, oldest turn first; strings are borrowed during the call. E_IO. */
int leasedb_each(struct leasedb *db, const char *pool,
		 int (*fn)(void *ctx, const struct leasedb_row *row), void *ctx) ERR_MUST_CHECK;
/* The highest turn there is, 0 without any. */
uint64_t leasedb_last_turn(const struct leasedb *db);

#endif
