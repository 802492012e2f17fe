/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/container.h"

#include <limits.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

static int add_cert(struct container *c, X509 *x509)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x509, &der);
	struct cert **certs;
	int err;

	if (len <= 0)
		return E_MALFORMED;
	certs = realloc(c->certs, (c->n_certs + 1) * sizeof(struct cert *));
	if (!certs) {
		OPENSSL_free(der);
		return E_NOMEM;
	}
	c->certs = certs;
	err = cert_parse(view_make(der, (size_t)len), &c->certs[c->n_certs]);
	if (!err)
		c->n_certs++;
	OPENSSL_free(der);
	return err;
}

/* Contents of a file whose MAC is right. */
static int unpack(PKCS12 *p12, const char *passphrase, struct container *c)
{
	EVP_PKEY *key = NULL;
	X509 *own = NULL;
	STACK_OF(X509) *others = NULL;
	int err = 0;

	if (PKCS12_parse(p12, passphrase, &key, &own, &others) != 1)
		return E_UNSUPPORTED;
	if (key)
		err = keyref_from_pkey(key, &c->key);
	if (!err && own)
		err = add_cert(c, own);
	for (int i = 0; !err && i < sk_X509_num(others); i++)
		err = add_cert(c, sk_X509_value(others, i));
	EVP_PKEY_free(key);
	X509_free(own);
	sk_X509_pop_free(others, X509_free);
	return err;
}

/* No passphrase may mean an empty one or none at all: writers differ. */
static bool is_passphrase(PKCS12 *p12, const char *passphrase)
{
	if (passphrase && *passphrase)
		return PKCS12_verify_mac(p12, passphrase, -1) == 1;
	return PKCS12_verify_mac(p12, NULL, 0) == 1 || PKCS12_verify_mac(p12, "", 0) == 1;
}

int container_open(struct view data, const char *passphrase, struct container *out)
{
	const unsigned char *p = data.ptr;
	PKCS12 *p12;
	int err;

	*out = (struct container){0};
	if (data.len == 0 || data.len > INT_MAX)
		return E_MALFORMED;
	ERR_set_mark();
	p12 = d2i_PKCS12(NULL, &p, (long)data.len);
	if (!p12 || p != data.ptr + data.len || !PKCS12_mac_present(p12))
		err = E_MALFORMED;
	else if (!is_passphrase(p12, passphrase))
		err = E_AUTH;
	else
		err = unpack(p12, passphrase, out);
	PKCS12_free(p12);
	ERR_pop_to_mark();
	if (err)
		container_done(out);
	return err;
}

void container_done(struct container *c)
{
	keyref_put(c->key);
	for (size_t i = 0; i < c->n_certs; i++)
		cert_put(c->certs[i]);
	free(c->certs);
	*c = (struct container){0};
}
