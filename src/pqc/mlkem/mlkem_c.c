/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pqc/ct.h"
#include "pqc/mlkem/mlkem_ops.h"
#include "pqc/mlkem/mlkem_zetas.h"

#define Q MLKEM_Q
#define N MLKEM_N

/* a / 2^16 mod q, for |a| <= 2^15 q; the result is between -q and q. */
static int16_t montgomery(int32_t a)
{
	int16_t t = (int16_t)(a * MLKEM_Q_INVERSE);

	return (int16_t)((a - (int32_t)t * Q) >> 16);
}

/* The representative nearest to 0. 20159 is 2^26 / q, rounded. */
static int16_t barrett(int16_t a)
{
	int16_t t = (int16_t)((20159 * (int32_t)a + (1 << 25)) >> 26);

	return (int16_t)(a - t * Q);
}

/* The representative from 0 to q - 1 of any value. */
static uint16_t canonical(int16_t a)
{
	int16_t t = barrett(a);

	return (uint16_t)(t + (Q & (int16_t)pqc_ct_mask_negative32(t)));
}

/* Every layer adds less than q: 2 q + 7 q stays below 2^15. */
static void ntt(struct mlkem_poly *a)
{
	unsigned k = 1;

	for (unsigned len = N / 2; len >= 2; len /= 2) {
		for (unsigned start = 0; start < N; start += 2 * len) {
			int32_t zeta = mlkem_zetas[k++];

			for (unsigned j = start; j < start + len; j++) {
				int16_t t = montgomery(zeta * a->c[j + len]);

				a->c[j + len] = (int16_t)(a->c[j] - t);
				a->c[j] = (int16_t)(a->c[j] + t);
			}
		}
	}
	for (unsigned i = 0; i < N; i++)
		a->c[i] = barrett(a->c[i]);
}

/* Sums are brought back under q in every layer, differences by the product. */
static void intt(struct mlkem_poly *a)
{
	unsigned k = N / 2 - 1;

	for (unsigned len = 2; len <= N / 2; len *= 2) {
		for (unsigned start = 0; start < N; start += 2 * len) {
			int32_t zeta = mlkem_zetas[k--];

			for (unsigned j = start; j < start + len; j++) {
				int16_t t = a->c[j];

				a->c[j] = barrett((int16_t)(t + a->c[j + len]));
				a->c[j + len] = montgomery(zeta * (a->c[j + len] - t));
			}
		}
	}
	for (unsigned i = 0; i < N; i++)
		a->c[i] = montgomery((int32_t)MLKEM_INTT_SCALE * a->c[i]);
}

static void arrange(struct mlkem_poly *a)
{
	(void)a;
}

/* Products modulo X^2 - zeta and X^2 + zeta (FIPS 203 algorithm 12). */
static void dot(struct mlkem_poly *r, const struct mlkem_poly *a, const struct mlkem_poly *b,
		unsigned k)
{
	for (unsigned i = 0; i < N; i += 2) {
		int32_t zeta = mlkem_zetas[N / 4 + i / 4], even = 0, odd = 0;

		if (i % 4)
			zeta = -zeta;
		for (unsigned j = 0; j < k; j++) {
			const int16_t *x = a[j].c + i, *y = b[j].c + i;

			even += montgomery((int32_t)x[1] * y[1]) * zeta + (int32_t)x[0] * y[0];
			odd += (int32_t)x[0] * y[1] + (int32_t)x[1] * y[0];
		}
		r->c[i] = barrett(montgomery(even));
		r->c[i + 1] = barrett(montgomery(odd));
	}
}

static void scale_add(struct mlkem_poly *r, const struct mlkem_poly *e)
{
	for (unsigned i = 0; i < N; i++)
		r->c[i] = barrett(
			(int16_t)(montgomery((int32_t)MLKEM_R_SQUARED * r->c[i]) + e->c[i]));
}

static void add(struct mlkem_poly *r, const struct mlkem_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		r->c[i] = (int16_t)(r->c[i] + a->c[i]);
}

static void sub_from(struct mlkem_poly *r, const struct mlkem_poly *a)
{
	for (unsigned i = 0; i < N; i++)
		r->c[i] = (int16_t)(a->c[i] - r->c[i]);
}

static unsigned reject(int16_t *out, unsigned n, const uint8_t *in, size_t len)
{
	for (const uint8_t *end = in + len; in < end && n < N; in += 3) {
		uint16_t low = (uint16_t)(in[0] | (in[1] & 15) << 8);
		uint16_t high = (uint16_t)(in[1] >> 4 | in[2] << 4);

		if (low < Q)
			out[n++] = (int16_t)low;
		if (high < Q && n < N)
			out[n++] = (int16_t)high;
	}
	return n;
}

