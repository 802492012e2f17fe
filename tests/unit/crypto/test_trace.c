/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/crypto/vectors.h"

#include "crypto/prf.h"
#include "crypto/seal.h"

/*
 * Conversations of two strongSwan daemons, recorded with all their secrets: our key derivation must
 * give the same keys, and these must open every message. Skipped where the recordings are missing.
 */
#define MAX_MESSAGE 70000
#define IKE_HEADER  28

static const struct recording {
	const char *file;
	uint16_t encr, bits, integ, prf;
	unsigned derivations, messages;
} recordings[] = {
	{"psk-classic-prf-aesxcbc-modp2048", 12, 128, 5, 4, 2, 12},
	{"psk-classic-prf-aescmac-ecp256", 12, 128, 2, 8, 2, 12},
	{"psk-gcm-x25519-kyber3-bike1", 20, 256, 0, 5, 4, 41},
	{"psk-gcm-kyber3-first-x25519-additional", 20, 128, 0, 5, 3, 16},
	{"psk-cbc-ecp384-hqc1-frodoa1-kyber5", 12, 256, 13, 6, 5, 70},
	{"psk-chacha-x448-seven-additional-kes", 28, 0, 0, 7, 9, 208},
	{"cert-falcon512-dilithium3-kyber3", 20, 256, 0, 6, 3, 27},
};

/* What one entry of ike_key_derivations should come to, and the sealing keys it gives. */
struct keys {
	uint8_t sk[512];
	size_t d, a, e; /* lengths of SK_d (and SK_p), SK_a, SK_e */
};

static char *load(const char *name)
{
	char path[512], *text = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/ikev2/traces/%s.json", SHARED_DIR, name);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	if (getdelim(&text, &size, '\0', f) <= 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

/* Where the value of the next member with this name begins; NULL if there is none. */
static const char *after(const char *text, const char *name)
{
	char quoted[64];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\": ", name);
	at = text ? strstr(text, quoted) : NULL;
	return at ? at + strlen(quoted) : NULL;
}

/* Decode the hex string that begins at a value. */
static struct view unhex(const char *value, uint8_t *out)
{
	char byte[3] = {0};
	size_t len = 0;

