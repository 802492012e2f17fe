/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/keccak/keccak_ops.h"
#include "pqc/keccak/keccak_rounds.h"

#define KECCAK_XOR(a, b)     KECCAK_WORD_XOR(a, b)
#define KECCAK_XOR3(a, b, c) KECCAK_WORD_XOR3(a, b, c)
#define KECCAK_CHI(a, b, c)  KECCAK_WORD_CHI(a, b, c)
#define KECCAK_ROL(a, n)     KECCAK_WORD_ROL(a, n)
#define KECCAK_CONST(x)	     (x)
#define KECCAK_LOAD(at)	     KECCAK_WORD_LOAD(at)
#define KECCAK_STORE(at, x)  KECCAK_WORD_STORE(at, x)
KECCAK_FUNCTION(permute_one, uint64_t)

static void permute(uint64_t *lanes)
{
	permute_one(lanes, 1);
}

static void permute4(uint64_t *lanes)
{
	for (unsigned w = 0; w < 4; w++)
		permute_one(lanes + w, 4);
}

static void permute8(uint64_t *lanes)
{
	for (unsigned w = 0; w < 8; w++)
		permute_one(lanes + w, 8);
}

const struct keccak_ops keccak_c_ops = {permute, permute4, permute8, {1, 4, 8}};
