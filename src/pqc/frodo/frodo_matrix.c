/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/frodo/frodo_matrix.h"

#include <string.h>

#include "pqc/aes/aes.h"
#include "pqc/cpu.h"
#include "pqc/ct.h"
#include "pqc/frodo/frodo_ops.h"
#include "pqc/keccak/keccak.h"
#include "pqc/le.h"

#define ROWS	FRODO_ROWS
#define ENTRIES (ROWS * ROWS)

/* Every operation once, on a length that is not a multiple of the longest register. */
static int same_ops(const void *ops, const void *portable)
{
	enum { N = 3 * 16 };
	static const uint16_t table[3] = {4643, 13363, 32767};
	const struct frodo_ops *const both[2] = {ops, portable};
	uint16_t a[2][ROWS * N], out[2][ROWS * N], small[2][ENTRIES], numbers[2][N];

	for (unsigned v = 0; v < 2; v++) {
		struct frodo_slice slice = {out[v], a[v] + 16, a[v], N};

		for (unsigned i = 0; i < ROWS * N; i++) {
			a[v][i] = (uint16_t)(i * i * 40503 + i);
			out[v][i] = (uint16_t)(i * 40507);
		}
		memset(small[v], 1, sizeof(small[v]));
		both[v]->accumulate(&slice);
		both[v]->dot(small[v], a[v], out[v], N);
		both[v]->sample(a[v], ROWS * N, table, 3);
		both[v]->number(numbers[v], N, 901);
	}
	return memcmp(a[0], a[1], sizeof(a[0])) == 0 &&
	       memcmp(out[0], out[1], sizeof(out[0])) == 0 &&
	       memcmp(small[0], small[1], sizeof(small[0])) == 0 &&
	       memcmp(numbers[0], numbers[1], sizeof(numbers[0])) == 0;
}

static const struct frodo_ops *choose_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX512, &frodo_avx512_ops},
		{PQC_CPU_AVX2, &frodo_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &frodo_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = same_ops};

	return pqc_cpu_choose(&variants);
}

/* Words as they stand in bytes to words as the machine has them, or the other way. */
static void words_from_le(uint16_t *words, size_t len)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	for (size_t i = 0; i < len; i++)
		words[i] = pqc_le_load16(&words[i]);
#else
	(void)words;
	(void)len;
#endif
}

/* Rows i to i + 7: a block of AES for every eighth column. */
static void rows_by_aes(const struct aes *aes, unsigned n, unsigned i, uint16_t *out)
{
	const struct frodo_ops *ops = choose_ops();

	for (unsigned r = 0; r < ROWS; r++)
		ops->number(out + (size_t)r * n, n, i + r);
	words_from_le(out, (size_t)ROWS * n);
	aes_encrypt(aes, (uint8_t *)out, (uint8_t *)out, (size_t)ROWS * n / 8);
}

static void rows_by_shake(const uint8_t *seed, unsigned n, unsigned i, uint16_t *out)
{
	unsigned width = keccakx_width();
	uint8_t in[KECCAKX_WIDTH][2 + FRODO_SEED_A_LEN];
	const uint8_t *ins[KECCAKX_WIDTH];
	uint8_t *outs[KECCAKX_WIDTH];
	struct keccakx k;

	for (unsigned done = 0; done < ROWS; done += width) {
		for (unsigned w = 0; w < width; w++) {
			pqc_le_store16(in[w], (uint16_t)(i + done + w));
			memcpy(in[w] + 2, seed, FRODO_SEED_A_LEN);
			ins[w] = in[w];
			outs[w] = (uint8_t *)(out + (size_t)(done + w) * n);
		}
		keccakx_start(&k, KECCAK_SHAKE128, width);
		keccakx_absorb(&k, ins, sizeof(in[0]));
		keccakx_squeeze(&k, outs, (size_t)2 * n);
	}
}

/* Calls use(ctx, i, rows) for every eight rows of A from i on. */
static void for_rows(const struct frodo_source *a, uint16_t *work,
		     void (*use)(void *ctx, unsigned i, const uint16_t *rows), void *ctx)
{
	unsigned n = a->set->n;
	struct aes aes;

	if (a->aes)
		aes_init(&aes, a->seed, FRODO_SEED_A_LEN);
	for (unsigned i = 0; i < n; i += ROWS) {
		if (a->aes)
			rows_by_aes(&aes, n, i, work);
		else
			rows_by_shake(a->seed, n, i, work);
		words_from_le(work, FRODO_WORK_WORDS(a->set));
		use(ctx, i, work);
	}
}

struct product {
	const struct frodo_ops *ops;
	uint16_t *out;
	const uint16_t *s;
	unsigned n;
};

static void use_right(void *ctx, unsigned i, const uint16_t *rows)
{
	const struct product *p = ctx;

	p->ops->dot(p->out + (size_t)i * ROWS, rows, p->s, p->n);
}

