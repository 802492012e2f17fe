/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KALG_H
#define IPSEC_XFRM_KALG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct alg;
struct nlmsghdr;

/* Algorithms of an SA and the keys of one direction, salts included. */
struct kalg {
	const struct alg *encr, *integ; /* rows of crypto/alg.h; integ NULL for AEAD */
	struct view encr_key, integ_key;
	bool sha256_96; /* truncate HMAC-SHA-256 to 96 bits */
};

/*
 * Append the attributes that tell the kernel. E_UNSUPPORTED: Linux has no such algorithm, and
 * *out_missing is its name (a row's). E_LIMIT: a key that no algorithm has.
 */
int kalg_put(struct nlmsghdr *request, const struct kalg *a,
	     const char **out_missing) ERR_MUST_CHECK;

#endif
