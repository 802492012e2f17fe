/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing, included after falcon_float_impl.h: the sampler of integers and, over it, ffSampling,
 * which finds a lattice vector near the hashed message by a distribution that tells nothing of the
 * key. How many tries a sample takes does not depend on secrets; all else is straight-line code.
 */
#include "pqc/le.h"

#define FPR_INV_Q	    fpr_bits(0x3f1554e39097a782) /* 1/12289 */
#define FPR_INV_LN2	    fpr_bits(0x3ff71547652b82fe)
#define FPR_LN2		    fpr_bits(0x3fe62e42fefa39ef)
#define FPR_INV_2SQR_SIGMA0 fpr_bits(0x3fc34f8bc183bbc2) /* 1 / (2 * 1.8205^2) */

/* By logn - 9: one over the width of the signatures' distribution, and the sampler's least width. */
static const uint64_t inv_sigma[2] = {0x3f78b6c2de64c7ca, 0x3f78531ef6311ae3};
static const uint64_t sigma_min[2] = {0x3ff47201bf1f7a75, 0x3ff4c5c19990c764};

/*
 * The stream of random bytes: ChaCha20, eight blocks at a time, whose words are interleaved. A u64
 * is not taken from the last bytes of a buffer.
 */
#define PRNG_BLOCKS 8
#define PRNG_LEN    512
#define PRNG_KEEP   9

typedef uint32_t prng_lanes __attribute__((vector_size(PRNG_BLOCKS * 4)));

struct prng {
	uint8_t buf[PRNG_LEN] __attribute__((aligned(64)));
	size_t at;
	uint32_t key[12];
	uint64_t counter;
};

static inline __attribute__((always_inline)) void prng_quarter(prng_lanes *s, const uint8_t *at)
{
	prng_lanes a = s[at[0]], b = s[at[1]], c = s[at[2]], d = s[at[3]];

	a += b;
	d ^= a;
	d = (d << 16) | (d >> 16);
	c += d;
	b ^= c;
	b = (b << 12) | (b >> 20);
	a += b;
	d ^= a;
	d = (d << 8) | (d >> 24);
	c += d;
	b ^= c;
	b = (b << 7) | (b >> 25);
	s[at[0]] = a;
	s[at[1]] = b;
	s[at[2]] = c;
	s[at[3]] = d;
}

static void prng_refill(struct prng *p)
{
	static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	static const uint8_t quarters[8][4] = {
		{0, 4, 8, 12},	{1, 5, 9, 13},	{2, 6, 10, 14}, {3, 7, 11, 15},
		{0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13},	{3, 4, 9, 14},
	};
	prng_lanes start[16], s[16];

	for (size_t u = 0; u < PRNG_BLOCKS; u++) {
		for (size_t v = 0; v < 16; v++)
			start[v][u] = v < 4 ? constants[v] : p->key[v - 4];
		start[14][u] ^= (uint32_t)p->counter;
		start[15][u] ^= (uint32_t)(p->counter >> 32);
		p->counter++;
	}
	memcpy(s, start, sizeof(s));
	for (int round = 0; round < 10; round++)
		for (size_t i = 0; i < 8; i++)
			prng_quarter(s, quarters[i]);
	for (size_t v = 0; v < 16; v++) {
		s[v] += start[v];
		for (size_t u = 0; u < PRNG_BLOCKS; u++)
			pqc_le_store32(p->buf + 32 * v + 4 * u, s[v][u]);
	}
	p->at = 0;
}

static void prng_start(struct prng *p, const uint8_t *seed)
{
	for (size_t i = 0; i < 12; i++)
		p->key[i] = pqc_le_load32(seed + 4 * i);
	p->counter = pqc_le_load64(seed + 48);
	prng_refill(p);
}

static inline uint8_t prng_u8(struct prng *p)
{
	uint8_t x = p->buf[p->at++];

	if (p->at == PRNG_LEN)
		prng_refill(p);
	return x;
}

static inline uint64_t prng_u64(struct prng *p)
{
	if (p->at >= PRNG_LEN - PRNG_KEEP)
		prng_refill(p);
	p->at += 8;
	return pqc_le_load64(p->buf + p->at - 8);
}

