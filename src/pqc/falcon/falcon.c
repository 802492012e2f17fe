/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/falcon/falcon.h"

#include <string.h>

#include "pqc/ct.h"
#include "pqc/falcon/falcon_codec.h"
#include "pqc/falcon/falcon_float.h"
#include "pqc/falcon/falcon_gauss.h"
#include "pqc/falcon/falcon_modq.h"
#include "pqc/falcon/falcon_ntru.h"
#include "pqc/keccak/keccak.h"
#include "pqc/mem.h"

#define Q	   FALCON_MODQ_Q
#define MAX_N	   1024
#define SEED_LEN   48
#define NONCE_LEN  40
#define HEADER_PUB 0x00 /* each plus log2 n */
#define HEADER_SEC 0x50
#define HEADER_SIG 0x30
#define BIG_BITS   8	 /* of a coefficient of F in a private key */
#define NORM_FG	   16823 /* bound of the squared norm of (f, g), excluded */
#define FIVE_Q	   (5 * Q)
#define ATTEMPTS   64 /* an attempt to sign fails once in a hundred times at most */
#define CANDIDATES 100000

struct params {
	unsigned logn;
	uint64_t bound; /* of the squared norm of a signature, included */
	unsigned bits;	/* of a coefficient of f or g in a private key */
	size_t longest; /* signature to be made */
};

static const struct params params_512 = {9, 34034726, 6, 666};
static const struct params params_1024 = {10, 70265242, 5, 1280};

/* What signing and key generation work with; wiped as a whole. */
struct key {
	int8_t f[MAX_N], g[MAX_N], big_f[MAX_N], big_g[MAX_N];
	int16_t h[MAX_N], t[MAX_N];
};

struct signing {
	struct falcon_real work[FALCON_FLOAT_SIGN_REALS * MAX_N] __attribute__((aligned(64)));
	struct key key;
	struct keccak shake;
	uint8_t seed[FALCON_FLOAT_SEED_LEN];
	int16_t point[MAX_N], s2[MAX_N];
};

struct generation {
	struct falcon_ntru ntru __attribute__((aligned(64)));
	struct falcon_gauss gauss;
	struct key key;
	uint8_t seed[SEED_LEN];
};

static const struct params *params_of(const struct pqc_sig *sig)
{
	return sig->params;
}

/* The nonce and the message as a polynomial: 16-bit words below 5q, modulo q. */
static void hash_to_point(int16_t *out, size_t n, const uint8_t *nonce, struct pqc_bytes msg)
{
	struct keccak shake;
	uint8_t block[KECCAK_SHAKE256_RATE];
	size_t used = 0;

	keccak_start(&shake, KECCAK_SHAKE256);
	keccak_absorb(&shake, nonce, NONCE_LEN);
	keccak_absorb(&shake, msg.ptr, msg.len);
	while (used < n) {
		keccak_squeeze(&shake, block, sizeof(block));
		for (size_t i = 0; i < sizeof(block) && used < n; i += 2) {
			unsigned w = (unsigned)block[i] << 8 | block[i + 1];

			out[used] = (int16_t)(w % Q);
			used += w < FIVE_Q;
		}
	}
	keccak_wipe(&shake);
}

static void from_small(int16_t *out, const int8_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = in[i]; /* NOLINT(bugprone-signed-char-misuse): a number */
}

/* h = g / f modulo q, left transformed. 0 if f has no inverse. */
static int divide(struct key *k, const struct falcon_modq_ops *ops, unsigned logn)
{
	size_t n = (size_t)1 << logn;

	from_small(k->t, k->f, n);
	ops->ntt(k->t, logn);
	if (falcon_modq_has_zero(k->t, n))
		return 0;
	from_small(k->h, k->g, n);
	ops->ntt(k->h, logn);
	ops->div(k->h, k->t, n);
	return 1;
}

static int verify(const struct pqc_sig *sig, const uint8_t *pub, const struct pqc_msg *msg,
		  struct pqc_bytes signature)
{
	const struct params *par = params_of(sig);
	const struct falcon_modq_ops *ops = falcon_modq_ops();
	size_t n = (size_t)1 << par->logn, head = 1 + NONCE_LEN;
	int16_t point[MAX_N], h[MAX_N], s2[MAX_N];
	uint64_t norm;

	if (pub[0] != HEADER_PUB + par->logn || falcon_codec_get_public(h, n, pub + 1))
		return PQC_E_KEY;
	if (signature.ptr[0] != HEADER_SIG + par->logn ||
	    falcon_codec_get_signature(s2, n,
				       pqc_bytes_make(signature.ptr + head, signature.len - head)))
		return PQC_E_SIGNATURE;
	hash_to_point(point, n, signature.ptr + 1, msg->text);
	norm = ops->norm(s2, n);
	ops->ntt(h, par->logn);
	ops->ntt(s2, par->logn);
	ops->mul(s2, h, n);
	ops->intt(s2, par->logn);
	ops->sub(point, s2, n);
	return norm + ops->norm(point, n) <= par->bound ? 0 : PQC_E_SIGNATURE;
}

