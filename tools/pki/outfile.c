/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/pki/outfile.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tools/pki/pki.h"

static const char *const forms[] = {"der", "pem", NULL};
enum { DER, PEM };

int outfile_check(const struct opts *o)
{
	size_t form;

	return opts_choice(o, "outform", forms, &form);
}

/* Takes the DER over, and wipes it, as it may be a private key. len <= 0: there is none. */
static int put(const struct opts *o, const char *label, unsigned char *der, int len)
{
	size_t form = DER;
	bool ok = false;

	if (len <= 0)
		return pki_fail_openssl("OpenSSL cannot encode what was made");
	if (opts_choice(o, "outform", forms, &form) == 0) {
		if (form == PEM)
			ok = PEM_write(stdout, label, "", der, len) > 0;
		else
			ok = fwrite(der, 1, (size_t)len, stdout) == (size_t)len;
		if (!ok)
			pki_fail("standard output: %m");
	}
	OPENSSL_clear_free(der, (size_t)len);
	return ok ? PKI_OK : PKI_FAILED;
}

int outfile_private(const struct opts *o, EVP_PKEY *key)
{
	const char *label = EVP_PKEY_is_a(key, "RSA")  ? PEM_STRING_RSA
			    : EVP_PKEY_is_a(key, "EC") ? PEM_STRING_ECPRIVATEKEY
						       : PEM_STRING_PKCS8INF;
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(key, &der);

	return put(o, label, der, len);
}

int outfile_public(const struct opts *o, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	return put(o, PEM_STRING_PUBLIC, der, len);
}

int outfile_cert(const struct opts *o, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	return put(o, PEM_STRING_X509, der, len);
}

int outfile_crl(const struct opts *o, X509_CRL *crl)
{
	unsigned char *der = NULL;
	int len = i2d_X509_CRL(crl, &der);

	return put(o, PEM_STRING_X509_CRL, der, len);
}

int outfile_request(const struct opts *o, X509_REQ *request)
{
	unsigned char *der = NULL;
	int len = i2d_X509_REQ(request, &der);

	return put(o, PEM_STRING_X509_REQ, der, len);
}
