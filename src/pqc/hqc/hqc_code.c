/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/hqc/hqc_code.h"

#include <string.h>

#include "pqc/cpu.h"
#include "pqc/ct.h"
#include "pqc/hqc/hqc_ops.h"

/* A word with errors in a third of its bytes, and Reed-Muller words with many ties. */
static int same_ops(const void *ops, const void *portable)
{
	static const struct hqc_code code = {20, 44, 12, 3, {1,	 2,  3,	  5,   8,   13,	 21,  34,
							     55, 89, 144, 233, 121, 98,	 219, 61,
							     24, 85, 109, 194, 47,  241, 32,  17}};
	const struct hqc_ops *const both[2] = {ops, portable};
	uint8_t word[2][HQC_MAX_N1], msg[2][HQC_MAX_K] = {{0}}, bytes[2][HQC_MAX_N1] = {{0}};
	uint64_t in[HQC_MAX_N1 * 6];

	for (unsigned i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		in[i] = i * i * 0x9e3779b97f4a7c15 << (i % 40);
	for (unsigned v = 0; v < 2; v++) {
		memset(word[v], 0x5a, sizeof(word[v]));
		for (unsigned i = 0; i < 20; i++)
			word[v][24 + i] = (uint8_t)(i * i + 7);
		both[v]->rs_encode(&code, word[v], word[v] + 24);
		for (unsigned i = 0; i < 44; i += 4)
			word[v][i] ^= 0x81;
		both[v]->rs_decode(&code, msg[v], word[v]);
		both[v]->rm_decode(&code, bytes[v], in);
	}
	return memcmp(word[0], word[1], sizeof(word[0])) == 0 &&
	       memcmp(msg[0], msg[1], sizeof(msg[0])) == 0 &&
	       memcmp(bytes[0], bytes[1], sizeof(bytes[0])) == 0;
}

static const struct hqc_ops *choose_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX512, &hqc_avx512_ops},
		{PQC_CPU_AVX2, &hqc_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &hqc_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = same_ops};

	return pqc_cpu_choose(&variants);
}

/* RM(1, 7): bit j is bit 7 of the byte + the sum of bits i of the byte where bit i of j is set. */
static void rm_encode(uint64_t out[2], uint8_t byte)
{
	static const uint64_t set[6] = {0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0,
					0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000};
	uint64_t x = 0 - (uint64_t)(byte >> 7);

	for (unsigned i = 0; i < 6; i++)
		x ^= set[i] & (0 - (uint64_t)(byte >> i & 1));
	out[0] = x;
	out[1] = x ^ (0 - (uint64_t)(byte >> 6 & 1));
}

void hqc_code_encode(const struct hqc_code *code, uint64_t *out, const uint8_t *msg)
{
	uint8_t word[HQC_MAX_N1];

	choose_ops()->rs_encode(code, word, msg);
	memcpy(word + (size_t)2 * code->delta, msg, code->k);
	for (unsigned i = 0; i < code->n1; i++) {
		uint64_t bits[2];

		rm_encode(bits, word[i]);
		for (unsigned c = 0; c < code->copies; c++, out += 2)
			memcpy(out, bits, sizeof(bits));
	}
	pqc_ct_wipe(word, sizeof(word));
}

void hqc_code_decode(const struct hqc_code *code, uint8_t *msg, const uint64_t *in)
{
	const struct hqc_ops *ops = choose_ops();
	uint8_t word[HQC_MAX_N1];

	ops->rm_decode(code, word, in);
	ops->rs_decode(code, msg, word);
	pqc_ct_wipe(word, sizeof(word));
}
