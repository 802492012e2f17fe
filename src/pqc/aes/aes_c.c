/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES without tables: four blocks at once, bit b of all their bytes in word b. Within a word, the
 * byte of row r, column c of block k has position 16 r + 8 (c / 2) + 4 (c % 2) + k, so a row is 16
 * bits, MixColumns rotates words by whole rows and ShiftRows permutes nibbles.
 */
#include <string.h>

#include "pqc/aes/aes_ops.h"
#include "pqc/ct.h"
#include "pqc/le.h"

#define BLOCKS 4 /* side by side */

/*
 * The S-box as a circuit, by Boyar and Peralta, "A depth-16 circuit for the AES S-box" (2011); the
 * names of the wires are theirs. In three parts: a linear map of the input, inversion in
 * GF(2^8) by way of GF(2^4), and a linear map of the products.
 */
struct wires {
	uint64_t y[22]; /* y[0] is the input's lowest bit, called x7 in the paper */
	uint64_t z[18];
};

static void sbox_top(const uint64_t q[8], uint64_t y[22])
{
	uint64_t t0 = q[6] ^ q[5], t1;

	y[0] = q[0];
	y[14] = q[4] ^ q[2];
	y[13] = q[7] ^ q[1];
	y[9] = q[7] ^ q[4];
	y[8] = q[7] ^ q[2];
	y[1] = t0 ^ q[0];
	y[4] = y[1] ^ q[4];
	y[12] = y[13] ^ y[14];
	y[2] = y[1] ^ q[7];
	y[5] = y[1] ^ q[1];
	y[3] = y[5] ^ y[8];
	t1 = q[3] ^ y[12];
	y[15] = t1 ^ q[2];
	y[20] = t1 ^ q[6];
	y[6] = y[15] ^ q[0];
	y[10] = y[15] ^ t0;
	y[11] = y[20] ^ y[9];
	y[7] = q[0] ^ y[11];
	y[17] = y[10] ^ y[11];
	y[19] = y[10] ^ y[8];
	y[16] = t0 ^ y[11];
	y[21] = y[13] ^ y[16];
	y[18] = q[7] ^ y[16];
}

static void sbox_middle(const uint64_t y[22], uint64_t z[18])
{
	uint64_t t2 = y[12] & y[15], t7 = y[13] & y[16], t12 = y[9] & y[11];
	uint64_t t14 = (y[14] & y[17]) ^ t12, t16 = (y[8] & y[10]) ^ t12;
	uint64_t t21 = (y[3] & y[6]) ^ t2 ^ t14 ^ y[20];
	uint64_t t22 = (y[4] & y[0]) ^ t2 ^ t16 ^ y[19];
	uint64_t t23 = (y[5] & y[1]) ^ t7 ^ t14 ^ y[21];
	uint64_t t24 = (y[2] & y[7]) ^ t7 ^ t16 ^ y[18];
	uint64_t t25 = t21 ^ t22, t26 = t21 & t23, t27 = t24 ^ t26;
	uint64_t t29 = (t25 & t27) ^ t22;
	uint64_t t33 = ((t22 ^ t26) & (t23 ^ t24)) ^ t24;
	uint64_t t36 = t24 & (t27 ^ t33);
	uint64_t t37 = t36 ^ t23 ^ t33;
	uint64_t t40 = t25 ^ (t29 & (t27 ^ t36));
	uint64_t t41 = t40 ^ t37, t42 = t29 ^ t33, t43 = t29 ^ t40, t44 = t33 ^ t37;
	uint64_t t45 = t42 ^ t41;

	z[0] = t44 & y[15];
	z[1] = t37 & y[6];
	z[2] = t33 & y[0];
	z[3] = t43 & y[16];
	z[4] = t40 & y[1];
	z[5] = t29 & y[7];
	z[6] = t42 & y[11];
	z[7] = t45 & y[17];
	z[8] = t41 & y[10];
	z[9] = t44 & y[12];
	z[10] = t37 & y[3];
	z[11] = t33 & y[4];
	z[12] = t43 & y[13];
	z[13] = t40 & y[5];
	z[14] = t29 & y[2];
	z[15] = t42 & y[9];
	z[16] = t45 & y[14];
	z[17] = t41 & y[8];
}

