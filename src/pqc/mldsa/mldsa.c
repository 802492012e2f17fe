/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/mldsa/mldsa.h"

#include <string.h>

#include "pqc/cpu.h"
#include "pqc/ct.h"
#include "pqc/mldsa/mldsa_check.h"
#include "pqc/mldsa/mldsa_pack.h"

#define RANDOM_FIPS_LEN 32 /* of a signature */
#define RANDOM_LEN	64
#define TR_MAX		64
#define W1_MAX		(MLDSA_K_MAX * MLDSA_N * 6 / 8)
#define CHALLENGE_MAX	64
#define T1_LEN		320

static void hash(uint8_t *out, size_t out_len, struct pqc_bytes a, struct pqc_bytes b)
{
	struct keccak k;

	keccak_start(&k, KECCAK_SHAKE256);
	keccak_absorb(&k, a.ptr, a.len);
	keccak_absorb(&k, b.ptr, b.len);
	keccak_squeeze(&k, out, out_len);
	keccak_wipe(&k);
}

/* mu: FIPS 204 algorithm 7 line 6, with M' of algorithm 2. */
static void hash_message(uint8_t *mu, const struct mldsa_params *p, const uint8_t *tr,
			 const struct pqc_msg *msg)
{
	const uint8_t head[2] = {0, (uint8_t)msg->context.len};
	struct keccak k;

	if (msg->form == PQC_MSG_MU) {
		memcpy(mu, msg->text.ptr, MLDSA_LONG_LEN);
		return;
	}
	keccak_start(&k, KECCAK_SHAKE256);
	keccak_absorb(&k, tr, p->tr_len);
	if (p->fips && msg->form == PQC_MSG_PURE) {
		keccak_absorb(&k, head, sizeof(head));
		keccak_absorb(&k, msg->context.ptr, msg->context.len);
	}
	keccak_absorb(&k, msg->text.ptr, msg->text.len);
	keccak_squeeze(&k, mu, MLDSA_LONG_LEN);
}

static void expand(struct mldsa_vector_l *a, const struct mldsa_params *p, const uint8_t *rho,
		   const struct keccak_job *extra)
{
	mldsa_sample(&(struct mldsa_sampling){.rank = p->rank, .a = a, .rho = rho, .extra = extra});
}

/* What a public key is made from: (t1, t0) = A s1 + s2, where t0 takes the place of s2. */
struct key {
	struct mldsa_vector_l a[MLDSA_K_MAX];
	struct mldsa_vector_l s1;
	struct mldsa_vector_k s2;
	struct mldsa_vector_k t1;
};

static void make_public(struct key *key, const struct mldsa_params *p, const uint8_t *rho,
			uint8_t *pub)
{
	const struct mldsa_ops *ops = mldsa_ops();
	struct mldsa_poly t;

	for (unsigned i = 0; i < p->rank.l; i++)
		ops->ntt(&key->s1.at[i]);
	for (unsigned i = 0; i < p->rank.k; i++) {
		ops->dot(&t, key->a[i].at, key->s1.at, p->rank.l);
		ops->intt(&t);
		ops->add(&key->s2.at[i], &t);
		ops->reduce(&key->s2.at[i]);
		ops->canonical(&key->s2.at[i]);
		ops->power2round(&key->t1.at[i], &key->s2.at[i]);
	}
	memcpy(pub, rho, MLDSA_SEED_LEN);
	mldsa_pack_vector(pub + MLDSA_SEED_LEN, key->t1.at, p->rank.k, MLDSA_T1);
	pqc_ct_wipe(&t, sizeof(t));
}

