/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/crypto/vectors.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <pthread.h>

#include "crypto/alg_row.h"
#include "crypto/ke.h"
#include "crypto/ke_ops.h"
#include "provider/provider.h"

#define MAX_LEN 1024

static void check_agreement(const struct alg *a)
{
	struct wbuf offer, answer;
	struct secret si = {0}, sr = {0};
	struct ke *ke = NULL;
	size_t before = 3;

	wbuf_init(&offer, 0);
	wbuf_init(&answer, 0);
	wbuf_bytes(&offer, "abc", before);
	assert_int_equal(ke_offer(a, &ke, &offer), 0);
	assert_ptr_equal(ke_alg(ke), a);
	assert_int_equal(offer.len, before + a->u.ke.offer_len);
	assert_memory_equal(offer.data, "abc", before);
	assert_int_equal(
		ke_answer(a, view_make(offer.data + before, offer.len - before), &answer, &sr), 0);
	assert_int_equal(answer.len, a->u.ke.answer_len);
	assert_int_equal(ke_finish(ke, wbuf_view(&answer), &si), 0);
	assert_true(si.len > 0 && secret_equal(secret_view(&si), secret_view(&sr)));
	secret_done(&si);
	secret_done(&sr);
	wbuf_done(&offer);
	wbuf_done(&answer);
	ke_free(ke);
}

static void test_agreement(void **state)
{
	(void)state;
	for (size_t i = 0; alg_at(i); i++) {
		if (alg_at(i)->type == ALG_KE)
			check_agreement(alg_at(i));
	}
	ke_free(NULL);
}

/* A value that must be refused by both sides, and must leave nothing behind. */
static void refuse(const struct alg *a, struct ke *ke, struct view value)
{
	struct secret secret = {0};
	struct wbuf out;

	wbuf_init(&out, 0);
	wbuf_u8(&out, 7);
	if (ke_answer(a, value, &out, &secret) != E_MALFORMED)
		fail_msg("%s: an offer was not refused", a->name);
	assert_int_equal(out.len, 1);
	if (ke_finish(ke, value, &secret) != E_MALFORMED)
		fail_msg("%s: an answer was not refused", a->name);
	assert_null(secret.data);
	wbuf_done(&out);
}

static struct ke *start(const struct alg *a, struct wbuf *offer)
{
	struct ke *ke = NULL;

	wbuf_init(offer, 0);
	assert_int_equal(ke_offer(a, &ke, offer), 0);
	return ke;
}

static void test_wrong_lengths(void **state)
{
	uint8_t longer[MAX_LEN + 1] = {0};

	(void)state;
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);
		struct wbuf offer;
		struct ke *ke;

		if (a->type != ALG_KE || a->u.ke.kem || a->u.ke.offer_len > 512)
			continue;
		ke = start(a, &offer);
		memcpy(longer, offer.data, offer.len);
		refuse(a, ke, view_make(NULL, 0));
		refuse(a, ke, view_make(longer, 1));
		refuse(a, ke, view_make(longer, offer.len - 1));
		refuse(a, ke, view_make(longer, offer.len + 1));
		ke_free(ke);
		wbuf_done(&offer);
	}
}

static bool is(const struct alg *a, const char *type)
{
	return a->type == ALG_KE && strcmp(a->u.ke.impl->type, type) == 0;
}

/* The prime of a MODP row, asked of OpenSSL through a fresh key. */
static BIGNUM *prime_of(const struct alg *a)
{
	EVP_PKEY *key = NULL;
	BIGNUM *p = NULL;

	assert_int_equal(a->u.ke.impl->ops->generate(a, &key), 0);
	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_FFC_P, &p), 1);
	EVP_PKEY_free(key);
	return p;
}

