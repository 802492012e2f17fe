/* SPDX-License-Identifier: Apache-2.0 */
/* What every row must do with wrong lengths, failing random sources and changed bytes. */
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

#define MAX_ROWS 64

/* A source that fails at call number `left` (from 0). */
struct failing {
	struct kat_drbg drbg;
	int left;
};

static int failing_fill(void *ctx, uint8_t *out, size_t len)
{
	struct failing *f = ctx;

	kat_drbg_read(&f->drbg, out, len);
	return f->left-- == 0 ? -1 : 0;
}

static struct pqc_rng failing_rng(struct failing *f, int left)
{
	static const uint8_t seed[KAT_SEED_LEN] = {7};

	kat_drbg_init(&f->drbg, seed);
	f->left = left;
	return (struct pqc_rng){failing_fill, f};
}

static bool is_zero(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum |= p[i];
	return sum == 0;
}

struct kem_case {
	const struct pqc_kem *kem;
	struct failing source;
	uint8_t *pub, *sec, *ct, *shared, *again;
};

/* Every buffer is as long as it must be, for the sanitizers to see one byte more. */
static struct kem_case kem_begin(const struct pqc_kem *kem)
{
	struct kem_case c = {.kem = kem,
			     .pub = malloc(kem->public_len),
			     .sec = malloc(kem->secret_len),
			     .ct = malloc(kem->ciphertext_len),
			     .shared = malloc(kem->shared_len),
			     .again = malloc(kem->shared_len)};

	assert_true(c.pub && c.sec && c.ct && c.shared && c.again);
	return c;
}

static void kem_end(struct kem_case *c)
{
	free(c->pub);
	free(c->sec);
	free(c->ct);
	free(c->shared);
	free(c->again);
}

static struct pqc_bytes pub_of(const struct kem_case *c)
{
	return pqc_bytes_make(c->pub, c->kem->public_len);
}

static struct pqc_bytes sec_of(const struct kem_case *c)
{
	return pqc_bytes_make(c->sec, c->kem->secret_len);
}

static struct pqc_bytes ct_of(const struct kem_case *c)
{
	return pqc_bytes_make(c->ct, c->kem->ciphertext_len);
}

static void kem_run(struct kem_case *c)
{
	const struct pqc_kem *kem = c->kem;
	struct pqc_rng rng = failing_rng(&c->source, -1);

	assert_int_equal(pqc_kem_keypair(kem, &rng, c->pub, c->sec), 0);
	assert_int_equal(pqc_kem_encaps(kem, &rng, pub_of(c), c->ct, c->shared), 0);
	assert_int_equal(pqc_kem_decaps(kem, sec_of(c), ct_of(c), c->again), 0);
	assert_memory_equal(c->shared, c->again, kem->shared_len);
}

static void test_kem_lengths(void **state)
{
	const struct pqc_kem *kem = *state;
	struct kem_case c = kem_begin(kem);
	struct pqc_rng rng = failing_rng(&c.source, -1);

	kem_run(&c);
	for (int delta = -1; delta <= 1; delta += 2) {
		struct pqc_bytes pub = pub_of(&c), sec = sec_of(&c), ct = ct_of(&c);

		pub.len += (size_t)delta;
		sec.len += (size_t)delta;
		ct.len += (size_t)delta;
		memset(c.shared, 1, kem->shared_len);
		assert_int_equal(pqc_kem_encaps(kem, &rng, pub, c.ct, c.shared), PQC_E_KEY);
		assert_true(is_zero(c.ct, kem->ciphertext_len));
		assert_true(is_zero(c.shared, kem->shared_len));
		memset(c.shared, 1, kem->shared_len);
		assert_int_equal(pqc_kem_decaps(kem, sec, ct_of(&c), c.shared), PQC_E_KEY);
		assert_true(is_zero(c.shared, kem->shared_len));
		memset(c.shared, 1, kem->shared_len);
		assert_int_equal(pqc_kem_decaps(kem, sec_of(&c), ct, c.shared), PQC_E_CIPHERTEXT);
		assert_true(is_zero(c.shared, kem->shared_len));
		assert_int_equal(pqc_kem_check_public(kem, pub), PQC_E_KEY);
		assert_int_equal(pqc_kem_check_secret(kem, sec), PQC_E_KEY);
	}
	assert_int_equal(pqc_kem_decaps(kem, pqc_bytes_make(NULL, 0), ct_of(&c), c.shared),
			 PQC_E_KEY);
	assert_int_equal(pqc_kem_decaps(kem, sec_of(&c), pqc_bytes_make(NULL, 0), c.shared),
			 PQC_E_CIPHERTEXT);
	kem_end(&c);
}

