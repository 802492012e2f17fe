/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

int payload_cert_decode(struct view body, struct wire_cert *out)
{
	struct wire_cert cert;
	struct rbuf r;

	rbuf_init(&r, body);
	if (rbuf_u8(&r, &cert.encoding))
		return E_SHORT;
	cert.data = rbuf_rest(&r);
	*out = cert;
	return 0;
}

void payload_cert_encode(const struct wire_cert *cert, struct wbuf *out)
{
	wbuf_u8(out, cert->encoding);
	wbuf_add(out, cert->data);
}