	assert_true(value && *value++ == '"');
	for (; value[0] != '"'; value += 2) {
		assert_true(len < MAX_MESSAGE);
		memcpy(byte, value, 2);
		out[len++] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return view_make(out, len);
}

/* RFC 7296 section 2.14: with a fixed-length key the nonces are halved. */
static void check_skeyseed(const struct alg *prf, struct view nonces, const char *entry)
{
	uint8_t secret[8192], want[64], got[PRF_MAX_LEN], key[16];
	struct view data = unhex(after(entry, "SK0_or_SKn"), secret), k = nonces;

	if (prf->u.prf.fixed_key) {
		memcpy(key, nonces.ptr, 8);
		memcpy(key + 8, nonces.ptr + nonces.len / 2, 8);
		k = view_make(key, 16);
	}
	assert_int_equal(prf_compute(prf, k, &data, 1, got), 0);
	assert_int_equal(unhex(after(entry, "SKEYSEED"), want).len, prf->u.prf.out_len);
	assert_memory_equal(got, want, prf->u.prf.out_len);
}

/* RFC 7296 section 2.14: SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr. */
static void check_keys(const struct recording *r, const char *entry, struct keys *out)
{
	static const char *const names[] = {"SK_d",  "SK_ai", "SK_ar", "SK_ei",
					    "SK_er", "SK_pi", "SK_pr"};
	const struct alg *prf = alg_find(ALG_PRF, r->prf), *encr = alg_find(ALG_ENCR, r->encr);
	const struct alg *integ = r->integ ? alg_find(ALG_INTEG, r->integ) : NULL;
	uint8_t seed_key[64], nonces[64], spis[16], want[128];
	struct wbuf input;
	size_t at = 0;

	out->d = prf->u.prf.key_len;
	out->a = seal_key_a_len(encr, integ);
	out->e = seal_key_e_len(encr, r->bits);
	const size_t lens[] = {out->d, out->a, out->a, out->e, out->e, out->d, out->d};

	wbuf_init(&input, 0);
	wbuf_add(&input, unhex(after(entry, "Ni_Nr"), nonces));
	wbuf_add(&input, unhex(after(entry, "SPIi_SPIr"), spis));
	assert_int_equal(prf_plus(prf, unhex(after(entry, "SKEYSEED"), seed_key), wbuf_view(&input),
				  out->sk, 3 * out->d + 2 * out->a + 2 * out->e),
			 0);
	wbuf_done(&input);
	for (size_t i = 0; i < 7; i++) {
		if (lens[i] == 0)
			continue;
		assert_int_equal(unhex(after(entry, names[i]), want).len, lens[i]);
		assert_memory_equal(out->sk + at, want, lens[i]);
		at += lens[i];
	}
}

/* Open an SK or SKF payload (RFC 7296 section 3.14, RFC 7383 section 2.5) with one side's keys. */
static void check_message(const struct recording *r, const struct keys *k, const char *message,
			  const char *plaintext)
{
	static uint8_t msg[MAX_MESSAGE], want[MAX_MESSAGE];
	size_t len = unhex(message, msg).len, want_len = unhex(plaintext, want).len;
	size_t aad = IKE_HEADER + (msg[16] == 53 ? 8 : 4), side = msg[19] & 0x08 ? 0 : 1;
	struct seal_params p = {.encr = alg_find(ALG_ENCR, r->encr),
				.key_bits = r->bits,
				.integ = r->integ ? alg_find(ALG_INTEG, r->integ) : NULL,
				.key_a = view_make(k->sk + k->d + side * k->a, k->a),
				.key_e = view_make(k->sk + k->d + 2 * k->a + side * k->e, k->e)};
	struct seal *s = NULL;
	struct seal_io io = {.aad = view_make(msg, aad), .iv = msg + aad};

	assert_int_equal(seal_new(&p, &s), 0);
	io.data = msg + aad + seal_iv_len(s);
	io.len = len - aad - seal_iv_len(s) - seal_icv_len(s);
	io.icv = msg + len - seal_icv_len(s);
	assert_int_equal(seal_decrypt(s, &io), 0);
	assert_int_equal(io.len, want_len + 1 + io.data[io.len - 1]);
	assert_memory_equal(io.data, want, want_len);
	seal_free(s);
}

static void check_recording(const struct recording *r, const char *text)
{
	struct keys keys[16];
	uint8_t nonces[64];
	const char *entry = after(text, "ike_key_derivations");
	unsigned derivations = 0, messages = 0;

	while ((entry = strstr(entry, "\"SK0_or_SKn\"")) && derivations < 16) {
		if (derivations == 0)
			check_skeyseed(alg_find(ALG_PRF, r->prf),
				       unhex(after(entry, "Ni_Nr"), nonces), entry);
		check_keys(r, entry++, &keys[derivations++]);
	}
	assert_int_equal(derivations, r->derivations);
	for (const char *m = after(text, "ike_message"), *next; m; m = next) {
		const char *plain = after(m, "plaintext"), *which;

		next = after(m, "ike_message");
		if (!plain || (next && plain > next))
			continue; /* IKE_SA_INIT */
		which = after(plain, "ike_key_derivation_index");
		assert_non_null(which);
		assert_true(strtoul(which, NULL, 10) < derivations);
		check_message(r, &keys[strtoul(which, NULL, 10)], m, plain);
		messages++;
	}
	assert_int_equal(messages, r->messages);
}

static void test_recordings(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		char *text = load(recordings[i].file);

		if (!text)
			continue;
		check_recording(&recordings[i], text);
		free(text);
		seen++;
	}
	if (seen == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_recordings)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
