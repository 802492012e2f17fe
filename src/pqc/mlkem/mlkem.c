/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mlkem/mlkem.h"

#include <string.h>

#include "pqc/cpu.h"
#include "pqc/ct.h"
#include "pqc/keccak/keccak.h"
#include "pqc/mlkem/mlkem_check.h"
#include "pqc/mlkem/mlkem_pke.h"

#define SHARED_LEN 32
#define HASH_LEN   KECCAK_SHA3_256_LEN

/* Where the parts of a decapsulation key begin. */
struct layout {
	size_t pub, hash, z;
};

static struct layout layout_of(const struct pqc_kem *kem)
{
	const struct mlkem_params *p = kem->params;
	size_t pub = (size_t)p->k * MLKEM_POLY_BYTES;

	return (struct layout){pub, pub + kem->public_len, pub + kem->public_len + HASH_LEN};
}

/* G, in two halves: (rho, sigma) of a key, or (K, r) of an encapsulation. */
static void hash_g(uint8_t *out, const uint8_t *a, const void *b, size_t b_len)
{
	struct keccak k;

	keccak_start(&k, KECCAK_SHA3_512);
	keccak_absorb(&k, a, MLKEM_SEED_LEN);
	keccak_absorb(&k, b, b_len);
	keccak_squeeze(&k, out, KECCAK_SHA3_512_LEN);
	keccak_wipe(&k);
}

/* SHAKE256(a || b) to a shared secret. */
static void hash_shared(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t b_len)
{
	struct keccak k;

	keccak_start(&k, KECCAK_SHAKE256);
	keccak_absorb(&k, a, SHARED_LEN);
	keccak_absorb(&k, b, b_len);
	keccak_squeeze(&k, out, SHARED_LEN);
	keccak_wipe(&k);
}

/* d and z: FIPS 203 users draw both at once, those of Kyber one after the other. */
static int draw_seeds(const struct mlkem_params *p, const struct pqc_rng *rng, uint8_t *out)
{
	int err;

	if (p->fips) {
		err = rng->fill(rng->ctx, out, 2 * MLKEM_SEED_LEN);
	} else {
		err = rng->fill(rng->ctx, out, MLKEM_SEED_LEN);
		if (!err)
			err = rng->fill(rng->ctx, out + MLKEM_SEED_LEN, MLKEM_SEED_LEN);
	}
	PQC_SECRET(out, 2 * MLKEM_SEED_LEN);
	return err ? PQC_E_RNG : 0;
}

static int keypair(const struct pqc_kem *kem, const struct pqc_rng *rng, uint8_t *pub, uint8_t *sec)
{
	const struct mlkem_params *p = kem->params;
	struct layout at = layout_of(kem);
	uint8_t drawn[2 * MLKEM_SEED_LEN], seeds[KECCAK_SHA3_512_LEN];
	const uint8_t rank = (uint8_t)p->k;
	int err = draw_seeds(p, rng, drawn);

	if (!err) {
		hash_g(seeds, drawn, &rank, p->fips ? 1 : 0);
		PQC_DECLASSIFY(seeds, MLKEM_SEED_LEN, "rho is part of the public key");
		mlkem_pke_keypair(p, seeds, pub, sec);
		PQC_DECLASSIFY(pub, kem->public_len, "the public key");
		memcpy(sec + at.pub, pub, kem->public_len);
		keccak_hash(KECCAK_SHA3_256, pub, kem->public_len, sec + at.hash, HASH_LEN);
		memcpy(sec + at.z, drawn + MLKEM_SEED_LEN, MLKEM_SEED_LEN);
	}
	pqc_ct_wipe(drawn, sizeof(drawn));
	pqc_ct_wipe(seeds, sizeof(seeds));
	return err;
}

/* Every 12-bit number is below q (FIPS 203 section 7.2). */
static int check_public(const struct pqc_kem *kem, const uint8_t *pub)
{
	const struct mlkem_params *p = kem->params;
	uint32_t beyond = 0;

	for (const uint8_t *end = pub + (size_t)p->k * MLKEM_POLY_BYTES; pub < end; pub += 3) {
		uint32_t low = pub[0] | (pub[1] & 15U) << 8, high = pub[1] >> 4 | pub[2] << 4;

		beyond |= (MLKEM_Q - 1 - low) | (MLKEM_Q - 1 - high);
	}
	return beyond >> 31 ? PQC_E_KEY : 0;
}