/* Decodes a private key, computes h (transformed) and G = h F. */
static int get_key(const struct params *par, const uint8_t *sec, struct key *k)
{
	const struct falcon_modq_ops *ops = falcon_modq_ops();
	size_t n = (size_t)1 << par->logn, small_len = n * par->bits / 8;
	uint32_t wide = 0;

	PQC_DECLASSIFY(sec, 1, "the header, the same in all keys");
	if (sec[0] != HEADER_SEC + par->logn ||
	    falcon_codec_get_small(k->f, n, par->bits, sec + 1) ||
	    falcon_codec_get_small(k->g, n, par->bits, sec + 1 + small_len) ||
	    falcon_codec_get_small(k->big_f, n, BIG_BITS, sec + 1 + 2 * small_len) ||
	    !divide(k, ops, par->logn))
		return PQC_E_KEY;
	from_small(k->t, k->big_f, n);
	ops->ntt(k->t, par->logn);
	ops->mul(k->t, k->h, n);
	ops->intt(k->t, par->logn);
	for (size_t i = 0; i < n; i++) {
		wide |= pqc_ct_mask_less32(254, (uint32_t)(k->t[i] + 127));
		k->big_g[i] = (int8_t)k->t[i];
	}
	PQC_DECLASSIFY(&wide, sizeof(wide), "whether a key is malformed");
	return wide ? PQC_E_KEY : 0;
}

/* Draws signatures for the point until one is short and fits. */
static int draw_signature(const struct params *par, struct signing *w, uint8_t *out,
			  size_t *out_len)
{
	const struct falcon_float_ops *ops = falcon_float_ops();
	const struct key *k = &w->key;
	const struct falcon_signing s = {
		par->logn, k->f, k->g, k->big_f, k->big_g, w->point, w->s2, w->work,
	};
	size_t n = (size_t)1 << par->logn, head = 1 + NONCE_LEN, len;

	ops->sign_start(&s);
	for (int i = 0; i < ATTEMPTS; i++) {
		uint32_t norm;

		keccak_squeeze(&w->shake, w->seed, sizeof(w->seed));
		norm = ops->sign_try(&s, w->seed);
		PQC_DECLASSIFY(&norm, sizeof(norm),
			       "rejected signatures are independent of the key");
		if (norm > par->bound)
			continue;
		PQC_DECLASSIFY(w->s2, n * sizeof(w->s2[0]), "the signature");
		len = falcon_codec_put_signature(out + head, par->longest - head, w->s2, n);
		if (len > 0) {
			*out_len = head + len;
			return 0;
		}
	}
	return PQC_E_INTERNAL;
}

static int sign(const struct pqc_sig *sig, const struct pqc_rng *rng, const uint8_t *sec,
		const struct pqc_msg *msg, uint8_t *out, size_t *out_len)
{
	const struct params *par = params_of(sig);
	struct signing *w = pqc_mem_new(sizeof(*w));
	uint8_t seed[SEED_LEN];
	int err;

	if (!w)
		return PQC_E_NOMEM;
	err = get_key(par, sec, &w->key);
	if (!err && rng->fill(rng->ctx, out + 1, NONCE_LEN))
		err = PQC_E_RNG;
	if (!err && rng->fill(rng->ctx, seed, sizeof(seed)))
		err = PQC_E_RNG;
	if (!err) {
		out[0] = (uint8_t)(HEADER_SIG + par->logn);
		PQC_DECLASSIFY(out + 1, NONCE_LEN, "the nonce is part of the signature");
		hash_to_point(w->point, (size_t)1 << par->logn, out + 1, msg->text);
		keccak_start(&w->shake, KECCAK_SHAKE256);
		keccak_absorb(&w->shake, seed, sizeof(seed));
		err = draw_signature(par, w, out, out_len);
	}
	pqc_ct_wipe(seed, sizeof(seed));
	pqc_mem_free(w, sizeof(*w));
	return err;
}

/* Whether f and g can be encoded and are short; the floating-point test comes later. */
static int is_small(const struct key *k, size_t n, unsigned bits)
{
	int32_t limit = 1 << (bits - 1);
	uint32_t norm = 0, wide = 0, good;

	for (size_t i = 0; i < n; i++) {
		/* NOLINTNEXTLINE(bugprone-signed-char-misuse): numbers */
		int32_t f = k->f[i], g = k->g[i];

		norm += (uint32_t)(f * f + g * g);
		wide |= pqc_ct_mask_less32((uint32_t)(2 * limit - 2), (uint32_t)(f + limit - 1));
		wide |= pqc_ct_mask_less32((uint32_t)(2 * limit - 2), (uint32_t)(g + limit - 1));
	}
	good = pqc_ct_mask_less32(norm, NORM_FG) & ~wide;
	PQC_DECLASSIFY(&good, sizeof(good), "candidates are drawn until one is good");
	return good != 0;
}