struct sampler {
	struct prng prng;
	fpr inv_sigma, sigma_min;
	unsigned tries_left; /* only a basis that is none needs them all */
};

#define TRIES_PER_SAMPLE 64

/* A half Gaussian of width 1.8205, from 72 random bits. */
#ifdef __AVX512F__
static inline int32_t sample_base(uint64_t low, uint8_t high)
{
	/* falcon_table_tail as 64 low bits and, of the first eight, the others. */
	const __m512i v = _mm512_set1_epi64((long long)low), top = _mm512_set1_epi64(high);
	const __m512i *tail = (const __m512i *)(const void *)falcon_table_tail64;
	__mmask8 less = _mm512_cmplt_epu64_mask(v, tail[0]);
	uint32_t small = _cvtmask8_u32(_mm512_cmplt_epu64_mask(v, tail[1])) |
			 _cvtmask8_u32(_mm512_cmplt_epu64_mask(v, tail[2])) << 8;

	less = (__mmask8)(_mm512_cmplt_epu64_mask(top, tail[3]) |
			  (_mm512_cmpeq_epi64_mask(top, tail[3]) & less));
	small &= ((uint32_t)high - 1) >> 16; /* these need high to be 0 */
	return (int32_t)_mm_popcnt_u32(_cvtmask8_u32(less) << 16 | small);
}
#else
static inline int32_t sample_base(uint64_t low, uint8_t high)
{
	const int32_t *tail = falcon_table_tail;
	int32_t v0 = (int32_t)(low & 0xffffff), v1 = (int32_t)(low >> 24 & 0xffffff);
	int32_t v2 = (int32_t)(low >> 48 | (uint32_t)high << 16), z = 0;

	for (size_t i = 0; i < FALCON_TABLE_TAIL; i++) {
		int32_t borrow = (v0 - tail[i]) >> 31;

		borrow = (v1 - tail[i + FALCON_TABLE_TAIL] + borrow) >> 31;
		z -= (v2 - tail[i + 2 * FALCON_TABLE_TAIL] + borrow) >> 31;
	}
	return z;
}
#endif

static inline uint64_t mul_high(uint64_t a, uint64_t b)
{
	return (uint64_t)((unsigned __int128)a * b >> 64);
}

/*
 * 2^63 * c * exp(-x), for 0 <= x < ln 2 and 0 <= c <= 1. The polynomial is that of FACCT (Zhao,
 * Steinfeld, Sakzad), scaled by 2^63: off by less than 2^-50.
 */
static inline uint64_t exp_scaled(fpr x, fpr c)
{
	static const uint64_t coeffs[13] = {
		0x00000004741183A3, 0x00000036548CFC06, 0x0000024FDCBF140A, 0x0000171D939DE045,
		0x0000D00CF58F6F84, 0x000680681CF796E3, 0x002D82D8305B0FEA, 0x011111110E066FD0,
		0x0555555555070F00, 0x155555555581FF00, 0x400000000002B400, 0x7FFFFFFFFFFF4800,
		0x8000000000000000,
	};
	uint64_t z = fpr_trunc_p63(x) << 1, y = coeffs[0];

	for (size_t i = 1; i < sizeof(coeffs) / sizeof(coeffs[0]); i++)
		y = coeffs[i] - mul_high(z, y);
	return mul_high(fpr_trunc_p63(c) << 1, y);
}

/* 2^64 * c * exp(-x), less one, for x >= 0. */
static inline uint64_t exp_bound(fpr x, fpr c)
{
	int64_t s = fpr_trunc(fpr_mul(x, FPR_INV_LN2));
	fpr r = fpr_sub(x, fpr_mul(fpr_of(s), FPR_LN2));
	uint32_t many = pqc_ct_mask_negative32((int32_t)(63 - s));

	return ((exp_scaled(r, c) << 1) - 1) >> pqc_ct_select32(many, 63, (uint32_t)s);
}

/* What the samples around one centre have in common. */
struct centre {
	int64_t floor;
	fpr rest, dss, ccs; /* dss: 1 / (2 sigma^2) */
};

