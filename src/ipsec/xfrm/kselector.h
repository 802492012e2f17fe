/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPSEC_XFRM_KSELECTOR_H
#define IPSEC_XFRM_KSELECTOR_H

#include <linux/xfrm.h>
#include <stdbool.h>

#include "base/err.h"
#include "wire/ts.h"

/*
 * The kernel's selectors: a subnet and a block of ports of each side. Ranges of addresses and of
 * ports are cut into as many as it takes, so that they let through what was negotiated and no more.
 */

#define KSELECTOR_MAX 1024 /* for an SA pair */

/* E_* ends the walk. */
typedef int kselector_fn(void *ctx, const struct xfrm_selector *s);

/*
 * Call fn for every selector from src to dst on the interface (an index; 0: any). None if they are
 * of different families or protocols. E_UNSUPPORTED: OPAQUE ports. E_LIMIT: more than
 * KSELECTOR_MAX. Or what fn returned.
 */
int kselector_each(const struct ts *src, const struct ts *dst, unsigned ifindex, kselector_fn *fn,
		   void *ctx) ERR_MUST_CHECK;
/* The one end of a selector that is for one flow: where packets come from, or where they go. */
struct ts kselector_ts(const struct xfrm_selector *s, bool src);

#endif
