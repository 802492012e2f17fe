/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/falcon/falcon_zint.h"

#include <string.h>

#include "pqc/ct.h"

#define BITS FALCON_ZINT_BITS
#define MASK FALCON_ZINT_MASK
#define MAX  FALCON_ZINT_MAX

typedef __int128 wide;

/* x * 2^n without the undefined overflow. */
static inline int64_t shift_left(int64_t x, unsigned n)
{
	return (int64_t)((uint64_t)x << n);
}

/* The low 62 bits with their sign. */
static inline int64_t top_limb(int64_t x)
{
	return shift_left(x, 64 - BITS) >> (64 - BITS);
}

/* All ones if x is negative, else 0. */
static inline int64_t sign_of(int64_t x)
{
	return (int64_t)(0 - ((uint64_t)x >> 63));
}

static inline wide times(int64_t a, int64_t b)
{
	return (wide)a * b;
}

void falcon_zint_extend(int64_t *ext, const int64_t *a, size_t n, size_t len)
{
	for (size_t l = 0; l < len; l++, ext += 2 * n, a += n)
		for (size_t i = 0; i < n; i++) {
			ext[i] = -a[i];
			ext[n + i] = a[i];
		}
}

/* A sum of products of limbs, each below 2^124: hi * 2^62 + lo. */
struct column {
	wide lo, hi;
};

/* Adds a[0] b[0] + a[1] b[-step] + ...; after four products lo is carried over to hi. */
static inline void column_add(struct column *sum, const int64_t *a, const int64_t *b, size_t count,
			      size_t step)
{
	wide lo = sum->lo, hi = sum->hi;
	size_t j = 0;

	for (; j + 4 <= count; j += 4, a += 4, b -= 4 * step) {
		lo += times(a[0], b[0]) + times(a[1], *(b - step)) + times(a[2], *(b - 2 * step)) +
		      times(a[3], *(b - 3 * step));
		hi += lo >> BITS;
		lo &= MASK;
	}
	for (; j < count; j++, a++, b -= step)
		lo += times(*a, *b);
	sum->hi = hi + (lo >> BITS);
	sum->lo = lo & MASK;
}

void falcon_zint_multiply(const struct falcon_zint_product *p)
{
	size_t n = p->n, count = n / p->step;

	for (size_t i = 0; i < n; i++) {
		wide carry = 0;

		for (size_t c = 0; c < p->out_len; c++) {
			struct column sum = {carry & MASK, carry >> BITS};
			size_t l = c < p->b_len ? 0 : c - p->b_len + 1;

			for (; l <= c && l < p->a_len; l++)
				column_add(&sum, p->a + l * count, p->b + 2 * (c - l) * n + n + i,
					   count, p->step);
			p->out[c * n + i] = (int64_t)sum.lo;
			carry = sum.hi;
		}
		p->out[(p->out_len - 1) * n + i] = top_limb(p->out[(p->out_len - 1) * n + i]);
	}
}

/* big -= v 2^scale at one coefficient; v is f_len + 1 limbs, the last one with the sign. */
static void subtract_shifted(const struct falcon_zint_reduction *r, size_t i, const int64_t *v)
{
	unsigned shift = r->scale % BITS;
	int64_t sign = sign_of(v[r->f_len]), before = 0, carry = 0;

	for (size_t p = 0, at = r->scale / BITS; at < r->big_len; at++, p++) {
		int64_t limb = (p <= r->f_len ? v[p] : sign) & MASK;
		int64_t shifted = (shift_left(limb, shift) | before >> (BITS - shift)) & MASK;
		int64_t *big = &r->big[at * r->n + i];

		carry += *big - shifted;
		*big = carry & MASK;
		carry >>= BITS;
		before = limb;
	}
}

void falcon_zint_reduce(const struct falcon_zint_reduction *r)
{
	int64_t v[MAX + 1];

	for (size_t i = 0; i < r->n; i++) {
		wide carry = 0;

		for (size_t l = 0; l < r->f_len; l++) {
			const int64_t *f = r->f + 2 * l * r->n + r->n + i;

			for (size_t j = 0; j < r->n; j++)
				carry += times(r->k[j], *(f - j));
			v[l] = (int64_t)carry & MASK;
			carry >>= BITS;
		}
		v[r->f_len] = (int64_t)carry;
		subtract_shifted(r, i, v);
	}
	pqc_ct_wipe(v, sizeof(v));
}

static inline uint32_t word_at(const int64_t *a, size_t n, unsigned word)
{
	return (uint32_t)(a[word / 2 * n] >> (word % 2 * FALCON_ZINT_WORD)) & 0x7fffffff;
}

