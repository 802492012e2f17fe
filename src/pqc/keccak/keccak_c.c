/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/keccak/keccak_ops.h"
#include "pqc/keccak/keccak_rounds.h"

#define KECCAK_XOR(a, b)     KECCAK_WORD_XOR(a, b)
#define KECCAK_XOR3(a, b, c) KECCAK_WORD_XOR3(a, b, c)
#define KECCAK_CHI(a, b, c)  KECCAK_WORD_CHI(a, b, c)
#define KECCAK_ROL(a, n)     KECCAK_WORD_ROL(a, n)
#define KECCAK_CONST(x)	     (x)
KECCAK_FUNCTION(permute_one, uint64_t)

static void permute(uint64_t *lanes)
{
	permute_one(lanes);
}

static void permute_many(uint64_t *lanes, unsigned width)
{
	uint64_t one[25];

	for (unsigned w = 0; w < width; w++) {
		for (unsigned i = 0; i < 25; i++)
			one[i] = lanes[i * width + w];
		permute_one(one);
		for (unsigned i = 0; i < 25; i++)
			lanes[i * width + w] = one[i];
	}
}

static void permute4(uint64_t *lanes)
{
	permute_many(lanes, 4);
}

static void permute8(uint64_t *lanes)
{
	permute_many(lanes, 8);
}

const struct keccak_ops keccak_c_ops = {permute, permute4, permute8, {1, 4, 8}};
