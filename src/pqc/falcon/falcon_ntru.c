/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/falcon/falcon_ntru.h"

#include <string.h>

#include "pqc/falcon/falcon_float.h"

#define Q 12289

/*
 * The solver goes down through rings of degree n / 2^depth to one of integers, solves there by the
 * extended Euclidean algorithm, and comes back up, reducing at every depth (specification 3.8.2).
 *
 * Lengths in words of 31 bits by depth: of the coefficients of f and g, and of the unreduced F and
 * G. They and the expected numbers of bits (mean and deviation over many keys) decide how far each
 * round reduces, and so which candidates fail: they are the reference's.
 */
static const uint16_t small_words[] = {1, 1, 2, 2, 4, 7, 14, 27, 53, 106, 209};
static const uint16_t large_words[] = {2, 2, 5, 7, 12, 21, 40, 78, 157, 308};
static const uint16_t bits_mean[] = {4, 11, 24, 50, 102, 202, 401, 794, 1577, 3138, 6308};
static const uint16_t bits_deviation[] = {0, 1, 1, 1, 1, 2, 4, 5, 8, 13, 25};

#define DEVIATIONS     6
#define TOP_WORDS      10 /* what floating point looks at */
#define BITS_PER_ROUND 25
#define FIRST_WIDE     2 /* the first depth that needs large integers: above, doubles do */

static size_t limbs(unsigned words)
{
	return (words + 1) / 2;
}

static size_t degree(const struct falcon_ntru_task *t, unsigned depth)
{
	return (size_t)1 << (t->logn - depth);
}

/* out = the norm of f, from degree n to n/2: fe^2 - X fo^2. f and out have limbs(small_words). */
static void norm_down(struct falcon_ntru *w, int64_t *out, const int64_t *f, size_t n,
		      unsigned depth)
{
	size_t half = n / 2, len = limbs(small_words[depth]),
	       out_len = limbs(small_words[depth + 1]);
	int64_t *part = w->half_f, *square[2] = {w->big_f, w->big_g};
	struct falcon_zint_product p = {half, 1, part, w->ext_f, len, len, NULL, out_len};

	for (size_t odd = 0; odd < 2; odd++) {
		for (size_t i = 0; i < half * len; i++)
			part[i] = f[2 * i + odd];
		falcon_zint_extend(w->ext_f, part, half, len);
		p.out = square[odd];
		falcon_zint_multiply(&p);
	}
	for (size_t i = 0; i < half; i++) {
		int64_t carry = 0;

		for (size_t l = 0; l < out_len; l++) {
			const int64_t *o = square[1] + l * half;

			carry += square[0][l * half + i] + (i == 0 ? o[half - 1] : -o[i - 1]);
			out[l * half + i] = l + 1 < out_len ? carry & FALCON_ZINT_MASK : carry;
			carry >>= FALCON_ZINT_BITS;
		}
	}
}

/* f and g at all depths from 1 on. */
static void descend(const struct falcon_ntru_task *t, const struct falcon_float_ops *ops)
{
	struct falcon_ntru *w = t->work;
	size_t n1 = degree(t, 1), n2 = degree(t, 2);

	ops->norms(t->f, t->logn, w->big_f, w->work);
	memcpy(w->f[1], w->big_f, n1 * sizeof(w->f[0][0]));
	memcpy(w->f[2], w->big_f + n1, n2 * sizeof(w->f[0][0]));
	ops->norms(t->g, t->logn, w->big_g, w->work);
	memcpy(w->g[1], w->big_g, n1 * sizeof(w->g[0][0]));
	memcpy(w->g[2], w->big_g + n1, n2 * sizeof(w->g[0][0]));
	for (unsigned depth = FIRST_WIDE; depth < t->logn; depth++) {
		norm_down(w, w->f[depth + 1], w->f[depth], degree(t, depth), depth);
		norm_down(w, w->g[depth + 1], w->g[depth], degree(t, depth), depth);
	}
}

/* The deepest step: the integers f and g; half_f and half_g have the solution. */
static int solve_integers(const struct falcon_ntru_task *t)
{
	struct falcon_ntru *w = t->work;
	size_t len = limbs(small_words[t->logn]);
	const struct falcon_zint_bezout b = {w->f[t->logn], w->g[t->logn], len, w->big_g, w->big_f};

	if (!falcon_zint_bezout(&b))
		return 0;
	falcon_zint_scale(w->half_f, w->big_f, len, Q);
	falcon_zint_scale(w->half_g, w->big_g, len, Q);
	return 1;
}

/* The unreduced F = F'(X^2) g(-X) and G = G'(X^2) f(-X), from half_f and half_g to big_f, big_g. */
static void double_degree(struct falcon_ntru *w, size_t n, unsigned depth)
{
	size_t len = limbs(large_words[depth]);
	struct falcon_zint_product p = {
		.n = n,
		.step = 2,
		.a = w->half_f,
		.b = w->ext_g,
		.a_len = limbs(small_words[depth + 1]),
		.b_len = limbs(small_words[depth]),
		.out = w->big_f,
		.out_len = len,
	};

	falcon_zint_multiply(&p);
	p.a = w->half_g;
	p.b = w->ext_f;
	p.out = w->big_g;
	falcon_zint_multiply(&p);
	/* So far it is F'(X^2) g(X): put -X for X. */
	for (size_t i = 1; i < n; i += 2) {
		int64_t carry_f = 0, carry_g = 0;

		for (size_t l = 0; l < len; l++) {
			carry_f -= w->big_f[l * n + i];
			carry_g -= w->big_g[l * n + i];
			w->big_f[l * n + i] = carry_f & FALCON_ZINT_MASK;
			w->big_g[l * n + i] = carry_g & FALCON_ZINT_MASK;
			carry_f >>= FALCON_ZINT_BITS;
			carry_g >>= FALCON_ZINT_BITS;
		}
	}
}

