/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/falcon/falcon_codec.h"

#include "pqc/ct.h"
#include "pqc/falcon/falcon_modq.h"

#define PUBLIC_BITS 14
#define LOW_BITS    7	 /* of a signature's coefficient; the rest is unary */
#define MOST	    2047 /* its largest magnitude */

void falcon_codec_put_public(uint8_t *out, const int16_t *h, size_t n)
{
	uint64_t acc = 0;
	unsigned held = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t negative = pqc_ct_mask_negative32(h[i]);

		acc = acc << PUBLIC_BITS | (uint32_t)(h[i] + (int32_t)(negative & FALCON_MODQ_Q));
		for (held += PUBLIC_BITS; held >= 8; held -= 8)
			*out++ = (uint8_t)(acc >> (held - 8));
	}
}

int falcon_codec_get_public(int16_t *h, size_t n, const uint8_t *in)
{
	uint32_t wrong = 0;

	/* Seven bytes are four values. */
	for (size_t i = 0; i < n; i += 4, in += 7) {
		uint64_t acc = 0;

		for (size_t j = 0; j < 7; j++)
			acc = acc << 8 | in[j];
		for (size_t j = 0; j < 4; j++) {
			uint32_t x = acc >> (PUBLIC_BITS * (3 - j)) & ((1 << PUBLIC_BITS) - 1);

			wrong |= (FALCON_MODQ_Q - 1 - x) >> 31;
			h[i + j] = (int16_t)x;
		}
	}
	return wrong ? -1 : 0;
}

void falcon_codec_put_small(uint8_t *out, const int8_t *x, size_t n, unsigned bits)
{
	uint32_t acc = 0;
	unsigned held = 0;

	for (size_t i = 0; i < n; i++) {
		acc = acc << bits | ((uint8_t)x[i] & ((1U << bits) - 1));
		for (held += bits; held >= 8; held -= 8)
			*out++ = (uint8_t)(acc >> (held - 8));
	}
}

int falcon_codec_get_small(int8_t *x, size_t n, unsigned bits, const uint8_t *in)
{
	uint32_t acc = 0, sign = 1U << (bits - 1), wrong = 0;
	unsigned held = 0;

	for (size_t i = 0; i < n; i++, held -= bits) {
		uint32_t w;

		for (; held < bits; held += 8)
			acc = acc << 8 | *in++;
		w = acc >> (held - bits) & (2 * sign - 1);
		wrong |= pqc_ct_mask_equal32(w, sign);
		x[i] = (int8_t)((w ^ sign) - sign);
	}
	PQC_DECLASSIFY(&wrong, sizeof(wrong), "whether a key is malformed");
	return wrong ? -1 : 0;
}

size_t falcon_codec_put_signature(uint8_t *out, size_t max, const int16_t *s2, size_t n)
{
	uint64_t acc = 0;
	unsigned held = 0;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned negative = s2[i] < 0;
		unsigned x = (unsigned)(negative ? -s2[i] : s2[i]);
		unsigned high = x >> LOW_BITS;

		if (x > MOST)
			return 0;
		acc = acc << (LOW_BITS + 1) | negative << LOW_BITS | (x & ((1U << LOW_BITS) - 1));
		acc = acc << (high + 1) | 1;
		for (held += LOW_BITS + 1 + high + 1; held >= 8; held -= 8) {
			if (used == max)
				return 0;
			out[used++] = (uint8_t)(acc >> (held - 8));
		}
	}
	if (held > 0) {
		if (used == max)
			return 0;
		out[used++] = (uint8_t)(acc << (8 - held));
	}
	return used;
}

static inline uint32_t load32(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

int falcon_codec_get_signature(int16_t *s2, size_t n, struct pqc_bytes in)
{
	uint64_t acc = 0; /* the next bits, from the highest down; zeros when the input has ended */
	unsigned held = 0;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned negative, low, high;

		/* At most 8 + 16 bits are looked at. */
		if (held <= 32 && in.len - at >= 4) {
			acc |= (uint64_t)load32(in.ptr + at) << (32 - held);
			at += 4;
			held += 32;
		}
		for (; held < 24 && at < in.len; held += 8)
			acc |= (uint64_t)in.ptr[at++] << (56 - held);
		negative = (unsigned)(acc >> 63);
		low = (unsigned)(acc >> (63 - LOW_BITS)) & ((1U << LOW_BITS) - 1);
		acc <<= LOW_BITS + 1;
		if (acc >> (64 - 16) == 0)
			return -1; /* too large, or the end */
		high = (unsigned)__builtin_clzll(acc);
		if (held < LOW_BITS + 1 + high + 1)
			return -1;
		held -= LOW_BITS + 1 + high + 1;
		acc <<= high + 1;
		low |= high << LOW_BITS;
		if (high > MOST >> LOW_BITS || (negative && low == 0))
			return -1;
		s2[i] = (int16_t)(negative ? -(int)low : (int)low);
	}
	return at < in.len || held >= 8 || acc != 0 ? -1 : 0;
}