static int keypair(const struct pqc_sig *sig, const struct pqc_rng *rng, uint8_t *pub, uint8_t *sec)
{
	const struct mldsa_params *p = sig->params;
	const uint8_t rank[2] = {(uint8_t)p->rank.k, (uint8_t)p->rank.l};
	struct mldsa_layout at = mldsa_pack_layout(p);
	uint8_t xi[MLDSA_SEED_LEN], seeds[2 * MLDSA_SEED_LEN + MLDSA_LONG_LEN];
	const uint8_t *long_seed = seeds + MLDSA_SEED_LEN;
	struct key key;

	if (rng->fill(rng->ctx, xi, sizeof(xi)))
		return PQC_E_RNG;
	PQC_SECRET(xi, sizeof(xi));
	hash(seeds, sizeof(seeds), pqc_bytes_make(xi, sizeof(xi)),
	     pqc_bytes_make(rank, p->fips ? sizeof(rank) : 0));
	PQC_DECLASSIFY(seeds, MLDSA_SEED_LEN, "rho is part of the public key");
	mldsa_sample(&(struct mldsa_sampling){.rank = p->rank,
					      .a = key.a,
					      .rho = seeds,
					      .s1 = &key.s1,
					      .s2 = &key.s2,
					      .seed = long_seed,
					      .eta = p->eta});
	memcpy(sec, seeds, MLDSA_SEED_LEN);
	memcpy(sec + at.key, long_seed + MLDSA_LONG_LEN, MLDSA_SEED_LEN);
	/* cppcheck-suppress uninitvar ; mldsa_sample() fills it */
	mldsa_pack_vector(sec + at.s1, key.s1.at, p->rank.l, mldsa_pack_eta(p));
	mldsa_pack_vector(sec + at.s2, key.s2.at, p->rank.k, mldsa_pack_eta(p));
	make_public(&key, p, seeds, pub);
	PQC_DECLASSIFY(pub, sig->public_len, "the public key");
	mldsa_pack_vector(sec + at.t0, key.s2.at, p->rank.k, MLDSA_T0);
	hash(sec + at.tr, p->tr_len, pqc_bytes_make(pub, sig->public_len), pqc_bytes_make(NULL, 0));
	pqc_ct_wipe(&key.s1, sizeof(key.s1));
	pqc_ct_wipe(&key.s2, sizeof(key.s2));
	pqc_ct_wipe(xi, sizeof(xi));
	pqc_ct_wipe(seeds, sizeof(seeds));
	return 0;
}

/* s1 and s2 of a private key: PQC_E_KEY if a coefficient is larger than eta. */
static int read_secrets(struct mldsa_vector_l *s1, struct mldsa_vector_k *s2,
			const struct mldsa_params *p, const uint8_t *sec)
{
	const struct mldsa_ops *ops = mldsa_ops();
	struct mldsa_layout at = mldsa_pack_layout(p);
	uint32_t large = 0;

	mldsa_pack_read_vector(s1->at, sec + at.s1, p->rank.l, mldsa_pack_eta(p));
	mldsa_pack_read_vector(s2->at, sec + at.s2, p->rank.k, mldsa_pack_eta(p));
	for (unsigned i = 0; i < p->rank.l; i++)
		large |= ops->exceeds(&s1->at[i], (int32_t)p->eta + 1);
	for (unsigned i = 0; i < p->rank.k; i++)
		large |= ops->exceeds(&s2->at[i], (int32_t)p->eta + 1);
	PQC_DECLASSIFY(&large, sizeof(large), "a malformed key");
	return large ? PQC_E_KEY : 0;
}

static int public_of(const struct pqc_sig *sig, const uint8_t *sec, uint8_t *pub)
{
	const struct mldsa_params *p = sig->params;
	struct key key;
	int err = read_secrets(&key.s1, &key.s2, p, sec);

	PQC_DECLASSIFY(sec, MLDSA_SEED_LEN, "rho is part of the public key");
	if (!err) {
		expand(key.a, p, sec, NULL);
		make_public(&key, p, sec, pub);
	}
	pqc_ct_wipe(&key.s1, sizeof(key.s1));
	pqc_ct_wipe(&key.s2, sizeof(key.s2));
	return err;
}

