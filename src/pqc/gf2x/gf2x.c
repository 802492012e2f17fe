/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/gf2x/gf2x.h"

#include <string.h>

#include "pqc/cpu.h"
#include "pqc/ct.h"
#include "pqc/gf2x/gf2x_ops.h"
#include "pqc/le.h"
#include "pqc/mem.h"
#include "pqc/pqc.h"

/* Every operation on a ring that is small but has odd sizes throughout. */
static int same_ops(const void *ops, const void *portable)
{
	enum { BITS = 6 * 1024 + 77, WORDS = (BITS + 63) / 64, AT = 9 };
	const struct gf2x_ops *const both[2] = {ops, portable};
	uint64_t a[WORDS], b[WORDS], wide[2][2 * WORDS], out[2][4][WORDS];
	uint64_t work[GF2X_WORK_WORDS(WORDS)] __attribute__((aligned(64)));
	uint32_t at[AT];

	for (unsigned i = 0; i < WORDS; i++) {
		a[i] = (i + 1) * 0x9e3779b97f4a7c15;
		b[i] = ~a[i] * 0xd1342543de82ef95;
	}
	for (unsigned i = 0; i < AT; i++)
		at[i] = i * 787;
	for (unsigned v = 0; v < 2; v++) {
		struct gf2x_permutation permutation = {out[v][2], a, BITS, 4096};

		both[v]->square(wide[v], a, WORDS);
		both[v]->fold(out[v][0], wide[v], BITS);
		both[v]->mul(wide[v], a, b, WORDS, work);
		both[v]->fold(out[v][1], wide[v], BITS);
		both[v]->permute(&permutation);
		both[v]->set_bits(out[v][3], WORDS, at, AT);
	}
	return memcmp(wide[0], wide[1], sizeof(wide[0])) == 0 &&
	       memcmp(out[0], out[1], sizeof(out[0])) == 0;
}

static const struct gf2x_ops *choose_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX512, &gf2x_avx512_ops},
		{PQC_CPU_AVX2, &gf2x_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &gf2x_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = same_ops};

	return pqc_cpu_choose(&variants);
}

/* In the ring's room: a product, three polynomials, and what the variant works with. */
static uint64_t *room_product(const struct gf2x *ring)
{
	return ring->work;
}

static uint64_t *room_poly(const struct gf2x *ring, size_t i)
{
	return ring->work + (2 + i) * ring->words;
}

static uint64_t *room_variant(const struct gf2x *ring)
{
	return ring->work + (5 * ring->words + 7) / 8 * 8;
}

int gf2x_init(struct gf2x *ring, unsigned bits)
{
	ring->bits = bits;
	ring->words = GF2X_WORDS(bits);
	ring->work_len =
		((5 * ring->words + 7) / 8 * 8 + GF2X_WORK_WORDS(ring->words)) * sizeof(uint64_t);
	ring->work = pqc_mem_new(ring->work_len);
	return ring->work ? 0 : PQC_E_NOMEM;
}

void gf2x_done(struct gf2x *ring)
{
	pqc_mem_free(ring->work, ring->work_len);
	ring->work = NULL;
}

static void clear_unused(const struct gf2x *ring, uint64_t *poly)
{
	poly[ring->words - 1] &= ((uint64_t)1 << (ring->bits % 64)) - 1;
}

static void reduce(const struct gf2x *ring, uint64_t *out)
{
	choose_ops()->fold(out, room_product(ring), ring->bits);
	clear_unused(ring, out);
}

void gf2x_mul(const struct gf2x *ring, uint64_t *out, const uint64_t *a, const uint64_t *b)
{
	choose_ops()->mul(room_product(ring), a, b, ring->words, room_variant(ring));
	reduce(ring, out);
}

void gf2x_mul_add(const struct gf2x *ring, uint64_t *out, const uint64_t *a, const uint64_t *b)
{
	uint64_t *product = room_poly(ring, 0);

	gf2x_mul(ring, product, a, b);
	for (size_t i = 0; i < ring->words; i++)
		out[i] ^= product[i];
}

/* 2^e modulo n; nothing here is secret. */
static unsigned power_of_two(unsigned e, unsigned n)
{
	uint64_t x = 1;

	for (int bit = 31; bit >= 0; bit--)
		x = (x * x << (e >> bit & 1)) % n;
	return (unsigned)x;
}

/*
 * out = a^(2^k). Coefficient i goes to i * 2^k, so coefficient j comes from j * 2^-k; in the
 * exponent 2^-k is 2^(bits - 1 - k).
 */
static void square_times(const struct gf2x *ring, uint64_t *out, const uint64_t *a, unsigned k)
{
	const struct gf2x_ops *ops = choose_ops();

	if (k > ops->few_squarings) {
		struct gf2x_permutation permutation = {
			out, a, ring->bits, power_of_two(ring->bits - 1 - k, ring->bits)};

		ops->permute(&permutation);
		return;
	}
	memmove(out, a, ring->words * sizeof(*out));
	for (; k > 0; k--) {
		ops->square(room_product(ring), out, ring->words);
		reduce(ring, out);
	}
}

/*
 * Itoh and Tsujii: a^-1 = a^(2^(bits - 1) - 2) is the square of f(bits - 2), where f(e) is
 * a^(2^e - 1), and f(i + j) = f(i)^(2^j) * f(j). e runs through the leading bits of bits - 2.
 */
void gf2x_invert(const struct gf2x *ring, uint64_t *out, const uint64_t *a)
{
	uint64_t *f = room_poly(ring, 1), *g = room_poly(ring, 2);
	unsigned last = ring->bits - 2, e = 1;
	int bit = 31 - __builtin_clz(last);

	memcpy(f, a, ring->words * sizeof(*f));
	while (bit-- > 0) {
		square_times(ring, g, f, e);
		gf2x_mul(ring, f, f, g);
		e *= 2;
		if (last >> bit & 1) {
			square_times(ring, g, f, 1);
			gf2x_mul(ring, f, g, a);
			e++;
		}
	}
	square_times(ring, out, f, 1);
}

void gf2x_set_bits(uint64_t *out, size_t words, const uint32_t *at, size_t n)
{
	choose_ops()->set_bits(out, words, at, n);
}

void gf2x_load(const struct gf2x *ring, uint64_t *out, const uint8_t *in)
{
	size_t bytes = (ring->bits + 7) / 8, full = ring->words - 1;
	uint8_t last[8] = {0};

	memcpy(last, in + 8 * full, bytes - 8 * full);
	for (size_t i = 0; i < full; i++)
		out[i] = pqc_le_load64(in + 8 * i);
	out[full] = pqc_le_load64(last);
	clear_unused(ring, out);
	pqc_ct_wipe(last, sizeof(last));
}

void gf2x_store(const struct gf2x *ring, uint8_t *out, const uint64_t *in)
{
	size_t bytes = (ring->bits + 7) / 8;
	uint8_t last[8];

	for (size_t i = 0; i < ring->words - 1; i++)
		pqc_le_store64(out + 8 * i, in[i]);
	pqc_le_store64(last, in[ring->words - 1]);
	memcpy(out + 8 * (ring->words - 1), last, bytes - 8 * (ring->words - 1));
	pqc_ct_wipe(last, sizeof(last));
}
