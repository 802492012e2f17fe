/* SPDX-License-Identifier: Apache-2.0 */
#include "pqc/keccak/keccak.h"

#include <string.h>

#include "pqc/ct.h"
#include "pqc/keccak/keccak_ops.h"
#include "pqc/le.h"

unsigned keccakx_width(void)
{
	const unsigned *cost = keccak_ops()->cost;

	return 2 * cost[1] <= cost[2] ? 4 : 8;
}

void keccakx_start(struct keccakx *k, enum keccak_kind kind, unsigned width)
{
	memset(k->lanes, 0, KECCAK_LANES * width * sizeof(uint64_t));
	k->width = width;
	k->rate = keccak_rule(kind)->rate;
	k->suffix = keccak_rule(kind)->suffix;
	k->at = 0;
}

static void permute_x(const struct keccak_ops *ops, struct keccakx *k)
{
	if (k->width == 4)
		ops->permute4(k->lanes);
	else
		ops->permute8(k->lanes);
	k->at = 0;
}

void keccakx_absorb(struct keccakx *k, const uint8_t *const *in, size_t len)
{
	const struct keccak_ops *ops = keccak_ops();
	size_t done = 0;

	while (done < len) {
		uint64_t *lane = k->lanes + (size_t)(k->at / 8) * k->width;
		unsigned shift = k->at % 8 * 8;

		if (shift == 0 && len - done >= 8) {
			for (unsigned w = 0; w < k->width; w++)
				lane[w] ^= pqc_le_load64(in[w] + done);
			k->at += 8;
			done += 8;
		} else {
			for (unsigned w = 0; w < k->width; w++)
				lane[w] ^= (uint64_t)in[w][done] << shift;
			k->at++;
			done++;
		}
		if (k->at == k->rate)
			permute_x(ops, k);
	}
}

void keccakx_squeeze(struct keccakx *k, uint8_t *const *out, size_t len)
{
	const struct keccak_ops *ops = keccak_ops();
	size_t done = 0;

	if (k->suffix) {
		for (unsigned w = 0; w < k->width; w++) {
			k->lanes[k->at / 8 * k->width + w] ^= (uint64_t)k->suffix
							      << (k->at % 8 * 8);
			k->lanes[k->rate / 8 * k->width - k->width + w] ^= (uint64_t)KECCAK_LAST_BIT
									   << 56;
		}
		k->suffix = 0;
		k->at = k->rate;
	}
	while (done < len) {
		const uint64_t *lane;

		if (k->at == k->rate)
			permute_x(ops, k);
		lane = k->lanes + (size_t)(k->at / 8) * k->width;
		if (k->at % 8 == 0 && len - done >= 8) {
			for (unsigned w = 0; w < k->width; w++)
				pqc_le_store64(out[w] + done, lane[w]);
			k->at += 8;
			done += 8;
		} else {
			for (unsigned w = 0; w < k->width; w++)
				out[w][done] = (uint8_t)(lane[w] >> (k->at % 8 * 8));
			k->at++;
			done++;
		}
	}
}

void keccakx_wipe(struct keccakx *k)
{
	pqc_ct_wipe(k, sizeof(*k));
}