/* RFC 6989 section 2.1: 1 < y < p - 1. */
static void test_modp_range(void **state)
{
	(void)state;
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);
		uint8_t value[MAX_LEN];
		struct wbuf offer;
		struct ke *ke;
		BIGNUM *p;

		if (!is(a, "DH") || a->u.ke.offer_len > 512)
			continue;
		ke = start(a, &offer);
		p = prime_of(a);
		for (int y = 0; y <= 1; y++) {
			memset(value, 0, sizeof(value));
			value[offer.len - 1] = (uint8_t)y;
			refuse(a, ke, view_make(value, offer.len));
		}
		for (int below = 1; below >= 0; below--) { /* p - 1, p */
			BIGNUM *y = BN_dup(p);

			assert_true(y && BN_sub_word(y, (BN_ULONG)below));
			assert_int_equal(BN_bn2binpad(y, value, (int)offer.len), offer.len);
			refuse(a, ke, view_make(value, offer.len));
			BN_free(y);
		}
		memset(value, 0xff, sizeof(value));
		refuse(a, ke, view_make(value, offer.len));
		BN_free(p);
		ke_free(ke);
		wbuf_done(&offer);
	}
}

/* RFC 6989 section 2.2: y^q = 1. In the groups of RFC 5114 2 is not of that order. */
static void test_modp_subgroup(void **state)
{
	static const uint16_t ids[] = {22, 23, 24};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct alg *a = alg_find(ALG_KE, ids[i]);
		uint8_t two[256] = {0};
		struct wbuf offer;
		struct ke *ke = start(a, &offer);

		two[a->u.ke.offer_len - 1] = 2;
		refuse(a, ke, view_make(two, a->u.ke.offer_len));
		ke_free(ke);
		wbuf_done(&offer);
	}
}

/* Private exponents are short enough to be quick, and long enough for the group. */
static void test_modp_exponents(void **state)
{
	(void)state;
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);
		EVP_PKEY *key = NULL;
		BIGNUM *x = NULL;

		if (!is(a, "DH"))
			continue;
		assert_int_equal(a->u.ke.impl->ops->generate(a, &key), 0);
		assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &x), 1);
		if (BN_num_bits(x) < 2 * a->u.ke.strength - 32 || BN_num_bits(x) > 512)
			fail_msg("%s: exponent of %d bits", a->name, BN_num_bits(x));
		BN_clear_free(x);
		EVP_PKEY_free(key);
	}
}

static void test_ecp_points(void **state)
{
	(void)state;
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);
		uint8_t point[132] = {0};
		struct wbuf offer;
		struct ke *ke;

		if (!is(a, "EC"))
			continue;
		ke = start(a, &offer);
		refuse(a, ke, view_make(point, offer.len)); /* zero */
		for (size_t at = 0; at < offer.len; at += offer.len / 4) {
			memcpy(point, offer.data, offer.len);
			point[at] ^= 1; /* off the curve, or a coordinate not below the prime */
			refuse(a, ke, view_make(point, offer.len));
		}
		memset(point, 0xff, sizeof(point));
		refuse(a, ke, view_make(point, offer.len));
		ke_free(ke);
		wbuf_done(&offer);
	}
}

/* Points of small order: the shared secret would be zero (RFC 8031 section 3). */
static void test_xdh_zero(void **state)
{
	static const uint16_t ids[] = {31, 32};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct alg *a = alg_find(ALG_KE, ids[i]);
		uint8_t u[56] = {0};
		struct wbuf offer;
		struct ke *ke = start(a, &offer);

		refuse(a, ke, view_make(u, a->u.ke.offer_len));
		u[0] = 1;
		refuse(a, ke, view_make(u, a->u.ke.offer_len));
		ke_free(ke);
		wbuf_done(&offer);
	}
}

/* A key pair as a KE payload and a vector have it; the group is copied from a fresh key. */
static EVP_PKEY *dh_key_of(const struct alg *a, struct view private, struct view public)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, a->u.ke.impl->type, NULL);
	BIGNUM *x = BN_secure_new(), *y = BN_bin2bn(public.ptr, (int)public.len, NULL);
	uint8_t point[133] = {0x04};
	OSSL_PARAM *group = NULL, *add, *both;
	EVP_PKEY *fresh = NULL, *key = NULL;

	assert_int_equal(a->u.ke.impl->ops->generate(a, &fresh), 0);
	assert_int_equal(EVP_PKEY_todata(fresh, EVP_PKEY_KEY_PARAMETERS, &group), 1);
	assert_non_null(BN_bin2bn(private.ptr, (int)private.len, x));
	assert_int_equal(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, x), 1);
	if (is(a, "EC")) {
		memcpy(point + 1, public.ptr, public.len);
		assert_int_equal(OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
								  point, 1 + public.len),
				 1);
	} else {
		assert_int_equal(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PUB_KEY, y), 1);
	}
	add = OSSL_PARAM_BLD_to_param(bld);
	both = OSSL_PARAM_merge(group, add);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, both), 1);
	OSSL_PARAM_free(both);
	OSSL_PARAM_free(add);
	OSSL_PARAM_free(group);
	EVP_PKEY_free(fresh);
	BN_clear_free(x);
	BN_free(y);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