void falcon_zint_top(int32_t *out, const int64_t *a, size_t n, unsigned words, unsigned len)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t sign = 0 - (word_at(a + i, n, words - 1) >> 30), carry = sign & 1;

		for (unsigned w = 0; w < len; w++) {
			uint32_t x = (word_at(a + i, n, words - len + w) ^ (sign >> 1)) + carry;

			carry = x >> 31;
			x &= 0x7fffffff;
			out[w * n + i] = (int32_t)((x ^ sign) - sign);
		}
	}
}

void falcon_zint_resize(const struct falcon_zint_resize *r)
{
	size_t limb = (r->words - 1) / 2;
	unsigned spare = 64 - (r->words - 2 * (unsigned)limb) * FALCON_ZINT_WORD;

	for (size_t i = 0; i < r->n; i++) {
		int64_t top = shift_left(r->in[limb * r->n + i], spare) >> spare;

		for (size_t l = 0; l < r->len; l++) {
			int64_t x = l < limb ? r->in[l * r->n + i] : l == limb ? top : sign_of(top);

			r->out[l * r->n + i] = l + 1 < r->len ? x & MASK : top_limb(x);
		}
	}
}

void falcon_zint_scale(int64_t *out, const int64_t *a, size_t len, int32_t small)
{
	wide carry = 0;

	for (size_t l = 0; l < len; l++) {
		carry += times(a[l], small);
		out[l] = (int64_t)carry & MASK;
		carry >>= BITS;
	}
	out[len - 1] = top_limb(out[len - 1]);
}

/* 1/x modulo 2^62 for odd x: x itself is right to 3 bits, each step doubles them. */
static int64_t invert_limb(int64_t x)
{
	uint64_t inv = (uint64_t)x;

	for (int i = 0; i < 5; i++)
		inv *= 2 - (uint64_t)x * inv;
	return (int64_t)inv & MASK;
}

/* What 62 division steps do to f and g, times 2^62. */
struct steps {
	int64_t u, v, q, r;
};

/*
 * Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", in the form that
 * starts with delta = 1/2: zeta is -(delta + 1/2).
 */