static int check_secret(const struct pqc_kem *kem, const uint8_t *sec)
{
	struct layout at = layout_of(kem);
	uint8_t hash[HASH_LEN];

	keccak_hash(KECCAK_SHA3_256, sec + at.pub, kem->public_len, hash, HASH_LEN);
	return pqc_ct_differ(hash, sec + at.hash, HASH_LEN) ? PQC_E_KEY : 0;
}

/* A transposed, of a public key, and hashes that need nothing else. */
static void expand(struct mlkem_matrix *a, const struct pqc_kem *kem, const uint8_t *pub,
		   const struct keccak_job *hashes, unsigned n)
{
	const struct mlkem_params *p = kem->params;

	mlkem_sample(&(struct mlkem_sampling){.matrix = a,
					      .k = p->k,
					      .rho = pub + (size_t)p->k * MLKEM_POLY_BYTES,
					      .transposed = true,
					      .extra = hashes,
					      .n_extra = n});
}

/* H */
static struct keccak_job hash_job(const uint8_t *in, size_t in_len, uint8_t *out)
{
	return (struct keccak_job){.kind = KECCAK_SHA3_256,
				   .in = in,
				   .in_len = in_len,
				   .out = out,
				   .out_len = HASH_LEN};
}

static int encaps(const struct pqc_kem *kem, const struct pqc_rng *rng, const uint8_t *pub,
		  uint8_t *ct, uint8_t *shared)
{
	const struct mlkem_params *p = kem->params;
	uint8_t msg[MLKEM_MSG_LEN], hash[HASH_LEN], keys[KECCAK_SHA3_512_LEN];
	struct mlkem_matrix a;
	struct keccak_job job = hash_job(pub, kem->public_len, hash);
	int err = p->fips ? check_public(kem, pub) : 0;

	if (!err && rng->fill(rng->ctx, msg, sizeof(msg)))
		err = PQC_E_RNG;
	if (err)
		return err;
	PQC_SECRET(msg, sizeof(msg));
	expand(&a, kem, pub, &job, 1);
	if (!p->fips)
		keccak_hash(KECCAK_SHA3_256, msg, sizeof(msg), msg, sizeof(msg));
	hash_g(keys, msg, hash, sizeof(hash));
	mlkem_pke_encrypt(p, &(struct mlkem_pke_input){&a, pub, msg, keys + SHARED_LEN}, ct);
	PQC_DECLASSIFY(ct, kem->ciphertext_len, "the ciphertext is sent");
	if (p->fips) {
		memcpy(shared, keys, SHARED_LEN);
	} else {
		keccak_hash(KECCAK_SHA3_256, ct, kem->ciphertext_len, hash, sizeof(hash));
		hash_shared(shared, keys, hash, sizeof(hash));
	}
	pqc_ct_wipe(msg, sizeof(msg));
	pqc_ct_wipe(keys, sizeof(keys));
	return 0;
}

/* What decapsulation computes of a ciphertext before it has seen what is in it. */
struct opened {
	struct mlkem_matrix a;
	uint8_t rejected[MLKEM_SEED_LEN + MLKEM_CIPHERTEXT_MAX]; /* z || ct: ML-KEM's J */
	uint8_t other[SHARED_LEN]; /* ML-KEM: the secret if it is rejected; Kyber: H(ct) */
	uint8_t hash[HASH_LEN];	   /* ML-KEM: of the public key, to be compared */
};

static int open_ciphertext(struct opened *o, const struct pqc_kem *kem, const uint8_t *sec,
			   const uint8_t *ct)
{
	const struct mlkem_params *p = kem->params;
	struct layout at = layout_of(kem);
	struct keccak_job jobs[MLKEM_EXTRA_MAX];

	if (!p->fips) {
		jobs[0] = hash_job(ct, kem->ciphertext_len, o->other);
		expand(&o->a, kem, sec + at.pub, jobs, 1);
		return 0;
	}
	memcpy(o->rejected, sec + at.z, MLKEM_SEED_LEN);
	memcpy(o->rejected + MLKEM_SEED_LEN, ct, kem->ciphertext_len);
	jobs[0] = (struct keccak_job){.kind = KECCAK_SHAKE256,
				      .in = o->rejected,
				      .in_len = MLKEM_SEED_LEN + kem->ciphertext_len,
				      .out = o->other,
				      .out_len = SHARED_LEN};
	jobs[1] = hash_job(sec + at.pub, kem->public_len, o->hash);
	expand(&o->a, kem, sec + at.pub, jobs, 2);
	return pqc_ct_differ(o->hash, sec + at.hash, HASH_LEN) ? PQC_E_KEY : 0;
}