/* g^x = y in the group of the key: OpenSSL's own check wants to know q, which 768 and 1024 lack. */
static bool is_dh_pair(EVP_PKEY *key)
{
	static const char *const names[] = {OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_G,
					    OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PKEY_PARAM_PUB_KEY};
	BIGNUM *n[4] = {NULL}, *y = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	bool same;

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(EVP_PKEY_get_bn_param(key, names[i], &n[i]), 1);
	assert_int_equal(BN_mod_exp(y, n[1], n[2], n[0], ctx), 1);
	same = BN_cmp(y, n[3]) == 0;
	for (size_t i = 0; i < 4; i++)
		BN_clear_free(n[i]);
	BN_free(y);
	BN_CTX_free(ctx);
	return same;
}

/* The public key goes with the private one in our group, and is encoded as the vector has it. */
static void check_public(struct vec *v, const struct alg *a, EVP_PKEY *key, struct view public)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	struct wbuf out;

	if (is(a, "DH") ? !is_dh_pair(key) : EVP_PKEY_pairwise_check(ctx) != 1)
		fail_msg("%s:%u: not a key pair of %s", v->file, v->number, a->name);
	wbuf_init(&out, 0);
	assert_int_equal(a->u.ke.impl->ops->encode(a, key, &out), 0);
	vec_check(v, "public", wbuf_view(&out), public);
	wbuf_done(&out);
	EVP_PKEY_CTX_free(ctx);
}

static void check_vector(struct vec *v)
{
	const struct alg *a = vec_alg(v, "ke", ALG_KE);
	struct view private = vec_hex(v, "private"), public = vec_hex(v, "public");
	struct view peer = vec_hex(v, "peer"), want = vec_hex(v, "secret");
	struct secret secret = {0};
	EVP_PKEY *key;
	int err;

	if (is(a, "DH") || is(a, "EC"))
		key = dh_key_of(a, private, public);
	else
		key = EVP_PKEY_new_raw_private_key_ex(NULL, a->u.ke.impl->type, NULL, private.ptr,
						      private.len);
	assert_non_null(key);
	if (public.len > 0)
		check_public(v, a, key, public);
	err = a->u.ke.impl->ops->finish(a, key, peer, &secret);
	if (err != (want.len > 0 ? 0 : E_MALFORMED))
		fail_msg("%s:%u: %s", v->file, v->number, err_text(err));
	if (want.len > 0)
		vec_check(v, "secret", secret_view(&secret), want);
	secret_done(&secret);
	EVP_PKEY_free(key);
}

static void test_vectors(void **state)
{
	(void)state;
	vec_each(VECTORS_DIR "/ke.txt", 140, check_vector);
}

/* One exchange with a KEM, kept open: what the initiator sent and got, and what both have. */
struct kem_run {
	struct ke *ke;
	struct wbuf offer, answer;
	struct secret secret;
};

static void kem_start(const struct alg *a, struct kem_run *r)
{
	*r = (struct kem_run){0};
	r->ke = start(a, &r->offer);
	wbuf_init(&r->answer, 0);
	assert_int_equal(ke_answer(a, wbuf_view(&r->offer), &r->answer, &r->secret), 0);
}

static void kem_end(struct kem_run *r)
{
	secret_done(&r->secret);
	wbuf_done(&r->offer);
	wbuf_done(&r->answer);
	ke_free(r->ke);
}