static void noise2(struct mlkem_poly *r, const uint8_t *in)
{
	for (unsigned i = 0; i < N; i += 2, in++) {
		unsigned sums = (*in & 0x55) + (*in >> 1 & 0x55);

		r->c[i] = (int16_t)((int)(sums & 3) - (int)(sums >> 2 & 3));
		r->c[i + 1] = (int16_t)((int)(sums >> 4 & 3) - (int)(sums >> 6 & 3));
	}
}

static void noise3(struct mlkem_poly *r, const uint8_t *in)
{
	for (unsigned i = 0; i < N; i += 4, in += 3) {
		uint32_t bits = in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16;
		uint32_t sums = (bits & 0x249249) + (bits >> 1 & 0x249249) + (bits >> 2 & 0x249249);

		for (unsigned j = 0; j < 4; j++, sums >>= 6)
			r->c[i + j] = (int16_t)((int)(sums & 7) - (int)(sums >> 3 & 7));
	}
}

/* 256 numbers of d bits, lowest bit first. */
static void pack(uint8_t *out, const uint16_t *v, unsigned d)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (unsigned i = 0; i < N; i++) {
		bits |= (uint32_t)v[i] << have;
		for (have += d; have >= 8; have -= 8, bits >>= 8)
			*out++ = (uint8_t)bits;
	}
}

static void unpack(uint16_t *v, const uint8_t *in, unsigned d)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (unsigned i = 0; i < N; i++) {
		for (; have < d; have += 8)
			bits |= (uint32_t)*in++ << have;
		v[i] = (uint16_t)(bits & ((1U << d) - 1));
		bits >>= d;
		have -= d;
	}
}

static void encode(uint8_t *out, const struct mlkem_poly *a)
{
	uint16_t v[N];

	for (unsigned i = 0; i < N; i++)
		v[i] = canonical(a->c[i]);
	pack(out, v, 12);
	pqc_ct_wipe(v, sizeof(v));
}

static void decode(struct mlkem_poly *r, const uint8_t *in)
{
	uint16_t v[N];

	unpack(v, in, 12);
	for (unsigned i = 0; i < N; i++)
		r->c[i] = barrett((int16_t)v[i]);
	pqc_ct_wipe(v, sizeof(v));
}

/*
 * Round(2^d x / q) mod 2^d without a division, whose time would tell x: 1290167 + 3 / 8 is 2^32 / q
 * as exactly as it takes for all x below q and d up to 11.
 */
static uint16_t compress_one(int16_t a, unsigned d)
{
	uint32_t x = canonical(a);

	return (uint16_t)((x * 1290167 + (3 * x >> 3) + (1U << (31 - d))) >> (32 - d));
}

static void compress(uint8_t *out, const struct mlkem_poly *a, unsigned d)
{
	uint16_t v[N];

	for (unsigned i = 0; i < N; i++)
		v[i] = compress_one(a->c[i], d);
	pack(out, v, d);
	pqc_ct_wipe(v, sizeof(v));
}

static void decompress(struct mlkem_poly *r, const uint8_t *in, unsigned d)
{
	uint16_t v[N];

	unpack(v, in, d);
	for (unsigned i = 0; i < N; i++)
		r->c[i] = (int16_t)(((uint32_t)v[i] * Q + (1U << (d - 1))) >> d);
}

static void add_msg(struct mlkem_poly *r, const uint8_t *msg)
{
	for (unsigned i = 0; i < N; i++) {
		uint32_t bit = msg[i / 8] >> (i % 8) & 1;

		r->c[i] = (int16_t)(r->c[i] + (int16_t)(pqc_ct_hide32(0 - bit) & ((Q + 1) / 2)));
	}
}

static void to_msg(uint8_t *msg, const struct mlkem_poly *a)
{
	memset(msg, 0, MLKEM_MSG_LEN);
	for (unsigned i = 0; i < N; i++)
		msg[i / 8] |= (uint8_t)(compress_one(a->c[i], 1) << (i % 8));
}

const struct mlkem_ops mlkem_c_ops = {
	.ntt = ntt,
	.intt = intt,
	.arrange = arrange,
	.dot = dot,
	.scale_add = scale_add,
	.add = add,
	.sub_from = sub_from,
	.reject = reject,
	.noise2 = noise2,
	.noise3 = noise3,
	.encode = encode,
	.decode = decode,
	.compress = compress,
	.decompress = decompress,
	.add_msg = add_msg,
	.to_msg = to_msg,
};
