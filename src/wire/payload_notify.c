/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/payload.h"

int payload_notify_decode(struct view body, struct wire_notify *out)
{
	struct wire_notify n;
	struct rbuf r;
	uint8_t spi_len;

	rbuf_init(&r, body);
	if (rbuf_u8(&r, &n.protocol) || rbuf_u8(&r, &spi_len) || rbuf_u16(&r, &n.type) ||
	    rbuf_view(&r, spi_len, &n.spi))
		return E_SHORT;
	n.data = rbuf_rest(&r);
	*out = n;
	return 0;
}

void payload_notify_encode(const struct wire_notify *n, struct wbuf *out)
{
	if (n->spi.len > UINT8_MAX) {
		wbuf_fail(out, E_LIMIT);
		return;
	}
	wbuf_u8(out, n->protocol);
	wbuf_u8(out, (uint8_t)n->spi.len);
	wbuf_u16(out, n->type);
	wbuf_add(out, n->spi);
	wbuf_add(out, n->data);
}
