/* SPDX-License-Identifier: Apache-2.0 */
/* ML-KEM and ML-DSA against the vectors of NIST's ACVP and of Wycheproof, at every CPU level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"
#include "pqc/cpu.h"
#include "pqc/pqc.h"

#define PUB_MAX 2592
#define SEC_MAX 4896
#define OUT_MAX 4627

/* One vector: its group, its values, and what came out of it. */
struct vector {
	struct json group, test;
	const char *what;
	unsigned seen;
};

typedef void (*vector_fn)(struct vector *v);

static void run_groups(const char *path, vector_fn f, unsigned at_least)
{
	char *text = json_read_file(path);
	struct vector v = {.what = path};

	if (!text)
		skip();
	for (int level = 0; level <= (int)pqc_cpu_highest(); level++) {
		pqc_cpu_limit((enum pqc_cpu_level)level);
		v.seen = 0;
		v.group = json_first(json_get((struct json){text}, "testGroups"));
		for (; v.group.at; v.group = json_next(v.group)) {
			v.test = json_first(json_get(v.group, "tests"));
			for (; v.test.at; v.test = json_next(v.test))
				f(&v);
		}
		assert_true(v.seen >= at_least);
	}
	free(text);
}

static struct pqc_bytes view(struct json_bytes b)
{
	return pqc_bytes_make(b.ptr, b.len);
}

/* The value of a vector, or where that has none, of its group. */
static struct json_bytes value(const struct vector *v, const char *key)
{
	struct json found = json_get(v->test, key);

	return json_hex(found.at ? found : json_get(v->group, key));
}

static void expect(const struct vector *v, const char *key, const uint8_t *actual, size_t len)
{
	struct json_bytes expected = value(v, key);

	if (expected.len != len || memcmp(expected.ptr, actual, len) != 0)
		fail_msg("%s: test %ld: %s differs", v->what,
			 json_number(json_get(v->test, "tcId")), key);
	free(expected.ptr);
}

static void expect_status(const struct vector *v, int err, bool good)
{
	if ((err == 0) != good)
		fail_msg("%s: test %ld: %d", v->what, json_number(json_get(v->test, "tcId")), err);
}

static bool is_valid(const struct vector *v)
{
	return json_is(json_get(v->test, "result"), "valid");
}

static const struct pqc_kem *kem_of(const struct vector *v)
{
	for (size_t i = 0;; i++) {
		const struct pqc_kem *kem = pqc_kem_at(i);

		assert_non_null(kem);
		if (json_is(json_get(v->group, "parameterSet"), kem->name))
			return kem;
	}
}

static const struct pqc_sig *sig_of(const struct vector *v)
{
	char name[16];

	for (size_t i = 0;; i++) {
		const struct pqc_sig *sig = pqc_sig_at(i);

		assert_non_null(sig);
		if (json_is(json_get(v->group, "parameterSet"), sig->name))
			return sig;
		if (sscanf(sig->name, "ML-DSA-%8s", name) == 1 && strstr(v->what, "mldsa_") &&
		    strncmp(strstr(v->what, "mldsa_") + 6, name, 2) == 0)
			return sig;
	}
}

static void kem_keygen(struct vector *v)
{
	const struct pqc_kem *kem = kem_of(v);
	struct json_bytes d = value(v, "d"), z = value(v, "z"), seed = value(v, "seed");
	uint8_t pub[PUB_MAX], sec[SEC_MAX], both[64];
	int err;

	if (seed.len == 0 && d.len == 32 && z.len == 32) {
		memcpy(both, d.ptr, 32);
		memcpy(both + 32, z.ptr, 32);
		err = pqc_kem_from_seed(kem, pqc_bytes_make(both, sizeof(both)), pub, sec);
	} else {
		err = pqc_kem_from_seed(kem, view(seed), pub, sec);
	}
	expect_status(v, err, true);
	expect(v, "ek", pub, kem->public_len);
	expect(v, "dk", sec, kem->secret_len);
	v->seen++;
	free(d.ptr);
	free(z.ptr);
	free(seed.ptr);
}

static int encaps(struct vector *v, uint8_t *ct, uint8_t *shared)
{
	struct json_bytes ek = value(v, "ek"), m = value(v, "m");
	struct pqc_bytes left = view(m);
	const struct pqc_rng rng = pqc_rng_replay(&left);
	int err = pqc_kem_encaps(kem_of(v), &rng, view(ek), ct, shared);

	free(ek.ptr);
	free(m.ptr);
	return err;
}

static void kem_encaps_wycheproof(struct vector *v)
{
	const struct pqc_kem *kem = kem_of(v);
	uint8_t ct[OUT_MAX], shared[64];
	int err = encaps(v, ct, shared);

	expect_status(v, err, is_valid(v));
	if (!err) {
		expect(v, "c", ct, kem->ciphertext_len);
		expect(v, "K", shared, kem->shared_len);
	}
	v->seen++;
}

