/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

#define ID_RESERVED 3

int payload_id_decode(struct view body, struct wire_id *out)
{
	struct wire_id id;
	struct rbuf r;

	rbuf_init(&r, body);
	if (rbuf_u8(&r, &id.type) || rbuf_skip(&r, ID_RESERVED))
		return E_SHORT;
	id.data = rbuf_rest(&r);
	*out = id;
	return 0;
}

void payload_id_encode(const struct wire_id *id, struct wbuf *out)
{
	wbuf_u8(out, id->type);
	wbuf_space(out, ID_RESERVED);
	wbuf_add(out, id->data);
}
