/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

#define AUTH_RESERVED 3

int payload_auth_decode(struct view body, struct wire_auth *out)
{
	struct wire_auth auth;
	struct rbuf r;

	rbuf_init(&r, body);
	if (rbuf_u8(&r, &auth.method) || rbuf_skip(&r, AUTH_RESERVED))
		return E_SHORT;
	auth.data = rbuf_rest(&r);
	*out = auth;
	return 0;
}

void payload_auth_encode(const struct wire_auth *auth, struct wbuf *out)
{
	wbuf_u8(out, auth->method);
	wbuf_space(out, AUTH_RESERVED);
	wbuf_add(out, auth->data);
}