/* Every call of the source fails once; the seed lengths of the row are what is drawn. */
static void test_kem_random(void **state)
{
	const struct pqc_kem *kem = *state;
	struct kem_case c = kem_begin(kem);
	uint8_t seed[512] = {1};
	struct pqc_bytes left;
	struct pqc_rng rng;
	int calls, err;

	for (calls = 0;; calls++) {
		rng = failing_rng(&c.source, calls);
		memset(c.pub, 1, kem->public_len);
		memset(c.sec, 1, kem->secret_len);
		err = pqc_kem_keypair(kem, &rng, c.pub, c.sec);
		if (err == 0)
			break;
		assert_int_equal(err, PQC_E_RNG);
		assert_true(is_zero(c.pub, kem->public_len));
		assert_true(is_zero(c.sec, kem->secret_len));
	}
	assert_true(calls > 0);
	for (calls = 0;; calls++) {
		rng = failing_rng(&c.source, calls);
		memset(c.ct, 1, kem->ciphertext_len);
		memset(c.shared, 1, kem->shared_len);
		err = pqc_kem_encaps(kem, &rng, pub_of(&c), c.ct, c.shared);
		if (err == 0)
			break;
		assert_int_equal(err, PQC_E_RNG);
		assert_true(is_zero(c.ct, kem->ciphertext_len));
		assert_true(is_zero(c.shared, kem->shared_len));
	}
	assert_true(calls > 0);
	assert_true(kem->keypair_seed_len > 0 && kem->keypair_seed_len <= sizeof(seed));
	left = pqc_bytes_make(seed, kem->keypair_seed_len);
	assert_int_equal(pqc_kem_from_seed(kem, left, c.pub, c.sec), 0);
	left.len--;
	assert_int_equal(pqc_kem_from_seed(kem, left, c.pub, c.sec), PQC_E_KEY);
	rng = pqc_rng_replay(&left);
	assert_int_equal(pqc_kem_keypair(kem, &rng, c.pub, c.sec), PQC_E_RNG);
	left = pqc_bytes_make(seed, kem->keypair_seed_len + kem->encaps_seed_len);
	rng = pqc_rng_replay(&left);
	assert_int_equal(pqc_kem_keypair(kem, &rng, c.pub, c.sec), 0);
	assert_int_equal(pqc_kem_encaps(kem, &rng, pub_of(&c), c.ct, c.shared), 0);
	assert_int_equal(left.len, 0);
	kem_end(&c);
}

static struct pqc_bytes sized(const void *ptr, size_t len)
{
	return pqc_bytes_make(ptr, len);
}

struct sig_case {
	const struct pqc_sig *sig;
	struct failing source;
	uint8_t *pub, *sec, *out;
	size_t len;
	struct pqc_msg msg;
};

static struct sig_case sig_begin(const struct pqc_sig *sig)
{
	struct sig_case c = {.sig = sig,
			     .pub = malloc(sig->public_len),
			     .sec = malloc(sig->secret_len),
			     .out = malloc(sig->signature_len),
			     .msg = {.text = sized("message", 7)}};
	struct pqc_rng rng = failing_rng(&c.source, -1);

	assert_true(c.pub && c.sec && c.out);
	assert_int_equal(pqc_sig_keypair(sig, &rng, c.pub, c.sec), 0);
	return c;
}

static void sig_end(struct sig_case *c)
{
	free(c->pub);
	free(c->sec);
	free(c->out);
}

static int sig_sign(struct sig_case *c, const struct pqc_rng *rng)
{
	const struct pqc_signer signer = {c->sig, sized(c->sec, c->sig->secret_len)};

	return pqc_sig_sign(&signer, rng, &c->msg, c->out, &c->len);
}

static int sig_verify(const struct sig_case *c)
{
	return pqc_sig_verify(c->sig, sized(c->pub, c->sig->public_len), &c->msg,
			      sized(c->out, c->len));
}

static void test_sig_lengths(void **state)
{
	const struct pqc_sig *sig = *state;
	struct sig_case c = sig_begin(sig);
	struct pqc_rng rng = failing_rng(&c.source, -1);
	uint8_t *copy;

	assert_int_equal(sig_sign(&c, &rng), 0);
	assert_true(c.len >= sig->signature_min && c.len <= sig->signature_len);
	assert_int_equal(sig_verify(&c), 0);
	for (size_t len = 0; len < c.len; len += len < 8 || c.len - len < 8 ? 1 : 97) {
		/* exact, so that reading behind the end is seen */
		copy = malloc(len + 1);
		assert_non_null(copy);
		memcpy(copy + 1, c.out, len);
		assert_int_equal(pqc_sig_verify(sig, sized(c.pub, sig->public_len), &c.msg,
						sized(copy + 1, len)),
				 PQC_E_SIGNATURE);
		free(copy);
	}
	copy = calloc(1, sig->signature_len + 1);
	assert_non_null(copy);
	memcpy(copy, c.out, c.len);
	assert_int_equal(
		pqc_sig_verify(sig, sized(c.pub, sig->public_len), &c.msg, sized(copy, c.len + 1)),
		PQC_E_SIGNATURE);
	for (int delta = -1; delta <= 1; delta += 2) {
		const struct pqc_signer signer = {sig,
						  sized(c.sec, sig->secret_len + (size_t)delta)};
		size_t len = 1;

		memset(copy, 1, sig->signature_len);
		assert_int_equal(pqc_sig_sign(&signer, &rng, &c.msg, copy, &len), PQC_E_KEY);
		assert_int_equal(len, 0);
		assert_true(is_zero(copy, sig->signature_len));
		assert_int_equal(pqc_sig_verify(sig, sized(c.pub, sig->public_len + (size_t)delta),
						&c.msg, sized(c.out, c.len)),
				 PQC_E_KEY);
	}
	free(copy);
	sig_end(&c);
}

