/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/crypto/vectors.h"

#include "crypto/prf.h"

/* One prf when the vector has data=, prf+ when it has seed=. */
static void check_vector(struct vec *v)
{
	const struct alg *prf = vec_alg(v, "prf", ALG_PRF);
	struct view key = vec_hex(v, "key"), data = vec_hex(v, "data");
	struct view seed = vec_hex(v, "seed"), want = vec_hex(v, "out");
	uint8_t out[256];

	if (vec_str(v, "seed")) {
		assert_true(want.len <= sizeof(out));
		assert_int_equal(prf_plus(prf, key, seed, out, want.len), 0);
		vec_check(v, "prf+", view_make(out, want.len), want);
		return;
	}
	assert_int_equal(want.len, prf->u.prf.out_len);
	assert_int_equal(prf_compute(prf, key, &data, 1, out), 0);
	vec_check(v, "prf", view_make(out, want.len), want);
	/* The same in three parts, at each place for short ones: buffering must not show. */
	for (size_t cut = 0; cut <= data.len && cut < 70; cut++) {
		size_t half = cut / 2;
		const struct view parts[] = {view_make(data.ptr, half), view_make(NULL, 0),
					     view_make(data.ptr + half, cut - half),
					     view_make(data.ptr + cut, data.len - cut)};

		assert_int_equal(prf_compute(prf, key, parts, 4, out), 0);
		vec_check(v, "prf in parts", view_make(out, want.len), want);
	}
}

static void test_prf_vectors(void **state)
{
	(void)state;
	vec_each(VECTORS_DIR "/prf.txt", 40, check_vector);
}

static void test_kdf_vectors(void **state)
{
	(void)state;
	vec_each(VECTORS_DIR "/ikev2-kdf.txt", 20, check_vector);
}

/* Every PRF, every length over some blocks: prf+ of a length begins prf+ of a greater one. */
static void test_prf_plus_lengths(void **state)
{
	uint8_t all[200], some[200];
	const struct view key = view_str("key"), seed = view_str("seed");

	(void)state;
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *prf = alg_at(i);

		if (prf->type != ALG_PRF)
			continue;
		assert_int_equal(prf_plus(prf, key, seed, all, sizeof(all)), 0);
		for (size_t len = 0; len <= sizeof(all); len++) {
			memset(some, 0xee, sizeof(some));
			assert_int_equal(prf_plus(prf, key, seed, some, len), 0);
			assert_memory_equal(some, all, len);
			assert_true(len == sizeof(some) || some[len] == 0xee);
		}
	}
}

static void test_prf_plus_limit(void **state)
{
	const struct alg *prf = alg_find(ALG_PRF, 5);
	const struct view key = view_str("key"), seed = view_str("seed");
	uint8_t *out = malloc(255 * 32 + 1);

	(void)state;
	assert_non_null(out);
	assert_int_equal(prf_plus(prf, key, seed, out, 255 * 32), 0);
	assert_int_equal(prf_plus(prf, key, seed, out, 255 * 32 + 1), E_LIMIT);
	free(out);
}

/* Keys of any length work, the empty one too, and all give something else. */
static void test_key_lengths(void **state)
{
	uint8_t key[200], out[130][PRF_MAX_LEN];
	const struct view data = view_str("data");

	(void)state;
	memset(key, 0x5a, sizeof(key));
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *prf = alg_at(i);

		if (prf->type != ALG_PRF)
			continue;
		for (size_t len = 0; len < 130; len++) {
			struct view k = view_make(len ? key : NULL, len);

			assert_int_equal(prf_compute(prf, k, &data, 1, out[len]), 0);
			for (size_t j = 0; j < len; j++)
				assert_memory_not_equal(out[j], out[len], prf->u.prf.out_len);
		}
	}
}

static void test_hash(void **state)
{
	/* SHA-1 and the beginnings of the SHA-2 of "abc" (FIPS 180-4). */
	static const struct {
		unsigned hash;
		size_t len;
		uint8_t begin[4];
	} want[] = {{1, 20, {0xa9, 0x99, 0x3e, 0x36}},
		    {2, 32, {0xba, 0x78, 0x16, 0xbf}},
		    {3, 48, {0xcb, 0x00, 0x75, 0x3f}},
		    {4, 64, {0xdd, 0xaf, 0x35, 0xa1}}};
	const struct view parts[] = {view_str("a"), view_make(NULL, 0), view_str("bc")};
	uint8_t out[64], sha1[20];
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(prf_hash(want[i].hash, view_str("abc"), out, &len), 0);
		assert_int_equal(len, want[i].len);
		assert_memory_equal(out, want[i].begin, 4);
	}
	assert_int_equal(prf_hash(1, view_str("abc"), out, &len), 0);
	assert_int_equal(prf_sha1(parts, 3, sha1), 0);
	assert_memory_equal(out, sha1, 20);
	assert_int_equal(prf_hash(0, view_str("abc"), out, &len), E_UNSUPPORTED);
	assert_int_equal(prf_hash(5, view_str("abc"), out, &len), E_UNSUPPORTED);
	assert_int_equal(prf_hash(99, view_str("abc"), out, &len), E_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prf_vectors),	 cmocka_unit_test(test_kdf_vectors),
		cmocka_unit_test(test_prf_plus_lengths), cmocka_unit_test(test_prf_plus_limit),
		cmocka_unit_test(test_key_lengths),	 cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
