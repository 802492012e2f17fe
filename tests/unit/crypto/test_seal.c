/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/crypto/vectors.h"

#include "crypto/seal.h"

#define MAX_TEXT 2048

/* A packet as a caller lays it out, with everything that seal_io points at. */
struct packet {
	uint8_t aad[32], iv[16], data[MAX_TEXT], icv[32], tail[4];
	size_t aad_len, len, tail_len;
};

static struct seal_io io_of(struct packet *p)
{
	return (struct seal_io){.aad = view_make(p->aad, p->aad_len),
				.iv = p->iv,
				.data = p->data,
				.len = p->len,
				.icv = p->icv,
				.aad_tail = view_make(p->tail, p->tail_len)};
}

static int encrypt(struct seal *s, struct packet *p)
{
	struct seal_io io = io_of(p);

	return seal_encrypt(s, &io);
}

static int decrypt(struct seal *s, struct packet *p)
{
	struct seal_io io = io_of(p);

	return seal_decrypt(s, &io);
}

/* A seal with keys of rising bytes; the test fails if it cannot be made. */
static struct seal *make(const struct alg *encr, uint16_t bits, const struct alg *integ)
{
	uint8_t key_e[64], key_a[64];
	struct seal *s = NULL;
	struct seal_params p = {.encr = encr, .key_bits = bits, .integ = integ};

	for (unsigned i = 0; i < 64; i++) {
		key_e[i] = (uint8_t)(i + 1);
		key_a[i] = (uint8_t)(0x80 + i);
	}
	p.key_e = view_make(key_e, seal_key_e_len(encr, bits));
	p.key_a = view_make(key_a, seal_key_a_len(encr, integ));
	assert_int_equal(seal_new(&p, &s), 0);
	return s;
}

static void fill(struct packet *p, const struct seal *s, size_t blocks)
{
	memset(p, 0, sizeof(*p));
	p->aad_len = 12;
	p->len = blocks * seal_block(s);
	for (size_t i = 0; i < sizeof(p->aad); i++)
		p->aad[i] = (uint8_t)(0x10 + i);
	for (size_t i = 0; i < sizeof(p->iv); i++)
		p->iv[i] = (uint8_t)(0x70 + i);
	for (size_t i = 0; i < p->len; i++)
		p->data[i] = (uint8_t)(i * 7);
}

/* Call fn for each allowed pair of ENCR (with each key length) and INTEG. */
static void each_pair(void (*fn)(const struct alg *encr, uint16_t bits, const struct alg *integ))
{
	unsigned seen = 0;

	for (size_t i = 0; alg_at(i); i++) {
		const struct alg *e = alg_at(i);

		if (e->type != ALG_ENCR)
			continue;
		for (size_t k = 0; k == 0 || e->u.encr.key_bits[k]; k++) {
			uint16_t bits = e->u.encr.key_attr ? e->u.encr.key_bits[k] : 0;

			if (e->u.encr.aead) {
				fn(e, bits, NULL);
				seen++;
				continue;
			}
			for (size_t j = 0; alg_at(j); j++) {
				if (alg_at(j)->type == ALG_INTEG) {
					fn(e, bits, alg_at(j));
					seen++;
				}
			}
		}
	}
	/* 4 ciphers of 3 sizes, 3DES and NULL, with 6 MACs; 6 AEADs of 3 sizes, and ChaCha20. */
	assert_int_equal(seen, 14 * 6 + 6 * 3 + 1);
}

