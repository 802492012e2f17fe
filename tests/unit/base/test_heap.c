/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

#include "base/heap.h"

#define N_NODES 200

static struct heap_node nodes[N_NODES];

/* Reproducible disorder. */
static uint32_t next_number(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 16;
}

/* Empty the heap; the keys come in order. Returns how many there were. */
static size_t drain(struct heap *h)
{
	uint64_t last = 0;
	size_t n = 0;

	for (struct heap_node *first; (first = heap_first(h)); n++) {
		assert_true(first->key >= last);
		last = first->key;
		heap_clear(h, first);
		assert_int_equal(first->index, 0);
	}
	return n;
}

static void test_order(void **state)
{
	struct heap h = {0};
	uint32_t x = 1;

	(void)state;
	assert_null(heap_first(&h));
	for (size_t i = 0; i < N_NODES; i++)
		assert_int_equal(heap_set(&h, &nodes[i], next_number(&x) % 50), 0);
	assert_int_equal(drain(&h), N_NODES);
	heap_done(&h);
	assert_null(heap_first(&h));
}

static void test_move(void **state)
{
	struct heap h = {0};
	uint32_t x = 2;

	(void)state;
	for (size_t i = 0; i < N_NODES; i++)
		assert_int_equal(heap_set(&h, &nodes[i], next_number(&x)), 0);
	for (size_t i = 0; i < N_NODES; i += 2)
		assert_int_equal(heap_set(&h, &nodes[i], next_number(&x)), 0);
	assert_int_equal(h.count, N_NODES);
	assert_int_equal(heap_set(&h, &nodes[77], 0), 0);
	assert_ptr_equal(heap_first(&h), &nodes[77]);
	assert_int_equal(heap_set(&h, &nodes[77], UINT64_MAX), 0);
	assert_ptr_not_equal(heap_first(&h), &nodes[77]);
	assert_int_equal(drain(&h), N_NODES);
	heap_done(&h);
}

static void test_clear(void **state)
{
	struct heap h = {0};
	uint32_t x = 3;

	(void)state;
	for (size_t i = 0; i < N_NODES; i++)
		assert_int_equal(heap_set(&h, &nodes[i], next_number(&x)), 0);
	for (size_t i = 0; i < N_NODES; i += 3) {
		heap_clear(&h, &nodes[i]);
		heap_clear(&h, &nodes[i]); /* harmless */
	}
	assert_int_equal(drain(&h), N_NODES - (N_NODES + 2) / 3);
	heap_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
