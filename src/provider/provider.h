/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <openssl/core.h>

/*
 * The OpenSSL provider "cygnetpq": every algorithm of libcygnet-pqc under the library's own names
 * ("Kyber768", "ML-KEM-768", "FrodoKEM-976-AES", "BIKE-L3", "HQC-192", "Dilithium5", "ML-DSA-65",
 * "Falcon-1024"; case does not matter), signature schemes also as "falcon1024", "mldsa65" and by
 * object identifier. Keys of these can be read and written in DER and PEM. All have the property
 * provider=cygnetpq, by which they can be told from what the OpenSSL at hand may bring itself.
 */
#define PROVIDER_NAME "cygnetpq"

/*
 * Make it available in the default library context, beside the providers that OpenSSL's own
 * configuration activates. Once per process, from any thread, before the first look at the table of
 * crypto/alg.h; later calls tell how the first one went. 0, or -1 if OpenSSL refused it.
 */
int provider_load(void) __attribute__((warn_unused_result));

/* What OpenSSL calls to take a provider in (provider-base(7)): ours, built in or as a module. */
int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
		  const OSSL_DISPATCH **out, void **out_provider);

#endif