static inline struct centre centre_of(const struct sampler *sp, fpr mu, fpr isigma)
{
	int64_t floor = fpr_floor(mu);

	return (struct centre){floor, fpr_sub(mu, fpr_of(floor)),
			       fpr_mul(fpr_sqr(isigma), FPR_HALF), fpr_mul(isigma, sp->sigma_min)};
}

/* A candidate, and 2^64 times the probability with which to take it, less one. */
struct candidate {
	int32_t z0, sign;
};

static inline int32_t candidate_value(struct candidate c)
{
	return c.sign + ((c.sign << 1) - 1) * c.z0;
}

static inline uint64_t candidate_bound(struct candidate c, const struct centre *centre)
{
	fpr distance = fpr_sub(fpr_of(candidate_value(c)), centre->rest);
	fpr x = fpr_mul(fpr_sqr(distance), centre->dss);

	x = fpr_sub(x, fpr_mul(fpr_of((int64_t)c.z0 * c.z0), FPR_INV_2SQR_SIGMA0));
	return exp_bound(x, centre->ccs);
}

/* Compares random bytes with the bound, from the highest, as far as they are equal. */
static inline int is_taken(struct prng *p, uint64_t bound)
{
	int32_t w;
	int i = 64;

	do {
		i -= 8;
		w = prng_u8(p) - (int32_t)(bound >> i & 255);
		PQC_DECLASSIFY(&w, sizeof(w), "only whether the sample is taken shows, not which");
	} while (w == 0 && i > 0);
	return w < 0;
}

/* An integer of a Gaussian distribution around a centre. */
static int64_t sample_z(struct sampler *sp, const struct centre *centre)
{
	while (sp->tries_left > 0) {
		uint64_t low = prng_u64(&sp->prng);
		int32_t z0 = sample_base(low, prng_u8(&sp->prng));
		struct candidate c = {z0, prng_u8(&sp->prng) & 1};

		if (is_taken(&sp->prng, candidate_bound(c, centre)))
			return centre->floor + candidate_value(c);
		sp->tries_left--;
	}
	return 0;
}

#ifdef FALCON_SAMPLE_AHEAD
/*
 * Nearly always a candidate uses 11 bytes of the stream, the last one for the comparison. So the
 * next ones can be computed side by side with the first, whether they will be needed or not, and
 * for either centre: one alone is a long chain of operations that wait for each other.
 */
#define CANDIDATE_LEN 11
#define AHEAD	      3

static inline struct candidate candidate_at(const uint8_t *bytes)
{
	return (struct candidate){sample_base(pqc_le_load64(bytes), bytes[8]), bytes[9] & 1};
}

/* Where the comparison of the first byte decides, 1 if taken and 0 if not; else -1. */
static inline int is_taken_at(const uint8_t *bytes, uint64_t bound)
{
	int32_t w = bytes[CANDIDATE_LEN - 1] - (int32_t)(bound >> 56);

	PQC_DECLASSIFY(&w, sizeof(w), "only whether the sample is taken shows, not which");
	return w == 0 ? -1 : w < 0;
}

/*
 * Tries the next three candidates: number 0 and 1 for a centre, 1 and 2 for the one after it, which
 * is the same when only the last is left. Stops where a sequence of comparisons is needed. Returns
 * how many samples are found by now, and leaves the stream after the last candidate tried.
 */
static inline unsigned sample_ahead(struct sampler *sp, const struct centre *const *centres,
				    unsigned found, fpr *z)
{
	struct prng *p = &sp->prng;
	const uint8_t *bytes = p->buf + p->at;
	const struct centre *here = centres[found], *next = centres[found + 1];
	const struct candidate c[AHEAD] = {candidate_at(bytes), candidate_at(bytes + CANDIDATE_LEN),
					   candidate_at(bytes + 2 * CANDIDATE_LEN)};
	uint64_t a = candidate_bound(c[0], here), b = candidate_bound(c[1], here);
	uint64_t d = candidate_bound(c[1], next), e = candidate_bound(c[2], next);
	const uint64_t bounds[2][AHEAD] = {{a, b, 0}, {0, d, e}};
	unsigned before = found;

	/* Now, and not where a bound turns out to be needed. */
	__asm__ volatile("" : : "r"(a), "r"(b), "r"(d), "r"(e));
	for (size_t i = 0; i < AHEAD && found < 2; i++) {
		int taken = -1;

		if (i < 2 || centres[found] == next)
			taken = is_taken_at(bytes + i * CANDIDATE_LEN,
					    bounds[i == 2 || found > before][i]);
		if (taken < 0)
			break;
		p->at += CANDIDATE_LEN;
		z[found] = fpr_of(centres[found]->floor + candidate_value(c[i]));
		found += (unsigned)taken;
	}
	return found;
}