/*
 * The secret for a ciphertext that decryption and encryption lead back to is made from `keys`, for
 * any other from z: implicit rejection. Nothing else may tell which it was.
 */
static void select_shared(const struct mlkem_params *p, uint32_t differ, const struct opened *o,
			  const uint8_t *z, uint8_t *keys)
{
	if (p->fips) {
		pqc_ct_move(keys, o->other, SHARED_LEN, differ);
	} else {
		pqc_ct_move(keys, z, SHARED_LEN, differ);
		hash_shared(keys, keys, o->other, HASH_LEN);
	}
}

static int decaps(const struct pqc_kem *kem, const uint8_t *sec, const uint8_t *ct, uint8_t *shared)
{
	const struct mlkem_params *p = kem->params;
	struct layout at = layout_of(kem);
	uint8_t msg[MLKEM_MSG_LEN], keys[KECCAK_SHA3_512_LEN], again[MLKEM_CIPHERTEXT_MAX];
	struct opened o;
	int err;

	PQC_SECRET(sec, kem->secret_len);
	PQC_DECLASSIFY(sec + at.pub, at.z - at.pub, "the public key and its hash");
	err = open_ciphertext(&o, kem, sec, ct);
	if (!err) {
		mlkem_pke_decrypt(p, sec, ct, msg);
		hash_g(keys, msg, sec + at.hash, HASH_LEN);
		mlkem_pke_encrypt(
			p, &(struct mlkem_pke_input){&o.a, sec + at.pub, msg, keys + SHARED_LEN},
			again);
		select_shared(p, pqc_ct_differ(ct, again, kem->ciphertext_len), &o, sec + at.z,
			      keys);
		memcpy(shared, keys, SHARED_LEN);
		pqc_ct_wipe(msg, sizeof(msg));
		pqc_ct_wipe(keys, sizeof(keys));
		pqc_ct_wipe(again, sizeof(again));
	}
	pqc_ct_wipe(o.rejected, MLKEM_SEED_LEN);
	pqc_ct_wipe(o.other, sizeof(o.other));
	return err;
}

const struct mlkem_ops *mlkem_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX512, &mlkem_avx512_ops},
		{PQC_CPU_AVX2, &mlkem_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &mlkem_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = mlkem_check_same};

	return pqc_cpu_choose(&variants);
}

#define PARAMS(k, eta1, du, dv, fips) (&(const struct mlkem_params){k, eta1, du, dv, fips})

/* Both schemes have the same sizes; the checks of FIPS 203 are ML-KEM's. */
#define KYBER(title, rank, ct, ...)                                                       \
	{                                                                                 \
		.name = (title), .public_len = (rank)*MLKEM_POLY_BYTES + MLKEM_SEED_LEN,  \
		.secret_len = (rank)*2 * MLKEM_POLY_BYTES + 3 * MLKEM_SEED_LEN,           \
		.ciphertext_len = (ct), .shared_len = SHARED_LEN,                         \
		.keypair_seed_len = 2 * MLKEM_SEED_LEN, .encaps_seed_len = MLKEM_MSG_LEN, \
		.keypair = keypair, .encaps = encaps, .decaps = decaps, __VA_ARGS__       \
	}
#define CHECKS .check_public = check_public, .check_secret = check_secret

const struct pqc_kem mlkem_kyber512 =
	KYBER("Kyber512", 2, 768, .params = PARAMS(2, 3, 10, 4, false));
const struct pqc_kem mlkem_kyber768 =
	KYBER("Kyber768", 3, 1088, .params = PARAMS(3, 2, 10, 4, false));
const struct pqc_kem mlkem_kyber1024 =
	KYBER("Kyber1024", 4, 1568, .params = PARAMS(4, 2, 11, 5, false));
const struct pqc_kem mlkem_512 =
	KYBER("ML-KEM-512", 2, 768, .params = PARAMS(2, 3, 10, 4, true), CHECKS);
const struct pqc_kem mlkem_768 =
	KYBER("ML-KEM-768", 3, 1088, .params = PARAMS(3, 2, 10, 4, true), CHECKS);
const struct pqc_kem mlkem_1024 =
	KYBER("ML-KEM-1024", 4, 1568, .params = PARAMS(4, 2, 11, 5, true), CHECKS);
