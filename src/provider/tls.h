/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_TLS_H
#define PROVIDER_TLS_H

#include <openssl/core.h>

/*
 * What libssl asks a provider for: the capability "TLS-GROUP" tells the groups of TLS 1.3 that
 * exchange keys by our KEMs (draft-ietf-tls-mlkem, draft-ietf-tls-ecdhe-mlkem). 1, or what the
 * callback returned if that is not 1; also 1 for a capability that is not ours.
 */
int provider_tls_capabilities(void *provider, const char *capability, OSSL_CALLBACK *callback,
			      void *arg);

#endif