static void sample_two(struct sampler *sp, const struct centre *re, const struct centre *im, fpr *z)
{
	const struct centre *const centres[3] = {re, im, im};
	unsigned found = 0;

	while (found < 2) {
		size_t at = sp->prng.at;

		if (at < PRNG_LEN - PRNG_KEEP - AHEAD * CANDIDATE_LEN && sp->tries_left > 0) {
			found = sample_ahead(sp, centres, found, z);
			sp->tries_left--;
		}
		/* Not a step forward: a rare case that is left to the plain way. */
		if (found < 2 && sp->prng.at == at) {
			z[found] = fpr_of(sample_z(sp, centres[found]));
			found++;
		}
	}
}
#else
static void sample_two(struct sampler *sp, const struct centre *re, const struct centre *im, fpr *z)
{
	z[0] = fpr_of(sample_z(sp, re));
	z[1] = fpr_of(sample_z(sp, im));
}
#endif

/* f = f0(X^2) + X f1(X^2) in FFT form, and back. */
static inline void split(fpr *restrict f0, fpr *restrict f1, const fpr *restrict f, unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1, qn = hn / 2;

	for (size_t u = 0; u < qn; u++) {
		struct cpx a = poly_get(f, 2 * u, hn), b = poly_get(f, 2 * u + 1, hn);
		struct cpx d = cpx_mul(cpx_sub(a, b), cpx_conj(cpx_root(u + hn)));

		poly_set(f0, u, qn, cpx_scale(cpx_add(a, b), FPR_HALF));
		poly_set(f1, u, qn, cpx_scale(d, FPR_HALF));
	}
}

static inline void merge(fpr *restrict f, const fpr *restrict f0, const fpr *restrict f1,
			 unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1, qn = hn / 2;

	for (size_t u = 0; u < qn; u++) {
		struct cpx a = poly_get(f0, u, qn);
		struct cpx b = cpx_mul(poly_get(f1, u, qn), cpx_root(u + hn));

		poly_set(f, 2 * u, hn, cpx_add(a, b));
		poly_set(f, 2 * u + 1, hn, cpx_sub(a, b));
	}
}

/* The Gram matrix [[g00, g01], [adj g01, g11]] and the target of one level. */
struct node {
	const fpr *g00, *g01, *g11;
	const fpr *t0, *t1;
	fpr *z0, *z1;
};

/* [[1, 0], [l10, 1]] and d11 of the LDL decomposition; d00 is g00. */
static inline void decompose(const struct node *nd, fpr *restrict l10, fpr *restrict d11, size_t hn)
{
	for (size_t u = 0; u < hn; u++) {
		struct cpx g01 = poly_get(nd->g01, u, hn);
		struct cpx mu = cpx_div(g01, poly_get(nd->g00, u, hn));

		poly_set(d11, u, hn, cpx_sub(poly_get(nd->g11, u, hn), cpx_mul(mu, cpx_conj(g01))));
		poly_set(l10, u, hn, cpx_conj(mu));
	}
}

static inline fpr leaf_isigma(const struct sampler *sp, fpr g)
{
	return fpr_mul(fpr_sqrt(g), sp->inv_sigma);
}

static inline struct cpx sample_pair(struct sampler *sp, struct cpx t, fpr g)
{
	fpr isigma = leaf_isigma(sp, g);
	const struct centre re = centre_of(sp, t.re, isigma), im = centre_of(sp, t.im, isigma);
	fpr z[2];

	sample_two(sp, &re, &im, z);
	return (struct cpx){z[0], z[1]};
}

