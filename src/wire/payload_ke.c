/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

#define KE_RESERVED 2

int payload_ke_decode(struct view body, struct wire_ke *out)
{
	struct wire_ke ke;
	struct rbuf r;

	rbuf_init(&r, body);
	if (rbuf_u16(&r, &ke.method) || rbuf_skip(&r, KE_RESERVED))
		return E_SHORT;
	ke.data = rbuf_rest(&r);
	*out = ke;
	return 0;
}

void payload_ke_encode(const struct wire_ke *ke, struct wbuf *out)
{
	wbuf_u16(out, ke->method);
	wbuf_space(out, KE_RESERVED);
	wbuf_add(out, ke->data);
}
