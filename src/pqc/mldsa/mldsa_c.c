/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pqc/ct.h"
#include "pqc/mldsa/mldsa_ops.h"
#include "pqc/mldsa/mldsa_zetas.h"

#define Q MLDSA_Q
#define N MLDSA_N

#define GAMMA2_88 ((Q - 1) / 88)

static const struct {
	unsigned bits;
	int32_t center;
} formats[MLDSA_FORMATS] = {
	[MLDSA_T1] = {10, 0},  [MLDSA_T0] = {13, 1 << 12},  [MLDSA_ETA2] = {3, 2},
	[MLDSA_ETA4] = {4, 4}, [MLDSA_Z17] = {18, 1 << 17}, [MLDSA_Z19] = {20, 1 << 19},
	[MLDSA_W6] = {6, 0},   [MLDSA_W4] = {4, 0},
};

/* a / 2^32 mod q for |a| < 2^31 q; the result is between -q and q. */
static int32_t montgomery(int64_t a)
{
	int32_t t = (int32_t)((uint32_t)a * MLDSA_Q_INVERSE);

	return (int32_t)((a - (int64_t)t * Q) >> 32);
}

/* Every layer adds less than q. */
static void ntt(struct mldsa_poly *a)
{
	unsigned k = 1;

	for (unsigned len = N / 2; len >= 1; len /= 2) {
		for (unsigned start = 0; start < N; start += 2 * len) {
			int64_t zeta = mldsa_zetas[k++];

			for (unsigned j = start; j < start + len; j++) {
				int32_t t = montgomery(zeta * a->c[j + len]);

				a->c[j + len] = a->c[j] - t;
				a->c[j] = a->c[j] + t;
			}
		}
	}
}

/* Sums double in every layer, to 256 q; the products are below q. */
static void intt(struct mldsa_poly *a)
{
	unsigned k = N - 1;

	for (unsigned len = 1; len <= N / 2; len *= 2) {
		for (unsigned start = 0; start < N; start += 2 * len) {
			int64_t zeta = mldsa_zetas[k--];

			for (unsigned j = start; j < start + len; j++) {
				int32_t t = a->c[j];

				a->c[j] = t + a->c[j + len];
				a->c[j + len] = montgomery(zeta * (a->c[j + len] - t));
			}
		}
	}
	for (unsigned i = 0; i < N; i++)
		a->c[i] = montgomery((int64_t)MLDSA_INTT_SCALE * a->c[i]);
}

static void arrange(struct mldsa_poly *a)
{
	(void)a;
}

/* 8 * q * 9 q is below 2^31 q. */
static void dot(struct mldsa_poly *r, const struct mldsa_poly *a, const struct mldsa_poly *b,
		unsigned n)
{
	for (unsigned i = 0; i < N; i++) {
		int64_t sum = 0;

		for (unsigned j = 0; j < n; j++)
			sum += (int64_t)a[j].c[i] * b[j].c[i];
		r->c[i] = montgomery(sum);
	}
}

static void add(struct mldsa_poly *r, const struct mldsa_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		r->c[i] += a->c[i];
}

static void sub(struct mldsa_poly *r, const struct mldsa_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		r->c[i] -= a->c[i];
}

static void small(struct mlkem_poly *r, const struct mldsa_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		r->c[i] = (int16_t)a->c[i];
}

static int32_t nearest(int16_t a)
{
	int32_t v = a;

	v += MLKEM_Q & (int32_t)pqc_ct_mask_negative32(v + MLKEM_Q / 2);
	return v - (MLKEM_Q & (int32_t)pqc_ct_mask_negative32(MLKEM_Q / 2 - v));
}

static void add_small(struct mldsa_poly *r, const struct mlkem_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		r->c[i] += nearest(a->c[i]);
}

static void sub_small(struct mldsa_poly *r, const struct mlkem_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		r->c[i] -= nearest(a->c[i]);
}

/* q is 2^23 - 2^13 + 1: taking away the multiple that the top bits suggest leaves little. */
static void reduce(struct mldsa_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		a->c[i] -= ((a->c[i] + (1 << 22)) >> 23) * Q;
}

static void canonical(struct mldsa_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		a->c[i] += Q & (int32_t)pqc_ct_mask_negative32(a->c[i]);
}

static uint32_t exceeds(const struct mldsa_poly *a, int32_t bound)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < N; i++) {
		int32_t sign = (int32_t)pqc_ct_mask_negative32(a->c[i]);
		int32_t size = (a->c[i] ^ sign) - sign;

		found |= (uint32_t)(bound - 1 - size) >> 31;
	}
	return found;
}

static unsigned reject_q(int32_t *out, unsigned n, const uint8_t *in, size_t len)
{
	for (const uint8_t *end = in + len; in < end && n < N; in += 3) {
		int32_t t = in[0] | in[1] << 8 | (in[2] & 0x7f) << 16;

		if (t < Q)
			out[n++] = t;
	}
	return n;
}

/* Which candidates fail is independent of the values of those that pass. */
static unsigned reject_eta2(int32_t *out, unsigned n, const uint8_t *in, size_t len)
{
	for (size_t i = 0; i < 2 * len && n < N; i++) {
		uint32_t t = in[i / 2] >> (i % 2 * 4) & 15, pass = t < 15;

		PQC_DECLASSIFY(&pass, sizeof(pass), "candidates are independent");
		if (pass)
			out[n++] = 2 - (int32_t)(t - (t * 205 >> 10) * 5);
	}
	return n;
}

