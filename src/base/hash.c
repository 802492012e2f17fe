/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define HASH_FIRST_BUCKETS 16

static uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t load_le(const uint8_t *p, size_t n)
{
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

uint64_t hash_siphash(const uint64_t key[2], struct view v)
{
	uint64_t s[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
			 key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
	size_t whole = v.len & ~(size_t)7;

	for (size_t i = 0; i <= whole; i += 8) {
		size_t n = i < whole ? 8 : v.len & 7;
		uint64_t m = n ? load_le(v.ptr + i, n) : 0; /* an empty view may have no pointer */

		if (i == whole)
			m |= (uint64_t)v.len << 56;
		s[3] ^= m;
		sip_round(s);
		sip_round(s);
		s[0] ^= m;
	}
	s[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s[0] ^ s[1] ^ s[2] ^ s[3];
}

int hash_init(struct hash *h, struct view (*key_of)(const struct hash_link *link))
{
	*h = (struct hash){.n_buckets = HASH_FIRST_BUCKETS, .key_of = key_of};
	if (getrandom(h->key, sizeof(h->key), 0) != (ssize_t)sizeof(h->key))
		return E_IO;
	h->buckets = calloc(h->n_buckets, sizeof(*h->buckets));
	return h->buckets ? 0 : E_NOMEM;
}

void hash_done(struct hash *h)
{
	free(h->buckets);
	*h = (struct hash){0};
}

static struct hash_link **bucket_of(const struct hash *h, uint64_t value)
{
	return &h->buckets[value & (h->n_buckets - 1)];
}

/* Doubling is only for speed: without memory the chains just get longer. */
static void grow(struct hash *h)
{
	struct hash bigger = *h;

	bigger.n_buckets = h->n_buckets * 2;
	bigger.buckets = calloc(bigger.n_buckets, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return;
	for (size_t i = 0; i < h->n_buckets; i++) {
		struct hash_link *next;

		for (struct hash_link *l = h->buckets[i]; l; l = next) {
			struct hash_link **b = bucket_of(&bigger, l->hash);

			next = l->next;
			l->next = *b;
			*b = l;
		}
	}
	free(h->buckets);
	*h = bigger;
}

void hash_insert(struct hash *h, struct hash_link *link)
{
	struct hash_link **b;

	if (h->count >= h->n_buckets)
		grow(h);
	link->hash = hash_siphash(h->key, h->key_of(link));
	b = bucket_of(h, link->hash);
	link->next = *b;
	*b = link;
	h->count++;
}

void hash_remove(struct hash *h, struct hash_link *link)
{
	for (struct hash_link **p = bucket_of(h, link->hash); *p; p = &(*p)->next) {
		if (*p == link) {
			*p = link->next;
			link->next = NULL;
			h->count--;
			return;
		}
	}
	abort(); /* not in this table: a broken invariant */
}

static struct hash_link *find_from(const struct hash *h, struct hash_link *l, uint64_t value,
				   struct view key)
{
	for (; l; l = l->next) {
		if (l->hash == value && view_equal(h->key_of(l), key))
			return l;
	}
	return NULL;
}

struct hash_link *hash_find(const struct hash *h, struct view key)
{
	uint64_t value = hash_siphash(h->key, key);

	return find_from(h, *bucket_of(h, value), value, key);
}

struct hash_link *hash_find_next(const struct hash *h, const struct hash_link *link)
{
	return find_from(h, link->next, link->hash, h->key_of(link));
}
