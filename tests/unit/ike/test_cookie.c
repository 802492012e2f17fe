/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ike/cookie.h"

/* Stateless cookies: good for one nonce, address and SPI, and for two secrets' time. */

static const uint8_t nonce[32] = {1, 2, 3};
static const uint8_t secrets[4][32] = {{1}, {2}, {3}, {4}};

static struct view ni(void)
{
	return view_make(nonce, sizeof(nonce));
}

static struct addr from(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	a.port = 500;
	return a;
}

static bool check(const struct cookie_secrets *s, const uint8_t cookie[COOKIE_LEN])
{
	struct addr a = from("192.0.2.1");

	return cookie_check(s, view_make(cookie, COOKIE_LEN), ni(), &a, 77);
}

static void test_good_for_one(void **state)
{
	struct cookie_secrets s = {0};
	struct addr a = from("192.0.2.1"), b = from("192.0.2.2"), c = from("2001:db8::1");
	uint8_t cookie[COOKIE_LEN], other[sizeof(nonce)];
	struct view v = view_make(cookie, COOKIE_LEN);

	(void)state;
	memcpy(other, nonce, sizeof(other));
	other[31] ^= 1;
	cookie_set_secret(&s, secrets[0], 1000);
	assert_int_equal(cookie_make(&s, ni(), &a, 77, cookie), 0);
	assert_true(cookie_check(&s, v, ni(), &a, 77));
	assert_false(cookie_check(&s, v, ni(), &a, 78));
	assert_false(cookie_check(&s, v, ni(), &b, 77));
	assert_false(cookie_check(&s, v, ni(), &c, 77));
	assert_false(cookie_check(&s, v, view_make(other, sizeof(other)), &a, 77));
	assert_false(cookie_check(&s, view_make(cookie, COOKIE_LEN - 1), ni(), &a, 77));
	assert_false(cookie_check(&s, view_make(cookie, 0), ni(), &a, 77));
	/* From another port it may come: a NAT may have changed it (section 2.6). */
	a.port = 1024;
	assert_true(cookie_check(&s, v, ni(), &a, 77));
	for (size_t i = 0; i < COOKIE_LEN; i++) {
		cookie[i] ^= 0x80;
		assert_false(cookie_check(&s, v, ni(), &a, 77));
		cookie[i] ^= 0x80;
	}
	assert_true(cookie_check(&s, v, ni(), &a, 77));
}

static void test_rotation(void **state)
{
	struct cookie_secrets s = {0};
	struct addr a = from("192.0.2.1");
	uint8_t cookie[COOKIE_LEN];

	(void)state;
	assert_false(check(&s, cookie)); /* no secret, no cookie of ours */
	assert_true(cookie_needs_secret(&s, 0));
	cookie_set_secret(&s, secrets[0], 0);
	assert_false(cookie_needs_secret(&s, 1));
	assert_false(cookie_needs_secret(&s, COOKIE_ROTATE_MS - 1));
	assert_true(cookie_needs_secret(&s, COOKIE_ROTATE_MS + 1));
	assert_int_equal(cookie_make(&s, ni(), &a, 77, cookie), 0);
	cookie_set_secret(&s, secrets[1], COOKIE_ROTATE_MS + 1);
	assert_false(cookie_needs_secret(&s, COOKIE_ROTATE_MS + 2));
	assert_true(check(&s, cookie));
	cookie_set_secret(&s, secrets[2], 2 * COOKIE_ROTATE_MS + 2);
	assert_false(check(&s, cookie));
}

/* The version octet goes around; the secret before the last is still not taken. */
static void test_version_wraps(void **state)
{
	struct cookie_secrets s = {0};
	struct addr a = from("192.0.2.1");
	uint8_t cookie[COOKIE_LEN], secret[32] = {0};

	(void)state;
	for (unsigned i = 1; i < 600; i++) {
		secret[0] = (uint8_t)i;
		secret[1] = (uint8_t)(i >> 8);
		cookie_set_secret(&s, secret, i);
		if (i > 1)
			assert_true(check(&s, cookie));
		assert_int_equal(cookie_make(&s, ni(), &a, 77, cookie), 0);
		assert_true(check(&s, cookie));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_for_one),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_version_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
