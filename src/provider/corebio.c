/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/corebio.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>

#define DER_SEQUENCE   0x30
#define DER_LONG       0x80
#define DER_HEADER_MAX 5     /* identifier, length of the length, three octets of it */
#define DER_MAX	       65536 /* more than any key here takes */

static OSSL_FUNC_BIO_read_ex_fn *read_ex;
static OSSL_FUNC_BIO_write_ex_fn *write_ex;

bool provider_corebio_init(const OSSL_DISPATCH *in)
{
	for (; in->function_id; in++) {
		if (in->function_id == OSSL_FUNC_BIO_READ_EX)
			read_ex = OSSL_FUNC_BIO_read_ex(in);
		else if (in->function_id == OSSL_FUNC_BIO_WRITE_EX)
			write_ex = OSSL_FUNC_BIO_write_ex(in);
	}
	return read_ex && write_ex;
}

/* A stream may give less than it is asked for. */
static bool read_all(OSSL_CORE_BIO *bio, uint8_t *out, size_t len)
{
	size_t got;

	for (; len > 0; out += got, len -= got) {
		if (read_ex(bio, out, len, &got) != 1 || got == 0)
			return false;
	}
	return true;
}

bool provider_corebio_read_der(OSSL_CORE_BIO *bio, uint8_t **out, size_t *out_len)
{
	uint8_t header[DER_HEADER_MAX], *der;
	size_t head = 2, len;

	if (!read_all(bio, header, head) || header[0] != DER_SEQUENCE)
		return false;
	len = header[1];
	if (header[1] & DER_LONG) {
		size_t octets = header[1] & ~DER_LONG;

		if (octets == 0 || head + octets > sizeof(header) ||
		    !read_all(bio, header + head, octets))
			return false;
		len = 0;
		for (; octets > 0; octets--)
			len = len << 8 | header[head++];
	}
	if (len > DER_MAX)
		return false;
	der = OPENSSL_malloc(head + len);
	if (!der)
		return false;
	for (size_t i = 0; i < head; i++)
		der[i] = header[i];
	if (!read_all(bio, der + head, len)) {
		OPENSSL_clear_free(der, head + len);
		return false;
	}
	*out = der;
	*out_len = head + len;
	return true;
}

bool provider_corebio_write(OSSL_CORE_BIO *bio, const void *data, size_t len)
{
	size_t written;

	return write_ex(bio, data, len, &written) == 1 && written == len;
}
