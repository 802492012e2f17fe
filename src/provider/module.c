/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core.h>

#include "provider/provider.h"

/* cygnetpq.so: the provider as a module that `openssl` and its configuration load by themselves. */

__attribute__((visibility("default"))) OSSL_provider_init_fn OSSL_provider_init;

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
		       const OSSL_DISPATCH **out, void **out_provider)
{
	return provider_init(handle, in, out, out_provider);
}
