/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/hqc/hqc.h"

#include <string.h>

#include "pqc/ct.h"
#include "pqc/gf2x/gf2x.h"
#include "pqc/hqc/hqc_code.h"
#include "pqc/hqc/hqc_sample.h"
#include "pqc/keccak/keccak.h"
#include "pqc/le.h"
#include "pqc/mem.h"
#include "pqc/sha2/sha2.h"

#define SHARED_LEN SHA2_512_LEN
#define CHECK_LEN  SHA2_512_LEN /* d, the last part of a ciphertext */

/* A set: section 1 of the specification. */
struct params {
	unsigned n;
	unsigned weight;       /* of x and y */
	unsigned weight_noise; /* of r1, r2 and e */
	struct hqc_code code;
};

/* A ring, and polynomials of its size. */
struct room {
	struct gf2x ring;
	uint64_t *polys;
	size_t len;
};

static int room_init(struct room *room, const struct params *p, size_t polys)
{
	room->len = polys * GF2X_WORDS(p->n) * sizeof(uint64_t);
	room->polys = pqc_mem_new(room->len);
	if (!room->polys)
		return PQC_E_NOMEM;
	memset(room->polys, 0, room->len);
	if (gf2x_init(&room->ring, p->n) == 0)
		return 0;
	pqc_mem_free(room->polys, room->len);
	return PQC_E_NOMEM;
}

static void room_done(struct room *room)
{
	gf2x_done(&room->ring);
	pqc_mem_free(room->polys, room->len);
}

static uint64_t *poly(const struct room *room, size_t i)
{
	return room->polys + i * room->ring.words;
}

static size_t poly_bytes(const struct params *p)
{
	return (p->n + 7) / 8;
}

static size_t code_bytes(const struct params *p)
{
	return 8 * HQC_CODE_WORDS(&p->code);
}

/* h, the uniform polynomial of a public key. Its ring is public. */
static void expand_public(const struct room *room, const uint8_t *pub, uint64_t *out)
{
	size_t bytes = (room->ring.bits + 7) / 8;
	struct hqc_stream stream;

	hqc_sample_start(&stream, pub);
	hqc_sample_read(&stream, (uint8_t *)out, bytes);
	gf2x_load(&room->ring, out, (const uint8_t *)out);
	hqc_sample_done(&stream);
}

/* x and y of a secret seed, one after the other. */
static int expand_secret(const struct params *p, const struct room *room, const uint8_t *seed,
			 uint64_t *out)
{
	struct hqc_sample sample = {p->weight, 2, out, room->ring.words};

	return hqc_sample_vectors(&room->ring, seed, &sample);
}

/* pub = seed || x + y * h */
static int make_public(const struct pqc_kem *kem, const uint8_t *sec_seed, uint8_t *pub)
{
	const struct params *p = kem->params;
	struct room room;
	int err = room_init(&room, p, 3);

	if (err)
		return err;
	err = expand_secret(p, &room, sec_seed, poly(&room, 0));
	if (!err) {
		expand_public(&room, pub, poly(&room, 2));
		gf2x_mul_add(&room.ring, poly(&room, 0), poly(&room, 1), poly(&room, 2));
		gf2x_store(&room.ring, pub + HQC_SEED_LEN, poly(&room, 0));
		PQC_DECLASSIFY(pub, kem->public_len, "the public key");
	}
	room_done(&room);
	return err;
}

static int keypair(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *pub, uint8_t *sec)
{
	int err;

	if (rng->fill(rng->ctx, sec, HQC_SEED_LEN) || rng->fill(rng->ctx, pub, HQC_SEED_LEN))
		return PQC_E_RNG;
	PQC_SECRET(sec, HQC_SEED_LEN);
	err = make_public(kem, sec, pub);
	if (!err)
		memcpy(sec + HQC_SEED_LEN, pub, kem->public_len);
	return err;
}

/* u || v of a message, without d. */
static int encrypt(const struct pqc_kem *kem, const uint8_t *pub, const uint8_t *msg, uint8_t *out)
{
	const struct params *p = kem->params;
	const size_t words = HQC_CODE_WORDS(&p->code);
	uint8_t theta[KECCAK_SHA3_512_LEN];
	struct hqc_sample sample = {p->weight_noise, 3, NULL, GF2X_WORDS(p->n)};
	uint64_t *r1, *r2, *e, *h;
	struct room room;
	int err = room_init(&room, p, 4);

	if (err)
		return err;
	r1 = poly(&room, 0);
	r2 = poly(&room, 1);
	e = poly(&room, 2);
	h = poly(&room, 3);
	keccak_hash(KECCAK_SHA3_512, msg, p->code.k, theta, sizeof(theta));
	sample.polys = room.polys;
	err = hqc_sample_vectors(&room.ring, theta, &sample);
	if (!err) {
		expand_public(&room, pub, h);
		gf2x_mul_add(&room.ring, r1, r2, h);
		gf2x_store(&room.ring, out, r1);
		gf2x_load(&room.ring, h, pub + HQC_SEED_LEN);
		gf2x_mul_add(&room.ring, e, r2, h);
		/* The codeword is shorter than the ring: the rest of the sum is not sent. */
		hqc_code_encode(&p->code, h, msg);
		for (size_t i = 0; i < words; i++)
			pqc_le_store64(out + poly_bytes(p) + 8 * i, e[i] ^ h[i]);
	}
	pqc_ct_wipe(theta, sizeof(theta));
	room_done(&room);
	return err;
}

