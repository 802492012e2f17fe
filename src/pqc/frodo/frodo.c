/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/frodo/frodo.h"

#include <string.h>

#include "pqc/ct.h"
#include "pqc/frodo/frodo_matrix.h"
#include "pqc/keccak/keccak.h"
#include "pqc/le.h"
#include "pqc/mem.h"

#define SEED_Z_LEN 16
#define ENTRIES	   (FRODO_ROWS * FRODO_ROWS)

/* The first byte of what noise is expanded from. */
#define NOISE_KEYPAIR 0x5f
#define NOISE_ENCAPS  0x96

struct params {
	const struct frodo_set *set;
	bool aes;
};

/* What is worked with, in words: the noise as it is drawn, and two matrices of 8 x n. */
struct room {
	uint16_t *noise; /* S and E of 8n words each, and of encapsulation E'' of 64 */
	uint16_t *a, *b;
	size_t len; /* bytes in all */
};

static int room_init(struct room *room, size_t n)
{
	size_t matrix = FRODO_ROWS * n;

	room->len = (4 * matrix + ENTRIES) * sizeof(uint16_t);
	room->noise = pqc_mem_new(room->len);
	if (!room->noise)
		return PQC_E_NOMEM;
	room->a = room->noise + 2 * matrix + ENTRIES;
	room->b = room->a + matrix;
	return 0;
}

static void room_done(struct room *room)
{
	pqc_mem_free(room->noise, room->len);
}

static void start(const struct frodo_set *set, struct keccak *k)
{
	keccak_start(k, set->shake256 ? KECCAK_SHAKE256 : KECCAK_SHAKE128);
}

/* out = SHAKE(a || b) */
static void hash(const struct frodo_set *set, struct pqc_bytes a, struct pqc_bytes b,
		 struct pqc_bytes out)
{
	struct keccak k;

	start(set, &k);
	keccak_absorb(&k, a.ptr, a.len);
	keccak_absorb(&k, b.ptr, b.len);
	keccak_squeeze(&k, (uint8_t *)out.ptr, out.len);
	keccak_wipe(&k);
}

static void draw_noise(const struct frodo_set *set, uint8_t kind, const uint8_t *seed,
		       uint16_t *out, size_t words)
{
	hash(set, pqc_bytes_make(&kind, 1), pqc_bytes_make(seed, set->len),
	     pqc_bytes_make(out, words * sizeof(*out)));
	frodo_matrix_sample(set, out, words);
}

static const struct params *params_of(const struct pqc_kem *kem)
{
	return kem->params;
}

static struct frodo_source source_of(const struct params *p, const uint8_t *seed_a)
{
	return (struct frodo_source){p->set, p->aes, seed_a};
}

/* s || pk || S^T || pkh, when s and pk are there. */
static void finish_secret(const struct pqc_kem *kem, const uint16_t *st, const uint8_t *pub,
			  uint8_t *sec)
{
	const struct frodo_set *set = params_of(kem)->set;
	uint8_t *out = sec + set->len;

	memcpy(out, pub, kem->public_len);
	out += kem->public_len;
	for (size_t i = 0; i < (size_t)FRODO_ROWS * set->n; i++, out += 2)
		pqc_le_store16(out, st[i]);
	hash(set, pqc_bytes_make(pub, kem->public_len), pqc_bytes_make(NULL, 0),
	     pqc_bytes_make(out, set->len));
}

static int keypair(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *pub, uint8_t *sec)
{
	const struct params *p = kem->params;
	const struct frodo_set *set = p->set;
	const size_t words = (size_t)FRODO_ROWS * set->n;
	struct frodo_source a = source_of(p, pub);
	uint8_t drawn[2 * FRODO_MAX_LEN + SEED_Z_LEN];
	struct room room;
	int err = room_init(&room, set->n);

	if (err)
		return err;
	err = rng->fill(rng->ctx, drawn, kem->keypair_seed_len) ? PQC_E_RNG : 0;
	if (!err) {
		PQC_SECRET(drawn, kem->keypair_seed_len);
		memcpy(sec, drawn, set->len);
		hash(set, pqc_bytes_make(drawn + 2 * (size_t)set->len, SEED_Z_LEN),
		     pqc_bytes_make(NULL, 0), pqc_bytes_make(pub, FRODO_SEED_A_LEN));
		PQC_DECLASSIFY(pub, FRODO_SEED_A_LEN, "seedA is part of the public key");
		draw_noise(set, NOISE_KEYPAIR, drawn + set->len, room.noise, 2 * words);
		frodo_matrix_mul_right(room.noise + words, &a, room.noise, room.a);
		frodo_matrix_pack(set, pub + FRODO_SEED_A_LEN, room.noise + words, words);
		PQC_DECLASSIFY(pub, kem->public_len, "the public key");
		finish_secret(kem, room.noise, pub, sec);
	}
	pqc_ct_wipe(drawn, sizeof(drawn));
	room_done(&room);
	return err;
}

