/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of the provider and every call for random bytes fails once, in every operation
 * of every kind of key: the operation fails then, and nothing leaks or is left in its outputs. And
 * nothing of a wrong length is taken.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "pqc/pqc.h"
#include "provider/provider.h"

#define PROPERTIES "provider=" PROVIDER_NAME
#define SECRET_MAX 80 /* of SecP384r1MLKEM1024 */
#define MAX_LEN	   65536
#define MAX_FAULTS 200 /* more than any operation has places to fail at */
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

/* ---- faults --------------------------------------------------------------------------------- */

/* Number of the next call to fail, from 0; -1: none. Calls are counted while something is armed. */
static struct fault {
	bool armed;
	int at, seen;
} memory, chance;

static bool strikes(struct fault *f)
{
	return f->armed && f->seen++ == f->at;
}

/* Only what the provider asks for: OpenSSL's own allocations are not ours to test. */
static bool is_ours(const char *file)
{
	return file && strstr(file, "src/provider/");
}

static void *lend(size_t len, const char *file, int line)
{
	(void)line;
	return is_ours(file) && strikes(&memory) ? NULL : malloc(len);
}

static void *lend_again(void *ptr, size_t len, const char *file, int line)
{
	(void)line;
	return is_ours(file) && strikes(&memory) ? NULL : realloc(ptr, len);
}

static void take_back(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	free(ptr);
}

static int random_bytes(unsigned char *out, int len)
{
	static uint32_t state = 1;

	if (strikes(&chance))
		return 0;
	for (int i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		out[i] = (unsigned char)(state >> 24);
	}
	return 1;
}

static const RAND_METHOD random_method = {.bytes = random_bytes, .pseudorand = random_bytes};

static void arm(struct fault *f, int at)
{
	*f = (struct fault){true, at, 0};
}

/* Whether it has struck. */
static bool disarm(struct fault *f)
{
	bool struck = f->seen > f->at;

	*f = (struct fault){false, 0, 0};
	return struck;
}

/* ---- operations ----------------------------------------------------------------------------- */

/* What an operation works on; made without faults. */
struct scene {
	const char *name;
	EVP_PKEY *key, *out_key;
	bool kem, written;
	uint8_t ct[MAX_LEN], shared[SECRET_MAX], pub[MAX_LEN], sec[MAX_LEN];
	size_t ct_len, shared_len, pub_len, sec_len;
	unsigned char *pub_der, *sec_der;
	int pub_der_len, sec_der_len;
};

static struct scene scene; /* too large for a stack frame */
static const uint8_t text[] = "what carol says to moon";

static bool generate(struct scene *s)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, s->name, PROPERTIES);
	bool ok = ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &s->out_key) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool import(struct scene *s)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, s->name, PROPERTIES);
	OSSL_PARAM params[3];
	bool ok;

	params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, s->pub, s->pub_len);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, s->sec, s->sec_len);
	params[2] = OSSL_PARAM_construct_end();
	ok = ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
	     EVP_PKEY_fromdata(ctx, &s->out_key, EVP_PKEY_KEYPAIR, params) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool duplicate(struct scene *s)
{
	s->out_key = EVP_PKEY_dup(s->key);
	return s->out_key != NULL;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static bool seal(struct scene *s)
{
	static uint8_t ct[MAX_LEN], shared[SECRET_MAX];
	size_t ct_len = sizeof(ct), shared_len = sizeof(shared);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, PROPERTIES);
	bool ready = ctx && EVP_PKEY_encapsulate_init(ctx, NULL) == 1, ok;

	memset(ct, 0, sizeof(ct));
	memset(shared, 0, sizeof(shared));
	ok = ready && EVP_PKEY_encapsulate(ctx, ct, &ct_len, shared, &shared_len) == 1;
	if (!ok)
		assert_true(is_zero(ct, sizeof(ct)) && is_zero(shared, sizeof(shared)));
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool open_sealed(struct scene *s)
{
	uint8_t shared[SECRET_MAX] = {0};
	size_t len = sizeof(shared);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, PROPERTIES);
	bool ok = ctx && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
		  EVP_PKEY_decapsulate(ctx, shared, &len, s->ct, s->ct_len) == 1;

	if (ok)
		assert_memory_equal(shared, s->shared, s->shared_len);
	else
		assert_true(is_zero(shared, sizeof(shared)));
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool sign(struct scene *s)
{
	static uint8_t sig[8192];
	size_t len = sizeof(sig);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();
	bool ok;

	memset(sig, 0, sizeof(sig));
	/* In pieces, with a copy between them. */
	ok = EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, PROPERTIES, s->key, NULL) == 1 &&
	     EVP_DigestSignUpdate(ctx, text, 4) == 1 && EVP_MD_CTX_copy_ex(copy, ctx) == 1 &&
	     EVP_DigestSignUpdate(copy, text + 4, sizeof(text) - 4) == 1 &&
	     EVP_DigestSignFinal(copy, sig, &len) == 1;
	if (!ok)
		assert_true(is_zero(sig, sizeof(sig)));
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(copy);
	return ok;
}