/* t0 and tr must be those of the public key that s1 and s2 make. */
static int check_secret(const struct pqc_sig *sig, const uint8_t *sec)
{
	const struct mldsa_params *p = sig->params;
	struct mldsa_layout at = mldsa_pack_layout(p);
	uint8_t pub[MLDSA_SEED_LEN + MLDSA_K_MAX * T1_LEN], tr[TR_MAX];
	uint8_t t0[MLDSA_K_MAX * MLDSA_N * MLDSA_D / 8];
	uint32_t differ;
	struct key key;
	int err = read_secrets(&key.s1, &key.s2, p, sec);

	PQC_DECLASSIFY(sec, MLDSA_SEED_LEN, "rho is part of the public key");
	if (!err) {
		expand(key.a, p, sec, NULL);
		make_public(&key, p, sec, pub);
		mldsa_pack_vector(t0, key.s2.at, p->rank.k, MLDSA_T0);
		hash(tr, p->tr_len, pqc_bytes_make(pub, sig->public_len), pqc_bytes_make(NULL, 0));
		differ = pqc_ct_differ(t0, sec + at.t0, at.end - at.t0) |
			 pqc_ct_differ(tr, sec + at.tr, p->tr_len);
		PQC_DECLASSIFY(&differ, sizeof(differ), "a malformed key");
		if (differ)
			err = PQC_E_KEY;
	}
	pqc_ct_wipe(&key.s1, sizeof(key.s1));
	pqc_ct_wipe(&key.s2, sizeof(key.s2));
	pqc_ct_wipe(t0, sizeof(t0));
	return err;
}

/*
 * What a signature is made with; everything before `a` is secret. The products c s1 and c s2 are at
 * most beta <= 196 in size, so they are computed modulo the smaller prime of ML-KEM, exactly.
 */
struct signing {
	struct mldsa_vector_l y, z;
	struct mldsa_vector_k t0, w0;
	struct mldsa_poly c, t;
	struct mlkem_poly s1[MLDSA_L_MAX], s2[MLDSA_K_MAX]; /* transformed, as small_c is */
	struct mlkem_poly small_c;
	struct mldsa_sample_masks masks;
	uint8_t mu[MLDSA_LONG_LEN], seed[MLDSA_LONG_LEN], random[RANDOM_LEN];
	struct mldsa_hints hints;
	struct mldsa_vector_l a[MLDSA_K_MAX];
	struct mldsa_vector_k w1;
};

/* rho'': ML-DSA hashes the random bytes with K, Dilithium takes them. */
static int draw_seed(struct signing *s, const struct mldsa_params *p, const struct pqc_rng *rng,
		     const uint8_t *key)
{
	size_t len = p->fips ? RANDOM_FIPS_LEN : RANDOM_LEN;
	struct keccak k;

	memset(s->random, 0, sizeof(s->random));
	if (rng && rng->fill(rng->ctx, s->random, len))
		return PQC_E_RNG;
	PQC_SECRET(s->random, len);
	if (!p->fips) {
		memcpy(s->seed, s->random, sizeof(s->seed));
		return 0;
	}
	keccak_start(&k, KECCAK_SHAKE256);
	keccak_absorb(&k, key, MLDSA_SEED_LEN);
	keccak_absorb(&k, s->random, len);
	keccak_absorb(&k, s->mu, sizeof(s->mu));
	keccak_squeeze(&k, s->seed, sizeof(s->seed));
	keccak_wipe(&k);
	return 0;
}

static int prepare(struct signing *s, const struct mldsa_params *p, const uint8_t *sec)
{
	const struct mldsa_ops *ops = mldsa_ops();
	struct mldsa_layout at = mldsa_pack_layout(p);
	int err = read_secrets(&s->z, &s->w0, p, sec);

	if (err)
		return err;
	for (unsigned i = 0; i < p->rank.l; i++) {
		ops->small(&s->s1[i], &s->z.at[i]);
		mlkem_ops()->ntt(&s->s1[i]);
	}
	mldsa_pack_read_vector(s->t0.at, sec + at.t0, p->rank.k, MLDSA_T0);
	for (unsigned i = 0; i < p->rank.k; i++) {
		ops->small(&s->s2[i], &s->w0.at[i]);
		mlkem_ops()->ntt(&s->s2[i]);
		ops->ntt(&s->t0.at[i]);
	}
	expand(s->a, p, sec, NULL);
	mldsa_sample_masks_init(&s->masks, s->seed, p->z);
	return 0;
}

