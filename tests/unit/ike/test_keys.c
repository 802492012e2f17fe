/* SPDX-License-Identifier: Apache-2.0 */
#include "../crypto/vectors.h"

#include "crypto/prf.h"
#include "crypto/seal.h"
#include "ike/keys.h"

/* Published vectors and recorded conversations: what keys come from what was exchanged. */

static const struct alg *alg_or_none(const struct vec *v, const char *name, uint8_t type)
{
	return strcmp(vec_str(v, name), "-") == 0 ? NULL : vec_alg(v, name, type);
}

static uint64_t number(struct view v, size_t at)
{
	uint64_t n = 0;

	assert_true(v.len >= at + 8);
	for (size_t i = 0; i < 8; i++)
		n = n << 8 | v.ptr[at + i];
	return n;
}

static struct keys_ike_params ike_params(struct vec *v)
{
	struct view spis = vec_hex(v, "spis");

	return (struct keys_ike_params){
		.prf = vec_alg(v, "prf", ALG_PRF),
		.shared = vec_hex(v, "gir"),
		.ni = vec_hex(v, "ni"),
		.nr = vec_hex(v, "nr"),
		.spi_i = number(spis, 0),
		.spi_r = number(spis, 8),
	};
}

/* The keys in the order of their derivation are the beginning of `want`, or the other way round. */
static void check_stream(const struct vec *v, const struct secret *const *keys, size_t n,
			 struct view want)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at < want.len; i++) {
		size_t len = keys[i]->len < want.len - at ? keys[i]->len : want.len - at;

		assert_int_not_equal(keys[i]->len, 0);
		vec_check(v, "keying material", view_make(keys[i]->data, len),
			  view_make(want.ptr + at, len));
		at += len;
	}
	assert_true(at >= 96);
}

/* Algorithms that take as much as possible, so that most of the vector is compared. */
static const struct alg *largest(uint8_t type)
{
	return alg_find(type, type == ALG_ENCR ? 12 : 14);
}

static void check_dkm(struct vec *v)
{
	struct keys_ike_params p = ike_params(v);
	struct keys_ike k;

	p.encr = largest(ALG_ENCR);
	p.integ = largest(ALG_INTEG);
	p.key_bits = 256;
	assert_int_equal(keys_derive_ike(&p, &k), 0);
	assert_int_equal(k.d.len, p.prf->u.prf.key_len);
	check_stream(v, (const struct secret *[]){&k.d, &k.ai, &k.ar, &k.ei, &k.er, &k.pi, &k.pr},
		     7, vec_hex(v, "out"));
	keys_ike_done(&k);
	assert_null(k.d.data);
}

static struct keys_child_params child_params(struct vec *v)
{
	return (struct keys_child_params){
		.prf = vec_alg(v, "prf", ALG_PRF),
		.sk_d = vec_hex(v, "d"),
		.ni = vec_hex(v, "ni"),
		.nr = vec_hex(v, "nr"),
	};
}

static void check_child(struct vec *v)
{
	struct keys_child_params p = child_params(v);
	struct keys_child k;

	p.encr = largest(ALG_ENCR);
	p.integ = largest(ALG_INTEG);
	p.key_bits = 256;
	p.shared = vec_hex(v, "gir");
	assert_int_equal(keys_derive_child(&p, &k), 0);
	check_stream(v, (const struct secret *[]){&k.encr_i, &k.integ_i, &k.encr_r, &k.integ_r}, 4,
		     vec_hex(v, "out"));
	keys_child_done(&k);
}

