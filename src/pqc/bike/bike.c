/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/bike/bike.h"

#include <string.h>

#include "pqc/bike/bike_decode.h"
#include "pqc/ct.h"
#include "pqc/gf2x/gf2x.h"
#include "pqc/keccak/keccak.h"
#include "pqc/le.h"
#include "pqc/mem.h"

#define SEED_LEN   32
#define MSG_LEN	   32
#define SHARED_LEN 32
#define MAX_T	   264 /* the heaviest vector */
#define MAX_R	   40973
#define BYTES(r)   (((size_t)(r) + 7) / 8)
#define MAX_BYTES  BYTES(MAX_R)

/* A ring and up to eight polynomials, or pairs of them, of BIKE_WORDS each. */
struct room {
	struct gf2x ring;
	size_t words;
	uint64_t *polys;
	size_t len;
};

static int room_init(struct room *room, const struct bike_params *p, size_t polys)
{
	room->words = BIKE_WORDS(p->r);
	room->len = polys * room->words * sizeof(uint64_t);
	room->polys = pqc_mem_new(room->len);
	if (!room->polys)
		return PQC_E_NOMEM;
	memset(room->polys, 0, room->len);
	if (gf2x_init(&room->ring, p->r) == 0)
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
	return room->polys + i * room->words;
}

/*
 * n different numbers below len, from 4 * n bytes of the stream. Number i is drawn from [i, len);
 * if it has been drawn before, i itself is taken, which cannot have been.
 */
static void draw_positions(struct keccak *stream, uint32_t *out, uint32_t n, uint32_t len)
{
	uint8_t words[4 * MAX_T];

	keccak_squeeze(stream, words, (size_t)4 * n);
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = n - 1 - k, seen = 0;
		uint64_t word = pqc_le_load32(words + (size_t)4 * k);
		uint32_t drawn = i + (uint32_t)(word * (len - i) >> 32);

		/* Both are below 2^31: the highest bit is set if they are equal. */
		for (uint32_t j = i + 1; j < n; j++)
			seen |= (out[j] ^ drawn) - 1;
		out[i] = pqc_ct_select32(pqc_ct_mask_negative32((int32_t)seen), i, drawn);
	}
	pqc_ct_wipe(words, sizeof(words));
}

/* H: the error of a message, as a pair of polynomials. */
static void expand_error(const struct bike_params *p, const uint8_t *msg, uint64_t *out)
{
	size_t words = BIKE_WORDS(p->r);
	uint32_t at[MAX_T];
	struct keccak stream;

	keccak_start(&stream, KECCAK_SHAKE256);
	keccak_absorb(&stream, msg, MSG_LEN);
	draw_positions(&stream, at, p->t, 2 * p->r);
	/* The second polynomial begins with a word of its own. */
	for (unsigned i = 0; i < p->t; i++)
		at[i] += ~pqc_ct_mask_less32(at[i], p->r) & (uint32_t)(64 * words - p->r);
	gf2x_set_bits(out, 2 * words, at, p->t);
	pqc_ct_wipe(at, sizeof(at));
	keccak_wipe(&stream);
}

/* L: out = msg + the first bytes of a hash of the error. */
static void mask_with_error(const struct room *room, const uint64_t *error, const uint8_t *msg,
			    uint8_t *out)
{
	uint8_t bytes[2 * MAX_BYTES], digest[KECCAK_SHA3_384_LEN];
	size_t len = BYTES(room->ring.bits);

	gf2x_store(&room->ring, bytes, error);
	gf2x_store(&room->ring, bytes + len, error + room->words);
	keccak_hash(KECCAK_SHA3_384, bytes, 2 * len, digest, sizeof(digest));
	for (unsigned i = 0; i < MSG_LEN; i++)
		out[i] = msg[i] ^ digest[i];
	pqc_ct_wipe(bytes, sizeof(bytes));
	pqc_ct_wipe(digest, sizeof(digest));
}