/* w = A y, in two parts, and the challenge that comes from its high part. */
static int commit(struct signing *s, const struct mldsa_params *p, uint8_t *challenge)
{
	const struct mldsa_ops *ops = mldsa_ops();
	uint8_t w1[W1_MAX];

	if (mldsa_sample_masks_next(&s->masks, s->y.at, p->rank.l))
		return PQC_E_INTERNAL;
	for (unsigned i = 0; i < p->rank.l; i++) {
		s->z.at[i] = s->y.at[i];
		ops->ntt(&s->z.at[i]);
	}
	for (unsigned i = 0; i < p->rank.k; i++) {
		ops->dot(&s->w0.at[i], s->a[i].at, s->z.at, p->rank.l);
		ops->intt(&s->w0.at[i]);
		ops->canonical(&s->w0.at[i]);
		ops->decompose(&s->w1.at[i], &s->w0.at[i], mldsa_pack_gamma2(p));
	}
	mldsa_pack_vector(w1, s->w1.at, p->rank.k, p->w1);
	hash(challenge, p->challenge_len, pqc_bytes_make(s->mu, sizeof(s->mu)),
	     pqc_bytes_make(w1, p->rank.k * mldsa_c_packed_len(p->w1)));
	PQC_DECLASSIFY(challenge, p->challenge_len, "a hash that a rejected attempt may show");
	mldsa_sample_ball(&s->c, challenge, p->challenge_len, p->tau);
	ops->small(&s->small_c, &s->c);
	mlkem_ops()->ntt(&s->small_c);
	pqc_ct_wipe(w1, sizeof(w1));
	return 0;
}

/*
 * Whether the attempt must be given up. That a bound is exceeded, and in which polynomial, says
 * nothing about the key: rejections are independent of it. The sign of the excess stays hidden.
 */
static uint32_t exceeds(const struct mldsa_poly *a, int32_t bound)
{
	uint32_t found = mldsa_ops()->exceeds(a, bound);

	PQC_DECLASSIFY(&found, sizeof(found), "rejection is independent of the key");
	return found;
}

/* z, or that this attempt would tell something about s1 or s2. */
static bool respond(struct signing *s, const struct mldsa_params *p)
{
	const struct mlkem_ops *small = mlkem_ops();
	const struct mldsa_ops *ops = mldsa_ops();
	int32_t beta = mldsa_pack_beta(p);
	struct mlkem_poly product;
	bool fits = true;

	for (unsigned i = 0; fits && i < p->rank.l; i++) {
		small->dot(&product, &s->s1[i], &s->small_c, 1);
		small->intt(&product);
		s->z.at[i] = s->y.at[i];
		ops->add_small(&s->z.at[i], &product);
		fits = !exceeds(&s->z.at[i], mldsa_pack_gamma1(p) - beta);
	}
	for (unsigned i = 0; fits && i < p->rank.k; i++) {
		small->dot(&product, &s->s2[i], &s->small_c, 1);
		small->intt(&product);
		ops->sub_small(&s->w0.at[i], &product);
		fits = !exceeds(&s->w0.at[i], mldsa_pack_gamma2(p) - beta);
	}
	pqc_ct_wipe(&product, sizeof(product));
	return fits;
}

static bool make_hints(struct signing *s, const struct mldsa_params *p)
{
	const struct mldsa_ops *ops = mldsa_ops();
	int32_t gamma2 = mldsa_pack_gamma2(p);
	unsigned n = 0;

	ops->ntt(&s->c);
	for (unsigned i = 0; i < p->rank.k; i++) {
		ops->dot(&s->t, &s->t0.at[i], &s->c, 1);
		ops->intt(&s->t);
		ops->reduce(&s->t);
		if (exceeds(&s->t, gamma2))
			return false;
		ops->add(&s->w0.at[i], &s->t);
		n += ops->make_hint(s->hints.bits[i], &s->w1.at[i], &s->w0.at[i], gamma2);
	}
	PQC_DECLASSIFY(&n, sizeof(n), "rejection is independent of the key");
	return n <= p->omega;
}

