/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/msg.h"

#include "wire/ike.h"

int wire_hdr_decode(struct view datagram, struct wire_hdr *out)
{
	struct wire_hdr hdr;
	struct rbuf r;

	rbuf_init(&r, datagram);
	if (rbuf_u64(&r, &hdr.spi_i) || rbuf_u64(&r, &hdr.spi_r) || rbuf_u8(&r, &hdr.next) ||
	    rbuf_u8(&r, &hdr.version) || rbuf_u8(&r, &hdr.exchange) || rbuf_u8(&r, &hdr.flags) ||
	    rbuf_u32(&r, &hdr.msgid) || rbuf_u32(&r, &hdr.length))
		return E_SHORT;
	if (hdr.length < IKE_HDR_LEN)
		return E_MALFORMED;
	if (hdr.length > datagram.len)
		return E_SHORT;
	*out = hdr;
	return 0;
}

void wire_hdr_encode(const struct wire_hdr *hdr, struct wbuf *out)
{
	wbuf_u64(out, hdr->spi_i);
	wbuf_u64(out, hdr->spi_r);
	wbuf_u8(out, hdr->next);
	wbuf_u8(out, hdr->version);
	wbuf_u8(out, hdr->exchange);
	wbuf_u8(out, hdr->flags);
	wbuf_u32(out, hdr->msgid);
	wbuf_u32(out, hdr->length);
}
