/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_ENCODE_H
#define PROVIDER_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <openssl/core.h>

/* OSSL_OP_ENCODER of keys of any row: a way of writing each. */
struct provider_encode {
	const char *properties; /* without the provider's own */
	const OSSL_DISPATCH *functions;
	bool needs_oid; /* only for keys that have an object identifier */
};

#define PROVIDER_ENCODE_COUNT 5

extern const struct provider_encode provider_encode_ways[PROVIDER_ENCODE_COUNT];

#endif
