/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/frodo/frodo_ops.h"

#define ROWS 8

static void dot(uint16_t *out, const uint16_t *a, const uint16_t *bt, unsigned n)
{
	for (unsigned r = 0; r < ROWS; r++) {
		for (unsigned c = 0; c < ROWS; c++) {
			const uint16_t *x = a + (size_t)r * n, *y = bt + (size_t)c * n;
			uint16_t sum = 0;

			for (unsigned j = 0; j < n; j++)
				sum = (uint16_t)(sum + (uint32_t)x[j] * y[j]);
			out[r * ROWS + c] = (uint16_t)(out[r * ROWS + c] + sum);
		}
	}
}

static void add_product(uint16_t *restrict out, uint16_t s, const uint16_t *restrict a, size_t n)
{
	for (size_t j = 0; j < n; j++)
		out[j] = (uint16_t)(out[j] + (uint32_t)s * a[j]);
}

static void accumulate(const struct frodo_slice *p)
{
	const size_t n = p->n;

	for (unsigned k = 0; k < ROWS; k++)
		for (unsigned r = 0; r < ROWS; r++)
			add_product(p->out + k * n, p->s[k * n + r], p->a + r * n, n);
}

/* Bit 0 is the sign; the 15 bits above it are compared with every threshold. */
static void sample(uint16_t *words, size_t len, const uint16_t *table, unsigned entries)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t t = words[i] >> 1, sign = 0 - (words[i] & 1U), e = 0;

		for (unsigned j = 0; j < entries; j++)
			e += (table[j] - t) >> 31;
		words[i] = (uint16_t)((e ^ sign) - sign);
	}
}

static void number(uint16_t *out, unsigned n, unsigned row)
{
	for (unsigned j = 0; j < n; j++)
		out[j] = 0;
	for (unsigned j = 0; j < n; j += 8) {
		out[j] = (uint16_t)row;
		out[j + 1] = (uint16_t)j;
	}
}

const struct frodo_ops frodo_c_ops = {dot, accumulate, sample, number};
