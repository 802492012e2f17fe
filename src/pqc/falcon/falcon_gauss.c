/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/falcon/falcon_gauss.h"

#include "pqc/ct.h"
#include "pqc/falcon/falcon_table.h"
#include "pqc/le.h"

#define BELOW_63 (~(uint64_t)0 >> 1)

void falcon_gauss_start(struct falcon_gauss *g, const uint8_t *seed, size_t len)
{
	keccak_start(&g->shake, KECCAK_SHAKE256);
	keccak_absorb(&g->shake, seed, len);
	g->at = sizeof(g->buf);
}

/* A Gaussian of width 1.17 sqrt(q / 2048). */
static int32_t draw(struct falcon_gauss *g)
{
	uint64_t first, second, zero, negative, z = 1;

	if (g->at == sizeof(g->buf)) {
		keccak_squeeze(&g->shake, g->buf, sizeof(g->buf));
		g->at = 0;
	}
	first = pqc_le_load64(g->buf + g->at);
	second = pqc_le_load64(g->buf + g->at + 8) & BELOW_63;
	g->at += FALCON_GAUSS_DRAW;

	negative = 0 - (first >> 63);
	zero = 0 - (((first & BELOW_63) - (uint64_t)falcon_table_gauss[0]) >> 63);
	for (size_t i = 1; i < FALCON_TABLE_GAUSS; i++)
		z += (second - (uint64_t)falcon_table_gauss[i]) >> 63;
	z &= ~zero;
	return (int32_t)((z ^ negative) - negative);
}

void falcon_gauss_poly(struct falcon_gauss *g, int8_t *out, size_t n)
{
	uint32_t odd = 0, done;

	for (size_t i = 0; i < n; i++) {
		do {
			/* The width grows with n: for 512 it is that of two draws. */
			int32_t x = draw(g);

			if (n == 512)
				x += draw(g);
			out[i] = (int8_t)x;
			done = i + 1 < n || ((odd ^ (uint32_t)x) & 1);
			PQC_DECLASSIFY(&done, sizeof(done),
				       "the last one is redrawn until it fits");
		} while (!done);
		odd ^= (uint32_t)out[i];
	}
}