static int64_t divide_steps(int64_t zeta, uint64_t f, uint64_t g, struct steps *out)
{
	uint64_t u = 1, v = 0, q = 0, r = 1;

	for (int i = 0; i < BITS; i++) {
		uint64_t less = (uint64_t)sign_of(zeta), odd = 0 - (g & 1);

		g += ((f ^ less) - less) & odd;
		q += ((u ^ less) - less) & odd;
		r += ((v ^ less) - less) & odd;
		less &= odd;
		zeta = (zeta ^ (int64_t)less) - 1;
		f += g & less;
		u += q & less;
		v += r & less;
		g >>= 1;
		u <<= 1;
		v <<= 1;
	}
	*out = (struct steps){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
	return zeta;
}

/* (f, g) = t (f, g) / 2^62, exactly. */
static void update_fg(int64_t *f, int64_t *g, size_t len, const struct steps *t)
{
	wide cf = (times(t->u, f[0]) + times(t->v, g[0])) >> BITS;
	wide cg = (times(t->q, f[0]) + times(t->r, g[0])) >> BITS;

	for (size_t i = 1; i < len; i++) {
		cf += times(t->u, f[i]) + times(t->v, g[i]);
		cg += times(t->q, f[i]) + times(t->r, g[i]);
		f[i - 1] = (int64_t)cf & MASK;
		g[i - 1] = (int64_t)cg & MASK;
		cf >>= BITS;
		cg >>= BITS;
	}
	f[len - 1] = (int64_t)cf;
	g[len - 1] = (int64_t)cg;
}

/* The same on d and e modulo m, which stay between -2m and m. */
struct modulus {
	const int64_t *m;
	int64_t inv; /* 1/m modulo 2^62 */
};

static void update_de(int64_t *d, int64_t *e, size_t len, const struct steps *t,
		      const struct modulus *mod)
{
	int64_t sd = sign_of(d[len - 1]), se = sign_of(e[len - 1]);
	int64_t md = (t->u & sd) + (t->v & se), me = (t->q & sd) + (t->r & se);
	wide cd = times(t->u, d[0]) + times(t->v, e[0]);
	wide ce = times(t->q, d[0]) + times(t->r, e[0]);

	/* Such multiples of m that the low limbs become zero. */
	md -= (int64_t)((uint64_t)mod->inv * (uint64_t)cd + (uint64_t)md) & MASK;
	me -= (int64_t)((uint64_t)mod->inv * (uint64_t)ce + (uint64_t)me) & MASK;
	cd = (cd + times(mod->m[0], md)) >> BITS;
	ce = (ce + times(mod->m[0], me)) >> BITS;
	for (size_t i = 1; i < len; i++) {
		cd += times(t->u, d[i]) + times(t->v, e[i]) + times(mod->m[i], md);
		ce += times(t->q, d[i]) + times(t->r, e[i]) + times(mod->m[i], me);
		d[i - 1] = (int64_t)cd & MASK;
		e[i - 1] = (int64_t)ce & MASK;
		cd >>= BITS;
		ce >>= BITS;
	}
	d[len - 1] = (int64_t)cd;
	e[len - 1] = (int64_t)ce;
}

/* a = (a ^ sign) - sign + (m & mask), limb by limb, carried. */
static void negate_add(int64_t *a, size_t len, int64_t sign, const int64_t *m, int64_t mask)
{
	int64_t carry = 0;

	for (size_t l = 0; l < len; l++) {
		carry += ((a[l] ^ sign) - sign) + (m[l] & mask);
		a[l] = l + 1 < len ? carry & MASK : carry;
		carry >>= BITS;
	}
}

/* v = (x u - 1) / y, which leaves no rest: limb by limb from below. */
static void exact_quotient(const struct falcon_zint_bezout *b)
{
	int64_t rest[MAX], inv = invert_limb(b->y[0]);
	wide carry = -1;

	for (size_t c = 0; c < b->len; c++) {
		struct column sum = {carry & MASK, carry >> BITS};

		for (size_t l = 0; l <= c; l++)
			column_add(&sum, b->x + l, b->u + (c - l), 1, 1);
		rest[c] = (int64_t)sum.lo;
		carry = sum.hi;
	}
	for (size_t c = 0; c < b->len; c++) {
		int64_t q = (int64_t)((uint64_t)rest[c] * (uint64_t)inv) & MASK;

		carry = 0;
		for (size_t l = 0; c + l < b->len; l++) {
			carry += rest[c + l] - times(q, b->y[l]);
			rest[c + l] = (int64_t)carry & MASK;
			carry >>= BITS;
		}
		b->v[c] = q;
	}
	b->v[b->len - 1] = top_limb(b->v[b->len - 1]);
	pqc_ct_wipe(rest, sizeof(rest));
}

/* 1 if f is 1 or -1 and g is 0. */
static int is_coprime(const int64_t *f, const int64_t *g, size_t len)
{
	int64_t sign = sign_of(f[len - 1]);
	uint64_t wrong = (uint64_t)(f[0] ^ ((sign & MASK) | 1));

	for (size_t l = 1; l < len; l++)
		wrong |= (uint64_t)(f[l] ^ (l + 1 < len ? sign & MASK : sign));
	for (size_t l = 0; l < len; l++)
		wrong |= (uint64_t)g[l];
	return wrong == 0;
}

int falcon_zint_bezout(const struct falcon_zint_bezout *b)
{
	int64_t f[MAX], g[MAX], e[MAX], *d = b->u, sign;
	const struct modulus mod = {b->y, invert_limb(b->y[0])};
	size_t len = b->len, size = len * sizeof(f[0]);
	/* How many steps numbers of that many bits can need, in batches of 62. */
	size_t batches = (45907 * len * BITS + 26313) / 19929 / BITS + 1;
	int64_t zeta = -1;
	int coprime;

	memcpy(f, b->y, size);
	memcpy(g, b->x, size);
	memset(d, 0, size);
	memset(e, 0, size);
	e[0] = 1;
	for (; batches > 0; batches--) {
		struct steps t;

		zeta = divide_steps(zeta, (uint64_t)f[0] | (uint64_t)f[1] << BITS,
				    (uint64_t)g[0] | (uint64_t)g[1] << BITS, &t);
		update_fg(f, g, len, &t);
		update_de(d, e, len, &t, &mod);
	}
	coprime = is_coprime(f, g, len);
	/* d x = f modulo y, and f is 1 or -1. */
	sign = sign_of(f[len - 1]);
	negate_add(d, len, 0, b->y, sign_of(d[len - 1]));
	negate_add(d, len, sign, b->y, 0);
	negate_add(d, len, 0, b->y, sign_of(d[len - 1]));
	exact_quotient(b);
	pqc_ct_wipe(f, sizeof(f));
	pqc_ct_wipe(g, sizeof(g));
	pqc_ct_wipe(e, sizeof(e));
	PQC_DECLASSIFY(&coprime, sizeof(coprime), "candidates are drawn until one has a solution");
	return coprime;
}