static void check_sa(struct vec *v)
{
	struct keys_ike_params p = ike_params(v);
	struct keys_ike k;

	p.encr = vec_alg(v, "encr", ALG_ENCR);
	p.integ = alg_or_none(v, "integ", ALG_INTEG);
	p.key_bits = (uint16_t)strtoul(vec_str(v, "bits"), NULL, 10);
	assert_int_equal(keys_derive_ike(&p, &k), 0);
	vec_check(v, "SK_d", secret_view(&k.d), vec_hex(v, "d"));
	vec_check(v, "SK_ai", secret_view(&k.ai), vec_hex(v, "ai"));
	vec_check(v, "SK_ar", secret_view(&k.ar), vec_hex(v, "ar"));
	vec_check(v, "SK_ei", secret_view(&k.ei), vec_hex(v, "ei"));
	vec_check(v, "SK_er", secret_view(&k.er), vec_hex(v, "er"));
	vec_check(v, "SK_pi", secret_view(&k.pi), vec_hex(v, "pi"));
	vec_check(v, "SK_pr", secret_view(&k.pr), vec_hex(v, "pr"));
	keys_ike_done(&k);
}

static void check_auth(struct vec *v)
{
	struct keys_auth_params p = {
		.prf = vec_alg(v, "prf", ALG_PRF),
		.message = vec_hex(v, "message"),
		.nonce = vec_hex(v, "nonce"),
		.sk_p = vec_hex(v, "p"),
		.id_body = vec_hex(v, "id"),
	};
	uint8_t mac[PRF_MAX_LEN];
	struct wbuf octets;

	wbuf_init(&octets, 0);
	assert_int_equal(keys_auth_octets(&p, &octets), 0);
	vec_check(v, "octets", wbuf_view(&octets), vec_hex(v, "octets"));
	assert_int_equal(keys_psk_auth(p.prf, vec_hex(v, "psk"), wbuf_view(&octets), mac), 0);
	vec_check(v, "AUTH", view_make(mac, p.prf->u.prf.out_len), vec_hex(v, "out"));
	wbuf_done(&octets);
}

static void check_keymat(struct vec *v)
{
	struct keys_child_params p = child_params(v);
	struct keys_child k;

	p.encr = vec_alg(v, "encr", ALG_ENCR);
	p.integ = alg_or_none(v, "integ", ALG_INTEG);
	p.key_bits = (uint16_t)strtoul(vec_str(v, "bits"), NULL, 10);
	assert_int_equal(keys_derive_child(&p, &k), 0);
	vec_check(v, "encr_i", secret_view(&k.encr_i), vec_hex(v, "encr_i"));
	vec_check(v, "encr_r", secret_view(&k.encr_r), vec_hex(v, "encr_r"));
	vec_check(v, "integ_i", secret_view(&k.integ_i), vec_hex(v, "integ_i"));
	vec_check(v, "integ_r", secret_view(&k.integ_r), vec_hex(v, "integ_r"));
	keys_child_done(&k);
}

static const struct {
	const char *kind;
	void (*check)(struct vec *v);
} kinds[] = {
	{"dkm", check_dkm},   {"child", check_child},	{"sa", check_sa},
	{"auth", check_auth}, {"keymat", check_keymat},
};

static void check(struct vec *v)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(vec_str(v, "kind"), kinds[i].kind) == 0) {
			kinds[i].check(v);
			return;
		}
	}
	fail_msg("%s:%u: unknown kind", v->file, v->number);
}

static void test_vectors(void **state)
{
	(void)state;
	vec_each(VECTORS_DIR "/keys.txt", 20, check);
}

/* An AEAD has no integrity keys, and a salt behind its key. */
static void test_aead(void **state)
{
	static const uint8_t nonce[32] = {1};
	struct keys_ike_params p = {
		.prf = alg_find(ALG_PRF, 5),
		.encr = alg_find(ALG_ENCR, 20),
		.key_bits = 256,
		.shared = view_make(nonce, 32),
		.ni = view_make(nonce, 32),
		.nr = view_make(nonce, 16),
		.spi_i = 1,
		.spi_r = 2,
	};
	struct keys_ike k;

	(void)state;
	assert_int_equal(keys_derive_ike(&p, &k), 0);
	assert_int_equal(k.ai.len + k.ar.len, 0);
	assert_int_equal(k.ei.len, 36);
	assert_false(view_equal(secret_view(&k.ei), secret_view(&k.er)));
	keys_ike_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_aead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