static void sbox_bottom(const uint64_t z[18], uint64_t q[8])
{
	uint64_t t46 = z[15] ^ z[16], t48 = z[5] ^ z[13], t53 = z[0] ^ z[3];
	uint64_t t57 = z[2] ^ z[12] ^ t53, t58 = z[4] ^ t46, t59 = z[3] ^ z[6] ^ z[7];
	uint64_t t60 = t46 ^ t57, t62 = z[7] ^ z[8] ^ t58, t63 = z[9] ^ z[10] ^ t58;
	uint64_t t64 = z[4] ^ t59, t65 = z[14] ^ t57 ^ t62, t66 = z[1] ^ t63;

	q[7] = t59 ^ t63;
	q[4] = t53 ^ t66;
	q[6] = ~(t64 ^ q[4]);
	q[5] = ~(z[16] ^ z[17] ^ t64 ^ t65);
	q[3] = z[2] ^ z[5] ^ t66;
	q[2] = z[10] ^ z[11] ^ t65;
	q[1] = ~(z[12] ^ t48 ^ t62);
	q[0] = ~(t48 ^ t60);
}

static void sub_bytes(uint64_t q[8])
{
	struct wires w;

	sbox_top(q, w.y);
	sbox_middle(w.y, w.z);
	sbox_bottom(w.z, q);
}

/* Column c takes its row r from column c + r. */
static uint64_t shift_rows_word(uint64_t x)
{
	uint64_t row0 = x & 0xffff, row1 = x >> 16 & 0xffff, row2 = x >> 32 & 0xffff,
		 row3 = x >> 48;

	/* The nibbles of a row are the columns 0, 1, 2, 3 from the lowest. */
	row1 = (row1 >> 4 | row1 << 12) & 0xffff;
	row2 = (row2 >> 8 | row2 << 8) & 0xffff;
	row3 = (row3 >> 12 | row3 << 4) & 0xffff;
	return row0 | row1 << 16 | row2 << 32 | row3 << 48;
}

static uint64_t rotate_rows(uint64_t x, unsigned rows)
{
	return x >> (16 * rows) | x << (64 - 16 * rows);
}

/* With t = a_r + a_(r+1), row r becomes 2 t + a_(r+1) + a_(r+2) + a_(r+3). */
static void mix_columns(uint64_t q[8])
{
	uint64_t next[8], t[8];

	for (unsigned b = 0; b < 8; b++) {
		next[b] = rotate_rows(q[b], 1);
		t[b] = q[b] ^ next[b];
	}
	for (unsigned b = 0; b < 8; b++) {
		uint64_t twice = t[(b + 7) % 8];

		if (b == 1 || b == 3 || b == 4) /* x^8 = x^4 + x^3 + x + 1 */
			twice ^= t[7];
		q[b] = twice ^ next[b] ^ rotate_rows(t[b], 2);
	}
}

static void add_round_key(uint64_t q[8], const uint64_t key[8])
{
	for (unsigned b = 0; b < 8; b++)
		q[b] ^= key[b];
}

/* Swaps the bits of x under mask << shift with the bits of y under mask. */
static void swap_bits(uint64_t *x, uint64_t *y, uint64_t mask, unsigned shift)
{
	uint64_t t = (*x >> shift ^ *y) & mask;

	*y ^= t;
	*x ^= t << shift;
}

/* Bit b of byte i of word k goes to bit k of byte i of word b. */
static void transpose(uint64_t q[8])
{
	static const uint64_t masks[3] = {0x5555555555555555, 0x3333333333333333,
					  0x0f0f0f0f0f0f0f0f};

	for (unsigned level = 0; level < 3; level++)
		for (unsigned k = 0; k < 8; k++)
			if (!(k >> level & 1))
				swap_bits(&q[k], &q[k | 1U << level], masks[level], 1U << level);
}

static uint64_t spread_bytes(uint32_t x)
{
	uint64_t y = x;

	y = (y | y << 16) & 0x0000ffff0000ffff;
	return (y | y << 8) & 0x00ff00ff00ff00ff;
}