static void use_left(void *ctx, unsigned i, const uint16_t *rows)
{
	const struct product *p = ctx;
	struct frodo_slice slice = {p->out, p->s + i, rows, p->n};

	p->ops->accumulate(&slice);
}

void frodo_matrix_mul_right(uint16_t *out, const struct frodo_source *a, const uint16_t *st,
			    uint16_t *work)
{
	struct product p = {choose_ops(), out, st, a->set->n};

	for_rows(a, work, use_right, &p);
}

void frodo_matrix_mul_left(uint16_t *out, const struct frodo_source *a, const uint16_t *s,
			   uint16_t *work)
{
	struct product p = {choose_ops(), out, s, a->set->n};

	for_rows(a, work, use_left, &p);
}

void frodo_matrix_mul_small(const struct frodo_set *set, uint16_t *out, const uint16_t *a,
			    const uint16_t *bt)
{
	choose_ops()->dot(out, a, bt, set->n);
}

void frodo_matrix_sample(const struct frodo_set *set, uint16_t *words, size_t len)
{
	words_from_le(words, len);
	choose_ops()->sample(words, len, set->table, set->entries);
}

void frodo_matrix_transpose(uint16_t *out, const uint16_t *in, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned c = 0; c < ROWS; c++)
			out[(size_t)c * n + i] = in[(size_t)i * ROWS + c];
}

/* Eight words of log_q bits are log_q bytes: 15 or 16. */
void frodo_matrix_pack(const struct frodo_set *set, uint8_t *out, const uint16_t *in, size_t len)
{
	unsigned bits = set->log_q;

	for (size_t i = 0; i < len; i += 8, out += bits) {
		uint64_t high = 0, low = 0;
		uint32_t mask = (1U << bits) - 1;

		for (unsigned j = 0; j < 4; j++) {
			high = high << bits | (in[i + j] & mask);
			low = low << bits | (in[i + 4 + j] & mask);
		}
		/* 120 or 128 bits: the halves meet in the middle of a byte, or between two. */
		if (bits == 15) {
			low |= high << 60;
			high >>= 4;
		}
		for (unsigned j = 0; j < 8; j++)
			out[bits - 1 - j] = (uint8_t)(low >> (8 * j));
		for (unsigned j = 8; j < bits; j++)
			out[bits - 1 - j] = (uint8_t)(high >> (8 * (j - 8)));
	}
}

void frodo_matrix_unpack(const struct frodo_set *set, uint16_t *out, const uint8_t *in, size_t len)
{
	unsigned bits = set->log_q;
	uint32_t mask = (1U << bits) - 1;

	for (size_t i = 0; i < len; i += 8, in += bits) {
		uint64_t high = 0, low = 0;

		for (unsigned j = 0; j < bits - 8; j++)
			high = high << 8 | in[j];
		for (unsigned j = bits - 8; j < bits; j++)
			low = low << 8 | in[j];
		if (bits == 15) {
			high = high << 4 | low >> 60;
			low &= ((uint64_t)1 << 60) - 1;
		}
		for (unsigned j = 0; j < 4; j++) {
			out[i + j] = (uint16_t)(high >> (bits * (3 - j)) & mask);
			out[i + 4 + j] = (uint16_t)(low >> (bits * (3 - j)) & mask);
		}
	}
}

/* Eight entries take `bits` bytes. */
void frodo_matrix_encode(const struct frodo_set *set, uint16_t *inout, const uint8_t *mu)
{
	unsigned bits = set->bits, mask = (1U << bits) - 1;

	for (unsigned row = 0; row < ROWS; row++, mu += bits) {
		uint32_t x = 0;

		for (unsigned j = 0; j < bits; j++)
			x |= (uint32_t)mu[j] << (8 * j);
		for (unsigned j = 0; j < ROWS; j++) {
			uint16_t *entry = &inout[row * ROWS + j];

			*entry = (uint16_t)(*entry +
					    ((x >> (bits * j) & mask) << (set->log_q - bits)));
		}
	}
}

void frodo_matrix_decode(const struct frodo_set *set, uint8_t *mu, const uint16_t *in)
{
	unsigned bits = set->bits, mask = (1U << bits) - 1, shift = set->log_q - bits;

	for (unsigned row = 0; row < ROWS; row++, mu += bits) {
		uint32_t x = 0;

		for (unsigned j = 0; j < ROWS; j++) {
			uint32_t entry = in[row * ROWS + j] & ((1U << set->log_q) - 1);

			x |= ((entry + (1U << (shift - 1))) >> shift & mask) << (bits * j);
		}
		for (unsigned j = 0; j < bits; j++)
			mu[j] = (uint8_t)(x >> (8 * j));
	}
}
