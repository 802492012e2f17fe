/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_IPSEC_PAIR_H
#define TESTS_IPSEC_PAIR_H

#include <stdint.h>

#include "ipsec/ipsec.h"
#include "wire/ts.h"

/* Two ends of one tunnel with fixed keys: what two hosts would agree on. */
struct pair_suite {
	const struct alg *encr, *integ;
	uint16_t key_bits;
	bool esn;
	uint32_t window;
};

struct pair_end {
	struct ipsec_sa_params p;
	struct ts_list ts_local, ts_remote;
	uint8_t keys[4][128];
};

/*
 * Fill in the SA of side 0 or 1. Keys and SPIs come from `generation`, so that a rekeyed pair has
 * others. The end must stay where it is.
 */
void pair_fill(struct pair_end *e, const struct pair_suite *suite, unsigned side,
	       unsigned generation);
/* The default suite: AES-GCM with 256 bits, a window of 64. */
struct pair_suite pair_default(void);

#endif