/* By the key seed, or by a key that is given whole. */
static void kem_decaps_wycheproof(struct vector *v)
{
	const struct pqc_kem *kem = kem_of(v);
	struct json_bytes seed = value(v, "seed"), dk = value(v, "dk"), c = value(v, "c");
	uint8_t pub[PUB_MAX], sec[SEC_MAX], shared[64];
	struct pqc_bytes key = view(dk);
	int err = 0;

	if (!json_get(v->test, "dk").at) {
		key = pqc_bytes_make(sec, kem->secret_len);
		err = pqc_kem_from_seed(kem, view(seed), pub, sec);
	}
	if (!err)
		err = pqc_kem_decaps(kem, key, view(c), shared);
	expect_status(v, err, is_valid(v));
	if (!err)
		expect(v, "K", shared, kem->shared_len);
	v->seen++;
	free(seed.ptr);
	free(dk.ptr);
	free(c.ptr);
}

static void kem_acvp(struct vector *v)
{
	const struct pqc_kem *kem = kem_of(v);
	struct json function = json_get(v->group, "function");
	struct json_bytes ek = value(v, "ek"), dk = value(v, "dk"), c = value(v, "c");
	bool passes = json_is_true(json_get(v->test, "testPassed"));
	uint8_t ct[OUT_MAX], shared[64];

	if (json_is(function, "encapsulation")) {
		expect_status(v, encaps(v, ct, shared), true);
		expect(v, "c", ct, kem->ciphertext_len);
		expect(v, "k", shared, kem->shared_len);
	} else if (json_is(function, "decapsulation")) {
		expect_status(v, pqc_kem_decaps(kem, view(dk), view(c), shared), true);
		expect(v, "k", shared, kem->shared_len);
	} else if (json_is(function, "encapsulationKeyCheck")) {
		expect_status(v, pqc_kem_check_public(kem, view(ek)), passes);
	} else {
		expect_status(v, pqc_kem_check_secret(kem, view(dk)), passes);
	}
	v->seen++;
	free(ek.ptr);
	free(dk.ptr);
	free(c.ptr);
}

static void sig_keygen(struct vector *v)
{
	const struct pqc_sig *sig = sig_of(v);
	struct json_bytes seed = value(v, "seed");
	uint8_t pub[PUB_MAX], sec[SEC_MAX];

	expect_status(v, pqc_sig_from_seed(sig, view(seed), pub, sec), true);
	expect(v, "pk", pub, sig->public_len);
	expect(v, "sk", sec, sig->secret_len);
	v->seen++;
	free(seed.ptr);
}

static int sign(const struct pqc_signer *signer, struct json_bytes rnd, const struct pqc_msg *msg,
		uint8_t *out)
{
	struct pqc_bytes left = view(rnd);
	const struct pqc_rng rng = pqc_rng_replay(&left);
	size_t len;

	return pqc_sig_sign(signer, rnd.len > 0 ? &rng : NULL, msg, out, &len);
}

static void sig_sign_acvp(struct vector *v)
{
	const struct pqc_sig *sig = sig_of(v);
	struct json_bytes sk = value(v, "sk"), text = value(v, "message"), rnd = value(v, "rnd");
	const struct pqc_signer signer = {sig, view(sk)};
	const struct pqc_msg msg = {.text = view(text), .form = PQC_MSG_INTERNAL};
	uint8_t out[OUT_MAX];

	expect_status(v, sign(&signer, rnd, &msg, out), true);
	expect(v, "signature", out, sig->signature_len);
	v->seen++;
	free(sk.ptr);
	free(text.ptr);
	free(rnd.ptr);
}

static void sig_verify_acvp(struct vector *v)
{
	struct json_bytes pk = value(v, "pk"), text = value(v, "message");
	struct json_bytes signature = value(v, "signature");
	const struct pqc_msg msg = {.text = view(text), .form = PQC_MSG_INTERNAL};

	expect_status(v, pqc_sig_verify(sig_of(v), view(pk), &msg, view(signature)),
		      json_is_true(json_get(v->test, "testPassed")));
	v->seen++;
	free(pk.ptr);
	free(text.ptr);
	free(signature.ptr);
}

/* The message, or where that is not given, mu. */
static struct pqc_msg msg_of(const struct vector *v, struct json_bytes text, struct json_bytes ctx,
			     struct json_bytes mu)
{
	if (json_get(v->test, "msg").at)
		return (struct pqc_msg){.text = view(text), .context = view(ctx)};
	return (struct pqc_msg){.text = view(mu), .form = PQC_MSG_MU};
}