/* Draws f and g and solves for F and G, until it succeeds; leaves h. */
static int draw_key(const struct params *par, struct generation *w)
{
	const struct falcon_modq_ops *modq = falcon_modq_ops();
	const struct falcon_float_ops *flt = falcon_float_ops();
	struct key *k = &w->key;
	const struct falcon_ntru_task task = {par->logn, k->f, k->g, k->big_f, k->big_g, &w->ntru};
	size_t n = (size_t)1 << par->logn;

	for (int i = 0; i < CANDIDATES; i++) {
		falcon_gauss_poly(&w->gauss, k->f, n);
		falcon_gauss_poly(&w->gauss, k->g, n);
		if (!is_small(k, n, par->bits) ||
		    !flt->is_short(k->f, k->g, par->logn, w->ntru.work) ||
		    !divide(k, modq, par->logn) || !falcon_ntru_solve(&task))
			continue;
		modq->intt(k->h, par->logn);
		PQC_DECLASSIFY(k->h, n * sizeof(k->h[0]), "the public key");
		return 0;
	}
	return PQC_E_INTERNAL;
}

static void put_public(const struct params *par, const int16_t *h, uint8_t *pub)
{
	pub[0] = (uint8_t)(HEADER_PUB + par->logn);
	falcon_codec_put_public(pub + 1, h, (size_t)1 << par->logn);
}

static int keypair(const struct pqc_sig *sig, const struct pqc_rng *rng, uint8_t *pub, uint8_t *sec)
{
	const struct params *par = params_of(sig);
	size_t n = (size_t)1 << par->logn, small_len = n * par->bits / 8;
	struct generation *w = pqc_mem_new(sizeof(*w));
	int err = 0;

	if (!w)
		return PQC_E_NOMEM;
	if (rng->fill(rng->ctx, w->seed, sizeof(w->seed)))
		err = PQC_E_RNG;
	if (!err) {
		falcon_gauss_start(&w->gauss, w->seed, sizeof(w->seed));
		err = draw_key(par, w);
	}
	if (!err) {
		put_public(par, w->key.h, pub);
		sec[0] = (uint8_t)(HEADER_SEC + par->logn);
		falcon_codec_put_small(sec + 1, w->key.f, n, par->bits);
		falcon_codec_put_small(sec + 1 + small_len, w->key.g, n, par->bits);
		falcon_codec_put_small(sec + 1 + 2 * small_len, w->key.big_f, n, BIG_BITS);
	}
	pqc_mem_free(w, sizeof(*w));
	return err;
}

static int public_of(const struct pqc_sig *sig, const uint8_t *sec, uint8_t *pub)
{
	const struct params *par = params_of(sig);
	struct key k;
	int err = get_key(par, sec, &k);

	if (!err) {
		falcon_modq_ops()->intt(k.h, par->logn);
		PQC_DECLASSIFY(k.h, sizeof(k.h), "the public key");
		put_public(par, k.h, pub);
	}
	pqc_ct_wipe(&k, sizeof(k));
	return err;
}

/* Beyond the encoding: f and g are short, and f G - g F is q, not only modulo q. */
static int check_secret(const struct pqc_sig *sig, const uint8_t *sec)
{
	const struct params *par = params_of(sig);
	const struct falcon_float_ops *flt = falcon_float_ops();
	struct signing *w = pqc_mem_new(sizeof(*w));
	struct key *k;
	int err;

	if (!w)
		return PQC_E_NOMEM;
	k = &w->key;
	err = get_key(par, sec, k);
	if (!err && (!is_small(k, (size_t)1 << par->logn, par->bits) ||
		     !flt->is_short(k->f, k->g, par->logn, w->work) ||
		     !flt->is_basis(&(struct falcon_signing){par->logn, k->f, k->g, k->big_f,
							     k->big_g, NULL, NULL, w->work})))
		err = PQC_E_KEY;
	pqc_mem_free(w, sizeof(*w));
	return err;
}

#define MIN_LEN(n) (1 + NONCE_LEN + (n)*9 / 8)

const struct pqc_sig falcon_512 = {
	.name = "Falcon-512",
	.public_len = 897,
	.secret_len = 1281,
	.signature_len = 752,
	.signature_min = MIN_LEN(512),
	.keypair_seed_len = SEED_LEN,
	.params = &params_512,
	.keypair = keypair,
	.sign = sign,
	.verify = verify,
	.check_secret = check_secret,
	.public_of = public_of,
};

const struct pqc_sig falcon_1024 = {
	.name = "Falcon-1024",
	.public_len = 1793,
	.secret_len = 2305,
	.signature_len = 1462,
	.signature_min = MIN_LEN(1024),
	.keypair_seed_len = SEED_LEN,
	.params = &params_1024,
	.keypair = keypair,
	.sign = sign,
	.verify = verify,
	.check_secret = check_secret,
	.public_of = public_of,
};