/* Degree 2: one slot. */
static void sample_last(struct sampler *sp, const struct node *nd)
{
	struct cpx l10, d11, z1, t0 = poly_get(nd->t0, 0, 1), t1 = poly_get(nd->t1, 0, 1);
	fpr l[2], d[2];

	decompose(nd, l, d, 1);
	l10 = poly_get(l, 0, 1);
	d11 = poly_get(d, 0, 1);
	z1 = sample_pair(sp, t1, d11.re);
	poly_set(nd->z1, 0, 1, z1);
	t0 = cpx_add(t0, cpx_mul(l10, cpx_sub(t1, z1)));
	poly_set(nd->z0, 0, 1, sample_pair(sp, t0, nd->g00[0]));
}

/* One half of a level: the Gram polynomial d and the target t split, sampled and merged. */
static void sample_tree(struct sampler *sp, const struct node *nd, unsigned logn, fpr *work);

static void sample_half(struct sampler *sp, const fpr *d, const fpr *t, fpr *z, unsigned logn,
			fpr *work)
{
	size_t hn = (size_t)1 << logn >> 1;
	fpr *d0 = work, *d1 = d0 + hn, *t0 = d1 + hn, *t1 = t0 + hn, *z0 = t1 + hn, *z1 = z0 + hn;
	const struct node nd = {d0, d1, d0, t0, t1, z0, z1};

	split(d0, d1, d, logn);
	split(t0, t1, t, logn);
	sample_tree(sp, &nd, logn - 1, z1 + hn);
	merge(z, z0, z1, logn);
}

/* Writes z0 and z1; work: 10 n. */
static void sample_tree(struct sampler *sp, const struct node *nd, unsigned logn, fpr *work)
{
	size_t n = (size_t)1 << logn, hn = n / 2;
	fpr *l10 = work, *d11 = work + n;

	if (logn == 1) {
		sample_last(sp, nd);
		return;
	}
	decompose(nd, l10, d11, hn);
	sample_half(sp, d11, nd->t1, nd->z1, logn, d11 + n);
	/* The target of the other half, in place of d11. */
	for (size_t u = 0; u < hn; u++) {
		struct cpx off = cpx_sub(poly_get(nd->t1, u, hn), poly_get(nd->z1, u, hn));

		poly_set(d11, u, hn,
			 cpx_add(poly_get(nd->t0, u, hn), cpx_mul(poly_get(l10, u, hn), off)));
	}
	sample_half(sp, nd->g00, d11, nd->z0, logn, d11 + n);
}

/* The basis [[g, -f], [G, -F]] in FFT form, its Gram matrix, the target and the result. */
struct sign_work {
	fpr *b00, *b01, *b10, *b11, *g00, *g01, *g11, *t0, *t1, *z0, *z1, *rest;
};

static struct sign_work sign_layout(const struct falcon_signing *s)
{
	size_t n = (size_t)1 << s->logn;
	fpr *w = reals(s->work);

	return (struct sign_work){w,	     w + n,	w + 2 * n,  w + 3 * n,
				  w + 4 * n, w + 5 * n, w + 6 * n,  w + 7 * n,
				  w + 8 * n, w + 9 * n, w + 10 * n, w + 11 * n};
}

static void sign_basis(const struct falcon_signing *s, const struct sign_work *w)
{
	size_t n = (size_t)1 << s->logn;

	from_small(w->b00, s->g, n);
	from_small(w->b01, s->f, n);
	from_small(w->b10, s->big_g, n);
	from_small(w->b11, s->big_f, n);
	fft(w->b00, s->logn);
	fft(w->b01, s->logn);
	fft(w->b10, s->logn);
	fft(w->b11, s->logn);
	for (size_t i = 0; i < n; i++) {
		w->b01[i] = fpr_neg(w->b01[i]);
		w->b11[i] = fpr_neg(w->b11[i]);
	}
}

