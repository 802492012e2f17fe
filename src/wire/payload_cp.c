/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

#define CP_RESERVED  3
#define CP_TYPE_MASK 0x7fff /* the top bit is reserved */

static int decode_attr(struct rbuf *r, struct wire_cp_attr *out)
{
	uint16_t type, len;

	if (rbuf_u16(r, &type) || rbuf_u16(r, &len) || rbuf_view(r, len, &out->value))
		return E_SHORT;
	out->type = type & CP_TYPE_MASK;
	return 0;
}

int payload_cp_decode(struct view body, struct wire_cp *out)
{
	struct rbuf r;
	unsigned count = 0;

	out->count = 0;
	rbuf_init(&r, body);
	if (rbuf_u8(&r, &out->type) || rbuf_skip(&r, CP_RESERVED))
		return E_SHORT;
	while (rbuf_left(&r)) {
		int err = count < WIRE_MAX_CP_ATTRS ? decode_attr(&r, &out->attr[count]) : E_LIMIT;

		if (err)
			return err;
		count++;
	}
	out->count = count;
	return 0;
}

void payload_cp_encode(const struct wire_cp *cp, struct wbuf *out)
{
	wbuf_u8(out, cp->type);
	wbuf_space(out, CP_RESERVED);
	for (unsigned i = 0; i < cp->count; i++) {
		size_t at, from;

		wbuf_u16(out, cp->attr[i].type & CP_TYPE_MASK);
		at = wbuf_reserve_u16(out);
		from = wbuf_view(out).len;
		wbuf_add(out, cp->attr[i].value);
		wbuf_patch_len16(out, at, from);
	}
}