/* K */
static void derive_shared(const struct pqc_kem *kem, const uint8_t *msg, const uint8_t *ct,
			  uint8_t *shared)
{
	struct keccak k;

	keccak_start(&k, KECCAK_SHA3_384);
	keccak_absorb(&k, msg, MSG_LEN);
	keccak_absorb(&k, ct, kem->ciphertext_len);
	keccak_squeeze(&k, shared, SHARED_LEN);
	keccak_wipe(&k);
}

/* h0 and h1 as lists, and as polynomials. */
static void expand_secret(const struct bike_params *p, const uint8_t *seed, uint32_t *at,
			  const struct room *room)
{
	struct keccak stream;

	keccak_start(&stream, KECCAK_SHAKE256);
	keccak_absorb(&stream, seed, SEED_LEN);
	for (unsigned i = 0; i < 2; i++) {
		draw_positions(&stream, at + (size_t)i * p->d, p->d, p->r);
		gf2x_set_bits(poly(room, i), room->words, at + (size_t)i * p->d, p->d);
	}
	keccak_wipe(&stream);
}

/* lists || h0 || h1 || h || sigma */
static int keypair(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *pub, uint8_t *sec)
{
	const struct bike_params *p = kem->params;
	uint8_t seeds[2 * SEED_LEN];
	uint32_t at[2 * BIKE_MAX_D];
	struct room room;
	int err = room_init(&room, p, 3);

	if (err)
		return err;
	err = rng->fill(rng->ctx, seeds, sizeof(seeds)) ? PQC_E_RNG : 0;
	if (!err) {
		PQC_SECRET(seeds, sizeof(seeds));
		expand_secret(p, seeds, at, &room);
		gf2x_invert(&room.ring, poly(&room, 2), poly(&room, 0));
		gf2x_mul(&room.ring, poly(&room, 2), poly(&room, 2), poly(&room, 1));
		gf2x_store(&room.ring, pub, poly(&room, 2));
		PQC_DECLASSIFY(pub, kem->public_len, "the public key");
		for (unsigned i = 0; i < 2 * p->d; i++, sec += 4)
			pqc_le_store32(sec, at[i]);
		for (unsigned i = 0; i < 3; i++, sec += kem->public_len)
			gf2x_store(&room.ring, sec, poly(&room, i));
		memcpy(sec, seeds + SEED_LEN, SEED_LEN);
	}
	pqc_ct_wipe(seeds, sizeof(seeds));
	pqc_ct_wipe(at, sizeof(at));
	room_done(&room);
	return err;
}

static int encaps(const struct pqc_kem *kem, const struct pqc_rng *rng, const uint8_t *pub,
		  uint8_t *ct, uint8_t *shared)
{
	const struct bike_params *p = kem->params;
	uint8_t seeds[2 * SEED_LEN]; /* the second half is drawn, and not used */
	struct room room;
	int err = room_init(&room, p, 3);

	if (err)
		return err;
	err = rng->fill(rng->ctx, seeds, sizeof(seeds)) ? PQC_E_RNG : 0;
	if (!err) {
		uint64_t *h = poly(&room, 0), *error = poly(&room, 1);

		PQC_SECRET(seeds, sizeof(seeds));
		expand_error(p, seeds, error);
		mask_with_error(&room, error, seeds, ct + kem->public_len);
		gf2x_load(&room.ring, h, pub);
		gf2x_mul_add(&room.ring, error, error + room.words, h);
		gf2x_store(&room.ring, ct, error);
		PQC_DECLASSIFY(ct, kem->ciphertext_len, "the ciphertext is sent");
		derive_shared(kem, seeds, ct, shared);
	}
	pqc_ct_wipe(seeds, sizeof(seeds));
	room_done(&room);
	return err;
}