static int sign(const struct pqc_sig *sig, const struct pqc_rng *rng, const uint8_t *sec,
		const struct pqc_msg *msg, uint8_t *out, size_t *out_len)
{
	const struct mldsa_params *p = sig->params;
	struct mldsa_layout at = mldsa_pack_layout(p);
	uint8_t *z = out + p->challenge_len;
	size_t z_len = p->rank.l * mldsa_c_packed_len(p->z);
	struct signing s;
	bool done = false;
	int err;

	PQC_SECRET(sec, sig->secret_len);
	PQC_DECLASSIFY(sec, MLDSA_SEED_LEN, "rho is part of the public key");
	PQC_DECLASSIFY(sec + at.tr, p->tr_len, "a hash of the public key");
	hash_message(s.mu, p, sec + at.tr, msg);
	err = draw_seed(&s, p, rng, sec + at.key);
	if (!err)
		err = prepare(&s, p, sec);
	while (!err && !done) {
		err = commit(&s, p, out);
		done = !err && respond(&s, p) && make_hints(&s, p);
	}
	if (!err) {
		PQC_DECLASSIFY(&s.z, sizeof(s.z), "part of the signature");
		PQC_DECLASSIFY(&s.hints, sizeof(s.hints), "part of the signature");
		mldsa_pack_vector(z, s.z.at, p->rank.l, p->z);
		mldsa_pack_hints(z + z_len, p, &s.hints);
		*out_len = sig->signature_len;
	}
	pqc_ct_wipe(&s, offsetof(struct signing, a));
	return err;
}

struct verifying {
	struct mldsa_vector_l a[MLDSA_K_MAX];
	struct mldsa_vector_l z;
	struct mldsa_vector_k w;
	struct mldsa_poly c, t;
	struct mldsa_hints hints;
};

/* w1: what the high part of w was if z answers the challenge for t1. */
static void reconstruct(struct verifying *v, const struct mldsa_params *p, const uint8_t *t1)
{
	const struct mldsa_ops *ops = mldsa_ops();

	for (unsigned i = 0; i < p->rank.l; i++)
		ops->ntt(&v->z.at[i]);
	ops->ntt(&v->c);
	for (unsigned i = 0; i < p->rank.k; i++) {
		struct mldsa_poly *w = &v->w.at[i];

		ops->unpack(&v->t, t1 + (size_t)i * T1_LEN, MLDSA_T1);
		for (unsigned j = 0; j < MLDSA_N; j++)
			v->t.c[j] <<= MLDSA_D;
		ops->ntt(&v->t);
		ops->reduce(&v->t);
		ops->dot(w, v->a[i].at, v->z.at, p->rank.l);
		ops->dot(&v->t, &v->t, &v->c, 1);
		ops->sub(w, &v->t);
		ops->reduce(w);
		ops->intt(w);
		ops->canonical(w);
		ops->use_hint(w, v->hints.bits[i], mldsa_pack_gamma2(p));
	}
}

static int verify(const struct pqc_sig *sig, const uint8_t *pub, const struct pqc_msg *msg,
		  struct pqc_bytes signature)
{
	const struct mldsa_params *p = sig->params;
	const uint8_t *challenge = signature.ptr, *z = challenge + p->challenge_len;
	size_t z_len = p->rank.l * mldsa_c_packed_len(p->z);
	uint8_t tr[TR_MAX], mu[MLDSA_LONG_LEN], w1[W1_MAX], again[CHALLENGE_MAX];
	const struct keccak_job hash_key = {.kind = KECCAK_SHAKE256,
					    .in = pub,
					    .in_len = sig->public_len,
					    .out = tr,
					    .out_len = p->tr_len};
	struct verifying v;