static void sign_start(const struct falcon_signing *s)
{
	size_t n = (size_t)1 << s->logn, hn = n / 2;
	struct sign_work w = sign_layout(s);

	sign_basis(s, &w);
	for (size_t u = 0; u < hn; u++) {
		struct cpx b00 = poly_get(w.b00, u, hn), b01 = poly_get(w.b01, u, hn);
		struct cpx b10 = poly_get(w.b10, u, hn), b11 = poly_get(w.b11, u, hn);
		fpr g00 = fpr_add(cpx_norm(b00), cpx_norm(b01));
		fpr g11 = fpr_add(cpx_norm(b10), cpx_norm(b11));

		poly_set(w.g00, u, hn, (struct cpx){g00, fpr_of(0)});
		poly_set(w.g11, u, hn, (struct cpx){g11, fpr_of(0)});
		poly_set(w.g01, u, hn,
			 cpx_add(cpx_mul(b01, cpx_conj(b11)), cpx_mul(b00, cpx_conj(b10))));
	}
	for (size_t i = 0; i < n; i++)
		w.t0[i] = fpr_of(s->point[i]);
	fft(w.t0, s->logn);
	for (size_t u = 0; u < hn; u++) {
		struct cpx c = poly_get(w.t0, u, hn);

		poly_set(w.t1, u, hn,
			 cpx_scale(cpx_mul(c, poly_get(w.b01, u, hn)), fpr_neg(FPR_INV_Q)));
		poly_set(w.t0, u, hn, cpx_scale(cpx_mul(c, poly_get(w.b11, u, hn)), FPR_INV_Q));
	}
}

/* a = z0 a + z1 b, back to coefficients. */
static void sign_combine(fpr *restrict out, const fpr *const z[2], const fpr *const b[2],
			 unsigned logn)
{
	size_t hn = (size_t)1 << logn >> 1;

	for (size_t u = 0; u < hn; u++)
		poly_set(out, u, hn,
			 cpx_add(cpx_mul(poly_get(z[0], u, hn), poly_get(b[0], u, hn)),
				 cpx_mul(poly_get(z[1], u, hn), poly_get(b[1], u, hn))));
	ifft(out, logn);
}

/* The squared norm of (s1, s2), or all ones when a coefficient is out of any range. */
static uint32_t sign_finish(const struct falcon_signing *s, const fpr *x, const fpr *y)
{
	size_t n = (size_t)1 << s->logn;
	uint64_t sum = 0, wide = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t s1 = s->point[i] - fpr_rint(x[i]), s2 = -fpr_rint(y[i]);

		wide |= ((uint64_t)s1 + 0x4000) >> 15 | ((uint64_t)s2 + 0x4000) >> 15;
		s->s2[i] = (int16_t)s2;
		sum += (uint64_t)s1 * (uint64_t)s1 + (uint64_t)s2 * (uint64_t)s2;
	}
	wide |= sum >> 32;
	return (uint32_t)sum | (uint32_t)pqc_ct_mask_nonzero64(wide);
}

static uint32_t sign_try(const struct falcon_signing *s, const uint8_t *seed)
{
	struct sign_work w = sign_layout(s);
	const struct node top = {w.g00, w.g01, w.g11, w.t0, w.t1, w.z0, w.z1};
	size_t n = (size_t)1 << s->logn;
	struct sampler sp;
	uint32_t norm;

	prng_start(&sp.prng, seed);
	sp.inv_sigma = fpr_bits(inv_sigma[s->logn - 9]);
	sp.sigma_min = fpr_bits(sigma_min[s->logn - 9]);
	sp.tries_left = (unsigned)(n * TRIES_PER_SAMPLE);
	sample_tree(&sp, &top, s->logn, w.rest);
	sign_combine(w.rest, (const fpr *[]){w.z0, w.z1}, (const fpr *[]){w.b00, w.b10}, s->logn);
	sign_combine(w.rest + n, (const fpr *[]){w.z1, w.z0}, (const fpr *[]){w.b11, w.b01},
		     s->logn);
	norm = sign_finish(s, w.rest, w.rest + n);
	norm |= 0 - (uint32_t)(sp.tries_left == 0);
	pqc_ct_wipe(&sp, sizeof(sp));
	return norm;
}
