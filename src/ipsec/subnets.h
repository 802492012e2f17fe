/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_SUBNETS_H
#define IPSEC_SUBNETS_H

#include <stdbool.h>

#include "base/addr.h"

/* A walk through the subnets that a range of addresses consists of: at most 2 * 128. */
struct subnets {
	struct addr_range rest;
	bool more;
};

void subnets_init(struct subnets *s, const struct addr_range *range);
/* The next subnet: its first address and prefix length. False at the end. */
bool subnets_next(struct subnets *s, struct addr *out_first, unsigned *out_bits);

#endif