/* A bit changed anywhere, in the signature, the message or the key, is a failure. */
static void test_sig_changed(void **state)
{
	const struct pqc_sig *sig = *state;
	struct sig_case c = sig_begin(sig);
	struct pqc_rng rng = failing_rng(&c.source, -1);

	assert_int_equal(sig_sign(&c, &rng), 0);
	for (size_t i = 0; i < c.len; i += i + 1 == c.len || c.len - i > 131 ? 131 : 1) {
		c.out[i] ^= (uint8_t)(1 << (i % 8));
		assert_int_equal(sig_verify(&c), PQC_E_SIGNATURE);
		c.out[i] ^= (uint8_t)(1 << (i % 8));
	}
	c.msg.text = sized("massage", 7);
	assert_int_equal(sig_verify(&c), PQC_E_SIGNATURE);
	c.msg.text = sized("message", 7);
	c.pub[sig->public_len - 1] ^= 1;
	assert_true(sig_verify(&c) < 0);
	c.pub[sig->public_len - 1] ^= 1;
	assert_int_equal(sig_verify(&c), 0);
	sig_end(&c);
}

static void test_sig_random(void **state)
{
	const struct pqc_sig *sig = *state;
	struct sig_case c = sig_begin(sig);
	uint8_t seed[128] = {1};
	uint8_t *pub = malloc(sig->public_len);
	struct pqc_rng rng;
	int calls, err;

	assert_non_null(pub);
	for (calls = 0;; calls++) {
		rng = failing_rng(&c.source, calls);
		err = pqc_sig_keypair(sig, &rng, c.pub, c.sec);
		if (err == 0)
			break;
		assert_int_equal(err, PQC_E_RNG);
		assert_true(is_zero(c.pub, sig->public_len));
		assert_true(is_zero(c.sec, sig->secret_len));
	}
	assert_true(calls > 0);
	for (calls = 0;; calls++) {
		rng = failing_rng(&c.source, calls);
		memset(c.out, 1, sig->signature_len);
		err = sig_sign(&c, &rng);
		if (err == 0)
			break;
		assert_int_equal(err, PQC_E_RNG);
		assert_int_equal(c.len, 0);
		assert_true(is_zero(c.out, sig->signature_len));
	}
	assert_true(calls > 0);
	assert_int_equal(sig_sign(&c, NULL), sig->may_derandomize ? 0 : PQC_E_PARAM);
	if (sig->public_of) {
		assert_int_equal(pqc_sig_public_of(sig, sized(c.sec, sig->secret_len), pub), 0);
		assert_memory_equal(pub, c.pub, sig->public_len);
	}
	assert_int_equal(pqc_sig_check_secret(sig, sized(c.sec, sig->secret_len)), 0);
	assert_int_equal(pqc_sig_from_seed(sig, sized(seed, sig->keypair_seed_len), c.pub, c.sec),
			 0);
	assert_int_equal(
		pqc_sig_from_seed(sig, sized(seed, sig->keypair_seed_len - 1), c.pub, c.sec),
		PQC_E_KEY);
	assert_true(is_zero(c.sec, sig->secret_len));
	free(pub);
	sig_end(&c);
}

static void test_sig_context(void **state)
{
	const struct pqc_sig *sig = *state;
	struct sig_case c = sig_begin(sig);
	struct pqc_rng rng = failing_rng(&c.source, -1);
	static const uint8_t context[256];

	c.msg.context = sized(context, 255);
	assert_int_equal(sig_sign(&c, &rng), sig->has_context ? 0 : PQC_E_PARAM);
	if (sig->has_context) {
		assert_int_equal(sig_verify(&c), 0);
		c.msg.context.len--;
		assert_int_equal(sig_verify(&c), PQC_E_SIGNATURE);
	}
	c.msg.context.len = 256;
	assert_int_equal(sig_sign(&c, &rng), PQC_E_PARAM);
	assert_int_equal(sig_verify(&c), PQC_E_PARAM);
	c.msg.form = PQC_MSG_MU;
	c.msg.context.len = 0;
	assert_int_equal(sig_sign(&c, &rng), PQC_E_PARAM);
	sig_end(&c);
}