static unsigned reject_eta4(int32_t *out, unsigned n, const uint8_t *in, size_t len)
{
	for (size_t i = 0; i < 2 * len && n < N; i++) {
		uint32_t t = in[i / 2] >> (i % 2 * 4) & 15, pass = t < 9;

		PQC_DECLASSIFY(&pass, sizeof(pass), "candidates are independent");
		if (pass)
			out[n++] = 4 - (int32_t)t;
	}
	return n;
}

static void power2round(struct mldsa_poly *high, struct mldsa_poly *low)
{
	for (unsigned i = 0; i < N; i++) {
		int32_t t = low->c[i];

		high->c[i] = (t + (1 << (MLDSA_D - 1)) - 1) >> MLDSA_D;
		low->c[i] = t - (high->c[i] << MLDSA_D);
	}
}

/*
 * The nearest multiple of 2 gamma2, where the highest counts as 0, without a division: first
 * ceil(a / 128), then a product with 2^k 128 / (2 gamma2), rounded. Exact for all a below q.
 */
static int32_t high_part(int32_t a, int32_t gamma2)
{
	int32_t t = (a + 127) >> 7;

	if (gamma2 == GAMMA2_88) {
		t = (t * 11275 + (1 << 23)) >> 24;
		return t & ~(int32_t)pqc_ct_mask_negative32(43 - t);
	}
	return (t * 1025 + (1 << 21)) >> 22 & 15;
}

static int32_t low_part(int32_t a, int32_t high, int32_t gamma2)
{
	int32_t low = a - high * 2 * gamma2;

	return low - (Q & (int32_t)pqc_ct_mask_negative32((Q - 1) / 2 - low));
}

static void decompose(struct mldsa_poly *high, struct mldsa_poly *low, int32_t gamma2)
{
	for (unsigned i = 0; i < N; i++) {
		high->c[i] = high_part(low->c[i], gamma2);
		low->c[i] = low_part(low->c[i], high->c[i], gamma2);
	}
}

/* The low part left its interval; -gamma2 belongs to it only at the high part 0. */
static unsigned make_hint(uint8_t *bits, const struct mldsa_poly *high,
			  const struct mldsa_poly *low, int32_t gamma2)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < N; i++) {
		uint32_t above = pqc_ct_mask_negative32(gamma2 - low->c[i]);
		uint32_t below = pqc_ct_mask_negative32(low->c[i] + gamma2);
		uint32_t edge = pqc_ct_mask_zero32((uint32_t)(low->c[i] + gamma2)) &
				pqc_ct_mask_nonzero32((uint32_t)high->c[i]);

		bits[i] = (above | below | edge) & 1;
		sum += bits[i];
	}
	return sum;
}

static void use_hint(struct mldsa_poly *a, const uint8_t *bits, int32_t gamma2)
{
	int32_t m = (Q - 1) / (2 * gamma2);

	for (unsigned i = 0; i < N; i++) {
		int32_t high = high_part(a->c[i], gamma2);

		if (bits[i])
			high += low_part(a->c[i], high, gamma2) > 0 ? 1 : m - 1;
		a->c[i] = high >= m ? high - m : high;
	}
}

size_t mldsa_c_packed_len(enum mldsa_format format)
{
	return (size_t)formats[format].bits * N / 8;
}

static void pack(uint8_t *out, const struct mldsa_poly *a, enum mldsa_format format)
{
	unsigned width = formats[format].bits, have = 0;
	int32_t center = formats[format].center;
	uint64_t bits = 0;

	for (unsigned i = 0; i < N; i++) {
		bits |= (uint64_t)(uint32_t)(center ? center - a->c[i] : a->c[i]) << have;
		for (have += width; have >= 8; have -= 8, bits >>= 8)
			*out++ = (uint8_t)bits;
	}
}

static void unpack(struct mldsa_poly *a, const uint8_t *in, enum mldsa_format format)
{
	unsigned width = formats[format].bits, have = 0;
	int32_t center = formats[format].center;
	uint64_t bits = 0;

	for (unsigned i = 0; i < N; i++) {
		int32_t t;

		for (; have < width; have += 8)
			bits |= (uint64_t)*in++ << have;
		t = (int32_t)(bits & ((1U << width) - 1));
		a->c[i] = center ? center - t : t;
		bits >>= width;
		have -= width;
	}
}

const struct mldsa_ops mldsa_c_ops = {
	.ntt = ntt,
	.intt = intt,
	.arrange = arrange,
	.dot = dot,
	.add = add,
	.sub = sub,
	.small = small,
	.add_small = add_small,
	.sub_small = sub_small,
	.reduce = reduce,
	.canonical = canonical,
	.exceeds = exceeds,
	.reject_q = reject_q,
	.reject_eta2 = reject_eta2,
	.reject_eta4 = reject_eta4,
	.power2round = power2round,
	.decompose = decompose,
	.make_hint = make_hint,
	.use_hint = use_hint,
	.pack = pack,
	.unpack = unpack,
};