	if (mldsa_pack_read_hints(&v.hints, p, z + z_len))
		return PQC_E_SIGNATURE;
	/* cppcheck-suppress uninitvar ; it is written here */
	mldsa_pack_read_vector(v.z.at, z, p->rank.l, p->z);
	for (unsigned i = 0; i < p->rank.l; i++)
		if (mldsa_ops()->exceeds(&v.z.at[i], mldsa_pack_gamma1(p) - mldsa_pack_beta(p)))
			return PQC_E_SIGNATURE;
	expand(v.a, p, pub, &hash_key);
	mldsa_sample_ball(&v.c, challenge, p->challenge_len, p->tau);
	reconstruct(&v, p, pub + MLDSA_SEED_LEN);
	mldsa_pack_vector(w1, v.w.at, p->rank.k, p->w1);
	hash_message(mu, p, tr, msg);
	hash(again, p->challenge_len, pqc_bytes_make(mu, sizeof(mu)),
	     pqc_bytes_make(w1, p->rank.k * mldsa_c_packed_len(p->w1)));
	return pqc_ct_differ(again, challenge, p->challenge_len) ? PQC_E_SIGNATURE : 0;
}

const struct mldsa_ops *mldsa_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX512, &mldsa_avx512_ops},
		{PQC_CPU_AVX2, &mldsa_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &mldsa_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = mldsa_check_same};

	return pqc_cpu_choose(&variants);
}

#define ROW(title, pk, sk, len, ...)                                                             \
	{                                                                                        \
		.name = (title), .public_len = (pk), .secret_len = (sk), .signature_len = (len), \
		.signature_min = (len), .keypair_seed_len = MLDSA_SEED_LEN, .keypair = keypair,  \
		.sign = sign, .verify = verify, .check_secret = check_secret,                    \
		.public_of = public_of, __VA_ARGS__                                              \
	}

#define DILITHIUM	.challenge_len = 32, .tr_len = 32, .fips = false
#define MLDSA(strength) .challenge_len = (strength) / 4, .tr_len = 64, .fips = true
#define FIPS		.has_context = true, .may_derandomize = true

#define LEVEL2 .rank = {4, 4}, .eta = 2, .tau = 39, .omega = 80, .z = MLDSA_Z17, .w1 = MLDSA_W6
#define LEVEL3 .rank = {6, 5}, .eta = 4, .tau = 49, .omega = 55, .z = MLDSA_Z19, .w1 = MLDSA_W4
#define LEVEL5 .rank = {8, 7}, .eta = 2, .tau = 60, .omega = 75, .z = MLDSA_Z19, .w1 = MLDSA_W4

static const struct mldsa_params dilithium2 = {LEVEL2, DILITHIUM};
static const struct mldsa_params dilithium3 = {LEVEL3, DILITHIUM};
static const struct mldsa_params dilithium5 = {LEVEL5, DILITHIUM};
static const struct mldsa_params params_44 = {LEVEL2, MLDSA(128)};
static const struct mldsa_params params_65 = {LEVEL3, MLDSA(192)};
static const struct mldsa_params params_87 = {LEVEL5, MLDSA(256)};

const struct pqc_sig mldsa_dilithium2 = ROW("Dilithium2", 1312, 2528, 2420, .params = &dilithium2);
const struct pqc_sig mldsa_dilithium3 = ROW("Dilithium3", 1952, 4000, 3293, .params = &dilithium3);
const struct pqc_sig mldsa_dilithium5 = ROW("Dilithium5", 2592, 4864, 4595, .params = &dilithium5);
const struct pqc_sig mldsa_44 = ROW("ML-DSA-44", 1312, 2560, 2420, .params = &params_44, FIPS);
const struct pqc_sig mldsa_65 = ROW("ML-DSA-65", 1952, 4032, 3309, .params = &params_65, FIPS);
const struct pqc_sig mldsa_87 = ROW("ML-DSA-87", 2592, 4896, 4627, .params = &params_87, FIPS);