/* ct = the encryption of mu under pub, with the noise of seed. */
static int encrypt(const struct pqc_kem *kem, const uint8_t *pub, const uint8_t *mu,
		   const uint8_t *seed, uint8_t *ct)
{
	const struct params *p = kem->params;
	const struct frodo_set *set = p->set;
	const size_t words = (size_t)FRODO_ROWS * set->n;
	struct frodo_source a = source_of(p, pub);
	struct room room;
	uint16_t *b, *v;

	if (room_init(&room, set->n))
		return PQC_E_NOMEM;
	b = room.noise + words;
	v = b + words;
	draw_noise(set, NOISE_ENCAPS, seed, room.noise, 2 * words + ENTRIES);
	frodo_matrix_mul_left(b, &a, room.noise, room.a);
	frodo_matrix_pack(set, ct, b, words);
	frodo_matrix_unpack(set, room.a, pub + FRODO_SEED_A_LEN, words);
	frodo_matrix_transpose(room.b, room.a, set->n);
	frodo_matrix_mul_small(set, v, room.noise, room.b);
	frodo_matrix_encode(set, v, mu);
	frodo_matrix_pack(set, ct + words * set->log_q / 8, v, ENTRIES);
	room_done(&room);
	return 0;
}

static int encaps(const struct pqc_kem *kem, const struct pqc_rng *rng, const uint8_t *pub,
		  uint8_t *ct, uint8_t *shared)
{
	const struct frodo_set *set = params_of(kem)->set;
	uint8_t mu[2 * FRODO_MAX_LEN], seeds[2 * FRODO_MAX_LEN]; /* pkh || mu; seedSE || k */
	const size_t len = set->len;
	int err;

	if (rng->fill(rng->ctx, mu + len, len)) {
		pqc_ct_wipe(mu, sizeof(mu));
		return PQC_E_RNG;
	}
	PQC_SECRET(mu + len, len);
	hash(set, pqc_bytes_make(pub, kem->public_len), pqc_bytes_make(NULL, 0),
	     pqc_bytes_make(mu, len));
	hash(set, pqc_bytes_make(mu, 2 * len), pqc_bytes_make(NULL, 0),
	     pqc_bytes_make(seeds, 2 * len));
	err = encrypt(kem, pub, mu + len, seeds, ct);
	if (!err) {
		PQC_DECLASSIFY(ct, kem->ciphertext_len, "the ciphertext is sent");
		hash(set, pqc_bytes_make(ct, kem->ciphertext_len), pqc_bytes_make(seeds + len, len),
		     pqc_bytes_make(shared, len));
	}
	pqc_ct_wipe(mu, sizeof(mu));
	pqc_ct_wipe(seeds, sizeof(seeds));
	return err;
}

/* mu = Decode(C - B' * S) */
static int decrypt(const struct pqc_kem *kem, const uint8_t *sec, const uint8_t *ct, uint8_t *mu)
{
	const struct frodo_set *set = params_of(kem)->set;
	const size_t words = (size_t)FRODO_ROWS * set->n;
	const uint8_t *st = sec + set->len + kem->public_len;
	uint16_t product[ENTRIES] = {0}, c[ENTRIES];
	struct room room;

	if (room_init(&room, set->n))
		return PQC_E_NOMEM;
	for (size_t i = 0; i < words; i++)
		room.b[i] = pqc_le_load16(st + 2 * i);
	frodo_matrix_unpack(set, room.a, ct, words);
	frodo_matrix_unpack(set, c, ct + words * set->log_q / 8, ENTRIES);
	frodo_matrix_mul_small(set, product, room.a, room.b);
	for (unsigned i = 0; i < ENTRIES; i++)
		c[i] = (uint16_t)(c[i] - product[i]);
	frodo_matrix_decode(set, mu, c);
	pqc_ct_wipe(product, sizeof(product));
	pqc_ct_wipe(c, sizeof(c));
	room_done(&room);
	return 0;
}

