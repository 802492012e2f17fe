/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/check.h"

static const uint8_t octets[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void test_view(void **state)
{
	(void)state;
	assert_true(view_equal(view_str("ab"), view_make("abc", 2)));
	assert_false(view_equal(view_str("ab"), view_str("ac")));
	assert_false(view_equal(view_str("ab"), view_str("abc")));
	assert_true(view_equal(view_str(NULL), view_str("")));
	assert_int_equal(view_str(NULL).len, 0);
}

static void test_read(void **state)
{
	uint8_t a, copy[3];
	uint16_t b;
	uint32_t c;
	uint64_t d;
	struct view v;
	struct rbuf r;

	(void)state;
	rbuf_init(&r, view_make(octets, sizeof(octets)));
	assert_int_equal(rbuf_u8(&r, &a), 0);
	assert_int_equal(a, 1);
	assert_int_equal(rbuf_u16(&r, &b), 0);
	assert_int_equal(b, 0x0203);
	assert_int_equal(rbuf_u32(&r, &c), 0);
	assert_int_equal(c, 0x04050607);
	assert_int_equal(rbuf_end(&r), E_TRAILING);
	assert_int_equal(rbuf_left(&r), 8);
	assert_int_equal(rbuf_u64(&r, &d), 0);
	assert_int_equal(d, 0x08090a0b0c0d0e0f);
	assert_int_equal(rbuf_end(&r), 0);

	rbuf_init(&r, view_make(octets, sizeof(octets)));
	assert_int_equal(rbuf_bytes(&r, copy, 3), 0);
	assert_memory_equal(copy, octets, 3);
	assert_int_equal(rbuf_skip(&r, 2), 0);
	assert_int_equal(rbuf_view(&r, 4, &v), 0);
	assert_ptr_equal(v.ptr, octets + 5);
	v = rbuf_rest(&r);
	assert_ptr_equal(v.ptr, octets + 9);
	assert_int_equal(v.len, 6);
	assert_int_equal(rbuf_left(&r), 0);
	assert_int_equal(rbuf_rest(&r).len, 0);
}

/* Too little: E_SHORT, nothing read, nothing written. */
static void test_read_short(void **state)
{
	uint8_t a = 7, copy[4] = {7, 7, 7, 7};
	uint16_t b = 7;
	uint32_t c = 7;
	uint64_t d = 7;
	struct view v = {octets, 7};
	struct rbuf r;

	(void)state;
	rbuf_init(&r, view_make(octets, 1));
	assert_int_equal(rbuf_u16(&r, &b), E_SHORT);
	assert_int_equal(rbuf_u32(&r, &c), E_SHORT);
	assert_int_equal(rbuf_u64(&r, &d), E_SHORT);
	assert_int_equal(rbuf_bytes(&r, copy, 2), E_SHORT);
	assert_int_equal(rbuf_view(&r, 2, &v), E_SHORT);
	assert_int_equal(rbuf_skip(&r, 2), E_SHORT);
	assert_int_equal(rbuf_skip(&r, SIZE_MAX), E_SHORT);
	assert_int_equal(rbuf_left(&r), 1);
	assert_int_equal(rbuf_u8(&r, &a), 0);
	assert_int_equal(rbuf_u8(&r, &a), E_SHORT);
	assert_int_equal(a, 1);
	assert_true(b == 7 && c == 7 && d == 7 && copy[0] == 7 && v.len == 7);
}

static void test_read_nothing(void **state)
{
	struct view v;
	struct rbuf r;
	uint8_t a;

	(void)state;
	rbuf_init(&r, view_make(NULL, 0));
	assert_int_equal(rbuf_left(&r), 0);
	assert_int_equal(rbuf_end(&r), 0);
	assert_int_equal(rbuf_u8(&r, &a), E_SHORT);
	assert_int_equal(rbuf_view(&r, 0, &v), 0);
	assert_int_equal(rbuf_bytes(&r, NULL, 0), 0);
}

static void test_write(void **state)
{
	static const uint8_t want[] = {1,  2,  3,  4,	5,   6,	  7,   8,   9,	 10, 11, 12,
				       13, 14, 15, 'a', 'b', 'c', 'x', '-', '7', 0,  0};
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	assert_int_equal(wbuf_view(&w).len, 0);
	wbuf_u8(&w, 1);
	wbuf_u16(&w, 0x0203);
	wbuf_u32(&w, 0x04050607);
	wbuf_u64(&w, 0x08090a0b0c0d0e0f);
	wbuf_bytes(&w, "a", 1);
	wbuf_add(&w, view_str("b"));
	wbuf_str(&w, "c");
	wbuf_fmt(&w, "%c-%d", 'x', 7);
	assert_non_null(wbuf_space(&w, 2));
	assert_int_equal(wbuf_err(&w), 0);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(w.data, want, sizeof(want));
	wbuf_truncate(&w, 1);
	wbuf_truncate(&w, 5); /* never longer */
	assert_int_equal(wbuf_view(&w).len, 1);
	wbuf_str(&w, NULL);
	wbuf_bytes(&w, NULL, 0);
	assert_int_equal(wbuf_view(&w).len, 1);
	wbuf_done(&w);
	wbuf_done(&w);
	assert_int_equal(wbuf_view(&w).len, 0);
}

static void test_write_grows(void **state)
{
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	for (unsigned i = 0; i < 5000; i++)
		wbuf_u8(&w, (uint8_t)i);
	assert_int_equal(wbuf_err(&w), 0);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(w.data[i], (uint8_t)i);
	wbuf_done(&w);
}

static void test_limit(void **state)
{
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 4);
	wbuf_u32(&w, 1);
	assert_int_equal(wbuf_err(&w), 0);
	wbuf_u8(&w, 1);
	assert_int_equal(wbuf_err(&w), E_LIMIT);
	assert_int_equal(wbuf_view(&w).len, 4);
	assert_null(wbuf_space(&w, 1));
	wbuf_truncate(&w, 0);
	wbuf_u8(&w, 1); /* the error sticks although there would be room */
	assert_int_equal(wbuf_view(&w).len, 0);
	wbuf_reset(&w);
	wbuf_fmt(&w, "%s", "1234"); /* up to the limit, without a NUL */
	check_text(&w, "1234");
	wbuf_fmt(&w, "%s", "12345");
	assert_int_equal(wbuf_err(&w), E_LIMIT);
	wbuf_done(&w);

	wbuf_init(&w, 0);
	wbuf_fail(&w, E_MALFORMED);
	wbuf_fail(&w, E_LIMIT);
	assert_int_equal(wbuf_err(&w), E_MALFORMED); /* the first one counts */
	wbuf_done(&w);
}

