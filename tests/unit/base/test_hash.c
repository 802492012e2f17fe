/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

#include "base/hash.h"

#define N_ITEMS 1000

struct item {
	struct hash_link link;
	uint32_t key;
	unsigned nth;
};

static struct view key_of(const struct hash_link *link)
{
	const struct item *it = (const struct item *)(const void *)link;

	return view_make(&it->key, sizeof(it->key));
}

static struct item *find(const struct hash *h, uint32_t key)
{
	struct hash_link *l = hash_find(h, view_make(&key, sizeof(key)));

	return l ? hash_entry(l, struct item, link) : NULL;
}

/* The reference vectors of SipHash-2-4: key 00..0f, input 00, 01, ... of each length. */
static void test_siphash(void **state)
{
	static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	static const struct {
		size_t len;
		uint64_t hash;
	} cases[] = {
		{0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd}, {7, 0xab0200f58b01d137},
		{8, 0x93f5f5799a932462},  {9, 0x9e0082df0ba9e4b0}, {15, 0xa129ca6149be45e5},
		{16, 0x3f2acc7f57c29bdb},
	};
	uint8_t in[16];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(hash_siphash(key, view_make(in, cases[i].len)) == cases[i].hash);
	assert_true(hash_siphash(key, view_make(NULL, 0)) == cases[0].hash);
}

static void test_many(void **state)
{
	static struct item items[N_ITEMS];
	struct hash h;

	(void)state;
	assert_int_equal(hash_init(&h, key_of), 0);
	assert_null(find(&h, 1));
	for (uint32_t i = 0; i < N_ITEMS; i++) {
		items[i] = (struct item){.key = i * 7};
		hash_insert(&h, &items[i].link);
	}
	assert_int_equal(h.count, N_ITEMS);
	assert_true(h.n_buckets >= N_ITEMS / 2); /* it grew */
	for (uint32_t i = 0; i < N_ITEMS; i++)
		assert_ptr_equal(find(&h, i * 7), &items[i]);
	assert_null(find(&h, 1));
	for (uint32_t i = 0; i < N_ITEMS; i += 2)
		hash_remove(&h, &items[i].link);
	for (uint32_t i = 0; i < N_ITEMS; i++)
		assert_ptr_equal(find(&h, i * 7), i % 2 ? &items[i] : NULL);
	assert_int_equal(h.count, N_ITEMS / 2);
	hash_done(&h);
}

static void test_same_key(void **state)
{
	struct item items[5] = {{.key = 1}, {.key = 2}, {.key = 1}, {.key = 1}, {.key = 3}};
	unsigned seen = 0;
	struct hash h;

	(void)state;
	assert_int_equal(hash_init(&h, key_of), 0);
	for (unsigned i = 0; i < 5; i++) {
		items[i].nth = i;
		hash_insert(&h, &items[i].link);
	}
	for (struct hash_link *l = &find(&h, 1)->link; l; l = hash_find_next(&h, l))
		seen |= 1u << hash_entry(l, struct item, link)->nth;
	assert_int_equal(seen, 1u << 0 | 1u << 2 | 1u << 3);
	hash_remove(&h, &items[2].link);
	seen = 0;
	for (struct hash_link *l = &find(&h, 1)->link; l; l = hash_find_next(&h, l))
		seen |= 1u << hash_entry(l, struct item, link)->nth;
	assert_int_equal(seen, 1u << 0 | 1u << 3);
	hash_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_same_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