static bool verify(struct scene *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, PROPERTIES, s->key, NULL) == 1 &&
		  EVP_DigestVerifyUpdate(ctx, text, sizeof(text)) == 1 &&
		  EVP_DigestVerifyFinal(ctx, s->ct, s->ct_len) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool write_as(struct scene *s, int selection, const char *form, const char *structure)
{
	OSSL_ENCODER_CTX *ctx =
		OSSL_ENCODER_CTX_new_for_pkey(s->key, selection, form, structure, PROPERTIES);
	unsigned char *data = NULL;
	size_t len = 0;
	bool ok = ctx && OSSL_ENCODER_to_data(ctx, &data, &len) == 1;

	OPENSSL_clear_free(data, len);
	OSSL_ENCODER_CTX_free(ctx);
	return ok;
}

static bool write_private(struct scene *s)
{
	return write_as(s, EVP_PKEY_KEYPAIR, "DER", "PrivateKeyInfo");
}

static bool write_public(struct scene *s)
{
	return write_as(s, EVP_PKEY_PUBLIC_KEY, "PEM", "SubjectPublicKeyInfo");
}

static bool write_text(struct scene *s)
{
	return write_as(s, EVP_PKEY_KEYPAIR, "TEXT", NULL);
}

static bool read_as(struct scene *s, const unsigned char *der, size_t len, int selection)
{
	OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(&s->out_key, "DER", NULL, s->name,
							      selection, NULL, PROPERTIES);
	bool ok = ctx && OSSL_DECODER_from_data(ctx, &der, &len) == 1;

	if (ok)
		assert_int_equal(EVP_PKEY_eq(s->out_key, s->key), 1);
	OSSL_DECODER_CTX_free(ctx);
	return ok;
}

static bool read_private(struct scene *s)
{
	return read_as(s, s->sec_der, (size_t)s->sec_der_len, EVP_PKEY_KEYPAIR);
}

static bool read_public(struct scene *s)
{
	return read_as(s, s->pub_der, (size_t)s->pub_der_len, EVP_PKEY_PUBLIC_KEY);
}

enum when { ALWAYS, KEM, SIGNATURE, WRITTEN };

static const struct operation {
	const char *name;
	bool (*run)(struct scene *);
	enum when when;
	bool by_coders;
} operations[] = {
	{"generate", generate, ALWAYS, false},
	{"import", import, ALWAYS, false},
	{"duplicate", duplicate, ALWAYS, false},
	{"encapsulate", seal, KEM, false},
	{"decapsulate", open_sealed, KEM, false},
	{"sign", sign, SIGNATURE, false},
	{"verify", verify, SIGNATURE, false},
	{"write private", write_private, WRITTEN, true},
	{"write public", write_public, WRITTEN, true},
	{"write text", write_text, ALWAYS, true},
	{"read private", read_private, WRITTEN, true},
	{"read public", read_public, WRITTEN, true},
};

/* ---- kinds of keys -------------------------------------------------------------------------- */

static const char *const hybrids[] = {"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"};

/* Name number i of the KEMs, then the signature schemes; NULL after the last. */
static const char *name_at(size_t i)
{
	size_t kems = 0;

	while (pqc_kem_at(kems))
		kems++;
	if (i < kems)
		return pqc_kem_at(i)->name;
	i -= kems;
	if (i < COUNT(hybrids))
		return hybrids[i];
	return pqc_sig_at(i - COUNT(hybrids)) ? pqc_sig_at(i - COUNT(hybrids))->name : NULL;
}

static void prepare_uses(struct scene *s)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, PROPERTIES);
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	s->kem = EVP_PKEY_encapsulate_init(ctx, NULL) == 1;
	s->ct_len = sizeof(s->ct);
	s->shared_len = sizeof(s->shared);
	if (s->kem) {
		assert_int_equal(
			EVP_PKEY_encapsulate(ctx, s->ct, &s->ct_len, s->shared, &s->shared_len), 1);
	} else {
		assert_int_equal(
			EVP_DigestSignInit_ex(md, NULL, NULL, NULL, PROPERTIES, s->key, NULL), 1);
		assert_int_equal(EVP_DigestSign(md, s->ct, &s->ct_len, text, sizeof(text)), 1);
	}
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
}