static void apply_mutation(uint8_t *ct, size_t len, const char *text)
{
	unsigned at, bits;

	if (sscanf(text, "\"ct[%u] ^= 0x%x", &at, &bits) == 2) {
		assert_true(at < len);
		ct[at] ^= (uint8_t)bits;
	} else {
		assert_int_equal(strncmp(text, "\"ct = all zero bytes", 20), 0);
		memset(ct, 0, len);
	}
}

/* What decapsulation makes of changed ciphertexts of the transcripts. */
static void reject_one(const struct pqc_kem *kem, struct json vector, const struct kat_input *in)
{
	struct kem_case c = kem_begin(kem);
	struct json_bytes expected = json_hex(json_get(vector, "ss"));
	bool refused = !json_is(json_get(vector, "returned"), "success");
	struct kat_drbg drbg;
	struct pqc_rng rng = kat_drbg_rng(&drbg);

	kat_drbg_init(&drbg, in[json_number(json_get(vector, "count"))].seed);
	assert_int_equal(pqc_kem_keypair(kem, &rng, c.pub, c.sec), 0);
	assert_int_equal(pqc_kem_encaps(kem, &rng, pub_of(&c), c.ct, c.shared), 0);
	apply_mutation(c.ct, kem->ciphertext_len, json_get(vector, "mutation").at);
	assert_int_equal(pqc_kem_decaps(kem, sec_of(&c), ct_of(&c), c.again),
			 refused ? PQC_E_CIPHERTEXT : 0);
	assert_int_equal(expected.len, kem->shared_len);
	assert_memory_equal(c.again, expected.ptr, expected.len);
	free(expected.ptr);
	kem_end(&c);
}

static void test_kem_reject(void **state)
{
	const struct pqc_kem *kem = *state;
	char *text = json_read_file(SHARED_DIR "/kat/decaps-reject.json");
	struct kat_input in[3];
	struct json vectors = json_get((struct json){text}, kem->name);
	unsigned done = 0;

	if (!vectors.at) {
		free(text);
		skip();
	}
	kat_inputs(in, 3, false);
	for (int level = 0; level <= (int)pqc_cpu_highest(); level++) {
		pqc_cpu_limit((enum pqc_cpu_level)level);
		for (struct json v = json_first(vectors); v.at; v = json_next(v), done++)
			reject_one(kem, v, in);
	}
	assert_true(done >= 12);
	free(text);
}

static void test_find(void **state)
{
	(void)state;
	assert_null(pqc_kem_find("Kyber"));
	assert_null(pqc_sig_find(""));
	assert_string_equal(pqc_kem_find("ML-KEM-768")->name, "ML-KEM-768");
	assert_string_equal(pqc_sig_find("ML-DSA-65")->name, "ML-DSA-65");
	for (int err = 0; err >= PQC_E_INTERNAL; err--)
		assert_non_null(pqc_error_text(err));
}

struct plan {
	struct CMUnitTest tests[8 * MAX_ROWS];
	char names[8 * MAX_ROWS][48];
	size_t n;
};

static void plan_add(struct plan *p, const char *what, const char *name, CMUnitTestFunction f,
		     const void *row)
{
	assert_true(p->n < 8 * MAX_ROWS);
	snprintf(p->names[p->n], sizeof(p->names[0]), "%s %s", what, name);
	p->tests[p->n] = (struct CMUnitTest){p->names[p->n], f, NULL, NULL, (void *)(uintptr_t)row};
	p->n++;
}

int main(void)
{
	static struct plan p;
	const struct pqc_kem *kem;
	const struct pqc_sig *sig;

	plan_add(&p, "find", "rows", test_find, NULL);
	for (size_t i = 0; (kem = pqc_kem_at(i)); i++) {
		plan_add(&p, "lengths", kem->name, test_kem_lengths, kem);
		plan_add(&p, "random", kem->name, test_kem_random, kem);
		if (strncmp(kem->name, "ML-KEM", 6) != 0) /* has vectors of its own */
			plan_add(&p, "reject", kem->name, test_kem_reject, kem);
	}
	for (size_t i = 0; (sig = pqc_sig_at(i)); i++) {
		plan_add(&p, "lengths", sig->name, test_sig_lengths, sig);
		plan_add(&p, "changed", sig->name, test_sig_changed, sig);
		plan_add(&p, "random", sig->name, test_sig_random, sig);
		plan_add(&p, "context", sig->name, test_sig_context, sig);
	}
	return _cmocka_run_group_tests("rows", p.tests, p.n, NULL, NULL);
}