static void derive_shared(const struct params *p, const uint8_t *msg, const uint8_t *ct,
			  uint8_t *shared)
{
	struct sha2_512 s;

	sha2_512_start(&s);
	sha2_512_update(&s, msg, p->code.k);
	sha2_512_update(&s, ct, poly_bytes(p) + code_bytes(p));
	sha2_512_finish(&s, shared);
}

static int encaps(const struct pqc_kem *kem, const struct pqc_rng *rng, const uint8_t *pub,
		  uint8_t *ct, uint8_t *shared)
{
	const struct params *p = kem->params;
	uint8_t msg[HQC_MAX_K];
	int err = rng->fill(rng->ctx, msg, p->code.k) ? PQC_E_RNG : 0;

	PQC_SECRET(msg, sizeof(msg));
	if (!err)
		err = encrypt(kem, pub, msg, ct);
	if (!err) {
		sha2_512(msg, p->code.k, ct + kem->ciphertext_len - CHECK_LEN);
		PQC_DECLASSIFY(ct, kem->ciphertext_len, "the ciphertext is sent");
		derive_shared(p, msg, ct, shared);
	}
	pqc_ct_wipe(msg, sizeof(msg));
	return err;
}

/* The message in v + u * y. */
static int decrypt(const struct pqc_kem *kem, const uint8_t *sec, const uint8_t *ct, uint8_t *msg)
{
	const struct params *p = kem->params;
	const size_t words = HQC_CODE_WORDS(&p->code);
	uint64_t *y, *u;
	struct room room;
	int err = room_init(&room, p, 3);

	if (err)
		return err;
	err = expand_secret(p, &room, sec, poly(&room, 0));
	y = poly(&room, 1);
	u = poly(&room, 2);
	if (!err) {
		gf2x_load(&room.ring, u, ct);
		gf2x_mul(&room.ring, u, u, y);
		for (size_t i = 0; i < words; i++)
			u[i] ^= pqc_le_load64(ct + poly_bytes(p) + 8 * i);
		hqc_code_decode(&p->code, msg, u);
	}
	room_done(&room);
	return err;
}

static int decaps(const struct pqc_kem *kem, const uint8_t *sec, const uint8_t *ct, uint8_t *shared)
{
	const struct params *p = kem->params;
	const uint8_t *pub = sec + HQC_SEED_LEN;
	uint8_t msg[HQC_MAX_K], *again = pqc_mem_new(kem->ciphertext_len);
	int err = again ? 0 : PQC_E_NOMEM;

	PQC_SECRET(sec, HQC_SEED_LEN);
	if (!err)
		err = decrypt(kem, sec, ct, msg);
	if (!err)
		err = encrypt(kem, pub, msg, again);
	if (!err) {
		uint32_t differ;

		sha2_512(msg, p->code.k, again + kem->ciphertext_len - CHECK_LEN);
		differ = pqc_ct_differ(ct, again, kem->ciphertext_len);
		derive_shared(p, msg, ct, shared);
		PQC_DECLASSIFY(&differ, sizeof(differ), "the caller is told");
		if (differ)
			err = PQC_E_CIPHERTEXT;
	}
	pqc_ct_wipe(msg, sizeof(msg));
	pqc_mem_free(again, kem->ciphertext_len);
	return err;
}

static const struct params set_128 = {
	.n = 17669,
	.weight = 66,
	.weight_noise = 75,
	.code = {16, 46, 15, 3, {89,  69,  153, 116, 176, 117, 111, 75,	 73,  233,
				 242, 233, 65,	210, 21,  139, 103, 173, 67,  118,
				 105, 210, 174, 110, 74,  69,  228, 82,	 255, 181}},
};

static const struct params set_192 = {
	.n = 35851,
	.weight = 100,
	.weight_noise = 114,
	.code = {24, 56, 16, 5, {45,  216, 239, 24,  253, 104, 27, 40,	107, 50,  163,
				 210, 227, 134, 224, 158, 119, 13, 158, 1,   238, 164,
				 82,  43,  15,	232, 246, 142, 50, 189, 29,  232}},
};

static const struct params set_256 = {
	.n = 57637,
	.weight = 131,
	.weight_noise = 149,
	.code = {32, 90, 29, 5, {49,  167, 49,	39,  200, 121, 124, 91,	 240, 63,  148, 71,
				 150, 123, 87,	101, 32,  215, 159, 71,	 201, 115, 97,	210,
				 186, 183, 141, 217, 123, 12,  31,  243, 180, 219, 152, 239,
				 99,  141, 4,	246, 191, 144, 8,   232, 47,  27,  141, 178,
				 130, 64,  124, 47,  39,  188, 216, 48,	 199, 187}},
};

#define POLY_BYTES(n_) (((n_) + 7) / 8)

#define ROW(symbol_, name_, set_, n_, code_bytes_, k_)                        \
	const struct pqc_kem symbol_ = {                                      \
		.name = (name_),                                              \
		.public_len = HQC_SEED_LEN + POLY_BYTES(n_),                  \
		.secret_len = 2 * HQC_SEED_LEN + POLY_BYTES(n_),              \
		.ciphertext_len = POLY_BYTES(n_) + (code_bytes_) + CHECK_LEN, \
		.shared_len = SHARED_LEN,                                     \
		.keypair_seed_len = 2 * HQC_SEED_LEN,                         \
		.encaps_seed_len = (k_),                                      \
		.params = &(set_),                                            \
		.keypair = keypair,                                           \
		.encaps = encaps,                                             \
		.decaps = decaps,                                             \
	}

ROW(hqc_128, "HQC-128", set_128, 17669, 2208, 16);
ROW(hqc_192, "HQC-192", set_192, 35851, 4480, 24);
ROW(hqc_256, "HQC-256", set_256, 57637, 7200, 32);
