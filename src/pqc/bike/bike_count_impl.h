/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting unsatisfied parity checks, over registers of any width. The including file defines
 *
 *   VEC, VEC_WORDS            the type, and its 64-bit words
 *   VEC_LOAD(p) VEC_STORE(p, x) VEC_SET(x)   at any address; VEC_SET copies a word into all
 *   VEC_XOR3(a, b, c) VEC_MAJ(a, b, c)       parity and majority: a full adder
 *   VEC_XOR(a, b) VEC_AND(a, b) VEC_NOT(a)
 *   VEC_SELECT(m, a, b)       a where m is set, else b
 *   VEC_OR(a, b)              only where VEC_SELECT is more than one instruction
 *   VEC_SHIFT(lo, hi, n)      the low words of (hi:lo) >> n, word by word; n is a VEC, 0 to 63
 *   VEC_TURN(x, next, words)  x after `words` (0 to VEC_WORDS - 1) words of it have given way to
 *                             those of next; only where FIRST_STEP is not 0
 *   FIRST_STEP                log2 of the shortest move, in words, that is done by moving
 *
 * A vector is shifted by a secret number of bits in steps that are taken or not: by 512 words, by
 * 256, ... Each step reads and writes the same addresses either way.
 */
#ifndef PQC_BIKE_BIKE_COUNT_IMPL_H
#define PQC_BIKE_BIKE_COUNT_IMPL_H

#include <string.h>

#include "pqc/bike/bike_ops.h"
#include "pqc/ct.h"

#define SIDE_BY_SIDE 8
#define PAD	     8 /* words after the last that move_bits reads */

#ifdef VEC

static VEC step_mask(uint32_t shift, unsigned step)
{
	return VEC_SET(pqc_ct_hide64(0 - (uint64_t)(shift >> (6 + step) & 1)));
}

/* out[0 .. len) = in, moved by 2^step words if the shift says so. */
static void move_once(uint64_t *restrict out, const uint64_t *restrict in, size_t len, VEC mask,
		      size_t by)
{
	for (size_t i = 0; i < len; i += VEC_WORDS)
		VEC_STORE(out + i, VEC_SELECT(mask, VEC_LOAD(in + i + by), VEC_LOAD(in + i)));
}

/* The same for two steps, by 2 * half and by half words. */
static void move_twice(uint64_t *restrict out, const uint64_t *restrict in, size_t len,
		       const VEC mask[2], size_t half)
{
#ifdef VEC_OR
	const VEC both = VEC_AND(mask[0], mask[1]), two = VEC_XOR(mask[0], both);
	const VEC one = VEC_XOR(mask[1], both), stay = VEC_NOT(VEC_OR(mask[0], mask[1]));

#endif
	for (size_t i = 0; i < len; i += VEC_WORDS) {
		const uint64_t *at = in + i;
#ifdef VEC_OR
		VEC near = VEC_OR(VEC_AND(stay, VEC_LOAD(at)), VEC_AND(one, VEC_LOAD(at + half)));
		VEC far = VEC_OR(VEC_AND(two, VEC_LOAD(at + 2 * half)),
				 VEC_AND(both, VEC_LOAD(at + 3 * half)));

		VEC_STORE(out + i, VEC_OR(far, near));
#else
		VEC near = VEC_SELECT(mask[1], VEC_LOAD(at + half), VEC_LOAD(at));
		VEC far = VEC_SELECT(mask[1], VEC_LOAD(at + 3 * half), VEC_LOAD(at + 2 * half));

		VEC_STORE(out + i, VEC_SELECT(mask[0], far, near));
#endif
	}
}

/* What is left of the shift when every step has been taken. */
static void move_bits(uint64_t *restrict out, const uint64_t *restrict in, size_t words,
		      uint32_t shift)
{
	VEC bits = VEC_SET(shift % 64);

	for (size_t i = 0; i < words; i += VEC_WORDS) {
#if FIRST_STEP > 0
		VEC x = VEC_LOAD(in + i), next = VEC_LOAD(in + i + VEC_WORDS);
		VEC low = VEC_TURN(x, next, shift / 64 % VEC_WORDS);
		VEC high = VEC_TURN(x, next, shift / 64 % VEC_WORDS + 1);
#else
		VEC low = VEC_LOAD(in + i), high = VEC_LOAD(in + i + 1);
#endif
		VEC_STORE(out + i, VEC_SHIFT(low, high, bits));
	}
}