static uint32_t gather_bytes(uint64_t y)
{
	y &= 0x00ff00ff00ff00ff;
	y = (y | y >> 8) & 0x0000ffff0000ffff;
	return (uint32_t)(y | y >> 16);
}

/* A block is two words: its even columns and its odd ones, row by row. */
static void load_block(uint64_t q[8], unsigned k, const uint8_t *in)
{
	for (unsigned odd = 0; odd < 2; odd++)
		q[k + BLOCKS * odd] = spread_bytes(pqc_le_load32(in + 4 * odd)) |
				      spread_bytes(pqc_le_load32(in + 8 + 4 * odd)) << 8;
}

static void store_block(const uint64_t q[8], unsigned k, uint8_t *out)
{
	for (unsigned odd = 0; odd < 2; odd++) {
		pqc_le_store32(out + 4 * odd, gather_bytes(q[k + BLOCKS * odd]));
		pqc_le_store32(out + 8 + 4 * odd, gather_bytes(q[k + BLOCKS * odd] >> 8));
	}
}

static uint32_t sub_word(uint32_t x)
{
	uint64_t q[8] = {x};

	transpose(q);
	sub_bytes(q);
	transpose(q);
	return (uint32_t)q[0];
}

/* FIPS 197 section 5.2, with words in little-endian order: RotWord rotates right. */
static void expand(struct aes *aes, const uint8_t *key, size_t key_len)
{
	uint32_t w[4 * (AES_MAX_ROUNDS + 1)] = {0}, n = (uint32_t)(key_len / 4), rcon = 1;

	for (unsigned i = 0; i < n; i++)
		w[i] = pqc_le_load32(key + (size_t)4 * i);
	for (unsigned i = n; i < 4 * (aes->rounds + 1); i++) {
		uint32_t t = w[i - 1];

		/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a key has 16 or 32 bytes */
		if (i % n == 0) {
			t = sub_word(t >> 8 | t << 24) ^ rcon;
			rcon = (rcon << 1 ^ (rcon >> 7) * 0x11b) & 0xff;
		} else if (n > 6 && i % n == 4) {
			t = sub_word(t);
		}
		w[i] = w[i - n] ^ t;
	}
	for (unsigned r = 0; r <= aes->rounds; r++) {
		uint64_t *q = aes->schedule + (size_t)8 * r;
		uint8_t block[AES_BLOCK_LEN];

		for (unsigned i = 0; i < 4; i++)
			pqc_le_store32(block + (size_t)4 * i, w[4 * r + i]);
		for (unsigned k = 0; k < BLOCKS; k++)
			load_block(q, k, block);
		transpose(q);
		pqc_ct_wipe(block, sizeof(block));
	}
	pqc_ct_wipe(w, sizeof(w));
}

static void encrypt_sliced(const struct aes *aes, uint64_t q[8])
{
	const uint64_t *key = aes->schedule;

	add_round_key(q, key);
	for (unsigned r = 1; r <= aes->rounds; r++) {
		sub_bytes(q);
		for (unsigned b = 0; b < 8; b++)
			q[b] = shift_rows_word(q[b]);
		if (r < aes->rounds)
			mix_columns(q);
		add_round_key(q, key + (size_t)8 * r);
	}
}

static void encrypt(const struct aes *aes, const uint8_t *in, uint8_t *out, size_t n)
{
	while (n > 0) {
		unsigned blocks = n < BLOCKS ? (unsigned)n : BLOCKS;
		uint64_t q[8] = {0};

		for (unsigned k = 0; k < blocks; k++)
			load_block(q, k, in + (size_t)k * AES_BLOCK_LEN);
		transpose(q);
		encrypt_sliced(aes, q);
		transpose(q);
		for (unsigned k = 0; k < blocks; k++)
			store_block(q, k, out + (size_t)k * AES_BLOCK_LEN);
		in += (size_t)blocks * AES_BLOCK_LEN;
		out += (size_t)blocks * AES_BLOCK_LEN;
		n -= blocks;
	}
}

const struct aes_ops aes_c_ops = {expand, encrypt};
