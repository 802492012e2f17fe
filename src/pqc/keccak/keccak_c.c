/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/keccak/keccak_ops.h"

#define KECCAK_NAME	     permute_one
#define KECCAK_LANE	     uint64_t
#define KECCAK_XOR(a, b)     ((a) ^ (b))
#define KECCAK_XOR3(a, b, c) ((a) ^ (b) ^ (c))
#define KECCAK_CHI(a, b, c)  ((a) ^ (~(b) & (c)))
#define KECCAK_ROL(a, n)     (((a) << (n)) | ((a) >> (64 - (n))))
#define KECCAK_CONST(x)	     (x)
#include "pqc/keccak/keccak_rounds.h"

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

const struct keccak_ops keccak_c_ops = {permute, permute4, permute8, 4};
