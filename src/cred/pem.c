/* SPDX-License-Identifier: Apache-2.0 */
#include "cred/pem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#define DER_SEQUENCE 0x30

static int refuse_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

static int copy(struct view der, uint8_t **out, size_t *out_len)
{
	uint8_t *p = malloc(der.len);

	if (!p)
		return E_NOMEM;
	memcpy(p, der.ptr, der.len);
	*out = p;
	*out_len = der.len;
	return 0;
}

static int read_pem(struct view text, const char *label, uint8_t **out, size_t *out_len)
{
	BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
	unsigned char *der = NULL;
	long len;
	int err = E_MALFORMED;

	if (!bio)
		return E_NOMEM;
	if (PEM_bytes_read_bio(&der, &len, NULL, label, bio, refuse_passphrase, NULL)) {
		err = copy(view_make(der, (size_t)len), out, out_len);
		OPENSSL_free(der);
	}
	BIO_free(bio);
	return err;
}

int pem_or_der(struct view data, const char *label, uint8_t **out, size_t *out_len)
{
	int err;

	if (data.len == 0 || data.len > INT_MAX)
		return E_MALFORMED;
	if (data.ptr[0] == DER_SEQUENCE)
		return copy(data, out, out_len);
	ERR_set_mark();
	err = read_pem(data, label, out, out_len);
	ERR_pop_to_mark();
	return err;
}
