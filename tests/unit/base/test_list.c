/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

#include "base/list.h"

struct item {
	char name;
	struct list link;
};

static void check_names(struct list *head, const char *want)
{
	char got[8] = "";
	size_t n = 0;

	list_foreach(it, head) {
		assert_true(n + 1 < sizeof(got));
		got[n++] = list_entry(it, struct item, link)->name;
	}
	assert_string_equal(got, want);
}

static void test_links(void **state)
{
	struct item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'};
	struct list head;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	list_append(&head, &a.link);
	list_append(&head, &b.link);
	list_append(&head, &c.link);
	assert_false(list_empty(&head));
	check_names(&head, "abc");
	list_remove(&b.link);
	check_names(&head, "ac");
	list_remove(&b.link); /* harmless */
	check_names(&head, "ac");
	list_append(&head, &b.link);
	list_remove(&a.link);
	check_names(&head, "cb");
	list_remove(&c.link);
	list_remove(&b.link);
	assert_true(list_empty(&head));
}

static void test_free_while_walking(void **state)
{
	struct list head;
	size_t n = 0;

	(void)state;
	list_init(&head);
	for (int i = 0; i < 3; i++) {
		struct item *item = calloc(1, sizeof(*item));

		assert_non_null(item);
		list_append(&head, &item->link);
	}
	list_foreach_safe(it, &head) {
		list_remove(it);
		free(list_entry(it, struct item, link));
		n++;
	}
	assert_int_equal(n, 3);
	assert_true(list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_free_while_walking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