/* The top words of n coefficients as reals. */
static void to_reals(struct falcon_ntru *w, struct falcon_real *out, const int64_t *in, size_t n,
		     unsigned words)
{
	unsigned len = words < TOP_WORDS ? words : TOP_WORDS;

	falcon_zint_top(w->words, in, n, words, len);
	falcon_float_ops()->from_words(out, w->words, len, (unsigned)n);
}

/* By how many bits the reals of to_reals() are smaller than the numbers. */
static int cut_bits(unsigned words)
{
	return words > TOP_WORDS ? (int)(words - TOP_WORDS) * FALCON_ZINT_WORD : 0;
}

/* Reduces big_f and big_g against f and g, a few bits a round. Returns their words, 0: failed. */
static unsigned reduce(const struct falcon_ntru_task *t, unsigned depth)
{
	const struct falcon_float_ops *ops = falcon_float_ops();
	struct falcon_ntru *w = t->work;
	size_t n = degree(t, depth);
	unsigned slen = small_words[depth], flen = large_words[depth];
	int spread = DEVIATIONS * bits_deviation[depth];
	int least = bits_mean[depth] - spread, most = bits_mean[depth] + spread;
	int bits = FALCON_ZINT_WORD * (int)flen, scale = bits - least;
	struct falcon_real *r = w->work;
	const struct falcon_babai b = {t->logn - depth, r, r + n, r + 2 * n, r + 3 * n, r + 4 * n};
	struct falcon_zint_reduction red = {.n = n, .k = w->k, .f_len = limbs(slen)};

	to_reals(w, b.f, w->f[depth], n, slen);
	to_reals(w, b.g, w->g[depth], n, slen);
	ops->babai_start(&b);
	for (;;) {
		int shift = scale - cut_bits(flen) + cut_bits(slen);

		to_reals(w, b.big_f, w->big_f, n, flen);
		to_reals(w, b.big_g, w->big_g, n, flen);
		if (!ops->babai_round(&b, shift, w->k))
			return 0;
		red.scale = (unsigned)scale;
		red.big_len = limbs(flen);
		red.f = w->ext_f;
		red.big = w->big_f;
		falcon_zint_reduce(&red);
		red.f = w->ext_g;
		red.big = w->big_g;
		falcon_zint_reduce(&red);
		if (scale + most + 10 < bits) {
			bits = scale + most + 10;
			if (FALCON_ZINT_WORD * (int)flen >= bits + FALCON_ZINT_WORD)
				flen--;
		}
		if (scale == 0)
			return flen < slen ? flen : slen;
		scale = scale > BITS_PER_ROUND ? scale - BITS_PER_ROUND : 0;
	}
}

/* From depth + 1 to depth. */
static int ascend(const struct falcon_ntru_task *t, unsigned depth)
{
	struct falcon_ntru *w = t->work;
	size_t n = degree(t, depth), len = limbs(small_words[depth]);
	struct falcon_zint_resize fit = {n, w->big_f, 0, w->half_f, len};

	falcon_zint_extend(w->ext_f, w->f[depth], n, len);
	falcon_zint_extend(w->ext_g, w->g[depth], n, len);
	double_degree(w, n, depth);
	fit.words = reduce(t, depth);
	if (fit.words == 0)
		return 0;
	falcon_zint_resize(&fit);
	fit.in = w->big_g;
	fit.out = w->half_g;
	falcon_zint_resize(&fit);
	return 1;
}

/* Depth 1, where numbers fit doubles: a single round. */
static int ascend_to_one(const struct falcon_ntru_task *t, const struct falcon_float_ops *ops)
{
	struct falcon_ntru *w = t->work;
	const struct falcon_lift l = {t->logn - 1, w->f[1], w->g[1], w->big_f, w->big_g, w->work};
	size_t n = degree(t, 1);

	falcon_zint_extend(w->ext_f, w->f[1], n, 1);
	falcon_zint_extend(w->ext_g, w->g[1], n, 1);
	double_degree(w, n, 1);
	/* A single limb each, sign included. */
	falcon_zint_resize(&(struct falcon_zint_resize){n, w->big_f, 2, w->half_f, 1});
	falcon_zint_resize(&(struct falcon_zint_resize){n, w->big_g, 2, w->half_g, 1});
	memcpy(w->big_f, w->half_f, n * sizeof(w->big_f[0]));
	memcpy(w->big_g, w->half_g, n * sizeof(w->big_g[0]));
	return ops->lift(&l);
}

int falcon_ntru_solve(const struct falcon_ntru_task *t)
{
	const struct falcon_float_ops *ops = falcon_float_ops();
	struct falcon_ntru *w = t->work;
	const struct falcon_lift_last last = {t->logn,	t->f,	  t->g,	    w->big_f,
					      w->big_g, t->big_f, t->big_g, w->work};

	descend(t, ops);
	if (!solve_integers(t))
		return 0;
	for (unsigned depth = t->logn; depth-- > FIRST_WIDE;)
		if (!ascend(t, depth))
			return 0;
	return ascend_to_one(t, ops) && ops->lift_last(&last);
}