static void test_patch(void **state)
{
	static const uint8_t want[] = {0, 11, 0xaa, 0xbb, 0xcc, 0x11, 0x22, 0x33, 0x44, 'h', 'i'};
	size_t len, a, b, c;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 0);
	len = wbuf_reserve_u16(&w);
	a = wbuf_reserve_u8(&w);
	b = wbuf_reserve_u16(&w);
	c = wbuf_reserve_u32(&w);
	wbuf_str(&w, "hi");
	wbuf_patch_u8(&w, a, 0xaa);
	wbuf_patch_u16(&w, b, 0xbbcc);
	wbuf_patch_u32(&w, c, 0x11223344);
	wbuf_patch_len16(&w, len, 0);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(w.data, want, sizeof(want));
	wbuf_done(&w);
}

static void test_patch_length(void **state)
{
	struct wbuf w;
	size_t at;

	(void)state;
	wbuf_init(&w, 0);
	at = wbuf_reserve_u16(&w);
	wbuf_space(&w, 65535);
	wbuf_patch_len16(&w, at, 2);
	assert_int_equal(wbuf_err(&w), 0);
	assert_int_equal(w.data[0], 0xff);
	assert_int_equal(w.data[1], 0xff);
	wbuf_patch_len16(&w, at, 1);
	assert_int_equal(wbuf_err(&w), E_LIMIT);
	wbuf_done(&w);
	/* After an error a field may not be there: patching does nothing. */
	wbuf_init(&w, 1);
	wbuf_u16(&w, 0);
	at = wbuf_reserve_u16(&w);
	wbuf_patch_u16(&w, at, 1);
	wbuf_patch_len16(&w, at, at);
	assert_int_equal(wbuf_err(&w), E_LIMIT);
	wbuf_done(&w);
}

static void test_steal(void **state)
{
	uint8_t *data = NULL;
	size_t len = 0;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 8);
	wbuf_str(&w, "abc");
	assert_int_equal(wbuf_steal(&w, &data, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(data, "abc", 3);
	free(data);
	assert_int_equal(w.len, 0);
	assert_null(w.data);
	wbuf_str(&w, "123456789"); /* the limit stays */
	data = NULL;
	assert_int_equal(wbuf_steal(&w, &data, &len), E_LIMIT);
	assert_null(data);
	wbuf_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_view),	     cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_short),   cmocka_unit_test(test_read_nothing),
		cmocka_unit_test(test_write),	     cmocka_unit_test(test_write_grows),
		cmocka_unit_test(test_limit),	     cmocka_unit_test(test_patch),
		cmocka_unit_test(test_patch_length), cmocka_unit_test(test_steal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
