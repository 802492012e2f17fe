/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PKI_SIGNER_H
#define PKI_SIGNER_H

#include <stdbool.h>
#include <openssl/x509.h>

#include "tools/pki/opt.h"

/* A private key, and how it signs: by --digest and --rsa-padding, or as its kind suggests. */
struct signer {
	EVP_PKEY *key;
	const EVP_MD *digest; /* NULL: the scheme hashes by itself */
	bool pss;
};

#define SIGNER_DIGESTS "md5|sha1|sha224|sha256|sha384|sha512|sha3_224|sha3_256|sha3_384|sha3_512"

/* The rows of these options, for the tables of commands. */
/* clang-format off */
#define SIGNER_OPTIONS \
	{"digest", 'g', OPT_MAY, SIGNER_DIGESTS, \
	 "digest of the signature, default: by kind and size of the key"}, \
	{"rsa-padding", 'R', OPT_MAY, "pkcs1|pss", "padding of RSA signatures, default: pkcs1"}, \
	{"outform", 'f', OPT_MAY, "der|pem", "encoding of what is written, default: der"}
/* clang-format on */

/* Borrows the key. E_CONFIG, said: an unknown digest, or one for a key that takes none. */
int signer_init(const struct opts *o, EVP_PKEY *key, struct signer *out) ERR_MUST_CHECK;
/* Sign what is complete otherwise. E_CRYPTO, said. */
int signer_sign_cert(const struct signer *s, X509 *cert) ERR_MUST_CHECK;
int signer_sign_crl(const struct signer *s, X509_CRL *crl) ERR_MUST_CHECK;
int signer_sign_request(const struct signer *s, X509_REQ *request) ERR_MUST_CHECK;

#endif
