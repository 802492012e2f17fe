/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/aes/aes.h"

#include <string.h>

#include "pqc/aes/aes_ops.h"
#include "pqc/cpu.h"
#include "pqc/ct.h"

#define ROUNDS_128 10
#define ROUNDS_256 14

static void start(struct aes *aes, const struct aes_ops *ops, const uint8_t *key, size_t key_len)
{
	aes->ops = ops;
	aes->rounds = key_len == AES_256_KEY_LEN ? ROUNDS_256 : ROUNDS_128;
	ops->expand(aes, key, key_len);
}

/* Both key lengths, with numbers of blocks that use every loop of a variant. */
static int same_ops(const void *ops, const void *portable)
{
	enum { BLOCKS = 37 };
	uint8_t in[BLOCKS * AES_BLOCK_LEN], out[2][BLOCKS * AES_BLOCK_LEN];
	struct aes aes;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 167 + (i >> 8));
	for (size_t key_len = AES_128_KEY_LEN; key_len <= AES_256_KEY_LEN; key_len += 16) {
		for (size_t v = 0; v < 2; v++) {
			start(&aes, v ? portable : ops, in + 3, key_len);
			aes_encrypt(&aes, in, out[v], BLOCKS);
		}
		if (memcmp(out[0], out[1], sizeof(in)) != 0)
			return 0;
	}
	return 1;
}

void aes_init(struct aes *aes, const uint8_t *key, size_t key_len)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX512, &aes_vaes_ops},
		{PQC_CPU_AVX2, &aes_ni_ops},
#endif
		{PQC_CPU_PORTABLE, &aes_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = same_ops};

	start(aes, pqc_cpu_choose(&variants), key, key_len);
}

void aes_encrypt(const struct aes *aes, const uint8_t *in, uint8_t *out, size_t n)
{
	const struct aes_ops *ops = aes->ops;

	ops->encrypt(aes, in, out, n);
}

void aes_done(struct aes *aes)
{
	pqc_ct_wipe(aes, sizeof(*aes));
}