static void sig_sign_wycheproof(struct vector *v)
{
	const struct pqc_sig *sig = sig_of(v);
	struct json_bytes text = value(v, "msg"), ctx = value(v, "ctx"), mu = value(v, "mu");
	struct json_bytes rnd = value(v, "rnd"), key = value(v, "privateKey");
	struct json_bytes seed = value(v, "privateSeed");
	const struct pqc_msg msg = msg_of(v, text, ctx, mu);
	uint8_t pub[PUB_MAX], sec[SEC_MAX], out[OUT_MAX];
	struct pqc_signer signer = {sig, view(key)};
	int err = 0;

	if (json_get(v->group, "privateSeed").at) {
		signer.sec = pqc_bytes_make(sec, sig->secret_len);
		err = pqc_sig_from_seed(sig, view(seed), pub, sec);
		if (!err)
			expect(v, "publicKey", pub, sig->public_len);
	}
	if (!err)
		err = sign(&signer, rnd, &msg, out);
	expect_status(v, err, is_valid(v));
	if (!err)
		expect(v, "sig", out, sig->signature_len);
	v->seen++;
	free(text.ptr);
	free(ctx.ptr);
	free(mu.ptr);
	free(rnd.ptr);
	free(key.ptr);
	free(seed.ptr);
}

static void sig_verify_wycheproof(struct vector *v)
{
	struct json_bytes text = value(v, "msg"), ctx = value(v, "ctx"), mu = value(v, "mu");
	struct json_bytes key = value(v, "publicKey"), signature = value(v, "sig");
	const struct pqc_msg msg = msg_of(v, text, ctx, mu);

	expect_status(v, pqc_sig_verify(sig_of(v), view(key), &msg, view(signature)), is_valid(v));
	v->seen++;
	free(text.ptr);
	free(ctx.ptr);
	free(mu.ptr);
	free(key.ptr);
	free(signature.ptr);
}

/* File, function, and how many vectors it has at least. */
struct file {
	const char *name;
	vector_fn f;
	unsigned at_least;
};

#define ACVP(name)  "acvp/" name ".internalProjection.json"
#define WYCHE(name) "wycheproof/" name "_test.json"

static const struct file files[] = {
	{ACVP("ML-KEM-keyGen-FIPS203"), kem_keygen, 75},
	{ACVP("ML-KEM-encapDecap-FIPS203"), kem_acvp, 165},
	{ACVP("ML-DSA-keyGen-FIPS204"), sig_keygen, 75},
	{ACVP("ML-DSA-sigGen-FIPS204"), sig_sign_acvp, 60},
	{ACVP("ML-DSA-sigVer-FIPS204"), sig_verify_acvp, 45},
	{WYCHE("mlkem_512_keygen_seed"), kem_keygen, 50},
	{WYCHE("mlkem_768_keygen_seed"), kem_keygen, 50},
	{WYCHE("mlkem_1024_keygen_seed"), kem_keygen, 50},
	{WYCHE("mlkem_512_encaps"), kem_encaps_wycheproof, 100},
	{WYCHE("mlkem_768_encaps"), kem_encaps_wycheproof, 100},
	{WYCHE("mlkem_1024_encaps"), kem_encaps_wycheproof, 100},
	{WYCHE("mlkem_512"), kem_decaps_wycheproof, 100},
	{WYCHE("mlkem_768"), kem_decaps_wycheproof, 100},
	{WYCHE("mlkem_1024"), kem_decaps_wycheproof, 100},
	{WYCHE("mlkem_512_semi_expanded_decaps"), kem_decaps_wycheproof, 9},
	{WYCHE("mlkem_768_semi_expanded_decaps"), kem_decaps_wycheproof, 9},
	{WYCHE("mlkem_1024_semi_expanded_decaps"), kem_decaps_wycheproof, 9},
	{WYCHE("mldsa_44_sign_seed"), sig_sign_wycheproof, 50},
	{WYCHE("mldsa_65_sign_seed"), sig_sign_wycheproof, 50},
	{WYCHE("mldsa_87_sign_seed"), sig_sign_wycheproof, 50},
	{WYCHE("mldsa_44_sign_noseed"), sig_sign_wycheproof, 50},
	{WYCHE("mldsa_65_sign_noseed"), sig_sign_wycheproof, 50},
	{WYCHE("mldsa_87_sign_noseed"), sig_sign_wycheproof, 50},
	{WYCHE("mldsa_44_verify"), sig_verify_wycheproof, 100},
	{WYCHE("mldsa_65_verify"), sig_verify_wycheproof, 100},
	{WYCHE("mldsa_87_verify"), sig_verify_wycheproof, 100},
};
#define FILES (sizeof(files) / sizeof(files[0]))

static void test_file(void **state)
{
	const struct file *file = *state;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", SHARED_DIR, file->name);
	run_groups(path, file->f, file->at_least);
}

int main(void)
{
	struct CMUnitTest tests[FILES];

	for (size_t i = 0; i < FILES; i++)
		tests[i] = (struct CMUnitTest){files[i].name, test_file, NULL, NULL,
					       (void *)(uintptr_t)&files[i]};
	return _cmocka_run_group_tests("fips", tests, FILES, NULL, NULL);
}
