/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/falcon/falcon_modq.h"
#include "pqc/falcon/falcon_table.h"

#define Q      FALCON_MODQ_Q
#define Q_INV  (-12287) /* 1/q modulo 2^16 */
#define SQUARE (-1337)	/* 2^32 modulo q: makes up for two times what multiply() divides by */

/* x modulo q, nearest to 0: 43687 is 2^29 / q, precise enough for all of int16_t. */
static inline int16_t centre(int32_t x)
{
	return (int16_t)(x - ((x * 43687 + (1 << 28)) >> 29) * Q);
}

/* a b / 2^16 modulo q (Montgomery): below |a b| / 2^16 + q/2, for a root and any b below 9217. */
static inline int16_t multiply(int16_t a, int16_t b)
{
	int32_t product = (int32_t)a * b;
	int16_t quotient = (int16_t)((uint32_t)product * (uint32_t)Q_INV);

	return (int16_t)((product - (int32_t)quotient * Q) >> 16);
}

/*
 * A layer adds at most 9217 to what is below q at first, and below q/2 when reduced: two layers
 * stay within int16_t, then comes a reduction.
 */
static void ntt(int16_t *a, unsigned logn)
{
	size_t n = (size_t)1 << logn;
	unsigned layer = 1;

	for (size_t m = 1, len = n / 2; len > 0; m *= 2, len /= 2, layer++) {
		int reduce = layer > 1 && layer % 2 == 1;

		for (size_t i = 0; i < m; i++) {
			int16_t root = falcon_table_root[m + i];
			int16_t *x = a + 2 * i * len, *y = x + len;

			for (size_t j = 0; j < len; j++) {
				int16_t u = reduce ? centre(x[j]) : x[j], t = multiply(root, y[j]);

				x[j] = (int16_t)(u + t);
				y[j] = (int16_t)(u - t);
			}
		}
	}
	for (size_t i = 0; i < n; i++)
		a[i] = centre(a[i]);
}

/* Between the layers all are below 9217, so that sums and differences are below 18434. */
static void intt(int16_t *a, unsigned logn)
{
	size_t n = (size_t)1 << logn;
	int16_t scale = (int16_t)(65536 >> logn);

	for (size_t len = 1, m = n / 2; m > 0; m /= 2, len *= 2) {
		for (size_t i = 0; i < m; i++) {
			int16_t root = falcon_table_unroot[m + i];
			int16_t *x = a + 2 * i * len, *y = x + len;

			for (size_t j = 0; j < len; j++) {
				int16_t sum = (int16_t)(x[j] + y[j]);
				int16_t difference = (int16_t)(x[j] - y[j]);

				x[j] = centre(sum);
				y[j] = multiply(root, difference);
			}
		}
	}
	for (size_t i = 0; i < n; i++)
		a[i] = centre(multiply(scale, a[i]));
}

static void mul(int16_t *a, const int16_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = centre(multiply(multiply(SQUARE, a[i]), b[i]));
}

static inline int16_t power_of_two(int16_t x, int times)
{
	while (times-- > 0)
		x = multiply(x, x);
	return x;
}

/* 1/b = b^(q-2), q - 2 = 3 * 4095 + 2. */
static inline int16_t invert(int16_t b)
{
	int16_t x1 = multiply(SQUARE, b), x2 = multiply(x1, x1), x3 = multiply(x2, x1);
	int16_t x15 = multiply(power_of_two(x3, 2), x3);
	int16_t x255 = multiply(power_of_two(x15, 4), x15);
	int16_t x4095 = multiply(power_of_two(x255, 4), x15);

	return multiply(multiply(multiply(x4095, x4095), x4095), x2);
}

static void divide(int16_t *a, const int16_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = centre(multiply(a[i], invert(b[i])));
}

static void sub(int16_t *a, const int16_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = centre(a[i] - b[i]);
}

static uint64_t norm(const int16_t *a, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)((int32_t)a[i] * a[i]);
	return sum;
}

const struct falcon_modq_ops falcon_modq_c_ops = {ntt, intt, mul, divide, sub, norm};
