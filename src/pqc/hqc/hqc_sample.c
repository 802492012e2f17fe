/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/hqc/hqc_sample.h"

#include <string.h>

#include "pqc/ct.h"
#include "pqc/le.h"
#include "pqc/pqc.h"

#define MAX_WEIGHT  149
#define MAX_VECTORS 3
#define DRAW_LEN    3 /* bytes of a number */

/*
 * Positions are drawn from a fill of `weight` numbers; from a second one what the first has left
 * out, because of numbers that are too large or have come before. At most SPARE of its numbers are
 * looked at: that more are needed has a probability below 2^-150.
 */
#define SPARE	 32
#define NOWHERE	 0x7fffffffU
#define MAX_FILL (DRAW_LEN * MAX_WEIGHT)

/* key || diversifier; the counter block is the diversifier, the length 2^32 - 1, and a number. */
void hqc_sample_start(struct hqc_stream *s, const uint8_t seed[HQC_SEED_LEN])
{
	aes_init(&s->aes, seed, AES_256_KEY_LEN);
	memcpy(s->counter, seed + AES_256_KEY_LEN, 8);
	memset(s->counter + 8, 0xff, 4);
	memset(s->counter + 12, 0, 4);
	s->used = AES_BLOCK_LEN;
}

static void next_counter(struct hqc_stream *s)
{
	for (unsigned i = AES_BLOCK_LEN; i-- > 12;)
		if (++s->counter[i] != 0)
			break;
}

void hqc_sample_read(struct hqc_stream *s, uint8_t *out, size_t len)
{
	size_t blocks;

	for (; len > 0 && s->used < AES_BLOCK_LEN; len--)
		*out++ = s->block[s->used++];
	blocks = len / AES_BLOCK_LEN;
	for (size_t i = 0; i < blocks; i++) {
		memcpy(out + i * AES_BLOCK_LEN, s->counter, AES_BLOCK_LEN);
		next_counter(s);
	}
	aes_encrypt(&s->aes, out, out, blocks);
	out += blocks * AES_BLOCK_LEN;
	len %= AES_BLOCK_LEN;
	if (len > 0) {
		aes_encrypt(&s->aes, s->counter, s->block, 1);
		next_counter(s);
		memcpy(out, s->block, len);
		s->used = (unsigned)len;
	}
}

void hqc_sample_done(struct hqc_stream *s)
{
	aes_done(&s->aes);
	pqc_ct_wipe(s, sizeof(*s));
}

/* What the drawing of one polynomial keeps. */
struct draw {
	uint32_t at[MAX_WEIGHT + SPARE]; /* NOWHERE if the number was left out */
	uint32_t n;			 /* numbers looked at; public */
	uint32_t found;
};

/* Takes a number of 24 bits if it is below the largest multiple of n, and new. */
static void take(struct draw *d, const uint8_t *in, unsigned n, unsigned weight)
{
	const uint32_t bound = (1U << 24) / n * n;
	const uint64_t inverse = (((uint64_t)1 << 40) + n - 1) / n;
	uint32_t number = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
	uint32_t position = number - (uint32_t)(number * inverse >> 40) * n, seen = 0, good;

	/* All are below 2^31: the highest bit is set if two are equal. */
	for (uint32_t i = 0; i < d->n; i++)
		seen |= (d->at[i] ^ position) - 1;
	good = pqc_ct_mask_less32(number, bound) & ~pqc_ct_mask_negative32((int32_t)seen) &
	       pqc_ct_mask_less32(d->found, weight);
	d->at[d->n++] = pqc_ct_select32(good, position, NOWHERE);
	d->found -= good;
}

/* out = piece number `which` (secret, below n) of the pieces from `in` on, of `len` bytes each. */
static void choose_piece(uint8_t *out, const uint8_t *in, size_t len, uint32_t which, uint32_t n)
{
	memset(out, 0, len);
	for (uint32_t i = 0; i < n; i++, in += len)
		pqc_ct_move(out, in, len, pqc_ct_mask_equal32(i, which));
}

/* One polynomial, from fill number *fill on; it has used one or two of them. */
static void draw_vector(struct draw *d, const uint8_t *fills, uint32_t fill_at_most, uint32_t *fill,
			const struct hqc_sample *sample, unsigned bits)
{
	size_t len = (size_t)DRAW_LEN * sample->weight;
	uint8_t piece[MAX_FILL];

	d->n = 0;
	d->found = 0;
	choose_piece(piece, fills, len, *fill, fill_at_most + 1);
	for (unsigned i = 0; i < sample->weight; i++)
		take(d, piece + (size_t)DRAW_LEN * i, bits, sample->weight);
	*fill += 1;
	choose_piece(piece, fills, len, *fill, fill_at_most + 2);
	*fill += pqc_ct_mask_less32(d->found, sample->weight) & 1;
	for (unsigned i = 0; i < SPARE; i++)
		take(d, piece + (size_t)DRAW_LEN * i, bits, sample->weight);
	pqc_ct_wipe(piece, sizeof(piece));
}

int hqc_sample_vectors(const struct gf2x *ring, const uint8_t seed[HQC_SEED_LEN],
		       const struct hqc_sample *sample)
{
	uint8_t fills[2 * MAX_VECTORS * MAX_FILL];
	uint32_t fill = 0, complete = ~0U;
	struct hqc_stream stream;
	struct draw draw;

	hqc_sample_start(&stream, seed);
	hqc_sample_read(&stream, fills, (size_t)2 * sample->n * DRAW_LEN * sample->weight);
	for (unsigned i = 0; i < sample->n; i++) {
		draw_vector(&draw, fills, 2 * i, &fill, sample, ring->bits);
		gf2x_set_bits(sample->polys + i * sample->stride, ring->words, draw.at, draw.n);
		complete &= pqc_ct_mask_equal32(draw.found, sample->weight);
	}
	PQC_DECLASSIFY(&complete, sizeof(complete), "that it is false has never been seen");
	hqc_sample_done(&stream);
	pqc_ct_wipe(fills, sizeof(fills));
	pqc_ct_wipe(&draw, sizeof(draw));
	return complete ? 0 : PQC_E_INTERNAL;
}