static void prepare(struct scene *s, const char *name)
{
	memset(s, 0, sizeof(*s));
	s->name = name;
	if (!generate(s))
		fail_msg("no key pair of %s", name);
	s->key = s->out_key;
	s->out_key = NULL;
	prepare_uses(s);
	s->pub_len = s->sec_len = MAX_LEN;
	assert_int_equal(EVP_PKEY_get_raw_public_key(s->key, s->pub, &s->pub_len), 1);
	assert_int_equal(EVP_PKEY_get_raw_private_key(s->key, s->sec, &s->sec_len), 1);
	s->pub_der_len = i2d_PUBKEY(s->key, &s->pub_der);
	s->sec_der_len = i2d_PrivateKey(s->key, &s->sec_der);
	s->written = s->pub_der_len > 0;
	assert_true(s->written == (s->sec_der_len > 0));
	ERR_clear_error();
}

static void take_down(struct scene *s)
{
	OPENSSL_free(s->pub_der);
	OPENSSL_free(s->sec_der);
	EVP_PKEY_free(s->key);
}

static bool applies(const struct operation *op, const struct scene *s)
{
	switch (op->when) {
	case KEM:
		return s->kem;
	case SIGNATURE:
		return !s->kem;
	case WRITTEN:
		return s->written;
	default:
		return true;
	}
}

/*
 * OpenSSL asks several coders, of which one has failed; and it does without random bytes that blind
 * its own multiplication of points.
 */
static bool may_recover(const struct operation *op, const struct scene *s,
			const struct fault *fault)
{
	return op->by_coders || (fault == &chance && strncmp(s->name, "Sec", 3) == 0);
}

/* Run it with the fault at one place after the other, until there is none left. How many struck. */
static int fail_everywhere(const struct operation *op, struct scene *s, struct fault *fault)
{
	int at = 0;

	for (; at < MAX_FAULTS; at++) {
		bool ok, struck;

		arm(fault, at);
		ok = op->run(s);
		struck = disarm(fault);
		EVP_PKEY_free(s->out_key);
		s->out_key = NULL;
		ERR_clear_error();
		if (ok == struck && !(ok && may_recover(op, s, fault)))
			fail_msg("%s, %s: %s with fault %d", s->name, op->name,
				 ok ? "succeeded" : "failed", at);
		if (!struck)
			return at;
	}
	fail_msg("%s, %s: no end of faults", s->name, op->name);
	return at;
}

static void test_faults(void **state)
{
	int in_memory = 0, in_chance = 0;
	const char *name;

	(void)state;
	for (size_t i = 0; (name = name_at(i)); i++) {
		prepare(&scene, name);
		for (size_t k = 0; k < COUNT(operations); k++) {
			if (!applies(&operations[k], &scene))
				continue;
			in_memory += fail_everywhere(&operations[k], &scene, &memory);
			in_chance += fail_everywhere(&operations[k], &scene, &chance);
		}
		take_down(&scene);
	}
	/* The faults do reach the provider. */
	assert_true(in_memory > 500 && in_chance > 50);
}

/* ---- lengths -------------------------------------------------------------------------------- */

static bool opens(EVP_PKEY *key, const uint8_t *ct, size_t len)
{
	uint8_t shared[SECRET_MAX];
	size_t shared_len = sizeof(shared);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, PROPERTIES);
	bool ok = EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
		  EVP_PKEY_decapsulate(ctx, shared, &shared_len, ct, len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool verifies(EVP_PKEY *key, const uint8_t *sig, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, PROPERTIES, key, NULL) == 1 &&
		  EVP_DigestVerify(ctx, sig, len, text, sizeof(text)) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static void check_lengths(struct scene *s)
{
	for (size_t len = 0; len <= s->pub_len + 8; len++)
		assert_true(len == s->pub_len || !EVP_PKEY_new_raw_public_key_ex(
							 NULL, s->name, PROPERTIES, s->pub, len));
	for (size_t len = 0; len <= s->sec_len + 8; len++)
		assert_true(len == s->sec_len || !EVP_PKEY_new_raw_private_key_ex(
							 NULL, s->name, PROPERTIES, s->sec, len));
	for (size_t len = 0; len <= s->ct_len + 8; len++)
		assert_true(len == s->ct_len || !(s->kem ? opens : verifies)(s->key, s->ct, len));
	ERR_clear_error();
}

static void test_lengths(void **state)
{
	const char *name;

	(void)state;
	for (size_t i = 0; (name = name_at(i)); i++) {
		prepare(&scene, name);
		check_lengths(&scene);
		take_down(&scene);
	}
}

static int load(void **state)
{
	(void)state;
	return provider_load() == 0 && RAND_set_rand_method(&random_method) == 1 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_lengths),
	};

	/* Before OpenSSL asks for anything. */
	if (CRYPTO_set_mem_functions(lend, lend_again, take_back) != 1)
		return 1;
	return cmocka_run_group_tests(tests, load, NULL);
}
