/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Intrusive hash table keyed by bytes, randomised so that a peer cannot aim at one bucket. */
struct hash_link {
	struct hash_link *next;
	uint64_t hash;
};

struct hash {
	struct hash_link **buckets;
	size_t n_buckets; /* power of two */
	size_t count;
	uint64_t key[2];
	struct view (*key_of)(const struct hash_link *link);
};

/*
 * key_of returns the key bytes of an element; they must not change while it is in the table.
 * E_NOMEM, or E_IO if the system has no random bytes.
 */
int hash_init(struct hash *h, struct view (*key_of)(const struct hash_link *link)) ERR_MUST_CHECK;
/* Free the table, not its elements. */
void hash_done(struct hash *h);
/* Insert; several elements may have the same key. Grows by itself; never fails. */
void hash_insert(struct hash *h, struct hash_link *link);
/* Remove an element that is in the table. */
void hash_remove(struct hash *h, struct hash_link *link);
/* First element with this key, or NULL. */
struct hash_link *hash_find(const struct hash *h, struct view key);
/* Next element with the same key as `link`, or NULL. */
struct hash_link *hash_find_next(const struct hash *h, const struct hash_link *link);
/* SipHash-2-4 of v under key: for a caller's own keyed hashing. */
uint64_t hash_siphash(const uint64_t key[2], struct view v);

#define hash_entry(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

#endif
