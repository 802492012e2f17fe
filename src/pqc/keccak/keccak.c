/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/keccak/keccak.h"

#include <string.h>

#include "pqc/cpu.h"
#include "pqc/ct.h"
#include "pqc/keccak/keccak_ops.h"
#include "pqc/le.h"

#define SUFFIX_SHA3  0x06
#define SUFFIX_SHAKE 0x1f

const struct keccak_rule *keccak_rule(enum keccak_kind kind)
{
	static const struct keccak_rule rules[] = {
		[KECCAK_SHAKE128] = {KECCAK_SHAKE128_RATE, SUFFIX_SHAKE},
		[KECCAK_SHAKE256] = {KECCAK_SHAKE256_RATE, SUFFIX_SHAKE},
		[KECCAK_SHA3_256] = {136, SUFFIX_SHA3},
		[KECCAK_SHA3_384] = {104, SUFFIX_SHA3},
		[KECCAK_SHA3_512] = {72, SUFFIX_SHA3},
	};

	return &rules[kind];
}

unsigned keccak_rate(enum keccak_kind kind)
{
	return keccak_rule(kind)->rate;
}

/* Three permutations of a counter, in every form. */
static int same_ops(const void *ops, const void *portable)
{
	const struct keccak_ops *const both[2] = {ops, portable};
	uint64_t lanes[2][KECCAK_LANES * KECCAKX_WIDTH];

	for (unsigned width = 1; width <= KECCAKX_WIDTH; width = width == 1 ? 4 : width * 2) {
		for (int v = 0; v < 2; v++) {
			void (*f)(uint64_t *) = width == 1   ? both[v]->permute
						: width == 4 ? both[v]->permute4
							     : both[v]->permute8;

			for (unsigned i = 0; i < KECCAK_LANES * width; i++)
				lanes[v][i] = i * 0x9e3779b97f4a7c15;
			for (int round = 0; round < 3; round++)
				f(lanes[v]);
		}
		if (memcmp(lanes[0], lanes[1], KECCAK_LANES * width * sizeof(uint64_t)) != 0)
			return 0;
	}
	return 1;
}

const struct keccak_ops *keccak_ops(void)
{
	static const struct pqc_variant list[] = {
#ifdef PQC_X86
		{PQC_CPU_AVX512, &keccak_avx512_ops},
		{PQC_CPU_AVX2, &keccak_avx2_ops},
#endif
		{PQC_CPU_PORTABLE, &keccak_c_ops},
	};
	static struct pqc_variants variants = {
		.variants = list, .n = sizeof(list) / sizeof(list[0]), .same = same_ops};

	return pqc_cpu_choose(&variants);
}

void keccak_start(struct keccak *k, enum keccak_kind kind)
{
	memset(k->lanes, 0, sizeof(k->lanes));
	k->rate = keccak_rule(kind)->rate;
	k->suffix = keccak_rule(kind)->suffix;
	k->at = 0;
}

static void xor_byte(struct keccak *k, unsigned at, uint8_t byte)
{
	k->lanes[at / 8] ^= (uint64_t)byte << (at % 8 * 8);
}

void keccak_absorb(struct keccak *k, const void *data, size_t len)
{
	const struct keccak_ops *ops = keccak_ops();
	const uint8_t *in = data;

	while (len > 0) {
		if (k->at % 8 == 0 && len >= 8) {
			k->lanes[k->at / 8] ^= pqc_le_load64(in);
			k->at += 8;
			in += 8;
			len -= 8;
		} else {
			xor_byte(k, k->at++, *in++);
			len--;
		}
		if (k->at == k->rate) {
			ops->permute(k->lanes);
			k->at = 0;
		}
	}
}

void keccak_squeeze(struct keccak *k, void *data, size_t len)
{
	const struct keccak_ops *ops = keccak_ops();
	uint8_t *out = data;

	if (k->suffix) {
		xor_byte(k, k->at, k->suffix);
		xor_byte(k, k->rate - 1, KECCAK_LAST_BIT);
		k->suffix = 0;
		k->at = k->rate;
	}
	while (len > 0) {
		if (k->at == k->rate) {
			ops->permute(k->lanes);
			k->at = 0;
		}
		if (k->at % 8 == 0 && len >= 8) {
			pqc_le_store64(out, k->lanes[k->at / 8]);
			k->at += 8;
			out += 8;
			len -= 8;
		} else {
			*out++ = (uint8_t)(k->lanes[k->at / 8] >> (k->at % 8 * 8));
			k->at++;
			len--;
		}
	}
}

void keccak_wipe(struct keccak *k)
{
	pqc_ct_wipe(k, sizeof(*k));
}

void keccak_hash(enum keccak_kind kind, const void *in, size_t in_len, void *out, size_t out_len)
{
	struct keccak k;

	keccak_start(&k, kind);
	keccak_absorb(&k, in, in_len);
	keccak_squeeze(&k, out, out_len);
	keccak_wipe(&k);
}