static void refuse_lengths(const struct alg *a, const struct kem_run *r)
{
	size_t lens[] = {
		0, 1, r->offer.len - 1, r->offer.len + 1, r->answer.len - 1, r->answer.len + 1};
	static uint8_t bytes[65536];
	struct secret secret = {0};
	struct wbuf out;

	wbuf_init(&out, 0);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct view v = view_make(bytes, lens[i]);

		memcpy(bytes, r->offer.data, r->offer.len);
		if (lens[i] != a->u.ke.offer_len && ke_answer(a, v, &out, &secret) != E_MALFORMED)
			fail_msg("%s: an offer of %zu bytes was not refused", a->name, lens[i]);
		memcpy(bytes, r->answer.data, r->answer.len);
		if (lens[i] != a->u.ke.answer_len && ke_finish(r->ke, v, &secret) != E_MALFORMED)
			fail_msg("%s: an answer of %zu bytes was not refused", a->name, lens[i]);
	}
	assert_null(secret.data);
	assert_int_equal(out.len, 0);
	wbuf_done(&out);
}

/* A manipulated ciphertext tells nothing: another secret, but HQC of round 3 refuses. */
static void change_answer(const struct alg *a, struct kem_run *r)
{
	struct secret other = {0};
	int err;

	for (size_t i = 0; i < 3; i++) {
		size_t at = i * (r->answer.len - 1) / 2;

		r->answer.data[at] ^= 1;
		err = ke_finish(r->ke, wbuf_view(&r->answer), &other);
		r->answer.data[at] ^= 1;
		if (strncmp(a->name, "HQC", 3) == 0) {
			assert_int_equal(err, E_MALFORMED);
			assert_null(other.data);
			continue;
		}
		assert_int_equal(err, 0);
		assert_int_equal(other.len, r->secret.len);
		assert_false(secret_equal(secret_view(&other), secret_view(&r->secret)));
		secret_done(&other);
	}
}

static size_t kem_secret_len(const struct alg *a)
{
	static const struct {
		const char *prefix;
		size_t len;
	} lens[] = {{"HQC", 64},
		    {"FRODO_AES_L1", 16},
		    {"FRODO_AES_L3", 24},
		    {"FRODO_SHAKE_L1", 16},
		    {"FRODO_SHAKE_L3", 24},
		    {"", 32}};
	size_t i = 0;

	while (strncmp(a->name, lens[i].prefix, strlen(lens[i].prefix)) != 0)
		i++;
	return lens[i].len;
}

static void test_kems(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *a = alg_at(i);
		struct kem_run r;

		if (a->type != ALG_KE || !a->u.ke.kem)
			continue;
		n++;
		kem_start(a, &r);
		assert_int_equal(r.secret.len, kem_secret_len(a));
		refuse_lengths(a, &r);
		change_answer(a, &r);
		kem_end(&r);
	}
	assert_int_equal(n, 18);
}

/* FIPS 203 section 7.2: a coefficient of the public key that is not below 3329. */
static void test_mlkem_modulus(void **state)
{
	(void)state;
	for (uint16_t id = 35; id <= 37; id++) {
		const struct alg *a = alg_find(ALG_KE, id);
		struct secret secret = {0};
		struct wbuf offer, answer;
		struct ke *ke = start(a, &offer);

		wbuf_init(&answer, 0);
		offer.data[0] = 0xff;
		offer.data[1] |= 0x0f;
		assert_int_equal(ke_answer(a, wbuf_view(&offer), &answer, &secret), E_MALFORMED);
		assert_null(secret.data);
		assert_int_equal(answer.len, 0);
		wbuf_done(&offer);
		wbuf_done(&answer);
		ke_free(ke);
	}
}

static void *agree_in_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++) {
		check_agreement(alg_find(ALG_KE, 31));
		check_agreement(alg_find(ALG_KE, 19));
		check_agreement(alg_find(ALG_KE, 1081));
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, agree_in_thread, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads), /* first: tables are probed by all at once */
		cmocka_unit_test(test_agreement),      cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_modp_range),     cmocka_unit_test(test_modp_subgroup),
		cmocka_unit_test(test_modp_exponents), cmocka_unit_test(test_ecp_points),
		cmocka_unit_test(test_xdh_zero),       cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_kems),	       cmocka_unit_test(test_mlkem_modulus),
	};

	if (provider_load() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