static void check_round_trip(const struct alg *encr, uint16_t bits, const struct alg *integ)
{
	struct seal *tx = make(encr, bits, integ), *rx = make(encr, bits, integ);
	struct packet p, plain;

	assert_int_equal(seal_icv_len(tx), integ ? integ->u.integ.icv_len : encr->u.encr.icv_len);
	assert_int_equal(seal_iv_len(tx), encr->u.encr.iv_len);
	assert_int_equal(seal_iv_is_counter(tx), encr->u.encr.iv_counter);
	for (size_t blocks = 0; blocks < 40; blocks++) {
		fill(&plain, tx, blocks);
		plain.iv[0] = (uint8_t)blocks;
		plain.tail_len = integ && blocks % 2 ? 4 : 0;
		p = plain;
		assert_int_equal(encrypt(tx, &p), 0);
		if (encr->id != 11 && p.len >= 8)
			assert_memory_not_equal(p.data, plain.data, p.len);
		/* Nothing was written behind the text or the ICV. */
		assert_memory_equal(p.data + p.len, plain.data + p.len, 16);
		if (seal_icv_len(tx) < sizeof(p.icv))
			assert_int_equal(p.icv[seal_icv_len(tx)], 0);
		assert_int_equal(decrypt(rx, &p), 0);
		assert_memory_equal(p.data, plain.data, p.len);
	}
	seal_free(tx);
	seal_free(rx);
}

static void test_round_trip(void **state)
{
	(void)state;
	each_pair(check_round_trip);
}

/* One flipped bit in each byte of each part; afterwards the good packet still opens. */
static void check_tampering(const struct alg *encr, uint16_t bits, const struct alg *integ)
{
	struct seal *tx = make(encr, bits, integ), *rx = make(encr, bits, integ);
	struct packet good, bad;

	fill(&good, tx, 32 / seal_block(tx));
	good.tail_len = integ ? 4 : 0;
	assert_int_equal(encrypt(tx, &good), 0);
	const struct {
		size_t at, len;
	} parts[] = {{offsetof(struct packet, aad), good.aad_len},
		     {offsetof(struct packet, iv), seal_iv_len(tx)},
		     {offsetof(struct packet, data), good.len},
		     {offsetof(struct packet, icv), seal_icv_len(tx)},
		     {offsetof(struct packet, tail), good.tail_len}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (size_t j = 0; j < parts[i].len; j++) {
			bad = good;
			((uint8_t *)&bad)[parts[i].at + j] ^= (uint8_t)(1u << j % 8);
			assert_int_equal(decrypt(rx, &bad), E_INTEGRITY);
		}
	}
	bad = good;
	bad.aad_len--;
	assert_int_equal(decrypt(rx, &bad), E_INTEGRITY);
	bad = good;
	bad.len -= seal_block(tx);
	assert_int_equal(decrypt(rx, &bad), E_INTEGRITY);
	assert_int_equal(decrypt(rx, &good), 0);
	seal_free(tx);
	seal_free(rx);
}

static void test_tampering(void **state)
{
	(void)state;
	each_pair(check_tampering);
}

/* A text that is not whole blocks is neither sealed nor opened, whatever its ICV. */
static void check_lengths(const struct alg *encr, uint16_t bits, const struct alg *integ)
{
	uint8_t key[128] = {1};
	struct seal_params p = {.encr = encr, .key_bits = bits, .integ = integ};
	struct seal *s = make(encr, bits, integ), *none = NULL;
	size_t key_e = seal_key_e_len(encr, bits), key_a = seal_key_a_len(encr, integ);
	struct packet packet;

	if (seal_block(s) > 1) {
		fill(&packet, s, 4);
		packet.len--;
		assert_int_equal(encrypt(s, &packet), E_CRYPTO);
		assert_int_equal(decrypt(s, &packet), E_INTEGRITY);
	}
	if (!integ) {
		fill(&packet, s, 4);
		packet.tail_len = 4; /* an AEAD has no place for it */
		assert_int_equal(encrypt(s, &packet), E_CRYPTO);
	}
	seal_free(s);
	for (size_t len = 0; len < sizeof(key); len++) {
		p.key_e = view_make(key, len);
		p.key_a = view_make(key, key_a);
		if (len != key_e)
			assert_int_equal(seal_new(&p, &none), E_MALFORMED);
		p.key_e = view_make(key, key_e);
		p.key_a = view_make(key, len);
		if (len != key_a)
			assert_int_equal(seal_new(&p, &none), E_MALFORMED);
	}
	assert_null(none);
}