static int decaps(const struct pqc_kem *kem, const uint8_t *sec, const uint8_t *ct, uint8_t *shared)
{
	const struct frodo_set *set = params_of(kem)->set;
	const size_t len = set->len;
	const uint8_t *pub = sec + len, *pkh = sec + kem->secret_len - len;
	uint8_t mu[2 * FRODO_MAX_LEN], seeds[2 * FRODO_MAX_LEN]; /* pkh || mu; seedSE || k */
	uint8_t *again = pqc_mem_new(kem->ciphertext_len);
	int err = PQC_E_NOMEM;

	PQC_SECRET(sec, kem->secret_len);
	PQC_DECLASSIFY(pub, kem->public_len, "the public key");
	PQC_DECLASSIFY(pkh, len, "a hash of the public key");
	memcpy(mu, pkh, len);
	if (again)
		err = decrypt(kem, sec, ct, mu + len);
	if (!err) {
		hash(set, pqc_bytes_make(mu, 2 * len), pqc_bytes_make(NULL, 0),
		     pqc_bytes_make(seeds, 2 * len));
		err = encrypt(kem, pub, mu + len, seeds, again);
	}
	if (!err) {
		pqc_ct_move(seeds + len, sec, len, pqc_ct_differ(ct, again, kem->ciphertext_len));
		hash(set, pqc_bytes_make(ct, kem->ciphertext_len), pqc_bytes_make(seeds + len, len),
		     pqc_bytes_make(shared, len));
	}
	pqc_ct_wipe(mu, sizeof(mu));
	pqc_ct_wipe(seeds, sizeof(seeds));
	pqc_mem_free(again, kem->ciphertext_len);
	return err;
}

static const struct frodo_set set_640 = {
	.n = 640,
	.log_q = 15,
	.bits = 2,
	.len = 16,
	.entries = 12,
	.table = {4643, 13363, 20579, 25843, 29227, 31145, 32103, 32525, 32689, 32745, 32762,
		  32766},
};

static const struct frodo_set set_976 = {
	.n = 976,
	.log_q = 16,
	.bits = 3,
	.len = 24,
	.shake256 = true,
	.entries = 10,
	.table = {5638, 15915, 23689, 28571, 31116, 32217, 32613, 32731, 32760, 32766},
};

static const struct frodo_set set_1344 = {
	.n = 1344,
	.log_q = 16,
	.bits = 4,
	.len = 32,
	.shake256 = true,
	.entries = 6,
	.table = {9142, 23462, 30338, 32361, 32725, 32765},
};

#define PUBLIC_LEN(n_, log_q_) (FRODO_SEED_A_LEN + (n_) * (log_q_))

#define ROW(symbol_, name_, n_, log_q_, len_, aes_)                                        \
	const struct pqc_kem symbol_ = {                                                   \
		.name = (name_),                                                           \
		.public_len = PUBLIC_LEN(n_, log_q_),                                      \
		.secret_len = 2 * (len_) + PUBLIC_LEN(n_, log_q_) + 2 * FRODO_ROWS * (n_), \
		.ciphertext_len = (log_q_) * (n_) + FRODO_ROWS * (log_q_),                 \
		.shared_len = (len_),                                                      \
		.keypair_seed_len = 2 * (len_) + SEED_Z_LEN,                               \
		.encaps_seed_len = (len_),                                                 \
		.params = &(const struct params){&set_##n_, (aes_)},                       \
		.keypair = keypair,                                                        \
		.encaps = encaps,                                                          \
		.decaps = decaps,                                                          \
	}

ROW(frodo_640_aes, "FrodoKEM-640-AES", 640, 15, 16, true);
ROW(frodo_640_shake, "FrodoKEM-640-SHAKE", 640, 15, 16, false);
ROW(frodo_976_aes, "FrodoKEM-976-AES", 976, 16, 24, true);
ROW(frodo_976_shake, "FrodoKEM-976-SHAKE", 976, 16, 24, false);
ROW(frodo_1344_aes, "FrodoKEM-1344-AES", 1344, 16, 32, true);
ROW(frodo_1344_shake, "FrodoKEM-1344-SHAKE", 1344, 16, 32, false);