/* The syndrome c0 * h0. Bits of c0 after coefficient r - 1 count modulo X^r - 1. */
static void compute_syndrome(const struct bike_params *p, const struct room *room,
			     const uint8_t *ct, const uint64_t *h0, uint64_t *out)
{
	gf2x_load(&room->ring, out, ct);
	out[0] ^= ct[BYTES(p->r) - 1] >> (p->r % 8);
	gf2x_mul(&room->ring, out, out, h0);
}

/* The message that the error in polynomials 3 and 4 hides; sigma if it is not the message's own. */
static void recover_message(const struct bike_params *p, const struct room *room,
			    const uint8_t *hidden, const uint8_t *sigma, uint8_t *msg)
{
	const uint64_t *error = poly(room, 3);
	uint64_t *again = poly(room, 5);
	uint32_t differ;

	mask_with_error(room, error, hidden, msg);
	expand_error(p, msg, again);
	differ = pqc_ct_differ((const uint8_t *)error, (const uint8_t *)again,
			       2 * room->words * sizeof(*error));
	pqc_ct_move(msg, sigma, MSG_LEN, differ);
}

static int decaps(const struct pqc_kem *kem, const uint8_t *sec, const uint8_t *ct, uint8_t *shared)
{
	const struct bike_params *p = kem->params;
	const size_t bytes = kem->public_len;
	const uint8_t *h = sec + (size_t)8 * p->d;
	uint32_t at[2 * BIKE_MAX_D];
	uint8_t msg[MSG_LEN];
	struct room room;
	int err = room_init(&room, p, 7);

	if (err)
		return err;
	PQC_SECRET(sec, kem->secret_len);
	for (unsigned i = 0; i < 2 * p->d; i++)
		at[i] = pqc_le_load32(sec + (size_t)4 * i);
	for (unsigned i = 0; i < 2; i++)
		gf2x_load(&room.ring, poly(&room, i), h + i * bytes);
	compute_syndrome(p, &room, ct, poly(&room, 0), poly(&room, 2));
	err = bike_decode(p, &room.ring, &(struct bike_secret){poly(&room, 0), at}, poly(&room, 2),
			  poly(&room, 3));
	if (!err) {
		recover_message(p, &room, ct + bytes, h + 3 * bytes, msg);
		derive_shared(kem, msg, ct, shared);
	}
	pqc_ct_wipe(at, sizeof(at));
	pqc_ct_wipe(msg, sizeof(msg));
	room_done(&room);
	return err;
}

static const struct bike_params level1 = {
	.r = 12323,
	.d = 71,
	.t = 134,
	.base = 58110907515, /* 13.530 and 0.0069722, times 2^32 */
	.slope = 29945371,
	.least = 36,
};

static const struct bike_params level3 = {
	.r = 24659,
	.d = 103,
	.t = 199,
	.base = 65536046977, /* 15.2588 and 0.005265 */
	.slope = 22613003,
	.least = 52,
};

static const struct bike_params level5 = {
	.r = MAX_R,
	.d = BIKE_MAX_D,
	.t = MAX_T,
	.base = 76787572802, /* 17.8785 and 0.00402312 */
	.slope = 17279169,
	.least = 69,
};

#define ROW(symbol_, name_, params_, r_, d_)                       \
	const struct pqc_kem symbol_ = {                           \
		.name = (name_),                                   \
		.public_len = BYTES(r_),                           \
		.secret_len = 8 * (d_) + 3 * BYTES(r_) + SEED_LEN, \
		.ciphertext_len = BYTES(r_) + MSG_LEN,             \
		.shared_len = SHARED_LEN,                          \
		.keypair_seed_len = 2 * SEED_LEN,                  \
		.encaps_seed_len = 2 * SEED_LEN,                   \
		.params = &(params_),                              \
		.keypair = keypair,                                \
		.encaps = encaps,                                  \
		.decaps = decaps,                                  \
	}

ROW(bike_l1, "BIKE-L1", level1, 12323, 71);
ROW(bike_l3, "BIKE-L3", level3, 24659, 103);
ROW(bike_l5, "BIKE-L5", level5, MAX_R, BIKE_MAX_D);