static void test_lengths(void **state)
{
	(void)state;
	each_pair(check_lengths);
}

/* Not even an authentic text is decrypted if it is not whole blocks. */
static void test_ragged(void **state)
{
	const struct alg *integ = alg_find(ALG_INTEG, 12);
	struct seal *mac = make(alg_find(ALG_ENCR, 11), 0, integ);
	struct seal *cbc = make(alg_find(ALG_ENCR, 12), 128, integ);
	struct packet p, before;
	struct seal_io io;

	(void)state;
	fill(&p, cbc, 3);
	p.len--;
	io = io_of(&p);
	/* The MAC is over aad | iv | text: with the NULL cipher all of it is text. */
	memcpy(before.data, p.aad, p.aad_len);
	memcpy(before.data + p.aad_len, p.iv, 16);
	memcpy(before.data + p.aad_len + 16, p.data, p.len);
	assert_int_equal(seal_encrypt(mac, &(struct seal_io){.data = before.data,
							     .len = p.aad_len + 16 + p.len,
							     .icv = p.icv}),
			 0);
	before = p;
	assert_int_equal(seal_decrypt(cbc, &io), E_INTEGRITY);
	assert_memory_equal(&p, &before, sizeof(p));
	seal_free(mac);
	seal_free(cbc);
}

static void test_not_allowed(void **state)
{
	const struct alg *cbc = alg_find(ALG_ENCR, 12), *gcm = alg_find(ALG_ENCR, 20);
	const struct alg *sha = alg_find(ALG_INTEG, 12);
	uint8_t key[64] = {0};
	struct seal_params p = {.encr = cbc, .key_bits = 128, .key_e = view_make(key, 16)};
	struct seal *s = NULL;

	(void)state;
	assert_int_equal(seal_new(&p, &s), E_UNSUPPORTED); /* no integrity */
	p = (struct seal_params){gcm, 128, sha, view_make(key, 20), view_make(key, 32)};
	assert_int_equal(seal_new(&p, &s), E_UNSUPPORTED); /* twice */
	p = (struct seal_params){cbc, 100, sha, view_make(key, 16), view_make(key, 32)};
	assert_int_equal(seal_new(&p, &s), E_UNSUPPORTED); /* no such key length */
	p = (struct seal_params){cbc, 0, sha, view_make(key, 16), view_make(key, 32)};
	assert_int_equal(seal_new(&p, &s), E_UNSUPPORTED);
	assert_null(s);
	seal_free(NULL);
}

/* An AEAD that fails leaves no plaintext; one context serves both directions if it must. */
static void test_both_ways(void **state)
{
	static const uint16_t ids[] = {12, 20, 16, 28};
	static const uint8_t zero[64];
	struct packet p, plain;

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct alg *e = alg_find(ALG_ENCR, ids[i]);
		struct seal *s = make(e, e->u.encr.key_attr ? 256 : 0,
				      e->u.encr.aead ? NULL : alg_find(ALG_INTEG, 12));

		for (unsigned n = 0; n < 3; n++) {
			fill(&plain, s, 64 / seal_block(s));
			p = plain;
			assert_int_equal(encrypt(s, &p), 0);
			assert_int_equal(decrypt(s, &p), 0);
			assert_memory_equal(p.data, plain.data, p.len);
		}
		assert_int_equal(encrypt(s, &p), 0);
		p.icv[0] ^= 1;
		assert_int_equal(decrypt(s, &p), E_INTEGRITY);
		assert_memory_not_equal(p.data, plain.data, p.len);
		if (e->u.encr.aead)
			assert_memory_equal(p.data, zero, 64);
		seal_free(s);
	}
}

