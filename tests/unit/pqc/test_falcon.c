/* SPDX-License-Identifier: Apache-2.0 */
/* Falcon's parts: emulated floating point, encodings, arithmetic, and keys that are none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"
#include "kat.h"
#include "pqc/cpu.h"
#include "pqc/falcon/falcon.h"
#include "pqc/falcon/falcon_codec.h"
#include "pqc/falcon/falcon_float.h"
#include "pqc/falcon/falcon_fpr_emu.h"
#include "pqc/falcon/falcon_modq.h"
#include "pqc/falcon/falcon_zint.h"

#define N	   512
#define NONCE_HEAD 41 /* header and nonce of a signature */

void *__real_pqc_mem_new(size_t len);
void *__wrap_pqc_mem_new(size_t len);

static bool out_of_memory;

void *__wrap_pqc_mem_new(size_t len)
{
	return out_of_memory ? NULL : __real_pqc_mem_new(len);
}

static uint64_t next_random(void)
{
	static uint64_t state = 1;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double to_double(fpr x)
{
	double d;

	memcpy(&d, &x, sizeof(d));
	return d;
}

static fpr to_fpr(double d)
{
	fpr x;

	memcpy(&x, &d, sizeof(x));
	return x;
}

/* Exponents from -range to range; one in 16 is zero, one in 4 has a short mantissa, for ties. */
static double random_double(int range)
{
	uint64_t r = next_random(), fraction = next_random() & FPR_FRACTION;
	int exponent = 1023 - range + (int)(r >> 32) % (2 * range + 1);

	if (exponent < 1023 - range)
		exponent += 2 * range + 1;
	if (r % 16 == 0)
		return 0;
	if (r % 4 == 1)
		fraction &= ~(uint64_t)0 << (next_random() % 52);
	return to_double((r & FPR_SIGN) | (uint64_t)exponent << 52 | fraction);
}

static void assert_same(fpr emulated, double real)
{
	/* -0 and 0 are equal, and which of them it is never matters. */
	if (to_double(emulated) != real)
		fail_msg("%a is not %a", to_double(emulated), real);
}

static void test_fpr_arithmetic(void **state)
{
	(void)state;
	for (int i = 0; i < 300000; i++) {
		int range = i % 3 == 0 ? 2 : i % 3 == 1 ? 60 : 300;
		volatile double a = random_double(range), b = random_double(range);
		fpr x = to_fpr(a), y = to_fpr(b);

		assert_same(fpr_add(x, y), a + b);
		assert_same(fpr_sub(x, y), a - b);
		assert_same(fpr_sub(x, x), 0);
		assert_same(fpr_mul(x, y), a * b);
		if (b != 0) {
			assert_same(fpr_div(x, y), a / b);
			assert_same(fpr_inv(y), 1.0 / b);
		}
		if (a != 0 || b != 0)
			assert_int_equal(fpr_lt(x, y), a < b);
		a = a < 0 ? -a : a;
		assert_same(fpr_sqrt(to_fpr(a)), sqrt(a));
	}
}

static void test_fpr_integers(void **state)
{
	(void)state;
	for (int i = 0; i < 300000; i++) {
		int64_t whole = (int64_t)next_random() >> (next_random() % 64);
		volatile double a = random_double(i % 2 ? 3 : 60), near = (double)whole;
		fpr x = to_fpr(a);
		int64_t down = (int64_t)a - (a < (double)(int64_t)a);

		assert_same(fpr_of(whole), near);
		assert_same(fpr_scaled(whole, -70), near * 0x1p-70);
		assert_int_equal(fpr_trunc(x), (int64_t)a);
		assert_int_equal(fpr_floor(x), down);
		assert_int_equal(fpr_rint(x), (int64_t)rint(a));
		a = random_double(40);
		if (a < 1 && a > -1)
			assert_int_equal(fpr_trunc_p63(to_fpr(a)), (uint64_t)(int64_t)(a * 0x1p63));
	}
}

static void test_variants(void **state)
{
	(void)state;
	for (int level = 0; level <= (int)pqc_cpu_highest(); level++) {
		pqc_cpu_limit((enum pqc_cpu_level)level);
		assert_int_equal(falcon_modq_ops() == &falcon_modq_c_ops, level == 0);
		assert_int_equal(falcon_float_ops() == &falcon_float_c_ops, level == 0);
	}
}

static void fill(int16_t *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = (int16_t)(next_random() % (2 * FALCON_MODQ_Q - 1)) - (FALCON_MODQ_Q - 1);
}

/* Products by the transform and by the definition, quotients, and the range of what comes out. */
static void test_modq(void **state)
{
	int16_t a[1024], b[1024], c[1024];

	(void)state;
	for (int round = 0; round < 4 * (int)(pqc_cpu_highest() + 1); round++) {
		unsigned logn = 9 + (unsigned)round % 2;
		size_t n = (size_t)1 << logn;
		const struct falcon_modq_ops *ops;

		pqc_cpu_limit((enum pqc_cpu_level)(round / 4));
		ops = falcon_modq_ops();
		fill(a, n);
		fill(b, n);
		for (size_t i = 0; i < n; i++) {
			int64_t sum = 0;

			for (size_t j = 0; j < n; j++)
				sum += (int64_t)a[j] * (j <= i ? b[i - j] : -b[n + i - j]);
			sum %= FALCON_MODQ_Q;
			sum += sum < -FALCON_MODQ_Q / 2 ? FALCON_MODQ_Q : 0;
			c[i] = (int16_t)(sum > FALCON_MODQ_Q / 2 ? sum - FALCON_MODQ_Q : sum);
		}
		ops->ntt(a, logn);
		ops->ntt(b, logn);
		ops->mul(a, b, n);
		if (!falcon_modq_has_zero(b, n)) {
			int16_t quotient[1024];

			memcpy(quotient, a, sizeof(quotient));
			ops->div(quotient, b, n);
			ops->mul(quotient, b, n);
			assert_memory_equal(quotient, a, n * sizeof(a[0]));
		}
		ops->intt(a, logn);
		assert_memory_equal(a, c, n * sizeof(a[0]));
		ops->sub(a, c, n);
		assert_int_equal(ops->norm(a, n), 0);
		assert_true(falcon_modq_has_zero(a, n));
	}
}

/* Two largest magnitudes of all: the norm does not overflow. */
static void test_modq_norm(void **state)
{
	int16_t a[1024];

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		a[i] = i % 2 ? 6144 : -6144;
	for (int level = 0; level <= (int)pqc_cpu_highest(); level++) {
		pqc_cpu_limit((enum pqc_cpu_level)level);
		assert_int_equal(falcon_modq_ops()->norm(a, 1024), (uint64_t)1024 * 6144 * 6144);
	}
}

static void test_public_codec(void **state)
{
	int16_t h[N], again[N];
	uint8_t bytes[N * 14 / 8];

	(void)state;
	for (size_t i = 0; i < N; i++)
		h[i] = (int16_t)(next_random() % FALCON_MODQ_Q);
	h[7] = 0;
	h[8] = FALCON_MODQ_Q - 1;
	falcon_codec_put_public(bytes, h, N);
	assert_int_equal(falcon_codec_get_public(again, N, bytes), 0);
	assert_memory_equal(h, again, sizeof(h));
	/* The first value becomes q, the least that is refused. */
	bytes[0] = FALCON_MODQ_Q >> 6;
	bytes[1] = (uint8_t)((FALCON_MODQ_Q & 63) << 2 | (bytes[1] & 3));
	assert_int_equal(falcon_codec_get_public(again, N, bytes), -1);
}

static void test_small_codec(void **state)
{
	static const unsigned all_bits[] = {5, 6, 8};
	int8_t x[N], again[N];
	uint8_t bytes[N];

	(void)state;
	for (size_t b = 0; b < 3; b++) {
		unsigned bits = all_bits[b];
		int most = (1 << (bits - 1)) - 1;

		for (size_t i = 0; i < N; i++)
			x[i] = (int8_t)((int)(next_random() % (unsigned)(2 * most + 1)) - most);
		x[N - 1] = (int8_t)-most;
		falcon_codec_put_small(bytes, x, N, bits);
		assert_int_equal(falcon_codec_get_small(again, N, bits, bytes), 0);
		assert_memory_equal(x, again, sizeof(x));
		/* -most is 10...01: one less has no code. */
		bytes[N * bits / 8 - 1] ^= 1;
		assert_int_equal(falcon_codec_get_small(again, N, bits, bytes), -1);
	}
}

static int decode(const uint8_t *bytes, size_t len)
{
	int16_t s2[N];
	/* exact, so that reading behind the end is seen */
	uint8_t *copy = malloc(len + 1);
	int err;

	assert_non_null(copy);
	memcpy(copy + 1, bytes, len);
	err = falcon_codec_get_signature(s2, N, pqc_bytes_make(copy + 1, len));
	free(copy);
	return err;
}

static void test_signature_codec(void **state)
{
	int16_t s2[N], again[N];
	uint8_t bytes[N * 3 + 1] = {0};
	size_t len;

	(void)state;
	for (size_t i = 0; i < N; i++)
		s2[i] = (int16_t)((int)(next_random() % 4095) - 2047);
	s2[3] = 2047;
	s2[4] = -2047;
	s2[5] = 0;
	len = falcon_codec_put_signature(bytes, sizeof(bytes), s2, N);
	assert_true(len > N * 9 / 8 && len < sizeof(bytes));
	assert_int_equal(falcon_codec_get_signature(again, N, pqc_bytes_make(bytes, len)), 0);
	assert_memory_equal(s2, again, sizeof(s2));
	assert_int_equal(falcon_codec_put_signature(bytes, len, s2, N), len);
	assert_int_equal(falcon_codec_put_signature(bytes, len - 1, s2, N), 0);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(decode(bytes, cut), -1);
	assert_int_equal(decode(bytes, len + 1), -1);
	s2[0] = 2048;
	assert_int_equal(falcon_codec_put_signature(bytes, sizeof(bytes), s2, N), 0);
}

/* What an encoder never writes, though the values could be understood. */
static void test_signature_malleable(void **state)
{
	int16_t s2[N] = {0};
	uint8_t bytes[N * 9 / 8 + 2] = {0};
	size_t len = falcon_codec_put_signature(bytes, sizeof(bytes), s2, N);

	(void)state;
	assert_int_equal(len, N * 9 / 8);
	assert_int_equal(decode(bytes, len), 0);
	bytes[0] |= 0x80; /* -0 */
	assert_int_equal(decode(bytes, len), -1);
	s2[0] = 128; /* one bit more, so that there is padding */
	len = falcon_codec_put_signature(bytes, sizeof(bytes), s2, N);
	assert_int_equal(len, N * 9 / 8 + 1);
	assert_int_equal(decode(bytes, len), 0);
	for (int bit = 0; bit < 7; bit++) {
		bytes[len - 1] ^= (uint8_t)(1 << bit);
		assert_int_equal(decode(bytes, len), -1);
		bytes[len - 1] ^= (uint8_t)(1 << bit);
	}
	/* 16 zeros before the 1: 2048 and more. */
	memset(bytes, 0, sizeof(bytes));
	bytes[3] = 0x80;
	memset(bytes + 4, 0xff, sizeof(bytes) - 4);
	assert_int_equal(decode(bytes, sizeof(bytes)), -1);
}

/* 3 * 5 and 3 * 7, scaled up to two limbs: no solution; coprime ones have theirs. */
static void test_bezout(void **state)
{
	int64_t x[2] = {15, 3}, y[2] = {21, 9}, u[2], v[2];
	const struct falcon_zint_bezout b = {x, y, 2, u, v};
	__int128 left, right;

	(void)state;
	assert_int_equal(falcon_zint_bezout(&b), 0);
	x[1] = y[1] = 0;
	x[0] = 1000003;
	y[0] = 999983;
	assert_int_equal(falcon_zint_bezout(&b), 1);
	assert_int_equal(u[1] | v[1], 0);
	left = (__int128)x[0] * u[0];
	right = (__int128)y[0] * v[0];
	assert_true(left - right == 1 && u[0] > 0 && u[0] <= y[0]);
}

struct keys {
	uint8_t pub[1793], sec[2305], sig[1462];
	size_t sig_len;
};

static void make_keys(const struct pqc_sig *sig, struct keys *k)
{
	static const uint8_t seed[KAT_SEED_LEN] = {1};
	struct kat_drbg drbg;
	struct pqc_rng rng = kat_drbg_rng(&drbg);
	const struct pqc_signer signer = {sig, pqc_bytes_make(k->sec, sig->secret_len)};
	const struct pqc_msg msg = {.text = pqc_bytes_make("text", 4)};

	kat_drbg_init(&drbg, seed);
	assert_int_equal(pqc_sig_keypair(sig, &rng, k->pub, k->sec), 0);
	assert_int_equal(pqc_sig_sign(&signer, &rng, &msg, k->sig, &k->sig_len), 0);
}

/* Keys with a wrong header, a value without code, an f that is not invertible, or another F. */
static void test_bad_keys(void **state)
{
	const struct pqc_sig *sig = *state;
	struct pqc_bytes sec, pub;
	struct keys k, bad;
	const struct pqc_msg msg = {.text = pqc_bytes_make("text", 4)};

	make_keys(sig, &k);
	bad = k;
	sec = pqc_bytes_make(bad.sec, sig->secret_len);
	pub = pqc_bytes_make(bad.pub, sig->public_len);
	assert_int_equal(pqc_sig_check_secret(sig, sec), 0);
	bad.sec[0] ^= 3;
	assert_int_equal(pqc_sig_check_secret(sig, sec), PQC_E_KEY);
	assert_int_equal(pqc_sig_public_of(sig, sec, bad.pub), PQC_E_KEY);
	bad = k;
	bad.sec[sig->secret_len - 1] = 0x80;
	assert_int_equal(pqc_sig_check_secret(sig, sec), PQC_E_KEY);
	bad = k;
	bad.sec[sig->secret_len - 1] ^= 1;
	assert_int_equal(pqc_sig_check_secret(sig, sec), PQC_E_KEY);
	bad = k;
	memset(bad.sec + 1, 0, sig == &falcon_512 ? 384 : 640); /* f = 0 */
	assert_int_equal(pqc_sig_check_secret(sig, sec), PQC_E_KEY);
	bad = k;
	bad.pub[0] ^= 1;
	assert_int_equal(pqc_sig_verify(sig, pub, &msg, pqc_bytes_make(k.sig, k.sig_len)),
			 PQC_E_KEY);
	memset(bad.pub, 0xff, sizeof(bad.pub));
	bad.pub[0] = k.pub[0];
	assert_int_equal(pqc_sig_verify(sig, pub, &msg, pqc_bytes_make(k.sig, k.sig_len)),
			 PQC_E_KEY);
	bad = k;
	bad.sig[0] += 0x20; /* the header of the form that has a fixed length */
	assert_int_equal(pqc_sig_verify(sig, pub, &msg, pqc_bytes_make(bad.sig, k.sig_len)),
			 PQC_E_SIGNATURE);
}

/* Every allocation fails: nothing is left in the outputs. */
static void test_no_memory(void **state)
{
	const struct pqc_sig *sig = *state;
	static const uint8_t zeros[2305];
	struct keys k;
	struct kat_drbg drbg;
	struct pqc_rng rng = kat_drbg_rng(&drbg);
	const struct pqc_signer signer = {sig, pqc_bytes_make(k.sec, sig->secret_len)};
	const struct pqc_msg msg = {.text = pqc_bytes_make("text", 4)};

	make_keys(sig, &k);
	kat_drbg_init(&drbg, zeros);
	out_of_memory = true;
	assert_int_equal(pqc_sig_check_secret(sig, signer.sec), PQC_E_NOMEM);
	assert_int_equal(pqc_sig_sign(&signer, &rng, &msg, k.sig, &k.sig_len), PQC_E_NOMEM);
	assert_memory_equal(k.sig, zeros, sig->signature_len);
	assert_int_equal(k.sig_len, 0);
	assert_int_equal(pqc_sig_keypair(sig, &rng, k.pub, k.sec), PQC_E_NOMEM);
	assert_memory_equal(k.pub, zeros, sig->public_len);
	assert_memory_equal(k.sec, zeros, sig->secret_len);
	out_of_memory = false;
}

/* A field of a transcript: the rest of the line that begins so, as bytes. */
static struct json_bytes field(const char *text, const char *name)
{
	struct json_bytes out = {NULL, 0};
	const char *at = strstr(text, name);
	unsigned byte;

	assert_non_null(at);
	at += strlen(name);
	out.ptr = malloc(strlen(at) / 2 + 1);
	assert_non_null(out.ptr);
	for (; sscanf(at, "%2x", &byte) == 1 && *at != '\n'; at += 2)
		out.ptr[out.len++] = (uint8_t)byte;
	return out;
}

/* The one signature of the submission's answers that is longer than what we make is still good. */
static void test_longer_signature(void **state)
{
	char *text = json_read_file(SHARED_DIR "/kat/Falcon-1024-count82-upstream.rsp");
	struct json_bytes pub, msg, sm;
	uint8_t sig[1462];
	size_t tail;

	(void)state;
	if (!text)
		skip();
	pub = field(text, "\npk = ");
	msg = field(text, "\nmsg = ");
	sm = field(text, "\nsm = ");
	tail = sm.len - 2 - 40 - msg.len;
	assert_int_equal(NONCE_HEAD + tail - 1, 1281);
	sig[0] = 0x3a;
	memcpy(sig + 1, sm.ptr + 2, 40);
	memcpy(sig + NONCE_HEAD, sm.ptr + 2 + 40 + msg.len + 1, tail - 1);
	assert_int_equal(pqc_sig_verify(&falcon_1024, pqc_bytes_make(pub.ptr, pub.len),
					&(struct pqc_msg){.text = pqc_bytes_make(msg.ptr, msg.len)},
					pqc_bytes_make(sig, NONCE_HEAD + tail - 1)),
			 0);
	free(pub.ptr);
	free(msg.ptr);
	free(sm.ptr);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fpr_arithmetic),
		cmocka_unit_test(test_fpr_integers),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_modq),
		cmocka_unit_test(test_modq_norm),
		cmocka_unit_test(test_public_codec),
		cmocka_unit_test(test_small_codec),
		cmocka_unit_test(test_signature_codec),
		cmocka_unit_test(test_signature_malleable),
		cmocka_unit_test(test_bezout),
		cmocka_unit_test_prestate(test_bad_keys, (void *)(uintptr_t)&falcon_512),
		cmocka_unit_test_prestate(test_bad_keys, (void *)(uintptr_t)&falcon_1024),
		cmocka_unit_test_prestate(test_no_memory, (void *)(uintptr_t)&falcon_512),
		cmocka_unit_test_prestate(test_no_memory, (void *)(uintptr_t)&falcon_1024),
		cmocka_unit_test(test_longer_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