/* The length, in words, that is needed before the steps below 2^step. */
static size_t length_before(size_t words, int step)
{
	size_t len = words + PAD + ((size_t)1 << step) - 1;

	return (len + VEC_WORDS - 1) / VEC_WORDS * VEC_WORDS;
}

static void shift_right(uint64_t *out, const struct bike_count *c, uint32_t shift, uint64_t *work)
{
	uint64_t *rooms[2] = {work, work + c->words + 528};
	const uint64_t *from = c->twice;
	int step = 63 - __builtin_clzll(c->words - 1), room = 0;

	if ((step - FIRST_STEP) % 2 == 0) {
		move_once(rooms[room], from, length_before(c->words, step), step_mask(shift, step),
			  (size_t)1 << step);
		from = rooms[room];
		room ^= 1;
		step--;
	}
	for (; step > FIRST_STEP; step -= 2) {
		VEC masks[2] = {step_mask(shift, step), step_mask(shift, step - 1)};

		move_twice(rooms[room], from, length_before(c->words, step - 1), masks,
			   (size_t)1 << (step - 1));
		from = rooms[room];
		room ^= 1;
	}
	move_bits(out, from, c->words, shift);
}

/* a + b + c: the sum in *a, the carry as the value. */
static inline VEC full_add(VEC *a, VEC b, VEC c)
{
	VEC carry = VEC_MAJ(*a, b, c);

	*a = VEC_XOR3(*a, b, c);
	return carry;
}

/* Adds eight vectors of bits, `words` apart, to the counters. */
static void add_eight(uint64_t *planes, const uint64_t *x, size_t words)
{
	for (size_t i = 0; i < words; i += VEC_WORDS) {
		VEC p[3], two[2], four[2], carry;

		for (unsigned b = 0; b < 3; b++)
			p[b] = VEC_LOAD(planes + b * words + i);
		for (unsigned half = 0; half < 2; half++) {
			for (unsigned k = 0; k < 2; k++) {
				const uint64_t *at = x + (4 * half + 2 * k) * words + i;

				two[k] = full_add(&p[0], VEC_LOAD(at), VEC_LOAD(at + words));
			}
			four[half] = full_add(&p[1], two[0], two[1]);
		}
		carry = full_add(&p[2], four[0], four[1]);
		for (unsigned b = 0; b < 3; b++)
			VEC_STORE(planes + b * words + i, p[b]);
		for (unsigned b = 3; b < BIKE_PLANES; b++) {
			VEC plane = VEC_LOAD(planes + b * words + i);

			VEC_STORE(planes + b * words + i, VEC_XOR(plane, carry));
			carry = VEC_AND(plane, carry);
		}
	}
}

static void count(const struct bike_count *c)
{
	uint64_t *shifted = c->work, *work = c->work + SIDE_BY_SIDE * c->words;

	memset(c->planes, 0, BIKE_PLANES * c->words * sizeof(uint64_t));
	for (unsigned done = 0; done < c->n; done += SIDE_BY_SIDE) {
		for (unsigned k = 0; k < SIDE_BY_SIDE; k++) {
			uint64_t *out = shifted + k * c->words;

			if (done + k < c->n)
				shift_right(out, c, c->shifts[done + k], work);
			else
				memset(out, 0, c->words * sizeof(uint64_t));
		}
		add_eight(c->planes, shifted, c->words);
	}
}

/* A counter is at least `least` if subtracting leaves no borrow. */
static void at_least(uint64_t *out, const uint64_t *planes, uint32_t least, size_t words)
{
	for (size_t i = 0; i < words; i += VEC_WORDS) {
		VEC borrow = VEC_SET(0);

		for (unsigned b = 0; b < BIKE_PLANES; b++) {
			VEC bit = VEC_SET(0 - (uint64_t)(least >> b & 1));

			borrow = VEC_MAJ(VEC_NOT(VEC_LOAD(planes + b * words + i)), bit, borrow);
		}
		VEC_STORE(out + i, VEC_NOT(borrow));
	}
}

#endif
#endif