static void check_seal_vector(struct vec *v)
{
	const struct alg *encr = vec_alg(v, "encr", ALG_ENCR);
	uint16_t bits = (uint16_t)strtoul(vec_str(v, "bits"), NULL, 10);
	bool valid = !vec_str(v, "result") || strcmp(vec_str(v, "result"), "valid") == 0;
	struct view plain = vec_hex(v, "plain"), cipher = vec_hex(v, "cipher");
	struct view aad = vec_hex(v, "aad"), iv = vec_hex(v, "iv"), icv = vec_hex(v, "icv");
	uint8_t key_a[32] = {0}, data[1024], tag[32];
	struct seal_params p = {.encr = encr, .key_bits = bits, .key_e = vec_hex(v, "key")};
	struct seal_io io = {.aad = aad, .iv = iv.ptr, .data = data, .icv = tag, .len = plain.len};
	struct seal *s = NULL;

	if (!encr->u.encr.aead) {
		p.integ = alg_find(ALG_INTEG, 12);
		p.key_a = view_make(key_a, sizeof(key_a));
	}
	assert_int_equal(seal_new(&p, &s), 0);
	assert_int_equal(iv.len, seal_iv_len(s));
	assert_true(plain.len <= sizeof(data) && plain.len == cipher.len);
	memcpy(data, plain.ptr, plain.len);
	assert_int_equal(seal_encrypt(s, &io), 0);
	if (valid) {
		vec_check(v, "ciphertext", view_make(data, plain.len), cipher);
		if (encr->u.encr.aead)
			vec_check(v, "icv", view_make(tag, seal_icv_len(s)), icv);
	}
	memcpy(data, cipher.ptr, cipher.len);
	if (encr->u.encr.aead)
		memcpy(tag, icv.ptr, icv.len);
	assert_int_equal(seal_decrypt(s, &io), valid ? 0 : E_INTEGRITY);
	if (valid)
		vec_check(v, "plaintext", view_make(data, plain.len), plain);
	seal_free(s);
}

static void test_seal_vectors(void **state)
{
	(void)state;
	vec_each(VECTORS_DIR "/seal.txt", 150, check_seal_vector);
}

/* GCM's shorter ICVs begin the longest one. */
static void test_gcm_truncation(void **state)
{
	struct seal *s[] = {make(alg_find(ALG_ENCR, 20), 128, NULL),
			    make(alg_find(ALG_ENCR, 19), 128, NULL),
			    make(alg_find(ALG_ENCR, 18), 128, NULL)};
	struct packet p[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		fill(&p[i], s[i], 20);
		assert_int_equal(encrypt(s[i], &p[i]), 0);
		assert_memory_equal(p[i].data, p[0].data, p[0].len);
		assert_memory_equal(p[i].icv, p[0].icv, seal_icv_len(s[i]));
		seal_free(s[i]);
	}
}

/* With the NULL cipher the ICV is the MAC of aad | text | tail. */
static void check_integ_vector(struct vec *v)
{
	const struct alg *integ = vec_alg(v, "integ", ALG_INTEG);
	struct view data = vec_hex(v, "data"), icv = vec_hex(v, "icv");
	struct seal_params p = {
		.encr = alg_find(ALG_ENCR, 11), .integ = integ, .key_a = vec_hex(v, "key")};
	struct seal *s = NULL;

	assert_int_equal(seal_new(&p, &s), 0);
	assert_int_equal(icv.len, seal_icv_len(s));
	for (size_t i = 0; i <= data.len; i++) {
		uint8_t text[256], got[32];
		struct seal_io io = {.aad = view_make(data.ptr, i / 2),
				     .data = text,
				     .len = i - i / 2,
				     .icv = got,
				     .aad_tail = view_make(data.ptr + i, data.len - i)};

		memcpy(text, data.ptr + i / 2, i - i / 2);
		assert_int_equal(seal_encrypt(s, &io), 0);
		vec_check(v, "icv", view_make(got, icv.len), icv);
	}
	seal_free(s);
}

static void test_integ_vectors(void **state)
{
	(void)state;
	vec_each(VECTORS_DIR "/integ.txt", 15, check_integ_vector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_lengths),	      cmocka_unit_test(test_ragged),
		cmocka_unit_test(test_not_allowed),   cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_seal_vectors),  cmocka_unit_test(test_gcm_truncation),
		cmocka_unit_test(test_integ_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
